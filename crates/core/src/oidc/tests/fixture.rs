//! A gateway with one strategy, a clock, and a cipher that is good enough for tests.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::sync::Arc;
use alloc::vec::Vec;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::super::drbg::{Drbg, SessionKeys};
use super::super::sealed::{Jar, Presented, Sealer};
use super::super::session::{Identity, SealedSession, Session, Tokens, TooLarge};
use super::super::settings::Settings;
use super::super::url::Url;
use crate::check::Denial;
use crate::crypto::{Crypto, NoEntropy, SealingKey, SignatureKey, UnusableKey};
use crate::http::{Header, Request};
use crate::id::StrategyId;
use crate::jose::PublicKey;
use crate::secret::Secret;
use crate::time::UnixTime;

pub(super) const NOW: UnixTime = UnixTime(1_700_000_000);
pub(super) const STRATEGY: StrategyId = StrategyId::from_bytes([7; 16]);

/// A stream of HMACs, and an HMAC over all of it. The real cipher is a driver's.
#[derive(Debug)]
pub(super) struct TestCrypto;

impl TestCrypto {
    fn mac(key: &SealingKey, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(key.expose()).unwrap();
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    fn apply(key: &SealingKey, nonce: &[u8; 24], bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len() + 16);
        for (at, block) in bytes.chunks(32).enumerate() {
            let stream = Self::mac(key, &[b"stream", nonce, &at.to_be_bytes()]);
            out.extend(block.iter().zip(stream).map(|(byte, key)| byte ^ key));
        }
        out
    }
}

impl Crypto for TestCrypto {
    fn key(&self, _key: &PublicKey) -> Result<Arc<dyn SignatureKey>, UnusableKey> {
        Err(UnusableKey)
    }

    fn seal(&self, key: &SealingKey, nonce: &[u8; 24], context: &[u8], text: &[u8]) -> Vec<u8> {
        let mut sealed = Self::apply(key, nonce, text);
        let tag = Self::mac(key, &[b"tag", nonce, context, &sealed]);
        sealed.extend_from_slice(&tag[..16]);
        sealed
    }

    fn open(
        &self,
        key: &SealingKey,
        nonce: &[u8; 24],
        context: &[u8],
        sealed: &[u8],
    ) -> Option<Vec<u8>> {
        let (text, tag) = sealed.split_at_checked(sealed.len().checked_sub(16)?)?;
        let expected = Self::mac(key, &[b"tag", nonce, context, text]);
        (tag == &expected[..16]).then(|| Self::apply(key, nonce, text))
    }
}

pub(super) fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

pub(super) fn settings() -> Settings {
    let json = br#"{
        "issuer": "https://idp.test",
        "auth_methods": ["session", "refresh_token", "authorization_code"],
        "client_id": "gateway",
        "scopes": ["openid", "email"],
        "redirect_uri": "https://app.test/callback"
    }"#;
    Settings::parse(json).unwrap()
}

pub(super) fn keys() -> SessionKeys {
    SessionKeys::from_secret(&[1; 32], None).unwrap()
}

/// A gateway, with all that may change between two requests.
#[derive(Debug)]
pub(super) struct Gateway {
    pub(super) settings: Settings,
    pub(super) strategy: StrategyId,
    pub(super) keys: SessionKeys,
    pub(super) drbg: Drbg,
    pub(super) now: UnixTime,
}

impl Gateway {
    pub(super) fn new() -> Self {
        Self {
            settings: settings(),
            strategy: STRATEGY,
            keys: keys(),
            drbg: Drbg::default(),
            now: NOW,
        }
    }

