//! Throttles: how often one address, or one account, may do what outsiders can do.
//!
//! Each count is a bucket that fills by its limit per minute; a burst of a whole minute's worth is
//! allowed. What is kept of it is one point in time: when all that was done would have been allowed
//! at an even pace. On SQLite counts live in the process, on PostgreSQL they are rows, so that
//! several portals count together. Those have each their own clock: one that is behind allows less.

use core::hash::Hash;
use core::net::IpAddr;

use sea_orm::DbErr;
use uuid::Uuid;

use crate::config::Throttle;
use crate::problem::Problem;
use crate::store::Store;

mod local;
mod shared;

/// A minute in microseconds.
const MINUTE: i64 = 60_000_000;

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

impl Act {
    /// What it is called in the database; never changes.
    const fn code(self) -> u8 {
        match self {
            Self::SignUp => 1,
            Self::SignIn => 2,
            Self::FailedSignIn => 3,
            Self::Reset => 4,
            Self::NewKey => 5,
            Self::FailedClient => 6,
            Self::FailedClientHere => 7,
            Self::Token => 8,
            Self::Registration => 9,
        }
    }
}

/// A limit, in what it takes to hold it.
#[derive(Clone, Copy, Debug)]
struct Meter {
    /// How many acts a minute.
    limit: i64,
    /// The microseconds between two acts at an even pace.
    pace: i64,
}

impl Meter {
    /// Nobody may do what has the limit zero.
    fn of(limit: u32) -> Option<Self> {
        let limit = i64::from(limit);
        Some(Self { limit, pace: (MINUTE.checked_div(limit)?).max(1) })
    }

    /// The even pace's point in time after one more act.
    fn after(self, even_at: i64, now: i64) -> i64 {
        even_at.max(now).saturating_add(self.pace)
    }

    /// How long to wait until one more act is allowed, in microseconds.
    fn wait(self, even_at: i64, now: i64) -> Option<i64> {
        let wait = self.after(even_at, now).saturating_sub(now.saturating_add(MINUTE));
        (wait > 0).then_some(wait)
    }
}

/// The counts.
#[derive(Debug)]
pub(crate) struct Throttles {
    limits: Throttle,
    counts: Counts,
}

#[derive(Debug)]
enum Counts {
    Local(local::Counts),
    Shared(shared::Counts),
}

impl Throttles {
    /// Counts in this process, or with all the processes that share a database.
    pub(crate) fn new(limits: Throttle, store: &Store) -> Self {
        let counts = if store.is_ours_alone() {
            Counts::Local(local::Counts::default())
        } else {
            Counts::Shared(shared::Counts::new(store.clone()))
        };
        Self { limits, counts }
    }

    fn limit(&self, act: Act) -> u32 {
        match act {
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
        }
    }

    /// Counts an act, or refuses it.
    pub(crate) async fn count(&self, act: Act, by: By, now: i64) -> Result<(), Problem> {
        let Some(meter) = Meter::of(self.limit(act)) else { return Err(too_many(MINUTE)) };
        let (by, now) = (network(by), micros(now));
        let wait = match &self.counts {
            Counts::Local(counts) => counts.count(act, by, meter, now)?,
            Counts::Shared(counts) => counts.count(act, by, meter, now).await?,
        };
        wait.map_or(Ok(()), |wait| Err(too_many(wait)))
    }

    /// Refuses an act that [`Self::count`] would refuse, and counts nothing.
    pub(crate) async fn check(&self, act: Act, by: By, now: i64) -> Result<(), Problem> {
        let Some(meter) = Meter::of(self.limit(act)) else { return Err(too_many(MINUTE)) };
        let (by, now) = (network(by), micros(now));
        let wait = match &self.counts {
            Counts::Local(counts) => counts.check(act, by, meter, now)?,
            Counts::Shared(counts) => counts.check(act, by, meter, now).await?,
        };
        wait.map_or(Ok(()), |wait| Err(too_many(wait)))
    }

