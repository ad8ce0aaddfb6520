//! Clients at the portal's own authorization servers: made, changed and removed in the very
//! transaction of the application.

use gatekey_core::secret::Secret;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::dcr::metadata;
use crate::identity::client::{self, AuthMethod, GrantType, NewClient, ResponseType};
use crate::identity::server;
use crate::problem::Problem;
use crate::store::entity::{application, auth_scope, auth_server, dcr_provider, strategy};

/// The server of a provider.
async fn server_of(
    app: &App,
    db: &impl ConnectionTrait,
    provider: &dcr_provider::Model,
) -> Result<auth_server::Model, Problem> {
    let found = server::of_issuer(app, db, &provider.issuer).await?;
    found.ok_or_else(|| {
        let name = provider.display_name.as_deref().unwrap_or(&provider.name);
        Problem::provider_failed(format!(
            "The authorization server of the identity provider \"{name}\" is gone (cannot find \
             the server)"
        ))
    })
}

/// Makes the application's client; its id and its secret.
pub(crate) async fn create(
    app: &App,
    tx: &impl ConnectionTrait,
    provider: &dcr_provider::Model,
    strategy: &strategy::Model,
    application: &application::Model,
) -> Result<(String, Secret<String>), Problem> {
    let server = server_of(app, tx, provider).await?;
    let wanted = wanted(app, tx, &server, strategy, application).await?;
    let new = NewClient {
        grant_types: wanted.grant_types,
        response_types: wanted.response_types,
        redirect_uris: wanted.redirect_uris,
        scope_ids: wanted.scope_ids,
        auth_method: AuthMethod::ClientSecretPost,
        labels: json!({}),
        application_id: Some(application.id),
        ..NewClient::named(name(application))
    };
    let (made, secret) = client::create(app, tx, &server, new).await?;
    Ok((made.id, secret))
}

/// Makes the client like the application is now.
pub(crate) async fn update(
    app: &App,
    tx: &impl ConnectionTrait,
    provider: &dcr_provider::Model,
    strategy: &strategy::Model,
    application: &application::Model,
) -> Result<(), Problem> {
    let server = server_of(app, tx, provider).await?;
    let Some(id) = &application.client_id else { return Ok(()) };
    let Some(mut found) = client::look_up(tx, server.id, id).await? else { return Ok(()) };
    let wanted = wanted(app, tx, &server, strategy, application).await?;
    found.name = name(application);
    found.grant_types = json!(wanted.grant_types);
    found.response_types = json!(wanted.response_types);
    found.redirect_uris = json!(wanted.redirect_uris);
    found.scope_ids = json!(wanted.scope_ids);
    client::store(app, tx, found).await?;
    Ok(())
}

/// Removes the client, with its tokens. One that is gone is gone.
pub(crate) async fn delete(
    app: &App,
    tx: &impl ConnectionTrait,
    provider: &dcr_provider::Model,
    client_id: &str,
) -> Result<(), Problem> {
    let Some(server) = server::of_issuer(app, tx, &provider.issuer).await? else { return Ok(()) };
    if client::look_up(tx, server.id, client_id).await?.is_some() {
        client::delete(tx, server.id, client_id).await?;
    }
    Ok(())
}

/// Puts a new secret in the place of the client's others.
pub(crate) async fn rotate(
    app: &App,
    provider: &dcr_provider::Model,
    client_id: &str,
) -> Result<Secret<String>, Problem> {
    let tx = app.store.begin().await?;
    let server = server_of(app, &tx, provider).await?;
    let (_, secret) = client::rotate_secret(app, &tx, server.id, client_id).await?;
    tx.commit().await?;
    Ok(secret)
}

/// The scopes that the client may ask for.
pub(crate) async fn granted_scopes(
    app: &App,
    provider: &dcr_provider::Model,
    client_id: &str,
) -> Result<Vec<String>, Problem> {
    let db = app.store.db();
    let server = server_of(app, db, provider).await?;
    let found = client::find(db, server.id, client_id).await?;
    let ids: Vec<Uuid> = serde_json::from_value(found.scope_ids).map_err(Problem::internal)?;
    let mut scopes: Vec<_> = auth_scope::Entity::find()
        .filter(auth_scope::Column::ServerId.eq(server.id))
        .filter(auth_scope::Column::Enabled.eq(true))
        .all(db)
        .await?
        .into_iter()
        .filter(|scope| found.allow_all_scopes || ids.contains(&scope.id))
        .map(|scope| scope.name)
        .collect();
    scopes.sort();
    Ok(scopes)
}

/// Whether the server has such a client, and no application has it.
pub(crate) async fn is_free(
    app: &App,
    db: &impl ConnectionTrait,
    provider: &dcr_provider::Model,
    client_id: &str,
) -> Result<bool, Problem> {
    let server = server_of(app, db, provider).await?;
    let found = client::look_up(db, server.id, client_id).await?;
    Ok(found.is_some_and(|found| found.application_id.is_none()))
}

/// Makes a client the application's.
pub(crate) async fn assign(
    app: &App,
    db: &impl ConnectionTrait,
    provider: &dcr_provider::Model,
    client_id: &str,
    application: Uuid,
) -> Result<(), Problem> {
    let server = server_of(app, db, provider).await?;
    let mut found = client::find(db, server.id, client_id).await?;
    found.application_id = Some(application);
    client::store(app, db, found).await?;
    Ok(())
}

/// What a client is to be like.
struct Wanted {
    grant_types: Vec<GrantType>,
    response_types: Vec<ResponseType>,
    redirect_uris: Vec<String>,
    scope_ids: Vec<Uuid>,
}

async fn wanted(
    app: &App,
    db: &impl ConnectionTrait,
    server: &auth_server::Model,
    strategy: &strategy::Model,
    application: &application::Model,
) -> Result<Wanted, Problem> {
    let metadata = metadata::of(app, application, strategy, Uuid::nil());
    let mut grant_types = Vec::new();
    for grant in metadata.grant_types() {
        grant_types.push(match grant {
            "authorization_code" => GrantType::AuthorizationCode,
            "refresh_token" => GrantType::RefreshToken,
            _ => GrantType::ClientCredentials,
        });
    }
    let code = grant_types.contains(&GrantType::AuthorizationCode);
    let scopes = auth_scope::Entity::find()
        .filter(auth_scope::Column::ServerId.eq(server.id))
        .all(db)
        .await?;
    let scope_ids = scopes
        .into_iter()
        .filter(|scope| scope.is_default || metadata.scopes.contains(&scope.name))
        .map(|scope| scope.id)
        .collect();
    Ok(Wanted {
        grant_types,
        response_types: vec![if code { ResponseType::Code } else { ResponseType::None }],
        redirect_uris: metadata.redirect_uris,
        scope_ids,
    })
}

/// Names of applications may repeat, those of a server's clients may not.
fn name(application: &application::Model) -> String {
    format!("{} ({})", application.name, application.id)
}
