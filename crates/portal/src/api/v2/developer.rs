//! `/v2/portals/{portalId}/developers`.

use std::collections::HashMap;

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use serde::Serialize;
use uuid::Uuid;

use super::named;
use crate::actor::Admin;
use crate::api::reply::{NoContent, Shown};
use crate::api::shape::{DeveloperPath, Instant, PortalPath};
use crate::app::App;
use crate::input::{Body, Ids};
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::application;
use crate::store::entity::developer::{self, Column};
use crate::usecase::developer::{self as usecase, DeveloperEdit};
use crate::usecase::portal;

const TAG: &str = "Portal developers of v2";

const LIST: ListSpec = ListSpec {
    filters: attributes! {
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

/// A developer as Konnect's v2 shows them.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PortalDeveloperV2")]
struct View {
    id: Uuid,
    email: String,
    full_name: String,
    status: String,
    application_count: i64,
    created_at: Instant,
    updated_at: Instant,
}

pub(super) fn routes() -> ApiRouter<App> {
    const BASE: &str = "/v2/portals/{portalId}/developers";
    ApiRouter::new()
        .api_route(
            BASE,
            get_with(list, |op| LIST.document(named(op, "list-portal-developers", TAG))),
        )
        .api_route(
            &format!("{BASE}/{{developerId}}"),
            get_with(show, |op| named(op, "get-developer", TAG))
                .patch_with(update, |op| named(op, "update-developer", TAG))
                .delete_with(delete, |op| named(op, "delete-developer", TAG)),
        )
}

async fn views(
    db: &impl ConnectionTrait,
    rows: Vec<developer::Model>,
) -> Result<Vec<View>, Problem> {
    let counts: Vec<(Option<Uuid>, i64)> = application::Entity::find()
        .filter(application::Column::DeveloperId.is_in(rows.iter().map(|row| row.id)))
        .select_only()
        .column(application::Column::DeveloperId)
        .column_as(application::Column::Id.count(), "count")
        .group_by(application::Column::DeveloperId)
        .into_tuple()
        .all(db)
        .await?;
    let counts: HashMap<_, _> = counts.into_iter().collect();
    let views = rows.into_iter().map(|row| View {
        application_count: counts.get(&Some(row.id)).copied().unwrap_or_default(),
        id: row.id,
        email: row.email,
        full_name: row.full_name,
        status: row.status,
        created_at: Instant(row.created_at),
        updated_at: Instant(row.updated_at),
    });
    Ok(views.collect())
}

async fn view(db: &impl ConnectionTrait, row: developer::Model) -> Result<View, Problem> {
    let view = views(db, vec![row]).await?.into_iter().next();
    view.ok_or_else(|| Problem::internal("a developer has no view"))
}

async fn list(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let db = app.store.db();
    portal::find(db, ids.portal_id).await?;
    let select = developer::Entity::find().filter(Column::PortalId.eq(ids.portal_id));
    let (rows, page) = query.read(&LIST)?.fetch(db, select).await?.split();
    Ok(Shown(page.with(views(db, rows).await?)))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<DeveloperPath>,
) -> Result<Shown<View>, Problem> {
    let db = app.store.db();
    let found = usecase::find(db, ids.portal_id, ids.developer_id).await?;
    Ok(Shown(view(db, found).await?))
}

async fn update(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<DeveloperPath>,
    body: Body<DeveloperEdit>,
) -> Result<Shown<View>, Problem> {
    let updated = usecase::update(&app, ids.portal_id, ids.developer_id, body.0).await?;
    Ok(Shown(view(app.store.db(), updated).await?))
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<DeveloperPath>,
) -> Result<NoContent, Problem> {
    usecase::delete(&app, ids.portal_id, ids.developer_id).await?;
    Ok(NoContent)
}
