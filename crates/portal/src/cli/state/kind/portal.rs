//! Portals and the people in them.

use super::{Change, Count, Kind, Pages, Reading, Reference};
use crate::input::schema_of;
use crate::usecase::developer::{DeveloperEdit, DeveloperSettingsEdit, NewDeveloper};
use crate::usecase::portal::{NewPortal, PortalEdit};

pub(super) const PORTALS: Kind = Kind {
    list: "portals",
    body: schema_of::<NewPortal>,
    change: Change::Patch(schema_of::<PortalEdit>),
    whole: &["labels"],
    references: &[Reference {
        null_says: true,
        ..Reference::to(
            "default_application_auth_strategy_id",
            "default_application_auth_strategy",
            "auth_strategies",
        )
    }],
    at: "/v3/portals",
    item: "/v3/portals/{id}",
    deleting: "?force=true",
    ..Kind::USUAL
};

/// Passwords stay where they are: a developer who comes to another portal chooses a new one.
pub(super) const DEVELOPERS: Kind = Kind {
    list: "developers",
    within: Some("portals"),
    identity: &["email"],
    any_case: true,
    body: schema_of::<NewDeveloper>,
    without: &["send_invitation_email"],
    change: Change::Patch(schema_of::<DeveloperEdit>),
    at: "/v3/portals/{portals}/developers",
    item: "/v3/portals/{portals}/developers/{id}",
    precious: true,
    ..Kind::USUAL
};

pub(super) const DEVELOPER_SETTINGS: Kind = Kind {
    list: "developer_settings",
    within: Some("portals"),
    number: Count::Always,
    identity: &[],
    body: schema_of::<DeveloperSettingsEdit>,
    change: Change::Patch(schema_of::<DeveloperSettingsEdit>),
    reading: Reading { pages: Pages::None, ..Kind::USUAL.reading },
    at: "/v3/portals/{portals}/developer-settings",
    item: "/v3/portals/{portals}/developer-settings",
    ..Kind::USUAL
};
