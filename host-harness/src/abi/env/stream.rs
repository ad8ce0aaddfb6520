//! Resuming, closing and answering streams.

use wasmtime::{Caller, Linker};

use super::MODULE;
use super::map::read_pairs;
use crate::abi::guest::{Guest, Halt, enter};
use crate::abi::{Direction, Status};
use crate::headers::Headers;
use crate::host::Host;
use crate::stream::{LocalResponse, Windows};
use crate::vm::Way;

pub(crate) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.func_wrap(MODULE, "proxy_continue_stream", |c: Caller<'_, Host>, direction| {
        enter(c, "proxy_continue_stream", |guest| {
            match http_direction(direction)? {
                Some(direction) => continue_stream(guest.host(), direction),
                None => continue_connection(guest.host(), direction)?,
            }
            Ok(())
        })
    })?;
    linker.func_wrap(MODULE, "proxy_close_stream", |c: Caller<'_, Host>, direction| {
        enter(c, "proxy_close_stream", |guest| {
            let direction = http_direction(direction)?;
            let host = guest.host();
            let context = host.acting();
            // Both halves are the client's connection.
            if direction.is_none()
                && let Some(connection) = host.connections.get_mut(&context)
            {
                connection.closed_by_guest |= !connection.over;
            }
            if direction.is_some()
                && let Some(stream) = host.stream()
            {
                stream.closed_by_guest = true;
                let context = host.acting();
                host.wake(context);
            }
            Ok(())
        })
    })?;
    linker.func_wrap(
        MODULE,
        "proxy_send_local_response",
        |c: Caller<'_, Host>,
         status,
         details_at: u32,
         details_len: u32,
         body_at: u32,
         body_len: u32,
         headers_at: u32,
         headers_len: u32,
         grpc_status: i32| {
            enter(c, "proxy_send_local_response", |guest| {
                let details = guest.read(details_at, details_len)?;
                let body = guest.read(body_at, body_len)?;
                let headers = read_pairs(guest, headers_at, headers_len)?;
                send_local_response(guest, status, &details, headers, body, grpc_status)
            })
        },
    )?;
    Ok(())
}

fn continue_connection(host: &mut Host, wire: u32) -> Result<(), Status> {
    let way = if wire == 2 { Way::Downstream } else { Way::Upstream };
    if way == Way::Upstream && host.profile.interface.upstream_data_cannot_resume {
        return Err(Status::Unimplemented);
    }
    let context = host.acting();
    if let Some(pipe) = host.pipe(context, way) {
        pipe.resumed = true;
    }
    Ok(())
}

/// Nothing for the two halves of a TCP stream, which an HTTP filter may name without effect.
fn http_direction(wire: u32) -> Result<Option<Direction>, Status> {
    match wire {
        0 => Ok(Some(Direction::Request)),
        1 => Ok(Some(Direction::Response)),
        2 | 3 => Ok(None),
        _ => Err(Status::BadArgument),
    }
}

pub(super) fn continue_stream(host: &mut Host, direction: Direction) {
    let close_maps = host.profile.streams.resume_closes_request_maps;
    let context = host.acting();
    // Without a stream there is nothing to resume, which is no error to any host.
    let Some(stream) = host.streams.get_mut(&context) else { return };
    stream.half(direction).resume();
    if direction == Direction::Request && stream.local.is_none() && stream.going_up {
        stream.released = true;
    }
    if close_maps {
        stream.request.windows = Windows::default();
    }
    host.wake(context);
}

fn send_local_response(
    guest: &mut Guest<'_>,
    status: u32,
    details: &[u8],
    headers: Headers,
    body: Vec<u8>,
    grpc_status: i32,
) -> Result<(), Halt> {
    guest.about(status.to_string().as_bytes());
    let status = u16::try_from(status).map_err(|_| Status::BadArgument)?;
    // Spaces would break access logs, so hosts replace them.
    let details = String::from_utf8_lossy(details).replace(' ', "_");
    let grpc_status = u32::try_from(grpc_status).ok();
    let host = guest.host();
    let rules = host.profile.streams.clone();
    if rules.local_response_status_is_checked && !(100..=999).contains(&status) {
        return Err(Status::BadArgument.into());
    }
    let context = host.acting();
    // Whoever is answered, the callback that is running goes no further.
    host.stops_iteration = rules.local_response_replaces_action
        && ["proxy_on_request_", "proxy_on_response_"]
            .iter()
            .any(|half| host.callback.starts_with(half));
    let crashes = host.profile.runtime.local_response_in_root_crashes;
    let Some(stream) = host.streams.get_mut(&context) else {
        return if crashes { Err(Halt::crash("an answer without a request")) } else { Ok(()) };
    };
    if stream.local.is_some() && rules.second_local_response_traps {
        return Err(Halt::forbidden("a second local response"));
    }
    // The first answer counts; a stream that is over cannot be answered.
    if stream.local.is_none() && !stream.over {
        stream.local = Some(LocalResponse { status, headers, body, details, grpc_status });
        host.wake(context);
        if host.profile.calls.local_response_cancels {
            host.calls.retain(|_, owner| *owner != context);
        }
    }
    Ok(())
}
