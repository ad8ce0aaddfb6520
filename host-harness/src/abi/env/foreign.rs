//! Functions of the host beyond the ABI, by name.

use core::fmt;
use std::collections::BTreeMap;

use wasmtime::{Caller, Linker};

use super::MODULE;
use crate::abi::guest::{Guest, Halt, enter};
use crate::abi::{Status, protobuf};
use crate::host::Host;

type Implementation = Box<dyn FnMut(&[u8]) -> Result<Vec<u8>, Status> + Send>;

/// The foreign functions that a test supplies.
#[derive(Default)]
pub(crate) struct ForeignFunctions {
    functions: BTreeMap<String, Implementation>,
}

impl ForeignFunctions {
    pub(crate) fn insert(&mut self, name: &str, implementation: Implementation) {
        self.functions.insert(name.to_owned(), implementation);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.functions.is_empty()
    }
}

impl fmt::Debug for ForeignFunctions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.functions.keys()).finish()
    }
}

/// Filter state that Envoy can make from bytes: other names are not found. Source: Envoy's
/// documentation, "well known filter state objects".
const FILTER_STATE: [&str; 9] = [
    "envoy.hashable_string",
    "envoy.network.application_protocols",
    "envoy.network.transport_socket.original_dst_address",
    "envoy.network.upstream_server_name",
    "envoy.network.upstream_subject_alt_names",
    "envoy.string",
    "envoy.tcp_proxy.cluster",
    "envoy.upstream.dynamic_host",
    "envoy.upstream.dynamic_port",
];

pub(crate) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.func_wrap(
        MODULE,
        "proxy_call_foreign_function",
        |c: Caller<'_, Host>, at, len, args_at: u32, args_len: u32, at_out: u32, len_out: u32| {
            enter(c, "proxy_call_foreign_function", |guest| {
                let name = guest.read(at, len)?;
                guest.about(&name);
                let arguments = guest.read(args_at, args_len)?;
                let (result, status) = match call(guest, &name, &arguments)? {
                    Ok(result) => (result, None),
                    Err(status) => (Vec::new(), Some(status)),
                };
                // A null pointer means that the guest does not want to know.
                guest.give_if_wanted(&result, at_out, len_out)?;
                status.map_or(Ok(()), |status| Err(status.into()))
            })
        },
    )?;
    Ok(())
}

/// What the function gives, or the status it ends with; or that there is none.
fn call(
    guest: &mut Guest<'_>,
    name: &[u8],
    arguments: &[u8],
) -> Result<Result<Vec<u8>, Status>, Halt> {
    let host = guest.host();
    let known = core::str::from_utf8(name).ok();
    let supplied = known.and_then(|name| host.shared.foreign.functions.get_mut(name));
    if let Some(implementation) = supplied {
        return Ok(implementation(arguments));
    }
    match name {
        b"clear_route_cache" if host.profile.interface.envoy_foreign_functions => {
            Ok(Ok(Vec::new()))
        }
        b"set_envoy_filter_state" if host.profile.interface.envoy_foreign_functions => {
            Ok(set_filter_state(host, arguments).map(|()| Vec::new()))
        }
        _ if host.profile.runtime.unknown_foreign_function_traps => {
            Err(Halt::forbidden("unknown foreign function"))
        }
        _ => Err(Status::NotFound.into()),
    }
}

/// Arguments are a message: path (1), value (2), life span (3).
fn set_filter_state(host: &mut Host, arguments: &[u8]) -> Result<(), Status> {
    let fields = protobuf::fields(arguments).ok_or(Status::BadArgument)?;
    let path = protobuf::bytes_of(&fields, 1).unwrap_or_default();
    let path = core::str::from_utf8(path).map_err(|_| Status::BadArgument)?;
    if !FILTER_STATE.contains(&path) {
        return Err(Status::NotFound);
    }
    let value = protobuf::bytes_of(&fields, 2).unwrap_or_default().to_vec();
    let key = ["filter_state", path].join("\0").into_bytes();
    host.stream().ok_or(Status::NotFound)?.guest_properties.insert(key, value);
    Ok(())
}
