//! The settings of strategies whose applications hold API keys.

use gatekey_core::lifecycle::credential::{Ttl, TtlUnit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::input::Given;
use crate::problem::{Invalid, Problem};
use crate::store::entity::strategy;

/// The unit of a time to live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum Unit {
    /// 24 hours.
    Days,
    /// 7 days.
    Weeks,
    /// 365 days.
    Years,
}

/// How long keys live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TimeToLive {
    /// How many units.
    #[schemars(range(min = 1, max = 36500))]
    pub(crate) value: u32,
    /// What is counted.
    pub(crate) unit: Unit,
}

/// The settings of a key-auth strategy, as they are stored and shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyAuth {
    /// Request headers that may carry the key, in order of preference.
    #[schemars(
        length(min = 1, max = 10),
        inner(length(min = 1, max = 256), regex(pattern = "^[a-zA-Z0-9!#$%&'*+.^_`|~-]+$"))
    )]
    pub(crate) key_names: Vec<String>,
    /// How long new keys live; for ever, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ttl: Option<TimeToLive>,
}

impl KeyAuth {
    /// The settings of a stored strategy.
    pub(crate) fn of(row: &strategy::Model) -> Result<Self, Problem> {
        serde_json::from_value(row.config.clone()).map_err(Problem::internal)
    }

    /// The time to live, in the core's terms.
    pub(crate) fn lifetime(&self) -> Option<Ttl> {
        self.ttl.map(|ttl| Ttl {
            value: ttl.value,
            unit: match ttl.unit {
                Unit::Days => TtlUnit::Days,
                Unit::Weeks => TtlUnit::Weeks,
                Unit::Years => TtlUnit::Years,
            },
        })
    }
}

/// Settings of a key-auth strategy to change.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyAuthEdit {
    #[serde(default)]
    #[schemars(
        length(min = 1, max = 10),
        inner(length(min = 1, max = 256), regex(pattern = "^[a-zA-Z0-9!#$%&'*+.^_`|~-]+$"))
    )]
    key_names: Given<Vec<String>>,
    #[serde(default)]
    ttl: Given<Option<TimeToLive>>,
}

impl KeyAuthEdit {
    /// The settings after the edit of those before.
    pub(super) fn apply(self, before: &strategy::Model) -> Result<Value, Problem> {
        let mut settings = KeyAuth::of(before)?;
        self.key_names.put(&mut settings.key_names);
        self.ttl.put(&mut settings.ttl);
        stored(settings)
    }
}

/// The settings as they are stored.
pub(super) fn stored(settings: KeyAuth) -> Result<Value, Problem> {
    let mut seen: Vec<String> = Vec::new();
    for (index, name) in settings.key_names.iter().enumerate() {
        let name = name.to_ascii_lowercase();
        if seen.contains(&name) {
            let field = format!("configs.key-auth.key_names.{index}");
            let reason = "must not repeat a name; letter case does not count";
            return Err(Problem::one_invalid(Invalid::body(field, "invalid", reason)));
        }
        seen.push(name);
    }
    serde_json::to_value(settings).map_err(Problem::internal)
}
