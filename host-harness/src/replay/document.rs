//! Recordings as JSON.

use core::fmt;

use super::{Recording, VERSION};

/// Why text is not a recording that this build reads.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DocumentError {
    /// It is damaged: the reason names line and column.
    Damaged {
        /// What the parser says.
        reason: String,
    },
    /// It has another version.
    Version {
        /// That version.
        found: u64,
    },
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged { reason } => write!(f, "not a recording: {reason}"),
            Self::Version { found } => {
                write!(f, "/version: {found} is not known here; this build reads {VERSION}")
            }
        }
    }
}

impl core::error::Error for DocumentError {}

#[derive(serde::Deserialize)]
struct Head {
    version: u64,
}

impl Recording {
    /// Reads a recording.
    ///
    /// # Errors
    /// When the text is damaged or has another version.
    pub fn from_json(text: &[u8]) -> Result<Self, DocumentError> {
        let damaged =
            |error: serde_json::Error| DocumentError::Damaged { reason: error.to_string() };
        let Head { version } = serde_json::from_slice(text).map_err(damaged)?;
        if version != u64::from(VERSION) {
            return Err(DocumentError::Version { found: version });
        }
        serde_json::from_slice(text).map_err(damaged)
    }

    /// The recording as JSON, with a line feed at its end.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Nothing in a recording can fail to be written: no maps but those with text for keys.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}
