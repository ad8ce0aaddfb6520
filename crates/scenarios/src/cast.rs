//! Who is who in a scenario: the keys behind the names, and the texts that speak of them.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::document::{
    Change, Credential, HeaderValue, KeySource, Name, Policy, Record, Request, Scheme, Step, Token,
};
use crate::subject::START;
use crate::{names, records};

/// The keys of a scenario, those that come with a delta included.
#[derive(Clone, Debug, Default)]
pub struct Cast {
    keys: BTreeMap<String, String>,
    credentials: BTreeMap<String, [u8; 16]>,
    tokens: BTreeMap<Name, Token>,
    /// The names of the tokens that requests carry, and their signatures.
    sent: BTreeMap<Name, String>,
    /// The second at which the story begins.
    start: u64,
}

impl Cast {
    /// Looks through a policy and through the steps that change it.
    ///
    /// # Errors
    ///
    /// When a key cannot be issued as asked.
    pub fn of(
        policy: &Policy,
        tokens: &BTreeMap<Name, Token>,
        steps: &[Step],
    ) -> Result<Self, String> {
        let changes = steps.iter().filter_map(|step| match step {
            Step::Delta(changes) => Some(changes),
            Step::Request(_) | Step::Advance(_) => None,
        });
        let later = changes.flatten().filter_map(|change| match change {
            Change::Put(Record::Credential(credential)) => Some(credential),
            Change::Put(_) | Change::Delete(_) => None,
        });
        let mut cast = Self { tokens: tokens.clone(), start: START, ..Self::default() };
        for credential in policy.credentials.iter().chain(later) {
            cast.add(credential)?;
        }
        for step in steps {
            if let Step::Request(request) = step {
                let names = sent_tokens(request).into_iter();
                cast.sent.extend(names.map(|name| (name, String::new())));
            }
        }
        cast.starting_at(START)
    }

    /// The same, for a story that begins at this second.
    ///
    /// # Errors
    ///
    /// When a token cannot be made.
    pub fn starting_at(mut self, start: u64) -> Result<Self, String> {
        self.start = start;
        for (name, signature) in &mut self.sent {
            let token = self.tokens.get(name).ok_or_else(|| format!("no token `{name}`"))?;
            let token = token.text(&self.tokens, start)?;
            *signature = token.rsplit('.').next().unwrap_or_default().to_owned();
        }
        Ok(self)
    }

    /// The second at which the story begins.
    #[must_use]
    pub const fn start(&self) -> u64 {
        self.start
    }

    /// The tokens, by name.
    #[must_use]
    pub const fn tokens(&self) -> &BTreeMap<Name, Token> {
        &self.tokens
    }

    fn add(&mut self, credential: &Credential) -> Result<(), String> {
        if let Some((name, key)) = issued(&credential.key)? {
            self.keys.insert(name, key);
        }
        self.credentials.insert(credential.name.clone(), id_of(credential)?);
        Ok(())
    }

    /// The id of a credential.
    ///
    /// # Errors
    ///
    /// When there is none of this name.
    pub fn credential_id(&self, name: &str) -> Result<[u8; 16], String> {
        self.credentials.get(name).copied().ok_or_else(|| format!("no credential `{name}`"))
    }

    /// What nobody but its owner may see, in no log and in no answer: the keys, and the
    /// signatures of the tokens.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        self.keys.values().map(String::as_str).chain(self.sent.values().map(String::as_str))
    }

    /// The digest under which a credential is known.
    ///
    /// # Errors
    ///
    /// When the digest is given and is none.
    pub fn digest(&self, credential: &Credential) -> Result<[u8; 32], String> {
        let key = match &credential.key {
            KeySource::Issue(name) | KeySource::IssueAs { name, .. } => {
                self.keys.get(name).ok_or_else(|| format!("no key `{name}`"))?
            }
            KeySource::Raw(key) => key,
            KeySource::Client { strategy, issuer, id } => {
                return Ok(*records::client_digest(strategy, issuer, id).as_bytes());
            }
            KeySource::Digest(hex) => {
                let bytes = names::unhex(hex).and_then(|bytes| bytes.try_into().ok());
                return bytes.ok_or_else(|| format!("`{hex}` is no digest"));
            }
        };
        match credential.scheme {
            Scheme::Sha256 => Ok(Sha256::digest(key.as_bytes()).into()),
            Scheme::HmacSha256 => hmac(&credential.pepper, key.as_bytes()),
        }
    }

    /// A header's value, names replaced.
    ///
    /// # Errors
    ///
    /// When it speaks of something that is not there.
    pub fn value(&self, value: &HeaderValue) -> Result<Vec<u8>, String> {
        match value {
            HeaderValue::Text(text) => self.text(text).map(String::into_bytes),
            HeaderValue::Hex { hex } => {
                names::unhex(hex).ok_or_else(|| format!("`{hex}` is not hexadecimal"))
            }
        }
    }

    /// Replaces `{{kind:name}}` and `{{kind:name|filter}}` in a text.
    ///
    /// Kinds: `key`, `token`, `stranger` (a well-formed key that nobody holds), `credential`, `api`,
    /// `application`, `consumer`, `developer`, `service`, `team`, `blanks` (so many of them). Filters:
    /// `upper`,
    /// `lower`, `drop:n` (without the last n characters), `swap:n` (the n-th character exchanged
    /// for another of the alphabet), `part:n` (what lies between two dots).
    ///
    /// # Errors
    ///
    /// When it speaks of something that is not there.
    pub fn text(&self, text: &str) -> Result<String, String> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let (inner, after) =
                after.split_once("}}").ok_or_else(|| format!("`{text}` lacks `}}}}`"))?;
            out.push_str(before);
            out.push_str(&self.placeholder(inner)?);
            rest = after;
        }
        out.push_str(rest);
        Ok(out)
    }

    fn placeholder(&self, inner: &str) -> Result<String, String> {
        let mut parts = inner.split('|');
        let what = parts.next().unwrap_or_default();
        let (kind, name) =
            what.split_once(':').ok_or_else(|| format!("`{{{{{inner}}}}}` names no kind"))?;
        let mut value = match kind {
            "key" => self.keys.get(name).cloned().ok_or_else(|| format!("no key `{name}`"))?,
            "token" => {
                let token = self.tokens.get(name).ok_or_else(|| format!("no token `{name}`"))?;
                token.text(&self.tokens, self.start)?
            }
            "blanks" => " ".repeat(name.parse().map_err(|_| format!("`{name}` is no number"))?),
            "stranger" => issue(name, "gk", "live")?,
            "credential" => names::id_text(self.credential_id(name)?),
            "api" | "application" | "consumer" | "developer" | "service" | "team" => {
                names::id_text(names::id(kind, name))
            }
            _ => return Err(format!("`{kind}` is no kind of name")),
        };
        for filter in parts {
            value = filtered(&value, filter)?;
        }
        Ok(value)
    }
}

