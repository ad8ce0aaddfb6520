//! What lies in a strategy's cookie, and how it is sealed.
//!
//! The value is base64url of: a version byte, a byte that names the key, a nonce of 24 bytes, and
//! the sealed content. Sealed with it, but not in it, is where the cookie belongs: strategy, name
//! and host. Moved to another, it does not open.
//!
//! The content is a sign-in under way or a session, never both: the cookie of the one replaces the
//! cookie of the other. So one `Set-Cookie` is enough at every step.

use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::cookie;
use super::drbg::{Drbg, SessionKeys};
use super::login::Login;
use super::session::{Age, Session};
use super::settings::Settings;
use crate::check::Denial;
use crate::crypto::{Crypto, Entropy};
use crate::http::Request;
use crate::id::StrategyId;
use crate::time::UnixTime;

/// The version of the form described above.
const VERSION: u8 = 1;
/// What an authenticated cipher adds.
const TAG_BYTES: usize = 16;

/// All that opening and sealing need from outside.
#[derive(Debug)]
pub(crate) struct Sealer<'a> {
    pub(crate) keys: &'a SessionKeys,
    pub(crate) crypto: &'a dyn Crypto,
    pub(crate) entropy: &'a dyn Entropy,
    pub(crate) drbg: &'a mut Drbg,
    pub(crate) now: UnixTime,
}

/// A strategy's cookie on a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Jar<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) strategy: StrategyId,
    pub(crate) request: &'a Request<'a>,
}

/// What a client presented in a strategy's cookie.
#[derive(Clone, Debug)]
pub(crate) enum Presented {
    /// There is no cookie.
    Nothing,
    /// There is one that is of no use.
    Useless(
        #[cfg_attr(not(test), expect(dead_code, reason = "said in debugging output alone"))]
        Useless,
    ),
    /// A sign-in is under way.
    Login(Login),
    /// A session, within its limits.
    Session {
        /// What it holds.
        session: Session,
        /// It has to be sealed anew: it was used, or gets old, or its key does.
        reissue: bool,
    },
}

/// Why a cookie is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Useless {
    /// It is not one of ours: altered, of another place, of a key that is gone.
    Unreadable,
    /// The sign-in or the session is over.
    Over(Age),
}

impl Jar<'_> {
    /// Where the cookie belongs.
    fn place(&self) -> Vec<u8> {
        let host: Vec<u8> = match &self.settings.session_cookie_domain {
            // A cookie of a domain belongs to all its hosts.
            Some(domain) => domain.trim_start_matches('.').to_ascii_lowercase().into_bytes(),
            None => self.request.authority.to_ascii_lowercase(),
        };
        let mut place = Vec::with_capacity(host.len().saturating_add(96));
        place.extend_from_slice(b"gatekey cookie");
        place.extend_from_slice(self.strategy.as_bytes());
        for part in [self.settings.session_cookie.as_bytes(), &host] {
            let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
            place.extend_from_slice(&length.to_be_bytes());
            place.extend_from_slice(part);
        }
        place
    }

    /// Opens the cookie.
    ///
    /// # Errors
    ///
    /// When it came twice, or with more cookies than are looked at.
    pub(crate) fn open(&self, sealer: &Sealer<'_>) -> Result<Presented, Denial> {
        let name = &self.settings.session_cookie;
        let Some(value) = cookie::find(self.request.headers, name)? else {
            return Ok(Presented::Nothing);
        };
        Ok(self.read(sealer, value).unwrap_or_else(Presented::Useless))
    }

    fn read(&self, sealer: &Sealer<'_>, value: &[u8]) -> Result<Presented, Useless> {
        let (content, old_key) = sealer.open(&self.place(), value).ok_or(Useless::Unreadable)?;
        match Content::decode(&content).ok_or(Useless::Unreadable)? {
            Content::Login(login) => {
                login.age(sealer.now).map_err(Useless::Over)?;
                Ok(Presented::Login(login))
            }
            Content::Session(session) => {
                let due = session.age(self.settings, sealer.now).map_err(Useless::Over)?;
                Ok(Presented::Session { session, reissue: due || old_key })
            }
        }
    }

    /// Seals a content of the cookie; `None` when there is nothing to seal with.
    pub(crate) fn seal(&self, sealer: &mut Sealer<'_>, content: &[u8]) -> Option<String> {
        sealer.seal(&self.place(), self.request, content)
    }
}

