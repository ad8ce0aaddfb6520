//! The configuration as it is written down. These types are the reference: the JSON Schema beside
//! each filter is generated from them, and the tests hold the reader against what `serde` derives.

mod provider;

use gatekey_core::check::{self, WhenStale};
use gatekey_core::json::{Fault, Node};
use gatekey_core::secret::Secret;
#[cfg(any(test, feature = "schema"))]
use serde::{Deserialize, Deserializer};

pub(super) use self::provider::{ClientAuth, Provider, Session};
use super::fields::{Fields, Named, Read, word};

/// The version of the configuration this build reads.
pub(super) const VERSION: u32 = 1;

/// Configuration of a Gatekey filter.
#[derive(Debug)]
#[cfg_attr(any(test, feature = "schema"), derive(Deserialize), serde(untagged))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(title = "Gatekey filter configuration"))]
#[allow(clippy::large_enum_variant, reason = "there is one, and only for a moment")]
pub enum Raw {
    /// The entry that decides.
    Filter(Filter),
    /// A second entry of the module, later in the chain.
    Gate(Gate),
}

impl Read for Raw {
    fn read(node: Node<'_>, name: &str) -> Result<Self, Fault> {
        let fields = Fields::of(node, name)?;
        if fields.has("role") {
            Gate::read(fields).map(Self::Gate)
        } else {
            Filter::read(fields).map(Self::Filter)
        }
    }
}

/// A second entry of the module, later in the chain: it lets through what the first one has let
/// through, and nothing else. For nginx and Kong, where a request may go on by itself when a filter
/// that waits for an answer fails.
#[derive(Debug)]
#[cfg_attr(any(test, feature = "schema"), derive(Deserialize), serde(deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Gate {
    /// The version of this format.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1)))]
    #[allow(dead_code, reason = "read before the rest, so that other versions are named")]
    pub(super) version: u32,
    /// That this entry is a gate.
    #[allow(dead_code, reason = "there is one role to name")]
    pub(super) role: Role,
    /// The host that runs the filter: `nginx` or `kong`.
    pub(super) host: HostKind,
}

impl Gate {
    fn read(mut fields: Fields<'_>) -> Result<Self, Fault> {
        let gate = Self {
            version: fields.required("version")?,
            role: fields.required("role")?,
            host: fields.required("host")?,
        };
        fields.end().map(|()| gate)
    }
}

