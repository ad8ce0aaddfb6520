//! Building snapshots, and keeping the last few.

use core::fmt;
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::body::Bytes;
use futures_util::{Stream, TryStreamExt};
use gatekey_core::id::{GatewayId, Revision};
use gatekey_core::snapshot::{FormatError, Record, SnapshotWriter};
use gatekey_core::time::UnixMillis;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
};
use uuid::Uuid;

use crate::app::App;
use crate::problem::Problem;
use crate::revision::{current, record};
use crate::store::Store;
use crate::store::entity::{
    application, credential, implementation, publication, registration, route, service, strategy,
};

/// How many snapshots of a gateway are kept, the ones that were used last.
const KEPT: usize = 4;
/// How long a snapshot is kept that nobody asks for.
const IDLE: Duration = Duration::from_secs(300);

/// A build that takes this long may outlast the patience of a gateway.
const LONG: Duration = Duration::from_secs(1);

/// Why there is no snapshot.
#[derive(Debug)]
pub(crate) enum BuildError {
    /// The database failed.
    Store(DbErr),
    /// What it holds does not fit the format.
    Format(FormatError),
    /// The work was cut off.
    CutOff,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Format(error) => error.fmt(f),
            Self::CutOff => f.write_str("the work was cut off"),
        }
    }
}

impl core::error::Error for BuildError {}

impl From<DbErr> for BuildError {
    fn from(error: DbErr) -> Self {
        Self::Store(error)
    }
}

impl From<FormatError> for BuildError {
    fn from(error: FormatError) -> Self {
        Self::Format(error)
    }
}

impl From<BuildError> for Problem {
    fn from(error: BuildError) -> Self {
        Self::internal(error)
    }
}

/// Collects the policy of a gateway from one state of the store. Rows stream from the database
/// into pages; writers go on meanwhile. What is left to do is to sign it.
pub(crate) async fn collect(
    store: &Store,
    gateway: Uuid,
    issued_at: UnixMillis,
) -> Result<(Revision, SnapshotWriter), BuildError> {
    let tx = store.read().await?;
    let revision = current(&tx).await?;
    let mut writer = SnapshotWriter::new(GatewayId::from(gateway), revision, issued_at);
    push_catalogue(&tx, gateway, &mut writer).await?;
    push_access(&tx, &mut writer).await?;
    Ok((revision, writer))
}

/// What the gateway serves: strategies, services, routes, publications.
async fn push_catalogue(
    tx: &DatabaseTransaction,
    gateway: Uuid,
    writer: &mut SnapshotWriter,
) -> Result<(), BuildError> {
    let rows = strategy::Entity::find().order_by_asc(strategy::Column::Id).stream(tx).await?;
    push(writer, rows, |row| Some(record::strategy(row).into())).await?;
    let rows = service::Entity::find()
        .filter(service::Column::GatewayId.eq(gateway))
        .order_by_asc(service::Column::Id)
        .stream(tx)
        .await?;
    push(writer, rows, |row| Some(record::service(row).into())).await?;
    let rows = route::Entity::find()
        .filter(route::Column::GatewayId.eq(gateway))
        .order_by_asc(route::Column::Id)
        .stream(tx)
        .await?;
    push(writer, rows, |row| record::route(row).map(Into::into)).await?;
    let here = implementation::Entity::find().filter(implementation::Column::GatewayId.eq(gateway));
    let implemented = here.clone().select_only().column(implementation::Column::ApiId);
    let here: HashMap<_, _> =
        here.all(tx).await?.into_iter().map(|row| (row.api_id, row)).collect();
    let rows = publication::Entity::find()
        .filter(publication::Column::ApiId.in_subquery(implemented.into_query()))
        .order_by_asc(publication::Column::ApiId)
        .order_by_asc(publication::Column::PortalId)
        .stream(tx)
        .await?;
    push(writer, rows, |row| {
        here.get(&row.api_id).map(|implementation| record::publication(row, implementation).into())
    })
    .await
}

/// Who may call: applications, registrations, credentials.
async fn push_access(
    tx: &DatabaseTransaction,
    writer: &mut SnapshotWriter,
) -> Result<(), BuildError> {
    let rows = application::Entity::find().order_by_asc(application::Column::Id).stream(tx).await?;
    push(writer, rows, |row| Some(record::application(row).into())).await?;
    let rows = registration::Entity::find()
        .order_by_asc(registration::Column::ApplicationId)
        .order_by_asc(registration::Column::ApiId)
        .stream(tx)
        .await?;
    push(writer, rows, |row| Some(record::registration(row).into())).await?;
    let rows = credential::Entity::find()
        .select_only()
        .columns(record::CREDENTIAL_COLUMNS)
        .order_by_asc(credential::Column::Digest)
        .into_tuple()
        .stream(tx)
        .await?;
    push(writer, rows, |row| record::credential_of(row).map(Into::into)).await
}

