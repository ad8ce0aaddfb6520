//! An application: the owner of credentials and registrations, under one strategy for life.

use super::{APPLICATIONS_PER_DEVELOPER, status};
use crate::id::StrategyId;

status! {
    /// Whether an application's credentials are honoured at all.
    ApplicationStatus {
        /// They are.
        Active = "active",
        /// None is, whatever its registrations say.
        Suspended = "suspended",
    }
}

/// Why an application cannot be created or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The developer, or the team, owns [`APPLICATIONS_PER_DEVELOPER`] applications already.
    TooManyApplications,
    /// The team is not one that may own applications.
    TeamCannotOwn,
    /// The new owner could not register for an API that the application is registered for.
    NotAConsumer,
    /// The strategy was chosen when the application was created and stays.
    StrategyIsFixed,
}

/// Who is to own an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heir {
    /// The applications that they own already.
    pub owned: usize,
    /// Developers may; of teams those that an administrator lets.
    pub can_own: bool,
}

/// Whether somebody may own one application more.
///
/// # Errors
///
/// When a limit is reached, or a team may not.
pub const fn create(owner: Heir) -> Result<ApplicationStatus, Refusal> {
    if !owner.can_own {
        Err(Refusal::TeamCannotOwn)
    } else if owner.owned < APPLICATIONS_PER_DEVELOPER {
        Ok(ApplicationStatus::Active)
    } else {
        Err(Refusal::TooManyApplications)
    }
}

/// Whether an application may go to another owner. `registers` says whether the new owner could
/// register for everything that it is registered for; who hands out roles is not held to them, and
/// says nothing.
///
/// # Errors
///
/// When the new owner could not have made it, or could not use it.
pub const fn hand_over(to: Heir, registers: Option<bool>) -> Result<(), Refusal> {
    match (create(to), registers) {
        (Err(refusal), _) => Err(refusal),
        (Ok(_), Some(false)) => Err(Refusal::NotAConsumer),
        (Ok(_), _) => Ok(()),
    }
}

/// Whether an application may be moved to a strategy: only to the one it has.
///
/// # Errors
///
/// When it is another one.
pub fn set_strategy(current: StrategyId, wanted: StrategyId) -> Result<(), Refusal> {
    if current == wanted { Ok(()) } else { Err(Refusal::StrategyIsFixed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_five_hundred_and_first_application_is_refused() {
        let owning = |owned| create(Heir { owned, can_own: true });
        assert_eq!(owning(0), Ok(ApplicationStatus::Active));
        assert_eq!(owning(499), Ok(ApplicationStatus::Active));
        assert_eq!(owning(500), Err(Refusal::TooManyApplications));
        assert_eq!(create(Heir { owned: 0, can_own: false }), Err(Refusal::TeamCannotOwn));
    }

    #[test]
    fn an_application_goes_to_whoever_could_have_it() {
        let heir = Heir { owned: 499, can_own: true };
        for (to, registers, expected) in [
            (heir, None, Ok(())),
            (heir, Some(true), Ok(())),
            (heir, Some(false), Err(Refusal::NotAConsumer)),
            (Heir { owned: 500, ..heir }, Some(true), Err(Refusal::TooManyApplications)),
            (Heir { can_own: false, ..heir }, None, Err(Refusal::TeamCannotOwn)),
        ] {
            assert_eq!(hand_over(to, registers), expected, "{to:?} {registers:?}");
        }
    }

    #[test]
    fn the_strategy_never_changes() {
        let (one, two) = (StrategyId::from_bytes([1; 16]), StrategyId::from_bytes([2; 16]));
        assert_eq!(set_strategy(one, one), Ok(()));
        assert_eq!(set_strategy(one, two), Err(Refusal::StrategyIsFixed));
    }
}
