//! A developer's account: who may sign in.

use super::status;

status! {
    /// Where a developer's account stands. Only an approved developer signs in.
    DeveloperStatus {
        /// Signed up, not yet let in.
        Pending = "pending",
        /// May sign in.
        Approved = "approved",
        /// Turned away; the address cannot sign up again until the developer is deleted.
        Rejected = "rejected",
        /// Was approved once and is locked out.
        Revoked = "revoked",
    }
}

/// The status of a developer who just signed up or was added without one.
#[must_use]
pub const fn initial(auto_approve_developers: bool) -> DeveloperStatus {
    if auto_approve_developers { DeveloperStatus::Approved } else { DeveloperStatus::Pending }
}

status! {
    /// What becomes of the credentials of developers who are not approved: a setting of a portal.
    Unapproved {
        /// They are not honoured until the developer is approved.
        Stop = "stop",
        /// They go on working, as Konnect has it.
        Keep = "keep",
    }
}

/// Whether the applications of a developer are suspended.
#[must_use]
pub const fn suspends(status: DeveloperStatus, rule: Unapproved) -> bool {
    match (status, rule) {
        (DeveloperStatus::Approved, _) | (_, Unapproved::Keep) => false,
        (_, Unapproved::Stop) => true,
    }
}

/// What a change of a developer's status causes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The developer is told that the account is approved.
    AccessApproved,
    /// The developer is told that the account is rejected.
    AccessRejected,
    /// The developer is told that the account is revoked.
    AccessRevoked,
}

/// An admin sets a developer's status. Konnect allows every transition; a repeat is no event.
#[must_use]
pub const fn set(from: DeveloperStatus, to: DeveloperStatus) -> Option<Event> {
    use DeveloperStatus::{Approved, Pending, Rejected, Revoked};
    match (from, to) {
        (Pending, Pending) | (Approved, Approved) | (Rejected, Rejected) | (Revoked, Revoked) => {
            None
        }
        (Approved | Rejected | Revoked, Pending) => None,
        (Pending | Rejected | Revoked, Approved) => Some(Event::AccessApproved),
        (Pending | Approved | Revoked, Rejected) => Some(Event::AccessRejected),
        (Pending | Approved | Rejected, Revoked) => Some(Event::AccessRevoked),
    }
}

/// Why a sign-in with the right password is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInRefusal {
    /// An admin has not approved the account yet: told to the developer.
    ApprovalRequired,
    /// Rejected or revoked: told as invalid credentials.
    NotAllowed,
}

/// Whether a developer in this status may sign in.
///
/// # Errors
///
/// For every status but approved.
pub const fn sign_in(status: DeveloperStatus) -> Result<(), SignInRefusal> {
    match status {
        DeveloperStatus::Approved => Ok(()),
        DeveloperStatus::Pending => Err(SignInRefusal::ApprovalRequired),
        DeveloperStatus::Rejected | DeveloperStatus::Revoked => Err(SignInRefusal::NotAllowed),
    }
}

#[cfg(test)]
mod tests {
    use super::DeveloperStatus::{Approved, Pending, Rejected, Revoked};
    use super::*;

    #[test]
    fn every_transition_is_allowed_and_told_once() {
        for from in DeveloperStatus::ALL {
            for to in DeveloperStatus::ALL {
                let told = match to {
                    _ if from == to => None,
                    Pending => None,
                    Approved => Some(Event::AccessApproved),
                    Rejected => Some(Event::AccessRejected),
                    Revoked => Some(Event::AccessRevoked),
                };
                assert_eq!(set(*from, *to), told, "{from:?} {to:?}");
            }
        }
    }

    #[test]
    fn only_an_approved_developer_signs_in() {
        assert_eq!(sign_in(Approved), Ok(()));
        assert_eq!(sign_in(Pending), Err(SignInRefusal::ApprovalRequired));
        assert_eq!(sign_in(Rejected), Err(SignInRefusal::NotAllowed));
        assert_eq!(sign_in(Revoked), Err(SignInRefusal::NotAllowed));
        assert_eq!(initial(false), Pending);
        assert_eq!(initial(true), Approved);
    }

    #[test]
    fn who_is_not_approved_is_stopped_unless_the_portal_keeps_them() {
        for status in DeveloperStatus::ALL {
            assert_eq!(suspends(*status, Unapproved::Stop), *status != Approved);
            assert!(!suspends(*status, Unapproved::Keep));
        }
    }

    #[test]
    fn names_are_konnects() {
        for status in DeveloperStatus::ALL {
            assert_eq!(DeveloperStatus::parse(status.as_str()), Some(*status));
        }
        assert_eq!(DeveloperStatus::parse("Approved"), None);
    }
}
