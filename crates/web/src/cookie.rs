//! Cookies, as they come and as they are set.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

/// Ties forms to a browser.
pub(crate) const FORM: &str = "gatekeyform";
/// The session of an administrator.
pub(crate) const CONSOLE: &str = "gatekeyconsole";
/// The session of a developer, as the API names it.
pub(crate) const ACCESS: &str = "portalaccesstoken";
/// What renews it.
pub(crate) const REFRESH: &str = "portalrefreshtoken";
/// The reader's time zone.
pub(crate) const ZONE: &str = "timezone";
/// The reader's language.
pub(crate) const LANGUAGE: &str = "language";

/// The value of a cookie. One that is sent twice is not believed at all.
pub(crate) fn get<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs =
        lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut found = pairs.filter(|(known, _)| *known == name).map(|(_, value)| value);
    let value = found.next()?;
    found.next().is_none().then_some(value).filter(|value| !value.is_empty())
}

/// The value that a `Set-Cookie` header sets for a name.
pub(crate) fn set_value<'h>(header: &'h HeaderValue, name: &str) -> Option<&'h str> {
    let pair = header.to_str().ok()?.split(';').next()?;
    pair.trim().split_once('=').filter(|(known, _)| *known == name).map(|(_, value)| value)
}

/// A cookie that only the server reads.
pub(crate) fn kept(
    name: &str,
    value: &str,
    path: &str,
    same_site: &str,
    life: &str,
) -> HeaderValue {
    let text = format!("{name}={value}; Path={path}; HttpOnly; Secure; SameSite={same_site}{life}");
    let mut header = HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
    header.set_sensitive(true);
    header
}

/// A choice of the reader: kept for a year, and no secret.
pub(crate) fn choice(name: &str, value: &str) -> HeaderValue {
    let text = format!("{name}={value}; Path=/; Secure; SameSite=Lax; Max-Age=31536000");
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_read_if_it_is_there_once() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, "a=1; b=2".parse().unwrap());
        headers.append(COOKIE, "b=3; c=".parse().unwrap());
        assert_eq!(get(&headers, "a"), Some("1"));
        assert_eq!(get(&headers, "b"), None);
        assert_eq!(get(&headers, "c"), None);
    }

    #[test]
    fn what_is_set_is_found_again() {
        let header = kept("a", "x", "/", "Lax", "");
        assert_eq!(set_value(&header, "a"), Some("x"));
        assert_eq!(set_value(&header, "b"), None);
    }
}
