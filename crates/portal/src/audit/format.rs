//! How entries are written for others: as JSON lines, as CEF, and as Konnect writes those of portals.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatekey_core::snapshot::SigningKey;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::checkpoint::Checkpoint;
use super::entry::{Entry, Kind, Outcome, hex};
use crate::clock;
use crate::store::entity::audit_entry;

/// How a destination wants entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum LogFormat {
    /// ArcSight's Common Event Format.
    Cef,
    /// One JSON object per line.
    Json,
    /// A format of Konnect's that this portal leaves out.
    Cps,
}

impl LogFormat {
    /// As it is stored.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Cef => "cef",
            Self::Json => "json",
            Self::Cps => "cps",
        }
    }

    /// The format of that name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Cef, Self::Json, Self::Cps].into_iter().find(|format| format.name() == name)
    }
}

/// An entry as a line of JSON: its canonical text, and the hash as the last member.
pub(crate) fn json_line(row: &audit_entry::Model) -> String {
    let text = row.entry.strip_suffix('}').unwrap_or(&row.entry);
    format!("{text},\"hash\":\"{}\"}}\n", hex(&row.hash))
}

/// A checkpoint as a line of JSON.
pub(crate) fn checkpoint_line(checkpoint: &Checkpoint) -> String {
    format!("{}\n", json!({"checkpoint": checkpoint}))
}

/// An entry as a line of CEF.
pub(crate) fn cef_line(row: &audit_entry::Model) -> String {
    let Ok(entry) = serde_json::from_str::<Entry>(&row.entry) else { return String::new() };
    let severity = match (entry.kind, entry.outcome) {
        (_, Outcome::Refused) => 5,
        (Kind::Change, _) => 3,
        (Kind::Authentication, _) => 1,
    };
    let mut line = format!(
        "{} gatekey CEF:0|Gatekey|Gatekey|1.0|{}|{}|{severity}|",
        entry.at,
        head(entry.kind.name()),
        head(&entry.action)
    );
    let mut put = |name: &str, value: &str| {
        if !value.is_empty() {
            line.push_str(&format!("{name}={} ", extension(value)));
        }
    };
    put("rt", &row.at.to_string());
    put("src", entry.address.as_deref().unwrap_or_default());
    put("suser", &entry.actor);
    put("request", &entry.path);
    put("requestMethod", &entry.method);
    put("requestClientApplication", entry.user_agent.as_deref().unwrap_or_default());
    put("outcome", entry.outcome.name());
    put("externalId", &entry.sequence.to_string());
    put("cs1Label", "request_id");
    put("cs1", &entry.request_id);
    if let Some(portal) = entry.portal_id {
        put("cs2Label", "portal_id");
        put("cs2", &portal.to_string());
    }
    put("cs3Label", "hash");
    put("cs3", &hex(&row.hash));
    for (name, value) in &entry.details {
        put(&format!("gk_{name}"), value);
    }
    format!("{}\n", line.trim_end())
}

/// An authentication entry of a portal, as Konnect sends it.
pub(crate) fn portal_line(
    row: &audit_entry::Model,
    format: LogFormat,
    key: &SigningKey,
) -> Option<String> {
    let entry: Entry = serde_json::from_str(&row.entry).ok()?;
    let success = entry.outcome == Outcome::Success;
    let outcome = match success {
        true => "AUTHENTICATION_OUTCOME_SUCCESS",
        false => "AUTHENTICATION_OUTCOME_FAILURE",
    };
    let class = match entry.details.get("method").map(String::as_str) {
        Some("oidc") => "AUTHENTICATION_TYPE_OIDC",
        _ => "AUTHENTICATION_TYPE_BASIC",
    };
    let principal = entry.actor.strip_prefix("developer:").unwrap_or_default();
    let portal = entry.portal_id.map(|id| id.to_string()).unwrap_or_default();
    let seconds = clock::seconds(row.at);
    let organisation = Uuid::nil().to_string();
    let address = entry.address.as_deref().unwrap_or_default();
    let agent = entry.user_agent.as_deref().unwrap_or_default();
    let severity = u8::from(!success);
    let signed = |text: &str| {
        let signature =
            key.sign(text.as_bytes()).map(|signature| URL_SAFE_NO_PAD.encode(signature));
        signature.unwrap_or_default()
    };
    match format {
        LogFormat::Cef => {
            let line = format!(
                "{seconds} gatekey CEF:0|KongInc|Dev-Portal|1.0|{class}|{outcome}|{severity}|rt={} \
                 src={} request={} success={success} org_id={organisation} portal_id={portal} \
                 principal_id={principal} trace_id={} user_agent={}",
                row.at,
                extension(address),
                extension(&entry.path),
                extension(&entry.request_id),
                extension(agent),
            );
            let sig = signed(&line);
            Some(format!("{line} sig={sig}\n"))
        }
        LogFormat::Json => {
            let members = json!({
                "cef_version": 0,
                "event_class_id": class,
                "event_product": "Dev-Portal",
                "event_ts": seconds,
                "event_vendor": "KongInc",
                "event_version": "1.0",
                "name": outcome,
                "org_id": organisation,
                "portal_id": portal,
                "principal_id": principal,
                "request": entry.path,
                "rt": row.at.to_string(),
                "severity": severity,
                "src": address,
                "success": success.to_string(),
                "trace_id": entry.request_id,
                "user_agent": agent,
            });
            let Value::Object(mut members) = members else { return None };
            let sig = signed(&Value::Object(members.clone()).to_string());
            members.insert("sig".into(), sig.into());
            Some(format!("{}\n", Value::Object(members)))
        }
        LogFormat::Cps => None,
    }
}

