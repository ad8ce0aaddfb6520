//! Properties: what the test set, what the host knows of the request, what the guest set.

use wasmtime::{Caller, Linker};

use super::MODULE;
use crate::abi::Status;
use crate::abi::guest::enter;
use crate::host::Host;
use crate::stream::Stream;

pub(crate) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.func_wrap(
        MODULE,
        "proxy_get_property",
        |c: Caller<'_, Host>, at, len, at_out, len_out| {
            enter(c, "proxy_get_property", |guest| {
                let path = guest.read(at, len)?;
                guest.about(&readable_path(&path));
                let value = find(guest.host(), &path).ok_or(Status::NotFound)?;
                guest.give(&value, at_out, len_out)
            })
        },
    )?;
    linker.func_wrap(
        MODULE,
        "proxy_set_property",
        |c: Caller<'_, Host>, at, len, value_at, value_len| {
            enter(c, "proxy_set_property", |guest| {
                let path = guest.read(at, len)?;
                guest.about(&readable_path(&path));
                let value = guest.read(value_at, value_len)?;
                let host = guest.host();
                if let Some(stream) = host.stream() {
                    stream.guest_properties.insert(path, value);
                } else if host.profile.properties.root_cannot_set {
                    return Err(Status::NotFound.into());
                } else {
                    host.shared.properties.insert(path, value);
                }
                Ok(())
            })
        },
    )?;
    Ok(())
}

fn readable_path(path: &[u8]) -> Vec<u8> {
    path.iter().map(|byte| if *byte == 0 { b'.' } else { *byte }).collect()
}

fn find(host: &Host, path: &[u8]) -> Option<Vec<u8>> {
    let stream = host.streams.get(&host.acting());
    // Envoy tolerates one separator at the end.
    let path = path.strip_suffix(&[0]).unwrap_or(path);
    if let Some(stream) = stream {
        let unreadable = host.profile.properties.nested_set_is_unreadable && path.contains(&0);
        if let Some(value) = stream.guest_properties.get(path).filter(|_| !unreadable) {
            return Some(value.clone());
        }
        if let Some(value) = stream.properties.get(path) {
            return Some(value.clone());
        }
    }
    if let Some(value) = host.shared.properties.get(path) {
        return Some(value.clone());
    }
    let mut segments = path.splitn(3, |byte| *byte == 0);
    match (segments.next()?, segments.next(), segments.next()) {
        (b"plugin_name", None, _) => Some(host.plugin.name.clone().into()),
        (b"plugin_root_id", None, _) => Some(host.plugin.root_id.clone().into()),
        (b"plugin_vm_id", None, _) => Some(host.plugin.vm_id.clone().into()),
        (b"request", Some(field), rest) => request(stream?, field, rest),
        (b"response", Some(field), rest) => response(stream?, field, rest),
        _ => None,
    }
}

fn request(stream: &Stream, field: &[u8], rest: Option<&[u8]>) -> Option<Vec<u8>> {
    let headers = &stream.request.headers;
    let header = |name: &str| headers.get(name).map(<[u8]>::to_vec);
    let path = || headers.get(":path");
    let split = |path: &[u8]| path.iter().position(|byte| *byte == b'?').unwrap_or(path.len());
    match (field, rest) {
        (b"headers", Some(name)) => headers.joined(name),
        (_, Some(_)) => None,
        (b"path", None) => header(":path"),
        (b"url_path", None) => path().map(|path| path.get(..split(path)).unwrap_or(path).to_vec()),
        (b"query", None) => {
            path().map(|path| path.get(split(path) + 1..).unwrap_or_default().to_vec())
        }
        (b"host", None) => header(":authority"),
        (b"scheme", None) => header(":scheme"),
        (b"method", None) => header(":method"),
        (b"referer", None) => header("referer"),
        (b"useragent", None) => header("user-agent"),
        (b"id", None) => header("x-request-id"),
        (b"protocol", None) => Some(b"HTTP/1.1".to_vec()),
        (b"size", None) => Some(number(stream.request.body_sent)),
        _ => None,
    }
}

fn response(stream: &Stream, field: &[u8], rest: Option<&[u8]>) -> Option<Vec<u8>> {
    let headers = &stream.response.headers;
    match (field, rest) {
        (b"headers", Some(name)) => headers.joined(name),
        (b"code", None) => {
            let code = core::str::from_utf8(headers.get(":status")?).ok()?;
            Some(number(code.parse().ok()?))
        }
        _ => None,
    }
}

/// Numbers travel as eight bytes, little-endian. Source: envoy context.cc, `serializeValue`.
fn number(value: usize) -> Vec<u8> {
    (value as u64).to_le_bytes().to_vec()
}
