//! Properties as ngx_wasm_module has them: names of its own table, nginx variables, what filters
//! left with the host, and Kong's.

use super::host_log;
use super::property::{given, split_query};
use crate::abi::guest::Halt;
use crate::abi::{LogLevel, Status};
use crate::headers::Headers;
use crate::host::Host;
use crate::stream::Stream;
use crate::world::random::process_id;

/// Names of the module's table that it answers, when it can.
const KNOWN: [&str; 27] = [
    "request.path",
    "request.url_path",
    "request.host",
    "request.scheme",
    "request.method",
    "request.useragent",
    "request.protocol",
    "request.query",
    "request.id",
    "request.referer",
    "request.time",
    "request.duration",
    "request.size",
    "request.total_size",
    "response.code",
    "response.size",
    "response.total_size",
    "upstream.address",
    "upstream.port",
    "destination.address",
    "destination.port",
    "connection.requested_server_name",
    "connection.tls_version",
    "connection.subject_local_certificate",
    "connection.id",
    "connection.mtls",
    "worker_id",
];

/// Kong's names, and whether filters can set them.
const KONG: [(&str, bool); 19] = [
    ("kong.client.protocol", false),
    ("kong.nginx.subsystem", false),
    ("kong.node.id", false),
    ("kong.request.forwarded_scheme", false),
    ("kong.request.forwarded_host", false),
    ("kong.request.forwarded_port", false),
    ("kong.response.source", false),
    ("kong.response.status", true),
    ("kong.router.route", false),
    ("kong.router.service", false),
    ("kong.service.target", true),
    ("kong.service.upstream", true),
    ("kong.service.request.scheme", true),
    ("kong.service.response.status", false),
    ("kong.route_id", false),
    ("kong.route_name", false),
    ("kong.service_id", false),
    ("kong.service_name", false),
    ("kong.version", false),
];

/// Variables that every request has and no filter can change.
const FIXED_VARIABLES: [&str; 14] = [
    "pid",
    "request_uri",
    "uri",
    "hostname",
    "host",
    "scheme",
    "request_method",
    "server_protocol",
    "remote_addr",
    "remote_port",
    "status",
    "request_time",
    "request_length",
    "content_length",
];

pub(super) fn get(host: &mut Host, path: &[u8]) -> Result<Vec<u8>, Halt> {
    let name = dotted(path);
    check_root(host, &name)?;
    if name == "plugin_name" {
        if host.configuring && host.profile.properties.plugin_name_in_configure_crashes {
            return Err(Halt::crash("`plugin_name` without a request"));
        }
        return Ok(host.plugin.name.clone().into());
    }
    if name == "plugin_root_id" {
        return Ok(host.plugin.root_id.clone().into());
    }
    if is_known(host, &name) {
        return Ok(find(host, path, &name).ok_or(Status::NotFound)?);
    }
    host_log(host, LogLevel::Error, &format!("property \"{name}\" not found"));
    Err(Status::NotFound.into())
}

pub(super) fn set(host: &mut Host, path: &[u8], value: Vec<u8>) -> Result<(), Halt> {
    let name = dotted(path);
    check_root(host, &name)?;
    if let Some(variable) = name.strip_prefix("ngx.") {
        return set_variable(host, variable, value);
    }
    let settable = name.starts_with("wasmx.")
        || name == "request.query"
        || (host.profile.properties.kong_names && kong(&name) == Some(true));
    if settable {
        let kept = host.host_properties_mut().ok_or(Status::InternalFailure)?;
        kept.set.insert(name, value);
        return Ok(());
    }
    if is_known(host, &name) {
        return Err(Status::InternalFailure.into());
    }
    host_log(host, LogLevel::Error, &format!("property \"{name}\" not found"));
    Err(Status::NotFound.into())
}

