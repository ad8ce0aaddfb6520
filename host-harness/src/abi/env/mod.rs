//! The host functions of the import module `env`.

mod buffer;
mod call;
pub(crate) mod foreign;
pub(crate) mod grpc;
mod legacy;
mod map;
mod nginx_property;
mod property;
mod runtime;
mod shared;
mod stream;

pub(crate) use runtime::{host_log, log, schedule_tick};
use wasmtime::Linker;

use crate::host::Host;

pub(crate) const MODULE: &str = "env";

pub(crate) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    runtime::link(linker)?;
    buffer::link(linker)?;
    map::link(linker)?;
    stream::link(linker)?;
    call::link(linker)?;
    grpc::link(linker)?;
    foreign::link(linker)?;
    legacy::link(linker)?;
    shared::link(linker)?;
    property::link(linker)
}
