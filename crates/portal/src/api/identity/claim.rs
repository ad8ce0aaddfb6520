//! `/v1/auth-servers/{authServerId}/claims`.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::{ClaimPath, ServerPath};
use crate::actor::Admin;
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::Instant;
use crate::app::App;
use crate::identity::claim::{self as usecase, ClaimEdit, NewClaim};
use crate::identity::server;
use crate::input::{Body, Ids};
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::auth_claim::{self, Column};

const TAG: &str = "Auth server claims";

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

/// A claim.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AuthServerClaim")]
struct View {
    id: Uuid,
    name: String,
    value: String,
    include_in_token: bool,
    include_in_all_scopes: bool,
    include_in_scopes: Value,
    enabled: bool,
    created_at: Instant,
    updated_at: Instant,
}

impl View {
    fn of(row: auth_claim::Model) -> Self {
        Self {
            id: row.id,
            name: row.name,
            value: row.value,
            include_in_token: row.include_in_token,
            include_in_all_scopes: row.include_in_all_scopes,
            include_in_scopes: row.scope_ids,
            enabled: row.enabled,
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/v1/auth-servers/{authServerId}/claims",
            get_with(list, |op| LIST.document(op.id("listAuthServerClaims").tag(TAG)))
                .post_with(create, |op| op.id("createAuthServerClaim").tag(TAG)),
        )
        .api_route(
            "/v1/auth-servers/{authServerId}/claims/{claimId}",
            get_with(show, |op| op.id("getAuthServerClaim").tag(TAG))
                .patch_with(update, |op| op.id("updateAuthServerClaim").tag(TAG))
                .delete_with(delete, |op| op.id("deleteAuthServerClaim").tag(TAG)),
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
    let select = auth_claim::Entity::find().filter(Column::ServerId.eq(server.id));
    let page = query.read(&LIST)?.fetch(db, select).await?;
    Ok(Shown(page.show(View::of)))
}

async fn create(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ServerPath>,
    body: Body<NewClaim>,
) -> Result<Created<View>, Problem> {
    let made = usecase::create(&app, ids.auth_server_id, body.0).await?;
    Ok(Created(View::of(made)))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ClaimPath>,
) -> Result<Shown<View>, Problem> {
    let found = usecase::find(app.store.db(), ids.auth_server_id, ids.claim_id).await?;
    Ok(Shown(View::of(found)))
}

async fn update(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ClaimPath>,
    body: Body<ClaimEdit>,
) -> Result<Shown<View>, Problem> {
    let updated = usecase::update(&app, ids.auth_server_id, ids.claim_id, body.0).await?;
    Ok(Shown(View::of(updated)))
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ClaimPath>,
) -> Result<NoContent, Problem> {
    usecase::delete(&app, ids.auth_server_id, ids.claim_id).await?;
    Ok(NoContent)
}
