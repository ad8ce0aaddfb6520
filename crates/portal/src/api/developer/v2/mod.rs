//! The developer API below `/portals/{portalId}/api/v2`: products and their versions instead of APIs.
//! What is the same as below `/api/v3` is served there: see `crate::api::alias`.

use aide::axum::ApiRouter;

use crate::app::App;

mod application;
mod catalogue;
mod credential;
mod portal;
mod registration;

/// Below which path the older developer API of a portal is.
const BASE: &str = "/portals/{portalId}/api/v2";

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .merge(portal::routes())
        .merge(catalogue::routes())
        .merge(application::routes())
        .merge(credential::routes())
        .merge(registration::routes())
}
