//! Requests that another site made a browser send are refused: cookies prove who the browser is,
//! not that its user wanted this.
//!
//! Browsers say where a request comes from; scripts and SDKs say nothing and are let through.

use axum::extract::Request;
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;

/// Lets a request through that changes nothing, or that does not come from another site.
pub(in crate::api) async fn same(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let authority = request.uri().authority().map(|authority| authority.as_str().to_owned());
    if reads || is_own(request.headers(), authority.as_deref()) {
        return next.run(request).await;
    }
    Problem::forbidden("Requests from other sites are refused").into_response()
}

fn is_own(headers: &HeaderMap, authority: Option<&str>) -> bool {
    let from_elsewhere = headers
        .get_all("sec-fetch-site")
        .iter()
        .any(|site| !matches!(site.as_bytes(), b"same-origin" | b"none"));
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).or(authority);
    let foreign = headers.get_all(ORIGIN).iter().any(|origin| {
        let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
        let origin = origin.map(|(_, authority)| authority);
        !origin.zip(host).is_some_and(|(origin, host)| origin.eq_ignore_ascii_case(host))
    });
    !from_elsewhere && !foreign
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_own_site_may_write() {
        for (headers, own) in [
            (&[][..], true),
            (&[("origin", "https://portal.test")], true),
            (&[("origin", "https://PORTAL.test")], true),
            (&[("origin", "https://portal.test:8443")], false),
            (&[("origin", "https://evil.test")], false),
            (&[("origin", "https://portal.test.evil.test")], false),
            (&[("origin", "null")], false),
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("origin", "https://portal.test"), ("sec-fetch-site", "cross-site")], false),
        ] {
            let mut map = HeaderMap::new();
            map.insert(HOST, "portal.test".parse().unwrap());
            for (name, value) in headers {
                map.insert(*name, value.parse().unwrap());
            }
            assert_eq!(is_own(&map, None), own, "{headers:?}");
        }
    }
}
