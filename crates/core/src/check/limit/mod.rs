//! From where an application may call, and how often.
//!
//! A request is counted when nothing else refuses it: counting is the last act of a check. Each
//! worker counts by itself; where the host keeps something for all workers of a process, they count
//! together too, and a request has to pass both counts. So whatever the host forgets, refuses or
//! does not have, a worker lets through what it would let through if it were alone, and no more.

mod bucket;
mod shelf;

use alloc::vec::Vec;
use core::fmt;

use self::shelf::{Shelves, Verdict};
use super::decision::{Caller, Denial, Refusal};
use super::{Env, Memory};
use crate::lifecycle::limit::{self, LimitKind, Mapped, Network};

/// What only the host of a gateway knows of a request, or keeps for all of its workers.
pub trait Host: fmt::Debug {
    /// The address of the client as the host states it: text, with a port behind it or without.
    fn client_address(&self) -> Option<Vec<u8>>;

    /// Has `alter` change the value of a number in one step: nobody else's change comes between
    /// what `alter` is given and what it leaves. It is given nothing where there is no value, may
    /// be called again when somebody else came first, and says whether there is anything to write.
    /// Without a place for values it is not called.
    fn alter(&self, number: u16, alter: &mut dyn FnMut(&mut Vec<u8>) -> bool);
}

/// A host that knows nothing and keeps nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHost;

impl Host for NoHost {
    fn client_address(&self) -> Option<Vec<u8>> {
        None
    }

    fn alter(&self, _number: u16, _alter: &mut dyn FnMut(&mut Vec<u8>) -> bool) {}
}

/// The limit that a request ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// How it counts.
    pub kind: LimitKind,
    /// Its place among the application's limits, from 1.
    pub place: u8,
    /// How many requests a window holds.
    pub requests: u32,
    /// How long a window is.
    pub window_seconds: u32,
    /// After so many seconds a request can pass, at least 1.
    pub retry_after_seconds: u32,
}

/// Counts of this worker alone.
#[derive(Debug, Default)]
pub(crate) struct Counts(Shelves);

/// Counts a request that may pass, or refuses it.
#[cold]
pub(crate) fn count(
    memory: &mut Memory,
    env: &Env<'_>,
    caller: &Caller<'_>,
) -> Result<(), Refusal> {
    let counted = shelf::Counted {
        application: caller.application,
        limits: caller.limits,
        api: caller.api,
        now: env.moment,
    };
    let number = shelf::number(caller.application);
    let mut together = Verdict::Passes;
    env.host.alter(number, &mut |bytes| {
        together = counted.count(bytes);
        together == Verdict::Passes
    });
    let verdict = match together {
        Verdict::Passes => counted.count(memory.counts.0.shelf(number)),
        refused => refused,
    };
    let (denial, exceeded) = match verdict {
        Verdict::Passes => return Ok(()),
        Verdict::Exceeded(exceeded) => match exceeded.kind {
            LimitKind::Rate => (Denial::RateLimited, Some(exceeded)),
            LimitKind::Quota => (Denial::QuotaExhausted, Some(exceeded)),
        },
        Verdict::Full => (Denial::LimitsUnavailable, None),
    };
    Err(Refusal {
        credential: Some(caller.credential),
        application: Some(caller.application),
        api: Some(caller.api),
        strategy: Some(caller.strategy),
        exceeded,
        ..Refusal::unproven(denial)
    })
}

/// Whether a client may call from where it is. An address that cannot be told is in no network.
#[cold]
pub(crate) fn admit(env: &Env<'_>, networks: &[Network]) -> Result<(), Denial> {
    if networks.is_empty() {
        return Ok(());
    }
    let stated = env.host.client_address();
    let address = stated.as_deref().and_then(address).ok_or(Denial::AddressUnknown)?;
    if networks.iter().any(|network| network.holds(&address)) {
        Ok(())
    } else {
        Err(Denial::AddressRefused)
    }
}

/// Reads an address with its port (`192.0.2.7:443`, `[2001:db8::1]:443`) or without.
fn address(stated: &[u8]) -> Option<Mapped> {
    let colon = stated.iter().rposition(|byte| *byte == b':');
    let (before, port) = stated.split_at_checked(colon.unwrap_or(stated.len()))?;
    // What has more colons and no brackets is an IPv6 address alone.
    let has_port = !before.contains(&b':') || before.ends_with(b"]");
    if has_port && !port.iter().skip(1).all(u8::is_ascii_digit) {
        return None;
    }
    let bare = if has_port { before } else { stated };
    match bare.strip_prefix(b"[") {
        Some(rest) => limit::read_v6(rest.strip_suffix(b"]")?),
        None if has_port => limit::read_v4(bare).map(limit::map_v4),
        None => limit::read_v6(bare),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_with_its_port_and_without() {
        for (stated, expected) in [
            ("192.0.2.7:443", Some("192.0.2.7")),
            ("192.0.2.7", Some("192.0.2.7")),
            ("[2001:db8::1]:443", Some("2001:db8::1")),
            ("[2001:db8::1]", Some("2001:db8::1")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("::ffff:192.0.2.7", Some("::ffff:192.0.2.7")),
            ("[::ffff:192.0.2.7]:1", Some("192.0.2.7")),
            ("", None),
            ("/tmp/socket", None),
            ("unix:", None),
            ("envoy://internal/1", None),
            ("[fe80::1%1]:443", None),
            ("192.0.2.7:443:1", None),
            ("192.0.2.7:443, 10.0.0.1", None),
            ("[2001:db8::1]x:443", None),
            ("[2001:db8::1:443", None),
            ("192.0.2", None),
            ("localhost:80", None),
        ] {
            let expected = expected.map(|text| limit::mapped(text.parse().unwrap()));
            assert_eq!(address(stated.as_bytes()), expected, "{stated}");
        }
        assert_eq!(address(b"\xff"), None);
    }
}
