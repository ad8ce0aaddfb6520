//! What `dcr_config` of each kind of provider holds: one table, from which the checks of bodies,
//! their description and what is shown all follow.

use gatekey_dcr::{Kind, Provider};
use schemars::{Schema, json_schema};
use serde_json::{Map, Value, json};

use crate::input;
use crate::problem::{Invalid, Problem};

/// Where it stands in a body.
pub(super) const PLACE: &str = "dcr_config";
/// The longest text, as Konnect has it.
const LONGEST: u64 = 256;
/// More days than any provider lets a secret last.
const MOST_DAYS: u64 = 3_650;

/// A member.
#[derive(Clone, Copy, Debug)]
struct Member {
    name: &'static str,
    holds: Holds,
    need: Need,
}

/// What a member holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Text,
    /// A text that is kept sealed and never shown.
    Secret,
    /// A secret with its least length and its characters.
    Key(u64, &'static str),
    /// A URL that may be called.
    Url,
    Flag,
    /// A number of days.
    Days,
    /// One of these; the first if nothing is said.
    Choice(&'static [&'static str]),
}

/// Whether a member has to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    Required,
    /// It may be missing; null removes it.
    Optional,
    /// It may be missing or null, and is shown as null then.
    Nullable,
}

impl Member {
    const fn new(name: &'static str, holds: Holds, need: Need) -> Self {
        Self { name, holds, need }
    }

    const fn is_secret(&self) -> bool {
        matches!(self.holds, Holds::Secret | Holds::Key(..))
    }

    /// What is shown when nothing was said.
    fn default(&self) -> Option<Value> {
        match (self.holds, self.need) {
            (_, Need::Nullable) => Some(Value::Null),
            (Holds::Flag, _) => Some(false.into()),
            (Holds::Choice(choices), _) => choices.first().map(|first| (*first).into()),
            _ => None,
        }
    }

    fn schema(&self, editing: bool) -> Value {
        let mut schema = match self.holds {
            Holds::Text | Holds::Secret | Holds::Url => {
                json!({"type": "string", "minLength": 1, "maxLength": LONGEST})
            }
            Holds::Key(least, pattern) => {
                json!({"type": "string", "minLength": least, "maxLength": LONGEST,
                    "pattern": pattern})
            }
            Holds::Flag => json!({"type": "boolean"}),
            Holds::Days => json!({"type": "integer", "minimum": 1, "maximum": MOST_DAYS}),
            Holds::Choice(choices) => json!({"type": "string", "enum": choices}),
        };
        let nullable = self.need == Need::Nullable || editing && self.need == Need::Optional;
        if nullable && self.holds != Holds::Flag {
            schema = json!({"anyOf": [schema, {"type": "null"}]});
        }
        if let Value::Object(schema) = &mut schema
            && self.is_secret()
        {
            schema.insert("writeOnly".into(), true.into());
        }
        schema
    }
}

const fn required(name: &'static str, holds: Holds) -> Member {
    Member::new(name, holds, Need::Required)
}

const fn optional(name: &'static str, holds: Holds) -> Member {
    Member::new(name, holds, Need::Optional)
}

const CLIENT: &[Member] =
    &[required("initial_client_id", Holds::Text), required("initial_client_secret", Holds::Secret)];

/// The last three are ours: for clouds whose endpoints do not follow from the issuer, and for tenants
/// with a policy about secrets.
const AZURE_AD: &[Member] = &[
    required("initial_client_id", Holds::Text),
    required("initial_client_secret", Holds::Secret),
    optional("login_url", Holds::Url),
    optional("graph_url", Holds::Url),
    optional("secret_lifetime_days", Holds::Days),
];

const AUTH0: &[Member] = &[
    required("initial_client_id", Holds::Text),
    required("initial_client_secret", Holds::Secret),
    Member::new("initial_client_audience", Holds::Text, Need::Nullable),
    optional("use_developer_managed_scopes", Holds::Flag),
];

const OKTA: &[Member] = &[required("dcr_token", Holds::Secret)];

const HTTP: &[Member] = &[
    required("dcr_base_url", Holds::Url),
    required("api_key", Holds::Key(12, "^[a-zA-Z0-9_]+$")),
    optional("disable_event_hooks", Holds::Flag),
    optional("disable_refresh_secret", Holds::Flag),
    optional("allow_multiple_credentials", Holds::Flag),
];

const RFC7591: &[Member] = &[
    optional("registration_endpoint", Holds::Url),
    optional("initial_access_token", Holds::Secret),
    optional("rotate", Holds::Choice(&["update", "reregister", "none"])),
    optional("read", Holds::Choice(&["none", "safe", "rotating"])),
    optional(
        "token_endpoint_auth_method",
        Holds::Choice(&["client_secret_basic", "client_secret_post"]),
    ),
    optional("default_redirect_uri", Holds::Url),
];

const fn members(kind: Kind) -> &'static [Member] {
    match kind {
        Kind::Auth0 => AUTH0,
        Kind::AzureAd => AZURE_AD,
        Kind::Curity => CLIENT,
        Kind::Okta => OKTA,
        Kind::KongIdentity => &[],
        Kind::Http => HTTP,
        Kind::Rfc7591 => RFC7591,
    }
}

/// The schema of the configuration of a kind, for a new provider or for an edit.
fn schema(kind: Kind, editing: bool) -> Value {
    let all = members(kind);
    let properties: Map<String, Value> =
        all.iter().map(|member| (member.name.to_owned(), member.schema(editing))).collect();
    let needed = all.iter().filter(|member| !editing && member.need == Need::Required);
    let needed: Vec<_> = needed.map(|member| member.name).collect();
    json!({
        "title": kind.as_str(),
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
        "required": needed
    })
}

