//! The developer API of a portal: Konnect's paths below `/portals/{portalId}/api/v3`.

use aide::axum::ApiRouter;

use crate::app::App;

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
}
