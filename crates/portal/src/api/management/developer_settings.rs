//! `/v3/portals/{portalId}/developer-settings`: what Konnect's portal has no member for.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;

use crate::actor::Admin;
use crate::api::extension;
use crate::api::reply::Shown;
use crate::api::shape::PortalPath;
use crate::app::App;
use crate::input::{Body, Ids};
use crate::problem::Problem;
use crate::store::entity::portal;
use crate::usecase::developer::{self as usecase, DeveloperSettingsEdit};

const TAG: &str = "Portal developers";

/// How a portal treats its developers.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DeveloperSettings")]
struct View {
    /// Whether credentials of a developer who is not approved are stopped (`stop`), or go on
    /// working (`keep`, as in Konnect).
    revoked_developers: String,
}

impl From<portal::Model> for View {
    fn from(row: portal::Model) -> Self {
        Self { revoked_developers: row.revoked_developers }
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new().api_route(
        "/v3/portals/{portalId}/developer-settings",
        get_with(show, |op| extension(op.id("get-developer-settings").tag(TAG)))
            .patch_with(update, |op| extension(op.id("update-developer-settings").tag(TAG))),
    )
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
) -> Result<Shown<View>, Problem> {
    Ok(Shown(crate::usecase::portal::find(app.store.db(), ids.portal_id).await?.into()))
}

async fn update(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    body: Body<DeveloperSettingsEdit>,
) -> Result<Shown<View>, Problem> {
    Ok(Shown(usecase::update_settings(&app, ids.portal_id, body.0).await?.into()))
}
