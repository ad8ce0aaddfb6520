//! `/v2/control-planes`.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::actor::Admin;
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::{GatewayPath, Instant, Labels, members};
use crate::app::App;
use crate::input::{Body, Ids};
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::gateway::{self, Column};
use crate::usecase::gateway::{self as usecase, GatewayEdit, NewGateway};

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Id "id" = Column::Id;
        Text "name" = Column::Name;
        Text "cluster_type" = Column::ClusterType;
        Flag "cloud_gateway" = Column::CloudGateway;
    },
    sorts: attributes! {
        Text "name" = Column::Name;
        Id "id" = Column::Id;
        Text "cluster_type" = Column::ClusterType;
        Time "created_at" = Column::CreatedAt;
        Time "updated_at" = Column::UpdatedAt;
    },
    order: || vec![Column::CreatedAt.into_expr(), Column::Id.into_expr()],
};

/// A gateway.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ControlPlane")]
struct View {
    id: Uuid,
    name: String,
    description: String,
    labels: Labels,
    config: ConfigView,
    created_at: Instant,
    updated_at: Instant,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ControlPlaneConfig")]
struct ConfigView {
    control_plane_endpoint: String,
    telemetry_endpoint: String,
    cluster_type: String,
    auth_type: String,
    cloud_gateway: bool,
    proxy_urls: Value,
}

impl View {
    /// Gateways fetch the policy and report usage at one place.
    fn of(app: &App, row: gateway::Model) -> Self {
        let endpoint = format!("{}/gateway/v1", app.config.base_url());
        Self {
            id: row.id,
            name: row.name,
            description: row.description,
            labels: members(row.labels),
            config: ConfigView {
                control_plane_endpoint: endpoint.clone(),
                telemetry_endpoint: endpoint,
                cluster_type: row.cluster_type,
                auth_type: row.auth_type,
                cloud_gateway: row.cloud_gateway,
                proxy_urls: row.proxy_urls,
            },
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/v2/control-planes",
            get_with(list, |op| LIST.document(op.id("list-control-planes").tag("Control planes")))
                .post_with(create, |op| op.id("create-control-plane").tag("Control planes")),
        )
        .api_route(
            "/v2/control-planes/{controlPlaneId}",
            get_with(show, |op| op.id("get-control-plane").tag("Control planes"))
                .patch_with(update, |op| op.id("update-control-plane").tag("Control planes"))
                .delete_with(delete, |op| op.id("delete-control-plane").tag("Control planes")),
        )
}

async fn list(
    _: Admin,
    State(app): State<App>,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let page = query.read(&LIST)?.fetch(app.store.db(), gateway::Entity::find()).await?;
    Ok(Shown(page.show(|row| View::of(&app, row))))
}

async fn create(
    _: Admin,
    State(app): State<App>,
    body: Body<NewGateway>,
) -> Result<Created<View>, Problem> {
    let made = usecase::create(&app, body.0).await?;
    Ok(Created(View::of(&app, made)))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<GatewayPath>,
) -> Result<Shown<View>, Problem> {
    let found = usecase::find(app.store.db(), ids.control_plane_id).await?;
    Ok(Shown(View::of(&app, found)))
}

async fn update(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<GatewayPath>,
    body: Body<GatewayEdit>,
) -> Result<Shown<View>, Problem> {
    let updated = usecase::update(&app, ids.control_plane_id, body.0).await?;
    Ok(Shown(View::of(&app, updated)))
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<GatewayPath>,
) -> Result<NoContent, Problem> {
    usecase::delete(&app, ids.control_plane_id).await?;
    Ok(NoContent)
}
