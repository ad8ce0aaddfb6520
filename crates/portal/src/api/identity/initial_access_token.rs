//! `/v1/auth-servers/{authServerId}/initial-access-tokens`, an extension.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use aide::transform::TransformOperation;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use uuid::Uuid;

use super::{InitialAccessTokenPath, ServerPath};
use crate::actor::Admin;
use crate::api::extension;
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::{Instant, Labels, members};
use crate::app::App;
use crate::identity::initial_access_token::{self as usecase, NewInitialAccessToken};
use crate::identity::server;
use crate::input::{Body, Ids};
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::initial_access_token::{self, Column};

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Id "id" = Column::Id;
    },
    sorts: attributes! {
        Time "created_at" = Column::CreatedAt;
        Time "expires_at" = Column::ExpiresAt;
    },
    order: || vec![Column::CreatedAt.into_expr(), Column::Id.into_expr()],
};

/// An initial access token, without the token.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "InitialAccessToken")]
struct View {
    id: Uuid,
    /// How many clients can still be registered with it; null for any number.
    uses_left: Option<i32>,
    policy: Labels,
    /// When it ends; null for never.
    expires_at: Option<Instant>,
    created_at: Instant,
}

impl View {
    fn of(row: initial_access_token::Model) -> Self {
        Self {
            id: row.id,
            uses_left: row.uses_left,
            policy: members(row.policy),
            expires_at: row.expires_at.map(Instant),
            created_at: Instant(row.created_at),
        }
    }
}

/// An initial access token that was just made.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CreatedInitialAccessToken")]
struct CreatedView {
    #[serde(flatten)]
    item: View,
    /// The token, shown for the only time.
    token: String,
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/v1/auth-servers/{authServerId}/initial-access-tokens",
            get_with(list, |op| LIST.document(described(op, "listInitialAccessTokens")))
                .post_with(create, |op| described(op, "createInitialAccessToken")),
        )
        .api_route(
            "/v1/auth-servers/{authServerId}/initial-access-tokens/{initialAccessTokenId}",
            get_with(show, |op| described(op, "getInitialAccessToken"))
                .delete_with(delete, |op| described(op, "deleteInitialAccessToken")),
        )
}

fn described<'o>(op: TransformOperation<'o>, id: &str) -> TransformOperation<'o> {
    let text = "Extension: tokens with which clients register themselves (RFC 7591).";
    extension(op.id(id).tag("Auth servers").description(text))
}

async fn list(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ServerPath>,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let db = app.store.db();
    let server = server::find(db, ids.auth_server_id).await?;
    let select = initial_access_token::Entity::find().filter(Column::ServerId.eq(server.id));
    let page = query.read(&LIST)?.fetch(db, select).await?;
    Ok(Shown(page.show(View::of)))
}

async fn create(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ServerPath>,
    body: Body<NewInitialAccessToken>,
) -> Result<Created<CreatedView>, Problem> {
    let (made, token) = usecase::create(&app, ids.auth_server_id, body.0).await?;
    Ok(Created(CreatedView { item: View::of(made), token: token.expose().clone() }))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<InitialAccessTokenPath>,
) -> Result<Shown<View>, Problem> {
    let (server, id) = (ids.auth_server_id, ids.initial_access_token_id);
    Ok(Shown(View::of(usecase::find(app.store.db(), server, id).await?)))
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<InitialAccessTokenPath>,
) -> Result<NoContent, Problem> {
    usecase::delete(&app, ids.auth_server_id, ids.initial_access_token_id).await?;
    Ok(NoContent)
}
