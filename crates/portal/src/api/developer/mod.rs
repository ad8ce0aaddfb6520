//! The developer API of a portal: Konnect's paths below `/portals/{portalId}/api/v3`.

use aide::axum::ApiRouter;
use axum::middleware::from_fn;

use crate::app::App;

mod account;
mod application;
mod attribute;
mod catalogue;
mod credential;
mod document;
mod limit;
pub(in crate::api) mod origin;
mod page;
mod profile;
mod refusal;
mod registration;
mod registration_settings;
mod search;
mod specification;
mod sso;
mod stats;
mod strategy;
mod team;
mod usage;
mod v2;

/// Below which path the developer API of a portal is.
const BASE: &str = "/portals/{portalId}/api/v3";

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .merge(account::routes())
        .merge(profile::routes())
        .merge(sso::routes())
        .merge(team::routes())
        .merge(catalogue::routes())
        .merge(specification::routes())
        .merge(document::routes())
        .merge(attribute::routes())
        .merge(page::routes())
        .merge(search::routes())
        .merge(strategy::routes())
        .merge(application::routes())
        .merge(credential::routes())
        .merge(limit::routes())
        .merge(stats::routes())
        .merge(usage::routes())
        .merge(refusal::routes())
        .merge(registration::routes())
        .merge(registration_settings::routes())
        .merge(v2::routes())
        .layer(from_fn(origin::same))
}
