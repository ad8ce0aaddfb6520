//! `.../impact`: what deleting something would cut off. Extensions to Konnect's API.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use aide::transform::TransformOperation;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;

use crate::actor::Admin;
use crate::api::extension;
use crate::api::reply::Shown;
use crate::api::shape::{
    ApiPath, ApplicationPath, DeveloperPath, PortalPath, ProviderPath, PublicationPath,
    StrategyPath,
};
use crate::app::App;
use crate::input::Ids;
use crate::problem::Problem;
use crate::usecase;
use crate::usecase::impact::{self, Subject};

/// How much deleting something would cut off: what goes with it, or loses its access by it. It is not
/// counted itself.
#[derive(Debug, Serialize, JsonSchema)]
struct Impact {
    /// Applications that go, or lose access to something.
    applications: u64,
    /// Their registrations that count for nothing afterwards.
    registrations: u64,
    /// Their keys.
    credentials: u64,
    /// Publications that go, or take no requests any more.
    publications: u64,
    /// Developers whose applications they are; of a portal all that it has.
    developers: u64,
}

pub(super) fn routes() -> ApiRouter<App> {
    let one = |path: &str, route| ApiRouter::new().api_route(&format!("{path}/impact"), route);
    ApiRouter::new()
        .merge(one("/v3/apis/{apiId}", get_with(of_api, |op| describe(op, "api"))))
        .merge(one(
            "/v3/apis/{apiId}/publications/{portalId}",
            get_with(of_publication, |op| describe(op, "api-publication")),
        ))
        .merge(one(
            "/v3/application-auth-strategies/{authStrategyId}",
            get_with(of_strategy, |op| describe(op, "app-auth-strategy")),
        ))
        .merge(one(
            "/v3/dcr-providers/{dcrProviderId}",
            get_with(of_provider, |op| describe(op, "dcr-provider")),
        ))
        .merge(one("/v3/portals/{portalId}", get_with(of_portal, |op| describe(op, "portal"))))
        .merge(one(
            "/v3/portals/{portalId}/developers/{developerId}",
            get_with(of_developer, |op| describe(op, "developer")),
        ))
        .merge(one(
            "/v3/portals/{portalId}/applications/{applicationId}",
            get_with(of_application, |op| describe(op, "application")),
        ))
}

fn describe<'t>(op: TransformOperation<'t>, what: &str) -> TransformOperation<'t> {
    extension(op)
        .id(&format!("get-{what}-impact"))
        .tag("Impact")
        .summary("How much deleting it would cut off")
}

async fn counted(app: &App, subject: Subject) -> Result<Shown<Impact>, Problem> {
    let found = impact::of(app.store.db(), subject).await?;
    Ok(Shown(Impact {
        applications: found.applications,
        registrations: found.registrations,
        credentials: found.credentials,
        publications: found.publications,
        developers: found.developers,
    }))
}

async fn of_api(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApiPath>,
) -> Result<Shown<Impact>, Problem> {
    let found = usecase::api::find(app.store.db(), ids.api_id).await?;
    counted(&app, Subject::Api(found.id)).await
}

async fn of_publication(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PublicationPath>,
) -> Result<Shown<Impact>, Problem> {
    let db = app.store.db();
    let found = usecase::publication::find_any(db, ids.api_id, ids.portal_id).await?;
    counted(&app, Subject::Publication(found.api_id, found.portal_id)).await
}

async fn of_strategy(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<StrategyPath>,
) -> Result<Shown<Impact>, Problem> {
    let found = usecase::strategy::find(app.store.db(), ids.auth_strategy_id).await?;
    counted(&app, Subject::Strategy(found.id)).await
}

async fn of_provider(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ProviderPath>,
) -> Result<Shown<Impact>, Problem> {
    let found = usecase::dcr_provider::find(app.store.db(), ids.dcr_provider_id).await?;
    counted(&app, Subject::Provider(found.id)).await
}

async fn of_portal(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
) -> Result<Shown<Impact>, Problem> {
    let found = usecase::portal::find(app.store.db(), ids.portal_id).await?;
    counted(&app, Subject::Portal(found.id)).await
}

async fn of_developer(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<DeveloperPath>,
) -> Result<Shown<Impact>, Problem> {
    let db = app.store.db();
    let found = usecase::developer::find(db, ids.portal_id, ids.developer_id).await?;
    counted(&app, Subject::Developer(found.id)).await
}

async fn of_application(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApplicationPath>,
) -> Result<Shown<Impact>, Problem> {
    let db = app.store.db();
    let found = usecase::application::find(db, ids.portal_id, ids.application_id).await?;
    counted(&app, Subject::Application(found.id)).await
}
