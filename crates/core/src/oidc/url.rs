//! Absolute URLs, read strictly.

use alloc::boxed::Box;
use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};

/// The longest URL.
const MAX_BYTES: usize = 2_048;

/// An absolute URL without user and fragment. A port that is written down is kept, the default one
/// too: where a call goes is looked up by the authority as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// `https`, or `http` on loopback.
    pub scheme: Box<str>,
    /// Host, and port if there is one, lower case.
    pub authority: Box<str>,
    /// Path and query, beginning with a slash.
    pub path_and_query: Box<str>,
}

impl Url {
    /// Reads an absolute URL: `https`, or `http` when the host is this machine.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_BYTES || !is_plain(text) {
            return None;
        }
        let (scheme, rest) = text.split_once("://")?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end)?;
        let here = is_loopback(authority)?;
        match scheme {
            "https" => {}
            "http" if here => {}
            _ => return None,
        }
        let slash = if path.starts_with('/') { "" } else { "/" };
        Some(Self {
            scheme: scheme.into(),
            authority: authority.to_ascii_lowercase().into(),
            path_and_query: [slash, path].concat().into(),
        })
    }

    /// Path and query.
    #[must_use]
    pub const fn path_and_query(&self) -> &str {
        &self.path_and_query
    }

    /// The path without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.path_and_query.split('?').next().unwrap_or_default()
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority, self.path_and_query)
    }
}

/// Only what a URL may have as it stands (RFC 3986), no fragment, and whole escapes.
fn is_plain(text: &str) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let fits = match byte {
            b'%' => {
                let mut digit = || bytes.next().is_some_and(|byte| byte.is_ascii_hexdigit());
                digit() && digit()
            }
            b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | b'#' => false,
            byte => byte.is_ascii_graphic(),
        };
        if !fits {
            return false;
        }
    }
    true
}

/// Whether the host of an authority is this machine; `None` when the authority is more than host
/// and port, or less.
fn is_loopback(authority: &str) -> Option<bool> {
    let (here, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (inside, after) = rest.split_once(']')?;
            let port = match after {
                "" => None,
                after => Some(after.strip_prefix(':')?),
            };
            (inside.parse::<Ipv6Addr>().ok()?.is_loopback(), port)
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (named(host)?, Some(port)),
            None => (named(authority)?, None),
        },
    };
    let is_port = |port: &str| {
        !port.starts_with('0')
            && port.bytes().all(|byte| byte.is_ascii_digit())
            && port.parse::<u16>().is_ok()
    };
    port.is_none_or(is_port).then_some(here)
}

/// The same for a name or an address of IPv4.
fn named(host: &str) -> Option<bool> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let mut labels = host.strip_suffix('.').unwrap_or(host).split('.');
    if host.len() > 253 || !labels.all(|label| !label.is_empty() && label.bytes().all(fits)) {
        return None;
    }
    let v4 = || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback());
    Some(host.eq_ignore_ascii_case("localhost") || v4())
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn what_is_a_url_is_read() {
        for (text, authority, path) in [
            ("https://IdP.Test", "idp.test", "/"),
            ("https://idp.test?a=b", "idp.test", "/?a=b"),
            ("https://idp.test:8443/a/b?c=%2f", "idp.test:8443", "/a/b?c=%2f"),
            ("http://localhost:80/x", "localhost:80", "/x"),
            ("http://127.3.2.1", "127.3.2.1", "/"),
            ("http://[::1]:9", "[::1]:9", "/"),
            ("https://[2001:db8::1]", "[2001:db8::1]", "/"),
        ] {
            let url = Url::parse(text).unwrap();
            assert_eq!((&*url.authority, url.path_and_query()), (authority, path), "{text}");
            assert_eq!(Url::parse(&url.to_string()), Some(url), "{text}");
        }
    }

    #[test]
    fn what_is_not_quite_one_is_refused() {
        for text in [
            "",
            "/path",
            "idp.test",
            "https:",
            "https://",
            "https:///path",
            "HTTPS://idp.test",
            "http://idp.test",
            "http://127.0.0.1.idp.test",
            "http://localhost.idp.test",
            "ftp://idp.test",
            "https://user@idp.test",
            "https://user:x@idp.test/",
            "https://idp.test#x",
            "https://idp.test/#",
            "https://idp..test",
            "https://.test",
            "https://idp.test:",
            "https://idp.test:0",
            "https://idp.test:080",
            "https://idp.test:65536",
            "https://idp.test:+8",
            "https://[::1",
            "https://[]",
            "https://[::1]x",
            "https://[idp]",
            "https://[::1::]",
            "https://[127.0.0.1]",
            "http://[::2]",
            "http://127.1",
            "http://2130706433",
            "http://localhost.",
            "https://idp.test:443:443",
            "https://idp.test/a b",
            "https://idp.test/\u{e4}",
            "https://idp.test/\n",
            "https://idp.test/%",
            "https://idp.test/%2",
            "https://idp.test/%zz",
            "https://idp.test\\@x",
        ] {
            assert_eq!(Url::parse(text), None, "{text}");
        }
    }
}