/// The entry that decides about requests.
#[derive(Debug)]
#[cfg_attr(any(test, feature = "schema"), derive(Deserialize), serde(deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Filter {
    /// The version of this format.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1)))]
    #[allow(dead_code, reason = "read before the rest, so that other versions are named")]
    pub(super) version: u32,
    /// The host that runs the filter: Envoy unless it is said.
    #[cfg_attr(any(test, feature = "schema"), serde(default))]
    pub(super) host: HostKind,
    /// The id of this gateway in the portal (Konnect: control plane).
    #[cfg_attr(feature = "schema", schemars(extend("format" = "uuid")))]
    pub(super) gateway_id: String,
    /// The service of every request, by name or id. Without it the host and then the routes of the
    /// portal decide.
    #[cfg_attr(any(test, feature = "schema"), serde(default))]
    pub(super) service: Option<String>,
    /// Whether the host says which service a request is for: Envoy by the route's metadata
    /// (`filter_metadata.gatekey.service`), Kong by the id and then the name of its service.
    /// Ignored when `service` is set.
    #[cfg_attr(any(test, feature = "schema"), serde(default = "yes"))]
    pub(super) service_from_route_metadata: bool,
    /// What happens to requests that belong to no service: they are refused unless it is said.
    #[cfg_attr(any(test, feature = "schema"), serde(default))]
    pub(super) unknown_route: UnknownRoute,
    /// The secrets under which keys are digested: one, or two while they are exchanged.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 2)))]
    pub(super) peppers: Vec<Pepper>,
    /// The Ed25519 public keys (32 bytes, base64) whose snapshots are believed.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 4)))]
    pub(super) snapshot_keys: Vec<String>,
    /// Where the portal is. Without it the policy is that of `snapshot` for ever.
    #[cfg_attr(any(test, feature = "schema"), serde(default))]
    pub(super) sync: Option<Sync>,
    /// A snapshot to start from.
    #[cfg_attr(any(test, feature = "schema"), serde(default))]
    pub(super) snapshot: Option<Snapshot>,
    /// What happens when the portal has been silent for too long. By default, after a day every
    /// request is answered with 503.
    #[cfg_attr(any(test, feature = "schema"), serde(default))]
    pub(super) staleness: Staleness,
    /// Whether the header with the key is removed from requests that pass. On nginx and Kong it
    /// is emptied: what is removed there still reaches the upstream.
    #[cfg_attr(any(test, feature = "schema"), serde(default = "yes"))]
    pub(super) hide_credentials: bool,
    /// The realm named in `WWW-Authenticate`.
    #[cfg_attr(any(test, feature = "schema"), serde(default))]
    pub(super) realm: Option<String>,
    /// Whether counters are reported to the host. By default they are on Envoy, and are not on
    /// nginx and Kong: up to Kong 3.7 they would make every request fail.
    #[cfg_attr(any(test, feature = "schema"), serde(default))]
    pub(super) metrics: Option<bool>,
    /// Whether every refusal is logged with its reason.
    #[cfg_attr(any(test, feature = "schema"), serde(default = "yes"))]
    pub(super) log_refusals: bool,
    /// Whether every decision is logged, as one object of JSON that `gatekey explain --log` reads.
    /// Then refusals are not logged in words.
    #[cfg_attr(any(test, feature = "schema"), serde(default))]
    pub(super) decision_log: bool,
    /// How the upstream is told who calls: by headers unless it is said.
    #[cfg_attr(any(test, feature = "schema"), serde(default))]
    pub(super) identity: Identity,
    /// Whether a second entry of the module stands later in the chain, with the role `gate`. For
    /// nginx and Kong.
    #[cfg_attr(any(test, feature = "schema"), serde(default))]
    pub(super) gate: bool,
    /// The zone of shared data, `*` for the default one. For nginx and Kong, where a zone that
    /// does not exist is fatal. Without it each worker follows the portal by itself.
    #[cfg_attr(any(test, feature = "schema"), serde(default))]
    pub(super) shared_data_zone: Option<String>,
    /// A snapshot of more bytes than this is not shared; each worker then follows the portal by
    /// itself. The zone needs four times as many.
    #[cfg_attr(any(test, feature = "schema"), serde(default = "shared_data_max_bytes"))]
    #[cfg_attr(feature = "schema", schemars(range(min = 4_096)))]
    pub(super) shared_data_max_bytes: u32,
    /// The gateway's own clients at identity providers: who it is when it asks about a token or
    /// exchanges a code.
    #[cfg_attr(any(test, feature = "schema"), serde(default))]
    #[cfg_attr(feature = "schema", schemars(length(max = 64)))]
    pub(super) providers: Vec<Provider>,
    /// Where calls to identity providers go, by logical name: that of a strategy, or the host (and
    /// port, when there is one) of an endpoint. What is not named here is not called.
    #[cfg_attr(any(test, feature = "schema"), serde(default))]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "std::collections::BTreeMap<String, Upstream>")
    )]
    #[cfg_attr(feature = "schema", schemars(extend("maxProperties" = 64)))]
    pub(super) upstreams: Named<Upstream>,
    /// Under what sessions and sign-ins are sealed. Without it there are none.
    #[cfg_attr(any(test, feature = "schema"), serde(default))]
    pub(super) session: Option<Session>,
    /// Whether a request may wait for an identity provider. By default it may on Envoy, and may
    /// not on nginx and Kong, where keys are fetched between requests only, and where it needs
    /// `gate`: a request that waits there can go on by itself.
    #[cfg_attr(any(test, feature = "schema"), serde(default))]
    pub(super) request_calls: Option<bool>,
    /// How many tokens are remembered with what was found out about them.
    #[cfg_attr(any(test, feature = "schema"), serde(default = "token_cache_entries"))]
    #[cfg_attr(feature = "schema", schemars(range(max = 65_536)))]
    pub(super) token_cache_entries: u32,
    /// How many requests may wait for identity providers at a time. More are answered with 503.
    #[cfg_attr(any(test, feature = "schema"), serde(default = "max_waiting"))]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 65_536)))]
    pub(super) max_waiting: u32,
    /// Whether the host verifies the signatures that it can, which is faster. By default it does.
    /// For Envoy.
    #[cfg_attr(any(test, feature = "schema"), serde(default))]
    pub(super) accelerator: Option<bool>,
}

