//! Credentials that are part of a header: one cookie among others, one parameter of the query.

use gatekey_core::http::Header;
use gatekey_core::oidc::{cookie, form};

use crate::config::HostKind;
use crate::host::{self, HostError, HostResult};

/// The host cannot hide what must be hidden.
const CANNOT: HostError = HostError(12);

/// Takes a cookie out of the request; the others stay byte for byte.
pub(super) fn hide_cookie(headers: &[Header<'_>], name: &str, host: HostKind) -> HostResult<()> {
    let cookies = || headers.iter().filter(|header| header.name.eq_ignore_ascii_case(b"cookie"));
    let kept: Vec<Vec<u8>> = cookies()
        .map(|header| cookie::without(header.value, name))
        .filter(|kept| !kept.is_empty())
        .collect();
    if !host.is_envoy() {
        // Of several headers only the first could be changed.
        let one = cookies().count() <= 1;
        let value = kept.first().map(Vec::as_slice).unwrap_or_default();
        return if one { host::replace_request_header(b"cookie", value) } else { Err(CANNOT) };
    }
    host::remove_request_header(b"cookie")?;
    kept.iter().try_for_each(|value| host::add_request_header(b"cookie", value))
}

/// Takes a parameter out of the query. nginx sends on the target as it came: there it cannot be
/// hidden, and the request is refused.
pub(super) fn hide_parameter(headers: &[Header<'_>], name: &str, host: HostKind) -> HostResult<()> {
    if !host.is_envoy() {
        return Err(CANNOT);
    }
    let path = headers.iter().find(|header| header.name == b":path").ok_or(CANNOT)?;
    host::replace_request_header(b":path", &form::without_parameter(path.value, name))
}