async fn push<M>(
    writer: &mut SnapshotWriter,
    rows: impl Stream<Item = Result<M, DbErr>>,
    record: impl Fn(&M) -> Option<Record>,
) -> Result<(), BuildError> {
    let mut rows = core::pin::pin!(rows);
    while let Some(row) = rows.try_next().await? {
        if let Some(record) = record(&row) {
            writer.push(&record)?;
        }
    }
    Ok(())
}

/// A snapshot as it is sent.
#[derive(Debug)]
pub(crate) struct Built {
    /// The state it shows.
    pub(crate) revision: Revision,
    /// The signed manifest.
    pub(crate) manifest: Bytes,
    /// The pages.
    pub(crate) pages: Vec<Bytes>,
}

impl Kept {
    /// Whether it took so long that it is good for a while, whatever changed meanwhile: a gateway
    /// that takes it follows the changes from there.
    fn is_good_still(&self) -> bool {
        self.took >= LONG && self.finished_at.elapsed() < self.took
    }
}

/// Keeps the snapshots that were built lately, by gateway.
#[derive(Debug, Default)]
pub(crate) struct Shelves(Mutex<HashMap<Uuid, Arc<Shelf>>>);

#[derive(Debug, Default)]
struct Shelf {
    /// Held while a snapshot is built: those who ask meanwhile get the same one.
    building: tokio::sync::Mutex<()>,
    kept: Mutex<Vec<Kept>>,
}

#[derive(Debug)]
struct Kept {
    built: Arc<Built>,
    finished_at: Instant,
    took: Duration,
    used_at: Instant,
}

impl Shelves {
    fn of(&self, gateway: Uuid) -> Arc<Shelf> {
        let mut shelves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(shelves.entry(gateway).or_default())
    }

    /// A snapshot that is kept.
    pub(crate) fn at(&self, gateway: Uuid, revision: Revision) -> Option<Arc<Built>> {
        self.of(gateway).find(|kept| kept.built.revision == revision)
    }

    /// The snapshot of the newest revision; builds it when it is not kept.
    pub(crate) async fn newest(app: &App, gateway: Uuid) -> Result<Arc<Built>, Problem> {
        Self::found_or_built(app, gateway, |_: &Kept| false).await
    }

    /// A snapshot to boot from. One that was slow to build is good for as long again: otherwise a
    /// gateway that gave up waiting would never find one while the policy goes on changing. What
    /// is missing comes with the changes.
    pub(crate) async fn recent(app: &App, gateway: Uuid) -> Result<Arc<Built>, Problem> {
        Self::found_or_built(app, gateway, Kept::is_good_still).await
    }

    async fn found_or_built(
        app: &App,
        gateway: Uuid,
        good: fn(&Kept) -> bool,
    ) -> Result<Arc<Built>, Problem> {
        let app = app.clone();
        // The work is done even if the caller goes: it will ask again.
        let work = tokio::spawn(async move {
            let shelf = app.gateways.snapshots.of(gateway);
            let _building = shelf.building.lock().await;
            let newest = app.store.look().await?;
            match shelf.find(|kept| kept.built.revision == newest || good(kept)) {
                Some(found) => Ok(found),
                None => shelf.build(&app, gateway).await,
            }
        });
        work.await.map_err(|_| BuildError::CutOff)?
    }

    /// Forgets what nobody asked for lately.
    pub(crate) fn tidy(&self) {
        let mut shelves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shelves.retain(|_, shelf| {
            let mut kept = shelf.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.retain(|kept| kept.used_at.elapsed() < IDLE);
            !kept.is_empty() || Arc::strong_count(shelf) > 1
        });
    }
}

impl Shelf {
    fn find(&self, wanted: impl Fn(&Kept) -> bool) -> Option<Arc<Built>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter_mut().rev().find(|kept| wanted(kept))?;
        found.used_at = Instant::now();
        Some(Arc::clone(&found.built))
    }

    async fn build(&self, app: &App, gateway: Uuid) -> Result<Arc<Built>, Problem> {
        let started = Instant::now();
        let (revision, writer) = collect(&app.store, gateway, app.clock.unix_millis()).await?;
        let signer = app.clone();
        // Millions of keys are a hundred megabytes to hash.
        let signed =
            tokio::task::spawn_blocking(move || writer.finish(&signer.secrets.signing_key));
        let snapshot = signed.await.map_err(|_| BuildError::CutOff)?;
        let built = Arc::new(Built {
            revision,
            manifest: snapshot.manifest.into(),
            pages: snapshot.pages.into_iter().map(Bytes::from).collect(),
        });
        let (finished_at, took) = (Instant::now(), started.elapsed());
        tracing::info!(
            %gateway, %revision, pages = built.pages.len(), ms = took.as_millis(), "snapshot built"
        );
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // The same revision may have been built before; its pages have the same bytes, but the
        // manifest that was sent names its own.
        kept.retain(|kept| kept.built.revision != revision);
        kept.push(Kept { built: Arc::clone(&built), finished_at, took, used_at: finished_at });
        if kept.len() > KEPT {
            let oldest = kept.iter().enumerate().min_by_key(|(_, kept)| kept.used_at);
            if let Some((at, _)) = oldest {
                kept.remove(at);
            }
        }
        Ok(built)
    }
}
