//! What is known of servers and clients while tokens are asked for.
//!
//! The token endpoint judges by what it read before, and never looks whether that is still so:
//! the transaction that writes a token's row does, see [`super::ledger`]. Nothing has to be told
//! of changes, then, neither by the code that makes them nor by another process of the portal. A
//! refusal is given only by what was read for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::scope::texts;
use crate::store::entity::{auth_claim, auth_client, auth_scope, auth_secret, auth_server};

/// More clients than this are not remembered; the next ones start over.
const MOST_CLIENTS: usize = 10_000;

/// A server with what tokens are made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServerView {
    /// The server.
    pub(crate) row: auth_server::Model,
    /// Its scopes.
    pub(crate) scopes: Vec<auth_scope::Model>,
    /// Its claims.
    pub(crate) claims: Vec<auth_claim::Model>,
}

/// A client with what it proves itself by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClientView {
    /// The client.
    pub(crate) row: auth_client::Model,
    /// Its secrets, those too that are switched off.
    pub(crate) secrets: Vec<auth_secret::Model>,
}

impl ClientView {
    /// Whether the client may have a scope of its server.
    pub(crate) fn may_have(&self, scope: Uuid) -> bool {
        let mut ids = self.row.scope_ids.as_array().into_iter().flatten();
        self.row.allow_all_scopes
            || ids.any(|id| id.as_str().and_then(|id| Uuid::try_parse(id).ok()) == Some(scope))
    }

    /// Whether the client may ask in this way.
    pub(crate) fn may_ask(&self, grant_type: &str) -> bool {
        texts(&self.row.grant_types).iter().any(|known| known == grant_type)
    }

    /// Whether the client has no secret to prove itself by.
    pub(crate) fn is_public(&self) -> bool {
        self.row.auth_method == "none"
    }
}

/// A server and, if there is one by the name, a client.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    /// The server.
    pub(crate) server: Arc<ServerView>,
    /// The client.
    pub(crate) client: Option<Arc<ClientView>>,
}

/// What was read before.
#[derive(Debug, Default)]
pub(crate) struct Known {
    servers: Mutex<HashMap<Uuid, Arc<ServerView>>>,
    clients: Mutex<HashMap<(Uuid, String), Arc<ClientView>>>,
}

impl Known {
    /// What was read before of a client, if anything was.
    pub(crate) fn recall(&self, server: Uuid, client: &str) -> Option<Pair> {
        let found = self.servers.lock().ok()?.get(&server).cloned()?;
        let key = (server, client.to_owned());
        let client = self.clients.lock().ok()?.get(&key).cloned()?;
        Some(Pair { server: found, client: Some(client) })
    }

    /// Remembers a server, or that there is none.
    pub(super) fn note_server(&self, id: Uuid, server: Option<Arc<ServerView>>) {
        let Ok(mut servers) = self.servers.lock() else { return };
        match server {
            Some(server) => servers.insert(id, server),
            None => servers.remove(&id),
        };
    }

    /// Remembers a client, or forgets it.
    pub(super) fn note_client(&self, key: (Uuid, String), client: Option<Arc<ClientView>>) {
        let Ok(mut clients) = self.clients.lock() else { return };
        match client {
            Some(client) => {
                if clients.len() >= MOST_CLIENTS {
                    clients.clear();
                }
                clients.insert(key, client)
            }
            None => clients.remove(&key),
        };
    }

    /// Reads a server and a client, and remembers them. Nothing if there is no such server.
    pub(crate) async fn read(
        &self,
        db: &impl ConnectionTrait,
        server: Uuid,
        client: &str,
    ) -> Result<Option<Pair>, DbErr> {
        let found = servers(db, &[server]).await?.remove(&server).map(Arc::new);
        self.note_server(server, found.clone());
        let Some(found) = found else { return Ok(None) };
        let key = (server, client.to_owned());
        let client = clients(db, core::slice::from_ref(&key)).await?.remove(&key).map(Arc::new);
        self.note_client(key, client.clone());
        Ok(Some(Pair { server: found, client }))
    }
}

