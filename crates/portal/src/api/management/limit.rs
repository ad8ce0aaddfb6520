//! `/v3/portals/{portalId}/applications/{applicationId}/limits` and `/networks`: how often and from
//! where an application may call. An extension to Konnect's API.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;

use crate::actor::Admin;
use crate::api::extension;
use crate::api::reply::{NoContent, Shown};
use crate::api::shape::ApplicationPath;
use crate::app::App;
use crate::input::{Body, Ids};
use crate::problem::Problem;
use crate::usecase::application;
use crate::usecase::limit::{self as usecase, Limits, Networks};

const TAG: &str = "Applications";

pub(super) fn routes() -> ApiRouter<App> {
    const BASE: &str = "/v3/portals/{portalId}/applications/{applicationId}";
    ApiRouter::new()
        .api_route(
            &format!("{BASE}/limits"),
            get_with(show_limits, |op| extension(op).id("get-application-limits").tag(TAG))
                .put_with(put_limits, |op| extension(op).id("put-application-limits").tag(TAG))
                .delete_with(delete_limits, |op| {
                    extension(op).id("delete-application-limits").tag(TAG)
                }),
        )
        .api_route(
            &format!("{BASE}/networks"),
            get_with(show_networks, |op| extension(op).id("get-application-networks").tag(TAG))
                .put_with(put_networks, |op| extension(op).id("put-application-networks").tag(TAG))
                .delete_with(delete_networks, |op| {
                    extension(op).id("delete-application-networks").tag(TAG)
                }),
        )
}

async fn show_limits(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApplicationPath>,
) -> Result<Shown<Limits>, Problem> {
    let found = application::find(app.store.db(), ids.portal_id, ids.application_id).await?;
    usecase::limits_of(&found).map(Shown)
}

async fn put_limits(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApplicationPath>,
    body: Body<Limits>,
) -> Result<Shown<Limits>, Problem> {
    let put = usecase::put_limits(&app, ids.portal_id, ids.application_id, body.0).await?;
    usecase::limits_of(&put).map(Shown)
}

async fn delete_limits(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApplicationPath>,
) -> Result<NoContent, Problem> {
    usecase::put_limits(&app, ids.portal_id, ids.application_id, Limits::default()).await?;
    Ok(NoContent)
}

async fn show_networks(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApplicationPath>,
) -> Result<Shown<Networks>, Problem> {
    let found = application::find(app.store.db(), ids.portal_id, ids.application_id).await?;
    usecase::networks_of(&found).map(Shown)
}

async fn put_networks(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApplicationPath>,
    body: Body<Networks>,
) -> Result<Shown<Networks>, Problem> {
    let put = usecase::put_networks(&app, ids.portal_id, ids.application_id, body.0).await?;
    usecase::networks_of(&put).map(Shown)
}

async fn delete_networks(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApplicationPath>,
) -> Result<NoContent, Problem> {
    usecase::put_networks(&app, ids.portal_id, ids.application_id, Networks::default()).await?;
    Ok(NoContent)
}
