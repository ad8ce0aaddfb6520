//! Properties: what the test set, what the host knows of the request, what the guest set.

use wasmtime::{Caller, Linker};

use super::{MODULE, nginx_property};
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
                let host = guest.host();
                let value = if host.profile.properties.nginx_names {
                    nginx_property::get(host, &path)?
                } else {
                    find(host, &path).ok_or(Status::NotFound)?
                };
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
                if host.profile.properties.nginx_names {
                    return nginx_property::set(host, &path, value);
                }
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

/// What the test set for the request or for the world.
pub(super) fn given(host: &Host, path: &[u8]) -> Option<Vec<u8>> {
    let stream = host.streams.get(&host.acting());
    let own = stream.and_then(|stream| stream.properties.get(path));
    own.or_else(|| host.shared.properties.get(path)).cloned()
}

fn find(host: &Host, path: &[u8]) -> Option<Vec<u8>> {
    let stream = host.streams.get(&host.acting());
    // Envoy tolerates one separator at the end.
    let path = path.strip_suffix(&[0]).unwrap_or(path);
    if let Some(stream) = stream {
        // Filter state is set by a function of its own, and can be read.
        let unreadable = host.profile.properties.nested_set_is_unreadable
            && path.contains(&0)
            && !path.starts_with(b"filter_state\0");
        if let Some(value) = stream.guest_properties.get(path).filter(|_| !unreadable) {
            return Some(value.clone());
        }
    }
    if let Some(value) = given(host, path) {
        return Some(value);
    }
    let mut segments = path.splitn(3, |byte| *byte == 0);
    match (segments.next()?, segments.next(), segments.next()) {
        (b"plugin_name", None, _) => Some(Value::Bytes(host.plugin.name.clone().into())),
        (b"plugin_root_id", None, _) => Some(Value::Bytes(host.plugin.root_id.clone().into())),
        (b"plugin_vm_id", None, _) => Some(Value::Bytes(host.plugin.vm_id.clone().into())),
        (b"request", Some(field), rest) => request(stream?, field, rest),
        (b"response", Some(field), rest) => response(stream?, field, rest),
        _ => None,
    }
    .map(|value| value.into_bytes(host.profile.properties.values_are_text))
}

/// A property as the host knows it.
enum Value {
    Bytes(Vec<u8>),
    Number(usize),
}

impl Value {
    /// Numbers travel as eight bytes, little-endian, or as text. Source: envoy context.cc,
    /// `serializeValue`; seen on ngx.
    fn into_bytes(self, as_text: bool) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Number(number) if as_text => number.to_string().into_bytes(),
            Self::Number(number) => (number as u64).to_le_bytes().to_vec(),
        }
    }
}

fn request(stream: &Stream, field: &[u8], rest: Option<&[u8]>) -> Option<Value> {
    let headers = &stream.request.headers;
    let header = |name: &str| headers.get(name).map(|value| Value::Bytes(value.to_vec()));
    let bytes = |part: &[u8]| Value::Bytes(part.to_vec());
    match (field, rest) {
        (b"headers", Some(name)) => headers.joined(name).map(Value::Bytes),
        (_, Some(_)) => None,
        (b"path", None) => header(":path"),
        (b"url_path", None) => headers.get(":path").map(|path| bytes(split_query(path).0)),
        (b"query", None) => headers.get(":path").map(|path| bytes(split_query(path).1)),
        (b"host", None) => header(":authority"),
        (b"scheme", None) => header(":scheme"),
        (b"method", None) => header(":method"),
        (b"referer", None) => header("referer"),
        (b"useragent", None) => header("user-agent"),
        (b"id", None) => header("x-request-id"),
        (b"protocol", None) => Some(bytes(b"HTTP/1.1")),
        (b"size", None) => Some(Value::Number(stream.request.body_sent)),
        _ => None,
    }
}

/// A path without its query, and the query without its question mark.
pub(super) fn split_query(path: &[u8]) -> (&[u8], &[u8]) {
    let end = path.iter().position(|byte| *byte == b'?').unwrap_or(path.len());
    let (before, after) = path.split_at_checked(end).unwrap_or((path, &[]));
    (before, after.strip_prefix(b"?").unwrap_or(after))
}

fn response(stream: &Stream, field: &[u8], rest: Option<&[u8]>) -> Option<Value> {
    let headers = &stream.response.headers;
    match (field, rest) {
        (b"headers", Some(name)) => headers.joined(name).map(Value::Bytes),
        (b"code", None) => {
            let code = core::str::from_utf8(headers.get(":status")?).ok()?;
            Some(Value::Number(code.parse().ok()?))
        }
        _ => None,
    }
}
