//! Refused calls, kept until the portal is told of them, so that whoever made one can ask why.
//!
//! Of applications and of callers who are not known as much is kept of each, so that strangers crowd
//! out nobody. Where there is no more room the older half goes. Nothing is written that the client
//! sent but method and path: no key, no token, no query, no header.

use core::mem;

use gatekey_core::check::Refusal;
use gatekey_core::time::UnixMillis;

use crate::decision::{Line, Seen};

/// The most bytes of a half.
const MAX_BYTES: usize = 16 * 1024;
/// What a call takes, usually.
const LIKELY_BYTES: usize = 384;
/// The most that is told of a path and of a method.
const MAX_PATH: usize = 256;
const MAX_METHOD: usize = 16;

/// The calls that were refused since the last report.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    applications: Kept,
    strangers: Kept,
    /// How many more there were.
    dropped: u32,
}

#[derive(Debug, Default)]
struct Kept {
    older: Half,
    newer: Half,
}

/// Objects of JSON, a comma before each.
#[derive(Debug, Default)]
struct Half {
    text: String,
    calls: u32,
}

impl Refusals {
    /// Keeps what is told of a call, under the id that its client is told.
    pub(crate) fn note(&mut self, refusal: &Refusal, id: &str, now: UnixMillis, seen: &Seen<'_>) {
        let status = refusal.denial.status();
        let mut line = Line::json(String::with_capacity(LIKELY_BYTES));
        line.text.push_str(&format!(",{{\"at\":{},\"status\":{status}", now.0));
        line.put("request_id", id.as_bytes());
        line.put("reason", refusal.code().as_bytes());
        line.put_ids(refusal.application, refusal.api);
        line.put("method", seen.method.get(..MAX_METHOD).unwrap_or(seen.method));
        let path = seen.bare_path();
        line.put("path", path.get(..MAX_PATH).unwrap_or(path));
        let Self { applications, strangers, dropped } = self;
        let kept = if refusal.application.is_some() { applications } else { strangers };
        if kept.newer.text.len() + line.text.len() > MAX_BYTES {
            let gone = mem::replace(&mut kept.older, mem::take(&mut kept.newer));
            *dropped = dropped.saturating_add(gone.calls);
        }
        kept.newer.text.push_str(&line.text);
        kept.newer.text.push('}');
        kept.newer.calls += 1;
    }

    /// Takes what is kept, as members of a report; empty when there is nothing to tell.
    pub(crate) fn take(&mut self) -> String {
        let Self { applications, strangers, dropped } = mem::take(self);
        let halves = [applications.older, applications.newer, strangers.older, strangers.newer];
        let texts = halves.map(|half| half.text).concat();
        match texts.strip_prefix(',') {
            Some(texts) => format!(",\"refusals\":[{texts}],\"refusals_dropped\":{dropped}"),
            None => texts,
        }
    }
}
