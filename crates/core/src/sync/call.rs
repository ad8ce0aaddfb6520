//! Calls to the network, as values.

use alloc::string::String;
use alloc::vec::Vec;

/// The method of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `GET`.
    Get,
    /// `POST`.
    Post,
}

/// A request to the portal that the driver makes. The driver knows the portal's address and
/// the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// Path and query, below the portal's base.
    pub path: String,
    /// The body, JSON when not empty.
    pub body: Vec<u8>,
    /// How long the driver may wait, in milliseconds.
    pub timeout_ms: u32,
}

/// Why a call has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallFailure {
    /// It could not be sent.
    NotSent,
    /// It was cut off or timed out.
    NoAnswer,
}

/// The answer to a call.
#[derive(Clone, Copy, Debug)]
pub enum Reply<'r> {
    /// An HTTP response.
    Response {
        /// Its status.
        status: u16,
        /// Its whole body.
        body: &'r [u8],
    },
    /// None came.
    Failed(CallFailure),
}
