//! What a value must be like.

use core::fmt;

use regex::bytes::Regex;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::content::{Content, unhex};

/// A condition on what was found under one name: no value, one, or several.
///
/// What speaks of a value (`exact`, `regex` and so on) also says that there is exactly one.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "SpelledMatcher")]
pub(crate) enum Condition {
    /// Exactly these bytes.
    Exact(Content),
    /// Exactly these bytes, as pairs of hexadecimal digits.
    Hex(Hex),
    /// A regular expression (as the `regex` crate has it) occurs; anchor it to match the whole.
    Regex(#[schemars(with = "String")] Pattern),
    /// It begins like this.
    Prefix(Content),
    /// It ends like this.
    Suffix(Content),
    /// These bytes occur in it.
    Contains(Content),
    /// There is no value at all; with `false`, there is one or more.
    Absent(bool),
    /// There is a value or more; with `false`, there is none.
    Present(bool),
    /// There are so many values.
    Count(usize),
    /// There are exactly these values, in this order.
    Values(Vec<Matcher>),
    /// At least one of several values is like this.
    AnyValue(Box<Matcher>),
    /// It is JSON, and a part of it is like this.
    Json(JsonPart),
    /// It is a whole number, at least this.
    AtLeast(i64),
    /// It is a whole number, at most this.
    AtMost(i64),
    /// It is not like this.
    Not(Box<Matcher>),
    /// It is like all of these.
    All(Vec<Matcher>),
    /// It is like at least one of these.
    Any(Vec<Matcher>),
}

/// A part of a JSON text. Without a condition, the part must be there.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct JsonPart {
    /// Which part, as RFC 6901 has it: `/errors/0/code`. Nothing means the whole text.
    #[serde(default)]
    pub(crate) pointer: String,
    /// The part is exactly this value.
    #[serde(default)]
    pub(crate) equals: Option<serde_json::Value>,
    /// The part, as text, is like this. Text stands for itself, everything else for its JSON form.
    #[serde(default)]
    pub(crate) matches: Option<Box<Matcher>>,
    /// The part is an object with exactly these members.
    #[serde(default)]
    pub(crate) keys: Option<Vec<String>>,
}

/// A matcher: text, which must be there exactly, or an object with one condition.
#[derive(Clone, Debug)]
pub(crate) struct Matcher(pub(crate) Condition);

/// A regular expression that compiles.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(Regex);

/// Bytes as pairs of hexadecimal digits.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(with = "String")]
pub(crate) struct Hex(Vec<u8>);

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let digits = String::deserialize(deserializer)?;
        let bytes = unhex(&digits).map(Self);
        bytes.ok_or_else(|| Error::custom("it is not pairs of hexadecimal digits"))
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let regex = Regex::new(&text).map_err(|error| {
            let text = error.to_string();
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            Error::custom(lines.collect::<Vec<_>>().join(" "))
        });
        regex.map(Self)
    }
}

#[derive(JsonSchema)]
#[schemars(rename = "Matcher", untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum Shown {
    /// Exactly this text.
    Text(String),
    /// Exactly the digits of this number.
    Number(f64),
    /// Exactly `true` or `false`.
    Bool(bool),
    /// A condition.
    Spelled(Condition),
}

impl JsonSchema for Matcher {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Matcher".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Shown::json_schema(generator)
    }
}

impl<'de> Deserialize<'de> for Matcher {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;

