//! The claims of a token (RFC 7519).

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::TokenFault;
use super::date::NumericDate;
use crate::json::{self, Limits, Node, Value};

/// More than any real token has.
const CLAIMS: Limits = Limits { depth: 16, members: 256, nodes: 4_096 };

/// The claims of a token, by name.
#[derive(Debug)]
pub struct Claims<'j>(Node<'j>);

impl<'j> Claims<'j> {
    /// Reads the payload of a token.
    ///
    /// # Errors
    ///
    /// When it is not a JSON object, has a member twice, or is larger than any real one.
    pub fn parse(payload: &'j [u8]) -> Result<Self, TokenFault> {
        let node = json::read(payload, &CLAIMS).map_err(|_| TokenFault::Malformed)?;
        Self::of(node).ok_or(TokenFault::Malformed)
    }

    pub(crate) fn of(node: Node<'j>) -> Option<Self> {
        matches!(node.value, Value::Object(_)).then_some(Self(node))
    }

    /// A claim.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value<'j>> {
        self.0.value.get(name)
    }

    /// Whether there is such a claim.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// A claim that is text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The issuer.
    #[must_use]
    pub fn iss(&self) -> Option<&str> {
        self.text("iss")
    }

    /// The claim at the end of a path of names.
    #[must_use]
    pub fn at(&self, path: &[Box<str>]) -> Option<&Value<'j>> {
        path.iter().try_fold(&self.0.value, |value, name| value.get(name))
    }

    /// A claim that is one text or a list of texts; `None` when it is not there or anything else.
    #[must_use]
    pub fn strings_at(&self, path: &[Box<str>]) -> Option<Vec<&str>> {
        strings(self.at(path)?)
    }

    /// A claim that is texts separated by blanks, or a list of texts, like `scope`.
    #[must_use]
    pub fn words_at(&self, path: &[Box<str>]) -> Option<Vec<&str>> {
        match self.at(path)? {
            Value::Text(text) => Some(text.split(' ').filter(|word| !word.is_empty()).collect()),
            value => strings(value),
        }
    }

    /// The audience: one text or a list of texts.
    ///
    /// # Errors
    ///
    /// When it is something else.
    pub fn audiences(&self) -> Result<Vec<&str>, TokenFault> {
        match self.get("aud") {
            None => Ok(Vec::new()),
            Some(value) => strings(value).ok_or(TokenFault::Malformed),
        }
    }

    /// When the token ends.
    ///
    /// # Errors
    ///
    /// When it is not a number.
    pub fn exp(&self) -> Result<Option<NumericDate>, TokenFault> {
        self.date("exp")
    }

    /// When the token begins.
    ///
    /// # Errors
    ///
    /// When it is not a number.
    pub fn nbf(&self) -> Result<Option<NumericDate>, TokenFault> {
        self.date("nbf")
    }

    /// When the token was made.
    ///
    /// # Errors
    ///
    /// When it is not a number.
    pub fn iat(&self) -> Result<Option<NumericDate>, TokenFault> {
        self.date("iat")
    }

    fn date(&self, name: &str) -> Result<Option<NumericDate>, TokenFault> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Number(number)) => Ok(Some(NumericDate::read(number))),
            Some(_) => Err(TokenFault::Malformed),
        }
    }
}

fn strings<'v>(value: &'v Value<'_>) -> Option<Vec<&'v str>> {
    match value {
        Value::Text(text) => Some([&**text].into()),
        Value::List(items) => items
            .iter()
            .map(|item| match &item.value {
                Value::Text(text) => Some(&**text),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}
