//! What a worker tells the portal of its traffic.

use gatekey_core::check::Memory;

use crate::decision::Line;
use crate::refusals::Refusals;

/// Takes the counters out of `memory` and the calls that were refused, as JSON; empty when there is
/// nothing to tell.
pub(crate) fn take(memory: &mut Memory, refusals: &mut Refusals, id: &str) -> Vec<u8> {
    let (usage, uses) = (memory.take_usage(), memory.take_uses());
    let refusals = refusals.take();
    if usage.is_empty() && uses.is_empty() && refusals.is_empty() {
        return Vec::new();
    }
    let mut line = Line::json([r#"{"id":""#, id, r#"","usage":["#].concat());
    for (at, usage) in usage.iter().enumerate() {
        line.text.push_str(if at == 0 { "" } else { "," });
        line.text.push_str(&format!(r#"{{"count":{}"#, usage.count));
        line.put_ids(Some(usage.application), usage.api);
        line.put("class", usage.class().as_str().as_bytes());
        if let Some(denial) = usage.denial {
            line.put("reason", denial.code().as_bytes());
            line.text.push_str(&format!(r#","status":{}"#, denial.status()));
        }
        line.text.push('}');
    }
    line.text.push_str(r#"],"last_used":["#);
    for (at, (credential, time)) in uses.iter().enumerate() {
        line.text.push_str(if at == 0 { "" } else { "," });
        line.text.push_str(&format!(r#"{{"at":{}"#, time.0));
        line.put("credential", &credential.hyphenated());
        line.text.push('}');
    }
    line.text.push(']');
    line.text.push_str(&refusals);
    line.text.push('}');
    line.text.into_bytes()
}
