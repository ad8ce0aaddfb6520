//! Whether somebody may use an API.

use serde::Deserialize;

use crate::portal::Guest;
use crate::segments::segments;

/// Whether the visitor's own applications may be registered for an API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Permitted {
    /// Nobody signed in.
    Unknown,
    /// They may.
    Yes,
    /// They may not, or nobody may.
    No,
}

#[derive(Debug, Deserialize)]
struct Actions {
    register: bool,
}

#[derive(Debug, Deserialize)]
struct Answer {
    actions: Actions,
}

impl Permitted {
    /// Whether the visitor's own applications may be registered for an API.
    pub(super) async fn ask(guest: &Guest, api: &str) -> Self {
        if guest.portal().is_none_or(|portal| portal.me.is_none()) {
            return Self::Unknown;
        }
        match guest.api.get::<Answer>(&segments!["apis", api, "actions"]).await {
            Ok(answer) if answer.actions.register => Self::Yes,
            Ok(_) => Self::No,
            Err(_) => Self::Unknown,
        }
    }
}
