//! HTTP calls to scripted upstreams; gRPC calls, which have nobody to reach.

use core::time::Duration;

use wasmtime::{Caller, Linker};

use super::MODULE;
use super::map::read_pairs;
use crate::abi::Status;
use crate::abi::guest::{Guest, Halt, enter};
use crate::host::Host;
use crate::ledger::Callout;
use crate::world::event::Event;
use crate::world::upstream::{Fate, UpstreamRequest, outcome};

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
                let delivery = guest.host().delivery.as_ref();
                let (code, message) =
                    delivery.map_or((0, ""), |call| (call.status_code, call.status_message));
                guest.write_u32(code_out, code)?;
                guest.give(message.as_bytes(), at_out, len_out)
            })
        },
    )?;
    link_grpc(linker)
}

fn start(host: &mut Host, mut request: UpstreamRequest, timeout_ms: u32) -> Result<u32, Status> {
    // The host keeps it as a signed number of milliseconds.
    if i32::try_from(timeout_ms).is_err() {
        return Err(Status::BadArgument);
    }
    if host.canary && !host.profile.start.canary_has_upstreams {
        return Err(host.profile.calls.unknown_upstream);
    }
    let unknown = host.profile.calls.unknown_upstream;
    let upstream = host.shared.upstreams.get_mut(&request.upstream).ok_or(unknown)?;
    for required in [":method", ":path", ":authority"] {
        if request.headers.get(required).is_none() {
            return Err(Status::BadArgument);
        }
    }
    if !request.body.is_empty() {
        request.headers.set("content-length", request.body.len().to_string());
    }
    let reply = upstream.reply_to(&request);
    let token = next_token(host);
    if reply.fate == Fate::NotStarted {
        return Err(Status::InternalFailure);
    }
    let timeout = (timeout_ms > 0).then(|| Duration::from_millis(timeout_ms.into()));
    let (result, end) = outcome(reply, timeout, host.profile.calls.failures_are_responses);
    let at = host.shared.clock.elapsed();
    if let Some((after, delivery)) = end {
        let (worker, generation) = (host.worker, host.generation);
        let event = Event::CallEnds { worker, generation, token, delivery };
        // A canary is gone before anything could come back to it.
        if !host.canary {
            host.shared.events.schedule(at.saturating_add(after), event);
        }
    }
    let owner = host.acting();
    host.calls.insert(token, owner);
    let UpstreamRequest { upstream, headers, body, trailers } = request;
    let callout = Callout { at, token, upstream, headers, body, trailers, timeout, result };
    host.ledger().callouts.push(callout);
    Ok(token)
}

fn next_token(host: &mut Host) -> u32 {
    loop {
        let token = host.next_token;
        let next = token.checked_add(host.profile.calls.token_step);
        host.next_token = next.unwrap_or(host.profile.calls.first_token);
        if !host.calls.contains_key(&token) {
            return token;
        }
    }
}

fn link_grpc(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.func_wrap(
        MODULE,
        "proxy_grpc_call",
        |c: Caller<'_, Host>,
         upstream_at: u32,
         upstream_len: u32,
         _service_at: u32,
         _service_len: u32,
         _method_at: u32,
         _method_len: u32,
         _metadata_at: u32,
         _metadata_len: u32,
         _message_at: u32,
         _message_len: u32,
         _timeout_ms: u32,
         _token_out: u32| {
            enter(c, "proxy_grpc_call", |guest| no_grpc(guest, upstream_at, upstream_len))
        },
    )?;
    linker.func_wrap(
        MODULE,
        "proxy_grpc_stream",
        |c: Caller<'_, Host>,
         upstream_at: u32,
         upstream_len: u32,
         _service_at: u32,
         _service_len: u32,
         _method_at: u32,
         _method_len: u32,
         _metadata_at: u32,
         _metadata_len: u32,
         _token_out: u32| {
            enter(c, "proxy_grpc_stream", |guest| no_grpc(guest, upstream_at, upstream_len))
        },
    )?;
    // No call was ever started, so no token can be known.
    linker.func_wrap(
        MODULE,
        "proxy_grpc_send",
        |c: Caller<'_, Host>, _token: u32, _at: u32, _len: u32, _end: u32| {
            enter(c, "proxy_grpc_send", |_| Err(Status::NotFound.into()))
        },
    )?;
    linker.func_wrap(MODULE, "proxy_grpc_cancel", |c: Caller<'_, Host>, _token: u32| {
        enter(c, "proxy_grpc_cancel", |_| Err(Status::NotFound.into()))
    })?;
    linker.func_wrap(MODULE, "proxy_grpc_close", |c: Caller<'_, Host>, _token: u32| {
        enter(c, "proxy_grpc_close", |_| Err(Status::NotFound.into()))
    })?;
    Ok(())
}

fn no_grpc(guest: &mut Guest<'_>, at: u32, len: u32) -> Result<(), Halt> {
    let upstream = guest.read(at, len)?;
    guest.about(&upstream);
    Err(guest.host().profile.calls.grpc_without_upstream.into())
}
