//! What identity providers answer.

use gatekey_core::oidc::documents::{Discovery, DocumentFault, Introspection, TokenReply};

const ISSUER: &str = "https://idp.test/a";

fn discovery(members: &str) -> Result<Discovery, DocumentFault> {
    Discovery::parse(format!(r#"{{"issuer":"{ISSUER}"{members}}}"#).as_bytes(), ISSUER)
}

#[test]
fn places_are_urls_that_may_be_called() {
    let read = discovery(r#","jwks_uri":"https://Keys.Test/k?v=1","token_endpoint":null"#).unwrap();
    assert_eq!(read.jwks_uri.unwrap().to_string(), "https://keys.test/k?v=1");
    assert_eq!(read.token_endpoint, None);
    for name in [
        "jwks_uri",
        "token_endpoint",
        "introspection_endpoint",
        "authorization_endpoint",
        "end_session_endpoint",
    ] {
        for place in [
            r#""""#,
            r#""/jwks""#,
            r#""//idp.test/jwks""#,
            r#""http://idp.test/jwks""#,
            r#""http://127.0.0.1.evil.test/""#,
            r#""http://localhost@evil.test/""#,
            r#""https://idp.test@evil.test/""#,
            r#""https://idp.test\\@evil.test/""#,
            r#""https://idp.test/#a""#,
            r#""https://idp.test/\r\nHost: evil.test""#,
            r#""https://idp.test/ HTTP/1.1""#,
            r#""file:///etc/passwd""#,
            r#""javascript:alert(1)""#,
            r#""https://b\u00fccher.test/""#,
            "1",
            "[]",
            "true",
        ] {
            let read = discovery(&format!(r#","{name}":{place}"#));
            assert_eq!(read, Err(DocumentFault::Missing(name)), "{name}: {place}");
        }
    }
}

#[test]
fn documents_are_json_objects_of_some_size() {
    let padded = |length: usize| {
        let text = format!(r#"{{"issuer":"{ISSUER}"}}"#);
        format!("{text}{}", " ".repeat(length - text.len()))
    };
    assert!(Discovery::parse(padded(65_536).as_bytes(), ISSUER).is_ok());
    let malformed = Err(DocumentFault::Malformed);
    assert_eq!(Discovery::parse(padded(65_537).as_bytes(), ISSUER), malformed);
    for text in [
        "",
        "[]",
        "<html></html>",
        "{\"issuer\":\"https://idp.test/a\",\"issuer\":\"https://idp.test/a\"}",
        "\u{feff}{}",
    ] {
        assert_eq!(Discovery::parse(text.as_bytes(), ISSUER), malformed, "{text}");
        assert!(TokenReply::parse(text.as_bytes()).is_err(), "{text}");
        assert!(Introspection::parse(text.as_bytes()).is_err(), "{text}");
    }
    assert_eq!(Discovery::parse(b"{}", ISSUER), Err(DocumentFault::Missing("issuer")));
    let other = br#"{"issuer":"https://idp.test/A"}"#;
    assert_eq!(Discovery::parse(other, ISSUER), Err(DocumentFault::OtherIssuer));
}

#[test]
fn a_token_reply_shows_no_token() {
    let reply = br#"{"access_token":"canary-1","token_type":"BEARER","expires_in":3599.5,
        "refresh_token":"canary-2","id_token":"canary-3","scope":"a b"}"#;
    let read = TokenReply::parse(reply).unwrap();
    assert_eq!(read.access_token.expose(), "canary-1");
    assert_eq!(read.refresh_token.as_ref().unwrap().expose(), "canary-2");
    assert_eq!(read.id_token.as_ref().unwrap().expose(), "canary-3");
    assert_eq!((read.expires_in_seconds, read.scope.as_deref()), (Some(3_599), Some("a b")));
    let shown = format!("{read:?}");
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn lives_are_read_as_servers_write_them() {
    let lives = |value: &str| {
        let text = format!(r#"{{"access_token":"a","token_type":"Bearer","expires_in":{value}}}"#);
        TokenReply::parse(text.as_bytes()).map(|reply| reply.expires_in_seconds)
    };
    for (value, seconds) in [
        ("3600", Some(3_600)),
        (r#""3600""#, Some(3_600)),
        ("3.6e3", Some(3_600)),
        ("null", None),
        ("0", Some(0)),
        ("-1", Some(0)),
        ("0.9", Some(0)),
        ("1e400", Some(9_223_372_036_854_775_807)),
    ] {
        assert_eq!(lives(value), Ok(seconds), "{value}");
    }
    for value in [r#""""#, r#""1 h""#, r#""-1""#, r#""12345678901""#, "true", "[]", "{}"] {
        assert_eq!(lives(value), Err(DocumentFault::Missing("expires_in")), "{value}");
    }
}

#[test]
fn tokens_of_a_reply_can_stand_in_a_header() {
    for bad in [r#""""#, r#""a b""#, r#""a\r\nb""#, r#""\u00e4""#, r#""\u0000""#, "1", "[]"] {
        for name in ["access_token", "refresh_token", "id_token"] {
            let text = if name == "access_token" {
                format!(r#"{{"token_type":"Bearer","access_token":{bad}}}"#)
            } else {
                format!(r#"{{"token_type":"Bearer","access_token":"a","{name}":{bad}}}"#)
            };
            let fault = TokenReply::parse(text.as_bytes()).unwrap_err();
            assert_eq!(fault, DocumentFault::Missing(name), "{text}");
        }
    }
}

#[test]
fn an_introspection_reply_has_claims() {
    let reply = br#"{"active":true,"exp":1700000000.5,"client_id":"c","aud":["a"]}"#;
    let read = Introspection::parse(reply).unwrap();
    assert!(read.active);
    assert_eq!(read.claims.exp().unwrap().unwrap().seconds(), 1_700_000_000);
    assert_eq!(
        (read.claims.text("client_id"), read.claims.audiences()),
        (Some("c"), Ok(vec!["a"]))
    );
    for bad in [r#""true""#, "1", "null", "[true]", r#""True""#] {
        let text = format!(r#"{{"active":{bad}}}"#);
        let fault = Introspection::parse(text.as_bytes()).unwrap_err();
        assert_eq!(fault, DocumentFault::Missing("active"), "{bad}");
    }
}
