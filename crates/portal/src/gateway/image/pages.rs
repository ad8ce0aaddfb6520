//! Records in pages, such that a change alters few of them.
//!
//! Records are in the order of their keys. Some keys, one in [`ONE_IN`] by a hash, begin a group;
//! a group fills pages from its own start. So the pages are a function of the records alone,
//! however one came to have these records, and two processes that hold the same records cut the
//! same pages; a change touches the pages of its group and no others.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use gatekey_core::digest::Digest;
use gatekey_core::snapshot::manifest::PageEntry;
use gatekey_core::snapshot::record::read_page;
use gatekey_core::snapshot::{Change, FormatError, MAX_PAGE_BYTES, Record, RecordKey};

/// The first bytes of a page.
const MAGIC: &[u8; 4] = b"GKP1";
/// How many records a group has, about.
const ONE_IN: u64 = 8_192;

/// A page, and how a manifest names it.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct Page {
    pub(in crate::gateway) bytes: Bytes,
    pub(super) entry: PageEntry,
}

impl Page {
    /// One page with the records of both, if they fit.
    pub(super) fn joined(&self, next: &Self) -> Option<Self> {
        let more = next.bytes.strip_prefix(MAGIC)?;
        let fits = self.bytes.len() + more.len() <= MAX_PAGE_BYTES;
        fits.then(|| page_of([&self.bytes, more].concat()))
    }
}

/// The records from a key that begins a group to the next such key.
#[derive(Debug, Default)]
struct Group {
    pages: Vec<Page>,
    applications: u32,
    credentials: u32,
}

/// Records in pages.
#[derive(Clone, Debug, Default)]
pub(super) struct Pages {
    /// By the first key.
    groups: BTreeMap<RecordKey, Arc<Group>>,
}

impl Pages {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Page> {
        self.groups.values().flat_map(|group| &group.pages)
    }

    pub(super) fn applications(&self) -> u32 {
        self.groups.values().map(|group| group.applications).sum()
    }

    pub(super) fn credentials(&self) -> u32 {
        self.groups.values().map(|group| group.credentials).sum()
    }

    /// The pages after changes, in their order.
    pub(super) fn after(&self, changes: impl Iterator<Item = Change>) -> Result<Self, FormatError> {
        let mut groups = self.groups.clone();
        // Groups that are altered, as records, by the key under which they were found.
        let mut open: BTreeMap<RecordKey, BTreeMap<RecordKey, Record>> = BTreeMap::new();
        for change in changes {
            let key = match &change {
                Change::Put(record) => record.key(),
                Change::Delete(key) => key.clone(),
            };
            let start = self.start_of(&key).unwrap_or_else(|| key.clone());
            if !open.contains_key(&start) {
                open.insert(start.clone(), take(&mut groups, &start)?);
            }
            let records = open.entry(start).or_default();
            match change {
                Change::Put(record) => records.insert(key, record),
                Change::Delete(key) => records.remove(&key),
            };
        }
        // From the last: a group whose first key went belongs to the one before it.
        while let Some((start, mut records)) = open.pop_last() {
            let Some(first) = records.keys().next() else { continue };
            if !begins_group(first)
                && let Some(before) = before(&groups, &open, &start)
            {
                if !open.contains_key(&before) {
                    open.insert(before.clone(), take(&mut groups, &before)?);
                }
                open.entry(before).or_default().append(&mut records);
                continue;
            }
            let mut writer = Writer::default();
            for record in records.values() {
                writer.push(record)?;
            }
            groups.extend(writer.finish().groups);
        }
        Ok(Self { groups })
    }

    /// The group that a key belongs to; none when there are none. What comes before all groups
    /// belongs to the first.
    fn start_of(&self, key: &RecordKey) -> Option<RecordKey> {
        let before = self.groups.range(..=key).next_back();
        before.or_else(|| self.groups.first_key_value()).map(|(start, _)| start.clone())
    }
}

/// The last group before one, whether it is altered or not.
fn before(
    groups: &BTreeMap<RecordKey, Arc<Group>>,
    open: &BTreeMap<RecordKey, BTreeMap<RecordKey, Record>>,
    start: &RecordKey,
) -> Option<RecordKey> {
    let closed = groups.range(..start).next_back().map(|(key, _)| key);
    let open = open.range(..start).next_back().map(|(key, _)| key);
    closed.max(open).cloned()
}

/// Takes a group out, as records.
fn take(
    groups: &mut BTreeMap<RecordKey, Arc<Group>>,
    start: &RecordKey,
) -> Result<BTreeMap<RecordKey, Record>, FormatError> {
    let mut records = BTreeMap::new();
    for page in groups.remove(start).iter().flat_map(|group| &group.pages) {
        for record in read_page(&page.bytes)? {
            let record = record?;
            records.insert(record.key(), record);
        }
    }
    Ok(records)
}

/// Whether a record with this key begins a group.
fn begins_group(key: &RecordKey) -> bool {
    // Ids and digests are random, at least in their last bytes.
    let last =
        |bytes: &[u8]| bytes.last_chunk().map_or(0, |bytes: &[u8; 8]| u64::from_le_bytes(*bytes));
    let hash = match key {
        RecordKey::Strategy { id } => last(id.as_bytes()),
        RecordKey::Service { id } => last(id.as_bytes()),
        RecordKey::Route { id } => last(id.as_bytes()),
        RecordKey::Publication { api, portal } => last(api.as_bytes()) ^ last(portal.as_bytes()),
        RecordKey::Application { id } => last(id.as_bytes()),
        RecordKey::Registration { application, api } => {
            last(application.as_bytes()).rotate_left(7) ^ last(api.as_bytes())
        }
        RecordKey::Credential { digest } => last(digest.as_bytes()),
    };
    hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40 & (ONE_IN - 1) == 0
}

