use serde_json::{Value, json};

use super::*;

fn document() -> Value {
    json!({
        "version": 1,
        "gateway_id": "0190a5c4-9d3e-7cc0-8a5e-0123456789ab",
        "peppers": [{"id": "p1", "secret": BASE64.encode([7; 32])}],
        "snapshot_keys": [BASE64.encode([1; 32])],
        "sync": {
            "upstream": {"envoy_cluster": "portal", "authority": "portal.test"},
            "token": "gateway-token",
        },
    })
}

fn refusal(change: impl FnOnce(&mut Value)) -> String {
    let mut document = document();
    change(&mut document);
    Config::parse(&serde_json::to_vec_pretty(&document).unwrap()).unwrap_err().to_string()
}

#[test]
fn the_least_that_is_needed_is_accepted_and_shows_no_secret() {
    let config = Config::parse(document().to_string().as_bytes()).unwrap();
    assert!(config.hide_credentials && config.metrics && config.service_from_route);
    assert_eq!(config.challenge, "Key");
    let shown = format!("{config:?}");
    assert!(
        !shown.contains("gateway-token") && !shown.contains(&BASE64.encode([7; 32])),
        "{shown}"
    );
}

#[test]
fn broken_json_is_located() {
    assert_eq!(
        Config::parse(b"{\"version\": 1,\n  oops}").unwrap_err().to_string(),
        "line 2 column 3: key must be a string"
    );
    assert_eq!(
        Config::parse(b"").unwrap_err().to_string(),
        "line 1 column 0: EOF while parsing a value"
    );
    assert!(Config::parse(b"\xff").unwrap_err().to_string().starts_with("line 1 column"));
}

#[test]
fn unknown_fields_and_versions_are_named() {
    let text = refusal(|document| document["hide_credential"] = json!(true));
    assert!(
        text.contains("unknown field `hide_credential`") && text.starts_with("line "),
        "{text}"
    );
    let text = refusal(|document| document["sync"]["upstream"]["tls"] = json!(true));
    assert!(text.contains("unknown field `tls`"), "{text}");
    assert_eq!(
        refusal(|document| document["version"] = json!(2)),
        "version: is 2, this build reads 1"
    );
    let text = refusal(|document| document["host"] = json!("nginx"));
    assert!(text.contains("unknown variant `nginx`"), "{text}");
}

#[test]
fn every_rule_names_its_field() {
    type Change = fn(&mut Value);
    let cases: [(Change, &str); 14] = [
        (|d| d["gateway_id"] = json!("x"), "gateway_id: not a hyphenated UUID"),
        (|d| d["peppers"] = json!([]), "peppers: must have one or two items"),
        (|d| d["peppers"][0]["secret"] = json!("!"), "peppers[0].secret: must be base64"),
        (
            |d| d["peppers"][0]["secret"] = json!("AAAA"),
            "peppers[0]: the secret must have at least",
        ),
        (|d| d["peppers"][0]["id"] = json!(""), "peppers[0]: the id must have"),
        (|d| d["snapshot_keys"] = json!([]), "snapshot_keys: must have one to four items"),
        (|d| d["snapshot_keys"] = json!(["AAAA"]), "snapshot_keys[0]: must have 32 bytes"),
        (|d| d["sync"]["token"] = json!("a b"), "sync.token: must be printable"),
        (
            |d| d["sync"]["upstream"]["envoy_cluster"] = json!(""),
            "sync.upstream.envoy_cluster: must",
        ),
        (
            |d| d["sync"]["upstream"]["path_prefix"] = json!("x"),
            "sync.upstream.path_prefix: must begin",
        ),
        (|d| d["sync"]["wait_seconds"] = json!(61), "sync.wait_seconds: must be at most 60"),
        (|d| d["sync"]["timeout_ms"] = json!(5), "sync.timeout_ms: must be 100 to 60000"),
        (|d| d["realm"] = json!("a\"b"), "realm: must have at most"),
        (|d| drop(d.as_object_mut().unwrap().remove("sync")), "sync: one of `sync` and `snapshot`"),
    ];
    for (change, expected) in cases {
        let text = refusal(change);
        assert!(text.starts_with(expected), "{text} / {expected}");
    }
}
