//! Virtual time: it moves only when the world is told to advance.

use core::time::Duration;

/// Milliseconds since 1970, where a world's wall clock starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMillis(pub u64);

impl Default for UnixMillis {
    /// 2026-01-01T00:00:00Z: a fixed day, so that a world without a stated time is deterministic.
    fn default() -> Self {
        Self(1_767_225_600_000)
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Clock {
    epoch: Duration,
    /// Time since the world began.
    now: Duration,
    /// How far the wall clock was set off by hand; monotonic time does not see it.
    skew_ms: i64,
}

impl Clock {
    pub(crate) fn starting_at(start: UnixMillis) -> Self {
        Self { epoch: Duration::from_millis(start.0), now: Duration::ZERO, skew_ms: 0 }
    }

    /// When the world began, since 1970.
    pub(crate) fn start(&self) -> Duration {
        self.epoch
    }

    /// Time since the world began.
    pub(crate) fn elapsed(&self) -> Duration {
        self.now
    }

    pub(crate) fn wall(&self) -> Duration {
        let skew = Duration::from_millis(self.skew_ms.unsigned_abs());
        let wall = self.epoch.saturating_add(self.now);
        if self.skew_ms < 0 { wall.saturating_sub(skew) } else { wall.saturating_add(skew) }
    }

    pub(crate) fn wall_nanos(&self) -> u64 {
        u64::try_from(self.wall().as_nanos()).unwrap_or(u64::MAX)
    }

    pub(crate) fn monotonic_nanos(&self) -> u64 {
        u64::try_from(self.now.as_nanos()).unwrap_or(u64::MAX)
    }

    pub(crate) fn move_to(&mut self, elapsed: Duration) {
        self.now = self.now.max(elapsed);
    }

    pub(crate) fn skew(&mut self, by_ms: i64) {
        self.skew_ms = self.skew_ms.saturating_add(by_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_jumps_do_not_touch_monotonic_time() {
        let mut clock = Clock::starting_at(UnixMillis(1_000));
        clock.move_to(Duration::from_millis(5));
        clock.skew(-2_000);
        assert_eq!(clock.wall_nanos(), 0);
        assert_eq!(clock.monotonic_nanos(), 5_000_000);
        clock.move_to(Duration::ZERO);
        assert_eq!(clock.elapsed(), Duration::from_millis(5));
    }
}
