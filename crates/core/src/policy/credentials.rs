//! The credential index: digest to owner, without an allocation per entry.
//!
//! Digests are uniform, so their first bits choose one of 2^n buckets and each bucket is a short
//! sorted array: a look-up costs the same at a thousand and at a million credentials, an insertion
//! moves a few kilobytes, a removal likewise, and the index is never rebuilt.

use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering};

use super::sorted::SortedMap;
use crate::digest::Digest;
use crate::id::CredentialId;
use crate::key;
use crate::snapshot::record::{Credential, Scheme};
use crate::time::UnixTime;

/// The mean length of a bucket lies between half of this and this after loading.
const LOADED_BUCKET: usize = 96;
/// Insertions double the number of buckets when their mean length passes this.
const FULL_BUCKET: usize = 160;
/// The scheme stands in the upper bits of the owner, the application's slot in the others.
const SLOT_BITS: u32 = 30;
/// What can be said about a slot in the bits there are for it: this many slots, and none of them.
pub(super) const MAX_SLOTS: u32 = (1 << SLOT_BITS) - 1;

/// 44 bytes; a million of them are the bulk of a gateway's memory.
#[derive(Debug)]
pub(crate) struct Entry {
    digest: [u8; 32],
    /// The scheme and the application's slot: see [`SLOT_BITS`].
    owner: u32,
    /// Seconds since 1970, 0 for none.
    expires_at: u32,
    /// When this gateway last let the credential through, 0 for never.
    last_used: AtomicU32,
}

impl Entry {
    fn new(credential: &Credential, slot: u32) -> Self {
        let scheme: u32 = match credential.scheme {
            Scheme::HmacSha256 => 0,
            Scheme::Sha256 => 1,
            Scheme::Client => 2,
            Scheme::AccessToken => 3,
        };
        let seconds = |end: UnixTime| u32::try_from(end.0).unwrap_or(u32::MAX);
        // An end of life of zero would read as none; one is as long past.
        let end = credential.expires_at.map_or(0, |end| seconds(end).max(1));
        Self {
            digest: *credential.digest.as_bytes(),
            // A slot that cannot be said is nobody's: it never spills into the scheme.
            owner: slot.min(MAX_SLOTS) | scheme << SLOT_BITS,
            expires_at: end,
            last_used: AtomicU32::new(0),
        }
    }

    fn prefix(&self) -> u64 {
        prefix(&self.digest)
    }

    const fn scheme(&self) -> Scheme {
        match self.owner >> SLOT_BITS {
            0 => Scheme::HmacSha256,
            1 => Scheme::Sha256,
            2 => Scheme::Client,
            _ => Scheme::AccessToken,
        }
    }

    /// Whether the id has to be kept beside the entry: it is not spelt by a key. Of clients and
    /// tokens it never is.
    fn needs_id(&self, id: CredentialId) -> bool {
        !(is_key(self.scheme()) && key::is_issued(id))
    }

    pub(crate) const fn slot(&self) -> u32 {
        self.owner & MAX_SLOTS
    }

    pub(crate) const fn is_expired(&self, now: UnixTime) -> bool {
        self.expires_at != 0 && self.expires_at as u64 <= now.0
    }

    /// Whether this gateway has let the credential through before.
    pub(crate) fn is_familiar(&self) -> bool {
        self.last_used.load(Ordering::Relaxed) != 0
    }

    /// Notes a use; true when the last one noted was in another minute.
    pub(crate) fn touch(&self, now: UnixTime) -> bool {
        let now = u32::try_from(now.0).unwrap_or(u32::MAX).max(1);
        let before = self.last_used.load(Ordering::Relaxed);
        self.last_used.store(now, Ordering::Relaxed);
        before / 60 != now / 60
    }
}

/// Keys can spell the ids of their credentials; clients and tokens cannot.
const fn is_key(scheme: Scheme) -> bool {
    matches!(scheme, Scheme::HmacSha256 | Scheme::Sha256)
}

