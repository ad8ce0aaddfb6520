//! Bodies and configurations.

use wasmtime::{Caller, Linker};

use super::{MODULE, host_log};
use crate::abi::guest::{Guest, Halt, enter};
use crate::abi::{BufferKind, LogLevel, Status};
use crate::host::Host;
use crate::stream::Stream;
use crate::vm::Way;
use crate::world::grpc::GrpcDelivery;

pub(crate) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.func_wrap(
        MODULE,
        "proxy_get_buffer_bytes",
        |c: Caller<'_, Host>, kind, start, max, at_out, len_out| {
            enter(c, "proxy_get_buffer_bytes", |guest| {
                get_bytes(guest, kind, (start, max), at_out, len_out)
            })
        },
    )?;
    linker.func_wrap(
        MODULE,
        "proxy_set_buffer_bytes",
        |c: Caller<'_, Host>, kind, start: u32, size: u32, at, len| {
            enter(c, "proxy_set_buffer_bytes", |guest| {
                let kind = BufferKind::from_wire(kind).ok_or(Status::BadArgument)?;
                let data = guest.read(at, len)?;
                let refused = guest.host().profile.bodies.write_inside_is_refused;
                let body = writable(guest.host(), kind)?;
                if refused && start > 0 && (start as usize) < body.len() {
                    return Err(Status::BadArgument.into());
                }
                splice(body, start as usize, size as usize, &data);
                Ok(())
            })
        },
    )?;
    linker.func_wrap(
        MODULE,
        "proxy_get_buffer_status",
        |c: Caller<'_, Host>, kind, len_out, flags_out| {
            enter(c, "proxy_get_buffer_status", |guest| {
                let kind = BufferKind::from_wire(kind).ok_or(Status::BadArgument)?;
                let len = readable(guest.host(), kind)?.len();
                guest
                    .write_u32(len_out, u32::try_from(len).map_err(|_| Status::InternalFailure)?)?;
                Ok(guest.write_u32(flags_out, 0)?)
            })
        },
    )?;
    Ok(())
}

fn get_bytes(
    guest: &mut Guest<'_>,
    kind: u32,
    (start, max): (u32, u32),
    at_out: u32,
    len_out: u32,
) -> Result<(), Halt> {
    let kind = BufferKind::from_wire(kind).ok_or(Status::BadArgument)?;
    let host = guest.host();
    let rules = &host.profile.bodies;
    let start = if rules.read_offset_is_ignored { 0 } else { start };
    let nothing_is_not_found = rules.empty_read_is_not_found;
    if kind == BufferKind::RequestBody {
        check_request_body(host)?;
    }
    let buffer = readable(guest.host(), kind)?;
    let end = start.checked_add(max).ok_or(Status::BadArgument)?;
    let end = buffer.len().min(end as usize);
    // A start behind the end reads nothing.
    let data = buffer.get(start as usize..end).unwrap_or_default().to_vec();
    if data.is_empty() && nothing_is_not_found {
        return Err(Status::NotFound.into());
    }
    guest.give(&data, at_out, len_out)
}

/// Refuses a request's body that this host could not give now.
fn check_request_body(host: &mut Host) -> Result<(), Halt> {
    let rules = &host.profile.bodies;
    if rules.read_in_call_callback_traps && host.callback == "proxy_on_http_call_response" {
        return Err(Halt::forbidden("the request's body in a call's callback"));
    }
    let Some(most) = rules.memory_limit else { return Ok(()) };
    if readable(host, BufferKind::RequestBody).is_ok_and(|body| body.len() > most) {
        host_log(host, LogLevel::Error, "cannot read request body buffered to file");
        return Err(Status::NotFound.into());
    }
    Ok(())
}