impl Sealer<'_> {
    /// A value that nobody can foresee.
    pub(crate) fn draw(&mut self, purpose: &str, request: &Request<'_>) -> [u8; 32] {
        self.drbg.draw(self.keys, self.entropy, self.now, purpose, request)
    }

    fn seal(&mut self, place: &[u8], request: &Request<'_>, content: &[u8]) -> Option<String> {
        let key = &self.keys.current;
        let context = with_head(place, key.id);
        let draw = self.drbg.draw(self.keys, self.entropy, self.now, "cookie nonce", request);
        let nonce = self.keys.nonce(&draw, &context, content);
        let sealed = self.crypto.seal(&key.key, &nonce, &context, content);
        // A driver without sealing returns nothing: that must not become a cookie.
        if sealed.len() < content.len().checked_add(TAG_BYTES)? {
            return None;
        }
        let mut bytes = Vec::with_capacity(sealed.len().saturating_add(2 + 24));
        bytes.extend_from_slice(&[VERSION, key.id]);
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&sealed);
        Some(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The content, and whether it was sealed under the previous key.
    fn open(&self, place: &[u8], value: &[u8]) -> Option<(Zeroizing<Vec<u8>>, bool)> {
        if value.len() > cookie::MAX_SET_COOKIE_BYTES {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(value).ok()?;
        let ([version, id], rest) = bytes.split_first_chunk::<2>()?;
        let (nonce, sealed) = rest.split_first_chunk::<24>()?;
        if *version != VERSION || sealed.len() < TAG_BYTES {
            return None;
        }
        let context = with_head(place, *id);
        let current = Some((&self.keys.current, false));
        let previous = self.keys.previous.as_ref().map(|key| (key, true));
        // Both keys may have the same id: it only says which to try.
        current.into_iter().chain(previous).filter(|(key, _)| key.id == *id).find_map(
            |(key, old)| {
                let content = self.crypto.open(&key.key, nonce, &context, sealed)?;
                Some((Zeroizing::new(content), old))
            },
        )
    }
}

fn with_head(place: &[u8], key: u8) -> Vec<u8> {
    let mut context = Vec::with_capacity(place.len().saturating_add(2));
    context.extend_from_slice(&[VERSION, key]);
    context.extend_from_slice(place);
    context
}

/// What a cookie holds.
#[derive(Clone, Debug)]
enum Content {
    Login(Login),
    Session(Session),
}

/// The first byte of a [`Login`].
pub(crate) const LOGIN: u8 = 1;
/// The first byte of a [`Session`].
pub(crate) const SESSION: u8 = 2;

impl Content {
    fn decode(bytes: &[u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        match *kind {
            LOGIN => Login::decode(rest).map(Self::Login),
            SESSION => Session::decode(rest).map(Self::Session),
            _ => None,
        }
    }
}

/// Reads the fields of a content, one after the other.
#[derive(Debug)]
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl<'a> Fields<'a> {
    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(crate) fn time(&mut self) -> Option<UnixTime> {
        self.array().map(|bytes| UnixTime(u64::from_be_bytes(bytes)))
    }

    pub(crate) fn text(&mut self) -> Option<&'a str> {
        let length = usize::from(u16::from_be_bytes(self.array()?));
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        core::str::from_utf8(taken).ok()
    }

    /// What was read, when nothing is left over.
    pub(crate) fn end<T>(&self, value: T) -> Option<T> {
        self.0.is_empty().then_some(value)
    }
}

/// Appends a text of up to 65535 bytes; `None` when it is longer.
pub(crate) fn put_text(bytes: &mut Vec<u8>, text: &str) -> Option<()> {
    bytes.extend_from_slice(&u16::try_from(text.len()).ok()?.to_be_bytes());
    bytes.extend_from_slice(text.as_bytes());
    Some(())
}
