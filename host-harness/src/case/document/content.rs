//! Bytes, as a case file can spell them.

use core::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use crate::case::node::FilePath;

/// More bytes than this are not made from a few words.
const MAX_REPEATED: usize = 64 << 20;

/// Bytes: text, or an object that says how they are spelled.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct Content(pub(crate) Vec<u8>);

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

/// How the schema shows [`Content`].
#[derive(JsonSchema)]
#[schemars(rename = "Content", untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum Shown {
    /// The bytes of the text.
    Text(String),
    /// The digits of the number.
    Number(f64),
    /// `true` or `false`.
    Bool(bool),
    /// Bytes that are spelled otherwise.
    Spelled(Spelled),
}

impl JsonSchema for Content {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Content".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Shown::json_schema(generator)
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "SpelledContent")]
enum Spelled {
    /// The bytes of the text.
    Text(String),
    /// The value as JSON without blanks, members in alphabetical order.
    Json(serde_json::Value),
    /// Base64 with or without padding, in either alphabet.
    Base64(String),
    /// Two hexadecimal digits for each byte; blanks between bytes are allowed.
    Hex(String),
    /// What a file holds; the path is relative to the case file.
    File(#[schemars(with = "String")] FilePath),
    /// The same bytes over and over.
    Repeat(Repeat),
}

/// The same bytes over and over.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Repeat {
    /// What is repeated.
    content: Box<Content>,
    /// How often.
    times: usize,
}

impl Spelled {
    fn bytes(self) -> Result<Vec<u8>, String> {
        Ok(match self {
            Self::Text(text) => text.into_bytes(),
            Self::Json(value) => value.to_string().into_bytes(),
            Self::Base64(text) => unbase64(&text).ok_or("it is not base64")?,
            Self::Hex(digits) => unhex(&digits).ok_or("it is not pairs of hexadecimal digits")?,
            Self::File(FilePath(path)) => std::fs::read(&path)
                .map_err(|error| format!("cannot read `{}`: {error}", path.display()))?,
            Self::Repeat(Repeat { content: part, times }) => {
                if part.0.len().saturating_mul(times) > MAX_REPEATED {
                    return Err(format!("more than {MAX_REPEATED} bytes"));
                }
                part.0.repeat(times)
            }
        })
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;

        impl<'de> Visitor<'de> for Read {
            type Value = Content;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "text, or an object with `text`, `json`, `base64`, `hex`, `file` or `repeat`",
                )
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Content, E> {
                Ok(Content(text.into()))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Content, E> {
                Ok(Content(number.to_string().into()))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Content, E> {
                Ok(Content(number.to_string().into()))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Content, E> {
                Ok(Content(number.to_string().into()))
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Content, E> {
                Ok(Content(value.to_string().into()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Content, A::Error> {
                let spelled = Spelled::deserialize(MapAccessDeserializer::new(map))?;
                spelled.bytes().map(Content).map_err(Error::custom)
            }
        }

        deserializer.deserialize_any(Read)
    }
}

pub(super) fn unhex(digits: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = digits.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

fn unbase64(text: &str) -> Option<Vec<u8>> {
    let symbols = text.trim_end_matches('=').bytes().filter(|byte| !byte.is_ascii_whitespace());
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for symbol in symbols {
        let value = match symbol {
            b'A'..=b'Z' => symbol - b'A',
            b'a'..=b'z' => symbol - b'a' + 26,
            b'0'..=b'9' => symbol - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).ok()?);
            bits &= (1 << held) - 1;
        }
    }
    // A single symbol is no byte, and what is left over must be zero.
    (held < 6 && bits == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_in_all_its_forms() {
        for text in ["+/8=", "+/8", "-_8", " -_ 8 "] {
            assert_eq!(unbase64(text), Some(vec![0xfb, 0xff]), "{text}");
        }
        assert_eq!(unbase64(""), Some(Vec::new()));
        for text in ["a", "+/9", "a*aa", "é"] {
            assert_eq!(unbase64(text), None, "{text}");
        }
    }

    #[test]
    fn hexadecimal_is_pairs() {
        assert_eq!(unhex("00 fF"), Some(vec![0, 255]));
        assert_eq!((unhex("0"), unhex("0g"), unhex("é0")), (None, None, None));
    }
}
