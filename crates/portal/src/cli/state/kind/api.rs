//! APIs, with what is inside, and where they are published.

use serde_json::json;

use super::{Change, Count, Kind, Making, Pages, Place, Reading, Reference, put};
use crate::input::schema_of;
use crate::usecase::api::{ApiEdit, NewApi};
use crate::usecase::api_version::{NewVersion, VersionEdit};
use crate::usecase::implementation::NewImplementation;
use crate::usecase::publication::Publish;
use crate::usecase::publication_settings::SettingsEdit;

pub(super) const APIS: Kind = Kind {
    list: "apis",
    identity: &["name", "version"],
    body: schema_of::<NewApi>,
    without: &["spec_content"],
    change: Change::Patch(schema_of::<ApiEdit>),
    whole: &["labels", "attributes"],
    at: "/v3/apis",
    item: "/v3/apis/{id}",
    ..Kind::USUAL
};

pub(super) const VERSIONS: Kind = Kind {
    list: "versions",
    within: Some("apis"),
    identity: &["version"],
    body: schema_of::<NewVersion>,
    change: Change::Patch(schema_of::<VersionEdit>),
    reading: Reading { each: true, ..Kind::USUAL.reading },
    at: "/v3/apis/{apis}/versions",
    item: "/v3/apis/{apis}/versions/{id}",
    shown: |mut view| {
        // The rest of what is shown follows from the text.
        let content = super::pluck(&view, "spec.content").unwrap_or_default();
        view.insert("spec".into(), json!({ "content": content }));
        view
    },
    ..Kind::USUAL
};

pub(super) const IMPLEMENTATION: Kind = Kind {
    list: "implementation",
    within: Some("apis"),
    number: Count::One,
    identity: &[],
    body: || {
        // The types of the body's parts, side by side: a document names the control plane first.
        let mut schema = schema_of::<NewImplementation>().as_ref().clone();
        if let Some(properties) = schema.get_mut("properties") {
            *properties = json!({ "control_plane_id": {}, "service_id": {} });
        }
        schema.into()
    },
    references: &[
        Reference::to("control_plane_id", "control_plane", "control_planes"),
        Reference {
            place: Place::Of("control_plane"),
            ..Reference::to("service_id", "service", "services")
        },
    ],
    reading: Reading { within: Some("/api_id"), ..Kind::USUAL.reading },
    at: "/v3/api-implementations",
    made_at: Some("/v3/apis/{apis}/implementations"),
    item: "/v3/apis/{apis}/implementations/{id}",
    shown: |mut view| {
        for (member, path) in
            [("control_plane_id", "service.control_plane_id"), ("service_id", "service.id")]
        {
            if let Some(id) = super::pluck(&view, path) {
                view.insert(member.into(), id);
            }
        }
        view.remove("service");
        view
    },
    sent: |mut body| {
        for (member, path) in
            [("control_plane_id", "service.control_plane_id"), ("service_id", "service.id")]
        {
            if let Some(id) = body.remove(member) {
                put(&mut body, path, id);
            }
        }
        body
    },
    ..Kind::USUAL
};

pub(super) const PUBLICATIONS: Kind = Kind {
    list: "publications",
    within: Some("apis"),
    identity: &["portal"],
    body: || {
        let mut schema = schema_of::<Publish>().as_ref().clone();
        if let Some(properties) = schema.get_mut("properties").and_then(|p| p.as_object_mut()) {
            properties.remove("auth_strategy_ids");
            properties.insert("auth_strategy_id".into(), json!({}));
            properties.insert("portal_id".into(), json!({}));
        }
        schema.into()
    },
    making: Making::Put("portal_id"),
    change: Change::Put,
    references: &[
        Reference::to("portal_id", "portal", "portals"),
        Reference {
            null_says: true,
            ..Reference::to("auth_strategy_id", "auth_strategy", "auth_strategies")
        },
    ],
    reading: Reading { id: "/portal_id", within: Some("/api_id"), ..Kind::USUAL.reading },
    at: "/v3/api-publications",
    item: "/v3/apis/{apis}/publications/{id}",
    shown: |mut view| {
        let strategy = super::pluck(&view, "auth_strategy_ids");
        let strategy = strategy.as_ref().and_then(|ids| ids.get(0)).cloned();
        view.insert("auth_strategy_id".into(), strategy.unwrap_or_default());
        view
    },
    sent: |mut body| {
        body.remove("portal_id");
        if let Some(strategy) = body.remove("auth_strategy_id") {
            let ids = if strategy.is_null() { strategy } else { json!([strategy]) };
            body.insert("auth_strategy_ids".into(), ids);
        }
        body
    },
    ..Kind::USUAL
};

pub(super) const PUBLICATION_SETTINGS: Kind = Kind {
    list: "settings",
    within: Some("publications"),
    number: Count::Always,
    identity: &[],
    body: schema_of::<SettingsEdit>,
    // The publication says it.
    without: &["auto_approve"],
    change: Change::Patch(schema_of::<SettingsEdit>),
    reading: Reading { pages: Pages::None, ..Kind::USUAL.reading },
    at: "/v3/apis/{apis}/publications/{publications}/settings",
    item: "/v3/apis/{apis}/publications/{publications}/settings",
    ..Kind::USUAL
};
