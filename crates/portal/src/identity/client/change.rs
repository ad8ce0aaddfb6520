//! What administrators do with clients.

use gatekey_core::secret::Secret;
use sea_orm::EntityTrait;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::shape::{ClientBody, ClientEdit, Replacement, faults};
use super::{
    AuthMethod, DEFAULT_DURATION, NewClient, create, find, is_id, look_up, scope, secret, store,
    stored,
};
use crate::app::App;
use crate::identity::server;
use crate::input::Given;
use crate::problem::Problem;
use crate::store::entity::{auth_client, auth_secret};

/// Makes a client. The answer holds its secret for the only time.
pub(crate) async fn make(
    app: &App,
    server: Uuid,
    body: ClientBody,
) -> Result<(auth_client::Model, Secret<String>), Problem> {
    let tx = app.store.begin().await?;
    let server = server::find(&tx, server).await?;
    let made = create(app, &tx, &server, new(body)?).await?;
    tx.commit().await?;
    Ok(made)
}

/// Puts a client in the place of the one of that id, or makes it. The answer says whether it was
/// made.
pub(crate) async fn replace(
    app: &App,
    server: Uuid,
    id: &str,
    body: Replacement,
) -> Result<(auth_client::Model, bool), Problem> {
    if !is_id(id) {
        return Err(Problem::not_found());
    }
    let Replacement {
        name,
        client_secret,
        grant_types,
        response_types,
        redirect_uris,
        login_uri,
        access_token_duration,
        id_token_duration,
        allow_all_scopes,
        allow_scopes,
        labels,
        token_endpoint_auth_method,
    } = body;
    let wanted = new(ClientBody {
        name,
        grant_types,
        response_types,
        redirect_uris,
        login_uri,
        access_token_duration,
        id_token_duration,
        allow_all_scopes,
        allow_scopes,
        labels,
        token_endpoint_auth_method,
    })?;
    let client_secret = Secret::new(client_secret);
    let tx = app.store.begin().await?;
    let server = server::lock(&tx, server).await?;
    let Some(before) = look_up(&tx, server.id, id).await? else {
        let wanted = NewClient { id: Some(id.to_owned()), secret: Some(client_secret), ..wanted };
        let (made, _) = create(app, &tx, &server, wanted).await?;
        tx.commit().await?;
        return Ok((made, true));
    };
    scope::check(&tx, server.id, &wanted.scope_ids, "allow_scopes").await?;
    let after = auth_client::Model {
        name: wanted.name,
        grant_types: stored(&wanted.grant_types)?,
        response_types: stored(&wanted.response_types)?,
        redirect_uris: Value::from(wanted.redirect_uris),
        login_uri: wanted.login_uri,
        access_token_duration: wanted.access_token_duration,
        id_token_duration: wanted.id_token_duration,
        allow_all_scopes: wanted.allow_all_scopes,
        scope_ids: stored(&wanted.scope_ids)?,
        auth_method: wanted.auth_method.as_str().into(),
        labels: wanted.labels,
        ..before
    };
    let after = store(app, &tx, after).await?;
    set_secret(app, &tx, server.id, id, client_secret).await?;
    tx.commit().await?;
    Ok((after, false))
}

/// Changes a client.
pub(crate) async fn update(
    app: &App,
    server: Uuid,
    id: &str,
    edit: ClientEdit,
) -> Result<auth_client::Model, Problem> {
    let tx = app.store.begin().await?;
    server::lock(&tx, server).await?;
    let mut after = find(&tx, server, id).await?;
    let login_uri = match &edit.login_uri {
        Given::Yes(Some(uri)) => Some(uri.as_str()),
        _ => None,
    };
    let redirect_uris = given(&edit.redirect_uris);
    let types = (given(&edit.grant_types), given(&edit.response_types));
    let faults = faults(redirect_uris, login_uri, types.0, types.1);
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    edit.name.put(&mut after.name);
    if let Given::Yes(types) = edit.grant_types {
        after.grant_types = stored(&types)?;
    }
    if let Given::Yes(types) = edit.response_types {
        after.response_types = stored(&types)?;
    }
    if let Given::Yes(uris) = edit.redirect_uris {
        after.redirect_uris = Value::from(uris);
    }
    edit.login_uri.put(&mut after.login_uri);
    edit.access_token_duration.put(&mut after.access_token_duration);
    edit.id_token_duration.put(&mut after.id_token_duration);
    edit.allow_all_scopes.put(&mut after.allow_all_scopes);
    if let Given::Yes(ids) = edit.allow_scopes {
        scope::check(&tx, server, &ids, "allow_scopes").await?;
        after.scope_ids = stored(&ids)?;
    }
    if let Given::Yes(method) = edit.token_endpoint_auth_method {
        after.auth_method = method.as_str().into();
    }
    if let Given::Yes(labels) = edit.labels {
        after.labels = match labels {
            Some(labels) => labels.apply(&after.labels)?,
            None => Value::Object(Map::new()),
        };
    }
    let after = store(app, &tx, after).await?;
    if let Given::Yes(client_secret) = edit.client_secret {
        set_secret(app, &tx, server, id, Secret::new(client_secret)).await?;
    }
    tx.commit().await?;
    Ok(after)
}

/// Deletes a client with its secrets, tokens and codes.
pub(crate) async fn remove(app: &App, server: Uuid, id: &str) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    super::delete(&tx, server, id).await?;
    tx.commit().await?;
    Ok(())
}

/// Makes one secret the only one. If it is one of those that there are, that one stays.
async fn set_secret(
    app: &App,
    tx: &impl sea_orm::ConnectionTrait,
    server: Uuid,
    id: &str,
    wanted: Secret<String>,
) -> Result<(), Problem> {
    let held: Vec<auth_secret::Model> = secret::of_client(server, id).all(tx).await?;
    let mut kept = false;
    for row in held {
        if !kept && secret::matches(app, core::slice::from_ref(&row), wanted.expose()) {
            kept = true;
            continue;
        }
        auth_secret::Entity::delete_by_id(row.id).exec(tx).await?;
    }
    if !kept {
        secret::insert(app, tx, server, id, Some(wanted), true).await?;
    }
    Ok(())
}

fn given<T>(member: &Given<Vec<T>>) -> Option<&[T]> {
    match member {
        Given::Yes(items) => Some(items),
        Given::No => None,
    }
}

/// What a valid body asks for.
fn new(body: ClientBody) -> Result<NewClient, Problem> {
    let redirect_uris = body.redirect_uris.or(Vec::new());
    let login_uri = body.login_uri.or(None);
    let faults = faults(
        Some(&redirect_uris),
        login_uri.as_deref(),
        Some(&body.grant_types),
        Some(&body.response_types),
    );
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    Ok(NewClient {
        grant_types: body.grant_types,
        response_types: body.response_types,
        redirect_uris,
        login_uri,
        access_token_duration: body.access_token_duration.or(DEFAULT_DURATION),
        id_token_duration: body.id_token_duration.or(DEFAULT_DURATION),
        allow_all_scopes: body.allow_all_scopes.or(false),
        scope_ids: body.allow_scopes.or(Vec::new()),
        auth_method: body.token_endpoint_auth_method.or(AuthMethod::default()),
        labels: body.labels.or(None).unwrap_or_default().fresh()?,
        ..NewClient::named(body.name)
    })
}
