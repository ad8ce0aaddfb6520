//! A key of an application: how it comes, ends, and makes room for its successor.

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

status! {
    /// Where a key stands between the one before it and the one after it.
    RotationStatus {
        /// It has no successor.
        Current = "current",
        /// It has a successor and is still honoured.
        Retiring = "retiring",
        /// It had a successor and is honoured no longer.
        Retired = "retired",
    }
}

/// The least characters of a key that somebody chose.
pub const MIN_CHOSEN_CHARS: usize = 16;
/// The most characters of a key that somebody chose: gateways look up no longer ones.
pub const MAX_CHOSEN_CHARS: usize = 512;
/// How many different characters a key that somebody chose must have.
pub const MIN_CHOSEN_KINDS: usize = 8;
/// The longest that a key and its successor may both be honoured, in days.
pub const LONGEST_OVERLAP_DAYS: u64 = 90;
/// The longest time without a call that retires a key, in hours.
pub const LONGEST_IDLE_HOURS: u32 = 24 * 90;

const DAY: u64 = 86_400;
const HOUR: u64 = 3_600;
/// The overlap when nobody says how long it is to be.
const OVERLAP: u64 = 7 * DAY;
/// The overlap of a key that is to retire when it is idle, should it never be.
const IDLE_OVERLAP: u64 = 30 * DAY;
/// How long before its end a key's owner hears of it, at most.
const WARNING: u64 = 7 * DAY;
/// How late it still makes sense to say that a key has ended.
const LATEST_NOTICE: u64 = 7 * DAY;

/// Why something cannot happen to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The application holds [`KEYS_PER_APPLICATION`] keys already.
    TooManyKeys,
    /// [`KEYS_PER_APPLICATION`] keys of the application are retiring already.
    TooManyRetiring,
    /// The key is honoured no longer.
    NotActive,
    /// The key has a successor already.
    AlreadyRotated,
    /// The old key would have ended before now.
    EndsInThePast,
    /// Both keys would be honoured for more than [`LONGEST_OVERLAP_DAYS`].
    EndsTooLate,
    /// The key would be honoured for longer than its rotation said.
    OutlivesRetirement,
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

/// Creates a key for an application that holds `held` keys without a successor, and says when it
/// ends.
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
    Ok((CredentialStatus::Active, end_of(ttl, now)))
}

/// When a key that is made now ends.
#[must_use]
pub fn end_of(ttl: Option<Ttl>, now: UnixTime) -> Option<UnixTime> {
    ttl.map(|ttl| {
        let days = match ttl.unit {
            TtlUnit::Days => 1,
            TtlUnit::Weeks => 7,
            TtlUnit::Years => 365,
        };
        UnixTime(now.0.saturating_add(u64::from(ttl.value) * days * DAY))
    })
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

/// What a rotation is to look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overlap {
    /// When the old key ends at the latest.
    pub until: Option<UnixTime>,
    /// After how many hours without a call it ends earlier.
    pub idle_hours: Option<u32>,
}

/// Gives a key a successor, and says when the key ends at the latest.
///
/// The successor takes the place of the key among those that are counted, so a key can be rotated
/// when the application holds as many as it may. Keys that retire are counted apart.
///
/// # Errors
///
/// When the key cannot have a successor, or not with such an overlap.
pub fn rotate(
    status: CredentialStatus,
    rotation: RotationStatus,
    expires_at: Option<UnixTime>,
    retiring: usize,
    overlap: Overlap,
    now: UnixTime,
) -> Result<UnixTime, Refusal> {
    match (status, rotation) {
        (CredentialStatus::Expired | CredentialStatus::Revoked, RotationStatus::Current) => {
            return Err(Refusal::NotActive);
        }
        (_, RotationStatus::Retiring | RotationStatus::Retired) => {
            return Err(Refusal::AlreadyRotated);
        }
        (CredentialStatus::Active, RotationStatus::Current) => {}
    }
    if retiring >= KEYS_PER_APPLICATION {
        return Err(Refusal::TooManyRetiring);
    }
    let usual = if overlap.idle_hours.is_some() { IDLE_OVERLAP } else { OVERLAP };
    let until = overlap.until.unwrap_or(UnixTime(now.0.saturating_add(usual)));
    if until < now {
        return Err(Refusal::EndsInThePast);
    }
    if until.0 > now.0.saturating_add(LONGEST_OVERLAP_DAYS * DAY) {
        return Err(Refusal::EndsTooLate);
    }
    Ok(expires_at.map_or(until, |end| end.min(until)))
}