impl Filter {
    fn read(mut fields: Fields<'_>) -> Result<Self, Fault> {
        let filter = Self {
            version: fields.required("version")?,
            host: fields.or("host", HostKind::default())?,
            gateway_id: fields.required("gateway_id")?,
            service: fields.or("service", None)?,
            service_from_route_metadata: fields.or("service_from_route_metadata", yes())?,
            unknown_route: fields.or("unknown_route", UnknownRoute::default())?,
            peppers: fields.required("peppers")?,
            snapshot_keys: fields.required("snapshot_keys")?,
            sync: fields.or("sync", None)?,
            snapshot: fields.or("snapshot", None)?,
            staleness: fields.or("staleness", Staleness::default())?,
            hide_credentials: fields.or("hide_credentials", yes())?,
            realm: fields.or("realm", None)?,
            metrics: fields.or("metrics", None)?,
            log_refusals: fields.or("log_refusals", yes())?,
            decision_log: fields.or("decision_log", false)?,
            identity: fields.or("identity", Identity::default())?,
            gate: fields.or("gate", false)?,
            shared_data_zone: fields.or("shared_data_zone", None)?,
            shared_data_max_bytes: fields.or("shared_data_max_bytes", shared_data_max_bytes())?,
            providers: fields.or("providers", Vec::new())?,
            upstreams: fields.or("upstreams", Named::default())?,
            session: fields.or("session", None)?,
            request_calls: fields.or("request_calls", None)?,
            token_cache_entries: fields.or("token_cache_entries", token_cache_entries())?,
            max_waiting: fields.or("max_waiting", max_waiting())?,
            accelerator: fields.or("accelerator", None)?,
        };
        fields.end().map(|()| filter)
    }
}

/// For a zone of 4 MiB.
const fn shared_data_max_bytes() -> u32 {
    1 << 20
}

const fn token_cache_entries() -> u32 {
    4_096
}

const fn max_waiting() -> u32 {
    1_024
}

const fn yes() -> bool {
    true
}

/// The host that runs the filter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(any(test, feature = "schema"), derive(Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) enum HostKind {
    /// Envoy 1.33 or later.
    #[default]
    Envoy,
    /// nginx with `ngx_wasm_module` 0.6.
    Nginx,
    /// Kong 3.4 to 3.9.
    Kong,
}

impl HostKind {
    /// Whether the host is Envoy; the others are `ngx_wasm_module`.
    pub(crate) const fn is_envoy(self) -> bool {
        matches!(self, Self::Envoy)
    }
}

impl Read for HostKind {
    fn read(node: Node<'_>, name: &str) -> Result<Self, Fault> {
        Ok(match word(node, name, &["envoy", "nginx", "kong"])? {
            0 => Self::Envoy,
            1 => Self::Nginx,
            _ => Self::Kong,
        })
    }
}

/// The role of an entry that does not decide.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(any(test, feature = "schema"), derive(Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) enum Role {
    /// It lets through what the first entry has let through.
    Gate,
}

impl Read for Role {
    fn read(node: Node<'_>, name: &str) -> Result<Self, Fault> {
        word(node, name, &["gate"]).map(|_| Self::Gate)
    }
}

/// How the upstream is told who calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(any(test, feature = "schema"), derive(Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) enum Identity {
    /// By request headers that the filter adds.
    #[default]
    Headers,
    /// By nginx variables, such as `$gatekey_consumer_id` for `x-consumer-id`, which the
    /// operator's `proxy_set_header` puts into headers. For nginx and Kong.
    Variables,
}

