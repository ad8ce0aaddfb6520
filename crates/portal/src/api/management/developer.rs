//! `/v3/portals/{portalId}/developers`.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use uuid::Uuid;

use crate::actor::Admin;
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::{DeveloperPath, Instant, PortalPath};
use crate::app::App;
use crate::input::{Body, Ids};
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::developer::{self, Column};
use crate::usecase::developer::{self as usecase, DeveloperEdit, NewDeveloper};
use crate::usecase::portal;

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Id "id" = Column::Id;
        Text "name" = Column::FullName;
        Text "status" = Column::Status;
        Text "email" = Column::Email;
    },
    sorts: attributes! {
        Time "created_at" = Column::CreatedAt;
        Time "updated_at" = Column::UpdatedAt;
        Text "email" = Column::Email;
        Text "name" = Column::FullName;
        Text "status" = Column::Status;
    },
    order: || vec![Column::CreatedAt.into_expr(), Column::Id.into_expr()],
};

/// A developer, as administrators see them.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PortalDeveloper")]
struct View {
    id: Uuid,
    email: String,
    full_name: String,
    status: String,
    created_at: Instant,
    updated_at: Instant,
}

impl From<developer::Model> for View {
    fn from(row: developer::Model) -> Self {
        Self {
            id: row.id,
            email: row.email,
            full_name: row.full_name,
            status: row.status,
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/v3/portals/{portalId}/developers",
            get_with(list, |op| {
                LIST.document(op.id("list-portal-developers").tag("Portal developers"))
            })
            .post_with(create, |op| op.id("create-developer").tag("Portal developers")),
        )
        .api_route(
            "/v3/portals/{portalId}/developers/{developerId}",
            get_with(show, |op| op.id("get-developer").tag("Portal developers"))
                .patch_with(update, |op| op.id("update-developer").tag("Portal developers"))
                .delete_with(delete, |op| op.id("delete-developer").tag("Portal developers")),
        )
}

async fn list(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    portal::find(app.store.db(), ids.portal_id).await?;
    let select = developer::Entity::find().filter(Column::PortalId.eq(ids.portal_id));
    let page = query.read(&LIST)?.fetch(app.store.db(), select).await?;
    Ok(Shown(page.show(View::from)))
}

async fn create(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    body: Body<NewDeveloper>,
) -> Result<Created<View>, Problem> {
    Ok(Created(usecase::create(&app, ids.portal_id, body.0).await?.into()))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<DeveloperPath>,
) -> Result<Shown<View>, Problem> {
    let found = usecase::find(app.store.db(), ids.portal_id, ids.developer_id).await?;
    Ok(Shown(found.into()))
}

async fn update(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<DeveloperPath>,
    body: Body<DeveloperEdit>,
) -> Result<Shown<View>, Problem> {
    let updated = usecase::update(&app, ids.portal_id, ids.developer_id, body.0).await?;
    Ok(Shown(updated.into()))
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<DeveloperPath>,
) -> Result<NoContent, Problem> {
    usecase::delete(&app, ids.portal_id, ids.developer_id).await?;
    Ok(NoContent)
}
