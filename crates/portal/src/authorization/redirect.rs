//! Where a browser may be sent with a code.

use reqwest::Url;

use crate::identity::client::redirect_uri_fault;

/// Why a URI cannot be registered, in words that follow its name; nothing if it can.
///
/// Later it is compared as text, so the URI itself is kept, not what a parser makes of it.
pub(crate) fn fault(uri: &str) -> Option<&'static str> {
    if !uri.bytes().all(|byte| byte.is_ascii_graphic()) || uri.contains(['"', '<', '>', '\\', '*'])
    {
        return Some("must be a URI without wildcards");
    }
    redirect_uri_fault(uri)
}

/// What a content security policy has to allow for a form whose answer redirects there.
pub(crate) fn origin(uri: &str) -> Option<String> {
    let origin = Url::parse(uri).ok()?.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_safe_places_can_be_registered() {
        for good in [
            "https://app.example.com/callback",
            "https://app.example.com:8443/cb?tenant=1",
            "http://127.0.0.1:3000/cb",
            "http://[::1]:3000/cb",
            "http://localhost/cb",
        ] {
            assert_eq!(fault(good), None, "{good}");
        }
        for bad in [
            "http://app.example.com/callback",
            "http://localhost.example.com/",
            "https://app.example.com/cb#top",
            "https://*.example.com/cb",
            "https://user:pw@app.example.com/",
            "https://app.example.com/a b",
            "https:\\\\app.example.com",
            "/callback",
            "javascript:alert(1)",
            "data:text/html,x",
            "com.example.app:/cb",
            "",
        ] {
            assert!(fault(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn the_origin_is_what_a_browser_calls_so() {
        assert_eq!(origin("https://a.test/x;y?z").as_deref(), Some("https://a.test"));
        assert_eq!(origin("http://[::1]:30/x").as_deref(), Some("http://[::1]:30"));
        assert_eq!(origin("data:x"), None);
    }
}
