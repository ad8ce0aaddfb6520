//! The management API: Konnect's paths, for whoever has the administrator's token.

use aide::axum::ApiRouter;

use crate::app::App;

mod admin_token;
mod alias;
mod api;
mod api_version;
pub(crate) mod application;
mod application_consumer;
mod audit_log;
mod consumer;
mod credential;
mod credential_digest;
mod dcr_provider;
mod developer;
mod developer_settings;
mod email;
mod email_template;
mod entity;
mod gateway;
mod implementation;
mod limit;
mod portal;
mod publication;
mod publication_settings;
mod receipts;
mod registration;
mod strategy;
mod team;
mod team_role;
mod usage;
mod webhook;

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .merge(portal::routes())
        .merge(api::routes())
        .merge(api_version::routes())
        .merge(publication::routes())
        .merge(publication_settings::routes())
        .merge(implementation::routes())
        .merge(strategy::routes())
        .merge(dcr_provider::routes())
        .merge(gateway::routes())
        .merge(entity::routes())
        .merge(receipts::routes())
        .merge(developer::routes())
        .merge(developer_settings::routes())
        .merge(team::routes())
        .merge(team_role::routes())
        .merge(application::routes())
        .merge(application_consumer::routes())
        .merge(credential::routes())
        .merge(consumer::routes())
        .merge(limit::routes())
        .merge(usage::routes())
        .merge(credential_digest::routes())
        .merge(registration::routes())
        .merge(email::routes())
        .merge(email_template::routes())
        .merge(webhook::routes())
        .merge(audit_log::routes())
        .merge(admin_token::routes())
}
