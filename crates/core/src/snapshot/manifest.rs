//! The signed head of a snapshot.

use alloc::vec::Vec;

use super::sign::{SealError, SigningKey, VerifyingKey, open};
use super::wire::{FormatError, Reader};
use super::{MAX_PAGE_BYTES, MAX_PAGES};
use crate::digest::Digest;
use crate::id::{GatewayId, Revision};
use crate::time::UnixMillis;

const MAGIC: [u8; 4] = *b"GKM1";
const ENVELOPE_BYTES: usize = 4 + 8 + 64;
const FIXED_BYTES: usize = 16 + 8 + 8 + 4 + 4 + 4;
const PAGE_ENTRY_BYTES: usize = 4 + 32;

/// What a snapshot holds, and the digest of each of its pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The gateway it is meant for.
    pub gateway: GatewayId,
    /// The state of the portal it shows.
    pub revision: Revision,
    /// When the portal made it.
    pub issued_at: UnixMillis,
    /// How many applications follow.
    pub applications: u32,
    /// How many credentials follow.
    pub credentials: u32,
    /// The pages, in order.
    pub pages: Vec<PageEntry>,
}

/// One page, as the manifest knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageEntry {
    /// Its length in bytes.
    pub length: u32,
    /// Its SHA-256.
    pub digest: Digest,
}

impl Manifest {
    /// Writes and signs the manifest.
    #[must_use]
    pub fn seal(&self, key: &SigningKey) -> Vec<u8> {
        let mut body = Vec::with_capacity(FIXED_BYTES + PAGE_ENTRY_BYTES * self.pages.len());
        body.extend_from_slice(self.gateway.as_bytes());
        body.extend_from_slice(&self.revision.0.to_le_bytes());
        body.extend_from_slice(&self.issued_at.0.to_le_bytes());
        body.extend_from_slice(&self.applications.to_le_bytes());
        body.extend_from_slice(&self.credentials.to_le_bytes());
        let pages = u32::try_from(self.pages.len()).unwrap_or(u32::MAX);
        body.extend_from_slice(&pages.to_le_bytes());
        for page in &self.pages {
            body.extend_from_slice(&page.length.to_le_bytes());
            body.extend_from_slice(page.digest.as_bytes());
        }
        key.seal(MAGIC, &body)
    }

    pub(crate) fn open(document: &[u8], keys: &[VerifyingKey]) -> Result<Self, SealError> {
        let body = open(document, MAGIC, keys)?;
        Self::decode(body).map_err(SealError::Format)
    }

    /// Reads a manifest without asking who signed it: for tools that show what a file says, never
    /// for a gateway.
    ///
    /// # Errors
    ///
    /// When the bytes are not exactly one manifest.
    pub fn read_unverified(document: &[u8]) -> Result<Self, FormatError> {
        let mut reader = Reader(document);
        if reader.array::<4>()? != MAGIC {
            return Err(FormatError::UnknownFormat);
        }
        reader.bytes(ENVELOPE_BYTES - MAGIC.len())?;
        Self::decode(reader.0)
    }

    fn decode(body: &[u8]) -> Result<Self, FormatError> {
        let mut reader = Reader(body);
        let gateway = GatewayId::from_bytes(reader.array()?);
        let revision = Revision(reader.u64()?);
        let issued_at = UnixMillis(reader.u64()?);
        let applications = reader.u32()?;
        let credentials = reader.u32()?;
        let count = page_count(reader.u32()?)?;
        let mut pages = Vec::with_capacity(count);
        for _ in 0..count {
            let length = reader.u32()?;
            if length as usize > MAX_PAGE_BYTES {
                return Err(FormatError::TooLarge);
            }
            pages.push(PageEntry { length, digest: Digest::from_bytes(reader.array()?) });
        }
        reader.finish()?;
        Ok(Self { gateway, revision, issued_at, applications, credentials, pages })
    }
}

fn page_count(count: u32) -> Result<usize, FormatError> {
    usize::try_from(count).ok().filter(|count| *count <= MAX_PAGES).ok_or(FormatError::TooLarge)
}

/// Splits a bundle into its manifest and its pages, by the lengths that the manifest states.
/// Nothing is believed yet: signature and digests are checked when the parts are loaded.
///
/// # Errors
///
/// When the bytes are not a manifest with all its pages.
pub fn split_bundle(bundle: &[u8]) -> Result<(&[u8], Vec<&[u8]>), FormatError> {
    let mut reader = Reader(bundle);
    if reader.array::<4>()? != MAGIC {
        return Err(FormatError::UnknownFormat);
    }
    let head = ENVELOPE_BYTES + FIXED_BYTES;
    let count = bundle.get(head - 4..head).and_then(|bytes| bytes.first_chunk());
    let count = page_count(u32::from_le_bytes(*count.ok_or(FormatError::Truncated)?))?;
    let mut reader = Reader(bundle);
    let manifest = reader.bytes(head + count * PAGE_ENTRY_BYTES)?;
    let mut entries = Reader(manifest.get(head..).unwrap_or_default());
    let mut pages = Vec::with_capacity(count);
    for _ in 0..count {
        let length = entries.u32()?;
        entries.bytes(32)?;
        pages.push(reader.bytes(length as usize)?);
    }
    reader.finish()?;
    Ok((manifest, pages))
}