fn prefix(digest: &[u8; 32]) -> u64 {
    digest.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

#[derive(Debug)]
pub(crate) struct CredentialIndex {
    buckets: Vec<Vec<Entry>>,
    /// The number of buckets is two to this power, at most 2^31.
    bits: u32,
    len: usize,
    /// How many keys are known by their plain SHA-256.
    sha256: usize,
    /// How many keys are known that do not spell their ids.
    imported: usize,
    /// The ids of credentials that do not spell them.
    ids: SortedMap<[u8; 32], CredentialId>,
}

impl CredentialIndex {
    /// Makes an index with the right number of buckets for `expected` credentials.
    pub(crate) fn with_expected(expected: u32) -> Self {
        let mut bits = 0;
        while (expected as usize) >> bits > LOADED_BUCKET {
            bits += 1;
        }
        let mut buckets = Vec::new();
        buckets.resize_with(1 << bits, Vec::new);
        Self { buckets, bits, len: 0, sha256: 0, imported: 0, ids: SortedMap::default() }
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Whether keys that are not of our format can be known here.
    pub(crate) const fn has_imported(&self) -> bool {
        self.imported != 0
    }

    /// Whether a plain SHA-256 can be known here.
    pub(crate) const fn has_sha256(&self) -> bool {
        self.sha256 != 0
    }

    const fn bucket_of(&self, prefix: u64) -> usize {
        // With no bits the shift would be of the whole width.
        if self.bits == 0 { 0 } else { (prefix >> (64 - self.bits)) as usize }
    }

    /// Finds the credential with this digest, made the way the credential says.
    pub(crate) fn find(&self, digest: &Digest, scheme: Scheme) -> Option<&Entry> {
        let wanted = prefix(digest.as_bytes());
        let bucket = self.buckets.get(self.bucket_of(wanted))?;
        bucket
            .get(self.first_at_least(wanted, bucket)..)?
            .iter()
            .take_while(|entry| entry.prefix() == wanted)
            .find(|entry| Digest::from_bytes(entry.digest) == *digest)
            .filter(|entry| entry.scheme() == scheme)
    }

    /// The place of the first entry whose prefix is not below `wanted`.
    ///
    /// Prefixes are spread evenly over a bucket's share of them, so the place is guessed and then
    /// corrected by a few neighbours: half the cache lines of a binary search.
    fn first_at_least(&self, wanted: u64, bucket: &[Entry]) -> usize {
        let is_below = |at: &usize| bucket.get(*at).is_some_and(|entry| entry.prefix() < wanted);
        let share = (wanted << self.bits) >> 32;
        let mut at = ((share * bucket.len() as u64) >> 32) as usize;
        while at > 0 && !is_below(&(at - 1)) {
            at -= 1;
        }
        while is_below(&at) {
            at += 1;
        }
        at
    }

    /// The id of a credential that does not spell it.
    pub(crate) fn imported_id(&self, digest: &Digest) -> Option<CredentialId> {
        self.ids.get(digest.as_bytes()).copied()
    }

    /// Adds a credential, or replaces the one with the same digest. Only the end of life, the
    /// owner and the id of a replaced one change; when it was last used stays.
    pub(crate) fn put(&mut self, credential: &Credential, slot: u32) {
        let mut entry = Entry::new(credential, slot);
        let index = self.bucket_of(entry.prefix());
        let Some(bucket) = self.buckets.get_mut(index) else { return };
        let place = bucket.binary_search_by(|known| known.digest.cmp(&entry.digest));
        let (digest, scheme) = (entry.digest, entry.scheme());
        let needs_id = entry.needs_id(credential.id);
        let mut replaced = None;
        match place {
            Ok(at) => {
                if let Some(known) = bucket.get_mut(at) {
                    replaced = Some(known.scheme());
                    entry.last_used = AtomicU32::new(known.last_used.load(Ordering::Relaxed));
                    *known = entry;
                }
            }
            Err(at) => {
                if bucket.len() == bucket.capacity() {
                    bucket.reserve_exact(bucket.len() / 8 + 4);
                }
                bucket.insert(at, entry);
                self.len += 1;
            }
        }
        if let Some(scheme) = replaced {
            self.forget(&digest, scheme);
        }
        self.count(digest, scheme, needs_id.then_some(credential.id));
        if self.len > FULL_BUCKET << self.bits {
            self.split();
        }
    }

    /// Notes what is kept beside an entry; `id` is one that has to be.
    fn count(&mut self, digest: [u8; 32], scheme: Scheme, id: Option<CredentialId>) {
        self.sha256 += usize::from(scheme == Scheme::Sha256);
        if let Some(id) = id {
            self.imported += usize::from(is_key(scheme));
            self.ids.insert(digest, id);
        }
    }

    /// Undoes [`Self::count`].
    fn forget(&mut self, digest: &[u8; 32], scheme: Scheme) {
        self.sha256 -= usize::from(scheme == Scheme::Sha256);
        self.imported -= usize::from(self.ids.remove(digest).is_some() && is_key(scheme));
    }

    pub(crate) fn remove(&mut self, digest: &Digest) {
        let digest = digest.as_bytes();
        let index = self.bucket_of(prefix(digest));
        let Some(bucket) = self.buckets.get_mut(index) else { return };
        if let Ok(at) = bucket.binary_search_by(|known| known.digest.cmp(digest)) {
            let removed = bucket.remove(at);
            self.len -= 1;
            self.forget(digest, removed.scheme());
        }
    }

    /// Gives every bucket a twin and moves its upper half there.
    fn split(&mut self) {
        if self.bits >= 31 {
            return;
        }
        self.bits += 1;
        let halves = core::mem::take(&mut self.buckets);
        self.buckets.reserve_exact(halves.len() * 2);
        for mut lower in halves {
            let middle = self.buckets.len() + 1;
            let at = lower.partition_point(|entry| self.bucket_of(entry.prefix()) < middle);
            let upper = lower.split_off(at);
            lower.shrink_to_fit();
            self.buckets.push(lower);
            self.buckets.push(upper);
        }
    }

    /// Carries over when the credentials of `older` were last used.
    pub(crate) fn remember_uses(&self, older: &Self) {
        for old in older.buckets.iter().flatten().filter(|old| old.is_familiar()) {
            if let Some(entry) = self.find(&Digest::from_bytes(old.digest), old.scheme()) {
                entry.last_used.store(old.last_used.load(Ordering::Relaxed), Ordering::Relaxed);
            }
        }
    }
}

/// Fills an index from credentials that come in order: each bucket is allocated once, exactly.
#[derive(Debug)]
pub(crate) struct CredentialLoader {
    index: CredentialIndex,
    filling: usize,
    scratch: Vec<Entry>,
}

impl CredentialLoader {
    pub(crate) fn new(expected: u32) -> Self {
        let index = CredentialIndex::with_expected(expected);
        Self { index, filling: 0, scratch: Vec::with_capacity(2 * LOADED_BUCKET) }
    }

    /// Adds the next credential; its digest must be greater than the one before.
    pub(crate) fn push(&mut self, credential: &Credential, slot: u32) {
        let entry = Entry::new(credential, slot);
        let bucket = self.index.bucket_of(entry.prefix());
        if bucket != self.filling {
            self.flush();
            self.filling = bucket;
        }
        let id = entry.needs_id(credential.id).then_some(credential.id);
        self.index.count(entry.digest, entry.scheme(), id);
        self.index.len += 1;
        self.scratch.push(entry);
    }

    fn flush(&mut self) {
        if let Some(bucket) = self.index.buckets.get_mut(self.filling) {
            bucket.reserve_exact(self.scratch.len());
            bucket.append(&mut self.scratch);
        }
    }

    pub(crate) fn finish(mut self) -> CredentialIndex {
        self.flush();
        self.index
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ApplicationId;

    fn credential(number: u32) -> Credential {
        let digest = Digest::sha256(&number.to_be_bytes());
        let scheme = if number.is_multiple_of(7) { Scheme::Sha256 } else { Scheme::HmacSha256 };
        Credential {
            id: CredentialId::from_bytes([9; 16]),
            application: ApplicationId::from_bytes([1; 16]),
            digest,
            scheme,
            expires_at: None,
        }
    }

    #[test]
    fn an_entry_is_44_bytes() {
        assert_eq!(size_of::<Entry>(), 44);
    }

    #[test]
    fn what_was_put_is_found_until_it_is_removed() {
        let mut index = CredentialIndex::with_expected(0);
        for number in 0..20_000 {
            index.put(&credential(number), number);
        }
        assert_eq!(index.len(), 20_000);
        assert!(index.bits >= 6, "the index grew");
        for number in (0..20_000).step_by(3) {
            index.remove(&credential(number).digest);
        }
        for number in 0..20_000 {
            let wanted = credential(number);
            let found = index.find(&wanted.digest, wanted.scheme).map(Entry::slot);
            assert_eq!(found, (!number.is_multiple_of(3)).then_some(number), "{number}");
        }
        assert_eq!(index.len(), 20_000 - 6_667);
        assert!(index.has_sha256());
    }

    #[test]
    fn loading_in_order_equals_putting() {
        let mut sorted: Vec<_> = (0..5_000).map(credential).collect();
        sorted.sort_by_key(|credential| credential.digest);
        let mut loader = CredentialLoader::new(5_000);
        sorted.iter().zip(0..).for_each(|(credential, slot)| loader.push(credential, slot));
        let index = loader.finish();
        assert_eq!(index.len(), 5_000);
        for (credential, slot) in sorted.iter().zip(0..) {
            let found = index.find(&credential.digest, credential.scheme).unwrap();
            assert_eq!(found.slot(), slot);
        }
        let waste: usize =
            index.buckets.iter().map(|bucket| bucket.capacity() - bucket.len()).sum();
        assert_eq!(waste, 0, "buckets are allocated exactly");
    }

    #[test]
    fn a_digest_is_found_only_under_its_scheme() {
        let mut index = CredentialIndex::with_expected(0);
        index.put(&credential(7), 0);
        assert!(index.find(&credential(7).digest, Scheme::HmacSha256).is_none());
        assert!(index.find(&credential(7).digest, Scheme::Sha256).is_some());
        assert_eq!(
            index.imported_id(&credential(7).digest),
            Some(CredentialId::from_bytes([9; 16]))
        );
        index.remove(&credential(7).digest);
        assert!(!index.has_sha256() && !index.has_imported());
    }

    #[test]
    fn neither_clients_nor_tokens_are_keys() {
        let mut index = CredentialIndex::with_expected(0);
        let schemes = [Scheme::HmacSha256, Scheme::Sha256, Scheme::Client, Scheme::AccessToken];
        for (scheme, number) in schemes.into_iter().zip(1..) {
            let known = Credential { scheme, ..credential(number) };
            index.put(&known, MAX_SLOTS - 1);
            for other in schemes {
                let found = index.find(&known.digest, other).map(Entry::slot);
                assert_eq!(found, (other == scheme).then_some(MAX_SLOTS - 1), "{other:?}");
            }
            assert_eq!(index.imported_id(&known.digest), Some(known.id));
        }
        assert!(index.has_imported() && index.has_sha256());
        index.remove(&credential(1).digest);
        // A key becomes a client.
        index.put(&Credential { scheme: Scheme::Client, ..credential(2) }, 0);
        assert!(!index.has_imported() && !index.has_sha256());
        assert_eq!((index.len(), index.ids.keys().count()), (3, 3));
    }

    #[test]
    fn a_slot_never_spills_into_the_scheme() {
        for slot in [MAX_SLOTS, MAX_SLOTS + 1, u32::MAX] {
            let entry = Entry::new(&credential(1), slot);
            assert_eq!((entry.scheme(), entry.slot()), (Scheme::HmacSha256, MAX_SLOTS));
        }
    }

    #[test]
    fn a_replacement_keeps_when_it_was_used() {
        let mut index = CredentialIndex::with_expected(0);
        index.put(&credential(1), 0);
        assert!(
            index.find(&credential(1).digest, Scheme::HmacSha256).unwrap().touch(UnixTime(120))
        );
        let ended = Credential { expires_at: Some(UnixTime(100)), ..credential(1) };
        index.put(&ended, 3);
        let entry = index.find(&ended.digest, Scheme::HmacSha256).unwrap();
        assert!(entry.is_familiar() && entry.is_expired(UnixTime(100)) && entry.slot() == 3);
        assert!(!entry.is_expired(UnixTime(99)));
        assert!(!entry.touch(UnixTime(179)), "the same minute");
        assert_eq!(index.len(), 1);
    }
}
