//! Applications, and what they may call.

use serde_json::{Value, json};

use super::{Change, Count, Fields, Kind, Pages, Place, Reading, Reference, pluck};
use crate::api::management::application::{CreateApplication, UpdateApplication};
use crate::input::schema_of;
use crate::usecase::credential::Edit;
use crate::usecase::credential::origin::AdminCredential;
use crate::usecase::limit::{Limits, Networks};
use crate::usecase::registration::{NewRegistration, RegistrationEdit};

/// The members that stand for an owner.
const OWNERS: [(&str, &str); 2] = [("developer_id", "developer"), ("team_id", "team")];

pub(super) const APPLICATIONS: Kind = Kind {
    list: "applications",
    within: Some("portals"),
    identity: &["name", "developer", "team"],
    body: || owned(schema_of::<CreateApplication>().as_ref().clone()),
    without: &["dcr_client_id"],
    change: Change::Patch(|| owned(schema_of::<UpdateApplication>().as_ref().clone())),
    whole: &["labels"],
    references: &[
        Reference {
            place: Place::Around("portals"),
            ..Reference::to("developer_id", "developer", "developers")
        },
        Reference { place: Place::Around("portals"), ..Reference::to("team_id", "team", "teams") },
        Reference::to("auth_strategy_id", "auth_strategy", "auth_strategies"),
    ],
    at: "/v3/portals/{portals}/applications",
    item: "/v3/portals/{portals}/applications/{id}",
    shown,
    sent,
    precious: true,
    ..Kind::USUAL
};

pub(super) const REGISTRATIONS: Kind = Kind {
    list: "registrations",
    within: Some("applications"),
    identity: &["api"],
    body: || {
        let mut schema = schema_of::<NewRegistration>().as_ref().clone();
        let edit = schema_of::<RegistrationEdit>();
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            let status = edit.pointer("/properties/status").cloned().unwrap_or_default();
            properties.insert("status".into(), status);
        }
        schema.into()
    },
    change: Change::Patch(schema_of::<RegistrationEdit>),
    references: &[Reference::to("api_id", "api", "apis")],
    reading: Reading { within: Some("/application/id"), ..Kind::USUAL.reading },
    at: "/v3/portals/{portals}/application-registrations",
    made_at: Some("/v3/portals/{portals}/applications/{applications}/registrations"),
    item: "/v3/portals/{portals}/applications/{applications}/registrations/{id}",
    shown: |mut view| {
        let api = pluck(&view, "api.id").unwrap_or_default();
        view.insert("api_id".into(), api);
        view
    },
    // A registration is made approved or pending; the rest is what became of it.
    at_first: |body| {
        let first = match body.get("status").and_then(Value::as_str) {
            Some("revoked") => "approved",
            Some("rejected") => "pending",
            _ => return,
        };
        body.insert("status".into(), first.into());
    },
    ..Kind::USUAL
};

/// Keys by their digests, in one word: `hmac-sha256:PEPPER:HEX` or `sha256:HEX`. Only a portal with the
/// same pepper honours the former.
pub(super) const CREDENTIALS: Kind = Kind {
    list: "credentials",
    within: Some("applications"),
    identity: &["digest"],
    body: || {
        let mut schema = schema_of::<AdminCredential>().as_ref().clone();
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            let pattern = "^(hmac-sha256:[^:]{1,32}|sha256):[0-9a-f]{64}$";
            properties.insert("digest".into(), json!({ "type": "string", "pattern": pattern }));
        }
        schema.into()
    },
    without: &["value"],
    nulls: &["expires_at"],
    change: Change::Patch(schema_of::<Edit>),
    reading: Reading { within: Some("/application_id"), ..Kind::USUAL.reading },
    at: "/v3/portals/{portals}/credential-digests",
    made_at: Some("/v3/portals/{portals}/applications/{applications}/credentials"),
    item: "/v3/portals/{portals}/applications/{applications}/credentials/{id}",
    shown: |mut view| {
        let parts =
            ["algorithm", "pepper_id", "value"].map(|part| pluck(&view, &format!("digest.{part}")));
        let parts: Vec<_> = parts.iter().flatten().filter_map(Value::as_str).collect();
        view.insert("digest".into(), parts.join(":").into());
        view
    },
    sent: |mut body| {
        let digest = body.get("digest").and_then(Value::as_str).map(|digest| {
            match *digest.split(':').collect::<Vec<_>>() {
                [algorithm, pepper, value] => {
                    json!({ "algorithm": algorithm, "pepper_id": pepper, "value": value })
                }
                [algorithm, value] => json!({ "algorithm": algorithm, "value": value }),
                _ => json!(digest),
            }
        });
        if let Some(digest) = digest {
            body.insert("digest".into(), digest);
        }
        body
    },
    ..Kind::USUAL
};

/// What is always there, and mostly empty.
const RESTRICTIONS: Kind = Kind {
    within: Some("applications"),
    number: Count::Always,
    identity: &[],
    change: Change::Put,
    reading: Reading { pages: Pages::None, ..Kind::USUAL.reading },
    shown: |mut view| {
        view.retain(|_, value| value.as_array().is_none_or(|items| !items.is_empty()));
        view
    },
    ..Kind::USUAL
};

pub(super) const LIMITS: Kind = Kind {
    list: "limits",
    body: schema_of::<Limits>,
    references: &[Reference { inner: Some("apis"), ..Reference::to("limits", "limits", "apis") }],
    at: "/v3/portals/{portals}/applications/{applications}/limits",
    item: "/v3/portals/{portals}/applications/{applications}/limits",
    ..RESTRICTIONS
};

pub(super) const NETWORKS: Kind = Kind {
    list: "networks",
    body: schema_of::<Networks>,
    at: "/v3/portals/{portals}/applications/{applications}/networks",
    item: "/v3/portals/{portals}/applications/{applications}/networks",
    ..RESTRICTIONS
};

/// A body whose owner is a member of its own for each sort of owner.
fn owned(mut schema: Value) -> std::sync::Arc<Value> {
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.remove("owner");
        for (member, _) in OWNERS {
            properties.insert(member.into(), json!({}));
        }
    }
    if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|member| member != "owner");
    }
    schema.into()
}

fn shown(mut view: Fields) -> Fields {
    let owner = pluck(&view, "owner.type");
    for (member, kind) in OWNERS {
        if owner.as_ref().and_then(Value::as_str) == Some(kind) {
            let id = pluck(&view, "owner.id").unwrap_or_default();
            view.insert(member.into(), id);
        }
    }
    view.remove("owner");
    let strategy = pluck(&view, "auth_strategy.id").unwrap_or_default();
    view.insert("auth_strategy_id".into(), strategy);
    // A client that the portal has registered is the provider's: another portal registers another.
    if view.get("dcr_provider").is_some_and(|provider| !provider.is_null()) {
        view.remove("client_id");
    }
    view
}

fn sent(mut body: Fields) -> Fields {
    for (member, kind) in OWNERS {
        if let Some(id) = body.remove(member).filter(|id| !id.is_null()) {
            body.insert("owner".into(), json!({ "type": kind, "id": id }));
        }
    }
    body
}