/// Where a key stands that was rotated, or was not.
#[must_use]
pub const fn rotation(rotated: bool, status: CredentialStatus) -> RotationStatus {
    match (rotated, status) {
        (false, _) => RotationStatus::Current,
        (true, CredentialStatus::Active) => RotationStatus::Retiring,
        (true, CredentialStatus::Expired | CredentialStatus::Revoked) => RotationStatus::Retired,
    }
}

/// Moves the end of a key.
///
/// # Errors
///
/// When it would have ended before now, or the key retires and would live longer.
pub fn move_end(
    rotated: bool,
    before: Option<UnixTime>,
    after: Option<UnixTime>,
    now: UnixTime,
) -> Result<(), Refusal> {
    if after.is_some_and(|end| end <= now) {
        return Err(Refusal::EndsInThePast);
    }
    let later = match (before, after) {
        (Some(before), Some(after)) => after > before,
        (Some(_), None) => true,
        (None, _) => false,
    };
    if rotated && later { Err(Refusal::OutlivesRetirement) } else { Ok(()) }
}

/// Whether a retiring key has been idle for so long that it ends now.
///
/// `known_until` is the time up to which every gateway has told which keys it let through: what
/// came later may be a call of this key.
#[must_use]
pub fn is_idle(
    idle_hours: u32,
    rotated_at: UnixTime,
    last_used: Option<UnixTime>,
    known_until: UnixTime,
) -> bool {
    let since = last_used.map_or(rotated_at, |last| last.max(rotated_at));
    known_until.0 >= since.0.saturating_add(u64::from(idle_hours) * HOUR)
}

/// What the owner of a key hears about its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// It ends soon.
    ExpiringSoon,
    /// It has ended.
    Expired,
}

/// When the owner of a key hears for the first time that it ends: seven days before, or, of a key
/// with less than four weeks left, when a quarter of its time is left.
#[must_use]
pub fn first_notice(from: UnixTime, end: UnixTime) -> UnixTime {
    let left = end.0.saturating_sub(from.0);
    UnixTime(end.0.saturating_sub(WARNING.min(left / 4)))
}

/// What is to be said of the end of a key now that something is due, and when the next is due.
#[must_use]
pub fn notice(end: UnixTime, now: UnixTime) -> (Option<Notice>, Option<UnixTime>) {
    if now < end {
        (Some(Notice::ExpiringSoon), Some(end))
    } else if now.0 < end.0.saturating_add(LATEST_NOTICE) {
        (Some(Notice::Expired), None)
    } else {
        (None, None)
    }
}

/// What is wrong with a key that somebody chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It has fewer than [`MIN_CHOSEN_CHARS`] characters.
    TooShort,
    /// It has more than [`MAX_CHOSEN_CHARS`] characters.
    TooLong,
    /// It has a character that cannot stand in a header, or a space.
    NotVisible,
    /// It has fewer than [`MIN_CHOSEN_KINDS`] different characters.
    TooSimple,
}