    pub(super) fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let mut gateway = Self::new();
        change(&mut gateway.settings);
        gateway
    }

    /// Does something with the strategy's cookie of a request.
    pub(super) fn serve<T>(
        &mut self,
        asked: &Asked,
        work: impl FnOnce(&Jar<'_>, &mut Sealer<'_>) -> T,
    ) -> T {
        let headers = asked.headers();
        let request = asked.request(&headers);
        let jar = Jar { settings: &self.settings, strategy: self.strategy, request: &request };
        let mut sealer = Sealer {
            keys: &self.keys,
            crypto: &TestCrypto,
            entropy: &NoEntropy,
            drbg: &mut self.drbg,
            now: self.now,
        };
        work(&jar, &mut sealer)
    }

    pub(super) fn open(&mut self, asked: &Asked) -> Result<Presented, Denial> {
        self.serve(asked, |jar, sealer| jar.open(sealer))
    }

    pub(super) fn seal(&mut self, session: &Session) -> Result<SealedSession, TooLarge> {
        self.serve(&Asked::get("/"), |jar, sealer| session.seal(jar, sealer))
    }

    /// The cookie that carries a session.
    pub(super) fn cookie(&mut self, session: &Session) -> String {
        sent_back(self.seal(session).unwrap().set_cookie.expose())
    }

    pub(super) fn cookie_name(&self) -> String {
        self.settings.session_cookie.to_string()
    }
}

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) method: &'static str,
    pub(super) authority: String,
    pub(super) path: Vec<u8>,
    pub(super) fields: Vec<(String, Vec<u8>)>,
}

impl Asked {
    pub(super) fn get(path: &str) -> Self {
        Self { method: "GET", authority: "app.test".into(), path: path.into(), fields: Vec::new() }
    }

    /// A page that a browser asks for.
    pub(super) fn page(path: &str) -> Self {
        Self::get(path).field("Sec-Fetch-Mode", "navigate").field("Sec-Fetch-Dest", "document")
    }

    pub(super) fn method(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    pub(super) fn authority(mut self, authority: &str) -> Self {
        self.authority = authority.into();
        self
    }

    pub(super) fn field(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.fields.push((name.into(), value.as_ref().to_vec()));
        self
    }

    pub(super) fn cookie(self, cookie: &str) -> Self {
        self.field("Cookie", cookie)
    }

    pub(super) fn headers(&self) -> Vec<Header<'_>> {
        let header = |(name, value)| Header { name, value };
        self.fields.iter().map(|(n, v)| header((n.as_bytes(), v.as_slice()))).collect()
    }

    pub(super) fn request<'a>(&'a self, headers: &'a [Header<'a>]) -> Request<'a> {
        Request {
            method: self.method.as_bytes(),
            authority: self.authority.as_bytes(),
            path: &self.path,
            headers,
        }
    }
}

/// The cookie that a browser sends after this `Set-Cookie`.
pub(super) fn sent_back(set_cookie: &str) -> String {
    set_cookie.split(';').next().unwrap().into()
}

pub(super) fn identity() -> Identity {
    Identity {
        issuer: "https://idp.test".into(),
        client_id: "client-1".into(),
        subject: "user-1".into(),
        scopes: "openid email".into(),
    }
}

pub(super) fn token(text: &str) -> Option<Secret<String>> {
    Some(Secret::new(text.into()))
}

pub(super) fn session() -> Session {
    let tokens = Tokens {
        expires_at: Some(UnixTime(NOW.0 + 300)),
        refresh: token("refresh-me"),
        access: token("access-me"),
        id: token("id-me"),
    };
    Session::begin(identity(), tokens, NOW)
}

/// The session in a cookie, and whether it is to be sealed anew.
pub(super) fn opened(presented: Result<Presented, Denial>) -> Result<(Session, bool), String> {
    match presented {
        Ok(Presented::Session { session, reissue }) => Ok((session, reissue)),
        other => Err(format!("{other:?}")),
    }
}

/// The parameters of a query, decoded.
pub(super) fn parameters(query: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let mut out = Vec::new();
        let mut rest = text.bytes();
        while let Some(byte) = rest.next() {
            out.push(match byte {
                b'+' => b' ',
                b'%' => {
                    let pair = [rest.next().unwrap(), rest.next().unwrap()];
                    u8::from_str_radix(core::str::from_utf8(&pair).unwrap(), 16).unwrap()
                }
                byte => byte,
            });
        }
        String::from_utf8(out).unwrap()
    };
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap());
    pairs.map(|(name, value)| (decode(name), decode(value))).collect()
}

pub(super) fn parameter(location: &str, name: &str) -> Option<String> {
    let (_, query) = location.split_once('?')?;
    let found = parameters(query).into_iter().find(|(found, _)| found == name);
    found.map(|(_, value)| value)
}

pub(super) fn boxed(names: &[&str]) -> Vec<Box<str>> {
    names.iter().map(|name| Box::from(*name)).collect()
}
