//! Scopes of authorization servers.

use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter,
};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::server;
use crate::app::App;
use crate::input::Given;
use crate::problem::{Invalid, Problem};
use crate::store::entity::{auth_claim, auth_client, auth_scope};

/// A scope to make.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewScope {
    /// A scope token of RFC 6749.
    #[schemars(length(min = 1, max = 255), regex(pattern = r"^[\x21\x23-\x5B\x5D-\x7E]+$"))]
    name: String,
    #[serde(default)]
    #[schemars(length(max = 2048))]
    description: Given<String>,
    /// Whether a client that may have it gets it without asking for scopes.
    #[serde(default)]
    default: Given<bool>,
    /// Whether the server's metadata names it.
    #[serde(default)]
    include_in_metadata: Given<bool>,
    #[serde(default)]
    enabled: Given<bool>,
}

/// What to change of a scope.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScopeEdit {
    #[serde(default)]
    #[schemars(length(min = 1, max = 255), regex(pattern = r"^[\x21\x23-\x5B\x5D-\x7E]+$"))]
    name: Given<String>,
    #[serde(default)]
    #[schemars(length(max = 2048))]
    description: Given<String>,
    #[serde(default)]
    default: Given<bool>,
    #[serde(default)]
    include_in_metadata: Given<bool>,
    #[serde(default)]
    enabled: Given<bool>,
}

/// The scope of a server.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    server: Uuid,
    id: Uuid,
) -> Result<auth_scope::Model, Problem> {
    let found = auth_scope::Entity::find_by_id(id).one(db).await?;
    found.filter(|found| found.server_id == server).ok_or_else(Problem::not_found)
}

/// Refuses ids that are no scopes of the server, or stand twice.
pub(super) async fn check(
    tx: &impl ConnectionTrait,
    server: Uuid,
    ids: &[Uuid],
    field: &str,
) -> Result<(), Problem> {
    if ids.is_empty() {
        return Ok(());
    }
    let known: Vec<Uuid> = auth_scope::Entity::find()
        .filter(auth_scope::Column::ServerId.eq(server))
        .filter(auth_scope::Column::Id.is_in(ids.iter().copied()))
        .all(tx)
        .await?
        .into_iter()
        .map(|scope| scope.id)
        .collect();
    let mut faults = Vec::new();
    for (index, id) in ids.iter().enumerate() {
        let field = format!("{field}.{index}");
        if !known.contains(id) {
            faults.push(Invalid::body(field, "missing_reference", "Scope not found"));
        } else if ids.iter().take(index).any(|other| other == id) {
            faults.push(Invalid::body(field, "invalid", "must not stand twice"));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Problem::invalid(faults)) }
}

/// Makes a scope.
pub(crate) async fn create(
    app: &App,
    server: Uuid,
    new: NewScope,
) -> Result<auth_scope::Model, Problem> {
    let now = app.clock.now();
    let tx = app.store.begin().await?;
    server::find(&tx, server).await?;
    let made = auth_scope::Model {
        id: Uuid::now_v7(),
        server_id: server,
        name: new.name,
        description: new.description.value(),
        is_default: new.default.or(false),
        include_in_metadata: new.include_in_metadata.or(false),
        enabled: new.enabled.or(true),
        created_at: now,
        updated_at: now,
    };
    check_name(&tx, &made).await?;
    let made = made.into_active_model().insert(&tx).await?;
    tx.commit().await?;
    app.identity.forget(server);
    Ok(made)
}

/// Changes a scope.
pub(crate) async fn update(
    app: &App,
    server: Uuid,
    id: Uuid,
    edit: ScopeEdit,
) -> Result<auth_scope::Model, Problem> {
    let tx = app.store.begin().await?;
    let mut after = find(&tx, server, id).await?;
    edit.name.put(&mut after.name);
    if let Given::Yes(description) = edit.description {
        after.description = Some(description);
    }
    edit.default.put(&mut after.is_default);
    edit.include_in_metadata.put(&mut after.include_in_metadata);
    edit.enabled.put(&mut after.enabled);
    check_name(&tx, &after).await?;
    after.updated_at = app.clock.now().max(after.updated_at + 1);
    let after = after.into_active_model().reset_all().update(&tx).await?;
    tx.commit().await?;
    app.identity.forget(server);
    Ok(after)
}

/// Deletes a scope, and takes it out of clients and claims. A claim that was in no other scope is
/// disabled: without scopes it would come up in tokens that never had it.
pub(crate) async fn delete(app: &App, server: Uuid, id: Uuid) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    server::lock(&tx, server).await?;
    find(&tx, server, id).await?;
    let clients = auth_client::Entity::find().filter(auth_client::Column::ServerId.eq(server));
    for mut client in clients.all(&tx).await? {
        if let Some(rest) = without(&client.scope_ids, id) {
            client.scope_ids = rest;
            client.into_active_model().reset_all().update(&tx).await?;
        }
    }
    let claims = auth_claim::Entity::find().filter(auth_claim::Column::ServerId.eq(server));
    for mut claim in claims.all(&tx).await? {
        if let Some(rest) = without(&claim.scope_ids, id) {
            claim.enabled &=
                rest.as_array().is_some_and(|rest| !rest.is_empty()) || claim.include_in_all_scopes;
            claim.scope_ids = rest;
            claim.into_active_model().reset_all().update(&tx).await?;
        }
    }
    auth_scope::Entity::delete_by_id(id).exec(&tx).await?;
    tx.commit().await?;
    app.identity.forget(server);
    Ok(())
}

/// The ids of a stored list.
pub(super) fn ids(stored: &Value) -> impl Iterator<Item = Uuid> {
    let listed = stored.as_array().into_iter().flatten();
    listed.filter_map(|id| id.as_str()?.parse().ok())
}

/// The list without an id that is in it.
fn without(stored: &Value, id: Uuid) -> Option<Value> {
    let all: Vec<Uuid> = ids(stored).collect();
    let rest: Vec<String> = all.iter().filter(|other| **other != id).map(Uuid::to_string).collect();
    (rest.len() < all.len()).then(|| Value::from(rest))
}

async fn check_name(tx: &impl ConnectionTrait, scope: &auth_scope::Model) -> Result<(), Problem> {
    let twins = auth_scope::Entity::find()
        .filter(auth_scope::Column::ServerId.eq(scope.server_id))
        .filter(auth_scope::Column::Name.eq(&scope.name))
        .filter(auth_scope::Column::Id.ne(scope.id))
        .count(tx)
        .await?;
    if twins > 0 {
        return Err(Problem::conflict("A scope with the given name already exists"));
    }
    Ok(())
}
