//! Configuration: the file `gatekey.toml`, overridden by `GATEKEY_...` variables, overridden by
//! flags. Everything has a default.

use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;
use std::path::{Path, PathBuf};

use gatekey_core::key::KeyFormat;
use gatekey_core::secret::Secret;
use serde::Deserialize;

use crate::outbound::Allowed;

mod smtp;
mod telemetry;

pub(crate) use self::smtp::SmtpLayer;
pub use self::smtp::{Smtp, Tls};
pub use self::telemetry::Telemetry;

/// Everything that can be configured, with its defaults.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where files are kept: the SQLite database, tokens and keys, the mailbox.
    pub data_dir: PathBuf,
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The database, when it is not the SQLite file in the data directory.
    pub database_url: Option<Secret<String>>,
    /// The base URL under which browsers and gateways reach the portal.
    pub public_url: Option<String>,
    /// The domain under which portals get their default domain.
    pub portal_domain: String,
    /// The words before the random part of a key.
    pub key_format: KeyFormat,
    /// How many changes gateways can catch up on; older ones cost them a snapshot.
    pub retained_changes: u64,
    /// How many proxies in front of the portal append to `X-Forwarded-For`.
    pub trusted_proxies: usize,
    /// How logs look.
    pub log_format: LogFormat,
    /// What is logged.
    pub log_level: LogLevel,
    /// How often one address may do what outsiders can do.
    pub throttle: Throttle,
    /// How long sessions and e-mailed tokens live.
    pub lifetimes: Lifetimes,
    /// The keys that seal what is encrypted at rest, one `id:base64` per line, when they are not
    /// in the data directory.
    pub encryption_keys: Option<Secret<String>>,
    /// Networks and hosts that may be called although they are not of the public internet. When
    /// nothing is said: this machine itself, if the portal listens to nobody else.
    pub outbound_allow: Option<Vec<String>>,
    /// How long a call to an identity provider may take.
    pub outbound_timeout: Duration,
    /// How authorization servers treat their keys.
    pub identity: Identity,
    /// Whether the data directory's keys may differ from those that the database was used with,
    /// and take their place.
    pub accept_new_keys: bool,
    /// How much clients may ask of the server.
    pub connections: Connections,
    /// The server that takes e-mails; without one they lie in the mailbox folder.
    pub smtp: Option<Smtp>,
    /// Where traces go; nowhere when nothing is said.
    pub telemetry: Option<Telemetry>,
    /// How long entries of the audit log are kept; without end when nothing is said.
    pub audit_retention: Option<Duration>,
    /// How long it is kept what gateways counted.
    pub usage: Usage,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from(".gatekey"),
            listen: SocketAddr::from(([127, 0, 0, 1], 8180)),
            database_url: None,
            public_url: None,
            portal_domain: "localhost".into(),
            key_format: KeyFormat::default(),
            retained_changes: 10_000,
            trusted_proxies: 0,
            log_format: LogFormat::Text,
            log_level: LogLevel::Info,
            throttle: Throttle::default(),
            lifetimes: Lifetimes::default(),
            encryption_keys: None,
            outbound_allow: None,
            outbound_timeout: Duration::from_secs(10),
            identity: Identity::default(),
            accept_new_keys: false,
            connections: Connections::default(),
            smtp: None,
            telemetry: None,
            audit_retention: None,
            usage: Usage::default(),
        }
    }
}

impl Config {
    /// The URL of the database.
    pub(crate) fn database(&self) -> Secret<String> {
        self.database_url.clone().unwrap_or_else(|| {
            let file = self.data_dir.join("gatekey.db");
            Secret::new(format!("sqlite:{}?mode=rwc", file.display()))
        })
    }

    /// Who may be called besides the public internet. What cannot be read allows nothing: it was
    /// refused before.
    pub(crate) fn outbound_allowed(&self) -> Vec<Allowed> {
        match &self.outbound_allow {
            Some(listed) => listed.iter().filter_map(|text| text.parse().ok()).collect(),
            None if self.listen.ip().is_loopback() => Allowed::LOOPBACK.to_vec(),
            None => Vec::new(),
        }
    }

    /// The base URL under which the portal is reached.
    pub(crate) fn base_url(&self) -> String {
        let default = || format!("http://{}", self.listen);
        self.public_url.clone().unwrap_or_else(default).trim_end_matches('/').to_owned()
    }
}

