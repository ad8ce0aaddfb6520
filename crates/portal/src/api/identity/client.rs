//! `/v1/auth-servers/{authServerId}/clients`.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{ClientPath, ServerPath, labels};
use crate::actor::Admin;
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::{Instant, Labels, members};
use crate::app::App;
use crate::identity::client::{self as usecase, ClientBody, ClientEdit, Replacement};
use crate::identity::{claim, server};
use crate::input::{Body, Ids};
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::auth_client::{self, Column};

const TAG: &str = "Auth server clients";

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Text "id" = Column::Id;
        Text "name" = Column::Name;
    },
    sorts: attributes! {
        Time "created_at" = Column::CreatedAt;
        Time "updated_at" = Column::UpdatedAt;
        Text "name" = Column::Name;
    },
    order: || vec![Column::CreatedAt.into_expr(), Column::Id.into_expr()],
};

/// A client.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AuthServerClient")]
struct View {
    id: String,
    name: String,
    grant_types: Value,
    response_types: Value,
    redirect_uris: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    login_uri: Option<String>,
    access_token_duration: i32,
    id_token_duration: i32,
    allow_all_scopes: bool,
    allow_scopes: Value,
    token_endpoint_auth_method: String,
    labels: Labels,
    created_at: Instant,
    updated_at: Instant,
}

impl View {
    fn of(row: auth_client::Model) -> Self {
        Self {
            id: row.id,
            name: row.name,
            grant_types: row.grant_types,
            response_types: row.response_types,
            redirect_uris: row.redirect_uris,
            login_uri: row.login_uri,
            access_token_duration: row.access_token_duration,
            id_token_duration: row.id_token_duration,
            allow_all_scopes: row.allow_all_scopes,
            allow_scopes: row.scope_ids,
            token_endpoint_auth_method: row.auth_method,
            labels: members(row.labels),
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    }
}

/// A client that was just made.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CreatedAuthServerClient")]
struct CreatedView {
    #[serde(flatten)]
    client: View,
    /// Its secret, shown for the only time.
    client_secret: String,
}

/// Claims to try: templates by name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
struct Tried(#[schemars(with = "std::collections::BTreeMap<String, String>")] Map<String, Value>);

/// What claims come to, by name.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(rename = "TestClaimResult")]
struct Rendered(Map<String, Value>);

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/v1/auth-servers/{authServerId}/clients",
            get_with(list, |op| {
                labels::document(LIST.document(op.id("listAuthServerClients").tag(TAG)))
            })
            .post_with(create, |op| op.id("createAuthServerClient").tag(TAG)),
        )
        .api_route(
            "/v1/auth-servers/{authServerId}/clients/{clientId}",
            get_with(show, |op| op.id("getAuthServerClient").tag(TAG))
                .put_with(replace, |op| {
                    op.id("replaceAuthServerClient")
                        .tag(TAG)
                        .response::<200, Shown<View>>()
                        .response::<201, Created<View>>()
                })
                .patch_with(update, |op| op.id("updateAuthServerClient").tag(TAG))
                .delete_with(delete, |op| op.id("deleteAuthServerClient").tag(TAG)),
        )
        .api_route(
            "/v1/auth-servers/{authServerId}/clients/{clientId}/test-claim",
            post_with(test, |op| op.id("testClaimForClient").tag(TAG)),
        )
}

async fn list(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ServerPath>,
    mut query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let db = app.store.db();
    let server = server::find(db, ids.auth_server_id).await?;
    let labelled = labels::take(&mut query, &Column::Labels.into_expr())?;
    let select = auth_client::Entity::find().filter(Column::ServerId.eq(server.id));
    let page = query.read(&LIST)?.fetch(db, select.filter(labelled)).await?;
    Ok(Shown(page.show(View::of)))
}

async fn create(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ServerPath>,
    body: Body<ClientBody>,
) -> Result<Created<CreatedView>, Problem> {
    let (made, secret) = usecase::make(&app, ids.auth_server_id, body.0).await?;
    let client_secret = secret.expose().clone();
    Ok(Created(CreatedView { client: View::of(made), client_secret }))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ClientPath>,
) -> Result<Shown<View>, Problem> {
    let found = usecase::find(app.store.db(), ids.auth_server_id, &ids.client_id).await?;
    Ok(Shown(View::of(found)))
}

/// 201 when there was no such client, else 200.
async fn replace(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ClientPath>,
    body: Body<Replacement>,
) -> Result<Response, Problem> {
    let (client, made) = usecase::replace(&app, ids.auth_server_id, &ids.client_id, body.0).await?;
    let view = View::of(client);
    Ok(if made { Created(view).into_response() } else { Shown(view).into_response() })
}

async fn update(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ClientPath>,
    body: Body<ClientEdit>,
) -> Result<Shown<View>, Problem> {
    let updated = usecase::update(&app, ids.auth_server_id, &ids.client_id, body.0).await?;
    Ok(Shown(View::of(updated)))
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ClientPath>,
) -> Result<NoContent, Problem> {
    usecase::remove(&app, ids.auth_server_id, &ids.client_id).await?;
    Ok(NoContent)
}

async fn test(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ClientPath>,
    body: Body<Tried>,
) -> Result<Shown<Rendered>, Problem> {
    let claims = body.0.0;
    let rendered = claim::test(&app, ids.auth_server_id, &ids.client_id, &claims).await?;
    Ok(Shown(Rendered(rendered)))
}
