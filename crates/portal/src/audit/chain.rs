//! The end of the chain, and how an entry is put there.

use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QuerySelect, Set,
};

use super::entry::{Draft, Entry, hash};
use crate::store::entity::{audit_entry, audit_head};

/// The id of the one row of the end.
const HEAD: i32 = 1;

/// The end of the chain.
pub(crate) async fn head(db: &impl ConnectionTrait) -> Result<audit_head::Model, DbErr> {
    audit_head::Entity::find_by_id(HEAD).one(db).await?.ok_or_else(no_head)
}

/// Puts an entry at the end. Whoever writes at the same time waits until the transaction is over, so
/// the order of entries is the order of commits.
pub(crate) async fn append(
    db: &impl ConnectionTrait,
    now: i64,
    draft: Draft,
) -> Result<i64, DbErr> {
    let head = audit_head::Entity::find_by_id(HEAD).lock_exclusive().one(db).await?;
    let head = head.ok_or_else(no_head)?;
    let sequence = head.sequence + 1;
    let entry = Entry::new(draft, sequence, now, &head.hash);
    let text = entry.canonical().map_err(|error| DbErr::Json(error.to_string()))?;
    let hash = hash(&text).to_vec();
    let row = audit_entry::Model {
        sequence,
        at: now,
        kind: entry.kind.name().into(),
        action: entry.action,
        outcome: entry.outcome.name().into(),
        actor: entry.actor,
        portal_id: entry.portal_id,
        entry: text,
        hash: hash.clone(),
    };
    audit_entry::Entity::insert(row.into_active_model()).exec_without_returning(db).await?;
    let end = audit_head::ActiveModel { id: Set(HEAD), sequence: Set(sequence), hash: Set(hash) };
    end.update(db).await?;
    Ok(sequence)
}

fn no_head() -> DbErr {
    DbErr::RecordNotFound("the end of the audit log is missing".into())
}