/// The schema of the configuration of any kind, as it is described.
pub(super) fn described(editing: bool) -> Schema {
    let kinds: Vec<_> = Kind::ALL.into_iter().map(|kind| schema(kind, editing)).collect();
    json_schema!({ "type": "object", "oneOf": kinds })
}

/// A configuration: what may be shown of it, and what may not.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Config {
    pub(super) public: Map<String, Value>,
    pub(super) secrets: Map<String, Value>,
}

impl Config {
    /// The configuration of a provider.
    pub(super) fn of(provider: Provider) -> Self {
        Self { public: provider.config, secrets: provider.secrets }
    }

    /// The configuration after new members were put into it; `editing` when it is one that exists.
    pub(super) fn put(
        mut self,
        kind: Kind,
        given: Map<String, Value>,
        editing: bool,
    ) -> Result<Self, Problem> {
        let given = Value::Object(given);
        let faults = input::faults(&schema(kind, editing), &given, PLACE);
        if !faults.is_empty() {
            return Err(Problem::invalid(faults));
        }
        for member in members(kind) {
            let Some(value) = given.get(member.name) else { continue };
            let place = if member.is_secret() { &mut self.secrets } else { &mut self.public };
            if value.is_null() {
                place.remove(member.name);
            } else {
                place.insert(member.name.to_owned(), value.clone());
            }
        }
        Ok(self)
    }

    /// Checks the URLs in it.
    pub(super) fn check_urls<F: core::fmt::Display>(
        &self,
        kind: Kind,
        check: impl Fn(&str) -> Result<(), F>,
    ) -> Result<(), Problem> {
        for member in members(kind).iter().filter(|member| member.holds == Holds::Url) {
            let Some(url) = self.public.get(member.name).and_then(Value::as_str) else { continue };
            check(url).map_err(|fault| {
                let field = format!("{PLACE}.{}", member.name);
                Problem::one_invalid(Invalid::body(field, "invalid", fault.to_string()))
            })?;
        }
        Ok(())
    }
}

/// What is shown of a stored configuration.
pub(super) fn shown(kind: Kind, public: &Value) -> Map<String, Value> {
    let open = members(kind).iter().filter(|member| !member.is_secret());
    open.filter_map(|member| {
        let value = public.get(member.name).cloned().or_else(|| member.default())?;
        Some((member.name.to_owned(), value))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(members) => members,
            other => panic!("{other}"),
        }
    }

    fn put(kind: Kind, given: Value) -> Result<Config, Problem> {
        Config::default().put(kind, object(given), false)
    }

    #[test]
    fn secrets_are_kept_apart_and_never_shown() {
        for kind in Kind::ALL {
            let mut given = Map::new();
            for member in members(kind) {
                let value = match member.holds {
                    Holds::Flag => true.into(),
                    Holds::Days => 30.into(),
                    Holds::Choice(choices) => choices[0].into(),
                    Holds::Url => "https://idp.test".into(),
                    Holds::Text => "public".into(),
                    Holds::Secret | Holds::Key(..) => "very_secret_text".into(),
                };
                given.insert(member.name.into(), value);
            }
            let config = put(kind, Value::Object(given)).unwrap();
            let public = Value::Object(config.public);
            let shown = Value::Object(shown(kind, &public)).to_string();
            assert!(!public.to_string().contains("secret_text"), "{public}");
            assert!(!shown.contains("secret_text"), "{shown}");
            let secret = members(kind).iter().any(Member::is_secret);
            assert_eq!(secret, !config.secrets.is_empty(), "{}", kind.as_str());
        }
    }

    #[test]
    fn members_of_other_kinds_are_refused() {
        for (kind, given) in [
            (Kind::Okta, json!({"dcr_token": "t", "api_key": "abcdefghijkl"})),
            (Kind::Okta, json!({})),
            (Kind::KongIdentity, json!({"initial_client_id": "a"})),
            (Kind::Http, json!({"dcr_base_url": "https://a.test", "api_key": "short"})),
            (Kind::Http, json!({"dcr_base_url": "https://a.test", "api_key": "not-allowed-here"})),
            (Kind::Rfc7591, json!({"read": "sometimes"})),
            (Kind::Auth0, json!({"initial_client_id": "a", "initial_client_secret": null})),
        ] {
            assert!(put(kind, given.clone()).is_err(), "{given}");
        }
        assert!(put(Kind::Rfc7591, json!({})).is_ok());
    }

    #[test]
    fn edits_keep_what_they_do_not_name() {
        let given = json!({
            "initial_client_id": "a", "initial_client_secret": "s", "initial_client_audience": "u"
        });
        let before = put(Kind::Auth0, given).unwrap();
        let edit = object(json!({"initial_client_audience": null, "initial_client_id": "b"}));
        let after = before.put(Kind::Auth0, edit, true).unwrap();
        assert_eq!(after.secrets, object(json!({"initial_client_secret": "s"})));
        assert_eq!(
            Value::Object(shown(Kind::Auth0, &Value::Object(after.public.clone()))),
            json!({
                "initial_client_id": "b",
                "initial_client_audience": null,
                "use_developer_managed_scopes": false
            })
        );
        assert!(after.put(Kind::Auth0, object(json!({"dcr_token": "x"})), true).is_err());
    }
}
