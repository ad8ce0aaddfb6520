//! AT-11 to AT-14 and AT-16: tokens that are not quite one.

use serde_json::json;

use super::{Attempts, Forge, before, header, header_with, parts};
use crate::forge::{self, part};

const MALFORMED: &str = "malformed_token";

pub(super) fn add(attempts: &mut Attempts, forge: &Forge) -> Result<(), String> {
    critical(attempts, forge)?;
    duplicates(attempts, forge)?;
    encodings(attempts, forge)?;
    sizes(attempts, forge)?;
    containers(attempts, forge)
}

/// AT-11.
fn critical(attempts: &mut Attempts, forge: &Forge) -> Result<(), String> {
    for (name, more) in [
        ("unknown", json!({"crit": ["http://example.test/x"], "http://example.test/x": 1})),
        ("empty", json!({"crit": []})),
        ("no list", json!({"crit": "exp"})),
        ("an object", json!({"crit": {}})),
        ("a flag", json!({"crit": false})),
        ("lists a registered name", json!({"crit": ["alg"]})),
        ("lists what is not there", json!({"crit": ["exp"]})),
        ("`b64`", json!({"crit": ["b64"], "b64": true})),
        ("`b64` false", json!({"crit": ["b64"], "b64": false})),
    ] {
        let token = forge.signed(&header_with(more))?;
        attempts.token("AT-11", &format!("`crit` {name}"), token, MALFORMED);
    }
    let token = forge.signed(r#"{"alg":"RS256","kid":"rsa-a","crit":null}"#)?;
    attempts.token("AT-11", "`crit` null", token, MALFORMED);
    let token = forge.signed(&header_with(json!({"b64": false})))?;
    attempts.token("AT-11", "`b64` without `crit`", token, MALFORMED);
    Ok(())
}

/// AT-12.
fn duplicates(attempts: &mut Attempts, forge: &Forge) -> Result<(), String> {
    for (name, header) in [
        ("`alg`", r#"{"alg":"none","alg":"RS256","kid":"rsa-a"}"#),
        ("`alg`, the other way round", r#"{"alg":"RS256","alg":"none","kid":"rsa-a"}"#),
        ("`alg`, once with an escape", r#"{"alg":"RS256","\u0061lg":"none","kid":"rsa-a"}"#),
        ("`kid`", r#"{"alg":"RS256","kid":"rsa-b","kid":"rsa-a"}"#),
        ("an unknown member", r#"{"alg":"RS256","kid":"rsa-a","x":1,"x":1}"#),
    ] {
        let token = forge.signed(header)?;
        attempts.token("AT-12", &format!("header: twice {name}"), token, MALFORMED);
    }
    let exp = forge.start + 3_600;
    let usual = format!(r#""iss":"https://idp.test","sub":"trips-client","exp":{exp}"#);
    for (name, more) in [
        ("`iss`", r#""iss":"https://evil.test""#),
        ("`sub`", r#""sub":"rival-client""#),
        ("`sub`, once with an escape", r#""\u0073ub":"rival-client""#),
        ("`exp`", r#""exp":1"#),
        ("a member of a member", r#""x":{"y":1,"y":2}"#),
    ] {
        for (order, payload) in
            [("last", format!("{{{usual},{more}}}")), ("first", format!("{{{more},{usual}}}"))]
        {
            let token = forge.saying(&payload)?;
            attempts.token("AT-12", &format!("claims: twice {name}, {order}"), token, MALFORMED);
        }
    }
    Ok(())
}

/// AT-13.
fn encodings(attempts: &mut Attempts, forge: &Forge) -> Result<(), String> {
    let good = forge.good()?;
    let [head, payload, signature] = parts(&good)?;
    let last = |text: &str, by: u8| {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut bytes = text.as_bytes().to_vec();
        if let Some(last) = bytes.last_mut() {
            let at = ALPHABET.iter().position(|known| known == last).unwrap_or_default();
            *last = ALPHABET.get(at + usize::from(by)).copied().unwrap_or(b'_');
        }
        String::from_utf8(bytes).unwrap_or_default()
    };
    let mut attempt = |name: &str, token: String| attempts.token("AT-13", name, token, MALFORMED);
    attempt("padding after the signature", format!("{good}=="));
    attempt("one `=` after the signature", format!("{good}="));
    attempt("padding after the header", format!("{head}=.{payload}.{signature}"));
    // 256 bytes leave four bits of the last character unused.
    attempt("an unused bit in the signature", format!("{head}.{payload}.{}", last(signature, 1)));
    attempt("`+` and `/` instead of `-` and `_`", good.replace('-', "+").replace('_', "/"));
    attempt("a blank in the payload", format!("{head}. {payload}.{signature}"));
    attempt("a tab in the signature", format!("{head}.{payload}.{signature}\tA"));
    attempt("percent-encoded dot", good.replace('.', "%2e"));
    attempt("percent-encoded letter", good.replacen('e', "%65", 1));
    attempt("a fourth part", format!("{good}.AAAA"));
    attempt("an empty fourth part", format!("{good}."));
    attempt("a dot before it", format!(".{good}"));
    attempt("an empty header", format!(".{payload}.{signature}"));
    attempt("two dots", "..".into());
    attempt("one character in the header", format!("A.{payload}.{signature}"));
    attempt("quotes around it", format!("\"{good}\""));
    attempt("a byte above 127", format!("{head}.{payload}\u{e9}.{signature}"));
    for (name, header) in [
        (
            "a byte-order mark before the header's JSON",
            "\u{feff}{\"alg\":\"RS256\",\"kid\":\"rsa-a\"}",
        ),
        ("bytes after the header's JSON", "{\"alg\":\"RS256\",\"kid\":\"rsa-a\"}x"),
        ("a header that is a list", "[\"alg\",\"RS256\"]"),
        ("a header that is text", "\"RS256\""),
        ("an empty header object", "{}"),
        ("a comment in the header", "{\"alg\":\"RS256\",/**/\"kid\":\"rsa-a\"}"),
        ("a comma too many in the header", "{\"alg\":\"RS256\",\"kid\":\"rsa-a\",}"),
    ] {
        attempt(name, forge.signed(header)?);
    }
    let payload = forge.payload();
    let rest = payload.trim_start_matches('{').as_bytes();
    for (name, payload) in [
        ("a byte-order mark before the claims", [b"\xef\xbb\xbf", payload.as_bytes()].concat()),
        ("bytes after the claims", [payload.as_bytes(), b"{}"].concat()),
        ("claims that are no UTF-8", [b"{\"x\":\"\xff\",", rest].concat()),
        ("a lone surrogate in the claims", [br#"{"x":"\ud800","#, rest].concat()),
        ("a control character in the claims", [b"{\"x\":\"\x01\",", rest].concat()),
        ("claims that are a list", b"[]".to_vec()),
        ("claims that are null", b"null".to_vec()),
        ("no claims at all", Vec::new()),
        ("a number with a leading zero", [br#"{"x":01,"#, rest].concat()),
        ("NaN", [br#"{"x":NaN,"#, rest].concat()),
    ] {
        let token = forge::token(&header("RS256", "rsa-a"), &payload, "rsa-a", "RS256")?;
        attempt(name, token);
    }
    Ok(())
}

/// AT-14.
fn sizes(attempts: &mut Attempts, forge: &Forge) -> Result<(), String> {
    let oversized = "oversized_token";
    let padded = |length: usize| forge.with(json!({"x": "a".repeat(length)}));
    // As long as may be, to the byte; then one more.
    let (mut longest, mut too_long) = (String::new(), String::new());
    for length in 5_700..5_900 {
        let token = padded(length)?;
        match token.len() {
            ..=8_192 => longest = token,
            _ => {
                too_long = token;
                break;
            }
        }
    }
    attempts.pass("AT-14", "the longest token", longest);
    attempts.token("AT-14", "one byte too long", too_long, oversized);
    attempts.token("AT-14", "64 KiB of claims", padded(48_000)?, oversized);
    attempts.token(
        "AT-14",
        "a `scope` of 1 MB",
        forge.with(json!({"scope": "s ".repeat(500_000)}))?,
        oversized,
    );
    let many = |count: usize| {
        let members: String = (0..count).map(|at| format!("\"{at:x}\":1,")).collect();
        forge.saying(&before(&members, &forge.payload()))
    };
    attempts.token("AT-14", "10,000 claims", many(10_000)?, oversized);
    attempts.token("AT-14", "600 claims", many(600)?, MALFORMED);
    let deep = |depth: usize| {
        let value = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        forge.saying(&before(&format!("\"x\":{value},"), &forge.payload()))
    };
    attempts.token("AT-14", "claims 10,000 deep", deep(10_000)?, oversized);
    attempts.token("AT-14", "claims 2,500 deep", deep(2_500)?, MALFORMED);
    attempts.token("AT-14", "claims 100 deep", deep(100)?, MALFORMED);
    let deep = format!("{{\"alg\":\"RS256\",\"x\":{}{}}}", "[".repeat(100), "]".repeat(100));
    attempts.token("AT-14", "a header 100 deep", forge.signed(&deep)?, MALFORMED);
    attempts.token("AT-14", "8 KiB of dots", ".".repeat(8_000), MALFORMED);
    attempts.token("AT-14", "8 KiB of one letter", "A".repeat(8_000), MALFORMED);
    attempts.token("AT-14", "1 MB of one letter", "A".repeat(1_000_000), oversized);
    Ok(())
}

/// AT-16.
fn containers(attempts: &mut Attempts, forge: &Forge) -> Result<(), String> {
    let good = forge.good()?;
    let [head, payload, signature] = parts(&good)?;
    for kind in ["JWT", "jwt", "application/jwt"] {
        let header = header_with(json!({"cty": kind}));
        let token = forge::token(&header, good.as_bytes(), "rsa-a", "RS256")?;
        attempts.token("AT-16", &format!("a token in a token, `cty` `{kind}`"), token, MALFORMED);
    }
    let token = forge::token(&header("RS256", "rsa-a"), good.as_bytes(), "rsa-a", "RS256")?;
    attempts.token("AT-16", "a token in a token, without `cty`", token, MALFORMED);
    let jwe = part(json!({"alg": "RSA-OAEP", "enc": "A256GCM"}).to_string());
    let five =
        format!("{jwe}.{}.{}.{}.{}", part([1; 256]), part([2; 12]), part([3; 64]), part([4; 16]));
    attempts.token("AT-16", "a JWE in compact form", five, MALFORMED);
    let direct = part(json!({"alg": "dir", "enc": "A128GCM"}).to_string());
    attempts.token(
        "AT-16",
        "a JWE with an empty key",
        format!("{direct}..AAAA.AAAA.AAAA"),
        MALFORMED,
    );
    let three = format!("{jwe}.{payload}.{signature}");
    attempts.token("AT-16", "the header of a JWE over a JWS", three, "refused_algorithm");
    let flat = json!({"protected": head, "payload": payload, "signature": signature});
    attempts.token("AT-16", "flattened JSON serialisation", flat.to_string(), MALFORMED);
    let general = json!({
        "payload": payload, "signatures": [{"protected": head, "signature": signature}],
    });
    attempts.token("AT-16", "general JSON serialisation", general.to_string(), MALFORMED);
    attempts.token("AT-16", "detached payload", format!("{head}..{signature}"), "bad_signature");
    let zip = forge.signed(&header_with(json!({"zip": "DEF"})))?;
    attempts.token("AT-16", "`zip`", zip, MALFORMED);
    Ok(())
}