impl Read for Identity {
    fn read(node: Node<'_>, name: &str) -> Result<Self, Fault> {
        Ok(match word(node, name, &["headers", "variables"])? {
            0 => Self::Headers,
            _ => Self::Variables,
        })
    }
}

/// What happens to requests that belong to no service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(any(test, feature = "schema"), derive(Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) enum UnknownRoute {
    /// They are refused.
    #[default]
    Refuse,
    /// They pass without any check.
    Pass,
}

impl Read for UnknownRoute {
    fn read(node: Node<'_>, name: &str) -> Result<Self, Fault> {
        Ok(match word(node, name, &["refuse", "pass"])? {
            0 => Self::Refuse,
            _ => Self::Pass,
        })
    }
}

impl From<UnknownRoute> for check::UnknownRoute {
    fn from(raw: UnknownRoute) -> Self {
        match raw {
            UnknownRoute::Refuse => Self::Refuse,
            UnknownRoute::Pass => Self::Pass,
        }
    }
}

/// A secret under which keys are digested.
#[derive(Debug)]
#[cfg_attr(any(test, feature = "schema"), derive(Deserialize), serde(deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct Pepper {
    /// Its public name.
    pub(super) id: String,
    /// At least 32 bytes, base64.
    #[cfg_attr(any(test, feature = "schema"), serde(deserialize_with = "secret"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub(super) secret: Secret<String>,
}

impl Read for Pepper {
    fn read(node: Node<'_>, name: &str) -> Result<Self, Fault> {
        let mut fields = Fields::of(node, name)?;
        let pepper = Self { id: fields.required("id")?, secret: fields.required("secret")? };
        fields.end().map(|()| pepper)
    }
}

/// Where the portal is and how it is polled.
#[derive(Debug)]
#[cfg_attr(any(test, feature = "schema"), derive(Deserialize), serde(deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct Sync {
    /// The portal's address, as the host knows it.
    pub(super) upstream: Upstream,
    /// The gateway token.
    #[cfg_attr(any(test, feature = "schema"), serde(deserialize_with = "secret"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub(super) token: Secret<String>,
    /// How long the portal may hold a poll open, in seconds.
    #[cfg_attr(any(test, feature = "schema"), serde(default = "wait_seconds"))]
    #[cfg_attr(feature = "schema", schemars(range(max = 60)))]
    pub(super) wait_seconds: u32,
    /// How long an answer may take beyond that, in milliseconds.
    #[cfg_attr(any(test, feature = "schema"), serde(default = "timeout_ms"))]
    #[cfg_attr(feature = "schema", schemars(range(min = 100, max = 60_000)))]
    pub(super) timeout_ms: u32,
}

impl Read for Sync {
    fn read(node: Node<'_>, name: &str) -> Result<Self, Fault> {
        let mut fields = Fields::of(node, name)?;
        let sync = Self {
            upstream: fields.required("upstream")?,
            token: fields.required("token")?,
            wait_seconds: fields.or("wait_seconds", wait_seconds())?,
            timeout_ms: fields.or("timeout_ms", timeout_ms())?,
        };
        fields.end().map(|()| sync)
    }
}

/// Below the idle limits of common proxies.
const fn wait_seconds() -> u32 {
    25
}

const fn timeout_ms() -> u32 {
    5_000
}

/// An address, as the host needs it.
#[derive(Debug)]
#[cfg_attr(any(test, feature = "schema"), derive(Deserialize), serde(deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct Upstream {
    /// The Envoy cluster. TLS is the cluster's matter. For Envoy.
    #[cfg_attr(any(test, feature = "schema"), serde(default))]
    pub(super) envoy_cluster: Option<String>,
    /// `host:port`, or `unix:` and a path. For nginx and Kong.
    #[cfg_attr(any(test, feature = "schema"), serde(default))]
    pub(super) address: Option<String>,
    /// The host name it is asked for.
    pub(super) authority: String,
    /// How it is spoken to. For nginx and Kong.
    #[cfg_attr(any(test, feature = "schema"), serde(default))]
    pub(super) scheme: Option<Scheme>,
    /// A path below which it is mounted.
    #[cfg_attr(any(test, feature = "schema"), serde(default))]
    pub(super) path_prefix: String,
    /// That the operator has switched on what is off by default: `tls_verify_cert`,
    /// `tls_verify_host` and `tls_trusted_certificate`; on Kong `lua_ssl_verify_depth` and
    /// `lua_ssl_trusted_certificate`. `https` is refused without it. For nginx and Kong.
    #[cfg_attr(any(test, feature = "schema"), serde(default))]
    pub(super) tls_verified: Option<bool>,
}

