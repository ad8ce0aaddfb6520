//! `/v1/auth-servers`.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{ServerPath, labels};
use crate::actor::Admin;
use crate::api::extension;
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::{Force, Instant, Labels, members};
use crate::app::App;
use crate::identity::key::{self, Urgency};
use crate::identity::server::{self as usecase, NewServer, ServerEdit, TokenProfile};
use crate::input::{Body, Given, Ids, Optional};
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::auth_key;
use crate::store::entity::auth_server::{self, Column};

const TAG: &str = "Auth servers";

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Id "id" = Column::Id;
        Text "name" = Column::Name;
        Text "description" = Column::Description;
        Text "audience" = Column::Audience;
    },
    sorts: attributes! {
        Time "created_at" = Column::CreatedAt;
        Time "updated_at" = Column::UpdatedAt;
        Text "name" = Column::Name;
        Text "audience" = Column::Audience;
    },
    order: || vec![Column::CreatedAt.into_expr(), Column::Id.into_expr()],
};

/// An authorization server.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AuthServer")]
struct View {
    id: Uuid,
    name: String,
    description: String,
    audience: String,
    signing_algorithm: String,
    issuer: String,
    metadata_uri: String,
    jwks_uri: String,
    labels: Labels,
    trusted_origins: Value,
    /// Extension: only there when it is not `jwt`.
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token_profile: Option<String>,
    created_at: Instant,
    updated_at: Instant,
}

impl View {
    fn of(app: &App, row: auth_server::Model) -> Self {
        let usual = row.token_profile == TokenProfile::Jwt.as_str();
        Self {
            issuer: row.issuer(app),
            metadata_uri: row.metadata_uri(app),
            jwks_uri: row.jwks_uri(app),
            id: row.id,
            name: row.name,
            description: row.description.unwrap_or_default(),
            audience: row.audience,
            signing_algorithm: row.algorithm,
            labels: members(row.labels),
            trusted_origins: row.trusted_origins,
            access_token_profile: (!usual).then_some(row.token_profile),
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    }
}

/// How keys are to be changed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Rotation {
    /// Whether the keys that there are must not be trusted any longer. Then a new key signs at
    /// once and the others are forgotten: what they signed is refused from then on. Otherwise the
    /// new key is published first, and the others stay while tokens of theirs are valid.
    #[serde(default)]
    emergency: Given<bool>,
}

/// The keys of an authorization server.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AuthServerKeys")]
struct KeysView {
    data: Vec<KeyView>,
}

/// A signing key.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AuthServerKey")]
struct KeyView {
    kid: String,
    algorithm: String,
    /// `pending`, `active` or `retiring`.
    state: String,
    created_at: Instant,
    /// When it begins, or began, to sign.
    activates_at: Instant,
    /// When it stopped signing.
    #[serde(skip_serializing_if = "Option::is_none")]
    retires_at: Option<Instant>,
    /// When it is no longer published.
    #[serde(skip_serializing_if = "Option::is_none")]
    removes_at: Option<Instant>,
}

impl KeyView {
    fn of(row: auth_key::Model) -> Self {
        Self {
            kid: row.kid,
            algorithm: row.algorithm,
            state: row.state,
            created_at: Instant(row.created_at),
            activates_at: Instant(row.activates_at),
            retires_at: row.retires_at.map(Instant),
            removes_at: row.removes_at.map(Instant),
        }
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/v1/auth-servers",
            get_with(list, |op| labels::document(LIST.document(op.id("listAuthServers").tag(TAG))))
                .post_with(create, |op| op.id("createAuthServer").tag(TAG)),
        )
        .api_route(
            "/v1/auth-servers/{authServerId}",
            get_with(show, |op| op.id("getAuthServer").tag(TAG))
                .patch_with(update, |op| op.id("updateAuthServer").tag(TAG))
                .delete_with(delete, |op| op.id("deleteAuthServer").tag(TAG)),
        )
        .api_route(
            "/v1/auth-servers/{authServerId}/rotate-keys",
            post_with(rotate, |op| {
                extension(op.id("rotateAuthServerKeys").tag(TAG).description(
                    "Extension: changes the key that the server signs with before its time.",
                ))
            }),
        )
}

async fn list(
    _: Admin,
    State(app): State<App>,
    mut query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let labelled = labels::take(&mut query, &Column::Labels.into_expr())?;
    let select = auth_server::Entity::find().filter(labelled);
    let page = query.read(&LIST)?.fetch(app.store.db(), select).await?;
    Ok(Shown(page.show(|row| View::of(&app, row))))
}

async fn create(
    _: Admin,
    State(app): State<App>,
    body: Body<NewServer>,
) -> Result<Created<View>, Problem> {
    let made = usecase::create(&app, body.0).await?;
    Ok(Created(View::of(&app, made)))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ServerPath>,
) -> Result<Shown<View>, Problem> {
    let found = usecase::find(app.store.db(), ids.auth_server_id).await?;
    Ok(Shown(View::of(&app, found)))
}

async fn update(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ServerPath>,
    body: Body<ServerEdit>,
) -> Result<Shown<View>, Problem> {
    let updated = usecase::update(&app, ids.auth_server_id, body.0).await?;
    Ok(Shown(View::of(&app, updated)))
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ServerPath>,
    Force(force): Force,
) -> Result<NoContent, Problem> {
    usecase::delete(&app, ids.auth_server_id, force).await?;
    Ok(NoContent)
}

async fn rotate(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ServerPath>,
    body: Body<Rotation, Optional>,
) -> Result<Shown<KeysView>, Problem> {
    let urgency = if body.0.emergency.or(false) { Urgency::Emergency } else { Urgency::Soon };
    let keys = key::advance(&app, ids.auth_server_id, urgency).await?;
    Ok(Shown(KeysView { data: keys.into_iter().map(KeyView::of).collect() }))
}
