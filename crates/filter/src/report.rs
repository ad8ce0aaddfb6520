//! What a worker tells the portal of its traffic.

use gatekey_core::check::Memory;
use serde::Serialize;

#[derive(Serialize)]
struct Report {
    usage: Vec<Usage>,
    last_used: Vec<LastUsed>,
}

#[derive(Serialize)]
struct Usage {
    application: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    api: Option<String>,
    class: &'static str,
    count: u64,
}

#[derive(Serialize)]
struct LastUsed {
    credential: String,
    at: u64,
}

/// Takes the counters out of `memory`; empty when there is nothing to tell.
pub(crate) fn take(memory: &mut Memory) -> Vec<u8> {
    let usage: Vec<_> = memory
        .take_usage()
        .into_iter()
        .map(|usage| Usage {
            application: usage.application.to_string(),
            api: usage.api.map(|api| api.to_string()),
            class: usage.class.as_str(),
            count: usage.count,
        })
        .collect();
    let last_used: Vec<_> = memory
        .take_uses()
        .into_iter()
        .map(|(credential, at)| LastUsed { credential: credential.to_string(), at: at.0 })
        .collect();
    if usage.is_empty() && last_used.is_empty() {
        return Vec::new();
    }
    serde_json::to_vec(&Report { usage, last_used }).unwrap_or_default()
}
