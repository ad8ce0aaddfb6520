//! One request.

mod inside;
pub(crate) mod nginx;

use core::mem;

use gatekey_core::check::{
    Decision, Denial, Env, Grant, HeaderEdit, Hidden, Memory, Pending, Refusal, Step,
    is_identity_header,
};
use gatekey_core::http::{Header, Request};
use gatekey_core::policy::Policy;

use crate::callouts::Begun;
use crate::config::{Config, HostKind, Identity};
use crate::decision::{self, Seen};
use crate::host::{self, HostResult, LogLevel};
use crate::limit::Surroundings;
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
pub(crate) fn on_request_headers(root: &mut Root, stream: u32, count: u32) -> u32 {
    run(root, stream, Some(count), None)
}

/// Goes on with a request whose call is settled.
pub(crate) fn resume(root: &mut Root, stream: u32, pending: Pending) -> u32 {
    run(root, stream, None, Some(pending))
}

fn run(root: &mut Root, stream: u32, count: Option<u32>, pending: Option<Pending>) -> u32 {
    let Ok(map) = host::request_headers() else {
        return refuse(root, Refusal::unproven(Denial::OversizedRequest), &Seen::default());
    };
    let headers = pairs::decode(&map).unwrap_or_default();
    let on_envoy = root.config.host.is_envoy();
    let readable = match count {
        // Here both numbers count the pseudo-headers.
        Some(count) if on_envoy => headers.len() <= MAX_HEADERS && headers.len() == count as usize,
        Some(count) => nginx::is_whole(&headers, count),
        None => !headers.is_empty() && headers.len() <= MAX_HEADERS,
    };
    if !readable {
        return refuse(root, Refusal::unproven(Denial::OversizedRequest), &Seen::default());
    }
    let header = |name: &[u8]| value_of(&headers, name).unwrap_or_default();
    let request = Request {
        method: header(b":method"),
        authority: header(if on_envoy { b":authority" } else { b"host" }),
        path: header(b":path"),
        headers: &headers,
    };
    let seen = Seen {
        id: value_of(&headers, b"x-request-id"),
        method: request.method,
        authority: request.authority,
        path: request.path,
    };
    if !on_envoy && let Err(denial) = nginx::check(&headers, root.config.identity) {
        return refuse(root, Refusal::unproven(denial), &seen);
    }
    let mut pending = pending;
    let mut clock_is_read = false;
    loop {
        let mut waits = {
            let Root { follower, memory, config, metrics, cookies, now, lent, fleet, .. } =
                &mut *root;
            let policy = follower.replica().policy();
            let env = Env {
                crypto: lent.crypto,
                entropy: lent.entropy,
                moment: *now,
                host: &Surroundings(fleet),
                ..Env::new(now.seconds(), &config.settings)
            };
            match decide(policy, memory, config.asks(), &env, &request, pending.take()) {
                Step::Wait(waits) => waits,
                // There only the first copy of a header can be changed.
                Step::Done(Decision::Allow(grant))
                    if !on_envoy && nginx::repeats(&headers, &grant.edits.headers) =>
                {
                    let refusal = Refusal::unproven(Denial::ReservedHeader);
                    return refuse(root, refusal, &seen);
                }
                Step::Done(Decision::Allow(grant)) => match admit(&headers, &grant, config) {
                    Ok(()) => {
                        metrics.count("allowed");
                        if config.decision_log {
                            let decided = grant.caller.as_ref().into();
                            decision::log(config, Some(grant.revision), &decided, &seen);
                        }
                        if let Some(cookie) = grant.edits.set_cookie {
                            cookies.put(stream, cookie, config.host);
                        }
                        return CONTINUE;
                    }
                    Err(error) => {
                        let text = format!("the host refused a header edit: {}", error.0);
                        host::log(LogLevel::Error, &text);
                        return refuse(root, Refusal::unproven(Denial::NoPolicy), &seen);
                    }
                },
                // The clock is read at ticks: what was issued since seems to come from the future.
                Step::Done(Decision::Deny(Refusal { denial: Denial::PrematureToken, .. }))
                    if !mem::replace(&mut clock_is_read, true) =>
                {
                    *now = host::now();
                    continue;
                }
                Step::Done(Decision::Deny(refusal)) => return refuse(root, refusal, &seen),
                Step::Done(Decision::Redirect(redirect)) => {
                    metrics.count("redirected");
                    if respond::redirect(&redirect).is_err() {
                        host::log(LogLevel::Error, "the host refused a local response");
                    }
                    return PAUSE;
                }
            }
        };
        // On Envoy calls belong to the root, elsewhere to the request.
        let own = (!on_envoy).then_some(stream);
        let calls = root.lent.calls;
        if let Some(call) = waits.call.take()
            && (calls.begin)(root, &call, waits.ticket, own) == Begun::Settled
        {
            pending = Some(waits);
            continue;
        }
        if root.park(stream, waits) {
            return PAUSE;
        }
        return refuse(root, Refusal::unproven(Denial::TooManyWaiting), &seen);
    }
}

