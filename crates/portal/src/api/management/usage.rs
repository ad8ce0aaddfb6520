//! How often an application called, and how often an API was called: an extension to Konnect's
//! API.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use aide::transform::TransformOperation;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, Condition};
use serde::Serialize;
use uuid::Uuid;

use crate::actor::Admin;
use crate::api::extension;
use crate::api::reply::Shown;
use crate::api::shape::{ApiPath, ApplicationPath, Instant};
use crate::app::App;
use crate::input::Ids;
use crate::list::ListQuery;
use crate::problem::Problem;
use crate::store::entity::usage_point::Column;
use crate::usecase::usage::Dimension;
use crate::usecase::usage::series::{Asked, Granularity, Point, Series};
use crate::usecase::{api, application};

/// Calls over time.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Usage")]
pub(in crate::api) struct View {
    meta: Meta,
    /// In the order of time; stretches without calls are left out.
    data: Vec<Item>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "UsageMeta")]
struct Meta {
    /// When the first stretch of time begins.
    from: Instant,
    to: Instant,
    granularity: Granularity,
}

/// Calls that have in common what was asked for.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "UsagePoint")]
struct Item {
    /// When the stretch of time begins.
    at: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    application: Option<Uuid>,
    /// The nil UUID for requests that did not get as far as an API.
    #[serde(skip_serializing_if = "Option::is_none")]
    api: Option<Uuid>,
    /// `allowed`, `unauthorized`, `forbidden`, `limited` or `unavailable`.
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<String>,
    /// Why they were refused; empty where no gateway has told.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// The status of the answer; 0 where no gateway has told.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<i32>,
    count: i64,
}

impl From<Series> for View {
    fn from(series: Series) -> Self {
        let meta = Meta {
            from: Instant(series.from),
            to: Instant(series.to),
            granularity: series.granularity,
        };
        let item = |point: Point| Item {
            at: Instant(point.at),
            application: point.application,
            api: point.api,
            class: point.class,
            reason: point.reason,
            status: point.status,
            count: point.count,
        };
        Self { meta, data: series.points().into_iter().map(item).collect() }
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/v3/portals/{portalId}/applications/{applicationId}/usage",
            get_with(of_application, |op| {
                let op = extension(op).id("get-application-usage").tag("Applications");
                document(op, "api, class, reason, status")
                    .summary("How often an application called (extension)")
            }),
        )
        .api_route(
            "/v3/apis/{apiId}/usage",
            get_with(of_api, |op| {
                let op = extension(op).id("get-api-usage").tag("APIs");
                document(op, "application, class, reason, status")
                    .summary("How often an API was called (extension)")
            }),
        )
}

/// What can be asked for.
pub(in crate::api) fn document<'t>(op: TransformOperation<'t>, by: &str) -> TransformOperation<'t> {
    let by = format!("What is told apart, separated by commas: {by}.");
    op.parameter_untyped("from", |p| {
        p.description("From when, RFC 3339; a day before `to` if absent.")
    })
    .parameter_untyped("to", |p| p.description("Until when, RFC 3339; now if absent."))
    .parameter_untyped("granularity", |p| {
        p.description("`minute`, `hour`, `day` or `total`; what suits the time if absent.")
    })
    .parameter_untyped("group_by", |p| p.description(&by))
}

async fn of_application(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApplicationPath>,
    query: ListQuery,
) -> Result<Shown<View>, Problem> {
    let found = application::find(app.store.db(), ids.portal_id, ids.application_id).await?;
    calls(&app, found.id, query).await
}

/// How often an application called.
pub(in crate::api) async fn calls(
    app: &App,
    application: Uuid,
    query: ListQuery,
) -> Result<Shown<View>, Problem> {
    let asked = Asked::read(app, query, ("api", Dimension::Api))?;
    let which = Condition::all().add(Column::ApplicationId.eq(application));
    Ok(Shown(asked.answer(app, which).await?.into()))
}

async fn of_api(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApiPath>,
    query: ListQuery,
) -> Result<Shown<View>, Problem> {
    let found = api::find(app.store.db(), ids.api_id).await?;
    let asked = Asked::read(&app, query, ("application", Dimension::Application))?;
    let which = Condition::all().add(Column::ApiId.eq(found.id));
    Ok(Shown(asked.answer(&app, which).await?.into()))
}
