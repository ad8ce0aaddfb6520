//! A configuration that is wrong is refused as a whole, with its place in the log.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use crate::filter::{self, configuration, start, status, world};
use crate::portal::Portal;

fn refusal(change: impl FnOnce(&mut Value)) -> String {
    let portal = Portal::new();
    let mut configuration = configuration(&portal);
    change(&mut configuration);
    filter::refusal(&mut world(&portal), &configuration.to_string())
}

#[test]
fn a_broken_configuration_names_the_place() {
    let error = filter::refusal(&mut world(&Portal::new()), "{");
    assert!(error.contains("configuration refused: line 1 column 1"), "{error}");
    let error = refusal(|configuration| configuration["peppers"][0]["secret"] = json!("AAAA"));
    assert!(error.contains("peppers[0]: the secret must have at least 32 bytes"), "{error}");
    assert!(!error.contains("AAAA"), "a secret is not repeated: {error}");
}

#[test]
fn an_inline_snapshot_is_used_or_refused_as_a_whole() {
    let portal = Portal::new();
    let one = portal.issue(1);
    let bundle = portal.bundle();
    let mut inline = configuration(&portal);
    inline.as_object_mut().unwrap().remove("sync");
    inline["snapshot"] = json!({"inline": BASE64.encode(&bundle)});
    let mut world = world(&portal);
    let worker = start(&mut world, &inline);
    assert_eq!(status(&mut world, worker, &one), 200, "before the first tick");

    let broken = |bundle: &[u8], reason: &str| {
        let error = refusal(|c| c["snapshot"] = json!({"inline": BASE64.encode(bundle)}));
        assert!(error.contains("snapshot.inline: ") && error.contains(reason), "{error}");
    };
    let mut flipped = bundle.clone();
    flipped[100] ^= 1;
    broken(&flipped, "the signature does not match");
    let mut flipped = bundle.clone();
    *flipped.last_mut().unwrap() ^= 1;
    broken(&flipped, "not the page that the manifest names");
    broken(&bundle[..bundle.len() - 1], "the bytes end too early");
    broken(b"GKM2", "unknown format or version");
    let error = refusal(|c| {
        c["gateway_id"] = json!("00000000-0000-0000-0000-000000000001");
        c["snapshot"] = json!({"inline": BASE64.encode(&bundle)});
    });
    assert!(error.contains("meant for another gateway"), "{error}");
}
