//! A call, as a host takes it.

use gatekey_core::sync::Method;

use crate::config::Upstream;
use crate::host::{self, HostResult};

/// What is sent, and as what; its kind is not said when there is nothing.
#[derive(Debug)]
pub(crate) struct Body<'b> {
    pub(crate) kind: &'static [u8],
    pub(crate) bytes: &'b [u8],
}

impl Upstream {
    /// Sends a call; the host's number for it.
    pub(crate) fn send(
        &self,
        method: Method,
        path: &str,
        more: &[(&[u8], &[u8])],
        body: &Body<'_>,
        timeout_ms: u32,
    ) -> HostResult<u32> {
        let path = [self.path_prefix.as_str(), path].concat();
        let method: &[u8] = match method {
            Method::Get => b"GET",
            Method::Post => b"POST",
        };
        let mut headers: Vec<(&[u8], &[u8])> = vec![
            (b":method", method),
            (b":path", path.as_bytes()),
            (b":authority", self.authority.as_bytes()),
        ];
        headers.extend_from_slice(more);
        if let Some(scheme) = self.scheme {
            headers.push((b":scheme", scheme.as_bytes()));
        }
        if !body.bytes.is_empty() {
            headers.push((b"content-type", body.kind));
        }
        host::http_call(&self.upstream, &headers, body.bytes, timeout_ms)
    }
}
