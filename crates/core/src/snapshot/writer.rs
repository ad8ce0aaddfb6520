//! Making a snapshot.

use alloc::vec::Vec;

use super::MAX_PAGE_BYTES;
use super::manifest::{Manifest, PageEntry};
use super::record::Record;
use super::sign::SigningKey;
use super::wire::FormatError;
use crate::digest::Digest;
use crate::id::{GatewayId, Revision};
use crate::time::UnixMillis;

pub(crate) const PAGE_MAGIC: [u8; 4] = *b"GKP1";

/// A finished snapshot: the signed manifest and the pages it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The signed manifest.
    pub manifest: Vec<u8>,
    /// The pages, each at most [`MAX_PAGE_BYTES`].
    pub pages: Vec<Vec<u8>>,
}

impl Snapshot {
    /// The manifest followed by its pages: the form of a file.
    #[must_use]
    pub fn bundle(&self) -> Vec<u8> {
        let mut bundle = self.manifest.clone();
        self.pages.iter().for_each(|page| bundle.extend_from_slice(page));
        bundle
    }
}

/// Collects records into pages. Push every record of the state once, kinds in their order
/// ([`Record::kind`]) and credentials ascending by digest.
#[derive(Debug)]
pub struct SnapshotWriter {
    manifest: Manifest,
    pages: Vec<Vec<u8>>,
    page: Vec<u8>,
    last: (u8, Option<Digest>),
}

impl SnapshotWriter {
    /// Begins a snapshot of one gateway's policy.
    #[must_use]
    pub fn new(gateway: GatewayId, revision: Revision, issued_at: UnixMillis) -> Self {
        let manifest = Manifest {
            gateway,
            revision,
            issued_at,
            applications: 0,
            credentials: 0,
            pages: Vec::new(),
        };
        Self { manifest, pages: Vec::new(), page: PAGE_MAGIC.to_vec(), last: (0, None) }
    }

    /// Adds a record.
    ///
    /// # Errors
    ///
    /// When it is out of order, or larger than a page.
    pub fn push(&mut self, record: &Record) -> Result<(), FormatError> {
        let digest = match record {
            Record::Credential(credential) => Some(credential.digest),
            _ => None,
        };
        let place = (record.kind(), digest);
        if place < self.last || (digest.is_some() && place == self.last) {
            return Err(FormatError::Unsorted);
        }
        let start = self.page.len();
        record.encode(&mut self.page);
        if self.page.len() > MAX_PAGE_BYTES {
            if self.page.len() - start > MAX_PAGE_BYTES - PAGE_MAGIC.len() {
                self.page.truncate(start);
                return Err(FormatError::TooLarge);
            }
            let mut next = PAGE_MAGIC.to_vec();
            next.extend(self.page.drain(start..));
            self.pages.push(core::mem::replace(&mut self.page, next));
        }
        self.last = place;
        match record {
            Record::Application(_) => self.manifest.applications += 1,
            Record::Credential(_) => self.manifest.credentials += 1,
            _ => {}
        }
        Ok(())
    }

    /// Closes the last page and signs the manifest.
    #[must_use]
    pub fn finish(mut self, key: &SigningKey) -> Snapshot {
        if self.page.len() > PAGE_MAGIC.len() {
            self.pages.push(self.page);
        }
        self.manifest.pages = self
            .pages
            .iter()
            .map(|page| PageEntry {
                length: u32::try_from(page.len()).unwrap_or(u32::MAX),
                digest: Digest::sha256(page),
            })
            .collect();
        Snapshot { manifest: self.manifest.seal(key), pages: self.pages }
    }
}
