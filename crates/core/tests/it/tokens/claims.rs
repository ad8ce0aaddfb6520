//! Claims by name and by path.

use gatekey_core::jose::{Claims, TokenFault};

fn claims(text: &str) -> Claims<'_> {
    Claims::parse(text.as_bytes()).unwrap()
}

#[test]
fn the_audience_is_one_text_or_a_list_of_texts() {
    for (value, expected) in [
        (r#""a""#, Ok(vec!["a"])),
        (r#"["a","b"]"#, Ok(vec!["a", "b"])),
        (r#""""#, Ok(vec![""])),
        ("[]", Ok(vec![])),
        ("null", Err(TokenFault::Malformed)),
        ("1", Err(TokenFault::Malformed)),
        (r#"["a",1]"#, Err(TokenFault::Malformed)),
        (r#"[["a"]]"#, Err(TokenFault::Malformed)),
        (r#"{"a":"a"}"#, Err(TokenFault::Malformed)),
    ] {
        assert_eq!(claims(&format!(r#"{{"aud":{value}}}"#)).audiences(), expected, "{value}");
    }
    assert_eq!(claims("{}").audiences(), Ok(vec![]));
}

/// A date is a number, however it is written; nothing else is one.
#[test]
fn dates_are_numbers() {
    let seconds = |value: &str| {
        let text = format!(r#"{{"exp":{value},"nbf":{value},"iat":{value}}}"#);
        let read = claims(&text);
        let exp = read.exp().map(|date| date.map(|date| date.seconds()));
        assert_eq!(read.nbf(), read.exp());
        assert_eq!(read.iat(), read.exp());
        exp
    };
    for (value, expected) in [
        ("1700000000", 1_700_000_000),
        ("1700000000.25", 1_700_000_000),
        ("1.7E9", 1_700_000_000),
        ("-0", 0),
        ("-62135596800", -62_135_596_800),
        ("1e400", i64::MAX),
        ("-1e400", -i64::MAX),
        ("9223372036854775807", i64::MAX),
        ("9223372036854775808", i64::MAX),
        ("1e-400", 0),
        ("0.000000000000000000000017e32", 1_700_000_000),
        ("170000000000000000000000000000e-20", 1_700_000_000),
    ] {
        assert_eq!(seconds(value), Ok(Some(expected)), "{value}");
    }
    for value in [r#""1700000000""#, "null", "true", "[1]", "{}"] {
        assert_eq!(seconds(value), Err(TokenFault::Malformed), "{value}");
    }
    assert_eq!(claims("{}").exp(), Ok(None));
    let digits = "1".repeat(6_000);
    assert_eq!(seconds(&digits), Ok(Some(i64::MAX)));
    assert_eq!(seconds(&format!("0.{digits}")), Ok(Some(0)));
    assert_eq!(seconds(&format!("1e{digits}")), Ok(Some(i64::MAX)));
    assert_eq!(seconds(&format!("1e-{digits}")), Ok(Some(0)));
}

#[test]
fn a_path_leads_through_objects_only() {
    let read = claims(r#"{"a":{"b":{"c":["x","y"]},"s":"x  y ","n":1},"a.b":"dotted"}"#);
    let path = |text: &str| -> Vec<Box<str>> { text.split('/').map(Into::into).collect() };
    assert_eq!(read.strings_at(&path("a/b/c")), Some(vec!["x", "y"]));
    assert_eq!(read.words_at(&path("a/s")), Some(vec!["x", "y"]));
    assert_eq!(read.strings_at(&path("a/s")), Some(vec!["x  y "]));
    assert_eq!(read.strings_at(&path("a.b")), Some(vec!["dotted"]));
    for absent in ["a/n", "a/b", "a/b/c/0", "a/s/x", "b", ""] {
        assert_eq!(read.strings_at(&path(absent)), None, "{absent}");
    }
    assert!(read.has("a") && !read.has("b") && read.text("a").is_none());
    assert_eq!(claims(r#"{"iss":"i"}"#).iss(), Some("i"));
    assert_eq!(claims(r#"{"iss":["i"]}"#).iss(), None);
}
