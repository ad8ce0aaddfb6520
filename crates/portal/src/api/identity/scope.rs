//! `/v1/auth-servers/{authServerId}/scopes`.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use uuid::Uuid;

use super::{ScopePath, ServerPath};
use crate::actor::Admin;
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::Instant;
use crate::app::App;
use crate::identity::scope::{self as usecase, NewScope, ScopeEdit};
use crate::identity::server;
use crate::input::{Body, Ids};
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::auth_scope::{self, Column};

const TAG: &str = "Auth server scopes";

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Id "id" = Column::Id;
        Text "name" = Column::Name;
    },
    sorts: attributes! {
        Time "created_at" = Column::CreatedAt;
        Time "updated_at" = Column::UpdatedAt;
        Text "name" = Column::Name;
    },
    order: || vec![Column::CreatedAt.into_expr(), Column::Id.into_expr()],
};

/// A scope.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AuthServerScope")]
struct View {
    id: Uuid,
    name: String,
    description: String,
    default: bool,
    include_in_metadata: bool,
    enabled: bool,
    created_at: Instant,
    updated_at: Instant,
}

impl View {
    fn of(row: auth_scope::Model) -> Self {
        Self {
            id: row.id,
            name: row.name,
            description: row.description.unwrap_or_default(),
            default: row.is_default,
            include_in_metadata: row.include_in_metadata,
            enabled: row.enabled,
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/v1/auth-servers/{authServerId}/scopes",
            get_with(list, |op| LIST.document(op.id("listAuthServerScopes").tag(TAG)))
                .post_with(create, |op| op.id("createAuthServerScope").tag(TAG)),
        )
        .api_route(
            "/v1/auth-servers/{authServerId}/scopes/{scopeId}",
            get_with(show, |op| op.id("getAuthServerScope").tag(TAG))
                .patch_with(update, |op| op.id("updateAuthServerScope").tag(TAG))
                .delete_with(delete, |op| op.id("deleteAuthServerScope").tag(TAG)),
        )
}

async fn list(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ServerPath>,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let db = app.store.db();
    let server = server::find(db, ids.auth_server_id).await?;
    let select = auth_scope::Entity::find().filter(Column::ServerId.eq(server.id));
    let page = query.read(&LIST)?.fetch(db, select).await?;
    Ok(Shown(page.show(View::of)))
}

async fn create(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ServerPath>,
    body: Body<NewScope>,
) -> Result<Created<View>, Problem> {
    let made = usecase::create(&app, ids.auth_server_id, body.0).await?;
    Ok(Created(View::of(made)))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ScopePath>,
) -> Result<Shown<View>, Problem> {
    let found = usecase::find(app.store.db(), ids.auth_server_id, ids.scope_id).await?;
    Ok(Shown(View::of(found)))
}

async fn update(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ScopePath>,
    body: Body<ScopeEdit>,
) -> Result<Shown<View>, Problem> {
    let updated = usecase::update(&app, ids.auth_server_id, ids.scope_id, body.0).await?;
    Ok(Shown(View::of(updated)))
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ScopePath>,
) -> Result<NoContent, Problem> {
    usecase::delete(&app, ids.auth_server_id, ids.scope_id).await?;
    Ok(NoContent)
}
