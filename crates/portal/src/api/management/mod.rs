//! The management API: Konnect's paths, for whoever has the administrator's token.

use aide::axum::ApiRouter;

use crate::app::App;

mod portal;

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new().merge(portal::routes())
}
