//! The state of one limit, in integers.
//!
//! Of a rate the *debt* is kept: each request adds a window's milliseconds, each millisecond that
//! passes takes away as many units as the limit has requests, and the debt stays at or below
//! requests times milliseconds. That is a token bucket without fractions: nothing is rounded, so in
//! any time *t* at most `requests + requests * t / window` requests pass.
//!
//! Time only moves forward: a clock that is a little behind what was written gives nothing back,
//! and takes nothing away. When it is more than a window behind it was wrong before: then the count
//! begins anew, as it did when it went wrong.

use crate::lifecycle::limit::{Limit, LimitKind};
use crate::time::UnixMillis;

/// The state of a limit: three words where it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bucket {
    /// The kind and the window it was counted under; 0 when nothing was.
    tag: u64,
    /// A rate: the debt. A quota: the requests in the window.
    level: u64,
    /// A rate: the millisecond up to which the debt has been worked off. A quota: the window's
    /// number since 1970.
    at: u64,
}

/// A number as it is written.
pub(super) type Word = [u8; 8];
/// The words of a bucket.
pub(super) const BUCKET_WORDS: usize = 3;
const QUOTA: u64 = 1 << 32;

impl Bucket {
    pub(super) fn read(words: [Word; BUCKET_WORDS]) -> Self {
        let [tag, level, at] = words.map(u64::from_le_bytes);
        Self { tag, level, at }
    }

    pub(super) fn write(self) -> [Word; BUCKET_WORDS] {
        [self.tag, self.level, self.at].map(u64::to_le_bytes)
    }

    /// Brings the state to this moment. One of another kind or window begins anew.
    pub(super) fn settle(&mut self, limit: &Limit, now: UnixMillis) {
        let tag = u64::from(limit.window_seconds) | if is_quota(limit) { QUOTA } else { 0 };
        if self.tag != tag {
            *self = Self { tag, level: 0, at: 0 };
        }
        let now = self.time(now);
        if now >= self.at {
            let passed = now - self.at;
            if is_quota(limit) {
                self.level = if passed == 0 { self.level } else { 0 };
            } else {
                let paid = passed.saturating_mul(limit.requests.into());
                self.level = self.level.saturating_sub(paid).min(room(limit));
            }
            self.at = now;
        } else if self.at - now > self.slack() {
            *self = Self { tag, level: 0, at: now };
        }
    }

    /// The milliseconds until a request can pass; 0 when one can now.
    pub(super) fn wait(&self, limit: &Limit, now: UnixMillis) -> u64 {
        if is_quota(limit) {
            if self.level < u64::from(limit.requests) {
                return 0;
            }
            let end = self.at.saturating_add(1).saturating_mul(self.window_millis());
            return end.saturating_sub(now.0).max(1);
        }
        let over = self.level.saturating_add(self.window_millis()).saturating_sub(room(limit));
        if over == 0 {
            return 0;
        }
        over.div_ceil(u64::from(limit.requests).max(1)) + self.at.saturating_sub(now.0)
    }

    /// Counts a request.
    pub(super) fn take(&mut self, limit: &Limit) {
        let price = if is_quota(limit) { 1 } else { self.window_millis() };
        self.level = self.level.saturating_add(price);
    }

    /// Whether it says no more than an empty one, whatever the limit is.
    pub(super) fn is_over(&self, now: UnixMillis) -> bool {
        let now = self.time(now);
        let quiet = if self.tag & QUOTA == 0 { self.window_millis() } else { 1 };
        self.tag == 0 || now >= self.at.saturating_add(quiet)
    }

    fn window_millis(&self) -> u64 {
        (self.tag & (QUOTA - 1)).max(1) * 1_000
    }

    /// The moment as this state counts it.
    fn time(&self, now: UnixMillis) -> u64 {
        if self.tag & QUOTA == 0 { now.0 } else { now.0 / self.window_millis() }
    }

    /// How far ahead of the clock a state may be: a window.
    fn slack(&self) -> u64 {
        if self.tag & QUOTA == 0 { self.window_millis() } else { 1 }
    }
}

const fn is_quota(limit: &Limit) -> bool {
    matches!(limit.kind, LimitKind::Quota)
}

/// The debt of a bucket that has nothing left.
fn room(limit: &Limit) -> u64 {
    u64::from(limit.requests) * (u64::from(limit.window_seconds) * 1_000)
}
