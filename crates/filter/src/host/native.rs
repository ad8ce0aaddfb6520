//! Outside a Wasm host there is nothing to call: every function says so. The crate can then be
//! built, linted and unit-tested natively; behaviour is tested in a host.

use gatekey_core::time::UnixMillis;

use super::{HostError, HostResult, LocalResponse, LogLevel, Shared};

const UNIMPLEMENTED: HostError = HostError::UNIMPLEMENTED;

pub(crate) const fn log(_level: LogLevel, _text: &str) {}

pub(crate) const fn set_tick_period(_millis: u32) -> HostResult<()> {
    Err(UNIMPLEMENTED)
}

pub(crate) const fn now() -> UnixMillis {
    UnixMillis(0)
}

pub(crate) const fn random() -> u64 {
    0
}

pub(crate) const fn draw() -> HostResult<[u8; 32]> {
    Err(UNIMPLEMENTED)
}

pub(crate) const fn configuration(_size: u32) -> HostResult<Vec<u8>> {
    Err(UNIMPLEMENTED)
}

pub(crate) const fn request_headers() -> HostResult<Vec<u8>> {
    Err(UNIMPLEMENTED)
}

pub(crate) const fn add_request_header(_name: &[u8], _value: &[u8]) -> HostResult<()> {
    Err(UNIMPLEMENTED)
}

pub(crate) const fn replace_request_header(_name: &[u8], _value: &[u8]) -> HostResult<()> {
    Err(UNIMPLEMENTED)
}

pub(crate) const fn remove_request_header(_name: &[u8]) -> HostResult<()> {
    Err(UNIMPLEMENTED)
}

pub(crate) const fn add_response_header(_name: &[u8], _value: &[u8]) -> HostResult<()> {
    Err(UNIMPLEMENTED)
}

pub(crate) const fn set_effective_context(_context: u32) -> HostResult<()> {
    Err(UNIMPLEMENTED)
}

pub(crate) const fn continue_request() -> HostResult<()> {
    Err(UNIMPLEMENTED)
}

pub(crate) fn send_local_response(response: &LocalResponse<'_>) -> HostResult<()> {
    let LocalResponse { status: _, details: _, headers: _, body: _ } = response;
    Err(UNIMPLEMENTED)
}

pub(crate) const fn http_call(
    _upstream: &str,
    _headers: &[(&[u8], &[u8])],
    _body: &[u8],
    _timeout_ms: u32,
) -> HostResult<u32> {
    Err(UNIMPLEMENTED)
}

pub(crate) const fn call_response_header(_name: &str) -> HostResult<Vec<u8>> {
    Err(UNIMPLEMENTED)
}

pub(crate) const fn call_response_body(_size: u32) -> HostResult<Vec<u8>> {
    Err(UNIMPLEMENTED)
}

pub(crate) const fn shared_data(_key: &str) -> HostResult<Shared> {
    Err(UNIMPLEMENTED)
}

pub(crate) const fn set_shared_data(_key: &str, _value: &[u8], _cas: u32) -> HostResult<()> {
    Err(UNIMPLEMENTED)
}

pub(crate) const fn property(_path: &str) -> HostResult<Vec<u8>> {
    Err(UNIMPLEMENTED)
}

pub(crate) const fn set_property(_path: &str, _value: &[u8]) -> HostResult<()> {
    Err(UNIMPLEMENTED)
}

pub(crate) const fn define_counter(_name: &str) -> HostResult<u32> {
    Err(UNIMPLEMENTED)
}

pub(crate) const fn increment(_counter: u32, _by: i64) -> HostResult<()> {
    Err(UNIMPLEMENTED)
}

pub(crate) fn call_foreign_function(_name: &str, _arguments: &[u8]) -> HostResult<Vec<u8>> {
    Err(UNIMPLEMENTED)
}
