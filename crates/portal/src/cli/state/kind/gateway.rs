//! Control planes, with services and routes.

use super::{Change, Kind, Pages, Place, Reading, Reference};
use crate::input::schema_of;
use crate::usecase::consumer::ConsumerBody;
use crate::usecase::gateway::{GatewayEdit, NewGateway};
use crate::usecase::route::RouteBody;
use crate::usecase::service::ServiceBody;

pub(super) const GATEWAYS: Kind = Kind {
    list: "control_planes",
    body: schema_of::<NewGateway>,
    change: Change::Patch(schema_of::<GatewayEdit>),
    whole: &["labels"],
    at: "/v2/control-planes",
    item: "/v2/control-planes/{id}",
    shown: |mut view| {
        if let Some(serde_json::Value::Object(config)) = view.remove("config") {
            view.extend(config);
        }
        view
    },
    ..Kind::USUAL
};

const ENTITIES: Reading = Reading { pages: Pages::Offset, each: false, id: "/id", within: None };

pub(super) const SERVICES: Kind = Kind {
    list: "services",
    within: Some("control_planes"),
    otherwise: Some("id"),
    body: schema_of::<ServiceBody>,
    without: &["url", "created_at", "updated_at"],
    change: Change::Put,
    reading: ENTITIES,
    at: "/v2/control-planes/{control_planes}/core-entities/services",
    item: "/v2/control-planes/{control_planes}/core-entities/services/{id}",
    ..Kind::USUAL
};

pub(super) const ROUTES: Kind = Kind {
    list: "routes",
    within: Some("control_planes"),
    otherwise: Some("id"),
    body: schema_of::<RouteBody>,
    without: &["created_at", "updated_at", "snis", "sources", "destinations"],
    change: Change::Put,
    whole: &["headers"],
    references: &[Reference {
        place: Place::Around("control_planes"),
        ..Reference::to("service", "service", "services")
    }],
    reading: ENTITIES,
    at: "/v2/control-planes/{control_planes}/core-entities/routes",
    item: "/v2/control-planes/{control_planes}/core-entities/routes/{id}",
    shown: |mut view| {
        let service = super::pluck(&view, "service.id");
        view.insert("service".into(), service.unwrap_or_default());
        view
    },
    sent: |mut body| {
        if let Some(service) = body.get_mut("service").filter(|service| !service.is_null()) {
            *service = serde_json::json!({ "id": service });
        }
        body
    },
    ..Kind::USUAL
};

pub(super) const CONSUMERS: Kind = Kind {
    list: "consumers",
    within: Some("control_planes"),
    identity: &["username"],
    otherwise: Some("custom_id"),
    body: schema_of::<ConsumerBody>,
    without: &["id", "created_at", "updated_at"],
    change: Change::Put,
    reading: ENTITIES,
    at: "/v2/control-planes/{control_planes}/core-entities/consumers",
    item: "/v2/control-planes/{control_planes}/core-entities/consumers/{id}",
    ..Kind::USUAL
};
