//! The configuration of a filter: JSON, versioned, refused as a whole when anything is wrong.

mod fields;
mod provider;
mod raw;
mod upstream;

use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use gatekey_core::check::{CallOuts, Settings};
use gatekey_core::digest::Pepper;
use gatekey_core::id::GatewayId;
use gatekey_core::json::{self, Fault};
use gatekey_core::secret::Secret;
use gatekey_core::snapshot::VerifyingKey;
use gatekey_core::sync::Timing;

use self::fields::{Fields, Read};
/// The document as it is written down, for generating its JSON Schema.
pub use self::raw::{Filter as FilterDocument, Gate as GateDocument, Raw as Document};
use self::raw::{Filter, Raw};
pub(crate) use self::raw::{HostKind, Identity};

/// How much of a configuration is read. Its strings may have any length.
const LIMITS: json::Limits = json::Limits { depth: 16, members: 1_024, nodes: 16_384 };

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
    pub(crate) host: HostKind,
    pub(crate) gateway: GatewayId,
    pub(crate) settings: Settings,
    pub(crate) snapshot_keys: Vec<VerifyingKey>,
    pub(crate) sync: Option<Sync>,
    pub(crate) snapshot: Option<Vec<u8>>,
    pub(crate) hide_credentials: bool,
    /// The value of `WWW-Authenticate`.
    pub(crate) challenge: String,
    pub(crate) service_from_host: bool,
    pub(crate) metrics: bool,
    pub(crate) log_refusals: bool,
    pub(crate) decision_log: bool,
    pub(crate) identity: Identity,
    /// A gate later in the chain waits for a word.
    pub(crate) gate: bool,
    pub(crate) sharing: Sharing,
    pub(crate) realm: Option<String>,
    /// Where identity providers are, by logical name in lower case.
    pub(crate) upstreams: Vec<(Box<str>, Upstream)>,
    pub(crate) session: Option<SessionSecrets>,
    pub(crate) token_cache_entries: usize,
    pub(crate) max_waiting: usize,
    /// The host may verify signatures.
    pub(crate) accelerator: bool,
}

/// What is shared with the other workers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// Nothing: a host that lacks the zone of shared data must not be asked for it.
    Nothing,
    /// Documents.
    Documents {
        /// What stands before every key.
        prefix: String,
        /// The largest snapshot.
        max_bytes: usize,
        /// A write with the number 0 fails when there is a value.
        zero_means_absent: bool,
    },
}

/// A configuration of an entry in a chain of filters.
#[derive(Debug)]
pub enum Entry {
    /// It decides.
    Filter(Box<Config>),
    /// It lets through what an earlier entry has let through.
    Gate,
}

impl Entry {
    /// Reads a configuration.
    ///
    /// # Errors
    ///
    /// With the place (line and column, or the field's path) and the rule that is broken.
    pub fn parse(json: &[u8]) -> Result<Self, ConfigError> {
        match parse(json)? {
            Raw::Filter(filter) => {
                Config::try_from(filter).map(|config| Self::Filter(Box::new(config)))
            }
            Raw::Gate(gate) if gate.host.is_envoy() => {
                Err(ConfigError::at("role", "a gate is for the hosts `nginx` and `kong`"))
            }
            Raw::Gate(_) => Ok(Self::Gate),
        }
    }
}

/// Reads the version first, so that a later format is named instead of misread.
fn parse(json: &[u8]) -> Result<Raw, ConfigError> {
    let located = |Fault { at, rule }: Fault| {
        let before = json.get(..at).unwrap_or(json);
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let column = at - start + usize::from(at < json.len());
        ConfigError::at(format!("line {line} column {column}"), rule)
    };
    let version = json::read(json, &LIMITS).and_then(|node| {
        let mut fields = Fields::of(node, "the configuration")?;
        fields.required::<u32>("version")
    });
    let version = version.map_err(located)?;
    if version != raw::VERSION {
        let rule = format!("is {version}, this build reads {}", raw::VERSION);
        return Err(ConfigError::at("version", rule));
    }
    json::read(json, &LIMITS).and_then(|node| Raw::read(node, "the configuration")).map_err(located)
}

/// Where calls go.
#[derive(Debug)]
pub(crate) struct Upstream {
    /// What the host calls it: a cluster, or an address.
    pub(crate) upstream: String,
    /// Said to the hosts that do not know it by themselves.
    pub(crate) scheme: Option<&'static str>,
    pub(crate) authority: String,
    pub(crate) path_prefix: String,
}

/// Under what sessions and sign-ins are sealed. Keys are derived from it by modules that have
/// sessions; others do not link what that takes.
#[derive(Debug)]
pub(crate) struct SessionSecrets {
    /// It seals and opens.
    pub(crate) current: Secret<Vec<u8>>,
    /// It opens only, while secrets are exchanged.
    pub(crate) previous: Option<Secret<Vec<u8>>>,
}

/// Where the portal is.
#[derive(Debug)]
pub(crate) struct Sync {
    pub(crate) upstream: Upstream,
    /// The value of `Authorization`.
    pub(crate) authorization: Secret<String>,
    pub(crate) timing: Timing,
}

