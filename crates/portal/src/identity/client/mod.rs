//! Clients of authorization servers.

use gatekey_core::secret::Secret;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter,
};
use serde_json::Value;
use uuid::Uuid;

use super::{scope, secret, server};
use crate::app::App;
use crate::entropy;
use crate::problem::Problem;
use crate::store::entity::{auth_client, auth_secret, auth_server};

mod change;
mod shape;

pub(crate) use self::change::{make, remove, replace, update};
pub(crate) use self::shape::{
    AuthMethod, ClientBody, ClientEdit, GrantType, Replacement, ResponseType, redirect_uri_fault,
};

/// The length of an id that is made here.
const ID_LENGTH: usize = 20;
/// The longest id.
const LONGEST_ID: usize = 36;
/// How long tokens live when nothing is said.
pub(crate) const DEFAULT_DURATION: i32 = 300;

/// A client to make.
#[derive(Debug)]
pub(crate) struct NewClient {
    /// Its id; one is made if there is none.
    pub(crate) id: Option<String>,
    /// Its secret; one is made if there is none.
    pub(crate) secret: Option<Secret<String>>,
    /// Its name, which no other client of the server has.
    pub(crate) name: String,
    /// What it may ask for tokens with.
    pub(crate) grant_types: Vec<GrantType>,
    /// What it may ask the authorization endpoint for.
    pub(crate) response_types: Vec<ResponseType>,
    /// Where a browser may be sent back to.
    pub(crate) redirect_uris: Vec<String>,
    /// Where a browser may be sent to sign in.
    pub(crate) login_uri: Option<String>,
    /// How long its access tokens live, in seconds.
    pub(crate) access_token_duration: i32,
    /// How long its ID tokens live, in seconds.
    pub(crate) id_token_duration: i32,
    /// Whether it may ask for every scope.
    pub(crate) allow_all_scopes: bool,
    /// The scopes that it may ask for.
    pub(crate) scope_ids: Vec<Uuid>,
    /// How it proves who it is.
    pub(crate) auth_method: AuthMethod,
    /// Its labels.
    pub(crate) labels: Value,
    /// The application whose client it is.
    pub(crate) application_id: Option<Uuid>,
    /// The SHA-256 of the token with which it manages its own registration (RFC 7592).
    pub(crate) registration_digest: Option<Vec<u8>>,
    /// What its registration may not go beyond.
    pub(crate) registration_policy: Option<Value>,
}

impl NewClient {
    /// A client for client_credentials, of which nothing else is said.
    pub(crate) fn named(name: impl Into<String>) -> Self {
        Self {
            id: None,
            secret: None,
            name: name.into(),
            grant_types: vec![GrantType::ClientCredentials],
            response_types: Vec::new(),
            redirect_uris: Vec::new(),
            login_uri: None,
            access_token_duration: DEFAULT_DURATION,
            id_token_duration: DEFAULT_DURATION,
            allow_all_scopes: false,
            scope_ids: Vec::new(),
            auth_method: AuthMethod::ClientSecretPost,
            labels: Value::Object(serde_json::Map::new()),
            application_id: None,
            registration_digest: None,
            registration_policy: None,
        }
    }
}

/// Whether a text can be the id of a client.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=LONGEST_ID).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// The client of a server.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    server: Uuid,
    id: &str,
) -> Result<auth_client::Model, Problem> {
    look_up(db, server, id).await?.ok_or_else(Problem::not_found)
}

/// The client of a server, if there is one.
pub(crate) async fn look_up(
    db: &impl ConnectionTrait,
    server: Uuid,
    id: &str,
) -> Result<Option<auth_client::Model>, Problem> {
    if !is_id(id) {
        return Ok(None);
    }
    Ok(auth_client::Entity::find_by_id((server, id.to_owned())).one(db).await?)
}

/// Makes a client with a secret, inside a transaction. The answer holds the secret for the only
/// time.
pub(crate) async fn create(
    app: &App,
    tx: &impl ConnectionTrait,
    server: &auth_server::Model,
    new: NewClient,
) -> Result<(auth_client::Model, Secret<String>), Problem> {
    let now = app.clock.now();
    let id = match new.id {
        Some(id) => id,
        None => entropy::word(ID_LENGTH)?,
    };
    let made = auth_client::Model {
        server_id: server.id,
        id,
        name: new.name,
        grant_types: stored(&new.grant_types)?,
        response_types: stored(&new.response_types)?,
        redirect_uris: Value::from(new.redirect_uris),
        login_uri: new.login_uri,
        access_token_duration: new.access_token_duration,
        id_token_duration: new.id_token_duration,
        allow_all_scopes: new.allow_all_scopes,
        scope_ids: stored(&new.scope_ids)?,
        auth_method: new.auth_method.as_str().into(),
        labels: new.labels,
        application_id: new.application_id,
        registration_digest: new.registration_digest,
        registration_policy: new.registration_policy,
        created_at: now,
        updated_at: now,
    };
    scope::check(tx, server.id, &new.scope_ids, "allow_scopes").await?;
    check_name(tx, &made).await?;
    let made = made.into_active_model().insert(tx).await?;
    let (_, secret) = secret::insert(app, tx, server.id, &made.id, new.secret, true).await?;
    Ok((made, secret))
}

/// Stores a client that was changed, inside a transaction.
pub(crate) async fn store(
    app: &App,
    tx: &impl ConnectionTrait,
    mut after: auth_client::Model,
) -> Result<auth_client::Model, Problem> {
    check_name(tx, &after).await?;
    after.updated_at = app.clock.now().max(after.updated_at + 1);
    Ok(after.into_active_model().reset_all().update(tx).await?)
}

/// Puts one new secret in the place of all that a client has, inside a transaction.
pub(crate) async fn rotate_secret(
    app: &App,
    tx: &impl ConnectionTrait,
    server: Uuid,
    id: &str,
) -> Result<(auth_secret::Model, Secret<String>), Problem> {
    // The lock lets two requests do so one after the other.
    server::lock(tx, server).await?;
    find(tx, server, id).await?;
    secret::remove_all(tx, server, id).await?;
    secret::insert(app, tx, server, id, None, true).await
}

/// Deletes a client with its secrets, tokens and codes, inside a transaction.
pub(crate) async fn delete(
    tx: &impl ConnectionTrait,
    server: Uuid,
    id: &str,
) -> Result<(), Problem> {
    let found = find(tx, server, id).await?;
    auth_client::Entity::delete_by_id((server, found.id)).exec(tx).await?;
    Ok(())
}

fn stored(value: &impl serde::Serialize) -> Result<Value, Problem> {
    serde_json::to_value(value).map_err(Problem::internal)
}

async fn check_name(tx: &impl ConnectionTrait, client: &auth_client::Model) -> Result<(), Problem> {
    let twins = auth_client::Entity::find()
        .filter(auth_client::Column::ServerId.eq(client.server_id))
        .filter(auth_client::Column::Name.eq(&client.name))
        .filter(auth_client::Column::Id.ne(&client.id))
        .count(tx)
        .await?;
    if twins > 0 {
        return Err(Problem::conflict("A client with the given name already exists"));
    }
    Ok(())
}
