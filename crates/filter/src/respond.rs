//! Refusals as HTTP answers.

use gatekey_core::check::Denial;

use crate::host::{self, HostResult, LocalResponse};

/// Seconds after which a client may try again when the gateway cannot decide.
const RETRY_AFTER: &[u8] = b"5";
const MAX_REQUEST_ID: usize = 64;

/// Answers a request that is refused.
pub(crate) fn deny(denial: Denial, challenge: &str, request_id: Option<&[u8]>) -> HostResult<()> {
    let answer = Answer {
        status: denial.status(),
        message: denial.message(),
        code: denial.code(),
        challenge,
    };
    answer.send(request_id)
}

/// What a gate says to a request that nobody has let through.
pub(crate) fn deny_at_gate() -> HostResult<()> {
    let message = "You cannot consume this service";
    Answer { status: 403, message, code: "not_admitted", challenge: "" }.send(None)
}

/// What the client learns is the status and a text; the precise reason goes into the response code
/// details, which the operator sees in the access log. Each header comes once: some hosts keep only
/// the last of a name.
struct Answer<'a> {
    status: u16,
    message: &'a str,
    code: &'a str,
    challenge: &'a str,
}

impl Answer<'_> {
    fn send(&self, request_id: Option<&[u8]>) -> HostResult<()> {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let request_id = request_id
            .filter(|id| (1..=MAX_REQUEST_ID).contains(&id.len()) && id.iter().all(plain))
            .and_then(|id| core::str::from_utf8(id).ok())
            .map_or_else(|| format!("{:016x}", host::random()), String::from);
        let body =
            [r#"{"message":""#, self.message, r#"","request_id":""#, &request_id, r#""}"#].concat();
        let details = ["gatekey_", self.code].concat();
        let mut headers: Vec<(&[u8], &[u8])> = vec![(b"content-type", b"application/json")];
        match self.status {
            401 => headers.push((b"www-authenticate", self.challenge.as_bytes())),
            503 => headers.push((b"retry-after", RETRY_AFTER)),
            _ => {}
        }
        host::send_local_response(&LocalResponse {
            status: self.status,
            details: &details,
            headers: &headers,
            body: body.as_bytes(),
        })
    }
}
