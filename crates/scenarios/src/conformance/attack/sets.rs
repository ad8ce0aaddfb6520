//! AT-20: key sets.

use serde_json::{Value, json};

use super::{Forge, header, header_with, settings, stand};
use crate::conformance::{Batch, Plan, Set, bearer, deny, members};
use crate::forge::{self, Key};

/// A key of the forge with other members.
fn key(name: &str, more: Value) -> Result<Value, String> {
    let mut key = members(Key::named(name)?.jwk());
    key.extend(members(more));
    key.retain(|_, value| !value.is_null());
    Ok(Value::Object(key))
}

pub(super) fn batch(forge: &Forge) -> Result<Batch, String> {
    let mut plan = Plan::new("attack-key-sets");
    let payload = forge.payload();
    let sign = |header: &str, key: &str, algorithm: &str| {
        forge::token(header, payload.as_bytes(), key, algorithm)
    };
    let good = forge.good()?;
    let nameless = sign(r#"{"alg":"RS256"}"#, "rsa-a", "RS256")?;
    let weak = sign(&header("RS256", "rsa-weak"), "rsa-weak", "RS256")?;
    let curve = sign(&header("ES256", "p256-a"), "p256-a", "ES256")?;
    let ours = key("rsa-a", json!({}))?;
    // A set of which no key can be used is refused as a whole. With one that can, it shows what
    // becomes of the others.
    let usable = Key::named("ed25519-a")?.jwk();
    let set = |mut keys: Value| {
        keys.as_array_mut().into_iter().for_each(|keys| keys.push(usable.clone()));
        json!({"keys": keys})
    };
    let unknown = Some("unknown_key");
    let absent = Some("method_absent");
    let rows: Vec<(&str, Value, &str, Option<&str>)> = vec![
        ("unknown `kty` beside", set(json!([{"kty": "LWE", "kid": "x"}, ours])), &good, None),
        ("a key without `kty` beside", set(json!([{"kid": "x"}, ours])), &good, None),
        ("something that is no key beside", set(json!([7, ours])), &good, None),
        (
            "a key of an unknown curve beside",
            set(json!([key("p256-a", json!({"crv": "P-224"}))?, ours])),
            &good,
            None,
        ),
        ("missing `alg`", set(json!([ours])), &good, None),
        ("its own `alg`", set(json!([key("rsa-a", json!({"alg": "RS256"}))?])), &good, None),
        ("another `alg`", set(json!([key("rsa-a", json!({"alg": "RS512"}))?])), &good, unknown),
        (
            "`alg` for encryption",
            set(json!([key("rsa-a", json!({"alg": "RSA-OAEP"}))?])),
            &good,
            unknown,
        ),
        (
            "missing `kid`, token without",
            set(json!([key("rsa-a", json!({"kid": null}))?])),
            &nameless,
            None,
        ),
        (
            "missing `kid`, token with",
            set(json!([key("rsa-a", json!({"kid": null}))?])),
            &good,
            unknown,
        ),
        (
            "two keys that fit, token without `kid`",
            set(json!([ours, key("rsa-b", json!({}))?])),
            &nameless,
            unknown,
        ),
        (
            "one key that fits, token without `kid`",
            set(json!([ours, key("p256-a", json!({}))?])),
            &nameless,
            None,
        ),
        (
            "one `kid` for two keys",
            set(json!([ours, key("rsa-b", json!({"kid": "rsa-a"}))?])),
            &good,
            unknown,
        ),
        ("the same key twice", set(json!([ours, ours])), &good, unknown),
        (
            "one `kid` for two kinds",
            set(json!([ours, key("p256-a", json!({"kid": "rsa-a"}))?])),
            &good,
            None,
        ),
        (
            "`use` for encryption",
            set(json!([key("rsa-a", json!({"use": "enc"}))?])),
            &good,
            unknown,
        ),
        (
            "`key_ops` for encryption",
            set(json!([key("rsa-a", json!({"use": null, "key_ops": ["encrypt"]}))?])),
            &good,
            unknown,
        ),
        ("a private key inside", set(json!([key("rsa-a", json!({"d": "AQAB"}))?])), &good, absent),
        (
            "a private key beside",
            set(json!([ours, key("p256-a", json!({"d": "AQAB"}))?])),
            &good,
            absent,
        ),
        (
            "a shared secret beside",
            set(json!([ours, {"kty": "oct", "k": "c2VjcmV0"}])),
            &good,
            absent,
        ),
        ("1024-bit RSA beside", set(json!([ours, key("rsa-weak", json!({}))?])), &weak, unknown),
        ("exponent 1", set(json!([key("rsa-a", json!({"e": "AQ"}))?])), &good, unknown),
        ("exponent 3", set(json!([key("rsa-a", json!({"e": "Aw"}))?])), &good, unknown),
        (
            "a modulus with padding",
            set(json!([key("rsa-a", json!({"n": "AQAB=="}))?])),
            &good,
            unknown,
        ),
        (
            "a point off its curve",
            set(json!([key("p256-a", json!({"y": Key::named("p256-b")?.jwk().get("y")}))?])),
            &curve,
            unknown,
        ),
        ("no keys", json!({"keys": []}), &good, absent),
        ("`keys` is an object", set(json!({"rsa-a": ours})), &good, absent),
        ("no `keys`", json!({}), &good, absent),
        ("a key instead of a set", ours.clone(), &good, absent),
        ("65 keys", set(Value::Array(vec![ours.clone(); 65])), &good, absent),
    ];
    for (number, (name, keys, token, code)) in rows.into_iter().enumerate() {
        let stand_name = format!("set-{number}");
        let passes = stand(&mut plan, &stand_name, settings(&keys));
        let expect = code.map_or(passes, deny);
        let path = format!("/{stand_name}/");
        plan.try_row(
            Set::Attacks,
            "AT-20",
            format!("key set: {name}"),
            bearer(&path, token, expect),
        );
    }
    let shared = super::super::members(json!({
        "issuer": super::ISSUER, "auth_methods": ["bearer"], "jwks": set(json!([ours])),
        "enable_hs_signatures": true,
    }));
    stand(&mut plan, "shared", shared);
    let secret = forge::token_with_secret(
        &header_with(json!({"alg": "HS256"})),
        payload.as_bytes(),
        b"secret",
    );
    plan.try_row(
        Set::Attacks,
        "AT-8",
        "a strategy that asks for shared secrets",
        bearer("/shared/", secret, deny("method_absent")),
    );
    plan.finish(forge.start)
}
