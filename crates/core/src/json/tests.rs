use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::ToString as _;

use super::*;

const LIMITS: Limits = Limits { depth: 16, members: 1_000, nodes: 10_000 };

fn told(text: &str) -> String {
    match read(text.as_bytes(), &LIMITS) {
        Ok(_) => "read".to_owned(),
        Err(Fault { at, rule }) => format!("{at}: {rule}"),
    }
}

#[test]
fn what_is_no_json_is_refused_where_it_goes_wrong() {
    for (text, expected) in [
        ("", "0: the text ends too early"),
        ("{", "1: the text ends too early"),
        ("{oops}", "1: key must be a string"),
        ("{\"a\" 1}", "5: expected `:`"),
        ("{\"a\": 1,}", "8: key must be a string"),
        ("{\"a\": 1, \"a\": 2}", "9: duplicate field `a`"),
        (r#"{"a": 1, "\u0061": 2}"#, "9: duplicate field `a`"),
        ("[1 2]", "3: expected `,` or the end"),
        ("[1,]", "3: expected a value"),
        ("01", "1: only one value may be here"),
        ("1 2", "2: only one value may be here"),
        ("{}\0", "2: only one value may be here"),
        ("\u{feff}{}", "0: expected a value"),
        ("+1", "0: expected a value"),
        (".5", "0: expected a value"),
        ("NaN", "0: expected a value"),
        ("1.", "2: the text ends too early"),
        ("1e", "2: the text ends too early"),
        ("-x", "1: expected a digit"),
        ("nul", "0: expected a value"),
        ("True", "0: expected a value"),
        ("'a'", "0: expected a value"),
        ("[1] // note", "4: only one value may be here"),
        ("\"a\nb\"", "2: control characters must be escaped"),
        (r#""\x""#, "2: invalid escape"),
        (r#""\u12g4""#, "5: invalid escape"),
        (r#""\u+123""#, "3: invalid escape"),
        (r#""\ud800""#, "2: invalid unicode code point"),
        (r#""\ud800\u0041""#, "2: invalid unicode code point"),
        (r#""\udc00""#, "2: invalid unicode code point"),
    ] {
        assert_eq!(told(text), expected, "{text}");
    }
    assert_eq!(read(b"\"\xff", &LIMITS).unwrap_err().at, 1);
    // A surrogate in the bytes, an overlong slash, a code point past the last.
    for bytes in [&b"\"\xed\xa0\x80\""[..], b"\"\xc0\xaf\"", b"\"\xf4\x90\x80\x80\""] {
        assert_eq!(read(bytes, &LIMITS).unwrap_err().to_string(), "byte 1: is not UTF-8");
    }
}

#[test]
fn depth_members_and_nodes_have_limits() {
    let deep = |depth| ["[".repeat(depth), "]".repeat(depth)].concat();
    assert_eq!(told(&deep(LIMITS.depth + 1)), "read");
    assert_eq!(told(&deep(LIMITS.depth + 2)), "17: is nested too deep");
    assert_eq!(told(&"[".repeat(1 << 16)), "17: is nested too deep");
    assert_eq!(told(&"{\"a\":".repeat(1 << 16)), "85: is nested too deep");
    let object = |count: usize| {
        let members: Vec<_> = (0..count).map(|number| format!("\"{number}\":0")).collect();
        format!("{{{}}}", members.join(","))
    };
    assert_eq!(told(&object(LIMITS.members)), "read");
    assert!(told(&object(LIMITS.members + 1)).ends_with("has too many members"));
    let list = |count: usize| format!("[{}]", alloc::vec!["0"; count].join(","));
    assert_eq!(told(&list(LIMITS.nodes - 1)), "read");
    assert!(told(&list(LIMITS.nodes)).ends_with("has too many values"));
}

#[test]
fn a_name_that_comes_again_is_found_among_many() {
    for (first, second) in [(0, 1), (0, 999), (15, 16), (16, 17), (14, 15), (500, 998), (3, 40)] {
        let name = |number: usize| {
            if number == second { format!("\\u006e{first}") } else { format!("n{number}") }
        };
        let members: Vec<_> = (0..1_000).map(|number| format!("\"{}\":[]", name(number))).collect();
        let text = format!("{{{}}}", members.join(","));
        let at = text.find("\"\\u").unwrap();
        assert_eq!(told(&text), format!("{at}: duplicate field `n{first}`"));
    }
    // Of several, the first one that was there before is told.
    let twice = |number: usize| format!("\"n{}\":0", number % 30);
    let members: Vec<_> = (0..60).map(twice).collect();
    assert!(told(&format!("{{{}}}", members.join(","))).ends_with("duplicate field `n0`"));
}

#[test]
fn values_are_read_as_they_are_written() {
    let text = r#" {"a": [null, true, false, -0.5e+7, "\"\\\/\b\f\n\r\t\u0041\u00e4\ud83d\ude00 end"],
        "b": {"": ""}, "\u0063": 1e400} "#;
    let node = read(text.as_bytes(), &LIMITS).unwrap();
    assert_eq!(node.at, 1);
    let items = node.value.get("a").unwrap().as_list().unwrap();
    assert!(matches!(items[0].value, Value::Null) && items[0].at == 8);
    assert_eq!((items[1].value.as_flag(), items[2].value.as_flag()), (Some(true), Some(false)));
    assert_eq!(items[3].value.as_number(), Some("-0.5e+7"));
    let expected = "\"\\/\u{8}\u{c}\n\r\tA\u{e4}\u{1f600} end";
    assert_eq!(items[4].value.as_str(), Some(expected));
    assert_eq!(node.value.get("b").unwrap().get("").unwrap().as_str(), Some(""));
    assert_eq!(node.value.get("c").unwrap().as_number(), Some("1e400"));
    assert!(node.value.get("d").is_none() && items[0].value.get("a").is_none());
    let Value::Object(mut object) = node.value else { panic!("{text}") };
    assert_eq!(object.node("c").unwrap().at, text.find("1e400").unwrap());
    assert!(object.take("a").is_some() && object.take("a").is_none());
}

/// Not in Node: the generator wants a random source there.
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
mod random {
    use proptest::prelude::*;

    use super::*;

    /// Writes a value as it was read.
    fn written(value: &Value<'_>) -> String {
        let quoted = |text: &str| {
            let escaped = text.chars().map(|c| match c {
                '"' | '\\' => format!("\\{c}"),
                c if c < ' ' => format!("\\u{:04x}", u32::from(c)),
                c => c.to_string(),
            });
            format!("\"{}\"", escaped.collect::<Vec<_>>().concat())
        };
        match value {
            Value::Null => "null".to_owned(),
            Value::Flag(flag) => flag.to_string(),
            Value::Number(text) => (*text).to_owned(),
            Value::Text(text) => quoted(text),
            Value::List(items) => {
                let items: Vec<_> = items.iter().map(|item| written(&item.value)).collect();
                format!("[{}]", items.join(","))
            }
            Value::Object(object) => {
                let member = |member: &Member<'_>| {
                    format!("{}:{}", quoted(&member.name), written(&member.node.value))
                };
                let members: Vec<_> = object.members.iter().map(member).collect();
                format!("{{{}}}", members.join(","))
            }
        }
    }

    /// Texts that are JSON more often than not.
    fn json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            Just("true".to_owned()),
            "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,3})?",
            "\"([a-c \u{fc}]|\\\\[nt\"/]|\\\\u00[0-9a-f]{2}){0,4}\"",
        ];
        leaf.prop_recursive(4, 64, 6, |inner| {
            let members = prop::collection::vec(("[a-e]{1,2}", inner.clone()), 0..6);
            prop_oneof![
                prop::collection::vec(inner, 0..6)
                    .prop_map(|items| format!("[{}]", items.join(" ,"))),
                members.prop_map(|members| {
                    let members: Vec<_> = members
                        .iter()
                        .map(|(name, value)| format!("\"{name}\" : {value}"))
                        .collect();
                    format!("{{{}}}", members.join(","))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_bytes_break_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
            let _ = read(&bytes, &LIMITS);
        }

        #[test]
        fn what_is_read_is_read_the_same_when_it_is_written_again(
            text in json(),
            cut in any::<prop::sample::Index>(),
            byte in any::<u8>(),
        ) {
            if let Ok(node) = read(text.as_bytes(), &LIMITS) {
                let once = written(&node.value);
                let again = read(once.as_bytes(), &LIMITS).unwrap();
                prop_assert_eq!(written(&again.value), once);
            }
            let mut damaged = text.into_bytes();
            let at = cut.index(damaged.len());
            damaged[at] = byte;
            let _ = read(&damaged, &LIMITS);
            damaged.truncate(at);
            let _ = read(&damaged, &LIMITS);
        }
    }
}
