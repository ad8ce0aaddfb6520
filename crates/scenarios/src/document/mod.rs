//! The scenario file: a policy, a gateway, and cases that send requests and say what must come
//! of them. Things are called by readable names; ids and keys are derived from the names.

mod policy;
mod step;
mod token;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::policy::{
    Application, Change, Consumer, Credential, KeySource, Limit, LimitKind, Name, OpenIdConnect,
    Policy, Publication, Record, RecordName, Registration, RegistrationStatus, Route, Scheme,
    Service, Strategy, StrategyMethod,
};
pub use self::step::{CallerName, Expect, HeaderValue, Request, Step};
pub use self::token::Token;

/// The version of the format that this crate reads.
pub const VERSION: u32 = 1;

/// A scenario file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Gatekey scenario file", rename = "ScenarioFile")]
pub struct Document {
    /// The version of the format: 1.
    #[schemars(extend("const" = 1))]
    pub version: u32,
    /// What the file is called: its file name without the ending.
    pub name: String,
    /// What the file is about.
    pub about: String,
    /// The policy of every case.
    pub policy: Policy,
    /// The gateway's settings.
    #[serde(default, skip_serializing_if = "is_default")]
    pub gateway: Gateway,
    /// How the policy reached the gateway.
    #[serde(default, skip_serializing_if = "is_default")]
    pub snapshot: Snapshot,
    /// Tokens that requests may carry, by name.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tokens: BTreeMap<Name, Token>,
    /// Subjects that run none of the cases, and why not.
    #[serde(default, skip_serializing_if = "is_default")]
    pub skip: BTreeMap<String, String>,
    /// The cases, each with a gateway of its own.
    pub cases: Vec<Case>,
}

/// One story, told to a fresh gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What the case is called.
    pub name: String,
    /// What has to be known to understand the case.
    #[serde(default, skip_serializing_if = "is_default")]
    pub about: String,
    /// More tokens, or others of the same names.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tokens: BTreeMap<Name, Token>,
    /// Changes of the file's policy before it reaches the gateway.
    #[serde(default, skip_serializing_if = "is_default")]
    pub with: Vec<Change>,
    /// The gateway's settings, in place of the file's.
    #[serde(default, skip_serializing_if = "is_default")]
    pub gateway: Option<Gateway>,
    /// How the policy reached the gateway, in place of what the file says.
    #[serde(default, skip_serializing_if = "is_default")]
    pub snapshot: Option<Snapshot>,
    /// Subjects that do not run the case, and why not.
    #[serde(default, skip_serializing_if = "is_default")]
    pub skip: BTreeMap<String, String>,
    /// Parameters: the case is run once for each row, with `{{parameter}}` replaced in every
    /// text. The parameter `row` names the row.
    #[serde(default, skip_serializing_if = "is_default")]
    pub table: Vec<BTreeMap<String, String>>,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// What the operator of the gateway decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Gateway {
    /// The peppers, by id; their secrets are derived from the ids.
    pub peppers: Vec<String>,
    /// The service of every request, by name or `{{service:name}}`.
    #[serde(skip_serializing_if = "is_default")]
    pub service: Option<String>,
    /// What happens to a request that belongs to no service.
    pub unknown_route: UnknownRoute,
    /// How old the policy may get.
    pub staleness: Staleness,
    /// Whether the credential is kept from the upstream.
    pub hide_credentials: bool,
    /// The realm in the challenge.
    #[serde(skip_serializing_if = "is_default")]
    pub realm: Option<String>,
}

impl Default for Gateway {
    fn default() -> Self {
        Self {
            peppers: vec!["p1".into()],
            service: None,
            unknown_route: UnknownRoute::Refuse,
            staleness: Staleness::default(),
            hide_credentials: true,
            realm: None,
        }
    }
}

/// What happens to a request that belongs to no service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnknownRoute {
    /// It is refused.
    Refuse,
    /// It passes without any check.
    Pass,
}

/// How old the policy may get, and what happens then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Staleness {
    /// Seconds after the portal's last word during which all is normal.
    pub max_seconds: u64,
    /// What happens later.
    pub then: WhenStale,
}

impl Default for Staleness {
    fn default() -> Self {
        Self { max_seconds: 86_400, then: WhenStale::DenyAll }
    }
}

/// What a gateway does with a policy that is too old.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhenStale {
    /// Every request is answered with 503.
    DenyAll,
    /// Only credentials that were let through before go on.
    DenyNew,
    /// The old policy goes on deciding.
    ServeKnown,
}

/// How the policy reached the gateway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Snapshot {
    /// How long before the start of the case the portal made it.
    #[serde(skip_serializing_if = "is_default")]
    pub issued_seconds_ago: u64,
    /// It never arrived.
    #[serde(skip_serializing_if = "is_default")]
    pub missing: bool,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
