//! How often, and from where, a developer's own application may call. An extension to Konnect's
//! API.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;

use super::BASE;
use crate::actor::SignedIn;
use crate::api::extension;
use crate::api::reply::Shown;
use crate::api::shape::ApplicationPath;
use crate::app::App;
use crate::input::Ids;
use crate::problem::Problem;
use crate::usecase::application;
use crate::usecase::limit::{self as usecase, LimitBody};

/// What restricts an application.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OwnApplicationLimits")]
struct View {
    /// How often it may call; all of them count each request.
    limits: Vec<LimitBody>,
    /// From where it may call; from anywhere, if there are none.
    networks: Vec<String>,
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new().api_route(
        &format!("{BASE}/applications/{{applicationId}}/limits"),
        get_with(show, |op| extension(op).id("get-own-application-limits").tag("Applications")),
    )
}

async fn show(
    State(app): State<App>,
    SignedIn { developer, .. }: SignedIn,
    Ids(ids): Ids<ApplicationPath>,
) -> Result<Shown<View>, Problem> {
    let found = application::find_own(app.store.db(), &developer, ids.application_id).await?;
    let limits = usecase::limits_of(&found)?.limits;
    let networks = usecase::networks_of(&found)?.networks;
    Ok(Shown(View { limits, networks }))
}
