//! The settings of strategies whose applications are known to an identity provider.
//!
//! They are kept and shown as they were given. What they may say is the gateway's to know: core
//! reads them here as it reads them there, so that nothing is accepted that a gateway would refuse.

use std::borrow::Cow;

use gatekey_core::oidc::settings::{Settings, SettingsFault};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use sea_orm::ConnectionTrait;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::app::App;
use crate::input::check_part;
use crate::problem::{Invalid, Problem};
use crate::usecase::issuer::{self, Discovery, Entered, Status};

/// Where the settings stand in a body.
const PLACE: &str = "configs.openid-connect";
/// Settings for which null says something else than their absence.
const NULL_SAYS_NONE: [&str; 2] = ["introspection_hint", "upstream_access_token_header"];

/// The members that Konnect requires. Beside them may stand every other setting of the page about
/// settings of OpenID Connect strategies.
#[derive(Debug, JsonSchema)]
#[schemars(rename = "OpenIdConnect")]
#[allow(dead_code, reason = "only its schema is used")]
struct Required {
    /// The identity provider, as people know it.
    #[schemars(length(max = 256))]
    issuer: String,
    /// The path to the claim that holds the client id.
    #[schemars(length(max = 10), inner(length(max = 128)))]
    credential_claim: Vec<String>,
    /// The scopes that are asked for.
    #[schemars(length(max = 50), inner(length(max = 128)))]
    scopes: Vec<String>,
    /// The ways to prove who calls.
    #[schemars(length(max = 10), inner(length(max = 64)))]
    auth_methods: Vec<String>,
    /// Every other setting.
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// Settings as they were given. They are checked once it is known that they are wanted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct Given(Map<String, Value>);

impl JsonSchema for Given {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "OpenIdConnectSettings".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let required = generator.subschema_for::<Required>();
        json_schema!({ "type": "object", "allOf": [required] })
    }
}

/// Settings to change: null removes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct Edit(Map<String, Value>);

impl JsonSchema for Edit {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "OpenIdConnectEdit".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "additionalProperties": true,
            "description": "Settings to change. Null removes an optional one."
        })
    }
}

/// Settings that were checked, and what is known of their issuer.
pub(super) struct Checked {
    pub(super) config: Value,
    pub(super) discovery: Discovery,
}

impl Given {
    /// Checks the settings of a strategy. `before` is what was known of its issuer.
    pub(super) async fn check(
        self,
        app: &App,
        db: &impl ConnectionTrait,
        before: Option<Discovery>,
    ) -> Result<Checked, Problem> {
        let config = Value::Object(self.0);
        check_part::<Required>(&config, PLACE)?;
        if let Some(at) = nul(&config, PLACE) {
            let reason = "must not contain the character U+0000";
            return Err(Problem::one_invalid(Invalid::body(at, "invalid", reason)));
        }
        let issuer = config.get("issuer").and_then(Value::as_str).unwrap_or_default();
        let entered = Entered::read(issuer).map_err(blame_issuer)?;
        let settings = read(&config, entered.issuer())?;
        let now = app.clock.now();
        // Keys that are given leave nothing to ask for but endpoints, which gateways look for
        // where the issuer is exactly.
        let discovery = if settings.jwks.is_some() || !settings.needs_discovery() {
            if entered.is_place() {
                return Err(blame_issuer(
                    "must be the issuer exactly as in `iss`: with these settings it is not \
                     discovered",
                ));
            }
            Discovery::not_needed(issuer)
        } else {
            match before.filter(|known| known.status != Status::NotNeeded) {
                Some(known) if known.entered == issuer => known,
                known => {
                    check_place(app, db, issuer, &entered).await?;
                    let known = known.map_or_else(
                        || Discovery::pending(issuer, now),
                        |known| known.respelled(&entered, issuer, now),
                    );
                    issuer::at_once(app, db, known, &entered).await?
                }
            }
        };
        Ok(Checked { config, discovery })
    }

    /// Settings as they are stored.
    pub(super) fn stored(config: &Value) -> Map<String, Value> {
        config.as_object().cloned().unwrap_or_default()
    }
}

impl Edit {
    /// The settings after the edit of those before.
    pub(super) fn apply(self, before: &Value) -> Given {
        let mut settings = Given::stored(before);
        for (name, value) in self.0 {
            if value.is_null() && !NULL_SAYS_NONE.contains(&name.as_str()) {
                settings.remove(&name);
            } else {
                settings.insert(name, value);
            }
        }
        Given(settings)
    }
}

