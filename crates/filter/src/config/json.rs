//! A strict reader of JSON, with the place of every value: a fraction of what a general one would
//! add to a guest module.

use std::borrow::Cow;

/// How deep lists and objects may lie in each other.
const MAX_DEPTH: usize = 16;

/// A rule that is broken, and the byte where that shows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) rule: String,
}

pub(super) fn fault<T>(at: usize, rule: impl Into<String>) -> Result<T, Fault> {
    Err(Fault { at, rule: rule.into() })
}

/// A value and where it begins.
#[derive(Debug)]
pub(super) struct Node<'j> {
    pub(super) at: usize,
    pub(super) value: Value<'j>,
}

#[derive(Debug)]
pub(super) enum Value<'j> {
    Null,
    Flag(bool),
    /// As it is written.
    Number(&'j str),
    Text(Cow<'j, str>),
    List(Vec<Node<'j>>),
    Object(Vec<(Cow<'j, str>, Node<'j>)>),
}

/// Reads a whole text.
pub(super) fn read(bytes: &[u8]) -> Result<Node<'_>, Fault> {
    let text = match core::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return fault(error.valid_up_to(), "is not UTF-8"),
    };
    let mut reader = Reader { text, at: 0 };
    let node = reader.value(0)?;
    match reader.next() {
        None => Ok(node),
        Some(_) => fault(reader.at, "only one value may be here"),
    }
}

struct Reader<'j> {
    text: &'j str,
    at: usize,
}

