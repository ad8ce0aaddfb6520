//! The revision counter and the change log.
//!
//! A [`ChangeSet`] is a transaction that may alter what a gateway decides. Its records are
//! written to the log, encoded, under the next revision, when it commits; a set without records
//! takes no revision.

use core::cell::Cell;
use core::ops::Deref;

use gatekey_core::id::{GatewayId, Revision};
use gatekey_core::snapshot::{Change, Record, RecordKey};
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbErr, EntityTrait, QuerySelect, Set};
use uuid::Uuid;

use crate::store::entity::{application, change, registration, revision};
use crate::store::{Store, Told, Write, news};

pub(crate) mod limit;
pub(crate) mod record;
#[cfg(test)]
mod tests;

/// The id of the one row of the counter.
const COUNTER: i32 = 1;
/// More revisions than can have been made since a copy of the database was.
const LEAP: i64 = 1_000_000_000;
/// Rows of one `INSERT`; four values each, and SQLite takes 32,766 values.
const ROWS_PER_INSERT: usize = 1_000;

tokio::task_local! {
    /// The newest revision that the current request committed, for those who want to wait until
    /// gateways have applied it.
    pub(crate) static COMMITTED: Cell<Option<Revision>>;
}

/// The newest revision.
pub(crate) async fn current(db: &impl ConnectionTrait) -> Result<Revision, DbErr> {
    let row = revision::Entity::find_by_id(COUNTER).one(db).await?.ok_or_else(no_counter)?;
    Ok(from_row(&row))
}

/// After a restore: makes a revision that no gateway can have, because gateways refuse to go back.
/// It is far beyond the database's own, which others may have followed since the copy was made, and
/// beyond `past`. The log goes, so that every gateway takes a snapshot.
pub(crate) async fn leap(store: &Store, past: Revision) -> Result<Revision, DbErr> {
    let tx = store.begin().await?;
    let row = revision::Entity::find_by_id(COUNTER).lock_exclusive().one(&tx).await?;
    let row = row.ok_or_else(no_counter)?;
    change::Entity::delete_many().exec(&tx).await?;
    let past = i64::try_from(past.0).unwrap_or(i64::MAX);
    let next = row.value.max(past).saturating_add(LEAP);
    let counter = revision::ActiveModel { id: Set(COUNTER), value: Set(next) };
    let counter = counter.update(&tx).await?;
    tx.commit().await?;
    Ok(from_row(&counter))
}

/// A transaction that may alter what a gateway decides.
#[derive(Debug)]
pub(crate) struct ChangeSet {
    tx: Write,
    counter: revision::Model,
    log: Vec<(Option<Uuid>, Vec<u8>)>,
    told: Told,
}

impl ChangeSet {
    /// Takes the lock on the counter: from here to the commit nobody else changes the policy.
    pub(crate) async fn open(tx: Write, told: Told) -> Result<Self, DbErr> {
        let row = revision::Entity::find_by_id(COUNTER).lock_exclusive().one(&tx).await?;
        Ok(Self { tx, counter: row.ok_or_else(no_counter)?, log: Vec::new(), told })
    }

    /// Every gateway is to know the record.
    pub(crate) fn put(&mut self, record: impl Into<Record>) {
        self.push(None, &Change::Put(record.into()));
    }

    /// Every gateway is to know the application, and the consumer that it names.
    pub(crate) async fn put_application(&mut self, row: &application::Model) -> Result<(), DbErr> {
        let consumer = record::consumer(&self.tx, row.consumer_id).await?;
        self.put(record::application(row, consumer.as_ref()));
        Ok(())
    }

    /// Every gateway is to know the registration, and the consumer that it names.
    pub(crate) async fn put_registration(
        &mut self,
        row: &registration::Model,
    ) -> Result<(), DbErr> {
        let consumer = record::consumer(&self.tx, row.consumer_id).await?;
        self.put(record::registration(row, consumer.as_ref()));
        Ok(())
    }

    /// Every gateway is to forget the record.
    pub(crate) fn delete(&mut self, key: RecordKey) {
        self.push(None, &Change::Delete(key));
    }

    /// One gateway is to know the record.
    pub(crate) fn put_at(&mut self, gateway: GatewayId, record: impl Into<Record>) {
        self.push(Some(gateway), &Change::Put(record.into()));
    }

    /// One gateway is to forget the record.
    pub(crate) fn delete_at(&mut self, gateway: GatewayId, key: RecordKey) {
        self.push(Some(gateway), &Change::Delete(key));
    }

    fn push(&mut self, gateway: Option<GatewayId>, change: &Change) {
        let mut body = Vec::new();
        change.encode(&mut body);
        self.log.push((gateway.map(|gateway| gateway.uuid()), body));
    }

    /// Writes the log and commits. The answer is the revision as of which all of it holds.
    pub(crate) async fn commit(mut self) -> Result<Revision, DbErr> {
        if self.log.is_empty() {
            let unchanged = from_row(&self.counter);
            self.tx.commit().await?;
            return Ok(unchanged);
        }
        let next = self.counter.value + 1;
        let rows: Vec<_> = core::mem::take(&mut self.log)
            .into_iter()
            .zip(0..)
            .map(|((gateway, body), sequence)| change::ActiveModel {
                revision: Set(next),
                sequence: Set(sequence),
                gateway_id: Set(gateway),
                body: Set(body),
            })
            .collect();
        for rows in rows.chunks(ROWS_PER_INSERT) {
            change::Entity::insert_many(rows.to_vec()).exec_without_returning(&self.tx).await?;
        }
        let counter = revision::ActiveModel { id: Set(COUNTER), value: Set(next) };
        let counter = counter.update(&self.tx).await?;
        if let Some(channel) = &self.told.elsewhere {
            // Sent when it commits, and only then.
            news::send(&self.tx, channel, next).await?;
        }
        self.tx.commit().await?;
        let revision = from_row(&counter);
        self.told.tell(revision);
        // Outside a request there is nobody to tell.
        let _ = COMMITTED.try_with(|committed| committed.set(Some(revision)));
        Ok(revision)
    }
}

impl Deref for ChangeSet {
    type Target = Write;

    fn deref(&self) -> &Write {
        &self.tx
    }
}

fn from_row(row: &revision::Model) -> Revision {
    Revision(u64::try_from(row.value).unwrap_or_default())
}

fn no_counter() -> DbErr {
    DbErr::RecordNotFound("the revision counter is missing".into())
}
