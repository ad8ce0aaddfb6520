//! One request.

pub(crate) mod nginx;

use gatekey_core::check::{
    Decision, Denial, Env, Grant, Hidden, Memory, Refusal, Step, is_identity_header,
};
use gatekey_core::http::{Header, Request};
use gatekey_core::key;
use gatekey_core::policy::Policy;
use gatekey_core::time::UnixMillis;

use crate::config::{Config, HostKind, Identity};
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
const KONG_SERVICE_ID: &str = "kong\0service_id";
const KONG_SERVICE_NAME: &str = "kong\0service_name";

/// Decides about a request and carries the decision out. Whatever fails on the way refuses.
pub(crate) fn on_request_headers(root: &mut Root, count: u32) -> u32 {
    let Ok(map) = host::request_headers() else {
        return refuse(root, Refusal::unproven(Denial::OversizedRequest), None);
    };
    let headers = pairs::decode(&map).unwrap_or_default();
    let on_envoy = root.config.host.is_envoy();
    let readable = if on_envoy {
        // Here both numbers count the pseudo-headers.
        headers.len() <= MAX_HEADERS && headers.len() == count as usize
    } else {
        nginx::is_whole(&headers, count)
    };
    if !readable {
        return refuse(root, Refusal::unproven(Denial::OversizedRequest), None);
    }
    let request_id = value_of(&headers, b"x-request-id");
    if !on_envoy && let Err(denial) = nginx::check(&headers, root.config.identity) {
        return refuse(root, Refusal::unproven(denial), request_id);
    }
    let header = |name: &[u8]| value_of(&headers, name).unwrap_or_default();
    let request = Request {
        method: header(b":method"),
        authority: header(if on_envoy { b":authority" } else { b"host" }),
        path: header(b":path"),
        headers: &headers,
    };
    let policy = root.follower.replica().policy();
    match decide(policy, &mut root.memory, &root.config, root.now, &request) {
        Decision::Allow(grant) => match admit(&headers, &grant, &root.config) {
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
        Decision::Redirect(_) => refuse(root, Refusal::unproven(Denial::MethodAbsent), request_id),
    }
}

fn decide<'p>(
    policy: Option<&'p Policy>,
    memory: &mut Memory,
    config: &Config,
    now: UnixMillis,
    request: &Request<'_>,
) -> Decision<'p> {
    let Some(policy) = policy else {
        return Decision::Deny(Refusal::unproven(Denial::NoPolicy));
    };
    let asked = match config.host {
        _ if !config.service_from_host => &[][..],
        HostKind::Envoy => &[SERVICE_OF_ROUTE],
        HostKind::Kong => &[KONG_SERVICE_ID, KONG_SERVICE_NAME],
        HostKind::Nginx => &[],
    };
    // A route without metadata is not a route with bad metadata: the table decides.
    let mut told = asked.iter().filter_map(|path| host::property(path).ok());
    let mut service = told.next();
    loop {
        let (now, settings) = (now.seconds(), &config.settings);
        let env = Env { service: service.as_deref(), ..Env::new(now, settings) };
        let decision = match policy.check(memory, &env, request) {
            Step::Done(decision) => decision,
            // No linked method calls out, so there is nothing to wait for.
            Step::Wait(_) => Decision::Deny(Refusal::unproven(Denial::MethodAbsent)),
        };
        let unknown = matches!(&decision, Decision::Deny(refusal) if refusal.denial == Denial::UnknownService);
        // A service that the portal does not know by its id may be known by its name.
        match told.next().filter(|_| unknown) {
            Some(name) => service = Some(name),
            None => return decision,
        }
    }
}

/// The first value of a header.
fn value_of<'m>(headers: &[Header<'m>], name: &[u8]) -> Option<&'m [u8]> {
    headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
}

/// Removes what the client must not say, and says who calls.
fn admit(headers: &[Header<'_>], grant: &Grant<'_>, config: &Config) -> HostResult<()> {
    let credential = grant.edits.hidden.filter(|_| config.hide_credentials);
    let hidden = |header: &Header<'_>| matches!(credential, Some(Hidden::Header(name)) if header.name.eq_ignore_ascii_case(name));
    if config.host.is_envoy() {
        for header in headers {
            if hidden(header) || is_identity_header(header.name) {
                host::remove_request_header(header.name)?;
            }
        }
    } else {
        nginx::empty(headers, hidden)?;
    }
    if let Some(caller) = grant.caller {
        let mut result = Ok(());
        caller.identity(|name, value| {
            if result.is_ok() {
                result = match config.identity {
                    Identity::Headers => host::add_request_header(name.as_bytes(), value),
                    Identity::Variables => nginx::set_variable(name, value),
                };
            }
        });
        result?;
    }
    // The last act: what failed before it leaves a gate shut.
    if config.gate { nginx::open_gate() } else { Ok(()) }
}

fn refuse(root: &mut Root, refusal: Refusal, request_id: Option<&[u8]>) -> u32 {
    root.metrics.count(refusal.code());
    if root.config.log_refusals {
        host::log(LogLevel::Info, &explanation(&refusal, request_id));
    }
    if respond::deny(refusal.denial, &root.config.challenge, request_id).is_err() {
        // The stream stays paused: nothing reaches the upstream. No call is under way after which a
        // host could let it go by itself.
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