    /// Takes back a count.
    pub(crate) async fn give_back(&self, act: Act, by: By) {
        let Some(meter) = Meter::of(self.limit(act)) else { return };
        let by = network(by);
        match &self.counts {
            Counts::Local(counts) => counts.give_back(act, by, meter),
            Counts::Shared(counts) => {
                if let Err(error) = counts.give_back(act, by, meter).await {
                    tracing::warn!(cause = %error, "cannot take back a count");
                }
            }
        }
    }

    /// Forgets counts that say nothing any more.
    pub(crate) async fn prune(&self, now: i64) -> Result<(), DbErr> {
        match &self.counts {
            Counts::Local(_) => Ok(()),
            Counts::Shared(counts) => counts.prune(micros(now)).await,
        }
    }
}

fn micros(millis: i64) -> i64 {
    millis.saturating_mul(1_000)
}

fn too_many(wait: i64) -> Problem {
    let seconds = u64::try_from(wait).unwrap_or_default().div_ceil(1_000_000);
    Problem::too_many_requests(seconds.clamp(1, 3_600))
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
    use tempfile::TempDir;

    use super::*;

    async fn throttles(dir: &TempDir, sign_ups: u32) -> Throttles {
        let url = format!("sqlite:{}?mode=rwc", dir.path().join("db").display());
        let store = Store::open(&url).await.unwrap();
        Throttles::new(Throttle { sign_ups, ..Throttle::default() }, &store)
    }

    #[tokio::test]
    async fn a_burst_of_one_minute_is_allowed_and_time_makes_room() {
        let dir = tempfile::tempdir().unwrap();
        let throttles = throttles(&dir, 3).await;
        let by = By::Address([10, 0, 0, 1].into());
        let count = async |now| throttles.count(Act::SignUp, by, now).await;
        for _ in 0..3 {
            count(0).await.unwrap();
        }
        let refusal = count(0).await.unwrap_err().into_response();
        assert_eq!(refusal.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(refusal.headers()["retry-after"], "20");
        assert!(count(19_000).await.is_err());
        count(20_000).await.unwrap();
        assert!(count(20_000).await.is_err());
        let other = By::Address([10, 0, 0, 2].into());
        throttles.count(Act::SignUp, other, 0).await.unwrap();
    }

    #[tokio::test]
    async fn what_is_given_back_can_be_done_again() {
        let dir = tempfile::tempdir().unwrap();
        let throttles = throttles(&dir, 1).await;
        let by = By::Account(Uuid::nil(), [7; 32]);
        throttles.count(Act::SignUp, by, 0).await.unwrap();
        throttles.give_back(Act::SignUp, by).await;
        throttles.give_back(Act::SignUp, by).await;
        throttles.count(Act::SignUp, by, 0).await.unwrap();
        assert!(throttles.count(Act::SignUp, by, 0).await.is_err());
    }

    #[tokio::test]
    async fn a_look_counts_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let throttles = throttles(&dir, 1).await;
        let by = By::Address([10, 0, 0, 1].into());
        for _ in 0..3 {
            throttles.check(Act::SignUp, by, 0).await.unwrap();
        }
        throttles.count(Act::SignUp, by, 0).await.unwrap();
        assert!(throttles.check(Act::SignUp, by, 0).await.is_err());
        throttles.check(Act::SignUp, by, 60_000).await.unwrap();
    }

    #[tokio::test]
    async fn what_has_the_limit_zero_nobody_may_do() {
        let dir = tempfile::tempdir().unwrap();
        let throttles = throttles(&dir, 0).await;
        let by = By::Address([10, 0, 0, 1].into());
        assert!(throttles.count(Act::SignUp, by, 0).await.is_err());
        assert!(throttles.check(Act::SignUp, by, i64::MAX).await.is_err());
    }

    #[tokio::test]
    async fn addresses_of_one_ipv6_network_share_a_count() {
        let dir = tempfile::tempdir().unwrap();
        let throttles = throttles(&dir, 1).await;
        let by = |text: &str| By::Address(text.parse().unwrap());
        throttles.count(Act::SignUp, by("2001:db8::1"), 0).await.unwrap();
        assert!(throttles.count(Act::SignUp, by("2001:db8::2"), 0).await.is_err());
        throttles.count(Act::SignUp, by("2001:db8:0:1::1"), 0).await.unwrap();
    }
}
