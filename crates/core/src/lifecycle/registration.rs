//! An application's registration for an API: the only thing that lets traffic through.

use super::status;
use crate::id::StrategyId;

status! {
    /// Where a registration stands. Only an approved one lets requests through.
    RegistrationStatus {
        /// Asked for, not decided.
        Pending = "pending",
        /// Requests are let through.
        Approved = "approved",
        /// Turned down; it blocks a new request until it is deleted.
        Rejected = "rejected",
        /// Was approved once and is withdrawn.
        Revoked = "revoked",
    }
}

/// What the publication an application asks for says about registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The publication's strategy; `None` when it takes no registrations.
    pub strategy: Option<StrategyId>,
    /// The publication takes new registrations. Those that are there count either way.
    pub registration_enabled: bool,
    /// The publication approves by itself.
    pub auto_approve_registrations: bool,
    /// The portal approves by itself; a publication cannot take that back.
    pub auto_approve_applications: bool,
}

/// Why an application cannot register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The publication has no strategy, so there is nothing to register for, or takes no new
    /// registrations.
    RegistrationDisabled,
    /// The application uses another strategy than the publication.
    StrategyMismatch,
    /// A registration exists, in whatever status: it has to be deleted first.
    AlreadyRegistered,
}

/// An application asks for an API, or an admin asks in its place.
///
/// # Errors
///
/// When the terms do not allow it, or one exists already.
pub fn request(
    terms: &Terms,
    application_strategy: StrategyId,
    existing: Option<RegistrationStatus>,
) -> Result<RegistrationStatus, Refusal> {
    let Some(strategy) = terms.strategy.filter(|_| terms.registration_enabled) else {
        return Err(Refusal::RegistrationDisabled);
    };
    if strategy != application_strategy {
        return Err(Refusal::StrategyMismatch);
    }
    if existing.is_some() {
        return Err(Refusal::AlreadyRegistered);
    }
    Ok(initial(terms.auto_approve_registrations, terms.auto_approve_applications))
}

/// The status of a new registration: approved when the publication *or* the portal approves by
/// itself.
#[must_use]
pub const fn initial(
    auto_approve_registrations: bool,
    auto_approve_applications: bool,
) -> RegistrationStatus {
    if auto_approve_registrations || auto_approve_applications {
        RegistrationStatus::Approved
    } else {
        RegistrationStatus::Pending
    }
}

/// What a change of a registration's status causes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The owner is told that requests are let through.
    Approved,
    /// The owner is told that the request was turned down.
    Rejected,
    /// The owner is told that access ended.
    Revoked,
}

/// An admin sets a registration's status. Konnect allows every transition; a repeat is no event.
#[must_use]
pub const fn set(from: RegistrationStatus, to: RegistrationStatus) -> Option<Event> {
    use RegistrationStatus::{Approved, Pending, Rejected, Revoked};
    match (from, to) {
        (Pending, Pending) | (Approved, Approved) | (Rejected, Rejected) | (Revoked, Revoked) => {
            None
        }
        (Approved | Rejected | Revoked, Pending) => None,
        (Pending | Rejected | Revoked, Approved) => Some(Event::Approved),
        (Pending | Approved | Revoked, Rejected) => Some(Event::Rejected),
        (Pending | Approved | Rejected, Revoked) => Some(Event::Revoked),
    }
}

#[cfg(test)]
mod tests {
    use super::RegistrationStatus::{Approved, Pending, Rejected, Revoked};
    use super::*;

    const ONE: StrategyId = StrategyId::from_bytes([1; 16]);
    const TWO: StrategyId = StrategyId::from_bytes([2; 16]);

    #[test]
    fn approval_is_automatic_when_publication_or_portal_says_so() {
        for (publication, portal, expected) in [
            (false, false, Pending),
            (false, true, Approved),
            (true, false, Approved),
            (true, true, Approved),
        ] {
            let terms = Terms {
                strategy: Some(ONE),
                registration_enabled: true,
                auto_approve_registrations: publication,
                auto_approve_applications: portal,
            };
            assert_eq!(request(&terms, ONE, None), Ok(expected));
        }
    }

    #[test]
    fn a_request_needs_the_publications_strategy_and_no_earlier_one() {
        let terms = Terms {
            strategy: Some(ONE),
            registration_enabled: true,
            auto_approve_registrations: true,
            auto_approve_applications: true,
        };
        assert_eq!(request(&terms, TWO, None), Err(Refusal::StrategyMismatch));
        for status in RegistrationStatus::ALL {
            assert_eq!(request(&terms, ONE, Some(*status)), Err(Refusal::AlreadyRegistered));
        }
        let closed = Terms { strategy: None, ..terms };
        assert_eq!(request(&closed, ONE, None), Err(Refusal::RegistrationDisabled));
        let full = Terms { registration_enabled: false, ..terms };
        assert_eq!(request(&full, ONE, None), Err(Refusal::RegistrationDisabled));
    }

    #[test]
    fn every_transition_is_allowed_and_told_once() {
        for from in RegistrationStatus::ALL {
            for to in RegistrationStatus::ALL {
                let told = match to {
                    _ if from == to => None,
                    Pending => None,
                    Approved => Some(Event::Approved),
                    Rejected => Some(Event::Rejected),
                    Revoked => Some(Event::Revoked),
                };
                assert_eq!(set(*from, *to), told, "{from:?} {to:?}");
            }
        }
    }
}