/// How logs look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One readable line per event.
    Text,
    /// One JSON object per event.
    Json,
}

/// What is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Failures only.
    Error,
    /// And what looks wrong.
    Warn,
    /// And what happened.
    Info,
    /// And how.
    Debug,
}

/// How often, per minute, one address may do what outsiders can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Throttle {
    /// Sign-ups.
    pub sign_ups: u32,
    /// Attempts to sign in.
    pub sign_ins: u32,
    /// Attempts that failed, per address and per account.
    pub failed_sign_ins: u32,
    /// Requests for, and uses of, tokens that reset a password or verify an address.
    pub resets: u32,
    /// Keys made.
    pub keys: u32,
    /// Attempts of a client to prove who it is that failed, per client and address; ten times as
    /// many per address.
    pub failed_clients: u32,
    /// Tokens, per client of an authorization server.
    pub client_tokens: u32,
    /// Clients that register themselves.
    pub client_registrations: u32,
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            sign_ups: 20,
            sign_ins: 60,
            failed_sign_ins: 10,
            resets: 40,
            keys: 60,
            failed_clients: 20,
            client_tokens: 6_000,
            client_registrations: 60,
        }
    }
}

/// How long things live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// An access token of a session.
    pub access: Duration,
    /// A session that is not refreshed.
    pub session: Duration,
    /// A token that verifies an address.
    pub verification: Duration,
    /// A token that sets a password.
    pub reset: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        let hours = |hours: u64| Duration::from_secs(hours * 3_600);
        Self { access: hours(1), session: hours(14 * 24), verification: hours(48), reset: hours(1) }
    }
}

/// How much clients may ask of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Connections {
    /// How many there may be at a time; more wait until one ends.
    pub most: u32,
    /// How long a client may take to send a request's head, and stay silent between two requests.
    #[serde(rename = "header_timeout_seconds", deserialize_with = "seconds")]
    #[cfg_attr(test, schemars(with = "u32"))]
    pub header_timeout: Duration,
}

impl Default for Connections {
    fn default() -> Self {
        Self { most: 10_000, header_timeout: Duration::from_secs(30) }
    }
}

impl Connections {
    fn check(&self) -> Result<(), ConfigError> {
        let fault = if self.most < 10 {
            "`connections.most`: must be at least 10"
        } else if self.header_timeout < Duration::from_secs(1) {
            "`connections.header_timeout_seconds`: must be at least 1"
        } else {
            return Ok(());
        };
        Err(ConfigError(fault.into()))
    }
}

/// How authorization servers treat the keys that they sign with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Identity {
    /// How long a key signs until another takes its place.
    #[serde(rename = "key_lifetime_seconds", deserialize_with = "seconds")]
    #[cfg_attr(test, schemars(with = "u32"))]
    pub key_lifetime: Duration,
    /// How long a key is published before it signs: nobody may remember a key set for longer.
    #[serde(rename = "publish_ahead_seconds", deserialize_with = "seconds")]
    #[cfg_attr(test, schemars(with = "u32"))]
    pub publish_ahead: Duration,
    /// How long a key stays published after it signed for the last time: as long as a token can
    /// live, and what clocks may differ by.
    #[serde(rename = "keep_retired_seconds", deserialize_with = "seconds")]
    #[cfg_attr(test, schemars(with = "u32"))]
    pub keep_retired: Duration,
}

impl Default for Identity {
    fn default() -> Self {
        let days = |days: u64| Duration::from_secs(days * 86_400);
        Self {
            key_lifetime: days(90),
            publish_ahead: Duration::from_secs(3_600),
            keep_retired: days(30) + Duration::from_secs(300),
        }
    }
}

impl Identity {
    fn check(&self) -> Result<(), ConfigError> {
        let minute = Duration::from_secs(60);
        let fault = if self.publish_ahead < minute {
            "`identity.publish_ahead_seconds`: must be at least 60"
        } else if self.key_lifetime < self.publish_ahead * 2 {
            "`identity.key_lifetime_seconds`: must be at least twice publish_ahead_seconds"
        } else if self.keep_retired < minute {
            "`identity.keep_retired_seconds`: must be at least 60"
        } else if self.key_lifetime.max(self.keep_retired) > Duration::from_secs(315_360_000) {
            "`identity`: nothing may take longer than ten years"
        } else {
            return Ok(());
        };
        Err(ConfigError(fault.into()))
    }
}