impl<'j> Reader<'j> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is no blank.
    fn next(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.at += 1;
        }
        self.peek()
    }

    fn wrong<T>(&self, rule: &str) -> Result<T, Fault> {
        fault(self.at, if self.peek().is_none() { "the text ends too early" } else { rule })
    }

    fn slice(&self, from: usize) -> &'j str {
        self.text.get(from..self.at).unwrap_or_default()
    }

    fn value(&mut self, depth: usize) -> Result<Node<'j>, Fault> {
        let first = self.next();
        let at = self.at;
        let value = match first {
            _ if depth > MAX_DEPTH => return self.wrong("is nested too deep"),
            Some(b'{') => Value::Object(self.object(depth)?),
            Some(b'[') => {
                let mut items = Vec::new();
                self.items(b']', |reader| {
                    items.push(reader.value(depth + 1)?);
                    Ok(())
                })?;
                Value::List(items)
            }
            Some(b'"') => Value::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => Value::Number(self.number()?),
            _ => self.word()?,
        };
        Ok(Node { at, value })
    }

    fn object(&mut self, depth: usize) -> Result<Vec<(Cow<'j, str>, Node<'j>)>, Fault> {
        let mut fields: Vec<(Cow<'j, str>, Node<'j>)> = Vec::new();
        self.items(b'}', |reader| {
            let at = reader.at;
            if reader.peek() != Some(b'"') {
                return reader.wrong("key must be a string");
            }
            let name = reader.string()?;
            if fields.iter().any(|(known, _)| *known == name) {
                return fault(at, ["duplicate field `", &name, "`"].concat());
            }
            if reader.next() != Some(b':') {
                return reader.wrong("expected `:`");
            }
            reader.at += 1;
            fields.push((name, reader.value(depth + 1)?));
            Ok(())
        })?;
        Ok(fields)
    }

    /// What stands between brackets, with commas between.
    fn items(
        &mut self,
        end: u8,
        mut item: impl FnMut(&mut Self) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.at += 1;
        if self.next() != Some(end) {
            loop {
                self.next();
                item(self)?;
                match self.next() {
                    Some(b',') => self.at += 1,
                    Some(byte) if byte == end => break,
                    _ => return self.wrong("expected `,` or the end"),
                }
            }
        }
        self.at += 1;
        Ok(())
    }

    fn word(&mut self) -> Result<Value<'j>, Fault> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let (word, value) = if rest.starts_with("true") {
            ("true", Value::Flag(true))
        } else if rest.starts_with("false") {
            ("false", Value::Flag(false))
        } else if rest.starts_with("null") {
            ("null", Value::Null)
        } else {
            return self.wrong("expected a value");
        };
        self.at += word.len();
        Ok(value)
    }

    fn digits(&mut self) -> Result<(), Fault> {
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return self.wrong("expected a digit");
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<&'j str, Fault> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(self.slice(start))
    }

    /// A string; without escapes it is not copied.
    fn string(&mut self) -> Result<Cow<'j, str>, Fault> {
        self.at += 1;
        let mut start = self.at;
        let mut text = String::new();
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    text.push_str(self.slice(start));
                    self.at += 1;
                    text.push(self.escape()?);
                    start = self.at;
                }
                Some(0x20..) => self.at += 1,
                _ => return self.wrong("control characters must be escaped"),
            }
        }
        let rest = self.slice(start);
        self.at += 1;
        if text.is_empty() {
            return Ok(Cow::Borrowed(rest));
        }
        text.push_str(rest);
        Ok(Cow::Owned(text))
    }

    fn escape(&mut self) -> Result<char, Fault> {
        let plain = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => return self.code_point(),
            _ => return self.wrong("invalid escape"),
        };
        self.at += 1;
        Ok(char::from(plain))
    }

    fn code_point(&mut self) -> Result<char, Fault> {
        let start = self.at;
        let mut code = self.code_unit()?;
        if (0xd800..0xdc00).contains(&code) {
            let second = if self.peek() == Some(b'\\') {
                self.at += 1;
                self.code_unit()?
            } else {
                0
            };
            // What does not make a pair stays what no character is.
            if (0xdc00..0xe000).contains(&second) {
                code = 0x1_0000 + ((code - 0xd800) << 10) + (second - 0xdc00);
            }
        }
        char::from_u32(code).map_or_else(|| fault(start, "invalid unicode code point"), Ok)
    }

    /// The four digits after a `u`.
    fn code_unit(&mut self) -> Result<u32, Fault> {
        if self.peek() != Some(b'u') {
            return self.wrong("invalid escape");
        }
        let mut code = 0;
        for _ in 0..4 {
            self.at += 1;
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            match digit {
                Some(digit) => code = code * 16 + digit,
                None => return self.wrong("invalid escape"),
            }
        }
        self.at += 1;
        Ok(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        match read(text.as_bytes()) {
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
            ("[1 2]", "3: expected `,` or the end"),
            ("[1,]", "3: expected a value"),
            ("01", "1: only one value may be here"),
            ("1.", "2: the text ends too early"),
            ("-x", "1: expected a digit"),
            ("nul", "0: expected a value"),
            ("\"a\nb\"", "2: control characters must be escaped"),
            (r#""\x""#, "2: invalid escape"),
            (r#""\u12g4""#, "5: invalid escape"),
            (r#""\ud800""#, "2: invalid unicode code point"),
            (r#""\ud800\u0041""#, "2: invalid unicode code point"),
            (r#""\udc00""#, "2: invalid unicode code point"),
        ] {
            assert_eq!(told(text), expected, "{text}");
        }
        assert_eq!(read(b"\"\xff").unwrap_err().at, 1);
        let deep = |depth| ["[".repeat(depth), "]".repeat(depth)].concat();
        assert_eq!(told(&deep(MAX_DEPTH + 1)), "read");
        assert!(told(&deep(MAX_DEPTH + 2)).contains("too deep"));
    }

    #[test]
    fn strings_say_what_they_say_elsewhere() {
        for text in [
            r#""""#,
            r#""plain""#,
            r#""\"\\\/\b\f\n\r\t\u0041\u00e4\ud83d\ude00 end""#,
            "\"Fl\u{fc}ge\"",
        ] {
            let node = read(text.as_bytes()).unwrap();
            let Value::Text(read) = node.value else { panic!("{text}") };
            assert_eq!(read, serde_json::from_str::<String>(text).unwrap());
        }
    }
}
