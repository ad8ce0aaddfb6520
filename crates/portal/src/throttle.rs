//! Throttles: how often one address, or one account, may do what outsiders can do.
//!
//! Counts live in this process. Each is a bucket that fills by its limit per minute; a burst of
//! a whole minute's worth is allowed.

use core::hash::Hash;
use core::net::IpAddr;
use std::collections::HashMap;
use std::sync::Mutex;

use uuid::Uuid;

use crate::config::Throttle;
use crate::problem::Problem;

/// More buckets than this are not kept; full ones go first.
const MOST_BUCKETS: usize = 100_000;
const MINUTE_MS: f64 = 60_000.0;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Act {
    /// A sign-up.
    SignUp,
    /// An attempt to sign in.
    SignIn,
    /// An attempt to sign in that failed.
    FailedSignIn,
    /// A request for, or a use of, a token from an e-mail.
    Reset,
    /// A new key.
    NewKey,
    /// A client that did not prove who it is, as seen from one address.
    FailedClient,
    /// Any clients that did not, from one address.
    FailedClientHere,
    /// A token for a client.
    Token,
    /// A client that registers itself.
    Registration,
}

/// For whom it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum By {
    /// An address; of IPv6 the network of 64 bits.
    Address(IpAddr),
    /// A portal's account, or an authorization server's client, by a digest of what it is called,
    /// whether it exists or not.
    Account(Uuid, [u8; 32]),
}

/// The counts.
#[derive(Debug)]
pub(crate) struct Throttles {
    limits: Throttle,
    buckets: Mutex<HashMap<(Act, By), Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: f64,
    at: i64,
}

impl Throttles {
    /// Nothing has been counted yet.
    pub(crate) fn new(limits: Throttle) -> Self {
        Self { limits, buckets: Mutex::default() }
    }

    fn limit(&self, act: Act) -> f64 {
        f64::from(match act {
            Act::SignUp => self.limits.sign_ups,
            Act::SignIn => self.limits.sign_ins,
            Act::FailedSignIn => self.limits.failed_sign_ins,
            Act::Reset => self.limits.resets,
            Act::NewKey => self.limits.keys,
            Act::FailedClient => self.limits.failed_clients,
            // Many clients may share an address.
            Act::FailedClientHere => self.limits.failed_clients.saturating_mul(10),
            Act::Token => self.limits.client_tokens,
            Act::Registration => self.limits.client_registrations,
        })
    }

    /// Counts an act, or refuses it.
    pub(crate) fn count(&self, act: Act, by: By, now: i64) -> Result<(), Problem> {
        let limit = self.limit(act);
        let by = network(by);
        let Ok(mut buckets) = self.buckets.lock() else {
            return Err(Problem::unavailable("the throttle's lock is poisoned"));
        };
        if buckets.len() >= MOST_BUCKETS {
            buckets.retain(|(act, _), bucket| {
                refilled(bucket, self.limit(*act), now) < self.limit(*act)
            });
            if buckets.len() >= MOST_BUCKETS {
                buckets.clear();
            }
        }
        let bucket = buckets.entry((act, by)).or_insert(Bucket { left: limit, at: now });
        let left = refilled(bucket, limit, now);
        enough(left, limit)?;
        *bucket = Bucket { left: left - 1.0, at: now };
        Ok(())
    }

    /// Refuses an act that [`Self::count`] would refuse, and counts nothing.
    pub(crate) fn check(&self, act: Act, by: By, now: i64) -> Result<(), Problem> {
        let limit = self.limit(act);
        let Ok(buckets) = self.buckets.lock() else {
            return Err(Problem::unavailable("the throttle's lock is poisoned"));
        };
        let bucket = buckets.get(&(act, network(by)));
        bucket.map_or(Ok(()), |bucket| enough(refilled(bucket, limit, now), limit))
    }

    /// Takes back a count.
    pub(crate) fn give_back(&self, act: Act, by: By) {
        let limit = self.limit(act);
        let Ok(mut buckets) = self.buckets.lock() else { return };
        if let Some(bucket) = buckets.get_mut(&(act, network(by))) {
            bucket.left = (bucket.left + 1.0).min(limit);
        }
    }
}

fn enough(left: f64, limit: f64) -> Result<(), Problem> {
    if left >= 1.0 {
        return Ok(());
    }
    let wait = ((1.0 - left) * 60.0 / limit.max(f64::MIN_POSITIVE)).ceil();
    Err(Problem::too_many_requests(wait.clamp(1.0, 3_600.0) as u64))
}

fn refilled(bucket: &Bucket, limit: f64, now: i64) -> f64 {
    let passed = now.saturating_sub(bucket.at).max(0) as f64;
    (bucket.left + passed * limit / MINUTE_MS).min(limit)
}

/// Whoever has an IPv6 network has all its addresses.
fn network(by: By) -> By {
    match by {
        By::Address(IpAddr::V6(address)) => {
            let masked = address.to_bits() & (u128::MAX << 64);
            By::Address(IpAddr::V6(masked.into()))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use axum::response::IntoResponse;

    use super::*;

    fn throttles(sign_ups: u32) -> Throttles {
        Throttles::new(Throttle { sign_ups, ..Throttle::default() })
    }

    #[test]
    fn a_burst_of_one_minute_is_allowed_and_time_makes_room() {
        let throttles = throttles(3);
        let by = By::Address([10, 0, 0, 1].into());
        for _ in 0..3 {
            throttles.count(Act::SignUp, by, 0).unwrap();
        }
        let refusal = throttles.count(Act::SignUp, by, 0).unwrap_err().into_response();
        assert_eq!(refusal.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(refusal.headers()["retry-after"], "20");
        assert!(throttles.count(Act::SignUp, by, 19_000).is_err());
        throttles.count(Act::SignUp, by, 20_000).unwrap();
        assert!(throttles.count(Act::SignUp, by, 20_000).is_err());
        throttles.count(Act::SignUp, By::Address([10, 0, 0, 2].into()), 0).unwrap();
    }

    #[test]
    fn what_is_given_back_can_be_done_again() {
        let throttles = throttles(1);
        let by = By::Account(Uuid::nil(), [7; 32]);
        throttles.count(Act::SignUp, by, 0).unwrap();
        throttles.give_back(Act::SignUp, by);
        throttles.give_back(Act::SignUp, by);
        throttles.count(Act::SignUp, by, 0).unwrap();
        assert!(throttles.count(Act::SignUp, by, 0).is_err());
    }

    #[test]
    fn a_look_counts_nothing() {
        let throttles = throttles(1);
        let by = By::Address([10, 0, 0, 1].into());
        for _ in 0..3 {
            throttles.check(Act::SignUp, by, 0).unwrap();
        }
        throttles.count(Act::SignUp, by, 0).unwrap();
        assert!(throttles.check(Act::SignUp, by, 0).is_err());
        throttles.check(Act::SignUp, by, 60_000).unwrap();
    }

    #[test]
    fn addresses_of_one_ipv6_network_share_a_count() {
        let throttles = throttles(1);
        let by = |text: &str| By::Address(text.parse().unwrap());
        throttles.count(Act::SignUp, by("2001:db8::1"), 0).unwrap();
        assert!(throttles.count(Act::SignUp, by("2001:db8::2"), 0).is_err());
        throttles.count(Act::SignUp, by("2001:db8:0:1::1"), 0).unwrap();
    }
}
