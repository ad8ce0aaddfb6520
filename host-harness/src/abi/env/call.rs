//! HTTP calls to scripted upstreams, and how the last call ended.

use core::time::Duration;

use wasmtime::{Caller, Linker};

use super::MODULE;
use super::map::read_pairs;
use crate::abi::Status;
use crate::abi::guest::{Halt, Stop, enter};
use crate::host::Host;
use crate::ledger::Callout;
use crate::profile::{Calls, Forbidden};
use crate::world::event::Event;
use crate::world::grpc::GrpcDelivery;
use crate::world::upstream::{CallResult, Delivery, Fate, UpstreamReply, UpstreamRequest, outcome};

pub(crate) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.func_wrap(
        MODULE,
        "proxy_http_call",
        |c: Caller<'_, Host>,
         upstream_at: u32,
         upstream_len: u32,
         headers_at: u32,
         headers_len: u32,
         body_at: u32,
         body_len: u32,
         trailers_at: u32,
         trailers_len: u32,
         timeout_ms: u32,
         token_out: u32| {
            enter(c, "proxy_http_call", |guest| {
                let upstream = guest.read(upstream_at, upstream_len)?;
                guest.about(&upstream);
                let request = UpstreamRequest {
                    upstream: String::from_utf8_lossy(&upstream).into_owned(),
                    body: guest.read(body_at, body_len)?,
                    headers: read_pairs(guest, headers_at, headers_len)?,
                    trailers: read_pairs(guest, trailers_at, trailers_len)?,
                };
                // The host proves that it can write the number before it starts anything.
                guest.write_u32(token_out, 0)?;
                let token = start(guest.host(), request, timeout_ms)?;
                Ok(guest.write_u32(token_out, token)?)
            })
        },
    )?;
    linker.func_wrap(
        MODULE,
        "proxy_get_status",
        |c: Caller<'_, Host>, code_out, at_out, len_out| {
            enter(c, "proxy_get_status", |guest| {
                let (code, message) = status(guest.host());
                guest.write_u32(code_out, code)?;
                guest.give(message.as_bytes(), at_out, len_out)
            })
        },
    )?;
    Ok(())
}

/// How the call ended whose end is being delivered.
fn status(host: &Host) -> (u32, String) {
    if host.profile.grpc.status_is_the_roots && host.acting() != host.current {
        return (0, String::new());
    }
    match (&host.grpc.delivery, &host.delivery) {
        (Some(GrpcDelivery::Close { status, message }), _) => (*status, message.clone()),
        (None, Some(call)) => (call.status_code, call.status_message.to_owned()),
        _ => (0, String::new()),
    }
}

