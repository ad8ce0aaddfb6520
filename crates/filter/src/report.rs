//! What a worker tells the portal of its traffic.

use gatekey_core::check::Memory;

use crate::refusals::Refusals;

/// Takes the counters out of `memory` and the calls that were refused, as JSON; empty when there is
/// nothing to tell. What is written are ids, words and numbers: nothing has to be escaped.
pub(crate) fn take(memory: &mut Memory, refusals: &mut Refusals, id: &str) -> Vec<u8> {
    let (usage, uses) = (memory.take_usage(), memory.take_uses());
    let refusals = refusals.take();
    if usage.is_empty() && uses.is_empty() && refusals.is_empty() {
        return Vec::new();
    }
    let mut json = [r#"{"id":""#, id, r#"","usage":["#].concat();
    for (at, usage) in usage.iter().enumerate() {
        json.push_str(if at == 0 { "{" } else { ",{" });
        json.push_str(&format!(r#""application":"{}","#, usage.application));
        if let Some(api) = usage.api {
            json.push_str(&format!(r#""api":"{api}","#));
        }
        if let Some(denial) = usage.denial {
            let (reason, status) = (denial.code(), denial.status());
            json.push_str(&format!(r#""reason":"{reason}","status":{status},"#));
        }
        let class = usage.class().as_str();
        json.push_str(&format!(r#""class":"{class}","count":{}}}"#, usage.count));
    }
    json.push_str(r#"],"last_used":["#);
    for (at, (credential, time)) in uses.iter().enumerate() {
        json.push_str(if at == 0 { "" } else { "," });
        json.push_str(&format!(r#"{{"credential":"{credential}","at":{}}}"#, time.0));
    }
    json.push(']');
    json.push_str(&refusals);
    json.push('}');
    json.into_bytes()
}
