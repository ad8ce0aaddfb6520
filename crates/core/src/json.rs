//! A strict reader of JSON (RFC 8259), with the place of every value: a fraction of what a general
//! one would add to a guest module.
//!
//! What a client or an identity provider sends is read with bounds: [`Limits`] says how deep, how
//! wide and how much. The work and what is allocated grow with the input. One value, in UTF-8
//! without a byte order mark; no name twice in an object, however it is spelt.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// How much is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How deep lists and objects may lie in the outermost value.
    pub depth: usize,
    /// How many members one object may have.
    pub members: usize,
    /// How many values there may be, wherever they are.
    pub nodes: usize,
}

/// Up to this many members, a new name is compared with each.
const FEW_MEMBERS: usize = 16;

/// A rule that is broken, and the byte where that shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The byte, counted from the beginning.
    pub at: usize,
    /// The rule.
    pub rule: Cow<'static, str>,
}

impl Fault {
    /// Says that a rule is broken here.
    pub fn new(at: usize, rule: impl Into<Cow<'static, str>>) -> Self {
        Self { at, rule: rule.into() }
    }
}

impl core::fmt::Display for Fault {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "byte {}: {}", self.at, self.rule)
    }
}

impl core::error::Error for Fault {}

/// A value and where it begins.
#[derive(Clone, Debug)]
pub struct Node<'j> {
    /// The byte, counted from the beginning.
    pub at: usize,
    /// The value.
    pub value: Value<'j>,
}

/// A value.
#[derive(Clone, Debug)]
pub enum Value<'j> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Flag(bool),
    /// A number, as it is written.
    Number(&'j str),
    /// A string, without its escapes.
    Text(Cow<'j, str>),
    /// A list.
    List(Vec<Node<'j>>),
    /// An object.
    Object(Object<'j>),
}

/// An object: its members in the order they are written, no name twice.
#[derive(Clone, Debug, Default)]
pub struct Object<'j> {
    /// The members.
    pub members: Vec<Member<'j>>,
}

/// A member of an object.
#[derive(Clone, Debug)]
pub struct Member<'j> {
    /// Where the name begins.
    pub at: usize,
    /// The name, without its escapes.
    pub name: Cow<'j, str>,
    /// The value.
    pub node: Node<'j>,
}

impl<'j> Value<'j> {
    /// The string, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number as it is written, if it is one.
    #[must_use]
    pub const fn as_number(&self) -> Option<&'j str> {
        match self {
            Self::Number(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it is true, if it is one of `true` and `false`.
    #[must_use]
    pub const fn as_flag(&self) -> Option<bool> {
        match self {
            Self::Flag(flag) => Some(*flag),
            _ => None,
        }
    }

    /// The items, if it is a list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Node<'j>]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// The object, if it is one.
    #[must_use]
    pub const fn as_object(&self) -> Option<&Object<'j>> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The member of this name, if it is an object that has one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.as_object()?.get(name)
    }
}

impl<'j> Object<'j> {
    /// The value of the member of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value<'j>> {
        self.node(name).map(|node| &node.value)
    }

    /// The same with its place.
    #[must_use]
    pub fn node(&self, name: &str) -> Option<&Node<'j>> {
        self.members.iter().find(|member| member.name == name).map(|member| &member.node)
    }

    /// Takes the member of this name out. The others may change their order.
    pub fn take(&mut self, name: &str) -> Option<Node<'j>> {
        let at = self.members.iter().position(|member| member.name == name)?;
        Some(self.members.swap_remove(at).node)
    }
}

fn fault<T>(at: usize, rule: impl Into<Cow<'static, str>>) -> Result<T, Fault> {
    Err(Fault::new(at, rule))
}

/// Reads a whole text.
///
/// # Errors
///
/// With the first rule that is broken, and where.
pub fn read<'j>(bytes: &'j [u8], limits: &Limits) -> Result<Node<'j>, Fault> {
    let text = match core::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return fault(error.valid_up_to(), "is not UTF-8"),
    };
    let mut reader = Reader { text, at: 0, limits: *limits };
    let node = reader.value(0)?;
    match reader.next() {
        None => Ok(node),
        Some(_) => fault(reader.at, "only one value may be here"),
    }
}

struct Reader<'j> {
    text: &'j str,
    at: usize,
    /// What is left of the nodes; the rest never changes.
    limits: Limits,
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

    fn wrong<T>(&self, rule: &'static str) -> Result<T, Fault> {
        fault(self.at, if self.peek().is_none() { "the text ends too early" } else { rule })
    }

    fn slice(&self, from: usize) -> &'j str {
        self.text.get(from..self.at).unwrap_or_default()
    }

    fn value(&mut self, depth: usize) -> Result<Node<'j>, Fault> {
        let first = self.next();
        let at = self.at;
        if depth > self.limits.depth {
            return self.wrong("is nested too deep");
        }
        match self.limits.nodes.checked_sub(1) {
            Some(left) => self.limits.nodes = left,
            None => return self.wrong("has too many values"),
        }
        let value = match first {
            Some(b'{') => Value::Object(self.object(depth)?),
            Some(b'[') => {
                let mut items = Vec::new();
                self.items(b']', |reader| {
                    items.push(reader.value(depth + 1)?);
                    Ok(())
                })?;
                items.shrink_to_fit();
                Value::List(items)
            }
            Some(b'"') => Value::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => Value::Number(self.number()?),
            _ => self.word()?,
        };
        Ok(Node { at, value })
    }

    fn object(&mut self, depth: usize) -> Result<Object<'j>, Fault> {
        let mut members: Vec<Member<'j>> = Vec::new();
        self.items(b'}', |reader| {
            let at = reader.at;
            if reader.peek() != Some(b'"') {
                return reader.wrong("key must be a string");
            }
            if members.len() >= reader.limits.members {
                return reader.wrong("has too many members");
            }
            let name = reader.string()?;
            if members.len() < FEW_MEMBERS && members.iter().any(|known| known.name == name) {
                return duplicate(at, &name);
            }
            if reader.next() != Some(b':') {
                return reader.wrong("expected `:`");
            }
            reader.at += 1;
            members.push(Member { at, name, node: reader.value(depth + 1)? });
            Ok(())
        })?;
        if members.len() > FEW_MEMBERS {
            all_differ(&members)?;
        }
        members.shrink_to_fit();
        Ok(Object { members })
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

fn duplicate<T>(at: usize, name: &str) -> Result<T, Fault> {
    fault(at, ["duplicate field `", name, "`"].concat())
}

/// Finds the first name that was there before, without comparing each with each: no choice of names
/// makes it dear.
fn all_differ(members: &[Member<'_>]) -> Result<(), Fault> {
    let mut seen: Vec<&str> = Vec::with_capacity(members.len());
    for member in members {
        match seen.binary_search(&&*member.name) {
            Ok(_) => return duplicate(member.at, &member.name),
            Err(place) => seen.insert(place, &member.name),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
