//! Fuzz targets over the compiled filter: what a client, an operator and a portal may send.
//!
//! Each target is a function from bytes to a judgement: [`request::run`], [`configuration::run`],
//! [`snapshot::run`], [`callout::run`]. The programs of the same names hand it to libFuzzer, which
//! finds its way by what the *guest* does: [`coverage`] turns host calls, log lines and fuel into
//! counters, so the programs are ordinary builds and need no instrumentation.

pub mod callout;
pub mod configuration;
pub mod coverage;
pub mod crash;
pub mod gate;
pub mod input;
pub mod oracle;
pub mod request;
pub mod snapshot;

/// What is wrong with what the filter did.
pub type Judged = Result<(), String>;

/// A target by its name, for programs that run files.
#[must_use]
pub fn target(name: &str) -> Option<fn(&[u8]) -> Judged> {
    Some(match name {
        "request" => request::run,
        "configuration" => configuration::run,
        "snapshot" => snapshot::run,
        "callout" => callout::run,
        _ => return None,
    })
}

/// The names of all targets.
pub const TARGETS: [&str; 4] = ["request", "configuration", "snapshot", "callout"];

/// Ends the process on a bad judgement, so that libFuzzer keeps the input.
pub fn judge(judged: Judged) {
    if let Err(why) = judged {
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), "{why}");
        std::process::abort();
    }
}