        impl<'de> Visitor<'de> for Read {
            type Value = Matcher;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text, or an object with one condition")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Matcher, E> {
                Ok(Matcher::exact(text))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Matcher, E> {
                Ok(Matcher::exact(number.to_string()))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Matcher, E> {
                Ok(Matcher::exact(number.to_string()))
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Matcher, E> {
                Ok(Matcher::exact(value.to_string()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Matcher, A::Error> {
                Condition::deserialize(MapAccessDeserializer::new(map)).map(Matcher)
            }
        }

        deserializer.deserialize_any(Read)
    }
}

impl Matcher {
    pub(crate) fn exact(text: impl Into<Vec<u8>>) -> Self {
        Self(Condition::Exact(Content(text.into())))
    }

    /// Whether what was found is like this.
    pub(crate) fn holds(&self, values: &[&[u8]]) -> bool {
        let one = |test: &dyn Fn(&[u8]) -> bool| matches!(values, [value] if test(value));
        let number = |value: &[u8]| core::str::from_utf8(value).ok()?.parse::<i64>().ok();
        match &self.0 {
            Condition::Exact(Content(bytes)) | Condition::Hex(Hex(bytes)) => {
                one(&|value| value == bytes)
            }
            Condition::Regex(Pattern(regex)) => one(&|value| regex.is_match(value)),
            Condition::Prefix(Content(bytes)) => one(&|value| value.starts_with(bytes)),
            Condition::Suffix(Content(bytes)) => one(&|value| value.ends_with(bytes)),
            Condition::Contains(Content(bytes)) => one(&|value| contains(value, bytes)),
            Condition::Absent(absent) => values.is_empty() == *absent,
            Condition::Present(present) => values.is_empty() != *present,
            Condition::Count(count) => values.len() == *count,
            Condition::Values(matchers) => {
                values.len() == matchers.len()
                    && matchers.iter().zip(values).all(|(matcher, value)| matcher.holds(&[value]))
            }
            Condition::AnyValue(matcher) => values.iter().any(|value| matcher.holds(&[value])),
            Condition::Json(part) => one(&|value| part.holds(value)),
            Condition::AtLeast(least) => one(&|value| number(value).is_some_and(|n| n >= *least)),
            Condition::AtMost(most) => one(&|value| number(value).is_some_and(|n| n <= *most)),
            Condition::Not(matcher) => !matcher.holds(values),
            Condition::All(matchers) => matchers.iter().all(|matcher| matcher.holds(values)),
            Condition::Any(matchers) => matchers.iter().any(|matcher| matcher.holds(values)),
        }
    }

    pub(crate) fn holds_one(&self, value: impl AsRef<[u8]>) -> bool {
        self.holds(&[value.as_ref()])
    }
}

impl JsonPart {
    fn holds(&self, text: &[u8]) -> bool {
        let Ok(whole) = serde_json::from_slice::<serde_json::Value>(text) else { return false };
        let Self { pointer, equals, matches, keys } = self;
        let part = whole.pointer(pointer);
        let value = part.map(|part| match part {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        let matched = matches.as_ref().map(|matcher| {
            let values: Vec<&[u8]> = value.iter().map(String::as_bytes).collect();
            matcher.holds(&values)
        });
        let keyed = keys.as_ref().map(|keys| {
            let members = part.and_then(serde_json::Value::as_object);
            members.is_some_and(|members| {
                members.len() == keys.len() && keys.iter().all(|key| members.contains_key(key))
            })
        });
        let equal = equals.as_ref().map(|value| part == Some(value));
        let conditions = [matched, keyed, equal];
        if conditions.iter().all(Option::is_none) {
            return part.is_some();
        }
        conditions.into_iter().flatten().all(|holds| holds)
    }
}

pub(crate) fn contains(text: &[u8], part: &[u8]) -> bool {
    part.is_empty() || text.windows(part.len()).any(|window| window == part)
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, word: &str, matchers: &[Self]| {
            write!(f, "{word} of [")?;
            for (number, matcher) in matchers.iter().enumerate() {
                write!(f, "{}{matcher}", if number == 0 { "" } else { ", " })?;
            }
            f.write_str("]")
        };
        match &self.0 {
            Condition::Exact(content) => write!(f, "{content:?}"),
            Condition::Hex(Hex(bytes)) => write!(f, "\"{}\"", bytes.escape_ascii()),
            Condition::Regex(Pattern(regex)) => write!(f, "like /{regex}/"),
            Condition::Prefix(content) => write!(f, "beginning with {content:?}"),
            Condition::Suffix(content) => write!(f, "ending with {content:?}"),
            Condition::Contains(content) => write!(f, "containing {content:?}"),
            Condition::Absent(true) | Condition::Present(false) => f.write_str("nothing"),
            Condition::Absent(false) | Condition::Present(true) => f.write_str("anything"),
            Condition::Count(count) => write!(f, "{count} values"),
            Condition::Values(matchers) => list(f, "values", matchers),
            Condition::AnyValue(matcher) => write!(f, "a value {matcher}"),
            Condition::Json(JsonPart { pointer, equals, matches, keys }) => {
                write!(f, "JSON with `{pointer}`")?;
                if let Some(value) = equals {
                    write!(f, " = {value}")?;
                }
                if let Some(matcher) = matches {
                    write!(f, " {matcher}")?;
                }
                match keys {
                    Some(keys) => write!(f, " having exactly `{}`", keys.join("`, `")),
                    None => Ok(()),
                }
            }
            Condition::AtLeast(least) => write!(f, "at least {least}"),
            Condition::AtMost(most) => write!(f, "at most {most}"),
            Condition::Not(matcher) => write!(f, "not {matcher}"),
            Condition::All(matchers) => list(f, "all", matchers),
            Condition::Any(matchers) => list(f, "any", matchers),
        }
    }
}

/// What was found, as a difference shows it.
pub(crate) fn shown(values: &[&[u8]]) -> String {
    match values {
        [] => "nothing".to_owned(),
        [value] => format!("\"{}\"", value.escape_ascii()),
        several => {
            let several = several.iter().map(|value| format!("\"{}\"", value.escape_ascii()));
            format!("[{}]", several.collect::<Vec<_>>().join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(matcher: &str, values: &[&[u8]]) -> bool {
        let matcher: Matcher = serde_json::from_str(matcher).unwrap();
        matcher.holds(values)
    }

    #[test]
    fn each_condition_has_both_ends() {
        type Values = &'static [&'static [u8]];
        let cases: [(&str, Values, Values); 21] = [
            (r#""a""#, &[b"a"], &[b"a", b"a"]),
            ("7", &[b"7"], &[b"07"]),
            (r#"{"exact": {"hex": "ff"}}"#, &[b"\xff"], &[b"f"]),
            (r#"{"hex": "ff 00"}"#, &[b"\xff\0"], &[]),
            (r#"{"regex": "^a+$"}"#, &[b"aa"], &[b"ab"]),
            (r#"{"prefix": "ab"}"#, &[b"abc"], &[b"a"]),
            (r#"{"suffix": "bc"}"#, &[b"abc"], &[b"b"]),
            (r#"{"contains": "b"}"#, &[b"abc"], &[b"ac"]),
            (r#"{"absent": true}"#, &[], &[b""]),
            (r#"{"absent": false}"#, &[b""], &[]),
            (r#"{"present": true}"#, &[b"a", b"b"], &[]),
            (r#"{"count": 2}"#, &[b"a", b"b"], &[b"a"]),
            (r#"{"values": ["a", {"regex": "b"}]}"#, &[b"a", b"b"], &[b"b", b"a"]),
            (r#"{"any_value": "b"}"#, &[b"a", b"b"], &[b"a"]),
            (r#"{"at_least": 3}"#, &[b"3"], &[b"2"]),
            (r#"{"at_most": -3}"#, &[b"-3"], &[b"x"]),
            (r#"{"not": "a"}"#, &[b"b"], &[b"a"]),
            (r#"{"all": [{"prefix": "a"}, {"suffix": "c"}]}"#, &[b"abc"], &[b"ab"]),
            (r#"{"any": ["a", "b"]}"#, &[b"b"], &[b"c"]),
            (r#"{"json": {"pointer": "/a/0", "equals": 1}}"#, &[br#"{"a":[1]}"#], &[b"{"]),
            (r#"{"json": {"keys": ["a"]}}"#, &[br#"{"a":1}"#], &[br#"{"a":1,"b":2}"#]),
        ];
        for (matcher, like, unlike) in cases {
            assert!(holds(matcher, like), "{matcher}");
            assert!(!holds(matcher, unlike), "{matcher}");
        }
        assert!(holds(
            r#"{"json": {"pointer": "/a", "matches": {"prefix": "x"}}}"#,
            &[br#"{"a":"xy"}"#]
        ));
        assert!(!holds(r#"{"json": {"pointer": "/b"}}"#, &[br#"{"a":"xy"}"#]));
    }

    #[test]
    fn a_pattern_that_does_not_compile_is_refused() {
        let error = serde_json::from_str::<Matcher>(r#"{"regex": "("}"#).unwrap_err();
        assert!(error.to_string().contains("unclosed group"), "{error}");
    }
}
