//! What costs most to read for its size.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatekey_core::jose::{Claims, Jws, MAX_TOKEN_BYTES, parse_set};
use gatekey_core::oidc::documents::{Discovery, Introspection, TokenReply};
use proptest::prelude::*;

use super::tests::held;

/// How many bytes are held at most for each byte that is read, at the moment when a list of numbers
/// of one digit outgrows its place: eight times the size of a pointer, so 32 in a guest.
const TIMES: usize = if cfg!(target_pointer_width = "64") { 64 } else { 32 };
/// What is held for the smallest input.
const BASE: usize = 1_024;

/// JSON of about this size, and of every kind that could be dear.
fn dear(size: usize) -> Vec<(&'static str, String)> {
    let list = |item: &str| {
        let count = size.saturating_sub(8) / (item.len() + 1);
        format!(r#"{{"a":[{}]}}"#, vec![item; count].join(","))
    };
    let members = |value: &str| {
        let mut text = String::from("{");
        for number in 0.. {
            let member = format!(r#""{number:x}":{value}"#);
            if text.len() + member.len() + 2 > size {
                break;
            }
            if number > 0 {
                text.push(',');
            }
            text.push_str(&member);
        }
        text + "}"
    };
    let rest = size.saturating_sub(10);
    vec![
        ("numbers", list("0")),
        ("empty texts", list(r#""""#)),
        ("empty lists", list("[]")),
        ("lists of one", list("[0]")),
        ("lists of five", list("[0,0,0,0,0]")),
        ("empty objects", list("{}")),
        ("objects of one", list(r#"{"":0}"#)),
        ("objects of five", list(r#"{"":0,"a":0,"b":0,"c":0,"d":0}"#)),
        ("deep lists", list("[[[[[[[[0]]]]]]]]")),
        ("deep objects", list(r#"{"":{"":{"":{"":0}}}}"#)),
        ("escaped letters", list(r#""\n""#)),
        ("escaped names", list(r#"{"\n":0}"#)),
        ("escapes in words", list(r#""a\na""#)),
        ("members", members("0")),
        ("members with lists", members("[0]")),
        ("members with escapes", members(r#""\t""#)),
        ("one text", format!(r#"{{"a":"{}"}}"#, "x".repeat(rest))),
        ("one escaped text", format!(r#"{{"a":"{}"}}"#, "\\n".repeat(rest / 2))),
        (
            "one escaped text of pairs",
            format!(r#"{{"a":"{}"}}"#, "\\ud83d\\ude00".repeat(rest / 12)),
        ),
        ("one name", format!(r#"{{"{}":0}}"#, "x".repeat(rest))),
        ("one escaped name twice", {
            let name = "\\n".repeat(rest / 4);
            format!(r#"{{"{name}":0,"{name}":0}}"#)
        }),
        ("one number", format!(r#"{{"exp":{}}}"#, "1".repeat(rest))),
        ("nothing but brackets", "[".repeat(size)),
        ("nothing but braces", r#"{"":"#.repeat(size / 4)),
        ("unfinished", list("0").replace(']', "")),
    ]
}

fn within(what: &str, bytes: &[u8], read: impl FnOnce(&[u8])) {
    let most = held(|| read(bytes));
    let bound = bytes.len() * TIMES + BASE;
    assert!(most <= bound, "{what}: {} bytes hold {most}, {bound} is the bound", bytes.len());
}

fn read_token(token: &[u8]) {
    if let Ok(jws) = Jws::parse(token)
        && let Ok(claims) = Claims::parse(&jws.payload)
    {
        let _ = (claims.audiences(), claims.exp());
    }
}

fn read_documents(bytes: &[u8]) {
    let _ = parse_set(bytes);
    let _ = Discovery::parse(bytes, "https://idp.test");
    let _ = Introspection::parse(bytes);
    let _ = TokenReply::parse(bytes);
}

fn token(header: &str, payload: &str, signature: &[u8]) -> Vec<u8> {
    let parts = [header.as_bytes(), payload.as_bytes(), signature];
    parts.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".").into_bytes()
}

#[test]
fn a_token_holds_a_small_multiple_of_itself() {
    const HEADER: &str = r#"{"alg":"ES256"}"#;
    for size in [40, 100, 300, 1_000, 3_000, 5_900] {
        for (what, text) in dear(size) {
            within(what, &token(HEADER, &text, &[0; 64]), read_token);
            within(what, &token(&text, "{}", &[0; 64]), read_token);
            let header = text.replacen('{', r#"{"alg":"ES256","#, 1);
            within(what, &token(&header, "{}", &[0; 64]), read_token);
        }
    }
    within("signature", &token(HEADER, "{}", &[0; 6_000]), read_token);
    for byte in [b'A', b'.', b'{', 0, 0xff] {
        within("one byte", &[byte; MAX_TOKEN_BYTES], read_token);
        within("one byte", &[byte; MAX_TOKEN_BYTES + 1], read_token);
    }
    // Beyond the size nothing is held at all.
    assert_eq!(held(|| read_token(&[b'A'; 1 << 20])), 0);
}

#[test]
fn a_document_holds_a_small_multiple_of_itself() {
    for size in [40, 300, 3_000, 30_000, 65_000] {
        for (what, text) in dear(size) {
            within(what, text.as_bytes(), read_documents);
            let set = text.replacen(r#""a""#, r#""keys""#, 1);
            within(what, set.as_bytes(), read_documents);
        }
    }
    assert_eq!(held(|| read_documents(&[b' '; 1 << 20])), 0);
}

proptest! {
    #[test]
    fn no_bytes_hold_more(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", ",", ":", "\"", "\"\"", "\"a\"", "\\n", "0", "-1e9", "null",
            "\"\":", "\"b\":[", "{\"c\":", "[0],", "{},", " ",
        ]), 0..400),
    ) {
        let text = pieces.concat();
        within("pieces", text.as_bytes(), read_documents);
        within("pieces", &token(r#"{"alg":"ES256"}"#, &text, &[0; 64]), read_token);
        let text = format!("[{}0]", pieces.join(","));
        within("list of pieces", text.as_bytes(), read_documents);
    }
}
