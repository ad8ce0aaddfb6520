//! Portals and the people in them.

use super::{Change, Kind, Reference};
use crate::input::schema_of;
use crate::usecase::developer::{DeveloperEdit, NewDeveloper};
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
