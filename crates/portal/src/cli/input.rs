//! What commands read, and how they refuse what they cannot work with.

use core::error::Error;
use core::fmt;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gatekey_core::digest::Pepper;
use gatekey_core::secret::Secret;
use gatekey_core::snapshot::VerifyingKey;

use crate::config::Config;
use crate::data_dir::{self, Secrets};
use crate::store::Store;

/// How a command ends.
pub(super) type Outcome = Result<ExitCode, Box<dyn Error>>;

/// The most that is read from standard input.
const MOST_INPUT: u64 = 1 << 20;

/// Input that a command cannot work with.
#[derive(Debug)]
pub(super) struct BadInput(pub(super) String);

impl fmt::Display for BadInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for BadInput {}

impl BadInput {
    /// Something about a file.
    pub(super) fn at(path: &Path, fault: impl fmt::Display) -> Self {
        Self(format!("`{}`: {fault}", path.display()))
    }
}

/// A whole file.
pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, BadInput> {
    fs::read(path).map_err(|error| BadInput::at(path, error))
}

/// A file that holds something secret.
pub(super) fn read_secret(path: &Path) -> Result<Secret<String>, BadInput> {
    let text = fs::read_to_string(path).map_err(|error| BadInput::at(path, error))?;
    Ok(Secret::new(text))
}

/// All of standard input, without the end of its last line.
pub(super) fn read_stdin() -> Result<Secret<Vec<u8>>, BadInput> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(MOST_INPUT + 1).read_to_end(&mut bytes);
    read.map_err(|error| BadInput(format!("standard input: {error}")))?;
    if bytes.len() as u64 > MOST_INPUT {
        return Err(BadInput(format!("standard input: more than {MOST_INPUT} bytes")));
    }
    for end in [b"\n", b"\r"] {
        if bytes.ends_with(end) {
            bytes.pop();
        }
    }
    Ok(Secret::new(bytes))
}

/// Reads a file of peppers, in the form of the data directory's.
pub(super) fn read_peppers(path: &Path) -> Result<Vec<Pepper>, BadInput> {
    let text = read_secret(path)?;
    let peppers = data_dir::read_peppers(text.expose().trim_end())
        .map_err(|fault| BadInput::at(path, fault))?;
    Ok(peppers.into_iter().map(|named| named.pepper).collect())
}

/// Reads an Ed25519 public key.
pub(super) fn verifying_key(text: &str) -> Result<VerifyingKey, String> {
    let bytes = STANDARD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.map(VerifyingKey::from_bytes).ok_or_else(|| "must be 32 bytes in base64".into())
}

/// Opens the portal's state without serving. A directory that no portal has made is refused.
pub(super) async fn open(config: &Config) -> Result<(Store, Secrets), Box<dyn Error>> {
    if !config.data_dir.join("signing-key").is_file() {
        let fault = "is not a data directory; `gatekey serve` makes one";
        return Err(BadInput::at(&config.data_dir, fault).into());
    }
    let secrets = data_dir::open(&config.data_dir, config.encryption_keys.as_ref())?;
    let store = Store::open(config.database().expose()).await?;
    Ok((store, secrets))
}

/// The gateway of that id or name.
pub(super) async fn find_gateway(
    store: &Store,
    id_or_name: &str,
) -> Result<uuid::Uuid, Box<dyn Error>> {
    let found = crate::gateway::look_up(store.db(), id_or_name).await?;
    let unknown = || BadInput(format!("there is no gateway `{id_or_name}`"));
    Ok(found.ok_or_else(unknown)?.id)
}
