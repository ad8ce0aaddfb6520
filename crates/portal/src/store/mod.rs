//! Where the portal keeps its state: SQLite or PostgreSQL, through one query layer.
//!
//! SeaORM was chosen over plain `sea-query` with `sqlx`. Both write each query once for both
//! databases; SeaORM also maps rows to types, pages, joins and migrates, which would be some
//! two thousand lines of ours otherwise. It is compiled with only the two drivers and the two
//! value types (UUID, JSON) that the tables use. Points in time are milliseconds in a
//! `bigint`, so that no date library decides how two databases round.
//!
//! Writers come in two kinds. [`Store::begin`] opens a plain transaction. [`Store::change`]
//! opens one that may alter what a gateway decides: it holds the lock on the revision row from
//! its first statement, so that such changes happen one after the other and the order of
//! revisions is the order of commits. On SQLite both take the write lock at once: a transaction
//! that reads first and writes later would fail instead of waiting.

use core::time::Duration;
use std::sync::Arc;

use gatekey_core::id::Revision;
use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction,
    DbBackend, DbErr, IsolationLevel, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use tokio::sync::watch;

use crate::revision::{ChangeSet, current};

pub(crate) mod entity;
mod migration;
mod write;

pub(crate) use self::write::Write;

/// The open database.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    db: DatabaseConnection,
    /// The newest revision that this process committed or saw.
    revision: Arc<watch::Sender<Revision>>,
}

/// Brings the tables up to date. On PostgreSQL several portals may start at once: one migrates,
/// the others wait for it.
async fn migrate(db: &DatabaseConnection) -> Result<(), DbErr> {
    if db.get_database_backend() != DbBackend::Postgres {
        return migration::Migrator::up(db, None).await;
    }
    let alone = db.begin().await?;
    alone.execute_unprepared("SELECT pg_advisory_xact_lock(7449363)").await?;
    migration::Migrator::up(db, None).await?;
    alone.commit().await
}

async fn connect(
    url: &str,
    connections: u32,
    references: bool,
) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url);
    options
        .sqlx_logging(false)
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(10))
        .map_sqlx_sqlite_opts(move |options| {
            options
                .create_if_missing(true)
                .foreign_keys(references)
                .busy_timeout(Duration::from_secs(10))
                // Rows cross a thread boundary: a snapshot has millions of them.
                .row_buffer_size(1_024)
                .pragma("journal_mode", "WAL")
                .pragma("synchronous", "FULL")
        });
    Database::connect(options).await
}

impl Store {
    /// Opens the database and brings its tables up to date.
    pub(crate) async fn open(url: &str) -> Result<Self, DbErr> {
        let sqlite = url.starts_with("sqlite:");
        if sqlite {
            // A migration that rebuilds a table must not take the rows with it that refer to it.
            let db = connect(url, 1, false).await?;
            migrate(&db).await?;
            db.close().await?;
        }
        let db = connect(url, if sqlite { 8 } else { 20 }, true).await?;
        if !sqlite {
            migrate(&db).await?;
        }
        let revision = watch::Sender::new(current(&db).await?);
        Ok(Self { db, revision: Arc::new(revision) })
    }

    /// Whether this process is the only one that works on the database: SQLite is for one portal.
    pub(crate) fn is_ours_alone(&self) -> bool {
        self.db.get_database_backend() == DbBackend::Sqlite
    }

    /// For single reads, each on whatever state is the newest.
    pub(crate) const fn db(&self) -> &DatabaseConnection {
        &self.db
    }

    /// For several reads that must see the same state.
    pub(crate) async fn read(&self) -> Result<DatabaseTransaction, DbErr> {
        let isolation = match self.db.get_database_backend() {
            DbBackend::Postgres => Some(IsolationLevel::RepeatableRead),
            _ => None,
        };
        let access = isolation.map(|_| AccessMode::ReadOnly);
        self.db.begin_with_config(isolation, access).await
    }

    /// For writes that no gateway hears of.
    pub(crate) async fn begin(&self) -> Result<Write, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: self
                .is_ours_alone()
                .then_some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        self.db.begin_with_options(options).await.map(Write::new)
    }

    /// For writes that may alter what a gateway decides.
    pub(crate) async fn change(&self) -> Result<ChangeSet, DbErr> {
        ChangeSet::open(self.begin().await?, Arc::clone(&self.revision)).await
    }

    /// Follows the newest revision. Changes that another process commits show once this process
    /// has looked, see [`Store::look`].
    pub(crate) fn revisions(&self) -> watch::Receiver<Revision> {
        self.revision.subscribe()
    }

    /// Reads the newest revision and tells those who follow it.
    pub(crate) async fn look(&self) -> Result<Revision, DbErr> {
        let seen = current(&self.db).await?;
        self.revision.send_if_modified(|known| {
            let newer = *known < seen;
            *known = seen.max(*known);
            newer
        });
        Ok(seen)
    }
}
