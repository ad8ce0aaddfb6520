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
use sea_orm::sea_query::{Expr, Func, Query};
use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction,
    DbBackend, DbErr, IsolationLevel, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use tokio::sync::watch;
use uuid::Uuid;

use crate::clock::Clock;
use crate::revision::{ChangeSet, current};

pub(crate) mod copy;
pub(crate) mod entity;
pub(crate) mod installation;
pub(crate) mod lease;
pub(crate) mod lock;
mod migration;
pub(crate) mod news;
mod write;

pub(crate) use self::write::Write;

/// Has SQLite look how much is in tables that have changed much: it chooses indexes by that. What it
/// finds, connections know that are opened later.
const LOOK_AT_TABLES: &str = "PRAGMA optimize = 0x10002";

/// What PostgreSQL is told of queries here: they are short, and many at a time. A second process for one
/// takes longer to start than it saves, and what indexes lead to is in memory or on no turning disk.
const QUICK: [(&str, &str); 2] =
    [("max_parallel_workers_per_gather", "0"), ("random_page_cost", "1.1")];

/// The open database.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    db: DatabaseConnection,
    /// For writes that may be lost when the database's machine dies, and cost less therefore.
    light: DatabaseConnection,
    /// What this process is called among those on the database.
    process: Uuid,
    told: Told,
}

/// Who hears of a new revision: this process, and with PostgreSQL the others.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    /// The newest revision that this process committed or saw.
    pub(crate) here: Arc<watch::Sender<Revision>>,
    /// The channel on which the others listen.
    pub(crate) elsewhere: Option<Arc<str>>,
}

impl Told {
    /// There is this revision.
    pub(crate) fn tell(&self, revision: Revision) {
        self.here.send_if_modified(|known| {
            let newer = *known < revision;
            *known = revision.max(*known);
            newer
        });
    }
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

/// Whether what was committed is there after the database's machine died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Durable {
    Yes,
    No,
}

async fn connect(
    url: &str,
    connections: u32,
    references: bool,
    durable: Durable,
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
        })
        .map_sqlx_postgres_opts(move |options| match durable {
            Durable::Yes => options.options(QUICK),
            Durable::No => options.options(QUICK).options([("synchronous_commit", "off")]),
        });
    Database::connect(options).await
}

impl Store {
    /// Opens the database and brings its tables up to date.
    pub(crate) async fn open(url: &str) -> Result<Self, DbErr> {
        let sqlite = url.starts_with("sqlite:");
        if sqlite {
            // A migration that rebuilds a table must not take the rows with it that refer to it.
            let db = connect(url, 1, false, Durable::Yes).await?;
            migrate(&db).await?;
            db.execute_unprepared(LOOK_AT_TABLES).await?;
            db.close().await?;
        }
        let db = connect(url, if sqlite { 8 } else { 20 }, true, Durable::Yes).await?;
        if !sqlite {
            migrate(&db).await?;
        }
        let light = if sqlite { db.clone() } else { connect(url, 4, true, Durable::No).await? };
        let instance = installation::instance(&db).await?;
        let here = Arc::new(watch::Sender::new(current(&db).await?));
        let elsewhere = (!sqlite).then(|| news::channel(instance).into());
        Ok(Self { db, light, process: Uuid::now_v7(), told: Told { here, elsewhere } })
    }

    /// What this process is called among those on the database.
    pub(crate) const fn process(&self) -> Uuid {
        self.process
    }

    /// The time that all processes agree on, in milliseconds since 1970: the database's, or with
    /// SQLite this machine's.
    pub(crate) async fn time(&self) -> Result<i64, DbErr> {
        if self.is_ours_alone() {
            return Ok(Clock::default().now());
        }
        let epoch =
            Func::cust("date_part").arg(Expr::val("epoch")).arg(Func::cust("clock_timestamp"));
        let seconds = Query::select().expr_as(epoch, "seconds").take();
        let row = self.db.query_one(&seconds).await?;
        let row = row.ok_or_else(|| DbErr::RecordNotFound("the time".into()))?;
        let seconds: f64 = row.try_get("", "seconds")?;
        Ok((seconds * 1e3) as i64)
    }

    /// Whether this process is the only one that works on the database: SQLite is for one portal.
    pub(crate) fn is_ours_alone(&self) -> bool {
        self.db.get_database_backend() == DbBackend::Sqlite
    }

    /// For single reads, each on whatever state is the newest.
    pub(crate) const fn db(&self) -> &DatabaseConnection {
        &self.db
    }

    /// For single writes of little worth: what was counted, who was seen.
    pub(crate) const fn light(&self) -> &DatabaseConnection {
        &self.light
    }

    /// Looks how much is in tables, where the database does not do so by itself.
    pub(crate) async fn look_at_tables(&self) -> Result<(), DbErr> {
        if self.is_ours_alone() {
            self.db.execute_unprepared(LOOK_AT_TABLES).await?;
        }
        Ok(())
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
        ChangeSet::open(self.begin().await?, self.told.clone()).await
    }

    /// Follows the newest revision. Changes that another process commits show once this process
    /// has looked, see [`Store::look`].
    pub(crate) fn revisions(&self) -> watch::Receiver<Revision> {
        self.told.here.subscribe()
    }

    /// There is this revision: tells those who follow it.
    pub(crate) fn saw(&self, revision: Revision) {
        self.told.tell(revision);
    }

    /// Reads the newest revision and tells those who follow it.
    pub(crate) async fn look(&self) -> Result<Revision, DbErr> {
        let seen = current(&self.db).await?;
        self.saw(seen);
        Ok(seen)
    }
}
