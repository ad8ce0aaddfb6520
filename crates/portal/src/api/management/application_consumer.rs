//! `/v3/portals/{portalId}/applications/{applicationId}/consumer`: the consumer whose credentials an
//! application carries, which Konnect does not have.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::actor::Admin;
use crate::api::extension;
use crate::api::reply::{NoContent, Shown};
use crate::api::shape::ApplicationPath;
use crate::app::App;
use crate::input::{Body, Ids};
use crate::problem::Problem;
use crate::usecase::application_consumer::{self as usecase, CarriedConsumer};

const TAG: &str = "Applications";

/// The consumer whose credentials an application carries.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApplicationConsumer")]
struct View {
    id: Uuid,
    username: Option<String>,
    custom_id: Option<String>,
    control_plane_id: Uuid,
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new().api_route(
        "/v3/portals/{portalId}/applications/{applicationId}/consumer",
        get_with(show, |op| extension(op.id("get-application-consumer").tag(TAG)))
            .put_with(put, |op| extension(op.id("set-application-consumer").tag(TAG)))
            .delete_with(delete, |op| extension(op.id("unset-application-consumer").tag(TAG))),
    )
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApplicationPath>,
) -> Result<Shown<View>, Problem> {
    let found = usecase::find(app.store.db(), ids.portal_id, ids.application_id).await?;
    Ok(Shown(View {
        id: found.id,
        username: found.username,
        custom_id: found.custom_id,
        control_plane_id: found.gateway_id,
    }))
}

async fn put(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApplicationPath>,
    body: Body<CarriedConsumer>,
) -> Result<NoContent, Problem> {
    usecase::set(&app, ids.portal_id, ids.application_id, Some(body.0)).await?;
    Ok(NoContent)
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApplicationPath>,
) -> Result<NoContent, Problem> {
    usecase::set(&app, ids.portal_id, ids.application_id, None).await?;
    Ok(NoContent)
}