fn readable(host: &Host, kind: BufferKind) -> Result<&[u8], Status> {
    let stream = host.streams.get(&host.acting());
    let body = |open: fn(&Stream) -> Option<&[u8]>| stream.and_then(open);
    let closed: Option<&[u8]> = host.profile.bodies.closed_reads_empty.then_some(&[]);
    let buffer = match kind {
        BufferKind::RequestBody => {
            let logged = host.profile.bodies.readable_in_log;
            stream.and_then(|stream| request_body(stream, logged)).or(closed)
        }
        BufferKind::ResponseBody => {
            body(|stream| stream.response.windows.body.then_some(stream.response.body.as_slice()))
                .or(closed)
        }
        BufferKind::CallResponseBody
            if host.delivery.as_ref().is_some_and(|delivery| delivery.body_broken) =>
        {
            return Err(Status::BadArgument);
        }
        BufferKind::CallResponseBody => host
            .delivery
            .as_ref()
            .filter(|delivery| delivery.headers.is_some())
            .map(|delivery| delivery.body.as_slice()),
        BufferKind::VmConfiguration => Some(host.plugin.vm_configuration.as_slice()),
        BufferKind::PluginConfiguration => (host.configuring
            || !host.profile.start.configuration_only_in_configure)
            .then_some(host.plugin.configuration.as_slice()),
        BufferKind::GrpcMessage => match &host.grpc.delivery {
            Some(GrpcDelivery::Message(message)) => Some(message.as_slice()),
            _ => None,
        },
        BufferKind::ForeignArguments => host.foreign_arguments.as_deref(),
        BufferKind::DownstreamData => pipe(host, Way::Downstream),
        BufferKind::UpstreamData => pipe(host, Way::Upstream),
    };
    buffer.ok_or(Status::NotFound)
}

fn request_body(stream: &Stream, readable_in_log: bool) -> Option<&[u8]> {
    if stream.logging && readable_in_log {
        // A body that no filter was to see is not read from the client either.
        return (stream.request.body_sent > 0).then_some(stream.host_properties.body.as_slice());
    }
    stream.request.windows.body.then_some(stream.request.body.as_slice())
}

/// The data of one way of a connection, while the guest may touch it.
fn pipe(host: &Host, way: Way) -> Option<&[u8]> {
    let connection = host.connections.get(&host.acting()).filter(|connection| !connection.over)?;
    let [down, up] = &connection.pipes;
    let pipe = if way == Way::Downstream { down } else { up };
    pipe.open.then_some(pipe.held.as_slice())
}

fn writable(host: &mut Host, kind: BufferKind) -> Result<&mut Vec<u8>, Status> {
    let closed = match readable(host, kind) {
        Ok(_) => Status::BadArgument,
        Err(status) => status,
    };
    let half = match kind {
        BufferKind::RequestBody => host.stream().map(|stream| &mut stream.request),
        BufferKind::ResponseBody => host.stream().map(|stream| &mut stream.response),
        BufferKind::DownstreamData | BufferKind::UpstreamData => {
            let way =
                if kind == BufferKind::DownstreamData { Way::Downstream } else { Way::Upstream };
            let context = host.acting();
            let pipe = host.pipe(context, way).filter(|pipe| pipe.open);
            return pipe.map(|pipe| &mut pipe.held).ok_or(closed);
        }
        _ => return Err(closed),
    };
    half.filter(|half| half.windows.body).map(|half| &mut half.body).ok_or(closed)
}

/// Replaces a range; a range at or behind the end appends, an empty one at the start prepends.
fn splice(body: &mut Vec<u8>, start: usize, size: usize, data: &[u8]) {
    let start = start.min(body.len());
    let end = start.saturating_add(size).min(body.len());
    body.splice(start..end, data.iter().copied());
}

#[cfg(test)]
mod tests {
    use super::splice;

    #[test]
    fn every_range_is_safe() {
        let cases: [(usize, usize, &[u8]); 5] = [
            (0, 0, b"++body"),
            (9, 0, b"body++"),
            (0, usize::MAX, b"++"),
            (1, 2, b"b++y"),
            (4, 7, b"body++"),
        ];
        for (start, size, expected) in cases {
            let mut body = b"body".to_vec();
            splice(&mut body, start, size, b"++");
            assert_eq!(body, expected, "{start} {size}");
        }
    }
}