/// How long it is kept what gateways counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Usage {
    /// What was counted by the minute.
    #[serde(rename = "keep_minutes_seconds", deserialize_with = "seconds")]
    #[cfg_attr(test, schemars(with = "u32"))]
    pub minutes: Duration,
    /// What was counted by the hour.
    #[serde(rename = "keep_hours_seconds", deserialize_with = "seconds")]
    #[cfg_attr(test, schemars(with = "u32"))]
    pub hours: Duration,
    /// Calls that were refused.
    #[serde(rename = "keep_refusals_seconds", deserialize_with = "seconds")]
    #[cfg_attr(test, schemars(with = "u32"))]
    pub refusals: Duration,
    /// The most refused calls that are kept of one application; of callers without one, as many for
    /// each API.
    pub most_refusals: u32,
}

impl Default for Usage {
    fn default() -> Self {
        let days = |days: u64| Duration::from_secs(days * 86_400);
        Self { minutes: days(1), hours: days(90), refusals: days(1), most_refusals: 1_000 }
    }
}

impl Usage {
    fn check(&self) -> Result<(), ConfigError> {
        let fault = if self.minutes > Duration::from_secs(7 * 86_400) {
            "`usage.keep_minutes_seconds`: must be at most 604800"
        } else if self.hours < Duration::from_secs(86_400) {
            "`usage.keep_hours_seconds`: must be at least 86400"
        } else if self.refusals > Duration::from_secs(7 * 86_400) {
            "`usage.keep_refusals_seconds`: must be at most 604800"
        } else if self.most_refusals > 100_000 {
            "`usage.most_refusals`: must be at most 100000"
        } else {
            return Ok(());
        };
        Err(ConfigError(fault.into()))
    }
}

fn seconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u32::deserialize(deserializer).map(|seconds| Duration::from_secs(seconds.into()))
}

/// One layer of configuration: what a file, the environment or the flags say.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Layer {
    /// Where files are kept: the SQLite database, tokens and keys, the mailbox.
    pub(crate) data_dir: Option<PathBuf>,
    /// The address to listen on.
    pub(crate) listen: Option<SocketAddr>,
    /// The database: a `sqlite:` or `postgres:` URL. Without it SQLite, in the data directory.
    pub(crate) database_url: Option<String>,
    /// The base URL under which browsers and gateways reach the portal. Without it `http://` and
    /// the address that is listened on.
    pub(crate) public_url: Option<String>,
    /// The domain under which portals get their default domain.
    pub(crate) portal_domain: Option<String>,
    /// The first word of issued keys.
    pub(crate) key_prefix: Option<String>,
    /// The second word of issued keys.
    pub(crate) key_environment: Option<String>,
    /// How many changes gateways can catch up on; older ones cost them a snapshot.
    pub(crate) retained_changes: Option<u64>,
    /// How many proxies in front of the portal append to `X-Forwarded-For`.
    pub(crate) trusted_proxies: Option<usize>,
    /// How logs look.
    pub(crate) log_format: Option<LogFormat>,
    /// What is logged.
    pub(crate) log_level: Option<LogLevel>,
    /// How often, per minute, one address may do what outsiders can do.
    pub(crate) throttle: Option<Throttle>,
    /// The keys that seal what is encrypted at rest, one `id:base64` per line. Without it those in
    /// the data directory.
    pub(crate) encryption_keys: Option<String>,
    /// Networks and hosts that may be called although they are not of the public internet. Without
    /// it this machine itself, if the portal listens to nobody else.
    pub(crate) outbound_allow: Option<Vec<String>>,
    /// How long a call to somebody else's server may take, 1 to 120.
    pub(crate) outbound_timeout_seconds: Option<u64>,
    /// How authorization servers treat the keys that they sign with.
    pub(crate) identity: Option<Identity>,
    /// Whether the data directory's keys may differ from those that the database was used with, and
    /// take their place. For one start.
    pub(crate) accept_new_keys: Option<bool>,
    /// How much clients may ask of the server.
    pub(crate) connections: Option<Connections>,
    /// The server that takes e-mails. Without one they lie in the mailbox folder.
    pub(crate) smtp: Option<SmtpLayer>,
    /// A collector of OpenTelemetry, reached by OTLP over HTTP. Without one there are no traces.
    pub(crate) telemetry: Option<Telemetry>,
    /// The password for the mail server; it goes before the one in `[smtp]`.
    pub(crate) smtp_password: Option<String>,
    /// How many days entries of the audit log are kept. Without it they are kept without end.
    pub(crate) audit_retention_days: Option<u32>,
    /// How long it is kept what gateways counted.
    pub(crate) usage: Option<Usage>,
}