/// The names of the tokens that a request carries.
fn sent_tokens(request: &Request) -> Vec<Name> {
    let values = request.headers.iter().filter_map(|(_, value)| match value {
        HeaderValue::Text(text) => Some(text),
        HeaderValue::Hex { .. } => None,
    });
    let mut names = Vec::new();
    for text in values.chain([&request.path]) {
        let places = text.split("{{token:").skip(1);
        let name = |place: &str| place.split(['|', '}']).next().map(String::from);
        names.extend(places.filter_map(name));
    }
    names
}

/// The id of a credential: what its key spells, or what its name stands for.
///
/// # Errors
///
/// When its key cannot be issued as asked.
pub fn id_of(credential: &Credential) -> Result<[u8; 16], String> {
    match issued(&credential.key)? {
        Some((_, key)) => spelled_id(&key).ok_or_else(|| format!("`{key}` spells no id")),
        None => Ok(names::id("credential", &credential.name)),
    }
}

/// The name and the text of a key that we issue.
fn issued(key: &KeySource) -> Result<Option<(String, String)>, String> {
    Ok(match key {
        KeySource::Issue(name) => Some((name.clone(), issue(name, "gk", "live")?)),
        KeySource::IssueAs { name, prefix, environment } => {
            Some((name.clone(), issue(name, prefix, environment)?))
        }
        KeySource::Raw(_) | KeySource::Digest(_) | KeySource::Client { .. } => None,
    })
}

/// HMAC-SHA-256 under the pepper of this id.
///
/// # Errors
///
/// Never in practice: every length of key is one for HMAC.
pub fn hmac(pepper: &str, key: &[u8]) -> Result<[u8; 32], String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&names::seed("pepper", pepper))
        .map_err(|error| error.to_string())?;
    mac.update(key);
    Ok(mac.finalize().into_bytes().into())
}

fn issue(name: &str, prefix: &str, environment: &str) -> Result<String, String> {
    names::key(name, prefix, environment)
        .ok_or_else(|| format!("`{prefix}_{environment}` cannot begin a key"))
}

fn filtered(text: &str, filter: &str) -> Result<String, String> {
    let chars = text.chars();
    let (name, number) = filter.split_once(':').unwrap_or((filter, "0"));
    let number: usize = number.parse().map_err(|_| format!("`{filter}` has no number"))?;
    Ok(match name {
        "upper" => text.to_ascii_uppercase(),
        "lower" => text.to_ascii_lowercase(),
        "part" => text.split('.').nth(number).ok_or("no such part")?.to_owned(),
        "drop" => chars.take(text.len().saturating_sub(number)).collect(),
        "swap" => {
            let other = |char| if char == '7' { '8' } else { '7' };
            chars.enumerate().map(|(at, c)| if at == number { other(c) } else { c }).collect()
        }
        _ => return Err(format!("`{name}` is no filter")),
    })
}

/// The credential's id that a key spells: a UUIDv8 of the 64 bits in its key id, see the core's
/// `key` module. Written anew here, from the words of that page.
pub(crate) fn spelled_id(key: &str) -> Option<[u8; 16]> {
    let body = key.rsplit('_').next()?;
    let mut number = 0_u128;
    for char in body.get(..11)?.chars() {
        let digit = match char {
            '0'..='9' => u32::from(char) - u32::from('0'),
            'A'..='Z' => u32::from(char) - u32::from('A') + 10,
            'a'..='z' => u32::from(char) - u32::from('a') + 36,
            _ => return None,
        };
        number = number * 62 + u128::from(digit);
    }
    let number = u128::from(u64::try_from(number).ok()?);
    let (high, middle, low) = (number >> 16, number >> 4 & 0xfff, number & 0xf);
    let tag = u128::from_be_bytes(*b"\0\0\0\0\0\0\0\0\0gatekey");
    Some((high << 80 | 8 << 76 | middle << 64 | 0x80 << 56 | low << 56 | tag).to_be_bytes())
}
