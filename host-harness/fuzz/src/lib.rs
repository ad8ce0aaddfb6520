//! Fuzz targets over the compiled filter, and over what the core reads: what a client, an operator, a
//! portal and an identity provider may send.
//!
//! Each target is a function from bytes to a judgement: [`request::run`], [`configuration::run`],
//! [`snapshot::run`], [`callout::run`]. The programs of the same names hand it to libFuzzer, which
//! finds its way by what the *guest* does: [`coverage`] turns host calls, log lines and fuel into
//! counters, so the programs are ordinary builds and need no instrumentation.
//!
//! The [`READERS`] call the core in this process instead: [`token::run`], those of [`provider`] and
//! [`cookie::run`]. What they are after is not what a host makes of it but what is read, which the
//! filter tells nobody: is it what another library reads, has it one spelling, is it within its
//! limits. Without a guest an input takes microseconds; the counters are what the readers said, and
//! how far they got. That the compiled filter decides the same is for its cases to show.

pub mod callout;
pub mod configuration;
pub mod cookie;
pub mod coverage;
pub mod crash;
pub mod gate;
pub mod input;
pub mod oracle;
pub mod provider;
pub mod reading;
pub mod request;
pub mod snapshot;
pub mod token;

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
        "token" => token::run,
        "key-set" => provider::key_set,
        "discovery" => provider::discovery,
        "introspection" => provider::introspection,
        "token-reply" => provider::token_reply,
        "cookie" => cookie::run,
        _ => return None,
    })
}

/// The names of the targets over the filter.
pub const TARGETS: [&str; 4] = ["request", "configuration", "snapshot", "callout"];

/// The names of the targets over what the core reads.
pub const READERS: [&str; 6] =
    ["token", "key-set", "discovery", "introspection", "token-reply", "cookie"];

/// Ends the process on a bad judgement, so that libFuzzer keeps the input.
pub fn judge(judged: Judged) {
    if let Err(why) = judged {
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), "{why}");
        std::process::abort();
    }
}
