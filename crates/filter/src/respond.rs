//! Refusals as HTTP answers.

use gatekey_core::check::Denial;

use crate::host::{self, HostResult, LocalResponse};

/// Seconds after which a client may try again when the gateway cannot decide.
const RETRY_AFTER: &[u8] = b"5";
const MAX_REQUEST_ID: usize = 64;

/// Answers a request. What the client learns is the status and a text; the precise reason goes
/// into the response code details, which the operator sees in the access log.
pub(crate) fn deny(denial: Denial, challenge: &str, request_id: Option<&[u8]>) -> HostResult<()> {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let request_id = request_id
        .filter(|id| (1..=MAX_REQUEST_ID).contains(&id.len()) && id.iter().all(plain))
        .and_then(|id| core::str::from_utf8(id).ok())
        .map_or_else(|| format!("{:016x}", host::random()), String::from);
    let body = format!(r#"{{"message":"{}","request_id":"{request_id}"}}"#, denial.message());
    let details = format!("gatekey_{}", denial.code());
    let mut headers: Vec<(&[u8], &[u8])> = vec![(b"content-type", b"application/json")];
    match denial.status() {
        401 => headers.push((b"www-authenticate", challenge.as_bytes())),
        503 => headers.push((b"retry-after", RETRY_AFTER)),
        _ => {}
    }
    host::send_local_response(&LocalResponse {
        status: denial.status(),
        details: &details,
        headers: &headers,
        body: body.as_bytes(),
    })
}
