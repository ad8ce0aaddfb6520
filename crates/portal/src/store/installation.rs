//! What a database belongs to: one portal, however many processes it has.
//!
//! Each process has its keys from its own data directory. The database remembers a fingerprint of
//! each, and a process with other keys is refused at its start: what it signs, gateways would not
//! take; the keys that it issues, they would not know; what others have sealed, it could not read.

use core::fmt;
use std::collections::BTreeMap;

use gatekey_core::digest::Digest;
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QuerySelect, Set,
};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::Store;
use super::entity::installation;
use crate::clock::Clock;
use crate::data_dir::Secrets;

/// The id of the one row.
const ONE: i32 = 1;
/// The bytes of a fingerprint.
const BYTES: usize = 12;

/// The name of the portal that the database belongs to; given the first time.
pub(super) async fn instance(db: &impl ConnectionTrait) -> Result<Uuid, DbErr> {
    let row = installation::ActiveModel {
        id: Set(ONE),
        instance: Set(Uuid::now_v7()),
        fingerprints: Set(Value::Object(Map::new())),
        created_at: Set(Clock::default().now()),
    };
    // Of several that start at once one gives it.
    installation::Entity::insert(row).on_conflict_do_nothing().exec_without_returning(db).await?;
    let found = installation::Entity::find_by_id(ONE).one(db).await?;
    found.map(|found| found.instance).ok_or_else(gone)
}

fn gone() -> DbErr {
    DbErr::RecordNotFound("whose the database is".into())
}

/// Why a process may not work on the database.
#[derive(Debug)]
pub(crate) enum Foreign {
    /// The database failed.
    Store(DbErr),
    /// The process has another key than the others.
    Differs(String),
    /// The process lacks a key that something may still need.
    Missing(String),
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Differs(name) => write!(
                f,
                "the {name} is not the one that this database was used with. Every portal on a \
                 database needs the same files `signing-key`, `pepper`, `encryption-key`, \
                 `admin-token` and `gateway-token`: copy them from the data directory of the \
                 first. If the key was replaced on purpose, start once with --accept-new-keys"
            ),
            Self::Missing(name) => write!(
                f,
                "there is no {name}, but this database was used with it. If nothing needs it any \
                 longer, start once with --accept-new-keys"
            ),
        }
    }
}

impl core::error::Error for Foreign {}

impl From<DbErr> for Foreign {
    fn from(error: DbErr) -> Self {
        Self::Store(error)
    }
}

/// Holds the keys of this process against those that the database was used with, and remembers
/// those that came since. Others are refused, or take the place of those.
pub(crate) async fn check(
    store: &Store,
    secrets: &Secrets,
    accept_new: bool,
) -> Result<(), Foreign> {
    let ours = fingerprints(secrets);
    let tx = store.begin().await?;
    let row = installation::Entity::find_by_id(ONE).lock_exclusive().one(&tx).await?;
    let row = row.ok_or_else(gone)?;
    let known: BTreeMap<String, String> =
        serde_json::from_value(row.fingerprints.clone()).unwrap_or_default();
    if !accept_new {
        for (name, fingerprint) in &known {
            match ours.get(name) {
                Some(ours) if ours == fingerprint => {}
                Some(_) => return Err(Foreign::Differs(name.clone())),
                None => return Err(Foreign::Missing(name.clone())),
            }
        }
    }
    if ours != known {
        let mut row = row.into_active_model();
        let ours = ours.into_iter().map(|(name, fingerprint)| (name, fingerprint.into()));
        row.fingerprints = Set(Value::Object(ours.collect()));
        row.update(&tx).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Of each key what tells it from others, and nothing else about it.
fn fingerprints(secrets: &Secrets) -> BTreeMap<String, String> {
    let short = |bytes: &[u8]| {
        let digest = Digest::sha256(bytes);
        let bytes = digest.as_bytes().iter().take(BYTES);
        bytes.map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let signing = secrets.signing_key.verifying_key();
    let mut all = BTreeMap::new();
    all.insert("signing key".to_owned(), short(signing.as_bytes()));
    for named in &secrets.peppers {
        let digest = named.pepper.digest(b"the fingerprint of a pepper");
        all.insert(format!("pepper `{}`", named.pepper.id()), short(digest.as_bytes()));
    }
    for (id, digest) in secrets.vault.fingerprints() {
        all.insert(format!("encryption key `{id}`"), short(digest.as_bytes()));
    }
    all
}
