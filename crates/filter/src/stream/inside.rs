//! Credentials that are part of a header: one cookie among others, one parameter of the query.

use gatekey_core::http::Header;
use gatekey_core::oidc::cookie::{self, Upstream};
use gatekey_core::oidc::query;

use crate::config::HostKind;
use crate::host::{self, HostError, HostResult};

/// The host cannot hide what must be hidden.
const CANNOT: HostError = HostError(12);

/// Takes a cookie out of the request; the others stay byte for byte.
pub(super) fn hide_cookie(headers: &[Header<'_>], name: &str, host: HostKind) -> HostResult<()> {
    let rest = match cookie::without(headers, name) {
        Upstream::Unchanged => return Ok(()),
        Upstream::Nothing => Vec::new(),
        Upstream::Rest(rest) => rest,
    };
    if !host.is_envoy() {
        let is_cookie = |header: &&Header<'_>| header.name.eq_ignore_ascii_case(b"cookie");
        // Of several headers only the first could be changed.
        let one = headers.iter().filter(is_cookie).count() == 1;
        return if one { host::replace_request_header(b"cookie", &rest) } else { Err(CANNOT) };
    }
    host::remove_request_header(b"cookie")?;
    if rest.is_empty() { Ok(()) } else { host::add_request_header(b"cookie", &rest) }
}

/// Takes a parameter out of the query. nginx sends on the target as it came: there it cannot be
/// hidden, and the request is refused.
pub(super) fn hide_parameter(headers: &[Header<'_>], name: &str, host: HostKind) -> HostResult<()> {
    if !host.is_envoy() {
        return Err(CANNOT);
    }
    let path = headers.iter().find(|header| header.name == b":path").ok_or(CANNOT)?;
    host::replace_request_header(b":path", &query::without(path.value, name))
}
