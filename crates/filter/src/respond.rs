//! Refusals as HTTP answers.

use gatekey_core::check::{Denial, Exceeded, Redirect, Refusal};
use gatekey_core::policy::Policy;

use crate::config::Config;
use crate::host::{self, HostResult, LocalResponse};

/// Seconds after which a client may try again when the gateway cannot decide.
const RETRY_AFTER: &[u8] = b"5";
const MAX_REQUEST_ID: usize = 64;

/// Answers a request that is refused.
pub(crate) fn deny(
    refusal: &Refusal,
    policy: Option<&Policy>,
    config: &Config,
    request_id: &str,
) -> HostResult<()> {
    let ending = policy.filter(|_| refusal.ends_session);
    let cookie = ending.zip(refusal.strategy).and_then(|(policy, id)| policy.ending_cookie(id));
    let answer = Answer {
        status: refusal.denial.status(),
        message: refusal.message(),
        code: refusal.code(),
        challenge: &challenge(refusal, policy, config),
        exceeded: refusal.exceeded,
        cookie: cookie.as_ref().map(|cookie| cookie.expose().as_str()),
    };
    answer.send(request_id)
}

/// What may be presented instead (RFC 9110 11.6.1, RFC 6750 3), in one header.
fn challenge(refusal: &Refusal, policy: Option<&Policy>, config: &Config) -> String {
    let error = match refusal.denial {
        Denial::NoCredential | Denial::LoginRequired => None,
        Denial::InsufficientScope => Some("insufficient_scope"),
        denial => match denial.status() {
            400 => Some("invalid_request"),
            401 => Some("invalid_token"),
            _ => return String::new(),
        },
    };
    let mut text = String::new();
    if refusal.challenge.key && error != Some("insufficient_scope") {
        text.push_str(&config.challenge);
    }
    if !refusal.challenge.bearer {
        return text;
    }
    text.push_str(if text.is_empty() { "Bearer" } else { ", Bearer" });
    let mut separator = " ";
    let mut attribute = |name: &str, value: &str| {
        text.push_str(&[separator, name, "=\"", value, "\""].concat());
        separator = ", ";
    };
    if let Some(realm) = &config.realm {
        attribute("realm", realm);
    }
    if let Some(error) = error {
        attribute("error", error);
        let description = match error {
            "insufficient_scope" => "The access token lacks a scope",
            "invalid_request" => "The request holds more than one credential",
            _ => "The access token is not valid",
        };
        attribute("error_description", description);
    }
    let scope = policy.zip(refusal.strategy).and_then(|(policy, id)| policy.required_scope(id));
    if let Some(scope) = scope.filter(|_| error == Some("insufficient_scope")) {
        attribute("scope", scope);
    }
    text
}

/// Sends a browser elsewhere.
pub(crate) fn redirect(redirect: &Redirect) -> HostResult<()> {
    let location = redirect.location.expose().as_bytes();
    let mut headers: Vec<(&[u8], &[u8])> =
        vec![(b"location", location), (b"cache-control", b"no-store")];
    if let Some(cookie) = &redirect.set_cookie {
        headers.push((b"set-cookie", cookie.expose().as_bytes()));
    }
    let (status, details, body) = (302, "gatekey_redirect", &b""[..]);
    host::send_local_response(&LocalResponse { status, details, headers: &headers, body })
}

/// What a gate says to a request that nobody has let through.
pub(crate) fn deny_at_gate() -> HostResult<()> {
    let message = "You cannot consume this service";
    let (code, challenge) = ("not_admitted", "");
    Answer { status: 403, message, code, challenge, exceeded: None, cookie: None }
        .send(&request_id(None))
}

/// What a request is told for which there is no configuration.
pub(crate) fn deny_without_configuration() -> HostResult<()> {
    let denial = Denial::NoPolicy;
    let (status, message, code) = (denial.status(), denial.message(), denial.code());
    Answer { status, message, code, challenge: "", exceeded: None, cookie: None }
        .send(&request_id(None))
}

/// The id that a client is told: the request's own, or one that is made up where it has none.
pub(crate) fn request_id(own: Option<&[u8]>) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    own.filter(|id| (1..=MAX_REQUEST_ID).contains(&id.len()) && id.iter().all(plain))
        .and_then(|id| core::str::from_utf8(id).ok())
        .map_or_else(|| format!("{:016x}", host::random()), String::from)
}

/// What a client is told of the limit that it ran into: `RateLimit-Policy`, `RateLimit`
/// (draft-ietf-httpapi-ratelimit-headers-10) and `Retry-After`. A limit is called by its kind and its
/// place among the application's.
fn told(exceeded: Exceeded) -> [String; 3] {
    let Exceeded { kind, place, requests, window_seconds, retry_after_seconds } = exceeded;
    let name = format!("\"{}-{place}\"", kind.as_str());
    [
        format!("{name};q={requests};w={window_seconds}"),
        format!("{name};r=0;t={retry_after_seconds}"),
        retry_after_seconds.to_string(),
    ]
}

/// What the client learns is the status and a text; the precise reason goes into the response code
/// details, which the operator sees in the access log. Each header comes once: some hosts keep only
/// the last of a name.
struct Answer<'a> {
    status: u16,
    message: &'a str,
    code: &'a str,
    challenge: &'a str,
    exceeded: Option<Exceeded>,
    cookie: Option<&'a str>,
}

impl Answer<'_> {
    fn send(&self, request_id: &str) -> HostResult<()> {
        let body =
            [r#"{"message":""#, self.message, r#"","request_id":""#, request_id, r#""}"#].concat();
        let details = ["gatekey_", self.code].concat();
        let mut headers: Vec<(&[u8], &[u8])> = vec![(b"content-type", b"application/json")];
        if !self.challenge.is_empty() {
            headers.push((b"www-authenticate", self.challenge.as_bytes()));
        }
        let limit = self.exceeded.map(told);
        if let Some([policy, state, wait]) = &limit {
            headers.push((b"ratelimit-policy", policy.as_bytes()));
            headers.push((b"ratelimit", state.as_bytes()));
            headers.push((b"retry-after", wait.as_bytes()));
        } else if self.status == 503 {
            headers.push((b"retry-after", RETRY_AFTER));
        }
        if let Some(cookie) = self.cookie {
            headers.push((b"set-cookie", cookie.as_bytes()));
        }
        host::send_local_response(&LocalResponse {
            status: self.status,
            details: &details,
            headers: &headers,
            body: body.as_bytes(),
        })
    }
}