/// Cuts pages. Push every record once, in the order of their keys.
#[derive(Debug, Default)]
pub(super) struct Writer {
    pages: Pages,
    open: Option<(RecordKey, Group, Vec<u8>)>,
    last: Option<RecordKey>,
}

impl Writer {
    /// Adds a record.
    pub(super) fn push(&mut self, record: &Record) -> Result<(), FormatError> {
        let key = record.key();
        if self.last.as_ref().is_some_and(|last| *last >= key) {
            return Err(FormatError::Unsorted);
        }
        if begins_group(&key) {
            self.close();
        }
        let (_, group, page) =
            self.open.get_or_insert_with(|| (key.clone(), Group::default(), MAGIC.to_vec()));
        let start = page.len();
        record.encode(page);
        if page.len() > MAX_PAGE_BYTES {
            let alone = page.split_off(start);
            if alone.len() > MAX_PAGE_BYTES - MAGIC.len() {
                return Err(FormatError::TooLarge);
            }
            let mut next = MAGIC.to_vec();
            next.extend(alone);
            group.pages.push(page_of(core::mem::replace(page, next)));
        }
        match record {
            Record::Application(_) => group.applications += 1,
            Record::Credential(_) => group.credentials += 1,
            _ => {}
        }
        self.last = Some(key);
        Ok(())
    }

    /// The pages.
    pub(super) fn finish(mut self) -> Pages {
        self.close();
        self.pages
    }

    fn close(&mut self) {
        if let Some((start, mut group, page)) = self.open.take() {
            group.pages.push(page_of(page));
            self.pages.groups.insert(start, Arc::new(group));
        }
    }
}

fn page_of(bytes: Vec<u8>) -> Page {
    let entry = PageEntry {
        length: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
        digest: Digest::sha256(&bytes),
    };
    Page { bytes: bytes.into(), entry }
}

#[cfg(test)]
mod tests {
    use gatekey_core::id::{ApiId, ApplicationId};
    use gatekey_core::lifecycle::registration::RegistrationStatus;
    use gatekey_core::snapshot::record::Registration;
    use uuid::Uuid;

    use super::*;

    /// A key, different for each number, that begins a group now and then.
    fn record(number: u64, status: RegistrationStatus) -> Record {
        let digest = Digest::sha256(&number.to_le_bytes());
        let (application, api) = digest.as_bytes().split_at(16);
        let id = |bytes: &[u8]| Uuid::from_slice(bytes).unwrap();
        let application = ApplicationId::from(id(application));
        Record::Registration(Registration {
            application,
            api: ApiId::from(id(api)),
            status,
            consumer: None,
        })
    }

    fn written(records: &BTreeMap<RecordKey, Record>) -> Pages {
        let mut writer = Writer::default();
        for record in records.values() {
            writer.push(record).unwrap();
        }
        writer.finish()
    }

    fn digests(pages: &Pages) -> Vec<Digest> {
        pages.iter().map(|page| page.entry.digest).collect()
    }

    #[test]
    fn changed_pages_are_those_of_the_changed_records() {
        let all = (0..40_000).map(|number| record(number, RegistrationStatus::Pending));
        let mut records: BTreeMap<_, _> = all.map(|record| (record.key(), record)).collect();
        let beginning: Vec<_> = records.keys().filter(|key| begins_group(key)).cloned().collect();
        assert!(beginning.len() > 1, "{}", beginning.len());
        let mut pages = written(&records);
        let first = records.keys().next().cloned().unwrap();
        let last = records.keys().next_back().cloned().unwrap();
        // Groups lose their first keys, all at once; the first and the last record go; records
        // change, come and go.
        let mut rounds: Vec<Vec<Change>> = vec![
            beginning.into_iter().map(Change::Delete).collect(),
            vec![Change::Delete(first.clone()), Change::Delete(last), Change::Delete(first)],
        ];
        for round in 0..20_u64 {
            let put = |number| Change::Put(record(number, RegistrationStatus::Approved));
            let mut changes: Vec<_> = (0..50).map(|n| put(n * 977 + round * 40_000)).collect();
            changes.extend((0..50).map(|n| {
                Change::Delete(record(n * 31 + round, RegistrationStatus::Pending).key())
            }));
            rounds.push(changes);
        }
        for changes in rounds {
            for change in &changes {
                match change {
                    Change::Put(record) => records.insert(record.key(), record.clone()),
                    Change::Delete(key) => records.remove(key),
                };
            }
            let before = digests(&pages);
            pages = pages.after(changes.into_iter()).unwrap();
            let after = digests(&pages);
            assert_eq!(after, digests(&written(&records)));
            assert_ne!(after, before);
        }
        let everything = records.keys().cloned().map(Change::Delete);
        let empty = pages.after(everything).unwrap();
        assert_eq!(empty.iter().count(), 0);
        let one = record(1, RegistrationStatus::Pending);
        let one = empty.after([Change::Put(one)].into_iter()).unwrap();
        assert_eq!(one.iter().count(), 1);
    }

    #[test]
    fn records_out_of_order_are_refused() {
        let mut records: Vec<_> =
            (0..2).map(|number| record(number, RegistrationStatus::Pending)).collect();
        records.sort_by_key(Record::key);
        let mut writer = Writer::default();
        writer.push(&records[1]).unwrap();
        assert_eq!(writer.push(&records[0]), Err(FormatError::Unsorted));
        assert_eq!(writer.push(&records[1]), Err(FormatError::Unsorted));
    }
}
