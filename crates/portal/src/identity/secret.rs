//! Secrets of clients. A secret is shown once; only its digest is kept.

use gatekey_core::digest::{Digest, Pepper};
use gatekey_core::secret::Secret;
use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter,
};
use serde::Deserialize;
use subtle::{Choice, ConstantTimeEq};
use uuid::Uuid;

use super::{client, server};
use crate::app::App;
use crate::data_dir::NamedPepper;
use crate::entropy;
use crate::input::Given;
use crate::problem::Problem;
use crate::store::entity::auth_secret;

/// How many secrets of a client may be enabled at once.
pub(crate) const MOST_ENABLED: u64 = 2;
/// How many secrets a client may have, enabled or not.
const MOST: u64 = 50;
/// The length of a secret that is made here: more than 256 bits.
const LENGTH: usize = 44;

/// A secret to add.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSecret {
    /// The secret; one is made if absent.
    #[serde(default)]
    #[schemars(length(min = 1, max = 256))]
    pub(crate) secret: Given<String>,
    /// Whether it can be used; true if absent.
    #[serde(default)]
    pub(crate) enabled: Given<bool>,
}

/// What to change of a secret.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretEdit {
    #[serde(default)]
    enabled: Given<bool>,
}

/// The secret of a client.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    server: Uuid,
    client: &str,
    id: Uuid,
) -> Result<auth_secret::Model, Problem> {
    let found = auth_secret::Entity::find_by_id(id).one(db).await?;
    found
        .filter(|found| found.server_id == server && found.client_id == client)
        .ok_or_else(Problem::not_found)
}

/// Adds a secret to a client. The answer holds it for the only time.
pub(crate) async fn create(
    app: &App,
    server: Uuid,
    client: &str,
    new: NewSecret,
) -> Result<(auth_secret::Model, Secret<String>), Problem> {
    let given = new.secret.value().map(Secret::new);
    let tx = app.store.begin().await?;
    let made = add(app, &tx, server, client, given, new.enabled.or(true)).await?;
    tx.commit().await?;
    Ok(made)
}

/// Enables or disables a secret.
pub(crate) async fn update(
    app: &App,
    server: Uuid,
    client: &str,
    id: Uuid,
    edit: SecretEdit,
) -> Result<auth_secret::Model, Problem> {
    let tx = app.store.begin().await?;
    server::lock(&tx, server).await?;
    let mut after = find(&tx, server, client, id).await?;
    let before = after.enabled;
    edit.enabled.put(&mut after.enabled);
    if after.enabled && !before {
        check_enabled(&tx, server, client).await?;
    }
    after.updated_at = app.clock.now().max(after.updated_at + 1);
    let after = after.into_active_model().reset_all().update(&tx).await?;
    tx.commit().await?;
    Ok(after)
}

/// Deletes a secret.
pub(crate) async fn delete(app: &App, server: Uuid, client: &str, id: Uuid) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    remove(&tx, server, client, id).await?;
    tx.commit().await?;
    Ok(())
}

/// Adds a secret, inside a transaction.
pub(super) async fn add(
    app: &App,
    tx: &impl ConnectionTrait,
    server: Uuid,
    client: &str,
    given: Option<Secret<String>>,
    enabled: bool,
) -> Result<(auth_secret::Model, Secret<String>), Problem> {
    // The lock lets two requests count one after the other.
    server::lock(tx, server).await?;
    client::find(tx, server, client).await?;
    if enabled {
        check_enabled(tx, server, client).await?;
    }
    let held = of_client(server, client).count(tx).await?;
    if held >= MOST {
        return Err(Problem::forbidden(format!("A client can have at most {MOST} secrets")));
    }
    insert(app, tx, server, client, given, enabled).await
}

/// Keeps a secret, whatever there is already.
pub(super) async fn insert(
    app: &App,
    tx: &impl ConnectionTrait,
    server: Uuid,
    client: &str,
    given: Option<Secret<String>>,
    enabled: bool,
) -> Result<(auth_secret::Model, Secret<String>), Problem> {
    let secret = match given {
        Some(given) => given,
        None => Secret::new(entropy::word(LENGTH)?),
    };
    let now = app.clock.now();
    let pepper = app.secrets.peppers.first();
    let pepper = &pepper.ok_or_else(|| Problem::internal("there is no pepper"))?.pepper;
    let made = auth_secret::Model {
        id: Uuid::now_v7(),
        server_id: server,
        client_id: client.to_owned(),
        pepper_id: pepper.id().into(),
        digest: pepper.digest(secret.expose().as_bytes()).as_bytes().to_vec(),
        enabled,
        created_at: now,
        updated_at: now,
    };
    Ok((made.into_active_model().insert(tx).await?, secret))
}

/// Deletes a secret, inside a transaction.
pub(super) async fn remove(
    tx: &impl ConnectionTrait,
    server: Uuid,
    client: &str,
    id: Uuid,
) -> Result<(), Problem> {
    find(tx, server, client, id).await?;
    auth_secret::Entity::delete_by_id(id).exec(tx).await?;
    Ok(())
}

/// Deletes every secret of a client.
pub(super) async fn remove_all(
    tx: &impl ConnectionTrait,
    server: Uuid,
    client: &str,
) -> Result<(), Problem> {
    auth_secret::Entity::delete_many()
        .filter(auth_secret::Column::ServerId.eq(server))
        .filter(auth_secret::Column::ClientId.eq(client))
        .exec(tx)
        .await?;
    Ok(())
}

/// The secrets of a client.
pub(crate) fn of_client(server: Uuid, client: &str) -> sea_orm::Select<auth_secret::Entity> {
    auth_secret::Entity::find()
        .filter(auth_secret::Column::ServerId.eq(server))
        .filter(auth_secret::Column::ClientId.eq(client))
}

async fn check_enabled(
    tx: &impl ConnectionTrait,
    server: Uuid,
    client: &str,
) -> Result<(), Problem> {
    let enabled = of_client(server, client).filter(auth_secret::Column::Enabled.eq(true));
    if enabled.count(tx).await? < MOST_ENABLED {
        return Ok(());
    }
    let detail = format!("A client can have at most {MOST_ENABLED} active secrets");
    Err(Problem::forbidden(detail))
}

/// Whether a secret is one of `rows`. It takes as long whether it is the first, the last or none
/// of them, and with no row as with the most that may be enabled.
pub(crate) fn matches(app: &App, rows: &[auth_secret::Model], secret: &str) -> bool {
    let digests: Vec<(&str, Digest)> = app
        .secrets
        .peppers
        .iter()
        .map(|NamedPepper { pepper, .. }| (pepper.id(), digest(pepper, secret)))
        .collect();
    let mut found = Choice::from(0);
    for slot in 0..rows.len().max(2) {
        let (enabled, pepper_id, stored) = match rows.get(slot) {
            Some(row) => (row.enabled, row.pepper_id.as_str(), row.digest.as_slice()),
            None => (false, "", [0; 32].as_slice()),
        };
        for (id, digest) in &digests {
            let usable = Choice::from(u8::from(enabled && *id == pepper_id));
            found |= digest.as_bytes().as_slice().ct_eq(stored) & usable;
        }
    }
    found.into()
}

fn digest(pepper: &Pepper, secret: &str) -> Digest {
    pepper.digest(secret.as_bytes())
}
