//! An entry: its members, and the one text that is hashed.
//!
//! The text is canonical JSON (RFC 8785): members in order, no spaces, strings, one whole number and
//! one flat object of strings. It is stored as it is hashed, so that no database decides how it looks.

use std::collections::BTreeMap;

use gatekey_core::digest::Digest;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::store::entity::audit_entry;

/// What stands before an entry when it is hashed.
const DOMAIN: &[u8] = b"gatekey-audit-entry-v1\n";
/// The hash before the first entry.
pub(crate) const ORIGIN: [u8; 32] = [0; 32];
/// The longest text of a member that callers choose.
const LONGEST: usize = 512;

/// What sort of entry it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum Kind {
    /// Something was written.
    Change,
    /// Somebody tried to prove who they are.
    Authentication,
}

impl Kind {
    /// As it is written.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Authentication => "authentication",
        }
    }
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum Outcome {
    /// It was done.
    Success,
    /// It was refused.
    Refused,
}

impl Outcome {
    /// As it is written.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Refused => "refused",
        }
    }
}

/// An entry that has no place in the chain yet.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) kind: Kind,
    pub(crate) action: String,
    pub(crate) outcome: Outcome,
    pub(crate) actor: String,
    pub(crate) portal_id: Option<Uuid>,
    pub(crate) method: String,
    pub(crate) route: String,
    pub(crate) path: String,
    pub(crate) address: Option<String>,
    pub(crate) user_agent: Option<String>,
    pub(crate) request_id: String,
    pub(crate) details: BTreeMap<String, String>,
}

/// An entry. The order of its members is that of the canonical text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(crate) struct Entry {
    pub(crate) action: String,
    pub(crate) actor: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<String>,
    pub(crate) at: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) details: BTreeMap<String, String>,
    pub(crate) kind: Kind,
    pub(crate) method: String,
    pub(crate) outcome: Outcome,
    pub(crate) path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) portal_id: Option<Uuid>,
    pub(crate) previous: String,
    pub(crate) request_id: String,
    pub(crate) route: String,
    pub(crate) sequence: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user_agent: Option<String>,
}

impl Entry {
    /// The entry at its place in the chain.
    pub(crate) fn new(draft: Draft, sequence: i64, at: i64, previous: &[u8]) -> Self {
        Self {
            action: draft.action,
            actor: draft.actor,
            address: draft.address,
            at: super::instant(at),
            details: draft.details,
            kind: draft.kind,
            method: draft.method,
            outcome: draft.outcome,
            path: draft.path,
            portal_id: draft.portal_id,
            previous: hex(previous),
            request_id: draft.request_id,
            route: draft.route,
            sequence,
            user_agent: draft.user_agent,
        }
    }

    /// What is known of an entry whose text somebody made unreadable: that must not hide the others.
    pub(crate) fn unreadable(row: &audit_entry::Model) -> Self {
        let details = [("unreadable".to_owned(), short(&row.entry))].into();
        let draft = Draft {
            kind: Kind::Change,
            action: row.action.clone(),
            outcome: Outcome::Success,
            actor: row.actor.clone(),
            portal_id: row.portal_id,
            method: String::new(),
            route: String::new(),
            path: String::new(),
            address: None,
            user_agent: None,
            request_id: String::new(),
            details,
        };
        Self::new(draft, row.sequence, row.at, &[])
    }

    /// The text that is hashed.
    pub(crate) fn canonical(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

/// The hash of an entry's text.
pub(crate) fn hash(canonical: &str) -> [u8; 32] {
    let mut text = Vec::with_capacity(DOMAIN.len() + canonical.len());
    text.extend_from_slice(DOMAIN);
    text.extend_from_slice(canonical.as_bytes());
    *Digest::sha256(&text).as_bytes()
}

/// The canonical text of any JSON value, without the member `hash`: what an exported line is checked by.
pub(crate) fn canonical_of(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let sorted: BTreeMap<_, _> =
                members.iter().filter(|(name, _)| *name != "hash").collect();
            let members: Vec<_> = sorted
                .into_iter()
                .map(|(name, value)| {
                    format!("{}:{}", Value::from(name.as_str()), canonical_of(value))
                })
                .collect();
            format!("{{{}}}", members.join(","))
        }
        other => other.to_string(),
    }
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use core::fmt::Write;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// A text that callers chose, cut and without what could end a line.
pub(crate) fn short(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect()
}

#[cfg(test)]
pub(crate) fn draft_of_test(action: &str) -> Draft {
    Draft {
        kind: Kind::Change,
        action: action.into(),
        outcome: Outcome::Success,
        actor: "admin:root".into(),
        portal_id: None,
        method: "POST".into(),
        route: "/v3/portals".into(),
        path: "/v3/portals".into(),
        address: Some("127.0.0.1".into()),
        user_agent: Some("\"quoted\" \\ ü".into()),
        request_id: "r-1".into(),
        details: BTreeMap::from([("b".into(), "2".into()), ("a".into(), "1".into())]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_canonical_and_known() {
        let entry = Entry::new(draft_of_test("POST /v3/portals"), 1, 0, &ORIGIN);
        let text = entry.canonical().unwrap();
        let zeros = "0".repeat(64);
        let expected = r#"{"action":"POST /v3/portals","actor":"admin:root","address":"127.0.0.1","at":"1970-01-01T00:00:00.000Z","details":{"a":"1","b":"2"},"kind":"change","method":"POST","outcome":"success","path":"/v3/portals","previous":"ZEROS","request_id":"r-1","route":"/v3/portals","sequence":1,"user_agent":"\"quoted\" \\ ü"}"#;
        assert_eq!(text, expected.replace("ZEROS", &zeros));
        let mut value: Value = serde_json::from_str(&text).unwrap();
        value["hash"] = hex(&hash(&text)).into();
        assert_eq!(canonical_of(&value), text);
        assert_eq!(serde_json::from_str::<Entry>(&text).unwrap(), entry);
    }
}