impl Config {
    /// Reads a configuration.
    ///
    /// # Errors
    ///
    /// With the place (line and column, or the field's path) and the rule that is broken. A gate
    /// has no such configuration.
    pub fn parse(json: &[u8]) -> Result<Self, ConfigError> {
        match Entry::parse(json)? {
            Entry::Filter(config) => Ok(*config),
            Entry::Gate => Err(ConfigError::at("role", "a gate decides nothing")),
        }
    }

    /// Where the calls with this logical name (in lower case) go.
    pub(crate) fn upstream(&self, name: &str) -> Option<&Upstream> {
        self.upstreams.iter().find(|(known, _)| **known == *name).map(|(_, upstream)| upstream)
    }
}

impl TryFrom<Filter> for Config {
    type Error = ConfigError;

    fn try_from(raw: Filter) -> Result<Self, ConfigError> {
        let gateway = raw
            .gateway_id
            .parse()
            .map_err(|error| ConfigError::at("gateway_id", format!("{error}")))?;
        if raw.sync.is_none() && raw.snapshot.is_none() {
            return Err(ConfigError::at("sync", "one of `sync` and `snapshot` is required"));
        }
        let host = raw.host;
        for (place, given) in [
            ("identity", raw.identity == Identity::Variables),
            ("gate", raw.gate),
            ("shared_data_zone", raw.shared_data_zone.is_some()),
        ] {
            if host.is_envoy() && given {
                return Err(ConfigError::at(place, "is for the hosts `nginx` and `kong`"));
            }
        }
        // There a request that waits goes on by itself when the filter fails.
        if raw.request_calls == Some(true) && !host.is_envoy() && !raw.gate {
            return Err(ConfigError::at("request_calls", "needs `gate` on this host"));
        }
        if raw.accelerator.is_some() && !host.is_envoy() {
            return Err(ConfigError::at("accelerator", "is for the host `envoy`"));
        }
        if raw.token_cache_entries > 65_536 {
            return Err(ConfigError::at("token_cache_entries", "must be at most 65536"));
        }
        if !(1..=65_536).contains(&raw.max_waiting) {
            return Err(ConfigError::at("max_waiting", "must be 1 to 65536"));
        }
        let sharing = sharing(&raw)?;
        let service_from_host =
            raw.service_from_route_metadata && raw.service.is_none() && host != HostKind::Nginx;
        let settings = Settings {
            peppers: peppers(&raw)?,
            service: raw.service.as_deref().map(Into::into),
            unknown_route: raw.unknown_route.into(),
            staleness: raw.staleness.into(),
            call_outs: match raw.request_calls.unwrap_or(host.is_envoy()) {
                false => CallOuts::Never,
                true if host.is_envoy() => CallOuts::Shared,
                true => CallOuts::Each,
            },
            clients: provider::clients(raw.providers)?,
            // Made of the secret by whoever can seal.
            session: None,
        };
        Ok(Self {
            host,
            gateway,
            sharing,
            settings,
            snapshot_keys: snapshot_keys(&raw.snapshot_keys)?,
            sync: raw.sync.map(|sync| Sync::new(sync, host)).transpose()?,
            snapshot: match &raw.snapshot {
                None => None,
                Some(snapshot) => Some(decoded("snapshot.inline", &snapshot.inline)?),
            },
            hide_credentials: raw.hide_credentials,
            challenge: challenge(raw.realm.as_deref())?,
            service_from_host,
            metrics: raw.metrics.unwrap_or(host.is_envoy()),
            log_refusals: raw.log_refusals,
            decision_log: raw.decision_log,
            identity: raw.identity,
            gate: raw.gate,
            realm: raw.realm,
            upstreams: provider::upstreams(raw.upstreams, host)?,
            session: provider::session(raw.session)?,
            token_cache_entries: raw.token_cache_entries as usize,
            max_waiting: raw.max_waiting as usize,
            accelerator: raw.accelerator.unwrap_or(host.is_envoy()),
        })
    }
}

fn decoded(place: &str, text: &str) -> Result<Vec<u8>, ConfigError> {
    BASE64.decode(text).map_err(|_| ConfigError::at(place, "must be base64 with padding"))
}

fn sharing(raw: &Filter) -> Result<Sharing, ConfigError> {
    if raw.host.is_envoy() {
        let (max_bytes, zero_means_absent) = (usize::MAX, false);
        return Ok(Sharing::Documents { prefix: String::new(), max_bytes, zero_means_absent });
    }
    if raw.shared_data_max_bytes < 4_096 {
        return Err(ConfigError::at("shared_data_max_bytes", "must be at least 4096"));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let prefix = match raw.shared_data_zone.as_deref() {
        None => return Ok(Sharing::Nothing),
        Some("*") => String::new(),
        Some(zone) if !zone.is_empty() && zone.bytes().all(plain) => format!("{zone}/"),
        Some(_) => {
            return Err(ConfigError::at("shared_data_zone", "must be the name of a zone, or `*`"));
        }
    };
    let max_bytes = raw.shared_data_max_bytes as usize;
    Ok(Sharing::Documents { prefix, max_bytes, zero_means_absent: true })
}

fn peppers(raw: &Filter) -> Result<Vec<Pepper>, ConfigError> {
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

#[cfg(test)]
mod tests;
