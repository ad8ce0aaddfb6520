//! The description of the API that is kept beside the source is the one that is served.

use std::fs;
use std::path::Path;

use crate::support::TestPortal;

#[tokio::test]
async fn the_kept_description_is_the_served_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let served = TestPortal::start().await.anyone().get("/openapi.json").await.text();
    assert_eq!(served, gatekey_portal::openapi());
    if std::env::var_os("GATEKEY_REGENERATE").is_some() {
        fs::write(&path, &served).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == served,
        "`openapi.json` is out of date: run this test with GATEKEY_REGENERATE=1"
    );
}
