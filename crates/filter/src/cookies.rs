//! Cookies that go out with a response which the upstream makes.

use std::collections::VecDeque;

use gatekey_core::secret::Secret;

use crate::config::HostKind;
use crate::host::{self, LogLevel};

/// The most responses that are awaited with a cookie.
const MAX_AWAITED: usize = 1_024;

/// A cookie for each request that passed and changes its session.
#[derive(Debug, Default)]
pub(crate) struct Cookies(VecDeque<(u32, Secret<String>)>);

impl Cookies {
    /// Keeps a cookie until the response comes. On nginx and Kong it can be added at once.
    pub(crate) fn put(&mut self, stream: u32, cookie: Secret<String>, host: HostKind) {
        if !host.is_envoy() {
            add(&cookie);
            return;
        }
        if self.0.len() >= MAX_AWAITED {
            self.0.pop_front();
        }
        self.0.push_back((stream, cookie));
    }

    /// Adds the cookie of a request, if it has one, to its response.
    pub(crate) fn give(&mut self, stream: u32) {
        if self.0.is_empty() {
            return;
        }
        if let Some(at) = self.0.iter().position(|(known, _)| *known == stream)
            && let Some((_, cookie)) = self.0.remove(at)
        {
            add(&cookie);
        }
    }
}

/// Without its cookie a response is still right: the client presents again what it has.
fn add(cookie: &Secret<String>) {
    if host::add_response_header(b"set-cookie", cookie.expose().as_bytes()).is_err() {
        host::log(LogLevel::Warn, "the host refused a cookie");
    }
}
