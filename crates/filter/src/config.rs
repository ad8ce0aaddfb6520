//! The configuration of a filter: JSON, versioned, refused as a whole when anything is wrong.

mod raw;

use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use gatekey_core::check::Settings;
use gatekey_core::digest::Pepper;
use gatekey_core::id::GatewayId;
use gatekey_core::secret::Secret;
use gatekey_core::snapshot::VerifyingKey;
use gatekey_core::sync::Timing;

/// The document as it is written down, for generating its JSON Schema.
pub use self::raw::Raw as Document;
use self::raw::{HostKind, Raw};

/// What is wrong with a configuration, and where.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError {
    place: String,
    rule: String,
}

impl ConfigError {
    fn at(place: impl Into<String>, rule: impl Into<String>) -> Self {
        Self { place: place.into(), rule: rule.into() }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.rule)
    }
}

impl core::error::Error for ConfigError {}

/// A configuration that can be worked with.
#[derive(Debug)]
pub struct Config {
    pub(crate) gateway: GatewayId,
    pub(crate) settings: Settings,
    pub(crate) snapshot_keys: Vec<VerifyingKey>,
    pub(crate) sync: Option<Sync>,
    pub(crate) snapshot: Option<Vec<u8>>,
    pub(crate) hide_credentials: bool,
    /// The value of `WWW-Authenticate`.
    pub(crate) challenge: String,
    pub(crate) service_from_route: bool,
    pub(crate) metrics: bool,
    pub(crate) log_refusals: bool,
}

/// Where the portal is.
#[derive(Debug)]
pub(crate) struct Sync {
    pub(crate) cluster: String,
    pub(crate) authority: String,
    pub(crate) path_prefix: String,
    /// The value of `Authorization`.
    pub(crate) authorization: Secret<String>,
    pub(crate) timing: Timing,
}

impl Config {
    /// Reads a configuration.
    ///
    /// # Errors
    ///
    /// With the place (line and column, or the field's path) and the rule that is broken.
    pub fn parse(json: &[u8]) -> Result<Self, ConfigError> {
        Raw::parse(json)?.try_into()
    }
}

impl TryFrom<Raw> for Config {
    type Error = ConfigError;

    fn try_from(raw: Raw) -> Result<Self, ConfigError> {
        let HostKind::Envoy = raw.host;
        let gateway = raw
            .gateway_id
            .parse()
            .map_err(|error| ConfigError::at("gateway_id", format!("{error}")))?;
        if raw.sync.is_none() && raw.snapshot.is_none() {
            return Err(ConfigError::at("sync", "one of `sync` and `snapshot` is required"));
        }
        let service_from_route = raw.service_from_route_metadata && raw.service.is_none();
        let settings = Settings {
            peppers: peppers(&raw)?,
            service: raw.service.as_deref().map(Into::into),
            unknown_route: raw.unknown_route.into(),
            staleness: raw.staleness.into(),
        };
        Ok(Self {
            gateway,
            settings,
            snapshot_keys: snapshot_keys(&raw.snapshot_keys)?,
            sync: raw.sync.map(TryInto::try_into).transpose()?,
            snapshot: match &raw.snapshot {
                None => None,
                Some(snapshot) => Some(decoded("snapshot.inline", &snapshot.inline)?),
            },
            hide_credentials: raw.hide_credentials,
            challenge: challenge(raw.realm.as_deref())?,
            service_from_route,
            metrics: raw.metrics,
            log_refusals: raw.log_refusals,
        })
    }
}

fn decoded(place: &str, text: &str) -> Result<Vec<u8>, ConfigError> {
    BASE64.decode(text).map_err(|_| ConfigError::at(place, "must be base64 with padding"))
}

fn peppers(raw: &Raw) -> Result<Vec<Pepper>, ConfigError> {
    if !(1..=2).contains(&raw.peppers.len()) {
        return Err(ConfigError::at("peppers", "must have one or two items"));
    }
    let peppers = raw.peppers.iter().enumerate().map(|(at, pepper)| {
        let place = format!("peppers[{at}].secret");
        let secret = Secret::new(decoded(&place, pepper.secret.expose())?);
        Pepper::new(&pepper.id, secret.expose())
            .map_err(|error| ConfigError::at(format!("peppers[{at}]"), format!("{error}")))
    });
    peppers.collect()
}

fn snapshot_keys(raw: &[String]) -> Result<Vec<VerifyingKey>, ConfigError> {
    if !(1..=4).contains(&raw.len()) {
        return Err(ConfigError::at("snapshot_keys", "must have one to four items"));
    }
    let keys = raw.iter().enumerate().map(|(at, key)| {
        let place = format!("snapshot_keys[{at}]");
        let bytes: [u8; 32] = decoded(&place, key)?
            .try_into()
            .map_err(|_| ConfigError::at(&*place, "must have 32 bytes"))?;
        Ok(VerifyingKey::from_bytes(bytes))
    });
    keys.collect()
}

fn challenge(realm: Option<&str>) -> Result<String, ConfigError> {
    let plain = |c: char| (' '..='~').contains(&c) && c != '"' && c != '\\';
    match realm {
        None => Ok("Key".into()),
        Some(realm) if realm.len() <= 128 && realm.chars().all(plain) => {
            Ok(format!("Key realm=\"{realm}\""))
        }
        Some(_) => Err(ConfigError::at(
            "realm",
            "must have at most 128 printable ASCII characters without `\"` and `\\`",
        )),
    }
}

impl TryFrom<raw::Sync> for Sync {
    type Error = ConfigError;

    fn try_from(raw: raw::Sync) -> Result<Self, ConfigError> {
        let token = raw.token.expose();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ConfigError::at("sync.token", "must be printable ASCII without spaces"));
        }
        let upstream = raw.upstream;
        for (place, text) in [
            ("sync.upstream.envoy_cluster", &upstream.envoy_cluster),
            ("sync.upstream.authority", &upstream.authority),
        ] {
            if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(ConfigError::at(place, "must be printable ASCII without spaces"));
            }
        }
        let prefix = upstream.path_prefix.trim_end_matches('/');
        if !prefix.is_empty() && !prefix.starts_with('/') {
            return Err(ConfigError::at("sync.upstream.path_prefix", "must begin with `/`"));
        }
        if raw.wait_seconds > 60 {
            return Err(ConfigError::at("sync.wait_seconds", "must be at most 60"));
        }
        if !(100..=60_000).contains(&raw.timeout_ms) {
            return Err(ConfigError::at("sync.timeout_ms", "must be 100 to 60000"));
        }
        Ok(Self {
            authorization: Secret::new(format!("Bearer {token}")),
            path_prefix: prefix.into(),
            cluster: upstream.envoy_cluster,
            authority: upstream.authority,
            timing: Timing { wait_seconds: raw.wait_seconds, timeout_ms: raw.timeout_ms },
        })
    }
}

#[cfg(test)]
mod tests;
