//! What a setting may be, and how that is said.

use alloc::boxed::Box;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::super::url::Url;
use crate::json::{Node, Value};

/// What a setting may be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Flag,
    /// A flag that has one value here.
    Only(bool),
    /// A whole number in this range, both ends included.
    Number(u32, u32),
    One(Text),
    /// One text; Kong has a list here, which may have one item.
    Single(Text),
    /// A list of this many texts.
    List(u16, u16, Text),
    /// An object with public keys (RFC 7517).
    Keys,
}

/// What a text may be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Text {
    /// One of these.
    Of(&'static [&'static str]),
    /// Printable, of at most this many bytes.
    Any(usize),
    /// Printable ASCII without blanks.
    Word(usize),
    /// Words with blanks between.
    Words(usize),
    /// The issuer of a provider.
    Issuer,
    /// An absolute URL.
    Url,
    /// An absolute URL, or a path on the same host.
    Place,
    /// A path, or the end of one.
    Path,
    /// The name of a request header.
    Header,
    /// The name of a header, and perhaps `:bearer`.
    TokenHeader,
    /// The name of a cookie.
    Cookie,
    /// A host name, and perhaps a port.
    Host,
    /// A host name.
    Domain,
}

/// The longest issuer, as Konnect has it.
const MAX_ISSUER_BYTES: usize = 256;
const MAX_NAME_BYTES: usize = 64;
const MAX_PATH_BYTES: usize = 256;
const MAX_HOST_BYTES: usize = 256;

/// A value that fits its kind.
#[derive(Clone, Debug)]
pub(super) enum Given<'j> {
    Nothing,
    Flag(bool),
    Number(u32),
    Text(&'j str),
    List(Vec<&'j str>),
}

impl Given<'_> {
    pub(super) const fn flag(&self) -> bool {
        matches!(self, Self::Flag(true))
    }

    pub(super) const fn number(&self) -> u32 {
        if let Self::Number(number) = self { *number } else { 0 }
    }

    pub(super) const fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(super) fn own_text(&self) -> Option<Box<str>> {
        self.text().map(Into::into)
    }

    pub(super) fn url(&self) -> Option<Url> {
        self.text().and_then(Url::parse)
    }

    pub(super) fn list(&self) -> &[&str] {
        if let Self::List(list) = self { list } else { &[] }
    }

    pub(super) fn own_list(&self) -> Vec<Box<str>> {
        self.list().iter().map(|text| Box::from(*text)).collect()
    }

    /// Names whose case does not matter.
    pub(super) fn lower_case(&self) -> Vec<Box<[u8]>> {
        self.list().iter().map(|name| name.to_ascii_lowercase().into_bytes().into()).collect()
    }
}

/// A rule that is broken, and which item of a list breaks it.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) item: Option<usize>,
    pub(super) rule: String,
}

impl Kind {
    /// Takes a value that fits.
    pub(super) fn read<'j>(self, node: &'j Node<'j>) -> Result<Given<'j>, Broken> {
        let broken = || Broken { item: None, rule: ["must be ", &self.words()].concat() };
        let one = |node: &'j Node<'j>, text: Text, item| match &node.value {
            Value::Text(value) if text.fits(value) => Ok(&**value),
            _ => Err(Broken { item, rule: ["must be ", &text.words()].concat() }),
        };
        match (self, &node.value) {
            (Self::Flag, Value::Flag(flag)) => Ok(Given::Flag(*flag)),
            (Self::Only(only), Value::Flag(flag)) if only == *flag => Ok(Given::Flag(only)),
            (Self::Number(least, most), Value::Number(digits)) => {
                let number = digits.parse().ok();
                let fits = number.filter(|number| (least..=most).contains(number));
                fits.map(Given::Number).ok_or_else(broken)
            }
            (Self::One(text) | Self::Single(text), Value::Text(_)) => {
                one(node, text, None).map(Given::Text)
            }
            (Self::Single(text), Value::List(items)) => match &**items {
                [only] => one(only, text, Some(0)).map(Given::Text),
                _ => Err(broken()),
            },
            (Self::List(least, most, text), Value::List(items)) => {
                if !(usize::from(least)..=usize::from(most)).contains(&items.len()) {
                    return Err(broken());
                }
                let mut list: Vec<&str> = Vec::with_capacity(items.len());
                for (at, item) in items.iter().enumerate() {
                    let item = one(item, text, Some(at))?;
                    if matches!(text, Text::Of(_)) && list.contains(&item) {
                        return Err(Broken { item: Some(at), rule: "is there twice".into() });
                    }
                    list.push(item);
                }
                Ok(Given::List(list))
            }
            // They are looked at when all else is known.
            (Self::Keys, Value::Object(_)) => Ok(Given::Nothing),
            _ => Err(broken()),
        }
    }