/// A value in the head of CEF.
fn head(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|")
}

/// A value in the extension of CEF.
fn extension(text: &str) -> String {
    text.replace('\\', "\\\\").replace('=', "\\=").replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::entry::{ORIGIN, draft_of_test, hash};

    fn row(change: impl FnOnce(&mut Entry)) -> audit_entry::Model {
        let mut entry = Entry::new(draft_of_test("sign-in"), 1, 1_750_688_927_556, &ORIGIN);
        entry.kind = Kind::Authentication;
        change(&mut entry);
        let text = entry.canonical().unwrap();
        audit_entry::Model {
            sequence: 1,
            at: 1_750_688_927_556,
            kind: "authentication".into(),
            action: entry.action,
            outcome: "success".into(),
            actor: entry.actor,
            portal_id: entry.portal_id,
            hash: hash(&text).to_vec(),
            entry: text,
        }
    }

    #[test]
    fn a_line_of_json_is_the_entry_and_its_hash() {
        let row = row(|_| {});
        let value: Value = serde_json::from_str(&json_line(&row)).unwrap();
        assert_eq!(value["hash"], hex(&row.hash).as_str());
        assert_eq!(crate::audit::entry::canonical_of(&value), row.entry);
    }

    #[test]
    fn no_value_adds_a_field_to_cef() {
        let row = row(|entry| {
            entry.actor = "admin:a=b|c".into();
            entry.user_agent = Some("x\\ src=6.6.6.6".into());
        });
        let line = cef_line(&row);
        assert!(line.contains("suser=admin:a\\=b|c "), "{line}");
        assert!(line.contains("requestClientApplication=x\\\\ src\\=6.6.6.6 "), "{line}");
        assert_eq!(line.lines().count(), 1);
    }

    #[test]
    fn portals_entries_look_like_konnects_and_are_signed() {
        let key = SigningKey::from_seed([7; 32]);
        let portal = Uuid::from_u128(5);
        let row = row(|entry| {
            entry.actor = "developer:a3d2".into();
            entry.portal_id = Some(portal);
            entry.user_agent = None;
        });
        let line = portal_line(&row, LogFormat::Cef, &key).unwrap();
        let (text, sig) = line.trim_end().rsplit_once(" sig=").unwrap();
        assert!(text.starts_with(
            "2025-06-23T14:28:47Z gatekey CEF:0|KongInc|Dev-Portal|1.0|AUTHENTICATION_TYPE_BASIC|\
             AUTHENTICATION_OUTCOME_SUCCESS|0|rt=1750688927556 src=127.0.0.1 request=/v3/portals \
             success=true org_id="
        ), "{text}");
        assert!(
            text.contains(&format!(
                " portal_id={portal} principal_id=a3d2 trace_id=r-1 user_agent="
            ))
        );
        let sig: [u8; 64] = URL_SAFE_NO_PAD.decode(sig).unwrap().try_into().unwrap();
        assert!(key.verifying_key().verifies(text.as_bytes(), &sig));
        let line = portal_line(&row, LogFormat::Json, &key).unwrap();
        let value: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["event_product"], "Dev-Portal");
        assert_eq!(value["success"], "true");
    }
}