/// Reads servers with all that belongs to them.
pub(super) async fn servers(
    db: &impl ConnectionTrait,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, ServerView>, DbErr> {
    let among = || ids.iter().copied();
    let rows = auth_server::Entity::find().filter(auth_server::Column::Id.is_in(among()));
    let view = |row| ServerView { row, scopes: Vec::new(), claims: Vec::new() };
    let rows = rows.all(db).await?.into_iter();
    let mut views: HashMap<_, _> = rows.map(|row| (row.id, view(row))).collect();
    let scopes = auth_scope::Entity::find()
        .filter(auth_scope::Column::ServerId.is_in(among()))
        .order_by_asc(auth_scope::Column::Id);
    for scope in scopes.all(db).await? {
        if let Some(view) = views.get_mut(&scope.server_id) {
            view.scopes.push(scope);
        }
    }
    let claims = auth_claim::Entity::find()
        .filter(auth_claim::Column::ServerId.is_in(among()))
        .order_by_asc(auth_claim::Column::Id);
    for claim in claims.all(db).await? {
        if let Some(view) = views.get_mut(&claim.server_id) {
            view.claims.push(claim);
        }
    }
    Ok(views)
}

/// Reads clients with their secrets.
pub(super) async fn clients(
    db: &impl ConnectionTrait,
    keys: &[(Uuid, String)],
) -> Result<HashMap<(Uuid, String), ClientView>, DbErr> {
    // A client of that name on another of these servers may come along, and is left out.
    let servers = || keys.iter().map(|(server, _)| *server);
    let ids = || keys.iter().map(|(_, id)| id.as_str());
    let rows = auth_client::Entity::find()
        .filter(auth_client::Column::ServerId.is_in(servers()))
        .filter(auth_client::Column::Id.is_in(ids()));
    let rows = rows.all(db).await?.into_iter();
    let mut views: HashMap<_, _> = rows
        .map(|row| ((row.server_id, row.id.clone()), ClientView { row, secrets: Vec::new() }))
        .collect();
    let secrets = auth_secret::Entity::find()
        .filter(auth_secret::Column::ServerId.is_in(servers()))
        .filter(auth_secret::Column::ClientId.is_in(ids()))
        .order_by_asc(auth_secret::Column::Id);
    for secret in secrets.all(db).await? {
        if let Some(view) = views.get_mut(&(secret.server_id, secret.client_id.clone())) {
            view.secrets.push(secret);
        }
    }
    Ok(views)
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    pub(in crate::authorization) fn scope(name: &str) -> auth_scope::Model {
        auth_scope::Model {
            id: Uuid::now_v7(),
            server_id: Uuid::nil(),
            name: name.into(),
            description: None,
            is_default: false,
            include_in_metadata: false,
            enabled: true,
            created_at: 0,
            updated_at: 0,
        }
    }

    pub(in crate::authorization) fn server(scopes: Vec<auth_scope::Model>) -> ServerView {
        let row = auth_server::Model {
            id: Uuid::nil(),
            name: "s".into(),
            audience: "https://api.test".into(),
            description: None,
            algorithm: "ES256".into(),
            labels: json!({}),
            trusted_origins: json!([]),
            token_profile: "jwt".into(),
            builtin: false,
            created_at: 0,
            updated_at: 0,
        };
        ServerView { row, scopes, claims: Vec::new() }
    }

    pub(in crate::authorization) fn client(scopes: &[Uuid]) -> ClientView {
        let row = auth_client::Model {
            server_id: Uuid::nil(),
            id: "c".into(),
            name: "c".into(),
            grant_types: json!(["client_credentials"]),
            response_types: json!([]),
            redirect_uris: json!([]),
            login_uri: None,
            access_token_duration: 300,
            id_token_duration: 300,
            allow_all_scopes: false,
            scope_ids: json!(scopes),
            auth_method: "client_secret_post".into(),
            labels: json!({}),
            application_id: None,
            registration_digest: None,
            registration_policy: None,
            created_at: 0,
            updated_at: 0,
        };
        ClientView { row, secrets: Vec::new() }
    }
}
