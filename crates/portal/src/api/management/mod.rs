//! The management API: Konnect's paths, for whoever has the administrator's token.

use aide::axum::ApiRouter;

use crate::app::App;

mod admin_session;
mod admin_token;
mod alias;
mod api;
mod api_attribute;
mod api_image;
mod api_package;
mod api_version;
pub(crate) mod application;
mod application_consumer;
mod audit_log;
mod consumer;
mod credential;
mod credential_digest;
mod custom_domain;
mod dcr_provider;
mod developer;
mod developer_settings;
mod document;
mod email;
mod email_template;
mod entity;
mod gateway;
mod identity_provider;
mod impact;
mod implementation;
mod ip_allow_list;
mod limit;
mod page;
mod portal;
mod presentation;
mod publication;
mod publication_settings;
mod receipts;
mod refusal;
mod registration;
mod snippet;
mod strategy;
mod team;
mod team_role;
pub(in crate::api) mod usage;
mod webhook;

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .merge(portal::routes())
        .merge(api::routes())
        .merge(api_version::routes())
        .merge(api_attribute::routes())
        .merge(api_image::routes())
        .merge(api_package::routes())
        .merge(document::routes())
        .merge(page::routes())
        .merge(snippet::routes())
        .merge(presentation::routes())
        .merge(publication::routes())
        .merge(publication_settings::routes())
        .merge(implementation::routes())
        .merge(impact::routes())
        .merge(strategy::routes())
        .merge(dcr_provider::routes())
        .merge(gateway::routes())
        .merge(entity::routes())
        .merge(receipts::routes())
        .merge(developer::routes())
        .merge(developer_settings::routes())
        .merge(team::routes())
        .merge(team_role::routes())
        .merge(identity_provider::routes())
        .merge(custom_domain::routes())
        .merge(ip_allow_list::routes())
        .merge(application::routes())
        .merge(application_consumer::routes())
        .merge(credential::routes())
        .merge(consumer::routes())
        .merge(limit::routes())
        .merge(usage::routes())
        .merge(refusal::routes())
        .merge(credential_digest::routes())
        .merge(registration::routes())
        .merge(email::routes())
        .merge(email_template::routes())
        .merge(webhook::routes())
        .merge(audit_log::routes())
        .merge(admin_token::routes())
        .merge(admin_session::routes())
}