/// Whether a key that somebody chose can be one: it must be hard to guess and fit into a header.
///
/// # Errors
///
/// When it cannot.
pub fn check_chosen(key: &[u8]) -> Result<(), Unfit> {
    if key.len() < MIN_CHOSEN_CHARS {
        return Err(Unfit::TooShort);
    }
    if key.len() > MAX_CHOSEN_CHARS {
        return Err(Unfit::TooLong);
    }
    if !key.iter().all(u8::is_ascii_graphic) {
        return Err(Unfit::NotVisible);
    }
    let kinds = key.iter().fold(0_u128, |kinds, byte| kinds | 1 << (byte & 0x7f));
    if (kinds.count_ones() as usize) < MIN_CHOSEN_KINDS {
        return Err(Unfit::TooSimple);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime(1_000_000_000);

    fn later(seconds: u64) -> UnixTime {
        UnixTime(NOW.0 + seconds)
    }

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

    #[test]
    fn only_an_active_key_without_a_successor_can_be_rotated() {
        for status in CredentialStatus::ALL {
            for rotated in [false, true] {
                let rotation = rotation(rotated, *status);
                let outcome = rotate(*status, rotation, None, 0, Overlap::default(), NOW);
                let expected = match (status, rotated) {
                    (CredentialStatus::Active, false) => Ok(later(7 * DAY)),
                    (_, false) => Err(Refusal::NotActive),
                    (_, true) => Err(Refusal::AlreadyRotated),
                };
                assert_eq!(outcome, expected, "{status:?} {rotated}");
            }
        }
    }

    #[test]
    fn an_overlap_is_bounded() {
        let rotate = |expires_at, retiring, overlap| {
            let (status, rotation) = (CredentialStatus::Active, RotationStatus::Current);
            super::rotate(status, rotation, expires_at, retiring, overlap, NOW)
        };
        let until = |end| Overlap { until: Some(end), idle_hours: None };
        let idle = Overlap { until: None, idle_hours: Some(1) };
        assert_eq!(rotate(None, 0, idle), Ok(later(30 * DAY)));
        assert_eq!(rotate(None, 19, until(NOW)), Ok(NOW));
        assert_eq!(rotate(None, 0, until(later(90 * DAY))), Ok(later(90 * DAY)));
        assert_eq!(rotate(None, 0, until(later(90 * DAY + 1))), Err(Refusal::EndsTooLate));
        assert_eq!(rotate(None, 0, until(UnixTime(NOW.0 - 1))), Err(Refusal::EndsInThePast));
        assert_eq!(rotate(None, 20, idle), Err(Refusal::TooManyRetiring));
        // A key that ends earlier by itself does so.
        assert_eq!(rotate(Some(later(60)), 0, idle), Ok(later(60)));
    }

    #[test]
    fn a_retiring_key_lives_no_longer_than_was_said() {
        let (soon, late) = (Some(later(60)), Some(later(120)));
        assert_eq!(move_end(false, soon, None, NOW), Ok(()));
        assert_eq!(move_end(false, None, Some(NOW), NOW), Err(Refusal::EndsInThePast));
        assert_eq!(move_end(true, late, soon, NOW), Ok(()));
        assert_eq!(move_end(true, soon, late, NOW), Err(Refusal::OutlivesRetirement));
        assert_eq!(move_end(true, soon, None, NOW), Err(Refusal::OutlivesRetirement));
        assert_eq!(move_end(true, soon, soon, NOW), Ok(()));
    }

    #[test]
    fn a_key_is_idle_only_as_far_as_gateways_have_told() {
        let hour = 3_600;
        assert!(!is_idle(2, NOW, None, later(2 * hour - 1)));
        assert!(is_idle(2, NOW, None, later(2 * hour)));
        let used = Some(later(hour));
        assert!(!is_idle(2, NOW, used, later(3 * hour - 1)));
        assert!(is_idle(2, NOW, used, later(3 * hour)));
        // A use before the rotation says nothing about the time after it.
        assert!(!is_idle(2, NOW, Some(UnixTime(NOW.0 - hour)), later(2 * hour - 1)));
    }

    #[test]
    fn each_notice_is_due_once() {
        let end = later(100 * DAY);
        assert_eq!(first_notice(NOW, end), UnixTime(end.0 - 7 * DAY));
        assert_eq!(first_notice(NOW, later(4 * DAY)), later(3 * DAY));
        assert_eq!(notice(end, later(93 * DAY)), (Some(Notice::ExpiringSoon), Some(end)));
        assert_eq!(notice(end, end), (Some(Notice::Expired), None));
        assert_eq!(notice(end, UnixTime(end.0 + 7 * DAY)), (None, None));
    }

    #[test]
    fn a_chosen_key_is_hard_to_guess_and_fits_into_a_header() {
        for (key, expected) in [
            (&b"0123456789abcdef"[..], Ok(())),
            (b"0123456789abcde", Err(Unfit::TooShort)),
            (b"0123456789 abcdef", Err(Unfit::NotVisible)),
            (b"0123456789abcde\xc3", Err(Unfit::NotVisible)),
            (b"aaaaaaaabbbbbbbb", Err(Unfit::TooSimple)),
            (b"abcdefgabcdefgab", Err(Unfit::TooSimple)),
            (b"abcdefghabcdefgh", Ok(())),
            (&[b'x'; 513], Err(Unfit::TooLong)),
        ] {
            assert_eq!(check_chosen(key), expected, "{key:?}");
        }
    }
}