impl Read for Upstream {
    fn read(node: Node<'_>, name: &str) -> Result<Self, Fault> {
        let mut fields = Fields::of(node, name)?;
        let upstream = Self {
            envoy_cluster: fields.or("envoy_cluster", None)?,
            address: fields.or("address", None)?,
            authority: fields.required("authority")?,
            scheme: fields.or("scheme", None)?,
            path_prefix: fields.or("path_prefix", String::new())?,
            tls_verified: fields.or("tls_verified", None)?,
        };
        fields.end().map(|()| upstream)
    }
}

/// How an upstream is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(any(test, feature = "schema"), derive(Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) enum Scheme {
    /// In the clear: the portal's documents are signed, but no token and no secret is hidden.
    Http,
    /// By TLS.
    Https,
}

impl Read for Scheme {
    fn read(node: Node<'_>, name: &str) -> Result<Self, Fault> {
        Ok(match word(node, name, &["http", "https"])? {
            0 => Self::Http,
            _ => Self::Https,
        })
    }
}

/// A snapshot to start from.
#[derive(Debug)]
#[cfg_attr(any(test, feature = "schema"), derive(Deserialize), serde(deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct Snapshot {
    /// What `gatekey snapshot save` wrote, base64.
    pub(super) inline: String,
}

impl Read for Snapshot {
    fn read(node: Node<'_>, name: &str) -> Result<Self, Fault> {
        let mut fields = Fields::of(node, name)?;
        let snapshot = Self { inline: fields.required("inline")? };
        fields.end().map(|()| snapshot)
    }
}

/// What happens when the portal has been silent for too long.
#[derive(Debug)]
#[cfg_attr(any(test, feature = "schema"), derive(Deserialize), serde(deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct Staleness {
    /// Seconds after the portal's last word during which all is normal.
    pub(super) max_seconds: u64,
    /// What happens later.
    pub(super) then: Then,
}

impl Read for Staleness {
    fn read(node: Node<'_>, name: &str) -> Result<Self, Fault> {
        let mut fields = Fields::of(node, name)?;
        let staleness =
            Self { max_seconds: fields.required("max_seconds")?, then: fields.required("then")? };
        fields.end().map(|()| staleness)
    }
}

impl Default for Staleness {
    fn default() -> Self {
        let default = check::Staleness::default();
        Self { max_seconds: default.max_seconds, then: Then::DenyAll }
    }
}

/// What happens later.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(any(test, feature = "schema"), derive(Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) enum Then {
    /// Every request is answered with 503.
    DenyAll,
    /// Credentials that this worker let through before go on; others are answered with 503.
    DenyNew,
    /// The last policy goes on deciding.
    ServeKnown,
}

impl Read for Then {
    fn read(node: Node<'_>, name: &str) -> Result<Self, Fault> {
        Ok(match word(node, name, &["deny_all", "deny_new", "serve_known"])? {
            0 => Self::DenyAll,
            1 => Self::DenyNew,
            _ => Self::ServeKnown,
        })
    }
}

impl From<Staleness> for check::Staleness {
    fn from(raw: Staleness) -> Self {
        let then = match raw.then {
            Then::DenyAll => WhenStale::DenyAll,
            Then::DenyNew => WhenStale::DenyNew,
            Then::ServeKnown => WhenStale::ServeKnown,
        };
        Self { max_seconds: raw.max_seconds, then }
    }
}

#[cfg(any(test, feature = "schema"))]
fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret<String>, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}