    /// What fits, in words.
    pub(super) fn words(self) -> String {
        match self {
            Self::Flag => "true or false".into(),
            Self::Only(true) => "true: nothing else is supported".into(),
            Self::Only(false) => "false: nothing else is supported".into(),
            Self::Number(least, most) => {
                ["a whole number from ", &least.to_string(), " to ", &most.to_string()].concat()
            }
            Self::One(text) => text.words(),
            Self::Single(text) => [&text.words(), ", alone or as a list of one"].concat(),
            Self::List(least, most, text) => {
                let most = most.to_string();
                let count = if least == 0 {
                    ["at most ", &most].concat()
                } else {
                    [&least.to_string(), " to ", &most].concat()
                };
                ["a list of ", &count, ", each ", &text.words()].concat()
            }
            Self::Keys => "a JWK Set object with public keys".into(),
        }
    }
}

impl Text {
    fn fits(self, text: &str) -> bool {
        let name = |text: &str| {
            (1..=MAX_NAME_BYTES).contains(&text.len()) && text.bytes().all(is_token_byte)
        };
        match self {
            Self::Of(known) => known.contains(&text),
            Self::Any(most) => {
                (1..=most).contains(&text.len()) && !text.chars().any(char::is_control)
            }
            Self::Word(most) => {
                (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
            }
            Self::Words(most) => {
                let word = |word: &str| Self::Word(most).fits(word);
                text.len() <= most && text.split(' ').all(word)
            }
            Self::Issuer => {
                let place = text.trim_end_matches('/').ends_with(DISCOVERY_END);
                text.len() <= MAX_ISSUER_BYTES
                    && !text.contains('?')
                    && !place
                    && Url::parse(text).is_some()
            }
            Self::Url => Url::parse(text).is_some(),
            Self::Place => Self::Url.fits(text) || (is_path(text) && !text.starts_with("//")),
            Self::Path => is_path(text) && !text.contains('?'),
            Self::Header => name(text) && is_free_header(text),
            Self::TokenHeader => {
                let (header, scheme) = text.split_once(':').unwrap_or((text, "bearer"));
                Self::Header.fits(header) && scheme == "bearer"
            }
            Self::Cookie => {
                let prefix = |prefix: &str| {
                    let start = text.get(..prefix.len());
                    start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
                };
                name(text) && !prefix("__Host-") && !prefix("__Secure-")
            }
            Self::Domain => Self::Host.fits(text) && !text.contains([':', '[', ']']),
            Self::Host => {
                let fits = |byte: u8| {
                    byte.is_ascii_lowercase()
                        || byte.is_ascii_digit()
                        || matches!(byte, b'-' | b'.' | b'_' | b':' | b'[' | b']')
                };
                (1..=MAX_HOST_BYTES).contains(&text.len()) && text.bytes().all(fits)
            }
        }
    }

    fn words(self) -> String {
        let bytes =
            |what: &str, most: usize| [what, " of 1 to ", &most.to_string(), " bytes"].concat();
        match self {
            Self::Of([only]) => ["`", only, "`"].concat(),
            Self::Of(known) => ["one of `", &known.join("`, `"), "`"].concat(),
            Self::Any(most) => bytes("a string", most),
            Self::Word(most) => bytes("a string without blanks", most),
            Self::Words(most) => [&bytes("words", most), ", a single blank between them"].concat(),
            Self::Issuer => bytes(
                "the issuer exactly as in `iss`: an absolute https URL (http on loopback) without \
                 query, user, fragment or the place of the discovery document,",
                MAX_ISSUER_BYTES,
            ),
            Self::Url => {
                "an absolute https URL (http on loopback) without user and fragment".into()
            }
            Self::Place => {
                "an absolute https URL (http on loopback) without user and fragment, or a path \
                 with a slash in front"
                    .into()
            }
            Self::Path => bytes("a path that begins with a slash,", MAX_PATH_BYTES),
            Self::Header => bytes(
                "the name of a header that is neither the connection's nor Gatekey's,",
                MAX_NAME_BYTES,
            ),
            Self::TokenHeader => {
                "the name of a header that is neither the connection's nor Gatekey's, and perhaps \
                 `:bearer`"
                    .into()
            }
            Self::Cookie => {
                bytes("the name of a cookie without `__Host-` and `__Secure-`,", MAX_NAME_BYTES)
            }
            Self::Domain => bytes("a lower-case host name,", MAX_HOST_BYTES),
            Self::Host => bytes("a lower-case host name, perhaps with a port,", MAX_HOST_BYTES),
        }
    }
}

const DISCOVERY_END: &str = "/.well-known/openid-configuration";

/// A character of a token (RFC 9110 5.6.2): names of headers, cookies and parameters have no other.
const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

fn is_path(text: &str) -> bool {
    let fits = |byte: u8| {
        byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'#' | b';' | b',')
    };
    text.len() <= MAX_PATH_BYTES && text.starts_with('/') && text.bytes().all(fits)
}

/// Whether a header is neither one of the connection or the message, nor one of ours.
fn is_free_header(name: &str) -> bool {
    const TAKEN: [&str; 13] = [
        "connection",
        "content-length",
        "content-type",
        "cookie",
        "expect",
        "host",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
    ];
    !TAKEN.iter().any(|taken| taken.eq_ignore_ascii_case(name))
        && !crate::check::is_identity_header(name.as_bytes())
}
