//! Every place where this crate touches the host: Proxy-Wasm 0.2.1 and two WASI functions.
//!
//! Statuses are plain numbers, because a host may return one that no enum knows. Names and values
//! are bytes, because a client chooses them. `proxy_get_header_map_size`,
//! `proxy_get_buffer_status` and `proxy_get_log_level` are never imported: some hosts lack them.

#[cfg(target_arch = "wasm32")]
mod abi;
#[cfg(target_arch = "wasm32")]
mod memory;
#[cfg(not(target_arch = "wasm32"))]
mod native;

#[cfg(target_arch = "wasm32")]
pub(crate) use self::abi::*;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use self::native::*;

/// A host call that did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HostError(pub(crate) u32);

impl HostError {
    /// The host handed over memory that it did not get from us.
    pub(crate) const FOREIGN_MEMORY: Self = Self(u32::MAX);
    pub(crate) const NOT_FOUND: Self = Self(1);
    pub(crate) const CAS_MISMATCH: Self = Self(8);
    pub(crate) const UNIMPLEMENTED: Self = Self(12);
}

pub(crate) type HostResult<T> = Result<T, HostError>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum LogLevel {
    Info = 2,
    Warn = 3,
    Error = 4,
}

/// A value of shared data and the number that a conditional write needs.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) value: Vec<u8>,
    pub(crate) cas: u32,
}

/// A local response, ready to be sent.
#[derive(Debug)]
pub(crate) struct LocalResponse<'r> {
    pub(crate) status: u16,
    pub(crate) details: &'r str,
    pub(crate) headers: &'r [(&'r [u8], &'r [u8])],
    pub(crate) body: &'r [u8],
}
