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
    /// The developer owns [`APPLICATIONS_PER_DEVELOPER`] applications already.
    TooManyApplications,
    /// The strategy was chosen when the application was created and stays.
    StrategyIsFixed,
}

/// Whether a developer who owns `owned` applications may create another.
///
/// # Errors
///
/// When the limit is reached.
pub const fn create(owned: usize) -> Result<ApplicationStatus, Refusal> {
    if owned < APPLICATIONS_PER_DEVELOPER {
        Ok(ApplicationStatus::Active)
    } else {
        Err(Refusal::TooManyApplications)
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
        assert_eq!(create(0), Ok(ApplicationStatus::Active));
        assert_eq!(create(499), Ok(ApplicationStatus::Active));
        assert_eq!(create(500), Err(Refusal::TooManyApplications));
    }

    #[test]
    fn the_strategy_never_changes() {
        let (one, two) = (StrategyId::from_bytes([1; 16]), StrategyId::from_bytes([2; 16]));
        assert_eq!(set_strategy(one, one), Ok(()));
        assert_eq!(set_strategy(one, two), Err(Refusal::StrategyIsFixed));
    }
}
