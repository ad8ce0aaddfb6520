//! A key of an application.

use super::{KEYS_PER_APPLICATION, status};
use crate::time::UnixTime;

status! {
    /// Where a key stands.
    CredentialStatus {
        /// It is honoured.
        Active = "active",
        /// Its time is over.
        Expired = "expired",
        /// It was withdrawn.
        Revoked = "revoked",
    }
}

/// Why a key cannot be created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The application holds [`KEYS_PER_APPLICATION`] keys already.
    TooManyKeys,
}

/// The unit of a strategy's time to live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TtlUnit {
    /// 24 hours.
    Days,
    /// 7 days.
    Weeks,
    /// 365 days.
    Years,
}

/// How long a strategy's keys live, from their creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ttl {
    /// How many units, at least one.
    pub value: u32,
    /// What is counted.
    pub unit: TtlUnit,
}

/// Creates a key for an application that holds `held` keys, and says when it ends.
///
/// # Errors
///
/// When the limit is reached.
pub fn create(
    held: usize,
    ttl: Option<Ttl>,
    now: UnixTime,
) -> Result<(CredentialStatus, Option<UnixTime>), Refusal> {
    if held >= KEYS_PER_APPLICATION {
        return Err(Refusal::TooManyKeys);
    }
    let expires_at = ttl.map(|ttl| {
        let days = match ttl.unit {
            TtlUnit::Days => 1,
            TtlUnit::Weeks => 7,
            TtlUnit::Years => 365,
        };
        UnixTime(now.0.saturating_add(u64::from(ttl.value) * days * 86_400))
    });
    Ok((CredentialStatus::Active, expires_at))
}

/// The status to show at `now` for a key stored as `stored`: time ends a key without a write.
#[must_use]
pub fn at(
    stored: CredentialStatus,
    expires_at: Option<UnixTime>,
    now: UnixTime,
) -> CredentialStatus {
    match stored {
        CredentialStatus::Active if expires_at.is_some_and(|end| end <= now) => {
            CredentialStatus::Expired
        }
        status => status,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_twenty_first_key_is_refused() {
        assert!(create(19, None, UnixTime(0)).is_ok());
        assert_eq!(create(20, None, UnixTime(0)), Err(Refusal::TooManyKeys));
    }

    #[test]
    fn a_ttl_counts_from_creation() {
        for (unit, seconds) in
            [(TtlUnit::Days, 86_400), (TtlUnit::Weeks, 604_800), (TtlUnit::Years, 31_536_000)]
        {
            let ttl = Some(Ttl { value: 2, unit });
            let (_, end) = create(0, ttl, UnixTime(1_000)).unwrap();
            assert_eq!(end, Some(UnixTime(1_000 + 2 * seconds)));
        }
    }

    #[test]
    fn time_ends_an_active_key_only() {
        let end = Some(UnixTime(10));
        assert_eq!(at(CredentialStatus::Active, end, UnixTime(9)), CredentialStatus::Active);
        assert_eq!(at(CredentialStatus::Active, end, UnixTime(10)), CredentialStatus::Expired);
        assert_eq!(at(CredentialStatus::Revoked, end, UnixTime(10)), CredentialStatus::Revoked);
        assert_eq!(at(CredentialStatus::Active, None, UnixTime(10)), CredentialStatus::Active);
    }
}
