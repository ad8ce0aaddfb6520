//! One document of a provider that is fetched now and then: its discovery document, its keys.

use alloc::sync::Arc;

use super::Ticket;
use crate::digest::Digest;
use crate::time::UnixTime;

/// The longest pause after failures, in seconds.
const LONGEST_PAUSE_SECONDS: u64 = 30;

#[derive(Debug)]
pub(crate) struct Document<T> {
    value: Option<Arc<T>>,
    bytes: Option<Digest>,
    fetched_at: UnixTime,
    attempted_at: Option<UnixTime>,
    failures: u32,
    under_way: Option<Ticket>,
    /// Somebody asked for what is not in it.
    wanted: bool,
}

impl<T> Default for Document<T> {
    fn default() -> Self {
        Self {
            value: None,
            bytes: None,
            fetched_at: UnixTime(0),
            attempted_at: None,
            failures: 0,
            under_way: None,
            wanted: false,
        }
    }
}

impl<T> Document<T> {
    /// The document, as long as it is at most this old.
    pub(crate) fn value(&self, now: UnixTime, oldest_seconds: u64) -> Option<&Arc<T>> {
        let age = now.seconds_since(self.fetched_at);
        self.value.as_ref().filter(|_| age <= oldest_seconds)
    }

    /// Whether none was ever fetched.
    pub(crate) const fn is_empty(&self) -> bool {
        self.value.is_none()
    }

    /// When the document that is held was fetched.
    pub(crate) const fn fetched_at(&self) -> UnixTime {
        self.fetched_at
    }

    pub(crate) const fn under_way(&self) -> Option<Ticket> {
        self.under_way
    }

    /// Asks for a newer document than the one that is held.
    pub(crate) const fn want(&mut self) {
        self.wanted = true;
    }

    /// Whether it may be fetched now: nobody is at it, and the last attempt is long enough ago.
    pub(crate) fn may_fetch(&self, now: UnixTime, least_pause_seconds: u64) -> bool {
        let pause = match self.failures {
            0 => least_pause_seconds,
            failures => (1 << failures.min(5)).min(LONGEST_PAUSE_SECONDS),
        };
        let rested = |at: UnixTime| now.seconds_since(at) >= pause || now < at;
        self.under_way.is_none() && self.attempted_at.is_none_or(rested)
    }

    /// Whether it should be fetched: it is missing, old, or wanted newer.
    pub(crate) fn is_due(&self, now: UnixTime, fresh_seconds: u64) -> bool {
        self.wanted || self.value.is_none() || now.seconds_since(self.fetched_at) >= fresh_seconds
    }

    pub(crate) const fn begin(&mut self, ticket: Ticket, now: UnixTime) {
        self.under_way = Some(ticket);
        self.attempted_at = Some(now);
    }

    /// The fetch is over without a document; the one that is held stays.
    pub(crate) const fn fail(&mut self) {
        self.under_way = None;
        self.failures = self.failures.saturating_add(1);
    }

    /// The next attempt need not wait: it goes another way.
    pub(crate) const fn retry_at_once(&mut self) {
        self.under_way = None;
        self.attempted_at = None;
    }

    /// Takes a document; true when it differs from the one that was held.
    pub(crate) fn accept(&mut self, bytes: &[u8], value: T, now: UnixTime) -> bool {
        let digest = Some(Digest::sha256(bytes));
        let changed = self.bytes != digest;
        if changed {
            self.value = Some(Arc::new(value));
            self.bytes = digest;
        }
        self.fetched_at = now;
        self.under_way = None;
        self.failures = 0;
        self.wanted = false;
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_keep_their_distance() {
        let mut document = Document::<u8>::default();
        assert!(document.is_due(UnixTime(1), 300) && document.may_fetch(UnixTime(1), 30));
        document.begin(Ticket(1), UnixTime(1));
        assert!(!document.may_fetch(UnixTime(99), 30));
        document.fail();
        assert!(!document.may_fetch(UnixTime(2), 30) && document.may_fetch(UnixTime(3), 30));
        for at in 0..9 {
            document.begin(Ticket(at), UnixTime(10));
            document.fail();
        }
        assert!(!document.may_fetch(UnixTime(39), 5) && document.may_fetch(UnixTime(40), 5));
        assert!(document.accept(b"1", 1, UnixTime(50)));
        assert!(!document.accept(b"1", 1, UnixTime(60)));
        assert!(!document.is_due(UnixTime(359), 300) && document.is_due(UnixTime(360), 300));
        document.want();
        assert!(document.is_due(UnixTime(61), 300));
    }

    #[test]
    fn an_old_document_is_used_up_to_its_limit() {
        let mut document = Document::default();
        document.accept(b"1", 1, UnixTime(100));
        assert!(document.value(UnixTime(150), 50).is_some());
        assert!(document.value(UnixTime(151), 50).is_none());
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_stop_fetching() {
        let mut document = Document::<u8>::default();
        document.begin(Ticket(1), UnixTime(1_000));
        document.fail();
        assert!(document.may_fetch(UnixTime(10), 30));
    }
}
