//! Cuts the text of a template into literal text and the tokens of its actions.

use super::Fault;

/// The most tokens of one template.
const MOST_TOKENS: usize = 2_000;

/// A piece of a template.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    /// Text that stands for itself.
    Text(String),
    /// What is between `${` and `}`.
    Action(Vec<Token>),
}

/// A word of an action.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A keyword or the name of a function.
    Word(String),
    /// A field: the names after each dot.
    Field(Vec<String>),
    /// Text in quotes.
    Text(String),
    /// A whole number.
    Int(i64),
    /// Another number.
    Float(f64),
    /// `|`
    Pipe,
    /// `(`
    Open,
    /// `)`
    Close,
}

/// Cuts a template into pieces.
pub(super) fn pieces(text: &str) -> Result<Vec<Piece>, Fault> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut tokens_left = MOST_TOKENS;
    let mut trim = false;
    while let Some((before, after)) = rest.split_once("${") {
        let (after, trims_before) = match after.strip_prefix('-') {
            Some(trimmed) if trimmed.starts_with(char::is_whitespace) => (trimmed, true),
            _ => (after, false),
        };
        let mut literal = before;
        if trim {
            literal = literal.trim_start();
        }
        if trims_before {
            literal = literal.trim_end();
        }
        push_text(&mut pieces, literal);
        let mut cursor = Cursor { rest: after };
        let (tokens, trims_after) = cursor.action(&mut tokens_left)?;
        // An action without a word is a comment.
        if !tokens.is_empty() {
            pieces.push(Piece::Action(tokens));
        }
        rest = cursor.rest;
        trim = trims_after;
    }
    push_text(&mut pieces, if trim { rest.trim_start() } else { rest });
    Ok(pieces)
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) {
    if !text.is_empty() {
        pieces.push(Piece::Text(text.to_owned()));
    }
}

struct Cursor<'t> {
    rest: &'t str,
}

impl Cursor<'_> {
    /// Reads the tokens up to the closing brace, and whether that trims the text behind it.
    fn action(&mut self, left: &mut usize) -> Result<(Vec<Token>, bool), Fault> {
        let mut tokens = Vec::new();
        let mut commented = false;
        loop {
            let spaced = self.rest.trim_start();
            let was_spaced = spaced.len() < self.rest.len();
            self.rest = spaced;
            if let Some(rest) = self.rest.strip_prefix('}') {
                self.rest = rest;
                return closed(tokens, commented, false);
            }
            if was_spaced && let Some(rest) = self.rest.strip_prefix("-}") {
                self.rest = rest;
                return closed(tokens, commented, true);
            }
            if let Some(rest) = self.rest.strip_prefix("/*") {
                let (_, rest) =
                    rest.split_once("*/").ok_or_else(|| Fault::new("has a comment without end"))?;
                self.rest = rest;
                commented = true;
                continue;
            }
            *left = left.checked_sub(1).ok_or_else(|| Fault::new("has too many words"))?;
            tokens.push(self.token()?);
        }
    }

    fn token(&mut self) -> Result<Token, Fault> {
        let Some(first) = self.rest.chars().next() else {
            return Err(Fault::new("has a `${` without its `}`"));
        };
        match first {
            '|' => Ok(self.sign(Token::Pipe)),
            '(' => Ok(self.sign(Token::Open)),
            ')' => Ok(self.sign(Token::Close)),
            '"' => self.quoted(),
            '`' => self.raw(),
            '.' => self.field(),
            '-' | '+' | '0'..='9' => self.number(),
            '$' => Err(Fault::new("uses a variable; variables are not supported")),
            _ if is_letter(first) => Ok(Token::Word(self.word())),
            _ => Err(Fault::new(format!("has a `{first}` where a value should be"))),
        }
    }

    fn sign(&mut self, token: Token) -> Token {
        let mut characters = self.rest.chars();
        characters.next();
        self.rest = characters.as_str();
        token
    }

    fn word(&mut self) -> String {
        self.take(|character| is_letter(character) || character.is_ascii_digit())
    }

    fn take(&mut self, belongs: impl Fn(char) -> bool) -> String {
        let end = self.rest.find(|character| !belongs(character)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        word.to_owned()
    }

    fn field(&mut self) -> Result<Token, Fault> {
        let mut names = Vec::new();
        while let Some(rest) = self.rest.strip_prefix('.') {
            self.rest = rest;
            let name = self.word();
            if name.is_empty() {
                return Err(Fault::new("has a `.` without the name of a field"));
            }
            names.push(name);
        }
        Ok(Token::Field(names))
    }

    fn number(&mut self) -> Result<Token, Fault> {
        let text = self.take(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+' | '_'));
        if let Ok(whole) = text.parse() {
            return Ok(Token::Int(whole));
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Token::Float(number)),
            _ => Err(Fault::new(format!("has `{text}`, which is not a number"))),
        }
    }

    fn raw(&mut self) -> Result<Token, Fault> {
        let inner = self.rest.strip_prefix('`').unwrap_or(self.rest);
        let (text, rest) =
            inner.split_once('`').ok_or_else(|| Fault::new("has a quote without end"))?;
        self.rest = rest;
        Ok(Token::Text(text.to_owned()))
    }

    fn quoted(&mut self) -> Result<Token, Fault> {
        let mut characters = self.rest.strip_prefix('"').unwrap_or(self.rest).chars();
        let mut text = String::new();
        loop {
            match characters.next() {
                None | Some('\n') => return Err(Fault::new("has a quote without end")),
                Some('"') => break,
                Some('\\') => text.push(escaped(&mut characters)?),
                Some(character) => text.push(character),
            }
        }
        self.rest = characters.as_str();
        Ok(Token::Text(text))
    }
}

fn closed(tokens: Vec<Token>, commented: bool, trims: bool) -> Result<(Vec<Token>, bool), Fault> {
    if tokens.is_empty() && !commented {
        return Err(Fault::new("has a `${}` with nothing in it"));
    }
    Ok((tokens, trims))
}

fn escaped(characters: &mut core::str::Chars<'_>) -> Result<char, Fault> {
    match characters.next() {
        Some('n') => Ok('\n'),
        Some('r') => Ok('\r'),
        Some('t') => Ok('\t'),
        Some(same @ ('"' | '\\' | '\'')) => Ok(same),
        Some('u') => {
            let digits: String = characters.by_ref().take(4).collect();
            let code = u32::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 4);
            code.and_then(char::from_u32)
                .ok_or_else(|| Fault::new(format!("has `\\u{digits}`, which is no character")))
        }
        _ => Err(Fault::new("has an unknown escape after `\\`")),
    }
}

fn is_letter(character: char) -> bool {
    character == '_' || character.is_alphabetic()
}
