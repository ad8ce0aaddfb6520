//! What changed between two revisions.

use alloc::vec::Vec;

use super::MAX_PAGE_BYTES;
use super::change::Change;
use super::sign::{SealError, SigningKey, VerifyingKey, open};
use super::wire::{FormatError, Reader};
use crate::id::{GatewayId, Revision};
use crate::time::UnixMillis;

const MAGIC: [u8; 4] = *b"GKD1";

/// A delta, read and verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delta {
    /// The gateway it is meant for.
    pub gateway: GatewayId,
    /// The revision it applies to.
    pub from: Revision,
    /// The revision it leads to.
    pub to: Revision,
    /// When the portal made it.
    pub issued_at: UnixMillis,
    /// The changes, in order.
    pub changes: Vec<Change>,
}

/// Writes and signs a delta from changes that are encoded already.
#[must_use]
pub fn seal<'c>(
    gateway: GatewayId,
    from: Revision,
    to: Revision,
    issued_at: UnixMillis,
    changes: impl IntoIterator<Item = &'c [u8]>,
    key: &SigningKey,
) -> Vec<u8> {
    let mut body = Vec::with_capacity(64);
    body.extend_from_slice(gateway.as_bytes());
    body.extend_from_slice(&from.0.to_le_bytes());
    body.extend_from_slice(&to.0.to_le_bytes());
    body.extend_from_slice(&issued_at.0.to_le_bytes());
    let count_at = body.len();
    body.extend_from_slice(&[0; 4]);
    let mut count = 0_u32;
    for change in changes {
        body.extend_from_slice(change);
        count += 1;
    }
    if let Some(place) = body.get_mut(count_at..count_at + 4) {
        place.copy_from_slice(&count.to_le_bytes());
    }
    key.seal(MAGIC, &body)
}

impl Delta {
    pub(crate) fn open(document: &[u8], keys: &[VerifyingKey]) -> Result<Self, SealError> {
        if document.len() > MAX_PAGE_BYTES {
            return Err(SealError::Format(FormatError::TooLarge));
        }
        let body = open(document, MAGIC, keys)?;
        Self::decode(body).map_err(SealError::Format)
    }

    fn decode(body: &[u8]) -> Result<Self, FormatError> {
        let mut reader = Reader(body);
        let gateway = GatewayId::from_bytes(reader.array()?);
        let from = Revision(reader.u64()?);
        let to = Revision(reader.u64()?);
        let issued_at = UnixMillis(reader.u64()?);
        let count = reader.u32()?;
        let mut changes = Vec::new();
        for _ in 0..count {
            changes.push(Change::read(&mut reader)?);
        }
        reader.finish()?;
        Ok(Self { gateway, from, to, issued_at, changes })
    }
}
