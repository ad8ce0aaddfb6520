//! `/v1/auth-servers/{authServerId}/clients/{clientId}/secrets`.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::ColumnTrait;
use serde::Serialize;
use uuid::Uuid;

use super::{ClientPath, SecretPath};
use crate::actor::Admin;
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::Instant;
use crate::app::App;
use crate::identity::client;
use crate::identity::secret::{self as usecase, NewSecret, SecretEdit};
use crate::input::{Body, Ids};
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::auth_secret::{self, Column};

const TAG: &str = "Auth server clients";

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Id "id" = Column::Id;
        Flag "enabled" = Column::Enabled;
    },
    sorts: attributes! {
        Time "created_at" = Column::CreatedAt;
        Time "updated_at" = Column::UpdatedAt;
    },
    order: || vec![Column::CreatedAt.into_expr(), Column::Id.into_expr()],
};

/// A secret of a client, without the secret.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ClientSecret")]
struct View {
    id: Uuid,
    enabled: bool,
    created_at: Instant,
    updated_at: Instant,
}

impl View {
    fn of(row: &auth_secret::Model) -> Self {
        Self {
            id: row.id,
            enabled: row.enabled,
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    }
}

/// A secret that was just made.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CreatedClientSecret")]
struct CreatedView {
    #[serde(flatten)]
    item: View,
    /// The secret, shown for the only time.
    secret: String,
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/v1/auth-servers/{authServerId}/clients/{clientId}/secrets",
            get_with(list, |op| LIST.document(op.id("listClientSecrets").tag(TAG)))
                .post_with(create, |op| op.id("createClientSecret").tag(TAG)),
        )
        .api_route(
            "/v1/auth-servers/{authServerId}/clients/{clientId}/secrets/{clientSecretId}",
            get_with(show, |op| op.id("getClientSecret").tag(TAG))
                .patch_with(update, |op| op.id("updateClientSecret").tag(TAG))
                .delete_with(delete, |op| op.id("deleteClientSecret").tag(TAG)),
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
    let select = usecase::of_client(client.server_id, &client.id);
    let page = query.read(&LIST)?.fetch(db, select).await?;
    Ok(Shown(page.show(|row| View::of(&row))))
}

async fn create(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ClientPath>,
    body: Body<NewSecret>,
) -> Result<Created<CreatedView>, Problem> {
    let made = usecase::create(&app, ids.auth_server_id, &ids.client_id, body.0).await?;
    let secret = made.1.expose().clone();
    Ok(Created(CreatedView { item: View::of(&made.0), secret }))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<SecretPath>,
) -> Result<Shown<View>, Problem> {
    let (server, client) = (ids.auth_server_id, &ids.client_id);
    let found = usecase::find(app.store.db(), server, client, ids.client_secret_id).await?;
    Ok(Shown(View::of(&found)))
}

async fn update(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<SecretPath>,
    body: Body<SecretEdit>,
) -> Result<Shown<View>, Problem> {
    let (server, client) = (ids.auth_server_id, &ids.client_id);
    let updated = usecase::update(&app, server, client, ids.client_secret_id, body.0).await?;
    Ok(Shown(View::of(&updated)))
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<SecretPath>,
) -> Result<NoContent, Problem> {
    let (server, client) = (ids.auth_server_id, &ids.client_id);
    usecase::delete(&app, server, client, ids.client_secret_id).await?;
    Ok(NoContent)
}