fn start(host: &mut Host, mut request: UpstreamRequest, timeout_ms: u32) -> Result<u32, Halt> {
    let calls = host.profile.calls.clone();
    // The host keeps it as a signed number of milliseconds.
    if i32::try_from(timeout_ms).is_err() {
        return Err(Status::BadArgument.into());
    }
    match host.callback {
        "proxy_on_vm_start" | "proxy_on_configure" => {
            refuse(calls.in_configure, "a call in `proxy_on_configure`")?;
        }
        "proxy_on_response_headers" | "proxy_on_response_body" | "proxy_on_response_trailers" => {
            refuse(calls.in_response, "a call in a response callback")?;
        }
        "proxy_on_http_call_response"
            if host.profile.failures.call_in_root_callback_crashes
                && !host.streams.contains_key(&host.account) =>
        {
            let why = "a call in the callback of a call that no stream made";
            return Err(Halt::Trap(wasmtime::Error::new(Stop::Crash(why))));
        }
        _ => {}
    }
    if host.canary && !host.profile.start.canary_has_upstreams {
        return Err(calls.unknown_upstream.into());
    }
    if !calls.upstream_is_address && !host.shared.upstreams.contains_key(&request.upstream) {
        return Err(calls.unknown_upstream.into());
    }
    if !is_complete(&request, &calls) {
        return Err(bad(host, calls.bad_call));
    }
    if !request.body.is_empty() || calls.upstream_is_address {
        request.headers.set("content-length", request.body.len().to_string());
    }
    let known = known_name(host, &request, calls.upstream_is_address);
    let reply = known.and_then(|name| host.shared.upstreams.get_mut(&name));
    let mut reply = reply.map(|upstream| upstream.reply_to(&request));
    if host.shared.faults.reply_lost {
        reply = Some(UpstreamReply::never());
    }
    let token = next_token(host);
    if reply.as_ref().is_some_and(|reply| reply.fate == Fate::NotStarted) {
        return Err(Status::InternalFailure.into());
    }
    let timeout = (timeout_ms > 0).then(|| Duration::from_millis(timeout_ms.into()));
    let (result, end) = match reply {
        Some(reply) => outcome(reply, timeout, &calls),
        None => {
            let named = request.upstream.bytes().any(|byte| byte.is_ascii_alphabetic());
            let word = if named { "resolver failure" } else { "broken connection" };
            let delivery = Delivery::dispatch_failed(word);
            (CallResult::ConnectError, Some((Duration::ZERO, delivery)))
        }
    };
    let at = host.shared.clock.elapsed();
    if let Some((after, delivery)) = end {
        let (place, generation) = (host.place(), host.generation);
        let event = Event::CallEnds { place, generation, token, delivery };
        // A canary is gone before anything could come back to it.
        if !host.canary {
            host.shared.events.schedule(at.saturating_add(after), event);
        }
    }
    let owner = host.acting();
    host.calls.insert(token, owner);
    if let Some(stream) = host.stream() {
        stream.called = true;
    }
    let UpstreamRequest { upstream, headers, body, trailers } = request;
    let callout = Callout { at, token, upstream, headers, body, trailers, timeout, result };
    host.ledger().callouts.push(callout);
    Ok(token)
}

fn refuse(rule: Forbidden, what: &'static str) -> Result<(), Halt> {
    match rule {
        Forbidden::Allowed => Ok(()),
        Forbidden::Refused(status) => Err(status.into()),
        Forbidden::Traps => Err(Halt::Trap(wasmtime::Error::new(Stop::Forbidden(what)))),
    }
}

/// A call that cannot be made. Hosts that trap do so only where there is a request to fail.
fn bad(host: &mut Host, rule: Forbidden) -> Halt {
    match rule {
        Forbidden::Refused(status) => status.into(),
        Forbidden::Traps if host.stream().is_some() => {
            Halt::Trap(wasmtime::Error::new(Stop::Forbidden("a call that cannot be made")))
        }
        Forbidden::Traps | Forbidden::Allowed => Status::InternalFailure.into(),
    }
}

fn is_complete(request: &UpstreamRequest, calls: &Calls) -> bool {
    let has = |name: &str| request.headers.get(name).is_some();
    let named =
        has(":method") && has(":path") && (has(":authority") || !calls.authority_is_required);
    named && (!calls.upstream_is_address || is_address(&request.upstream))
}

/// `host`, `host:port` or `unix:/path`.
fn is_address(upstream: &str) -> bool {
    if let Some(path) = upstream.strip_prefix("unix:") {
        return !path.is_empty();
    }
    let (host, port) = upstream.split_once(':').unwrap_or((upstream, "80"));
    !host.is_empty() && !host.contains('/') && port.parse::<u16>().is_ok_and(|port| port > 0)
}

/// The name under which the world knows an upstream; a port that is left out follows the scheme.
fn known_name(host: &Host, request: &UpstreamRequest, address: bool) -> Option<String> {
    let name = &request.upstream;
    if host.shared.upstreams.contains_key(name) {
        return Some(name.clone());
    }
    let port = if request.headers.get(":scheme") == Some(b"https") { 443 } else { 80 };
    let whole = format!("{name}:{port}");
    (address && host.shared.upstreams.contains_key(&whole)).then_some(whole)
}

pub(super) fn next_token(host: &mut Host) -> u32 {
    loop {
        let token = host.next_token;
        let next = token.checked_add(host.profile.calls.token_step);
        host.next_token = next.unwrap_or(host.profile.calls.first_token);
        if !host.calls.contains_key(&token) && !host.grpc.open.contains_key(&token) {
            return token;
        }
    }
}