fn set_variable(host: &mut Host, name: &str, value: Vec<u8>) -> Result<(), Halt> {
    let fixed_traps = host.profile.properties.fixed_variable_traps;
    let kept = host.host_properties_mut().ok_or(Status::InternalFailure)?;
    let variable = kept.variables.get_mut(name);
    let fixed = FIXED_VARIABLES.contains(&name) || name.starts_with("http_");
    match variable {
        Some(variable) if variable.changeable => {
            variable.value = value;
            Ok(())
        }
        None if name == "args" => {
            kept.set.insert("request.query".to_owned(), value);
            Ok(())
        }
        None if !fixed => {
            host_log(host, LogLevel::Error, &format!("nginx variable \"{name}\" not found"));
            Err(Status::NotFound.into())
        }
        _ if fixed_traps => Err(Halt::forbidden("the variable is not changeable")),
        _ => Err(Status::InternalFailure.into()),
    }
}

/// What belongs to a request cannot be asked for without one.
fn check_root(host: &Host, name: &str) -> Result<(), Halt> {
    let Some(status) = host.profile.properties.in_root else { return Ok(()) };
    let group = name.split('.').next().unwrap_or_default();
    let of_request = ["request", "response", "ngx", "node", "wasmx"].contains(&group);
    if of_request && !host.streams.contains_key(&host.acting()) {
        return Err(status.into());
    }
    Ok(())
}

/// Names have dots in the module's tables and NULs on the wire.
fn dotted(path: &[u8]) -> String {
    let path: Vec<u8> = path.iter().map(|byte| if *byte == 0 { b'.' } else { *byte }).collect();
    String::from_utf8_lossy(&path).into_owned()
}

fn is_known(host: &Host, name: &str) -> bool {
    let families = ["request.headers.", "response.headers.", "source.", "wasmx.", "ngx."];
    KNOWN.contains(&name)
        || families.iter().any(|family| name.starts_with(family))
        || (host.profile.properties.kong_names && kong(name).is_some())
}

/// Whether a name is Kong's, and can be set.
fn kong(name: &str) -> Option<bool> {
    if name.starts_with("kong.ctx.shared.") {
        return Some(true);
    }
    if name.starts_with("kong.configuration.") {
        return Some(false);
    }
    KONG.iter().find(|(known, _)| *known == name).map(|(_, settable)| *settable)
}

fn find(host: &Host, path: &[u8], name: &str) -> Option<Vec<u8>> {
    let kept = host.host_properties();
    if let Some(value) = kept.and_then(|kept| kept.set.get(name)) {
        return Some(value.clone());
    }
    if let Some(value) = given(host, path) {
        return Some(value);
    }
    if let Some(variable) = name.strip_prefix("ngx.") {
        let declared = kept.and_then(|kept| kept.variables.get(variable));
        return declared
            .map(|variable| variable.value.clone())
            .or_else(|| variable_of(host, variable));
    }
    let variable = match name {
        "request.path" => "request_uri",
        "request.url_path" => "uri",
        "request.host" => "hostname",
        "request.scheme" => "scheme",
        "request.method" => "request_method",
        "request.useragent" => "http_user_agent",
        "request.protocol" => "server_protocol",
        "request.query" => "args",
        "request.duration" => "request_time",
        "request.size" => "content_length",
        "request.total_size" => "request_length",
        "source.address" => "remote_addr",
        "source.port" => "remote_port",
        "response.code" => "status",
        _ => return of_table(host, name),
    };
    variable_of(host, variable)
}

/// What the module's own functions answer.
fn of_table(host: &Host, name: &str) -> Option<Vec<u8>> {
    let stream = host.streams.get(&host.acting());
    if name == "worker_id" {
        return Some(host.worker.to_string().into());
    }
    let stream = stream?;
    let header = |headers: &Headers, name: &str| headers.get(name).map(<[u8]>::to_vec);
    if let Some(wanted) = name.strip_prefix("request.headers.") {
        return header(&stream.request.headers, wanted);
    }
    if let Some(wanted) = name.strip_prefix("response.headers.") {
        return header(&stream.response.headers, wanted);
    }
    match name {
        "request.id" => header(&stream.request.headers, "x-request-id"),
        "request.referer" => header(&stream.request.headers, "referer"),
        "request.time" => {
            let began = host.shared.clock.start().saturating_add(stream.host_properties.opened_at);
            Some(format!("{}.{:03}", began.as_secs(), began.subsec_millis()).into())
        }
        "connection.id" => Some(host.acting().to_string().into()),
        "connection.mtls" => Some(b"false".to_vec()),
        _ => None,
    }
}

