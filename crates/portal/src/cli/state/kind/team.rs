//! Teams: who is in them, and what they may do.

use serde_json::{Value, json};

use super::{Change, Kind, Place, Reference};
use crate::input::schema_of;
use crate::usecase::team::role::NewRole;
use crate::usecase::team::{NewTeam, TeamEdit};

pub(super) const TEAMS: Kind = Kind {
    list: "teams",
    within: Some("portals"),
    body: schema_of::<NewTeam>,
    change: Change::Patch(schema_of::<TeamEdit>),
    at: "/v3/portals/{portals}/teams",
    item: "/v3/portals/{portals}/teams/{id}",
    ..Kind::USUAL
};

pub(super) const MEMBERS: Kind = Kind {
    list: "members",
    within: Some("teams"),
    identity: &["developer"],
    any_case: true,
    body: || {
        let schema = json!({ "type": "object", "properties": { "developer_id": {} } });
        schema.into()
    },
    references: &[Reference {
        place: Place::Around("portals"),
        ..Reference::to("developer_id", "developer", "developers")
    }],
    at: "/v3/portals/{portals}/teams/{teams}/developers",
    item: "/v3/portals/{portals}/teams/{teams}/developers/{id}",
    shown: |mut view| {
        let id = view.remove("id").unwrap_or_default();
        view.insert("developer_id".into(), id);
        view
    },
    sent: |mut body| {
        let id = body.remove("developer_id").unwrap_or_default();
        body.insert("id".into(), id);
        body
    },
    ..Kind::USUAL
};

pub(super) const ROLES: Kind = Kind {
    list: "roles",
    within: Some("teams"),
    identity: &["role_name", "api", "entity_region"],
    body: || {
        let mut schema = schema_of::<NewRole>().as_ref().clone();
        // All of them are of APIs.
        if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
            required.retain(|member| member != "entity_type_name");
        }
        schema.into()
    },
    without: &["entity_type_name"],
    references: &[Reference::to("entity_id", "api", "apis")],
    at: "/v3/portals/{portals}/teams/{teams}/assigned-roles",
    item: "/v3/portals/{portals}/teams/{teams}/assigned-roles/{id}",
    sent: |mut body| {
        body.insert("entity_type_name".into(), "APIs".into());
        body
    },
    ..Kind::USUAL
};
