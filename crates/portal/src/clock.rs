//! The portal's clock, in milliseconds since 1970, and timestamps as callers see them.

use core::sync::atomic::{AtomicI64, Ordering};
use core::time::Duration;
use std::time::{SystemTime, UNIX_EPOCH};

use gatekey_core::time::UnixMillis;
use jiff::Timestamp;

/// Tells the time. Tests move it on instead of waiting.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    ahead: AtomicI64,
}

impl Clock {
    /// Milliseconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        millis(since).saturating_add(self.ahead.load(Ordering::Relaxed))
    }

    /// The same as the core has it.
    pub(crate) fn unix_millis(&self) -> UnixMillis {
        UnixMillis(u64::try_from(self.now()).unwrap_or_default())
    }

    /// Moves the clock on.
    pub(crate) fn advance(&self, by: Duration) {
        self.ahead.fetch_add(millis(by), Ordering::Relaxed);
    }
}

/// A duration in milliseconds.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// An instant in RFC 3339, UTC, with milliseconds.
pub(crate) fn format(millis: i64) -> String {
    let instant = Timestamp::from_millisecond(millis).unwrap_or_default();
    format!("{instant:.3}")
}

/// An instant in RFC 3339, UTC, to the second.
pub(crate) fn seconds(millis: i64) -> String {
    let instant = Timestamp::from_millisecond(millis.div_euclid(1_000).saturating_mul(1_000));
    format!("{:.0}", instant.unwrap_or_default())
}

/// Reads an instant in RFC 3339.
pub(crate) fn parse(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_survive_the_round_trip() {
        for (millis, text) in
            [(0, "1970-01-01T00:00:00.000Z"), (1_700_000_000_123, "2023-11-14T22:13:20.123Z")]
        {
            assert_eq!(format(millis), text);
            assert_eq!(parse(text), Some(millis));
        }
        assert_eq!(parse("2023-11-14T23:13:20.123+01:00"), Some(1_700_000_000_123));
        assert_eq!(parse("yesterday"), None);
    }
}