fn decide<'p>(
    policy: Option<&'p Policy>,
    memory: &mut Memory,
    asks: &[&str],
    env: &Env<'_>,
    request: &Request<'_>,
    mut pending: Option<Pending>,
) -> Step<'p> {
    let Some(policy) = policy else {
        return Step::Done(Decision::Deny(Refusal::unproven(Denial::NoPolicy)));
    };
    // A route without metadata is not a route with bad metadata: the table decides.
    let mut told = asks.iter().filter_map(|path| host::property(path).ok());
    let mut service = told.next();
    loop {
        let env = Env { service: service.as_deref(), ..*env };
        let step = match pending.take() {
            None => policy.check(memory, &env, request),
            Some(pending) => policy.resume(memory, &env, request, pending),
        };
        let unknown = matches!(&step, Step::Done(Decision::Deny(refusal)) if refusal.denial == Denial::UnknownService);
        // A service that the portal does not know by its id may be known by its name.
        match told.next().filter(|_| unknown) {
            Some(name) => service = Some(name),
            None => return step,
        }
    }
}

impl Config {
    /// The properties by which the host says which service a request is for.
    pub(crate) const fn asks(&self) -> &[&str] {
        match self.host {
            _ if !self.service_from_host => &[],
            HostKind::Envoy => &[SERVICE_OF_ROUTE],
            HostKind::Kong => &[KONG_SERVICE_ID, KONG_SERVICE_NAME],
            HostKind::Nginx => &[],
        }
    }
}

/// The first value of a header.
fn value_of<'m>(headers: &[Header<'m>], name: &[u8]) -> Option<&'m [u8]> {
    headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
}

/// Removes what the client must not say, and says who calls.
fn admit(headers: &[Header<'_>], grant: &Grant<'_>, config: &Config) -> HostResult<()> {
    let edits = &grant.edits;
    let credential = edits.hidden.filter(|_| config.hide_credentials);
    // What is set below must not be there in a client's words.
    let set = |name: &[u8]| {
        edits.headers.iter().any(|edit| edit.name.as_bytes().eq_ignore_ascii_case(name))
    };
    let hidden = |header: &Header<'_>| match credential {
        Some(Hidden::Header(name)) if header.name.eq_ignore_ascii_case(name) => true,
        _ => set(header.name),
    };
    if config.host.is_envoy() {
        for header in headers {
            if hidden(header) || is_identity_header(header.name) {
                host::remove_request_header(header.name)?;
            }
        }
    } else {
        nginx::empty(headers, hidden)?;
    }
    match credential {
        Some(Hidden::Cookie(name)) => inside::hide_cookie(headers, name, config.host)?,
        Some(Hidden::Query(name)) => inside::hide_parameter(headers, name, config.host)?,
        Some(Hidden::Header(_)) | None => {}
    }
    for HeaderEdit { name, value } in &edits.headers {
        let Some(value) = value else { continue };
        let name = name.as_bytes();
        let present = headers.iter().any(|header| header.name.eq_ignore_ascii_case(name));
        if present && !config.host.is_envoy() {
            host::replace_request_header(name, value.expose())?;
        } else {
            host::add_request_header(name, value.expose())?;
        }
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

fn refuse(root: &mut Root, refusal: Refusal, seen: &Seen<'_>) -> u32 {
    root.metrics.count(refusal.code());
    let policy = root.follower.replica().policy();
    decision::log(&root.config, policy.map(Policy::revision), &(&refusal).into(), seen);
    let id = respond::request_id(seen.id);
    if respond::deny(&refusal, policy, &root.config, &id).is_err() {
        // The stream stays paused: nothing reaches the upstream. No call is under way after which a
        // host could let it go by itself.
        host::log(LogLevel::Error, "the host refused a local response");
    }
    if root.config.sync.is_some() {
        root.refusals.note(&refusal, &id, root.now, seen);
    }
    PAUSE
}
