//! Numbers for Prometheus.

use core::fmt::Write;
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// A metric's name, and what it says.
pub(crate) type Known = (&'static str, &'static str);

/// The newest revision.
pub(crate) const REVISION: Known = ("gatekey_revision", "Newest revision of the policy");
/// E-mails in the outbox.
pub(crate) const MAILS_WAITING: Known =
    ("gatekey_outbox_messages", "E-mails that wait for delivery");
/// E-mails in the outbox that nobody tries to send any more.
pub(crate) const MAILS_FAILED: Known =
    ("gatekey_outbox_failed_messages", "E-mails that were given up");
/// Events that some webhook has not been told yet.
pub(crate) const EVENTS_WAITING: Known =
    ("gatekey_webhook_messages", "Events that wait for delivery to webhooks");

/// What comes to an end in one of several ways.
pub(crate) const COUNTERS: &[Known] = &[
    ("gatekey_audit_deliveries_total", "Calls that took entries of the audit log elsewhere"),
    ("gatekey_audit_refusals_total", "Refused attempts to prove who one is"),
    ("gatekey_mails_total", "Attempts to deliver an e-mail"),
    ("gatekey_webhook_deliveries_total", "Attempts to deliver an event to a webhook"),
];

/// How many requests were answered.
pub(crate) const REQUESTS: Known = ("gatekey_http_requests_total", "Requests answered");
/// How long that took.
pub(crate) const SECONDS: Known = ("gatekey_http_request_seconds_total", "Time spent answering");

/// Counts requests by route and status. Routes are templates, so their number is bounded.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    requests: Mutex<BTreeMap<Series, Sum>>,
    outcomes: Mutex<BTreeMap<(&'static str, &'static str), u64>>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Series {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Debug, Default)]
struct Sum {
    count: u64,
    seconds: f64,
}

impl Metrics {
    /// Counts an answered request.
    pub(crate) fn answered(&self, method: &'static str, route: &str, status: u16, took: Duration) {
        let Ok(mut requests) = self.requests.lock() else { return };
        let series = Series { method, route: route.to_owned(), status };
        let sum = requests.entry(series).or_default();
        sum.count += 1;
        sum.seconds += took.as_secs_f64();
    }

    /// Counts something that came to an end, by how. Both names are ours, so their number is bounded.
    pub(crate) fn count(&self, name: &'static str, outcome: &'static str) {
        debug_assert!(COUNTERS.iter().any(|(known, _)| *known == name), "`{name}` has no meaning");
        let Ok(mut outcomes) = self.outcomes.lock() else { return };
        *outcomes.entry((name, outcome)).or_default() += 1;
    }

    /// The numbers in the text format, with gauges that the caller read.
    pub(crate) fn show(&self, gauges: &[(Known, u64)]) -> String {
        let mut text = String::new();
        for ((name, help), value) in gauges {
            // Writing to a string cannot fail.
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}\n");
        }
        if let Ok(outcomes) = self.outcomes.lock() {
            let mut last = "";
            for ((name, outcome), value) in &*outcomes {
                if last != *name {
                    let known = COUNTERS.iter().find(|(known, _)| known == name);
                    let help = known.map_or("", |(_, help)| *help);
                    let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} counter\n");
                    last = name;
                }
                let _ = writeln!(text, "{name}{{outcome=\"{outcome}\"}} {value}");
            }
        }
        let Ok(requests) = self.requests.lock() else { return text };
        for (name, help) in [REQUESTS, SECONDS] {
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} counter\n");
            for (Series { method, route, status }, sum) in &*requests {
                let _ = write!(
                    text,
                    "{name}{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}} "
                );
                let _ = match name == REQUESTS.0 {
                    true => writeln!(text, "{}", sum.count),
                    false => writeln!(text, "{:.6}", sum.seconds),
                };
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_route_and_status() {
        let metrics = Metrics::default();
        for _ in 0..2 {
            metrics.answered("GET", "/v3/apis/{apiId}", 404, Duration::from_millis(250));
        }
        let text = metrics.show(&[(REVISION, 7)]);
        assert!(text.contains("gatekey_revision 7\n"), "{text}");
        let labels = "{method=\"GET\",route=\"/v3/apis/{apiId}\",status=\"404\"}";
        assert!(text.contains(&format!("gatekey_http_requests_total{labels} 2\n")), "{text}");
        assert!(text.contains(&format!("_seconds_total{labels} 0.500000\n")), "{text}");
    }
}
