//! Key sets: strict about a key, tolerant about its neighbours, and not at all about secrets.

use gatekey_core::jose::{Algorithm, Jwk, JwkFault, PublicKey, parse_set};

use super::encoded;

fn set(keys: &[&str]) -> Result<Vec<Jwk>, JwkFault> {
    parse_set(format!(r#"{{"keys":[{}]}}"#, keys.join(",")).as_bytes())
}

fn p256(kid: &str, members: &str) -> String {
    let (x, y) = (encoded([1; 32]), encoded([2; 32]));
    format!(r#"{{"kty":"EC","crv":"P-256","kid":"{kid}","x":"{x}","y":"{y}"{members}}}"#)
}

fn rsa(n: &[u8], e: &[u8], members: &str) -> String {
    format!(r#"{{"kty":"RSA","n":"{}","e":"{}"{members}}}"#, encoded(n), encoded(e))
}

const F4: [u8; 3] = [1, 0, 1];

/// The keys of RFC 7517 A.1, with a modulus of our own, and of RFC 8037 A.2.
#[test]
fn the_keys_of_the_standards_are_read() {
    let text = format!(
        r#"{{"keys":[
            {{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
              "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"enc","kid":"1"}},
            {{"kty":"RSA","n":"{}","e":"AQAB","alg":"RS256","kid":"2011-04-29"}},
            {{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}
        ]}}"#,
        encoded([0xd2; 256])
    );
    let keys = parse_set(text.as_bytes()).unwrap();
    let [rsa, ed25519] = keys.as_slice() else { panic!("{keys:?}") };
    assert_eq!((rsa.kid.as_deref(), rsa.algorithm), (Some("2011-04-29"), Some(Algorithm::Rs256)));
    assert_eq!(rsa.key, PublicKey::Rsa { n: [0xd2; 256].into(), e: F4.into() });
    let PublicKey::Ed25519(x) = &ed25519.key else { panic!("{ed25519:?}") };
    assert_eq!((x[0], x[31], &ed25519.kid), (0xd7, 0x1a, &None));
    // The other is for encryption: with another `use` it would do.
    let text = text.replace(r#""enc""#, r#""sig""#);
    assert_eq!(parse_set(text.as_bytes()).unwrap().len(), 3);
}

#[test]
fn a_key_that_cannot_be_used_is_left_out() {
    let (coordinate, good) = (encoded([1; 32]), p256("good", ""));
    let ec = |crv: &str, length: usize| {
        let at = encoded(vec![1; length]);
        format!(r#"{{"kty":"EC","crv":"{crv}","x":"{at}","y":"{at}"}}"#)
    };
    for bad in [
        "null".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        r#"{"kty":"XYZ"}"#.to_owned(),
        r#"{"kty":["EC"]}"#.to_owned(),
        r#"{"kty":"OKP","crv":"X25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#
            .to_owned(),
        r#"{"kty":"OKP","crv":"Ed25519","x":"AAAA"}"#.to_owned(),
        r#"{"kty":"EC","crv":"P-256"}"#.to_owned(),
        format!(r#"{{"kty":"EC","x":"{coordinate}","y":"{coordinate}"}}"#),
        ec("secp256k1", 32),
        ec("p-256", 32),
        ec("P-256", 31),
        ec("P-256", 33),
        ec("P-384", 32),
        ec("P-521", 65),
        p256("a", r#","use":"enc""#),
        p256("a", r#","use":"signature""#),
        p256("a", r#","use":null"#),
        p256("a", r#","key_ops":[]"#),
        p256("a", r#","key_ops":["sign"]"#),
        p256("a", r#","key_ops":"verify""#),
        p256("a", r#","alg":"RS256""#),
        p256("a", r#","alg":"ES384""#),
        p256("a", r#","alg":"none""#),
        p256("a", r#","alg":"ECDH-ES""#),
        p256("a", r#","alg":1"#),
        good.replace(r#""good""#, "1"),
        good.replace(r#""good""#, "null"),
        good.replace(&coordinate, &format!("{coordinate}=")),
        good.replace(&coordinate, "!"),
        rsa(&[0xff; 256], &F4, r#","alg":"ES256""#),
        rsa(&[0xff; 128], &F4, ""),
        rsa(&[0xff; 255], &F4, ""),
        rsa(&[0xff; 513], &F4, ""),
        rsa(&[0; 256], &F4, ""),
        rsa(&[&[0, 0], &[0xff; 256][..]].concat(), &F4, ""),
        rsa(&[0xff; 256], &[], ""),
        rsa(&[0xff; 256], &[0], ""),
        rsa(&[0xff; 256], &[0, 0, 3], ""),
    ] {
        let keys = set(&[&bad, &good]).unwrap();
        assert_eq!(keys.len(), 1, "{bad}");
        assert_eq!(keys[0].kid.as_deref(), Some("good"), "{bad}");
    }
}

#[test]
fn what_is_usual_is_taken() {
    for (key, algorithm) in [
        (p256("a", ""), None),
        (p256("a", r#","use":"sig","key_ops":["verify"],"alg":"ES256""#), Some(Algorithm::Es256)),
        (p256("a", r#","key_ops":["sign","verify"],"ext":true,"x5c":["AAAA"]"#), None),
        (rsa(&[0xff; 256], &F4, r#","alg":"PS512""#), Some(Algorithm::Ps512)),
        (rsa(&[0xff; 512], &F4, ""), None),
        // A zero in front, as some libraries write the number (RFC 7518 6.3.1.1 forbids it).
        (rsa(&[&[0], &[0xff; 256][..]].concat(), &[0, 1, 0, 1], ""), None),
    ] {
        let keys = set(&[&key]).unwrap();
        assert_eq!(keys.len(), 1, "{key}");
        assert_eq!(keys[0].algorithm, algorithm, "{key}");
        if let PublicKey::Rsa { n, e } = &keys[0].key {
            assert!(n[0] == 0xff && **e == F4, "{key}");
        }
    }
}

/// AT-20: whoever made such a set public gave the key away, or means something else.
#[test]
fn a_set_with_secrets_is_refused_as_a_whole() {
    let good = p256("good", "");
    for secret in [
        r#"{"kty":"oct","k":"AAAA"}"#,
        r#"{"kty":"oct"}"#,
        r#"{"kty":"XYZ","k":"AAAA"}"#,
        &p256("a", r#","d":"AAAA""#),
        &p256("a", r#","d":null"#),
        &p256("a", r#","use":"enc","d":"AAAA""#),
        &p256("a", r#","\u0064":"AAAA""#),
        &rsa(&[0xff; 256], &F4, r#","p":"AAAA""#),
        &rsa(&[0xff; 256], &F4, r#","q":"AAAA""#),
        &rsa(&[0xff; 256], &F4, r#","dp":"AAAA""#),
        &rsa(&[0xff; 256], &F4, r#","dq":"AAAA""#),
        &rsa(&[0xff; 256], &F4, r#","qi":"AAAA""#),
        &rsa(&[0xff; 256], &F4, r#","oth":[]"#),
    ] {
        assert_eq!(set(&[&good, secret]), Err(JwkFault::Secret), "{secret}");
        assert_eq!(set(&[secret, &good]), Err(JwkFault::Secret), "{secret}");
    }
}

#[test]
fn of_two_keys_with_one_name_and_kind_none_is_used() {
    let kids = |keys: &[&str]| -> Vec<String> {
        let names = set(keys).unwrap().into_iter().map(|key| key.kid.unwrap_or_default().into());
        names.collect()
    };
    let (a, b) = (p256("a", ""), p256("b", ""));
    let other = p256("a", r#","alg":"ES256""#);
    assert_eq!(kids(&[&a, &b, &other]), ["b"]);
    let kin =
        format!(r#"{{"kty":"EC","crv":"P-384","kid":"a","x":"{0}","y":"{0}"}}"#, encoded([1; 48]));
    assert_eq!(kids(&[&a, &b, &kin]), ["b"]);
    // Another kind, or none that could be used, is no rival.
    let rsa = rsa(&[0xff; 256], &F4, r#","kid":"a""#);
    assert_eq!(kids(&[&a, &rsa]), ["a", "a"]);
    assert_eq!(kids(&[&a, &p256("a", r#","use":"enc""#)]), ["a"]);
    // Those without a name are told apart by trying.
    let nameless = a.replace(r#""kid":"a","#, "");
    assert_eq!(kids(&[&nameless, &nameless]).len(), 2);
}

#[test]
fn what_is_no_set_is_refused() {
    let good = p256("a", "");
    for text in [
        String::new(),
        "[]".to_owned(),
        "{}".to_owned(),
        r#"{"keys":{}}"#.to_owned(),
        r#"{"keys":null}"#.to_owned(),
        r#"{"Keys":[]}"#.to_owned(),
        format!("[{good}]"),
        good.clone(),
        format!(r#"{{"keys":[{good}],"keys":[]}}"#),
        format!(r#"{{"keys":[{good}]}}x"#),
        format!("\u{feff}{{\"keys\":[{good}]}}"),
        format!(r#"{{"keys":[{}]}}"#, p256("a", r#","kid":"b""#)),
        format!(r#"{{"keys":[{}]}}"#, vec![good; 65].join(",")),
        format!(r#"{{"keys":[{}]}}"#, vec!["0"; 65].join(",")),
        format!(r#"{{"keys":{}"#, "[".repeat(60_000)),
        format!(r#"{{"keys":[],"x":"{}"}}"#, "x".repeat(65_536)),
    ] {
        assert_eq!(parse_set(text.as_bytes()), Err(JwkFault::Malformed), "{text:.80}");
    }
    assert_eq!(parse_set(&vec![b' '; 5 << 20]), Err(JwkFault::Malformed));
    assert_eq!(set(&[]), Ok(Vec::new()));
}
