//! The data directory: tokens and keys that the first start makes and later starts read.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gatekey_core::digest::Pepper;
use gatekey_core::secret::Secret;
use gatekey_core::snapshot::SigningKey;

use crate::entropy;
use crate::vault::{KEY_BYTES, Vault};

/// What the portal knows and others must not.
pub(crate) struct Secrets {
    /// The administrator's token.
    pub(crate) admin_token: Secret<String>,
    /// The token of gateways.
    pub(crate) gateway_token: Secret<String>,
    /// Signs snapshots and deltas.
    pub(crate) signing_key: SigningKey,
    /// Peppers by which keys are digested; the first is for new keys.
    pub(crate) peppers: Vec<NamedPepper>,
    /// Seals what has to be read again and must not lie open in the database.
    pub(crate) vault: Vault,
}

/// A pepper together with its secret, which the filter's configuration needs.
pub(crate) struct NamedPepper {
    /// For digests.
    pub(crate) pepper: Pepper,
    /// The secret itself.
    pub(crate) secret: Secret<Vec<u8>>,
}

impl core::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Secrets(..)")
    }
}

/// The files of a data directory that make a portal itself: every process of it needs the same.
pub(crate) const FILES: [&str; 5] =
    ["admin-token", "gateway-token", "signing-key", "pepper", "encryption-key"];

/// What these files hold, as far as they are there.
pub(crate) fn files(data_dir: &Path) -> io::Result<Vec<(&'static str, Secret<String>)>> {
    let mut files = Vec::with_capacity(FILES.len());
    for name in FILES {
        match fs::read_to_string(data_dir.join(name)) {
            Ok(text) => files.push((name, Secret::new(text))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(files)
}

/// Where e-mails go that no server takes.
pub(crate) fn mailbox(data_dir: &Path) -> PathBuf {
    data_dir.join("mailbox")
}

/// Makes the directory and what is missing in it, and reads the rest.
/// Encryption keys that were given otherwise are taken instead of the directory's.
pub(crate) fn open(
    data_dir: &Path,
    encryption_keys: Option<&Secret<String>>,
) -> io::Result<Secrets> {
    for dir in [data_dir, &mailbox(data_dir)] {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    }
    let token = |name: &str, lead: &str| {
        secret_file(&data_dir.join(name), || Ok(format!("{lead}{}", entropy::token()?.expose())))
    };
    let admin_token = token("admin-token", "gk_admin_")?;
    let gateway_token = token("gateway-token", "gk_gateway_")?;
    for (name, token) in [("admin-token", &admin_token), ("gateway-token", &gateway_token)] {
        if token.expose().len() < 32 {
            return Err(broken(data_dir, name, "must have at least 32 characters"));
        }
    }
    secret_file(&data_dir.join("signing-key"), || Ok(STANDARD.encode(entropy::bytes::<32>()?)))?;
    let signing_key = read_signing_key(data_dir)?;
    let peppers = secret_file(&data_dir.join("pepper"), || {
        Ok(format!("p1:{}", STANDARD.encode(entropy::bytes::<32>()?)))
    })?;
    let peppers =
        read_peppers(peppers.expose()).map_err(|fault| broken(data_dir, "pepper", &fault))?;
    let vault = match encryption_keys {
        Some(keys) => Vault::read(keys.expose()).map_err(|fault| {
            io::Error::new(io::ErrorKind::InvalidInput, format!("GATEKEY_ENCRYPTION_KEYS: {fault}"))
        })?,
        None => {
            let keys = secret_file(&data_dir.join("encryption-key"), || {
                Ok(format!("k1:{}", STANDARD.encode(entropy::bytes::<KEY_BYTES>()?)))
            })?;
            Vault::read(keys.expose())
                .map_err(|fault| broken(data_dir, "encryption-key", &fault))?
        }
    };
    Ok(Secrets { admin_token, gateway_token, signing_key, peppers, vault })
}

/// Reads the key that signs, which has to be there.
pub(crate) fn read_signing_key(data_dir: &Path) -> io::Result<SigningKey> {
    let path = data_dir.join("signing-key");
    let located =
        |error: io::Error| io::Error::new(error.kind(), format!("`{}`: {error}", path.display()));
    let text = Secret::new(fs::read_to_string(&path).map_err(located)?);
    let seed = STANDARD.decode(text.expose().trim_end()).ok();
    let seed: Option<[u8; 32]> = seed.and_then(|seed| seed.try_into().ok());
    // Nothing but zeros is no key.
    let seed = seed.filter(|seed| seed.iter().any(|byte| *byte != 0));
    let seed = seed.ok_or_else(|| broken(data_dir, "signing-key", "must be 32 bytes in base64"))?;
    Ok(SigningKey::from_seed(seed))
}

/// One pepper per line, `id:base64`.
pub(crate) fn read_peppers(text: &str) -> Result<Vec<NamedPepper>, String> {
    let mut peppers = Vec::new();
    for line in text.lines() {
        let (id, secret) = line.split_once(':').ok_or("each line must be `id:base64`")?;
        let secret = STANDARD.decode(secret).map_err(|_| "the secret must be base64")?;
        let pepper = Pepper::new(id, &secret).map_err(|error| error.to_string())?;
        peppers.push(NamedPepper { pepper, secret: Secret::new(secret) });
    }
    if peppers.is_empty() { Err("there must be a line".into()) } else { Ok(peppers) }
}

/// Reads a file that only the owner may read, and makes it when it is missing. Of two processes
/// that start at once one makes it and both read it.
fn secret_file(
    path: &Path,
    make: impl FnOnce() -> Result<String, getrandom::Error>,
) -> io::Result<Secret<String>> {
    let located =
        |error: io::Error| io::Error::new(error.kind(), format!("`{}`: {error}", path.display()));
    if !path.exists() {
        let made = Secret::new(make().map_err(io::Error::other)?);
        let part = path.with_extension(format!("part{}", std::process::id()));
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&part)
            .map_err(located)?;
        writeln!(file, "{}", made.expose()).map_err(located)?;
        file.sync_all().map_err(located)?;
        match fs::hard_link(&part, path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(located(error));
            }
            _ => fs::remove_file(&part).map_err(located)?,
        }
    }
    let text = Secret::new(fs::read_to_string(path).map_err(located)?);
    Ok(Secret::new(text.expose().trim_end().to_owned()))
}

fn broken(data_dir: &Path, name: &str, fault: &str) -> io::Error {
    let path = data_dir.join(name);
    io::Error::new(io::ErrorKind::InvalidData, format!("`{}`: {fault}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_first_start_makes_what_later_starts_read() {
        let dir = tempfile::tempdir().unwrap();
        let data_dir = dir.path().join("new");
        let made = open(&data_dir, None).unwrap();
        let read = open(&data_dir, None).unwrap();
        assert_eq!(made.admin_token.expose(), read.admin_token.expose());
        assert_eq!(made.signing_key.verifying_key(), read.signing_key.verifying_key());
        assert_eq!(made.peppers[0].secret.expose(), read.peppers[0].secret.expose());
        for name in ["admin-token", "gateway-token", "signing-key", "pepper", "encryption-key"] {
            let mode = fs::metadata(data_dir.join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn broken_files_are_refused_by_name() {
        for (name, text) in [
            ("admin-token", "short"),
            ("signing-key", "not base64!"),
            ("signing-key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
            ("pepper", "p1"),
            ("pepper", "p1:c2hvcnQ="),
            ("encryption-key", "k1:c2hvcnQ="),
        ] {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join(name), text).unwrap();
            let error = open(dir.path(), None).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
    }
}
