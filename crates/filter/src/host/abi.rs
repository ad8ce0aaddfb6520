//! The imported functions, each behind one that cannot be misused.
#![allow(unsafe_code, reason = "host functions take raw pointers")]

use core::ptr;

use gatekey_core::time::UnixMillis;

use super::memory::take;
use super::{HostError, HostResult, LocalResponse, LogLevel, Shared};
use crate::pairs;

const REQUEST_HEADERS: u32 = 0;
const RESPONSE_HEADERS: u32 = 2;
const REQUEST_STREAM: u32 = 0;
const CALL_RESPONSE_HEADERS: u32 = 6;
const CALL_RESPONSE_BODY: u32 = 4;
const PLUGIN_CONFIGURATION: u32 = 7;
const COUNTER: u32 = 0;

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_log(level: u32, text: *const u8, size: usize) -> u32;
    fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
    fn proxy_get_buffer_bytes(
        buffer: u32,
        start: usize,
        max: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_get_header_map_pairs(map: u32, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_get_header_map_value(
        map: u32,
        key: *const u8,
        key_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_add_header_map_value(
        map: u32,
        key: *const u8,
        key_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_replace_header_map_value(
        map: u32,
        key: *const u8,
        key_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_remove_header_map_value(map: u32, key: *const u8, key_size: usize) -> u32;
    fn proxy_send_local_response(
        status: u32,
        details: *const u8,
        details_size: usize,
        body: *const u8,
        body_size: usize,
        headers: *const u8,
        headers_size: usize,
        grpc_status: i32,
    ) -> u32;
    fn proxy_http_call(
        upstream: *const u8,
        upstream_size: usize,
        headers: *const u8,
        headers_size: usize,
        body: *const u8,
        body_size: usize,
        trailers: *const u8,
        trailers_size: usize,
        timeout: u32,
        call: *mut u32,
    ) -> u32;
    fn proxy_get_shared_data(
        key: *const u8,
        key_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
        cas: *mut u32,
    ) -> u32;
    fn proxy_set_shared_data(
        key: *const u8,
        key_size: usize,
        value: *const u8,
        value_size: usize,
        cas: u32,
    ) -> u32;
    fn proxy_get_property(
        path: *const u8,
        path_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_set_property(
        path: *const u8,
        path_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_set_effective_context(context: u32) -> u32;
    fn proxy_continue_stream(stream: u32) -> u32;
    fn proxy_call_foreign_function(
        name: *const u8,
        name_size: usize,
        arguments: *const u8,
        arguments_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_define_metric(kind: u32, name: *const u8, name_size: usize, id: *mut u32) -> u32;
    fn proxy_increment_metric(id: u32, by: i64) -> u32;
}

#[link(wasm_import_module = "wasi_snapshot_preview1")]
unsafe extern "C" {
    fn clock_time_get(clock: u32, precision: u64, time: *mut u64) -> u32;
    fn random_get(data: *mut u8, size: usize) -> u32;
}

unsafe extern "C" {
    fn __wasm_call_ctors();
}

crate::export! {
    fn proxy_abi_version_0_2_1() {}
    fn _initialize() {
        unsafe { __wasm_call_ctors() }
    }
}

const fn checked(status: u32) -> HostResult<()> {
    if status == 0 { Ok(()) } else { Err(HostError(status)) }
}

/// Runs a host call that hands over a block of memory.
fn received(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> HostResult<Vec<u8>> {
    let (mut data, mut size) = (ptr::null_mut(), 0);
    checked(call(&raw mut data, &raw mut size))?;
    take(data, size).ok_or(HostError::FOREIGN_MEMORY)
}

pub(crate) fn log(level: LogLevel, text: &str) {
    // A log that fails cannot be logged.
    let _ = unsafe { proxy_log(level as u32, text.as_ptr(), text.len()) };
}

pub(crate) fn set_tick_period(millis: u32) -> HostResult<()> {
    checked(unsafe { proxy_set_tick_period_milliseconds(millis) })
}

/// The time of day. A host without a clock stands at the end of time, where every credential has
/// expired and every policy is stale.
pub(crate) fn now() -> UnixMillis {
    let mut nanos = 0;
    let status = unsafe { clock_time_get(0, 1_000_000, &raw mut nanos) };
    UnixMillis(if status == 0 { nanos / 1_000_000 } else { u64::MAX })
}

/// A number that differs from others. On nginx and Kong an outsider can guess it: nothing that must
/// be kept secret is made of it.
pub(crate) fn random() -> u64 {
    let mut bytes = [0; 8];
    let status = unsafe { random_get(bytes.as_mut_ptr(), bytes.len()) };
    if status == 0 { u64::from_le_bytes(bytes) } else { now().0 }
}

/// Bytes that differ from any drawn before.
pub(crate) fn draw() -> HostResult<[u8; 32]> {
    let mut bytes = [0; 32];
    checked(unsafe { random_get(bytes.as_mut_ptr(), bytes.len()) }).map(|()| bytes)
}

pub(crate) fn configuration(size: u32) -> HostResult<Vec<u8>> {
    received(|data, length| unsafe {
        proxy_get_buffer_bytes(PLUGIN_CONFIGURATION, 0, size as usize, data, length)
    })
}

pub(crate) fn request_headers() -> HostResult<Vec<u8>> {
    received(|data, size| unsafe { proxy_get_header_map_pairs(REQUEST_HEADERS, data, size) })
}

pub(crate) fn add_request_header(name: &[u8], value: &[u8]) -> HostResult<()> {
    checked(unsafe {
        proxy_add_header_map_value(
            REQUEST_HEADERS,
            name.as_ptr(),
            name.len(),
            value.as_ptr(),
            value.len(),
        )
    })
}

/// Changes the first header of this name; others stay as they are on some hosts.
pub(crate) fn replace_request_header(name: &[u8], value: &[u8]) -> HostResult<()> {
    checked(unsafe {
        proxy_replace_header_map_value(
            REQUEST_HEADERS,
            name.as_ptr(),
            name.len(),
            value.as_ptr(),
            value.len(),
        )
    })
}

pub(crate) fn remove_request_header(name: &[u8]) -> HostResult<()> {
    checked(unsafe { proxy_remove_header_map_value(REQUEST_HEADERS, name.as_ptr(), name.len()) })
}

pub(crate) fn add_response_header(name: &[u8], value: &[u8]) -> HostResult<()> {
    checked(unsafe {
        proxy_add_header_map_value(
            RESPONSE_HEADERS,
            name.as_ptr(),
            name.len(),
            value.as_ptr(),
            value.len(),
        )
    })
}

/// Makes what follows be about another stream or root. Says no when that is gone; on nginx and
/// Kong it does nothing.
pub(crate) fn set_effective_context(context: u32) -> HostResult<()> {
    checked(unsafe { proxy_set_effective_context(context) })
}

/// Lets a paused request go on.
pub(crate) fn continue_request() -> HostResult<()> {
    checked(unsafe { proxy_continue_stream(REQUEST_STREAM) })
}

pub(crate) fn send_local_response(response: &LocalResponse<'_>) -> HostResult<()> {
    let headers = pairs::encode(response.headers);
    checked(unsafe {
        proxy_send_local_response(
            response.status.into(),
            response.details.as_ptr(),
            response.details.len(),
            response.body.as_ptr(),
            response.body.len(),
            headers.as_ptr(),
            headers.len(),
            -1,
        )
    })
}

pub(crate) fn http_call(
    upstream: &str,
    headers: &[(&[u8], &[u8])],
    body: &[u8],
    timeout_ms: u32,
) -> HostResult<u32> {
    let headers = pairs::encode(headers);
    let trailers = pairs::encode(&[]);
    let mut call = 0;
    checked(unsafe {
        proxy_http_call(
            upstream.as_ptr(),
            upstream.len(),
            headers.as_ptr(),
            headers.len(),
            body.as_ptr(),
            body.len(),
            trailers.as_ptr(),
            trailers.len(),
            timeout_ms,
            &raw mut call,
        )
    })?;
    Ok(call)
}

pub(crate) fn call_response_header(name: &str) -> HostResult<Vec<u8>> {
    received(|data, size| unsafe {
        proxy_get_header_map_value(CALL_RESPONSE_HEADERS, name.as_ptr(), name.len(), data, size)
    })
}

pub(crate) fn call_response_body(size: u32) -> HostResult<Vec<u8>> {
    received(|data, length| unsafe {
        proxy_get_buffer_bytes(CALL_RESPONSE_BODY, 0, size as usize, data, length)
    })
}

pub(crate) fn shared_data(key: &str) -> HostResult<Shared> {
    let mut cas = 0;
    let value = received(|data, size| unsafe {
        proxy_get_shared_data(key.as_ptr(), key.len(), data, size, &raw mut cas)
    })?;
    Ok(Shared { value, cas })
}

pub(crate) fn set_shared_data(key: &str, value: &[u8], cas: u32) -> HostResult<()> {
    checked(unsafe {
        proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), cas)
    })
}

/// Reads a property by its path, whose segments are joined by NUL.
pub(crate) fn property(path: &str) -> HostResult<Vec<u8>> {
    received(|data, size| unsafe { proxy_get_property(path.as_ptr(), path.len(), data, size) })
}

pub(crate) fn set_property(path: &str, value: &[u8]) -> HostResult<()> {
    checked(unsafe { proxy_set_property(path.as_ptr(), path.len(), value.as_ptr(), value.len()) })
}

/// Calls a function that the host has beyond the ABI. For Envoy: on nginx and Kong one that is not
/// known ends the process.
pub(crate) fn call_foreign_function(name: &str, arguments: &[u8]) -> HostResult<Vec<u8>> {
    received(|data, size| unsafe {
        proxy_call_foreign_function(
            name.as_ptr(),
            name.len(),
            arguments.as_ptr(),
            arguments.len(),
            data,
            size,
        )
    })
}

pub(crate) fn define_counter(name: &str) -> HostResult<u32> {
    let mut id = 0;
    checked(unsafe { proxy_define_metric(COUNTER, name.as_ptr(), name.len(), &raw mut id) })?;
    Ok(id)
}

pub(crate) fn increment(counter: u32, by: i64) -> HostResult<()> {
    checked(unsafe { proxy_increment_metric(counter, by) })
}
