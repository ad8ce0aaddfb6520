//! Faults: host calls that go wrong because the test says so.
//!
//! A [`Fault`] names a host function as the guest imports it, which of its calls are meant, and what
//! goes wrong. Faults hold from the moment they are set, over all VMs of a world, start-up and
//! canary included; calls are counted in the order in which the guests make them, so the same world
//! with the same faults tells the same story.
//!
//! ```
//! use gatekey_host_harness::{Fault, FaultKind, Profile, When, World};
//!
//! let fault = Fault::new("proxy_get_header_map_pairs", FaultKind::Status(12)).when(When::Nth(1));
//! assert_eq!(fault.to_string(), "status 12 at call 1 of `proxy_get_header_map_pairs`");
//! let world = World::builder(Profile::envoy()).fault(fault).build();
//! # drop(world);
//! ```

mod data;
mod kind;

use core::error::Error;
use core::fmt;
use std::collections::BTreeMap;

pub use kind::{FaultKind, UnknownFault};

use crate::world::random::Random;

/// Which of the calls that a fault names go wrong. Calls are counted from 1, from the moment the
/// fault is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum When {
    /// All of them.
    #[default]
    Always,
    /// This one only.
    Nth(u64),
    /// This one and all after it.
    From(u64),
    /// So many of a thousand, drawn with this seed.
    Chance {
        /// How many of a thousand.
        per_mille: u16,
        /// Where the draws begin.
        seed: u64,
    },
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Always => f.write_str("every call"),
            Self::Nth(n) => write!(f, "call {n}"),
            Self::From(n) => write!(f, "every call from {n} on"),
            Self::Chance { per_mille, seed } => {
                write!(f, "{per_mille} of 1000 calls (seed {seed})")
            }
        }
    }
}

/// One thing that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The host function, as it is imported: `proxy_get_property`, `random_get`.
    pub call: String,
    /// What the call is about, as transcripts show it: a header name, a property path with dots, an
    /// upstream. Nothing means calls about anything.
    pub subject: Option<Vec<u8>>,
    /// The callback that makes the call, as the guest exports it. Nothing means any.
    pub callback: Option<String>,
    /// Which of these calls.
    pub when: When,
    /// What goes wrong.
    pub kind: FaultKind,
}

impl Fault {
    /// Every call of this function goes wrong like this.
    #[must_use]
    pub fn new(call: impl Into<String>, kind: FaultKind) -> Self {
        Self { call: call.into(), subject: None, callback: None, when: When::Always, kind }
    }

    /// Only calls about this.
    #[must_use]
    pub fn about(mut self, subject: impl Into<Vec<u8>>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Only calls that this callback makes.
    #[must_use]
    pub fn within(mut self, callback: impl Into<String>) -> Self {
        self.callback = Some(callback.into());
        self
    }

    /// Only these calls.
    #[must_use]
    pub fn when(mut self, when: When) -> Self {
        self.when = when;
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { call, subject, callback, when, kind } = self;
        write!(f, "{kind} at {when} of `{call}`")?;
        if let Some(subject) = subject {
            write!(f, " about `{}`", subject.escape_ascii())?;
        }
        match callback {
            Some(callback) => write!(f, " in `{callback}`"),
            None => Ok(()),
        }
    }
}

/// A fault that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Injected {
    /// The host function.
    pub call: &'static str,
    /// What the call was about, where that had been said when it went wrong.
    pub subject: Vec<u8>,
    /// How many calls that this fault names there had been, this one included.
    pub number: u64,
    /// What went wrong.
    pub kind: FaultKind,
}

impl fmt::Display for Injected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { call, subject, number, kind } = self;
        write!(f, "{kind} at call {number} of {call} `{}`", subject.escape_ascii())
    }
}

/// What ends a callback whose host call was told to trap.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InjectedTrap;

impl fmt::Display for InjectedTrap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("fault injected: the host call trapped")
    }
}

impl Error for InjectedTrap {}

#[derive(Debug)]
struct Armed {
    fault: Fault,
    seen: u64,
    draws: Random,
}

impl Armed {
    /// Counts a call that this fault names, and says whether it goes wrong.
    fn strikes(&mut self) -> bool {
        self.seen += 1;
        match self.fault.when {
            When::Always => true,
            When::Nth(n) => self.seen == n,
            When::From(n) => self.seen >= n,
            When::Chance { per_mille, .. } => {
                let draw =
                    self.draws.bytes(8).iter().fold(0_u64, |sum, byte| {
                        sum.wrapping_mul(256).wrapping_add(u64::from(*byte))
                    });
                draw % 1000 < u64::from(per_mille)
            }
        }
    }
}

/// The faults of a world, with their counts.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    armed: Vec<Armed>,
    /// The call in progress loses the reply to whatever it starts.
    pub(crate) reply_lost: bool,
    /// The callback that is running.
    pub(crate) callback: &'static str,
    /// How many faults happened.
    pub(crate) injected: u64,
    /// How often each callback made each call, if somebody wants to know.
    pub(crate) census: Option<Census>,
}

