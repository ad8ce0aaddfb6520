//! What is different about a request on nginx and Kong.
//!
//! A header that is removed there still reaches the upstream, and of a header that came twice only
//! the first copy can be changed. So nothing is taken out of a request: one that says who calls is
//! refused, and the key, of which there is exactly one copy, is emptied.

use gatekey_core::check::{Denial, HeaderEdit, is_identity_header};
use gatekey_core::http::Header;

use super::{CONTINUE, PAUSE};
use crate::config::Identity;
use crate::host::{self, HostResult, LogLevel};
use crate::respond;

/// The host hands over this many header fields, pseudo-headers included, and leaves out the rest
/// without a word.
const MAX_PAIRS: usize = 100;
const RAW_PATH: &str = "request\0path";

/// What the first entry of the module says to a gate, and where.
const ADMITTED: &str = "wasmx\0gatekey";
const ALLOW: &[u8] = b"allow";

/// Whether there is a request to be answered: a root has none, and must not answer.
pub(crate) fn is_request_at_hand() -> bool {
    host::property(RAW_PATH).is_ok()
}

/// Whether all header fields were handed over. `count` is without the pseudo-headers.
pub(super) fn is_whole(headers: &[Header<'_>], count: u32) -> bool {
    let plain = headers.iter().filter(|header| !header.name.starts_with(b":")).count();
    headers.len() < MAX_PAIRS && plain == count as usize
}

/// Refuses what could mean one thing here and another at the upstream.
pub(super) fn check(headers: &[Header<'_>], identity: Identity) -> Result<(), Denial> {
    for (at, header) in headers.iter().enumerate() {
        // `proxy_set_header` drops a client's copies of the name it is given, in that spelling.
        let overwritten = identity == Identity::Variables && !header.name.contains(&b'_');
        if is_identity_header(header.name) && !overwritten {
            return Err(Denial::ReservedHeader);
        }
        let once = header.name.starts_with(b":") || header.name.eq_ignore_ascii_case(b"host");
        let mut earlier = headers.iter().take(at);
        if once && earlier.any(|known| known.name.eq_ignore_ascii_case(header.name)) {
            return Err(Denial::UnknownRoute);
        }
    }
    // `:path` is what was asked for, unless something before us changed it.
    let path = headers.iter().find(|header| header.name == b":path").map(|header| header.value);
    let raw = host::property(RAW_PATH).ok();
    if raw.is_none() || raw.as_deref() != path {
        return Err(Denial::UnknownRoute);
    }
    Ok(())
}

/// Takes the value out of what is hidden: there is one copy of it.
pub(super) fn empty(
    headers: &[Header<'_>],
    hidden: impl Fn(&Header<'_>) -> bool,
) -> HostResult<()> {
    let mut hidden = headers.iter().filter(|header| hidden(header));
    hidden.try_for_each(|header| host::replace_request_header(header.name, b""))
}

/// Whether the client sent more than one copy of a header that the gateway sets.
pub(super) fn repeats(headers: &[Header<'_>], edits: &[HeaderEdit]) -> bool {
    let copies = |name: &[u8]| {
        headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name)).count()
    };
    edits.iter().any(|edit| copies(edit.name.as_bytes()) > 1)
}

/// Says a part of who calls by the variable for this header. An empty one is what the operator's
/// `set` left.
#[cold]
pub(super) fn set_variable(name: &str, value: &[u8]) -> HostResult<()> {
    if value.is_empty() { Ok(()) } else { host::set_property(&variable(name), value) }
}

/// Tells a gate later in the chain that this request may pass.
pub(super) fn open_gate() -> HostResult<()> {
    host::set_property(ADMITTED, ALLOW)
}

/// A gate lets through what the first entry of the module has let through, and nothing else.
pub(crate) fn on_request_headers_at_gate() -> u32 {
    if host::property(ADMITTED).is_ok_and(|word| word == ALLOW) {
        return CONTINUE;
    }
    if respond::deny_at_gate().is_err() {
        host::log(LogLevel::Error, "the host refused a local response");
    }
    PAUSE
}

/// The property of the nginx variable for an identity header.
fn variable(header: &str) -> String {
    let name = header.trim_start_matches("x-").replace('-', "_");
    ["ngx\0gatekey_", &name].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_named_after_its_header() {
        assert_eq!(variable("x-consumer-custom-id"), "ngx\0gatekey_consumer_custom_id");
        assert_eq!(variable("x-api-id"), "ngx\0gatekey_api_id");
    }

    fn named<'h>(names: &[&'h str]) -> Vec<Header<'h>> {
        names.iter().map(|name| Header { name: name.as_bytes(), value: b"" }).collect()
    }

    #[test]
    fn a_request_that_may_have_been_cut_short_is_not_whole() {
        let headers = named(&[":method", ":path", "host", "apikey"]);
        assert!(is_whole(&headers, 2));
        for count in [0, 1, 3, 4] {
            assert!(!is_whole(&headers, count), "{count}");
        }
        assert!(is_whole(&named(&["x"; 99]), 99));
        assert!(!is_whole(&named(&["x"; 100]), 100));
        assert!(!is_whole(&named(&["x"; 100]), 130));
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        let refused = |names: &[&str], identity| check(&named(names), identity).unwrap_err();
        for name in ["x-consumer-id", "X-Api-Id", "x_developer-id"] {
            assert_eq!(refused(&[name], Identity::Headers), Denial::ReservedHeader);
        }
        assert_eq!(refused(&["x_api_id"], Identity::Variables), Denial::ReservedHeader);
        for names in [[":path", ":path"], ["host", "Host"]] {
            assert_eq!(refused(&names, Identity::Headers), Denial::UnknownRoute);
        }
        // Outside a host there is no raw path.
        assert_eq!(refused(&[":path"], Identity::Variables), Denial::UnknownRoute);
    }
}
