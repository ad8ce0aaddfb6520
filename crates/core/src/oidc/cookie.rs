//! One cookie: found among what a client sent, set, deleted, kept from the upstream (RFC 6265).
//!
//! There is one cookie for each strategy, and one `Set-Cookie` in a response at most: some hosts
//! keep only the last. What lies in the cookie is the matter of another module.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write as _};

use super::settings::{SameSite, Settings};
use crate::check::Denial;
use crate::http::Header;
use crate::secret::Secret;

/// The longest `Set-Cookie` that is sent: browsers need not keep longer ones.
pub(crate) const MAX_SET_COOKIE_BYTES: usize = 4096;
/// The most `Cookie` headers that are looked at. HTTP/2 allows several (RFC 9113 8.2.3).
const MAX_COOKIE_HEADERS: usize = 64;
/// The most bytes of cookies that are looked at.
const MAX_COOKIE_BYTES: usize = 64 * 1024;

/// The value of the one cookie of this name.
///
/// # Errors
///
/// When the name comes twice: which of them is the gateway's cannot be known. When there are more
/// cookies than are looked at.
pub(crate) fn find<'r>(headers: &[Header<'r>], name: &str) -> Result<Option<&'r [u8]>, Denial> {
    let mut found = None;
    for value in cookie_headers(headers)? {
        for pair in value.split(|byte| *byte == b';') {
            let Some(value) = value_of(pair, name) else { continue };
            if found.replace(value).is_some() {
                return Err(Denial::AmbiguousToken);
            }
        }
    }
    Ok(found)
}

/// What is left of a request's cookies when the gateway's own is taken out.
#[derive(Clone, PartialEq, Eq)]
pub enum Upstream {
    /// The gateway's cookie was not there: all stays as it came.
    Unchanged,
    /// There was no other: no `Cookie` goes upstream.
    Nothing,
    /// The value of the one `Cookie` that goes upstream, the other cookies byte for byte.
    Rest(Vec<u8>),
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unchanged => "Unchanged",
            Self::Nothing => "Nothing",
            Self::Rest(_) => "Rest(..)",
        })
    }
}

/// Takes the gateway's cookie out of what goes upstream, every copy of it.
#[must_use]
pub fn without(headers: &[Header<'_>], name: &str) -> Upstream {
    let ours = |pair: &[u8]| value_of(pair, name).is_some();
    let values = || headers.iter().filter(|header| is_cookie(header)).map(|header| header.value);
    if !values().any(|value| value.split(|byte| *byte == b';').any(ours)) {
        return Upstream::Unchanged;
    }
    let mut rest: Vec<u8> = Vec::new();
    for value in values() {
        let mut first = true;
        for pair in value.split(|byte| *byte == b';').filter(|pair| !ours(pair)) {
            let pair = if first { pair.trim_ascii_start() } else { pair };
            if first && pair.is_empty() {
                continue;
            }
            if !rest.is_empty() {
                rest.extend_from_slice(if first { b"; " } else { b";" });
            }
            rest.extend_from_slice(pair);
            first = false;
        }
    }
    if rest.is_empty() { Upstream::Nothing } else { Upstream::Rest(rest) }
}

/// The `Set-Cookie` that keeps `value` for `max_age` seconds; `None` when browsers would not keep
/// it for its length.
pub(crate) fn set(
    settings: &Settings,
    same_site: SameSite,
    value: &str,
    max_age: u64,
) -> Option<Secret<String>> {
    let mut line = String::with_capacity(value.len().saturating_add(256));
    // Writing to a string does not fail.
    let _ =
        write!(line, "{}={value}; Path={}", settings.session_cookie, settings.session_cookie_path);
    if let Some(domain) = &settings.session_cookie_domain {
        let _ = write!(line, "; Domain={domain}");
    }
    let _ = write!(line, "; Max-Age={max_age}; SameSite={}", same_site.as_str());
    if settings.session_cookie_http_only {
        line.push_str("; HttpOnly");
    }
    if settings.session_cookie_secure {
        line.push_str("; Secure");
    }
    (line.len() <= MAX_SET_COOKIE_BYTES).then(|| Secret::new(line))
}

/// The `Set-Cookie` that makes the client forget the strategy's cookie.
pub(crate) fn deletion(settings: &Settings) -> Option<Secret<String>> {
    set(settings, settings.session_cookie_same_site, "", 0)
}

fn is_cookie(header: &Header<'_>) -> bool {
    header.name.eq_ignore_ascii_case(b"cookie")
}

fn cookie_headers<'h, 'r>(
    headers: &'h [Header<'r>],
) -> Result<impl Iterator<Item = &'r [u8]> + use<'h, 'r>, Denial> {
    let values = || headers.iter().filter(|header| is_cookie(header)).map(|header| header.value);
    let bytes = values().fold(0_usize, |sum, value| sum.saturating_add(value.len()));
    if bytes > MAX_COOKIE_BYTES || values().count() > MAX_COOKIE_HEADERS {
        return Err(Denial::OversizedRequest);
    }
    Ok(headers.iter().filter(|header| is_cookie(header)).map(|header| header.value))
}

/// The value of a pair, when it has this name. Names of cookies have a case.
fn value_of<'r>(pair: &'r [u8], name: &str) -> Option<&'r [u8]> {
    let at = pair.iter().position(|byte| *byte == b'=')?;
    let (before, after) = pair.split_at_checked(at)?;
    (before.trim_ascii() == name.as_bytes())
        .then(|| after.get(1..).unwrap_or_default().trim_ascii())
}