/// How often each callback made each host call: by their names, the callback first.
pub type Census = BTreeMap<(&'static str, &'static str), u64>;

impl Faults {
    pub(crate) fn is_empty(&self) -> bool {
        self.armed.is_empty()
    }

    pub(crate) fn push(&mut self, fault: Fault) {
        let seed = match fault.when {
            When::Chance { seed, .. } => seed,
            When::Always | When::Nth(_) | When::From(_) => 0,
        };
        self.armed.push(Armed { fault, seen: 0, draws: Random::for_vm(seed, 0) });
    }

    pub(crate) fn set(&mut self, faults: Vec<Fault>) {
        self.armed.clear();
        faults.into_iter().for_each(|fault| self.push(fault));
    }

    /// Whether some fault waits for the subject of a call.
    pub(crate) fn ask_for_subjects(&self) -> bool {
        self.armed.iter().any(|armed| armed.fault.subject.is_some())
    }

    /// A call begins; what it is about is not known yet.
    pub(crate) fn at_call(&mut self, call: &'static str) -> Option<Injected> {
        self.reply_lost = false;
        if let Some(census) = &mut self.census {
            *census.entry((self.callback, call)).or_default() += 1;
        }
        self.strike(call, None)
    }

    /// A call says what it is about.
    pub(crate) fn at_subject(&mut self, call: &'static str, subject: &[u8]) -> Option<Injected> {
        self.strike(call, Some(subject))
    }

    /// Every fault that names the call counts it; the first that strikes is taken.
    fn strike(&mut self, call: &'static str, subject: Option<&[u8]>) -> Option<Injected> {
        let mut struck = None;
        for armed in &mut self.armed {
            let Fault { call: named, subject: about, callback, .. } = &armed.fault;
            let elsewhere = callback.as_ref().is_some_and(|name| name != self.callback);
            if named != call || about.as_deref() != subject || elsewhere {
                continue;
            }
            if armed.strikes() && struck.is_none() {
                struck = Some(Injected {
                    call,
                    subject: subject.unwrap_or_default().to_vec(),
                    number: armed.seen,
                    kind: armed.fault.kind,
                });
            }
        }
        self.injected += u64::from(struck.is_some());
        struck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn struck(when: When, calls: u64) -> Vec<u64> {
        let mut faults = Faults::default();
        faults.push(Fault::new("a", FaultKind::Trap).when(when));
        (0..calls).filter_map(|_| faults.at_call("a")).map(|injected| injected.number).collect()
    }

    #[test]
    fn calls_are_counted_from_one() {
        assert_eq!(struck(When::Always, 3), [1, 2, 3]);
        assert_eq!(struck(When::Nth(2), 3), [2]);
        assert_eq!(struck(When::From(2), 4), [2, 3, 4]);
        assert!(struck(When::Nth(0), 3).is_empty());
    }

    #[test]
    fn chance_is_the_same_each_time_and_about_right() {
        let chance = |seed| struck(When::Chance { per_mille: 250, seed }, 4000);
        assert_eq!(chance(1), chance(1));
        assert_ne!(chance(1), chance(2));
        assert!((800..1200).contains(&chance(3).len()), "{}", chance(3).len());
        assert!(struck(When::Chance { per_mille: 0, seed: 1 }, 100).is_empty());
        assert_eq!(struck(When::Chance { per_mille: 1000, seed: 1 }, 100).len(), 100);
    }

    #[test]
    fn only_the_named_calls_count() {
        let mut faults = Faults::default();
        faults.push(Fault::new("a", FaultKind::Trap).about("x").when(When::Nth(2)));
        assert!(faults.ask_for_subjects());
        assert_eq!(faults.at_call("a"), None);
        assert_eq!(faults.at_subject("a", b"x"), None);
        assert_eq!(faults.at_subject("a", b"y"), None);
        assert_eq!(faults.at_subject("b", b"x"), None);
        assert!(faults.at_subject("a", b"x").is_some());
        faults.set(vec![Fault::new("a", FaultKind::Trap).within("on")]);
        assert_eq!(faults.at_call("a"), None);
        faults.callback = "on";
        assert!(faults.at_call("a").is_some());
        faults.set(Vec::new());
        assert_eq!(faults.at_subject("a", b"x"), None);
    }

    #[test]
    fn the_first_of_two_faults_is_taken_and_both_count() {
        let mut faults = Faults::default();
        faults.push(Fault::new("a", FaultKind::Status(1)).when(When::Nth(1)));
        faults.push(Fault::new("a", FaultKind::Status(2)));
        let kinds: Vec<_> = (0..2).filter_map(|_| faults.at_call("a")).map(|i| i.kind).collect();
        assert_eq!(kinds, [FaultKind::Status(1), FaultKind::Status(2)]);
    }
}
