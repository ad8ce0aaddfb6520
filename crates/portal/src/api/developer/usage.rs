//! How often a developer's own application called: an extension to Konnect's API, whose `stats`
//! cannot tell what a gateway refused from what an upstream did.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;

use super::BASE;
use crate::actor::SignedIn;
use crate::api::extension;
use crate::api::management::usage::{View, calls, document};
use crate::api::reply::Shown;
use crate::api::shape::ApplicationPath;
use crate::app::App;
use crate::input::Ids;
use crate::list::ListQuery;
use crate::problem::Problem;
use crate::usecase::application;

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new().api_route(
        &format!("{BASE}/applications/{{applicationId}}/usage"),
        get_with(show, |op| {
            let op = extension(op).id("get-own-application-usage").tag("Application analytics");
            document(op, "api, class, reason, status")
                .summary("How often an application called (extension)")
        }),
    )
}

async fn show(
    State(app): State<App>,
    SignedIn { developer, .. }: SignedIn,
    Ids(ids): Ids<ApplicationPath>,
    query: ListQuery,
) -> Result<Shown<View>, Problem> {
    let found = application::find_own(app.store.db(), &developer, ids.application_id).await?;
    calls(&app, found.id, query).await
}
