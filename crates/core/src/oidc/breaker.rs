//! A circuit breaker: whoever does not answer is not asked by every request.

use crate::time::UnixTime;

/// Failures in a row after which nobody is asked for a while.
const FAILURES: u32 = 5;
/// The first such while, in seconds; it doubles up to [`LONGEST_SECONDS`].
const FIRST_SECONDS: u64 = 2;
const LONGEST_SECONDS: u64 = 60;

#[derive(Debug, Default)]
pub(crate) struct Breaker {
    failures: u32,
    /// Until when nobody asks. After that one does, and decides for all.
    open_until: UnixTime,
}

impl Breaker {
    /// Whether a call may be made now. A call that is let through after a pause keeps the others
    /// back until it is answered or the pause is over again.
    pub(crate) fn admits(&mut self, now: UnixTime) -> bool {
        if self.failures < FAILURES {
            return true;
        }
        if now < self.open_until {
            return false;
        }
        self.open_until = now.plus_seconds(self.pause());
        true
    }

    fn pause(&self) -> u64 {
        let doublings = self.failures.saturating_sub(FAILURES).min(5);
        (FIRST_SECONDS << doublings).min(LONGEST_SECONDS)
    }

    /// Notes an answer; true when the breaker closes by it.
    pub(crate) const fn succeed(&mut self) -> bool {
        let closes = self.failures >= FAILURES;
        self.failures = 0;
        closes
    }

    /// Notes a failure; true when the breaker opens by it.
    pub(crate) fn fail(&mut self, now: UnixTime) -> bool {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= FAILURES {
            self.open_until = now.plus_seconds(self.pause());
        }
        self.failures == FAILURES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_failures_lets_one_through_and_closes_on_success() {
        let mut breaker = Breaker::default();
        for _ in 0..4 {
            assert!(breaker.admits(UnixTime(10)));
            assert!(!breaker.fail(UnixTime(10)));
        }
        assert!(breaker.admits(UnixTime(10)) && breaker.fail(UnixTime(10)));
        assert!(!breaker.admits(UnixTime(11)));
        assert!(breaker.admits(UnixTime(12)) && !breaker.admits(UnixTime(12)));
        assert!(!breaker.fail(UnixTime(12)));
        assert!(!breaker.admits(UnixTime(15)) && breaker.admits(UnixTime(16)));
        assert!(breaker.succeed() && breaker.admits(UnixTime(16)));
    }

    #[test]
    fn the_pause_has_a_limit() {
        let mut breaker = Breaker::default();
        for _ in 0..100 {
            breaker.fail(UnixTime(100));
        }
        assert!(!breaker.admits(UnixTime(159)) && breaker.admits(UnixTime(160)));
    }
}