/// Whether an issuer is one of the portal's own, or lies where it may be asked.
async fn check_place(
    app: &App,
    db: &impl ConnectionTrait,
    issuer: &str,
    entered: &Entered,
) -> Result<(), Problem> {
    if issuer::is_own(app, entered) {
        if issuer::own_server(app, db, entered).await?.is_none() {
            let field = format!("{PLACE}.issuer");
            let fault = Invalid::body(field, "missing_reference", "Auth server not found");
            return Err(Problem::one_invalid(fault));
        }
    } else if let Err(fault) = app.outbound.check_url(issuer) {
        return Err(blame_issuer(&fault.to_string()));
    }
    Ok(())
}

/// The settings as a gateway reads them: with the issuer in the place of what was entered.
pub(crate) fn with_issuer(config: &Value, issuer: &str) -> Value {
    let mut config = config.clone();
    if let Some(place) = config.get_mut("issuer") {
        *place = issuer.into();
    }
    config
}

fn read(config: &Value, issuer: &str) -> Result<Settings, Problem> {
    let text = with_issuer(config, issuer).to_string();
    Settings::parse(text.as_bytes()).map_err(|fault| Problem::one_invalid(located(&fault)))
}

/// A fault of core's, as one of a body.
fn located(fault: &SettingsFault) -> Invalid {
    let mut field = PLACE.to_owned();
    for part in fault.field.split(['[', ']']).filter(|part| !part.is_empty()) {
        field.push('.');
        field.push_str(part);
    }
    let starts = |start: &str| fault.rule.starts_with(start);
    let rule = if fault.rule == "is required" || starts("is required ") {
        "required"
    } else if starts("is a se") || starts("is not a setting") {
        // Settings of Kong's that are not implemented, secrets, and what is no setting at all.
        "unknown_property"
    } else if starts("must be true or false") {
        "is_boolean"
    } else {
        "invalid"
    };
    Invalid::body(field, rule, fault.rule.clone())
}

fn blame_issuer(reason: &str) -> Problem {
    Problem::one_invalid(Invalid::body(format!("{PLACE}.issuer"), "invalid", reason))
}

/// Where a character stands that PostgreSQL cannot store.
fn nul(value: &Value, at: &str) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(|| at.to_owned()),
        Value::Array(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(index, item)| nul(item, &format!("{at}.{index}")))
        }
        Value::Object(members) => members.iter().find_map(|(name, value)| {
            if name.contains('\0') {
                Some(at.to_owned())
            } else {
                nul(value, &format!("{at}.{name}"))
            }
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn faults(change: &Value) -> Vec<(String, &'static str)> {
        let mut config = json!({
            "issuer": "https://idp.test",
            "credential_claim": ["sub"],
            "scopes": ["openid"],
            "auth_methods": ["bearer"]
        });
        for (name, value) in change.as_object().unwrap() {
            config[name] = value.clone();
        }
        let text = with_issuer(&config, "https://idp.test").to_string();
        let fault = Settings::parse(text.as_bytes()).err();
        fault
            .map(|fault| located(&fault))
            .map(|fault| (fault.field, fault.rule))
            .into_iter()
            .collect()
    }

    #[test]
    fn faults_name_the_setting_and_the_rule() {
        assert_eq!(faults(&json!({"leeway": 3})), []);
        for (change, field, rule) in [
            (json!({"labels": {}}), ".labels", "unknown_property"),
            (json!({"client_secret": "x"}), ".client_secret", "unknown_property"),
            (json!({"consumer_claims": []}), ".consumer_claims", "unknown_property"),
            (json!({"scopes": ["a", "b c"]}), ".scopes.1", "invalid"),
            (json!({"auth_methods": ["password"]}), ".client_id", "required"),
            (json!({"hide_credentials": "no"}), ".hide_credentials", "is_boolean"),
            (json!({"leeway": 61}), ".leeway", "invalid"),
        ] {
            assert_eq!(faults(&change), [(format!("{PLACE}{field}"), rule)]);
        }
    }

    #[test]
    fn null_removes_what_it_does_not_mean() {
        let before = json!({"issuer": "i", "leeway": 1, "introspection_hint": "x"});
        let edit = json!({"leeway": null, "introspection_hint": null, "scopes": ["a"]});
        let Value::Object(edit) = edit else { panic!() };
        let Given(after) = Edit(edit).apply(&before);
        let expected = json!({"issuer": "i", "introspection_hint": null, "scopes": ["a"]});
        assert_eq!(Value::Object(after), expected);
    }

    #[test]
    fn what_postgresql_cannot_store_is_found() {
        assert_eq!(nul(&json!({"a": [1, "b\0"]}), "x"), Some("x.a.1".into()));
        assert_eq!(nul(&json!({"a\0": 1}), "x"), Some("x".into()));
        assert_eq!(nul(&json!({"a": ["b", null]}), "x"), None);
    }
}
