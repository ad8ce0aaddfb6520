//! Bytes as a document shows them: text where they are text.

/// A byte string.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub Vec<u8>);

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

#[cfg(feature = "cli")]
mod document {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Bytes;

    #[derive(Serialize, Deserialize)]
    #[serde(untagged, deny_unknown_fields)]
    enum Written {
        Text(String),
        Binary { base64: String },
    }

    impl Serialize for Bytes {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let written = match core::str::from_utf8(&self.0) {
                Ok(text) => Written::Text(text.to_owned()),
                Err(_) => Written::Binary { base64: STANDARD.encode(&self.0) },
            };
            written.serialize(serializer)
        }
    }

    impl<'de> Deserialize<'de> for Bytes {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            match Written::deserialize(deserializer)? {
                Written::Text(text) => Ok(Self(text.into_bytes())),
                Written::Binary { base64 } => {
                    STANDARD.decode(base64).map(Self).map_err(serde::de::Error::custom)
                }
            }
        }
    }
}
