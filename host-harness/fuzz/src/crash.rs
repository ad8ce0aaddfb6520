//! An input that was found, as a case file.

use core::fmt::Write as _;

use gatekey_core::digest::Digest;
use gatekey_host_harness::Headers;
use serde_json::{Value, json};

use crate::gate::{self, PORTAL, Source};
use crate::{callout, configuration, input, snapshot};

/// The name of the file in which such a case lies.
#[must_use]
pub fn file_name(target: &str, input: &[u8]) -> String {
    let digest = Digest::sha256(input);
    let name: String = digest.as_bytes().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("{target}-{name}.json")
}

/// The case: what went in, and what must not come of it. `gatekey-harness run` tells it.
///
/// # Errors
///
/// When there is no such target.
pub fn case(target: &str, data: &[u8]) -> Result<String, String> {
    let inline = gate::configuration(Source::Inline(&gate::snapshot()?.bundle())).to_string();
    let (configuration, upstreams, steps) = match target {
        "request" => {
            let data = input::filled(data)?;
            (inline.into_bytes(), json!({}), vec![request(&data)])
        }
        "configuration" => {
            let upstreams = json!({PORTAL: {"always": {"fails": "never"}}});
            (configuration::filled(data)?, upstreams, keyless(1))
        }
        "snapshot" => {
            let (configuration, parts) = snapshot::world(data);
            let reply = |part: &Vec<u8>| json!({"body": {"hex": hex(part)}});
            let replies: Vec<Value> = parts.iter().map(reply).collect();
            (configuration.into_bytes(), json!({PORTAL: replies}), keyless(1))
        }
        "callout" => {
            let parts = callout::parts(data)?;
            let replies: Vec<Value> = parts.iter().map(|part| reply(part)).collect();
            let configuration = gate::configuration(Source::Portal).to_string();
            (configuration.into_bytes(), json!({PORTAL: replies}), keyless(6))
        }
        other => return Err(format!("there is no target `{other}`")),
    };
    let case = json!({
        "version": 1,
        "name": format!("fuzz {target}"),
        "about": format!("Found by the fuzz target `{target}` with this input: {}", data.escape_ascii()),
        "world": {"clock": gate::START.0, "upstreams": upstreams, "profile": {"start": {"canary_run": false}}},
        "chain": [{"name": "key-auth", "configuration": {"hex": hex(&configuration)}}],
        "cases": [{"name": "input", "steps": steps}],
    });
    serde_json::to_string_pretty(&case).map_err(|error| error.to_string())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

/// A request as the input has it. Without the good key it must be refused.
fn request(data: &[u8]) -> Value {
    let fields: Headers = input::pseudo(data).chain(input::fields(data)).collect();
    let pairs: Vec<Value> = fields
        .iter()
        .map(|(name, value)| json!([{"hex": hex(name)}, {"hex": hex(value)}]))
        .collect();
    let mut request = json!({"bare": true, "headers": pairs});
    let refused = !crate::oracle::carries_key(input::fields(data)).unwrap_or(false);
    if let Some(members) = request.as_object_mut() {
        if refused {
            members.insert("expect".to_owned(), json!({"upstream": false}));
        }
        let body = input::body(data);
        if !body.is_empty() {
            members.insert("body".to_owned(), json!({"hex": hex(body)}));
        }
    }
    json!({"request": request})
}

/// Time for the filter to work, and a request without a key.
fn keyless(seconds: u32) -> Vec<Value> {
    let request = json!({"authority": "a.test", "path": "/a", "expect": {"upstream": false}});
    vec![json!({"advance_ms": seconds * 1000}), json!({"request": request})]
}

fn reply(part: &[u8]) -> Value {
    let mut lines = input::head(part);
    let first = lines.next().unwrap_or_default();
    let fails = match first {
        b"reset" => Some("reset"),
        b"cut" => Some("cut_off"),
        b"refused" => Some("connect_error"),
        b"never" => Some("never"),
        b"not started" => Some("not_started"),
        _ => None,
    };
    if let Some(fails) = fails {
        return json!({"fails": fails, "after_ms": 5});
    }
    let fields = lines.map(input::field);
    let headers: Vec<Value> = fields
        .map(|(name, value)| json!([String::from_utf8_lossy(name), {"hex": hex(value)}]))
        .collect();
    json!({
        "status": input::status(first),
        "headers": headers,
        "body": {"hex": hex(input::body(part))},
        "after_ms": 5,
    })
}
