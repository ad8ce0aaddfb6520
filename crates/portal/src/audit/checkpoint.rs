//! Checkpoints: signed statements of how far the log went, and the end of entries whose time is over.
//!
//! A chain can be written anew by whoever can write to the database. A checkpoint cannot: it is
//! signed with a key that is not there. Entries are forgotten up to a checkpoint, so that what is
//! left begins with something signed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gatekey_core::snapshot::VerifyingKey;
use schemars::JsonSchema;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    Set,
};
use serde::{Deserialize, Serialize};

use super::chain;
use super::entry::hex;
use crate::app::App;
use crate::clock::millis;
use crate::store::entity::{audit_checkpoint, audit_entry};

/// A checkpoint, as it is exported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AuditLogCheckpoint")]
pub(crate) struct Checkpoint {
    /// The last entry that it states.
    pub(crate) sequence: i64,
    /// That entry's hash, in hexadecimal.
    pub(crate) hash: String,
    /// When it was made.
    pub(crate) at: String,
    /// The public key, in base64.
    pub(crate) key: String,
    /// The signature over [`Checkpoint::statement`], in base64.
    pub(crate) signature: String,
    /// The signature over [`Checkpoint::beginning`], where what was before it was forgotten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) begin_signature: Option<String>,
}

impl Checkpoint {
    /// The text that is signed.
    pub(crate) fn statement(&self) -> String {
        let Self { sequence, hash, at, .. } = self;
        format!("gatekey-audit-checkpoint-v1\n{sequence}\n{hash}\n{at}\n")
    }

    /// The text that is signed when everything up to the checkpoint is forgotten: nobody else can
    /// take out a beginning.
    pub(crate) fn beginning(&self) -> String {
        let Self { sequence, hash, .. } = self;
        format!("gatekey-audit-begin-v1\n{sequence}\n{hash}\n")
    }

    /// Whether one of the keys signed it.
    pub(crate) fn is_signed_by(&self, keys: &[VerifyingKey]) -> bool {
        self.has_signed(keys, &self.statement(), &self.signature)
    }

    /// Whether one of the keys signed that nothing before it is kept.
    pub(crate) fn begins_for(&self, keys: &[VerifyingKey]) -> bool {
        let signature = self.begin_signature.as_deref();
        signature.is_some_and(|signature| self.has_signed(keys, &self.beginning(), signature))
    }

    fn has_signed(&self, keys: &[VerifyingKey], text: &str, signature: &str) -> bool {
        let key = STANDARD.decode(&self.key).ok();
        let key = key.and_then(|key| <[u8; 32]>::try_from(key).ok()).map(VerifyingKey::from_bytes);
        let signature = STANDARD.decode(signature).ok();
        let signature = signature.and_then(|signature| <[u8; 64]>::try_from(signature).ok());
        let (Some(key), Some(signature)) = (key, signature) else { return false };
        keys.contains(&key) && key.verifies(text.as_bytes(), &signature)
    }
}

impl From<audit_checkpoint::Model> for Checkpoint {
    fn from(row: audit_checkpoint::Model) -> Self {
        Self {
            sequence: row.sequence,
            hash: hex(&row.hash),
            at: super::instant(row.at),
            key: STANDARD.encode(row.key),
            signature: STANDARD.encode(row.signature),
            begin_signature: row.begin_signature.map(|signature| STANDARD.encode(signature)),
        }
    }
}

/// Makes a checkpoint of the end, if there is none, and forgets what is older than it may be.
pub(crate) async fn tidy(app: &App) -> Result<(), DbErr> {
    make(app).await?;
    let Some(keep) = app.config.audit_retention else { return Ok(()) };
    prune(app, app.clock.now() - millis(keep)).await
}

/// Signs the end of the chain, unless that was done.
pub(crate) async fn make(app: &App) -> Result<Option<Checkpoint>, DbErr> {
    let db = app.store.db();
    let head = chain::head(db).await?;
    if head.sequence == 0 {
        return Ok(None);
    }
    if let Some(known) = audit_checkpoint::Entity::find_by_id(head.sequence).one(db).await? {
        return Ok(Some(known.into()));
    }
    let at = app.clock.now();
    let key = app.secrets.signing_key.verifying_key().as_bytes().to_vec();
    let mut row = audit_checkpoint::Model {
        sequence: head.sequence,
        at,
        hash: head.hash,
        key,
        signature: Vec::new(),
        begin_signature: None,
    };
    let statement = Checkpoint::from(row.clone()).statement();
    row.signature = sign(app, &statement)?;
    // Another replica may have made it at the same time.
    let once = OnConflict::column(audit_checkpoint::Column::Sequence).do_nothing().to_owned();
    audit_checkpoint::Entity::insert(row.clone().into_active_model())
        .on_conflict(once)
        .exec_without_returning(db)
        .await?;
    // Whoever keeps logs elsewhere has an anchor there.
    let (sequence, hash) = (row.sequence, hex(&row.hash));
    tracing::info!(sequence, hash, "audit log checkpoint");
    Ok(Some(row.into()))
}

fn sign(app: &App, text: &str) -> Result<Vec<u8>, DbErr> {
    let signature = app.secrets.signing_key.sign(text.as_bytes());
    let signature = signature.map(|signature| signature.to_vec());
    signature.ok_or_else(|| DbErr::Custom("a checkpoint cannot be signed".into()))
}

/// Forgets entries before an instant, up to a checkpoint.
async fn prune(app: &App, before: i64) -> Result<(), DbErr> {
    let db = app.store.db();
    // The first entry that has to stay.
    let first = audit_entry::Entity::find()
        .filter(audit_entry::Column::At.gte(before))
        .order_by_asc(audit_entry::Column::Sequence)
        .one(db)
        .await?;
    let last_old = match first {
        Some(first) => first.sequence - 1,
        None => chain::head(db).await?.sequence,
    };
    let checkpoint = audit_checkpoint::Entity::find()
        .filter(audit_checkpoint::Column::Sequence.lte(last_old))
        .order_by_desc(audit_checkpoint::Column::Sequence)
        .one(db)
        .await?;
    let Some(checkpoint) = checkpoint else { return Ok(()) };
    let upto = checkpoint.sequence;
    let first = audit_entry::Entity::find().filter(audit_entry::Column::Sequence.lte(upto));
    if first.one(db).await?.is_none() {
        return Ok(());
    }
    let stated = Checkpoint::from(checkpoint.clone());
    // Both by the key of now: the one that signed the checkpoint may be gone.
    let (signature, begins_with) =
        (sign(app, &stated.statement())?, sign(app, &stated.beginning())?);
    let tx = app.store.begin().await?;
    let mut begins = checkpoint.into_active_model();
    begins.key = Set(app.secrets.signing_key.verifying_key().as_bytes().to_vec());
    begins.signature = Set(signature);
    begins.begin_signature = Set(Some(begins_with));
    begins.update(&tx).await?;
    let gone = audit_entry::Entity::delete_many()
        .filter(audit_entry::Column::Sequence.lte(upto))
        .exec(&tx)
        .await?;
    audit_checkpoint::Entity::delete_many()
        .filter(audit_checkpoint::Column::Sequence.lt(upto))
        .exec(&tx)
        .await?;
    tx.commit_unrecorded().await?;
    let entries = gone.rows_affected;
    tracing::info!(entries, upto, "audit log entries were forgotten: their time was over");
    Ok(())
}
