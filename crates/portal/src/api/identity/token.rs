//! `/v1/auth-servers/{authServerId}/clients/{clientId}/tokens`.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::ColumnTrait;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::{ClientPath, TokenPath};
use crate::actor::Admin;
use crate::api::reply::{NoContent, Shown};
use crate::api::shape::Instant;
use crate::app::App;
use crate::identity::{client, token as usecase};
use crate::input::Ids;
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::auth_token::{self, Column};

const TAG: &str = "Auth server clients";

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

/// A token, without the token.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AuthServerToken")]
struct View {
    id: Uuid,
    granted_scope_names: Value,
    created_at: Instant,
    expires_at: Instant,
}

impl View {
    fn of(row: auth_token::Model) -> Self {
        Self {
            id: row.id,
            granted_scope_names: row.scopes,
            created_at: Instant(row.created_at),
            expires_at: Instant(row.expires_at),
        }
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/v1/auth-servers/{authServerId}/clients/{clientId}/tokens",
            get_with(list, |op| LIST.document(op.id("listAuthServerClientTokens").tag(TAG)))
                .delete_with(delete_all, |op| op.id("deleteAllAuthServerClientTokens").tag(TAG)),
        )
        .api_route(
            "/v1/auth-servers/{authServerId}/clients/{clientId}/tokens/{tokenId}",
            get_with(show, |op| op.id("getAuthServerClientToken").tag(TAG))
                .delete_with(delete, |op| op.id("deleteAuthServerClientToken").tag(TAG)),
        )
}

async fn list(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ClientPath>,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let db = app.store.db();
    let client = client::find(db, ids.auth_server_id, &ids.client_id).await?;
    let select = usecase::of_client(client.server_id, &client.id, app.clock.now());
    let page = query.read(&LIST)?.fetch(db, select).await?;
    Ok(Shown(page.show(View::of)))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<TokenPath>,
) -> Result<Shown<View>, Problem> {
    let (server, client) = (ids.auth_server_id, &ids.client_id);
    let found = usecase::find(&app, app.store.db(), server, client, ids.token_id).await?;
    Ok(Shown(View::of(found)))
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<TokenPath>,
) -> Result<NoContent, Problem> {
    usecase::delete(&app, ids.auth_server_id, &ids.client_id, ids.token_id).await?;
    Ok(NoContent)
}

async fn delete_all(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ClientPath>,
) -> Result<NoContent, Problem> {
    usecase::delete_all(&app, ids.auth_server_id, &ids.client_id).await?;
    Ok(NoContent)
}
