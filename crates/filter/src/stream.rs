//! One request.

use gatekey_core::check::{Decision, Denial, Env, Grant, Refusal, Step, is_identity_header};
use gatekey_core::http::{Header, Request};
use gatekey_core::key;

use crate::host::{self, HostResult, LogLevel};
use crate::pairs;
use crate::respond;
use crate::root::Root;

/// The ABI's words for what comes next.
pub(crate) const CONTINUE: u32 = 0;
pub(crate) const PAUSE: u32 = 1;

/// The most header fields that are looked at, pseudo-headers included.
const MAX_HEADERS: usize = 128;
/// Where Envoy's route says which service it leads to.
const SERVICE_OF_ROUTE: &str = "xds\0route_metadata\0filter_metadata\0gatekey\0service";

/// Decides about a request and carries the decision out. Whatever fails on the way refuses.
pub(crate) fn on_request_headers(root: &mut Root, count: u32) -> u32 {
    let Ok(map) = host::request_headers() else {
        return refuse(root, Refusal::unproven(Denial::OversizedRequest), None);
    };
    let headers = pairs::decode(&map).unwrap_or_default();
    if headers.len() > MAX_HEADERS || headers.len() != count as usize {
        return refuse(root, Refusal::unproven(Denial::OversizedRequest), None);
    }
    let route_service = root.config.service_from_route.then(|| host::property(SERVICE_OF_ROUTE));
    let env = Env {
        now: root.now.seconds(),
        settings: &root.config.settings,
        service: match &route_service {
            Some(Ok(name)) => Some(name.as_slice()),
            // A route without metadata is not a route with bad metadata: the table decides.
            Some(Err(_)) | None => None,
        },
    };
    let pseudo = |name: &[u8]| value_of(&headers, name).unwrap_or_default();
    let request = Request {
        method: pseudo(b":method"),
        authority: pseudo(b":authority"),
        path: pseudo(b":path"),
        headers: &headers,
    };
    let decision = match root.follower.replica().policy() {
        None => Decision::Deny(Refusal::unproven(Denial::NoPolicy)),
        Some(policy) => match policy.check(&mut root.memory, &env, &request) {
            Step::Done(decision) => decision,
            // No linked method calls out, so there is nothing to wait for.
            Step::Call(..) => Decision::Deny(Refusal::unproven(Denial::MethodAbsent)),
        },
    };
    let request_id = value_of(&headers, b"x-request-id");
    match decision {
        Decision::Allow(grant) => match admit(&headers, &grant, root.config.hide_credentials) {
            Ok(()) => {
                root.metrics.count("allowed");
                CONTINUE
            }
            Err(error) => {
                host::log(LogLevel::Error, &format!("the host refused a header edit: {}", error.0));
                refuse(root, Refusal::unproven(Denial::NoPolicy), request_id)
            }
        },
        Decision::Deny(refusal) => refuse(root, refusal, request_id),
    }
}

/// The first value of a header.
fn value_of<'m>(headers: &[Header<'m>], name: &[u8]) -> Option<&'m [u8]> {
    headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
}

/// Removes what the client must not say, and says who calls.
fn admit(headers: &[Header<'_>], grant: &Grant<'_>, hide_credentials: bool) -> HostResult<()> {
    let credential =
        grant.caller.filter(|_| hide_credentials).map(|caller| caller.credential_header);
    for header in headers {
        let hidden = credential.is_some_and(|name| header.name.eq_ignore_ascii_case(name));
        if hidden || is_identity_header(header.name) {
            host::remove_request_header(header.name)?;
        }
    }
    let Some(caller) = grant.caller else { return Ok(()) };
    let mut result = Ok(());
    caller.identity(|name, value| {
        if result.is_ok() {
            result = host::add_request_header(name.as_bytes(), value);
        }
    });
    result
}

fn refuse(root: &mut Root, refusal: Refusal, request_id: Option<&[u8]>) -> u32 {
    root.metrics.count(refusal.code());
    if root.config.log_refusals {
        host::log(LogLevel::Info, &explanation(&refusal, request_id));
    }
    if respond::deny(refusal.denial, &root.config.challenge, request_id).is_err() {
        // The stream stays paused: nothing reaches the upstream.
        host::log(LogLevel::Error, "the host refused a local response");
    }
    PAUSE
}

/// What the operator may know: never the key, at most its public id.
fn explanation(refusal: &Refusal, request_id: Option<&[u8]>) -> String {
    let mut text = format!("refused: {}", refusal.code());
    if let Some(credential) = refusal.credential {
        match key::key_id(credential) {
            Some(id) => text.push_str(&format!(" key={id}")),
            None => text.push_str(&format!(" credential={credential}")),
        }
    }
    if let Some(application) = refusal.application {
        text.push_str(&format!(" application={application}"));
    }
    if let Some(api) = refusal.api {
        text.push_str(&format!(" api={api}"));
    }
    if let Some(id) = request_id {
        text.push_str(&format!(" request_id={}", id.escape_ascii()));
    }
    text
}
