//! Who is told of events, and in which words.

use serde_json::{Value, json};

use super::{Change, Count, Kind, Making, Pages, Reading};
use crate::input::schema_of;
use crate::usecase::email::{SenderEdit, TemplateEdit};
use crate::webhook::{NewWebhook, WebhookEdit};

pub(super) const SENDER: Kind = Kind {
    list: "email_config",
    within: Some("portals"),
    number: Count::One,
    identity: &[],
    body: schema_of::<SenderEdit>,
    change: Change::Patch(schema_of::<SenderEdit>),
    reading: Reading { pages: Pages::None, ..Kind::USUAL.reading },
    at: "/v3/portals/{portals}/email-config",
    item: "/v3/portals/{portals}/email-config",
    ..Kind::USUAL
};

/// Only those are listed that a portal has words of its own for.
pub(super) const TEMPLATES: Kind = Kind {
    list: "email_templates",
    within: Some("portals"),
    body: || {
        let mut schema = schema_of::<TemplateEdit>().as_ref().clone();
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            properties.insert("name".into(), json!({ "type": "string", "minLength": 1 }));
        }
        schema.into()
    },
    making: Making::Patch("name"),
    change: Change::Patch(schema_of::<TemplateEdit>),
    reading: Reading { pages: Pages::Whole, id: "/name", ..Kind::USUAL.reading },
    at: "/v3/portals/{portals}/email-templates",
    item: "/v3/portals/{portals}/email-templates/{id}",
    ..Kind::USUAL
};

/// The portal makes the secret of a webhook; a receiver gets it when it is rotated.
pub(super) const PORTAL_WEBHOOKS: Kind = Kind {
    within: Some("portals"),
    at: "/v3/portals/{portals}/webhooks",
    item: "/v3/portals/{portals}/webhooks/{id}",
    ..WEBHOOKS
};

pub(super) const WEBHOOKS: Kind = Kind {
    list: "webhooks",
    body: schema_of::<NewWebhook>,
    change: Change::Patch(schema_of::<WebhookEdit>),
    at: "/v3/webhooks",
    item: "/v3/webhooks/{id}",
    ..Kind::USUAL
};
