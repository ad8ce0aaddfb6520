//! Style sheets, scripts and images: in the program itself, under names that change with them.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::Web;

/// A file that pages load.
#[derive(Debug)]
pub(crate) struct Asset {
    /// Its name in the source.
    name: &'static str,
    media_type: &'static str,
    /// How the bytes are encoded, if they are.
    encoding: Option<&'static str>,
    bytes: &'static [u8],
}

macro_rules! assets {
    ($($name:literal = $media_type:literal $(, $encoding:literal, $file:literal)?;)*) => {
        const ASSETS: &[Asset] = &[$(Asset {
            name: $name,
            media_type: $media_type,
            encoding: assets!(@encoding $($encoding)?),
            bytes: assets!(@bytes $name $($file)?),
        }),*];
    };
    (@encoding) => { None };
    (@encoding $encoding:literal) => { Some($encoding) };
    (@bytes $name:literal) => { include_bytes!(concat!("../assets/", $name)) };
    (@bytes $name:literal $file:literal) => { include_bytes!(concat!("../assets/", $file)) };
}

assets! {
    "gatekey.css" = "text/css; charset=utf-8";
    "gatekey.js" = "text/javascript; charset=utf-8";
    "icon.svg" = "image/svg+xml";
    "reference.js" = "text/javascript; charset=utf-8";
    "reference.css" = "text/css; charset=utf-8";
    "swagger-ui-bundle.js" = "text/javascript; charset=utf-8", "gzip", "vendor/swagger-ui/swagger-ui-bundle.js.gz";
    "swagger-ui.css" = "text/css; charset=utf-8", "gzip", "vendor/swagger-ui/swagger-ui.css.gz";
}

/// The characters of nine bytes in base64.
const DIGEST_LENGTH: usize = 12;

/// The assets, each with the name that it is loaded by.
static NAMED: LazyLock<Vec<(String, &'static Asset)>> = LazyLock::new(|| {
    let named = |asset: &'static Asset| {
        let digest = Sha256::digest(asset.bytes);
        let digest = URL_SAFE_NO_PAD.encode(digest.get(..9).unwrap_or_default());
        let (stem, extension) = asset.name.rsplit_once('.').unwrap_or((asset.name, ""));
        (format!("{stem}-{digest}.{extension}"), asset)
    };
    ASSETS.iter().map(named).collect()
});

/// The path of an asset below the base of a page.
pub(crate) fn href(base: &str, name: &str) -> String {
    let found = NAMED.iter().find(|(_, asset)| asset.name == name);
    debug_assert!(found.is_some(), "there is no asset {name}");
    format!("{base}/assets/{}", found.map_or(name, |(named, _)| named))
}

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route("/portals/{portalId}/assets/{name}", get(of_portal))
        .route("/manager/assets/{name}", get(of_console))
}

async fn of_portal(Path((_, name)): Path<(String, String)>) -> Response {
    show(&name)
}

async fn of_console(Path(name): Path<String>) -> Response {
    show(&name)
}

/// An old page may name an asset of another version: it gets today's.
fn show(name: &str) -> Response {
    let exact = NAMED.iter().find(|(named, _)| named == name);
    let of = |asset: &Asset| {
        let (stem, extension) = asset.name.rsplit_once('.').unwrap_or((asset.name, ""));
        let digest = name.strip_prefix(stem).and_then(|rest| rest.strip_prefix('-'));
        let digest = digest.and_then(|rest| rest.strip_suffix(&format!(".{extension}")));
        digest.is_some_and(|digest| digest.len() == DIGEST_LENGTH)
    };
    let found = exact.or_else(|| NAMED.iter().find(|(_, asset)| of(asset)));
    let Some((named, asset)) = found else { return StatusCode::NOT_FOUND.into_response() };
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(asset.media_type));
    let cached = if exact.is_some() { "public, max-age=31536000, immutable" } else { "no-store" };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cached));
    // An image that is opened by itself is a document, and may not do more than be shown.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    if let Ok(tag) = HeaderValue::try_from(format!("\"{named}\"")) {
        headers.insert(ETAG, tag);
    }
    if let Some(encoding) = asset.encoding {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    (headers, asset.bytes).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_loads_what_it_was_made_with() {
        let path = href("/portals/1", "gatekey.css");
        let name = path.rsplit('/').next().unwrap();
        assert!(name.starts_with("gatekey-") && name.ends_with(".css"), "{path}");
        let shown = show(name);
        assert!(shown.headers()[CACHE_CONTROL].to_str().unwrap().contains("immutable"));
        assert_eq!(show("gatekey-of_an_older1.css").headers()[CACHE_CONTROL], "no-store");
        assert_eq!(show("other-x.css").status(), StatusCode::NOT_FOUND);
    }
}
