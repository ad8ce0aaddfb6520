//! Where an input led the guest, as counters that libFuzzer reads.
//!
//! libFuzzer takes every byte of the section `__libfuzzer_extra_counters` as a place in the code:
//! an input that makes another byte rise is worth keeping. The bytes here stand for pairs of
//! successive host calls with what they were answered, for lines of the log without the parts that
//! inputs choose, for outcomes, and for the fuel of each callback in steps of a sixteenth of an
//! octave: more fuel is deeper in.

use core::sync::atomic::{AtomicU8, Ordering};

use gatekey_host_harness::{Callback, HostCall, Ledger, Log, Outcome, Transcript};

const PLACES: usize = 1 << 14;

/// libFuzzer clears the section in whole words.
#[repr(align(64))]
struct Counters([AtomicU8; PLACES]);

#[expect(unsafe_code, reason = "libFuzzer looks for its counters in a section of this name")]
#[cfg_attr(target_os = "linux", unsafe(link_section = "__libfuzzer_extra_counters"))]
static COUNTERS: Counters = Counters([const { AtomicU8::new(0) }; PLACES]);

/// Host calls whose subject is the filter's own word, not the input's.
const TELLING: [&str; 3] =
    ["proxy_send_local_response", "proxy_define_metric", "proxy_get_property"];

/// FNV-1a.
#[derive(Clone, Copy)]
struct Place(u64);

impl Place {
    fn of(kind: &str) -> Self {
        Self(0xcbf2_9ce4_8422_2325).and(kind.as_bytes())
    }

    fn and(self, bytes: &[u8]) -> Self {
        let fold = |sum: u64, byte: &u8| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        Self(bytes.iter().chain(&[0xff]).fold(self.0, fold))
    }

    fn with(self, number: u64) -> Self {
        self.and(&number.to_le_bytes())
    }

    fn seen(self) {
        let place = usize::try_from((self.0 ^ (self.0 >> 32)) % PLACES as u64).unwrap_or(0);
        if let Some(counter) = COUNTERS.0.get(place) {
            let count = counter.load(Ordering::Relaxed);
            counter.store(count.saturating_add(1), Ordering::Relaxed);
        }
    }
}

/// Counts what a request did.
pub fn transcript(transcript: &Transcript) {
    let outcome = Place::of("outcome");
    match &transcript.outcome {
        Outcome::Local { status, details, .. } => {
            outcome.with((*status).into()).and(details.as_bytes()).seen();
        }
        other => outcome.and(format!("{:?}", core::mem::discriminant(other)).as_bytes()).seen(),
    }
    host_calls(&transcript.host_calls);
    callbacks(&transcript.callbacks);
    logs(&transcript.logs);
}

/// Counts what was done for no request.
pub fn ledger(ledger: &Ledger) {
    host_calls(&ledger.host_calls);
    callbacks(&ledger.callbacks);
    logs(&ledger.logs);
}

/// Counts what a reader in this process said, and a number that goes with it.
pub fn said(reader: &str, what: &str, number: usize) {
    let number = u64::try_from(number).unwrap_or(u64::MAX);
    Place::of(reader).and(what.as_bytes()).with(step(number.saturating_mul(16))).seen();
}

fn host_calls(calls: &[HostCall]) {
    let mut before = Place::of("calls");
    for call in calls {
        let mut after = Place::of(call.name).with(call.status.into());
        if TELLING.contains(&call.name) {
            after = after.and(&call.subject);
        }
        Place(before.0.rotate_left(1) ^ after.0).seen();
        before = after;
    }
}

fn callbacks(callbacks: &[Callback]) {
    for callback in callbacks {
        Place::of(callback.name).with(step(callback.fuel)).seen();
    }
}

/// Lines of the log, without what inputs choose.
pub fn logs(logs: &[Log]) {
    for log in logs {
        Place::of("log").and(gist(&log.message()).as_bytes()).seen();
    }
}

/// Sixteenths of an octave.
fn step(fuel: u64) -> u64 {
    let octave = fuel.max(16).ilog2();
    u64::from(octave) * 16 + (fuel >> (octave - 4)) % 16
}

/// The words of a line without numbers, up to where it first repeats what it was given.
fn gist(line: &str) -> String {
    let own = line.split(['`', '"', '=']).next().unwrap_or_default();
    own.split_whitespace().filter(|word| !word.contains(|c: char| c.is_ascii_digit())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_known_by_what_the_filter_says() {
        assert_eq!(gist("refused: unknown key=abc id=7"), gist("refused: unknown key=xyz id=8"));
        assert_eq!(gist("unknown field `a` at 7"), gist("unknown field `b` at 12"));
        assert_ne!(gist("refused: expired"), gist("refused: unknown"));
    }

    #[test]
    fn steps_rise_with_fuel() {
        assert!(step(0) <= step(16) && step(1000) < step(1100) && step(1000) < step(2000));
        assert_eq!(step(100_000), step(100_500));
    }
}
