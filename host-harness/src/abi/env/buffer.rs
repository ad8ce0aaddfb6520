//! Bodies and configurations.

use wasmtime::{Caller, Linker};

use super::MODULE;
use crate::abi::guest::{Guest, Halt, enter};
use crate::abi::{BufferKind, Status};
use crate::host::Host;
use crate::stream::Stream;

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
                let body = writable(guest.host(), kind)?;
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
    let buffer = readable(guest.host(), kind)?;
    let end = start.checked_add(max).ok_or(Status::BadArgument)?;
    let end = buffer.len().min(end as usize);
    // A start behind the end reads nothing.
    let data = buffer.get(start as usize..end).unwrap_or_default().to_vec();
    guest.give(&data, at_out, len_out)
}

fn readable(host: &Host, kind: BufferKind) -> Result<&[u8], Status> {
    let stream = host.streams.get(&host.acting());
    let body = |open: fn(&Stream) -> Option<&[u8]>| stream.and_then(open);
    let closed: Option<&[u8]> = host.profile.bodies.closed_reads_empty.then_some(&[]);
    let buffer = match kind {
        BufferKind::RequestBody => {
            body(|stream| stream.request.windows.body.then_some(stream.request.body.as_slice()))
                .or(closed)
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
        BufferKind::Absent => None,
    };
    buffer.ok_or(Status::NotFound)
}

fn writable(host: &mut Host, kind: BufferKind) -> Result<&mut Vec<u8>, Status> {
    let closed = match readable(host, kind) {
        Ok(_) => Status::BadArgument,
        Err(status) => status,
    };
    let half = match kind {
        BufferKind::RequestBody => host.stream().map(|stream| &mut stream.request),
        BufferKind::ResponseBody => host.stream().map(|stream| &mut stream.response),
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
