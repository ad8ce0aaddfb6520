//! `/v3/apis/{apiId}/implementations` and the list of all.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait};
use serde::Serialize;
use uuid::Uuid;

use crate::actor::Admin;
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::{ApiPath, ImplementationPath, Instant};
use crate::app::App;
use crate::input::{Body, Ids};
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::implementation::{self, Column};
use crate::usecase::implementation::{self as usecase, NewImplementation, ServiceReference};

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Id "id" = Column::Id;
        Id "api_id" = Column::ApiId;
        Id "service_id" = Column::ServiceId;
        Id "control_plane_id" = Column::GatewayId;
        Time "created_at" = Column::CreatedAt;
        Time "updated_at" = Column::UpdatedAt;
    },
    sorts: attributes! {
        Id "id" = Column::Id;
        Id "api_id" = Column::ApiId;
        Id "control_plane_id" = Column::GatewayId;
        Id "service_id" = Column::ServiceId;
        Time "created_at" = Column::CreatedAt;
        Time "updated_at" = Column::UpdatedAt;
    },
    order: || vec![Column::CreatedAt.into_expr(), Column::Id.into_expr()],
};

/// The service behind an API.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Implementation")]
struct View {
    id: Uuid,
    /// In the list of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    api_id: Option<Uuid>,
    service: ServiceReference,
    created_at: Instant,
    updated_at: Instant,
}

impl View {
    fn of(row: &implementation::Model) -> Self {
        Self {
            id: row.id,
            api_id: None,
            service: ServiceReference { control_plane_id: row.gateway_id, id: row.service_id },
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    }

    fn item(row: &implementation::Model) -> Self {
        Self { api_id: Some(row.api_id), ..Self::of(row) }
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/v3/apis/{apiId}/implementations",
            post_with(create, |op| op.id("create-api-implementation").tag("Implementations")),
        )
        .api_route(
            "/v3/apis/{apiId}/implementations/{implementationId}",
            get_with(show, |op| op.id("fetch-api-implementation").tag("Implementations"))
                .delete_with(delete, |op| {
                    op.id("delete-api-implementation").tag("Implementations")
                }),
        )
        .api_route(
            "/v3/api-implementations",
            get_with(list, |op| {
                LIST.document(op.id("list-api-implementations").tag("Implementations"))
            }),
        )
}

async fn list(
    _: Admin,
    State(app): State<App>,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let page = query.read(&LIST)?.fetch(app.store.db(), implementation::Entity::find()).await?;
    Ok(Shown(page.show(|row| View::item(&row))))
}

async fn create(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApiPath>,
    body: Body<NewImplementation>,
) -> Result<Created<View>, Problem> {
    Ok(Created(View::of(&usecase::create(&app, ids.api_id, body.0).await?)))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ImplementationPath>,
) -> Result<Shown<View>, Problem> {
    let found = usecase::find(app.store.db(), ids.api_id, ids.implementation_id).await?;
    Ok(Shown(View::of(&found)))
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ImplementationPath>,
) -> Result<NoContent, Problem> {
    usecase::delete(&app, ids.api_id, ids.implementation_id).await?;
    Ok(NoContent)
}