impl Layer {
    /// Reads the file; one that is not there is an error only when it was asked for by name.
    pub(crate) fn from_file(asked: Option<&Path>) -> Result<Self, ConfigError> {
        let path = asked.unwrap_or_else(|| Path::new("gatekey.toml"));
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if asked.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => return Err(ConfigError(format!("`{}`: {error}", path.display()))),
        };
        toml::from_str(&text).map_err(|error| ConfigError(format!("`{}`: {error}", path.display())))
    }

    /// What this layer says, and where it says nothing, what `below` says.
    pub(crate) fn over(self, below: Self) -> Self {
        Self {
            data_dir: self.data_dir.or(below.data_dir),
            listen: self.listen.or(below.listen),
            database_url: self.database_url.or(below.database_url),
            public_url: self.public_url.or(below.public_url),
            portal_domain: self.portal_domain.or(below.portal_domain),
            key_prefix: self.key_prefix.or(below.key_prefix),
            key_environment: self.key_environment.or(below.key_environment),
            retained_changes: self.retained_changes.or(below.retained_changes),
            trusted_proxies: self.trusted_proxies.or(below.trusted_proxies),
            log_format: self.log_format.or(below.log_format),
            log_level: self.log_level.or(below.log_level),
            throttle: self.throttle.or(below.throttle),
            encryption_keys: self.encryption_keys.or(below.encryption_keys),
            outbound_allow: self.outbound_allow.or(below.outbound_allow),
            outbound_timeout_seconds: self
                .outbound_timeout_seconds
                .or(below.outbound_timeout_seconds),
            identity: self.identity.or(below.identity),
            accept_new_keys: self.accept_new_keys.or(below.accept_new_keys),
            connections: self.connections.or(below.connections),
            smtp: self.smtp.or(below.smtp),
            telemetry: self.telemetry.or(below.telemetry),
            smtp_password: self.smtp_password.or(below.smtp_password),
            audit_retention_days: self.audit_retention_days.or(below.audit_retention_days),
            usage: self.usage.or(below.usage),
        }
    }

    /// Checks what is said and puts defaults where nothing is.
    pub(crate) fn complete(self) -> Result<Config, ConfigError> {
        let default = Config::default();
        let prefix = self.key_prefix.as_deref().unwrap_or("gk");
        let environment = self.key_environment.as_deref().unwrap_or("live");
        let key_format = KeyFormat::new(prefix, environment)
            .map_err(|error| ConfigError(format!("`key_prefix`, `key_environment`: {error}")))?;
        if let Some(url) = &self.database_url
            && !["sqlite:", "postgres:", "postgresql:"].iter().any(|scheme| url.starts_with(scheme))
        {
            return Err(ConfigError("`database_url`: must be a SQLite or PostgreSQL URL".into()));
        }
        if let Some(url) = &self.public_url
            && !["http://", "https://"].iter().any(|scheme| url.starts_with(scheme))
        {
            return Err(ConfigError("`public_url`: must be an http or https URL".into()));
        }
        for text in self.outbound_allow.iter().flatten() {
            let parsed = text.parse::<Allowed>();
            parsed.map_err(|fault| ConfigError(format!("`outbound_allow`: {fault}")))?;
        }
        if self.outbound_timeout_seconds.is_some_and(|seconds| !(1..=120).contains(&seconds)) {
            return Err(ConfigError("`outbound_timeout_seconds`: must be 1 to 120".into()));
        }
        let identity = self.identity.unwrap_or(default.identity);
        identity.check()?;
        let connections = self.connections.unwrap_or(default.connections);
        connections.check()?;
        if self.audit_retention_days == Some(0) {
            return Err(ConfigError("`audit_retention_days`: must be at least 1".into()));
        }
        let password = self.smtp_password.map(Secret::new);
        let smtp = self.smtp.map(|smtp| smtp.complete(password)).transpose()?;
        if let Some(telemetry) = &self.telemetry {
            telemetry.check()?;
        }
        let usage = self.usage.unwrap_or(default.usage);
        usage.check()?;
        Ok(Config {
            data_dir: self.data_dir.unwrap_or(default.data_dir),
            listen: self.listen.unwrap_or(default.listen),
            database_url: self.database_url.map(Secret::new),
            public_url: self.public_url,
            portal_domain: self.portal_domain.unwrap_or(default.portal_domain),
            key_format,
            retained_changes: self.retained_changes.unwrap_or(default.retained_changes),
            trusted_proxies: self.trusted_proxies.unwrap_or(default.trusted_proxies),
            log_format: self.log_format.unwrap_or(default.log_format),
            log_level: self.log_level.unwrap_or(default.log_level),
            throttle: self.throttle.unwrap_or(default.throttle),
            lifetimes: default.lifetimes,
            identity,
            accept_new_keys: self.accept_new_keys.unwrap_or(default.accept_new_keys),
            connections,
            smtp,
            telemetry: self.telemetry,
            audit_retention: self
                .audit_retention_days
                .map(|days| Duration::from_secs(u64::from(days) * 86_400)),
            usage,
            encryption_keys: self.encryption_keys.map(Secret::new),
            outbound_allow: self.outbound_allow,
            outbound_timeout: self
                .outbound_timeout_seconds
                .map_or(default.outbound_timeout, Duration::from_secs),
        })
    }
}

