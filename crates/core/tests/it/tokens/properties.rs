//! What holds for any bytes.

use gatekey_core::jose::{Claims, Jws, NumericDate, parse_set};
use gatekey_core::oidc::documents::{Discovery, Introspection, TokenReply};
use gatekey_core::oidc::form::basic_credentials;
use gatekey_core::oidc::url::Url;
use proptest::prelude::*;

use super::{encoded, good};

/// Everything that reads what others send.
fn read_all(bytes: &[u8]) {
    if let Ok(jws) = Jws::parse(bytes) {
        let _ = Claims::parse(&jws.payload);
    }
    if let Ok(claims) = Claims::parse(bytes) {
        let _ = (claims.audiences(), claims.exp(), claims.nbf(), claims.iat());
    }
    let _ = parse_set(bytes);
    let _ = Discovery::parse(bytes, "https://idp.test");
    let _ = Introspection::parse(bytes);
    let _ = TokenReply::parse(bytes);
    let _ = basic_credentials(bytes);
    if let Ok(text) = core::str::from_utf8(bytes) {
        let _ = Url::parse(text);
    }
}

fn any_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,20})?",
        "\"([ -!#-\\[\\]-~]|\\\\u[0-9a-f]{4}){0,8}\"",
        prop::sample::select(vec!["ES256", "none", "RSA", "EC", "OKP", "oct", "P-256", "AQAB"])
            .prop_map(|word| format!("\"{word}\"")),
    ];
    let name = prop_oneof![
        prop::sample::select(vec![
            "alg",
            "kid",
            "typ",
            "crit",
            "keys",
            "kty",
            "n",
            "e",
            "x",
            "y",
            "crv",
            "use",
            "aud",
            "exp",
            "nbf",
            "iat",
            "iss",
            "active",
            "access_token",
            "token_type",
            "expires_in",
            "d",
        ])
        .prop_map(str::to_owned),
        "[a-z]{0,3}",
    ];
    leaf.prop_recursive(4, 48, 6, move |inner| {
        let members = prop::collection::vec((name.clone(), inner.clone()), 0..6);
        prop_oneof![
            prop::collection::vec(inner, 0..6).prop_map(|items| format!("[{}]", items.join(","))),
            members.prop_map(|members| {
                let all: Vec<_> =
                    members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
                format!("{{{}}}", all.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_break_anything(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        read_all(&bytes);
    }

    #[test]
    fn no_json_breaks_anything(header in any_json(), payload in any_json()) {
        read_all(header.as_bytes());
        let token = [encoded(&header), encoded(&payload), encoded([0; 64])].join(".");
        read_all(token.as_bytes());
    }

    /// Whatever is read has one spelling: its parts encoded again are the token.
    #[test]
    fn a_token_has_one_spelling(
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        insert in any::<bool>(),
    ) {
        let original = good().into_bytes();
        let mut text = original.clone();
        let at = at.index(text.len());
        if insert { text.insert(at, byte) } else { text[at] = byte }
        if let Ok(jws) = Jws::parse(&text) {
            let dot = jws.signing_input.iter().position(|byte| *byte == b'.').unwrap();
            let (header, rest) = jws.signing_input.split_at(dot);
            let payload = encoded(&jws.payload);
            prop_assert_eq!(&rest[1..], payload.as_bytes());
            let tail = encoded(&jws.signature);
            let again = [header, &rest[..1], &rest[1..], b".", tail.as_bytes()].concat();
            prop_assert_eq!(again, text);
        }
    }

    #[test]
    fn dates_are_what_floats_say(whole in -9_000_000_000_i64..9_000_000_000, exponent in -3_i32..4) {
        let text = format!("{whole}e{exponent}");
        let expected: f64 = text.parse().unwrap();
        #[allow(clippy::cast_possible_truncation, reason = "far from the limits")]
        let expected = expected as i64;
        prop_assert_eq!(NumericDate::read(&text).seconds(), expected);
        prop_assert_eq!(NumericDate::read(&format!("{whole}")).seconds(), whole);
    }

    #[test]
    fn a_url_is_what_it_says(text in "https?://[a-zA-Z0-9.:@\\[\\]-]{0,20}(/[ -~]{0,12})?") {
        if let Some(url) = Url::parse(&text) {
            prop_assert_eq!(Url::parse(&url.to_string()), Some(url.clone()));
            prop_assert!(!url.authority.contains('@') && url.path_and_query().starts_with('/'));
            let lower = text.to_ascii_lowercase();
            let prefix = format!("{}://{}", url.scheme, url.authority);
            prop_assert!(lower.starts_with(&prefix));
            let bare = url.authority.rsplit_once(':').map_or(&*url.authority, |(host, _)| host);
            let here = url.authority.starts_with("127.")
                || url.authority.starts_with('[')
                || bare == "localhost";
            prop_assert!(&*url.scheme == "https" || here, "{text}");
        }
    }
}
