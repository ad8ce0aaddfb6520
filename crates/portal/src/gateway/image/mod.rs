//! The policy of all gateways at one revision, as snapshots send it.
//!
//! Who may call is the same for every gateway, and is most of it: those pages are made once. What a
//! gateway serves is little, and is put before them when it asks.
//!
//! An image is read from the tables in one transaction, or follows from an earlier one and the
//! changes since: the log holds all that the tables say (see `revision::tests`), so both come to
//! the same bytes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use futures_util::{Stream, TryStreamExt};
use gatekey_core::id::{GatewayId, Revision};
use gatekey_core::snapshot::{Change, FormatError, Manifest, Record, RecordKey, SigningKey};
use gatekey_core::time::UnixMillis;
use sea_orm::{DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use self::pages::{Page, Pages, Writer};
use super::log::Entry;
use super::snapshot::BuildError;
use crate::revision::{current, record};
use crate::store::Store;
use crate::store::entity::{
    application, consumer, credential, implementation, publication, registration, route, service,
    strategy,
};

mod pages;

/// The policy of all gateways at one revision.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    pub(super) revision: Revision,
    /// Applications, registrations, credentials.
    access: Pages,
    /// Strategies.
    common: Arc<BTreeMap<RecordKey, Record>>,
    /// Services, routes and publications, by gateway.
    own: Arc<HashMap<Uuid, BTreeMap<RecordKey, Record>>>,
}

/// The pages of what a gateway serves, as they stand before those of who may call.
#[derive(Debug)]
pub(super) struct Head {
    pages: Vec<Page>,
    /// Whether the last of them ends with the first page of who may call.
    is_joined: bool,
}

impl Image {
    /// Reads it from one state of the store; writers go on meanwhile.
    pub(crate) async fn read(store: &Store) -> Result<Self, BuildError> {
        let tx = store.read().await?;
        let revision = current(&tx).await?;
        let (common, own) = catalogue(&tx).await?;
        let access = access(&tx).await?;
        Ok(Self { revision, access, common: Arc::new(common), own: Arc::new(own) })
    }

    /// What it is after changes, which lead to a revision.
    pub(super) fn after(
        &self,
        changes: &[Arc<Entry>],
        revision: Revision,
    ) -> Result<Self, FormatError> {
        let (mut common, mut own) = (Arc::clone(&self.common), Arc::clone(&self.own));
        let mut access = Vec::new();
        for entry in changes {
            let change = Change::decode(&entry.body)?;
            match (is_access(&change), entry.gateway) {
                (true, _) => access.push(change),
                (false, None) => apply(Arc::make_mut(&mut common), change),
                (false, Some(gateway)) => {
                    apply(Arc::make_mut(&mut own).entry(gateway).or_default(), change);
                }
            }
        }
        let access = match access.is_empty() {
            true => self.access.clone(),
            false => self.access.after(access.into_iter())?,
        };
        Ok(Self { revision, access, common, own })
    }

    /// The first pages of a gateway's snapshot.
    pub(super) fn head(&self, gateway: Uuid) -> Result<Head, FormatError> {
        let own = self.own.get(&gateway);
        let records: BTreeMap<_, _> = self.common.iter().chain(own.into_iter().flatten()).collect();
        let mut writer = Writer::default();
        for record in records.into_values() {
            writer.push(record)?;
        }
        let mut pages: Vec<_> = writer.finish().iter().cloned().collect();
        // A small snapshot is one page.
        let last = pages.last().zip(self.access.iter().next());
        let joined = last.and_then(|(last, first)| last.joined(first));
        let is_joined = joined.is_some();
        if let (Some(joined), Some(last)) = (joined, pages.last_mut()) {
            *last = joined;
        }
        Ok(Head { pages, is_joined })
    }

    /// The pages of a gateway's snapshot.
    pub(super) fn pages<'p>(&'p self, head: &'p Head) -> impl Iterator<Item = &'p Page> {
        head.pages.iter().chain(self.access.iter().skip(usize::from(head.is_joined)))
    }