/// A configuration that cannot be used.
#[derive(Debug)]
pub struct ConfigError(String);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "configuration: {}", self.0)
    }
}

impl core::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upper_layers_win_and_the_rest_is_default() {
        let file: Layer =
            toml::from_str("listen = \"127.0.0.1:1\"\nkey_prefix = \"acme\"\n[throttle]\nkeys = 5")
                .unwrap();
        let flags = Layer { listen: Some("127.0.0.1:2".parse().unwrap()), ..Layer::default() };
        let config = flags.over(file).complete().unwrap();
        assert_eq!(config.listen.port(), 2);
        assert_eq!(config.key_format, KeyFormat::new("acme", "live").unwrap());
        assert_eq!(config.throttle, Throttle { keys: 5, ..Throttle::default() });
        assert_eq!(config.data_dir, Path::new(".gatekey"));
        assert_eq!(config.database().expose(), "sqlite:.gatekey/gatekey.db?mode=rwc");
        assert_eq!(config.base_url(), "http://127.0.0.1:2");
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        assert!(toml::from_str::<Layer>("lisen = 1").unwrap_err().to_string().contains("lisen"));
        for (text, blamed) in [
            ("key_prefix = \"A B\"", "key_prefix"),
            ("database_url = \"mysql://x\"", "database_url"),
            ("public_url = \"ftp://x\"", "public_url"),
            ("[connections]\nmost = 9", "connections.most"),
            ("[connections]\nheader_timeout_seconds = 0", "connections.header_timeout_seconds"),
            ("[identity]\npublish_ahead_seconds = 59", "identity.publish_ahead_seconds"),
            ("[identity]\nkey_lifetime_seconds = 7199", "identity.key_lifetime_seconds"),
            ("[identity]\nkeep_retired_seconds = 0", "identity.keep_retired_seconds"),
            ("[usage]\nkeep_minutes_seconds = 604801", "usage.keep_minutes_seconds"),
            ("[usage]\nkeep_hours_seconds = 86399", "usage.keep_hours_seconds"),
            ("[usage]\nkeep_refusals_seconds = 604801", "usage.keep_refusals_seconds"),
            ("[usage]\nmost_refusals = 100001", "usage.most_refusals"),
            ("outbound_allow = [\"10.0.0.0/40\"]", "outbound_allow"),
            ("outbound_timeout_seconds = 0", "outbound_timeout_seconds"),
        ] {
            let error = toml::from_str::<Layer>(text).unwrap().complete().unwrap_err();
            assert!(error.to_string().contains(blamed), "{error}");
        }
    }
}
