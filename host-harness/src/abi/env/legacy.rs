//! What ABI 0.1.0 had and later versions have not.

use wasmtime::{Caller, Linker};

use super::MODULE;
use super::stream::continue_stream;
use crate::abi::Direction;
use crate::abi::guest::enter;
use crate::host::Host;

pub(crate) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    // The plugin's configuration inside `on_configure`, else that of the VM.
    linker.func_wrap(
        MODULE,
        "proxy_get_configuration",
        |c: Caller<'_, Host>, at_out, len_out| {
            enter(c, "proxy_get_configuration", |guest| {
                let host = guest.host();
                let configuration = if host.configuring {
                    host.plugin.configuration.clone()
                } else {
                    host.plugin.vm_configuration.clone()
                };
                guest.give(&configuration, at_out, len_out)
            })
        },
    )?;
    linker.func_wrap(MODULE, "proxy_continue_request", |c: Caller<'_, Host>| {
        enter(c, "proxy_continue_request", |guest| {
            continue_stream(guest.host(), Direction::Request);
            Ok(())
        })
    })?;
    linker.func_wrap(MODULE, "proxy_continue_response", |c: Caller<'_, Host>| {
        enter(c, "proxy_continue_response", |guest| {
            continue_stream(guest.host(), Direction::Response);
            Ok(())
        })
    })?;
    // Routes are the test's to decide, so there is no cache to clear.
    linker.func_wrap(MODULE, "proxy_clear_route_cache", |c: Caller<'_, Host>| {
        enter(c, "proxy_clear_route_cache", |_| Ok(()))
    })?;
    Ok(())
}
