//! The attack corpus as far as a token can be refused before its signature is looked at.

use gatekey_core::jose::{Algorithm, Claims, Jws, MAX_TOKEN_BYTES, TokenFault};

use super::{encoded, good, token};

use TokenFault::{Malformed, Oversized, RefusedAlgorithm};

fn fault(token: impl AsRef<[u8]>) -> Option<TokenFault> {
    let jws = match Jws::parse(token.as_ref()) {
        Ok(jws) => jws,
        Err(fault) => return Some(fault),
    };
    Claims::parse(&jws.payload).err()
}

/// What a header alone leads to.
fn of_header(header: &str) -> Option<TokenFault> {
    fault(token(header, "{}"))
}

/// `{"alg":"ES256"` and these members.
fn with(members: &str) -> Option<TokenFault> {
    of_header(&format!(r#"{{"alg":"ES256",{members}}}"#))
}

#[test]
fn a_good_token_is_taken_apart() {
    let text = token(
        r#"{"alg":"PS384","kid":"a\u002fb","typ":"at+jwt","cty":"json","x5t":"a"}"#,
        r#"{"sub":"s"}"#,
    );
    let jws = Jws::parse(text.as_bytes()).unwrap();
    assert_eq!(jws.algorithm, Algorithm::Ps384);
    assert_eq!((jws.kid(), jws.typ()), (Some("a/b"), Some("at+jwt")));
    assert_eq!(jws.payload, br#"{"sub":"s"}"#);
    assert_eq!(jws.signature, [7; 64]);
    assert_eq!(jws.signing_input, text.rsplit_once('.').unwrap().0.as_bytes());
    for algorithm in Algorithm::ALL {
        let header = format!(r#"{{"alg":"{}"}}"#, algorithm.name());
        assert_eq!(of_header(&header), None, "{header}");
    }
}

/// AT-1: not signed. AT-3, AT-4 and AT-8: signed with a shared secret, whichever.
#[test]
fn what_is_not_signed_with_a_private_key_is_refused_first() {
    for name in [
        "none",
        "None",
        "NONE",
        "nOnE",
        "HS256",
        "HS384",
        "HS512",
        "hs256",
        "rs256",
        "RS1",
        "ES256K",
        "RSA-OAEP",
        "dir",
        "",
        " ES256",
        "ES256 ",
        "ES256\\u0000",
        "Ed448",
        "EdDSA\\n",
    ] {
        let header = format!(r#"{{"alg":"{name}"}}"#);
        assert_eq!(of_header(&header), Some(RefusedAlgorithm), "{name}");
        // Whatever else is wrong with it.
        let header = format!(r#"{{"crit":[],"alg":"{name}","zip":"DEF","kid":1}}"#);
        assert_eq!(of_header(&header), Some(RefusedAlgorithm), "{name}");
        let unsigned = format!("{}.!.", encoded(format!(r#"{{"alg":"{name}"}}"#)));
        assert_eq!(fault(&unsigned), Some(RefusedAlgorithm), "{name}");
    }
    for header in ["{}", r#"{"alg":null}"#, r#"{"alg":["ES256"]}"#, r#"{"Alg":"ES256"}"#] {
        assert_eq!(of_header(header), Some(Malformed), "{header}");
    }
}

/// AT-1, AT-2, AT-16: another number of parts, or another serialisation.
#[test]
fn three_parts_and_nothing_else() {
    let good = good();
    let (input, signature) = good.rsplit_once('.').unwrap();
    let (header, payload) = input.split_once('.').unwrap();
    for text in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "....".to_owned(),
        input.to_owned(),
        header.to_owned(),
        format!("{good}."),
        format!(".{good}"),
        format!("{input}..{signature}"),
        // As long as an encrypted token (RFC 7516 7.1).
        format!("{good}.{payload}.{payload}"),
        format!(".{payload}.{signature}"),
        format!("{header}..{signature}"),
        // The JSON serialisations (RFC 7515 7.2).
        format!(r#"{{"protected":"{header}","payload":"{payload}","signature":"{signature}"}}"#),
        format!(
            r#"{{"payload":"{payload}","signatures":[{{"protected":"{header}","signature":"{signature}"}}]}}"#
        ),
        format!("Bearer {good}"),
        format!("\"{good}\""),
    ] {
        assert_eq!(fault(&text), Some(Malformed), "{text}");
    }
    // Without a signature it can be read; there is no algorithm by which it could hold.
    let null = format!("{input}.");
    assert_eq!(Jws::parse(null.as_bytes()).unwrap().signature, b"");
}

/// AT-5 and AT-6: keys, and places of keys, that the token brings along lead nowhere.
#[test]
fn keys_in_the_header_are_not_looked_at() {
    for members in [
        r#""jwk":{"kty":"oct","k":"AAAA"}"#,
        r#""jku":"https://evil.test/jwks.json""#,
        r#""jku":"file:///etc/passwd","x5u":"https://user@evil.test""#,
        r#""x5c":["AAAA"],"x5t":"AAAA","x5t#S256":"AAAA""#,
    ] {
        assert_eq!(with(members), None, "{members}");
    }
}

/// AT-7: the name of a key is text of any content and some length.
#[test]
fn a_kid_is_opaque_and_short() {
    for kid in
        ["", "../../../dev/null", "' OR 1=1 --", "| id", "\u{0}", "\n", "\u{1f511}", "https://x"]
    {
        let escaped = kid.replace('\u{0}', "\\u0000").replace('\n', "\\n");
        let text = token(&format!(r#"{{"alg":"ES256","kid":"{escaped}"}}"#), "{}");
        assert_eq!(Jws::parse(text.as_bytes()).unwrap().kid(), Some(kid));
    }
    for (length, expected) in [(1_024, None), (1_025, Some(Malformed))] {
        assert_eq!(with(&format!(r#""kid":"{}""#, "k".repeat(length))), expected);
    }
    assert_eq!(with(&format!(r#""kid":"{}""#, "k".repeat(65_536))), Some(Oversized));
    for kid in ["1", "null", "[]", r#"["k1"]"#, "{}"] {
        assert_eq!(with(&format!(r#""kid":{kid}"#)), Some(Malformed), "{kid}");
    }
}

/// AT-11: what must be understood is not.
#[test]
fn critical_extensions_are_refused_in_every_shape() {
    for members in [
        r#""crit":["exp"],"exp":1"#,
        r#""crit":[]"#,
        r#""crit":null"#,
        r#""crit":"exp""#,
        r#""crit":{}"#,
        r#""crit":[1]"#,
        r#""crit":["alg"]"#,
        r#""crit":["kid"]"#,
        r#""crit":["b64"],"b64":true"#,
        r#""crit":["b64"],"b64":false"#,
        r#""b64":false"#,
        r#""b64":true"#,
        r#""c\u0072it":["exp"]"#,
        r#""zip":"DEF""#,
        r#""enc":"A128GCM""#,
    ] {
        assert_eq!(with(members), Some(Malformed), "{members}");
    }
}

/// AT-12: the first and the last of two are two answers.
#[test]
fn a_member_that_comes_twice_is_refused() {
    for header in [
        r#"{"alg":"ES256","alg":"ES256"}"#,
        r#"{"alg":"none","alg":"ES256"}"#,
        r#"{"alg":"ES256","\u0061lg":"none"}"#,
        r#"{"alg":"ES256","kid":"a","kid":"b"}"#,
        r#"{"alg":"ES256","x":{"y":1,"y":1}}"#,
    ] {
        assert_eq!(of_header(header), Some(Malformed), "{header}");
    }
    for claims in
        [r#"{"iss":"a","iss":"b"}"#, r#"{"exp":1,"\u0065xp":2}"#, r#"{"a":[{"b":{"c":1,"c":2}}]}"#]
    {
        assert_eq!(fault(token(r#"{"alg":"ES256"}"#, claims)), Some(Malformed), "{claims}");
    }
}

/// AT-13: one spelling for each value.
#[test]
fn base64url_has_one_spelling() {
    // Lengths of one, two and three bytes beyond whole groups, in each part.
    for (header, claims, signature) in [
        (r#"{"alg":"ES256"}"#, "{}", &[0xfb; 64][..]),
        (r#"{"alg":"ES256" }"#, "{ }", &[0xfb; 65]),
        (r#"{"alg":"ES256"  }"#, "{  }", &[0xfb; 66]),
    ] {
        let parts = [encoded(header), encoded(claims), encoded(signature)];
        assert_eq!(fault(parts.join(".")), None);
        for at in 0..3 {
            let changed = |change: &dyn Fn(&str) -> String| {
                let mut parts = parts.clone();
                parts[at] = change(&parts[at]);
                parts.join(".")
            };
            let first = |text: &str| text.chars().next().unwrap();
            let changes: [&dyn Fn(&str) -> String; 13] = [
                &|part| format!("{part}="),
                &|part| format!("{part}=="),
                &|part| format!("{part} "),
                &|part| format!(" {part}"),
                &|part| format!("{part}\n"),
                &|part| format!("{part}\r\n"),
                &|part| format!("{part}\t"),
                &|part| format!("{part}\0"),
                &|part| part.replacen(first(part), "+", 1),
                &|part| part.replacen(first(part), "/", 1),
                &|part| part.replacen(first(part), &format!("%{:02x}", u32::from(first(part))), 1),
                &|part| part.replacen(first(part), "\u{e9}", 1),
                &|part| {
                    let (start, end) = part.split_at(2);
                    format!("{start} {end}")
                },
            ];
            for change in changes {
                let text = changed(change);
                assert_eq!(fault(&text), Some(Malformed), "{text}");
            }
            // The bits of the last character that belong to no byte.
            let spare = match parts[at].len() % 4 {
                2 => 16,
                3 => 4,
                _ => continue,
            };
            const ALPHABET: &[u8] =
                b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
            let last = *parts[at].as_bytes().last().unwrap();
            let value = ALPHABET.iter().position(|byte| *byte == last).unwrap();
            for other in ALPHABET.iter().skip(value + 1).take(spare - 1) {
                let text = changed(&|part| {
                    let (start, _) = part.split_at(part.len() - 1);
                    format!("{start}{}", char::from(*other))
                });
                assert_eq!(fault(&text), Some(Malformed), "{text}");
            }
        }
    }
}

/// AT-14: more than any token has.
#[test]
fn size_depth_and_number_have_limits() {
    let exactly = |length: usize| {
        let header = encoded(r#"{"alg":"ES256"}"#);
        let rest = length - header.len() - 2;
        // A payload of blanks around an object, and a signature that takes what is left.
        let payload = encoded(format!("{{}}{}", " ".repeat(61)));
        let signature = "A".repeat(rest - payload.len());
        [header, payload, signature].join(".")
    };
    let longest = exactly(MAX_TOKEN_BYTES);
    assert_eq!((longest.len(), fault(&longest)), (8_192, None));
    assert_eq!(fault(exactly(MAX_TOKEN_BYTES + 1)), Some(Oversized));
    // Nothing of it is looked at.
    assert_eq!(fault("!".repeat(MAX_TOKEN_BYTES + 1)), Some(Oversized));
    assert_eq!(fault(vec![0xff; 1 << 20]), Some(Oversized));

    let claims = |text: String| fault(token(r#"{"alg":"ES256"}"#, text));
    let deep = |depth: usize| format!("{}{}", r#"{"a":"#.repeat(depth), "1") + &"}".repeat(depth);
    assert_eq!(claims(deep(16)), None);
    assert_eq!(claims(deep(17)), Some(Malformed));
    assert_eq!(claims("[".repeat(6_000)), Some(Malformed));
    let members = |count: usize| {
        let all: Vec<_> = (0..count).map(|number| format!(r#""{number}":0"#)).collect();
        format!("{{{}}}", all.join(","))
    };
    assert_eq!(claims(members(256)), None);
    assert_eq!(claims(members(257)), Some(Malformed));
    assert_eq!(claims(members(700)), Some(Malformed));
    assert_eq!(claims(members(10_000)), Some(Oversized));
    assert_eq!(claims(format!(r#"{{"scope":"{}"}}"#, "a ".repeat(1 << 19))), Some(Oversized));
    assert_eq!(with(&format!(r#""x":{}1{}"#, "[".repeat(9), "]".repeat(9))), Some(Malformed));
    assert_eq!(
        of_header(&members(33).replacen(r#""0":0"#, r#""alg":"ES256""#, 1)),
        Some(Malformed)
    );
}

/// AT-16: a token in a token is not unwrapped.
#[test]
fn nested_tokens_are_refused() {
    for kind in ["JWT", "jwt", "Jwt", "application/jwt", "application/JWT"] {
        assert_eq!(with(&format!(r#""cty":"{kind}""#)), Some(Malformed), "{kind}");
    }
    assert_eq!(with(r#""cty":1"#), Some(Malformed));
    // Nor is one that does not say so: its payload is no object.
    assert_eq!(fault(token(r#"{"alg":"ES256"}"#, good())), Some(Malformed));
}

#[test]
fn headers_and_claims_are_json_objects() {
    for bytes in [
        &b""[..],
        b"null",
        b"[]",
        b"\"{}\"",
        b"{}{}",
        b"{},",
        b"{}\0",
        b"\xef\xbb\xbf{}",
        b"{\"a\":\"\xff\"}",
        b"{\"a\":\"\xed\xa0\x80\"}",
        b"{'a':1}",
        b"{\"a\":01}",
        b"{\"a\":NaN}",
        b"{\"a\":1,}",
        b"// x\n{}",
        b"\xff\xfe{\0}\0",
    ] {
        let es256 = r#"{"alg":"ES256"}"#;
        assert_eq!(fault(token(es256, bytes)), Some(Malformed), "{bytes:?}");
        let text = [encoded(bytes), encoded("{}"), encoded([7; 64])].join(".");
        assert_eq!(fault(&text), Some(Malformed), "{bytes:?}");
    }
}