/// A variable of nginx's own.
fn variable_of(host: &Host, name: &str) -> Option<Vec<u8>> {
    if name == "pid" {
        return Some(process_id(host.worker).to_string().into());
    }
    let stream = host.streams.get(&host.acting())?;
    let headers = &stream.request.headers;
    let header = |name: &str| headers.get(name).map(<[u8]>::to_vec);
    // What the client sent, whatever filters made of it.
    let path = || headers.as_sent().get(":path").map(<[u8]>::to_vec);
    if let Some(wanted) = name.strip_prefix("http_") {
        return header(&wanted.replace('_', "-"));
    }
    match name {
        "request_uri" => path(),
        "uri" => path().map(|path| normalised(split_query(&path).0)),
        "args" => path().map(|path| split_query(&path).1.to_vec()),
        "hostname" => Some(host.shared.server.0.clone().into()),
        "host" => header("host"),
        "scheme" => header(":scheme"),
        "request_method" => header(":method"),
        "server_protocol" => Some(b"HTTP/1.1".to_vec()),
        "remote_addr" => Some(b"127.0.0.1".to_vec()),
        "remote_port" => Some(b"40000".to_vec()),
        "status" => header_status(stream),
        "request_time" => {
            let spent =
                host.shared.clock.elapsed().saturating_sub(stream.host_properties.opened_at);
            Some(format!("{}.{:03}", spent.as_secs(), spent.subsec_millis()).into())
        }
        "request_length" => {
            let fields = headers.iter().map(|(name, value)| name.len() + value.len() + 4);
            Some((fields.sum::<usize>() + body_len(stream)).to_string().into())
        }
        "content_length" => Some(body_len(stream)).filter(|len| *len > 0).map(|len| {
            let len = len.to_string();
            header("content-length").unwrap_or_else(|| len.into())
        }),
        _ => None,
    }
}

fn body_len(stream: &Stream) -> usize {
    let come = stream.request.body.len() + stream.request.body_sent;
    come.max(stream.host_properties.body.len())
}

fn header_status(stream: &Stream) -> Option<Vec<u8>> {
    Some(stream.response.headers.get(":status").unwrap_or(b"000").to_vec())
}

/// A path as nginx's `$uri` has it: percent-decoded, dot segments resolved, slashes merged.
fn normalised(path: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        let digits = after.get(..2).and_then(|digits| core::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(value) if *byte == b'%' => {
                decoded.push(value);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => decoded.push(*byte),
        }
    }
    let mut segments: Vec<&[u8]> = Vec::new();
    let mut is_folder = true;
    for segment in decoded.split(|byte| *byte == b'/') {
        is_folder = matches!(segment, b"" | b"." | b"..");
        match segment {
            b"" | b"." => {}
            b".." => drop(segments.pop()),
            _ => segments.push(segment),
        }
    }
    let mut out = Vec::with_capacity(decoded.len());
    for segment in segments {
        out.push(b'/');
        out.extend_from_slice(segment);
    }
    if is_folder {
        out.push(b'/');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::normalised;

    #[test]
    fn a_path_is_decoded_before_its_segments_are_resolved() {
        let cases: [(&[u8], &[u8]); 8] = [
            (b"/", b"/"),
            (b"/a/b", b"/a/b"),
            (b"/a//b/", b"/a/b/"),
            (b"/a/./b/../c", b"/a/c"),
            (b"/a/%2e%2e/b", b"/b"),
            (b"/%41%2Fb", b"/A/b"),
            (b"/../..", b"/"),
            (b"/%zz%4", b"/%zz%4"),
        ];
        for (path, expected) in cases {
            assert_eq!(normalised(path), expected, "{}", String::from_utf8_lossy(path));
        }
    }
}