    /// The signed manifest of a gateway's snapshot.
    pub(super) fn manifest(
        &self,
        gateway: Uuid,
        head: &Head,
        issued_at: UnixMillis,
        key: &SigningKey,
    ) -> Vec<u8> {
        let manifest = Manifest {
            gateway: GatewayId::from(gateway),
            revision: self.revision,
            issued_at,
            applications: self.access.applications(),
            credentials: self.access.credentials(),
            pages: self.pages(head).map(|page| page.entry).collect(),
        };
        manifest.seal(key)
    }

    /// A gateway's snapshot as a file.
    pub(crate) fn bundle(
        &self,
        gateway: Uuid,
        issued_at: UnixMillis,
        key: &SigningKey,
    ) -> Result<Vec<u8>, FormatError> {
        let head = self.head(gateway)?;
        let mut bundle = self.manifest(gateway, &head, issued_at, key);
        self.pages(&head).for_each(|page| bundle.extend_from_slice(&page.bytes));
        Ok(bundle)
    }
}

const fn is_access(change: &Change) -> bool {
    match change {
        Change::Put(record) => {
            matches!(
                record,
                Record::Application(_) | Record::Registration(_) | Record::Credential(_)
            )
        }
        Change::Delete(key) => matches!(
            key,
            RecordKey::Application { .. }
                | RecordKey::Registration { .. }
                | RecordKey::Credential { .. }
        ),
    }
}

fn apply(records: &mut BTreeMap<RecordKey, Record>, change: Change) {
    match change {
        Change::Put(record) => records.insert(record.key(), record),
        Change::Delete(key) => records.remove(&key),
    };
}

type Catalogue = (BTreeMap<RecordKey, Record>, HashMap<Uuid, BTreeMap<RecordKey, Record>>);

/// What gateways serve: strategies, and by gateway services, routes, publications.
async fn catalogue(tx: &DatabaseTransaction) -> Result<Catalogue, BuildError> {
    let mut common = BTreeMap::new();
    let mut own: HashMap<Uuid, BTreeMap<RecordKey, Record>> = HashMap::new();
    for row in strategy::Entity::find().all(tx).await? {
        let record = Record::from(record::strategy(&row));
        common.insert(record.key(), record);
    }
    let mut put = |gateway: Uuid, record: Record| {
        own.entry(gateway).or_default().insert(record.key(), record);
    };
    for row in service::Entity::find().all(tx).await? {
        put(row.gateway_id, record::service(&row).into());
    }
    for row in route::Entity::find().all(tx).await? {
        if let Some(record) = record::route(&row) {
            put(row.gateway_id, record.into());
        }
    }
    let rows = implementation::Entity::find().all(tx).await?;
    let here: HashMap<_, _> = rows.into_iter().map(|row| (row.api_id, row)).collect();
    let published = publication::Entity::find().filter(crate::usecase::publication::live());
    for row in published.all(tx).await? {
        if let Some(implementation) = here.get(&row.api_id) {
            put(implementation.gateway_id, record::publication(&row, implementation).into());
        }
    }
    Ok((common, own))
}

/// Who may call: applications, registrations, credentials. Rows stream from the database into
/// pages.
async fn access(tx: &DatabaseTransaction) -> Result<Pages, BuildError> {
    let mut writer = Writer::default();
    // Few portals have any: then nothing is kept.
    let consumers = consumer::Entity::find().all(tx).await?;
    let consumers: HashMap<_, _> = consumers.into_iter().map(|row| (row.id, row)).collect();
    let named = |id: Option<Uuid>| id.and_then(|id| consumers.get(&id));
    let rows = application::Entity::find().order_by_asc(application::Column::Id).stream(tx).await?;
    push(&mut writer, rows, |row| Some(record::application(row, named(row.consumer_id)).into()))
        .await?;
    let rows = registration::Entity::find()
        .order_by_asc(registration::Column::ApplicationId)
        .order_by_asc(registration::Column::ApiId)
        .stream(tx)
        .await?;
    push(&mut writer, rows, |row| Some(record::registration(row, named(row.consumer_id)).into()))
        .await?;
    let rows = credential::Entity::find()
        .select_only()
        .columns(record::CREDENTIAL_COLUMNS)
        .order_by_asc(credential::Column::Digest)
        .into_tuple()
        .stream(tx)
        .await?;
    push(&mut writer, rows, |row| record::credential_of(row).map(Into::into)).await?;
    Ok(writer.finish())
}

async fn push<M>(
    writer: &mut Writer,
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
