//! Strict mode: nothing may go wrong that the case does not speak of.

use super::{BACKGROUND, Check, Finding};
use crate::abi::{LogLevel, Status};
use crate::case::document::Allow;
use crate::case::document::expect::LogLine;
use crate::error::Failure;
use crate::ledger::{Callback, HostCall, Log};

/// What the Rust SDK's panic hook writes, and others alike.
const PANIC: &str = "panicked at";

pub(super) fn logs(step: &str, logs: &[Log], allow: &Allow, expected: &[&LogLine]) -> Vec<Finding> {
    let loud = logs.iter().filter(|log| log.level >= LogLevel::Warn);
    let unknown = loud.filter(|log| {
        let mut known = allow.logs.iter().chain(expected.iter().copied());
        !known.any(|line| line.fits(log))
    });
    unknown
        .map(|log| {
            let panicked = log.level == LogLevel::Critical && log.message().contains(PANIC);
            let check = if panicked { Check::Panic } else { Check::UnexpectedLog };
            Finding::new(check, step, log.to_string())
        })
        .collect()
}

pub(super) fn host_errors(step: &str, calls: &[HostCall], allow: &Allow) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for call in calls.iter().filter(|call| is_error(call) && !allowed(call, allow)) {
        let HostCall { name, subject, status, .. } = call;
        let message = format!("`{name}` about `{}` answered {status}", subject.escape_ascii());
        let finding = Finding::new(Check::HostError, step, message);
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    }
    findings
}

fn is_error(call: &HostCall) -> bool {
    let answers = [Status::Ok, Status::NotFound, Status::Empty, Status::CasMismatch];
    match call.name.starts_with("proxy_") {
        true => !answers.iter().any(|answer| call.answered(*answer)),
        // WASI's numbers are others: there is only one that is no error.
        false => !call.answered(Status::Ok),
    }
}

fn allowed(call: &HostCall, allow: &Allow) -> bool {
    allow.host_errors.iter().any(|entry| match entry.split_once(':') {
        Some((name, status)) => name == call.name && status.trim().parse() == Ok(call.status),
        None => entry == call.name,
    })
}

/// Functions that tell a guest something of a reply.
const READS: [&str; 6] = [
    "proxy_get_buffer_bytes",
    "proxy_get_buffer_status",
    "proxy_get_header_map_pairs",
    "proxy_get_header_map_size",
    "proxy_get_header_map_value",
    "proxy_get_status",
];

pub(super) fn unread(
    step: &str,
    callbacks: &[Callback],
    calls: &[HostCall],
    allow: &Allow,
) -> Vec<Finding> {
    if allow.unread_replies {
        return Vec::new();
    }
    let mut rest = calls;
    let mut findings = Vec::new();
    for callback in callbacks {
        let count = usize::try_from(callback.host_calls).unwrap_or(usize::MAX);
        let (made, later) = rest.split_at_checked(count).unwrap_or((rest, &[]));
        rest = later;
        let reply = callback.name == "proxy_on_http_call_response";
        if reply && !made.iter().any(|call| READS.contains(&call.name)) {
            let message = "a reply to a call came, and nothing of it was read";
            findings.push(Finding::new(Check::UnreadReply, step, message));
        }
    }
    findings
}

pub(super) fn failure(step: &str, failure: Option<&Failure>, allow: &Allow) -> Option<Finding> {
    let failure = failure.filter(|_| !allow.failure)?;
    Some(Finding::new(Check::Failure, step, failure.to_string()))
}

/// A VM that was made anew has failed, even if it is well by now.
pub(super) fn reloads(count: u64, allow: &Allow) -> Option<Finding> {
    (count > 0 && !allow.failure).then(|| {
        let message = format!("a VM failed and was made anew, {count} times in all");
        Finding::new(Check::Failure, BACKGROUND, message)
    })
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::case::check::nothing;

    fn log(level: LogLevel, text: &str) -> Log {
        Log { at: Duration::ZERO, context: 1, level, bytes: text.into() }
    }

    fn allow(text: &str) -> Allow {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn loud_lines_are_found_unless_they_are_spoken_of() {
        let told = [log(LogLevel::Info, "quiet"), log(LogLevel::Warn, "odd")];
        let found = logs("1", &told, &nothing(), &[]);
        assert_eq!(found, [Finding::new(Check::UnexpectedLog, "1", "[warn] odd")]);
        let odd: LogLine = serde_json::from_str(r#"{"level": "warn", "message": "odd"}"#).unwrap();
        assert_eq!(logs("1", &told, &nothing(), &[&odd]), []);
        let quiet = allow(r#"{"logs": [{"message": {"prefix": "o"}}]}"#);
        assert_eq!(logs("1", &told, &quiet, &[]), []);
        let told = [log(LogLevel::Critical, "panicked at src/lib.rs:1:2:\nboom")];
        assert_eq!(logs("1", &told, &nothing(), &[])[0].check, Check::Panic);
    }

    #[test]
    fn errors_are_found_and_answers_are_not() {
        let call = |name, status| HostCall { name, subject: b"x".to_vec(), status };
        let calls = [
            call("proxy_get_property", 1),
            call("proxy_get_property", 10),
            call("proxy_get_property", 10),
            call("random_get", 1),
        ];
        let found = host_errors("1", &calls, &nothing());
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(found[0].message, "`proxy_get_property` about `x` answered 10");
        let some = allow(r#"{"host_errors": ["proxy_get_property:10", "random_get"]}"#);
        assert_eq!(host_errors("1", &calls, &some), []);
        let other = allow(r#"{"host_errors": ["proxy_get_property:2", "random_get:2"]}"#);
        assert_eq!(host_errors("1", &calls, &other).len(), 2);
    }
}
