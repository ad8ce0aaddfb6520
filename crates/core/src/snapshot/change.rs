//! One change of the policy.

use alloc::vec::Vec;

use super::record::{Record, RecordKey};
use super::wire::{FormatError, Reader};

const PUT: u8 = 1;
const DELETE: u8 = 2;

/// A record that came to be or changed, or one that is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The record is now this.
    Put(Record),
    /// There is no such record any more.
    Delete(RecordKey),
}

impl Change {
    /// Appends the change in the form a delta carries.
    pub fn encode(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Put(record) => {
                bytes.push(PUT);
                record.encode(bytes);
            }
            Self::Delete(key) => {
                bytes.push(DELETE);
                key.encode(bytes);
            }
        }
    }

    /// Reads one change that fills `bytes`.
    ///
    /// # Errors
    ///
    /// When the bytes are not exactly one change.
    pub fn decode(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut reader = Reader(bytes);
        let change = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(change)
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, FormatError> {
        match reader.u8()? {
            PUT => Record::decode(reader).map(Self::Put),
            DELETE => RecordKey::decode(reader).map(Self::Delete),
            _ => Err(FormatError::UnknownCode),
        }
    }
}
