//! Signing in: the authorization code flow with PKCE (OpenID Connect Core 3.1, RFC 7636, RFC 9700).
//!
//! A sign-in under way lives in the strategy's cookie for ten minutes: a seed from which `state`,
//! `nonce` and the PKCE verifier follow, what it was begun with, and the path to return to. When it
//! succeeds, the session takes the cookie's place in the same `Set-Cookie`.
//!
//! A browser has one such cookie, so of several tabs that sign in the newest wins: an older one
//! that comes back first is refused without harm to the newest, and one that comes back after it
//! finds the session there and is sent on without another exchange.

use alloc::boxed::Box;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::cookie;
use super::drbg::expand;
use super::query;
use super::sealed::{Fields, Jar, LOGIN, Presented, Sealer, put_text};
use super::session::{Age, SealedSession, Session, TooLarge};
use super::settings::{SameSite, Settings};
use super::url::Url;
use crate::check::{Denial, Redirect};
use crate::http::{Header, Request};
use crate::secret::Secret;
use crate::time::UnixTime;

/// How long a sign-in may take.
pub(crate) const LOGIN_SECONDS: u64 = 600;
/// How far in the future a sign-in may have begun: the clocks of gateways differ.
const MAX_SKEW_SECONDS: u64 = 60;
/// The longest path that is returned to.
const MAX_RETURN_BYTES: usize = 1024;
/// The longest code that is exchanged.
const MAX_CODE_BYTES: usize = 4096;
/// A sign-in under way.
#[derive(Clone)]
pub(crate) struct Login {
    seed: Secret<[u8; 32]>,
    begun_at: UnixTime,
    /// The issuer, client and redirect URI it was begun with.
    binding: [u8; 32],
    return_to: Box<str>,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("begun_at", &self.begun_at).finish_non_exhaustive()
    }
}

impl Login {
    fn state(&self) -> Secret<String> {
        self.derive(b"state")
    }

    fn nonce(&self) -> Secret<String> {
        self.derive(b"nonce")
    }

    /// 43 characters, as RFC 7636 4.1 wants them.
    fn verifier(&self) -> Secret<String> {
        self.derive(b"code_verifier")
    }

    fn derive(&self, label: &[u8]) -> Secret<String> {
        Secret::new(URL_SAFE_NO_PAD.encode(expand(self.seed.expose(), label)))
    }

    pub(super) const fn age(&self, now: UnixTime) -> Result<(), Age> {
        if self.begun_at.seconds_since(now) > MAX_SKEW_SECONDS {
            return Err(Age::Future);
        }
        if now.seconds_since(self.begun_at) > LOGIN_SECONDS {
            return Err(Age::Absolute);
        }
        Ok(())
    }

    fn encode(&self) -> Option<Zeroizing<Vec<u8>>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(128 + MAX_RETURN_BYTES));
        bytes.push(LOGIN);
        bytes.extend_from_slice(self.seed.expose());
        bytes.extend_from_slice(&self.begun_at.0.to_be_bytes());
        bytes.extend_from_slice(&self.binding);
        put_text(&mut bytes, &self.return_to)?;
        Some(bytes)
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields(bytes);
        let login = Self {
            seed: Secret::new(fields.array()?),
            begun_at: fields.time()?,
            binding: fields.array()?,
            return_to: fields.text().filter(|path| is_own_path(path.as_bytes()))?.into(),
        };
        fields.end(login)
    }
}

/// A code to be exchanged, with all that belongs to it.
#[derive(Clone, Debug)]
pub(crate) struct CodeExchange {
    /// The code.
    pub(crate) code: Secret<String>,
    /// The PKCE verifier.
    pub(crate) verifier: Secret<String>,
    /// The nonce that the ID token must have.
    pub(crate) nonce: Secret<String>,
    /// Where the browser goes when all is well.
    pub(crate) return_to: Box<str>,
}

/// What a return from the provider comes to.
#[derive(Clone, Debug)]
pub(crate) enum Returned {
    /// A code to be exchanged.
    Exchange(CodeExchange),
    /// There is a session already: another tab was faster, or the page was loaded again.
    SignedIn(Redirect),
}

/// Sends a browser to the provider to sign in.
///
/// # Errors
///
/// [`Denial::LoginRequired`] when the request is not a browser's navigation, when the strategy has
/// no client or redirect URI, and when the redirect URI is of another host than the request or the
/// request outside of the cookie's path: the cookie would not come back.
pub(crate) fn begin(
    jar: &Jar<'_>,
    sealer: &mut Sealer<'_>,
    authorization_endpoint: &Url,
) -> Result<Redirect, Denial> {
    let (settings, request) = (jar.settings, jar.request);
    let (Some(client), Some(redirect_uri)) = (&settings.client_id, &settings.redirect_uri) else {
        return Err(Denial::LoginRequired);
    };
    let comes_back = is_at(redirect_uri, request.authority)
        && is_below(settings.session_cookie_path.as_bytes(), request.path);
    if !is_navigation(request) || !comes_back {
        return Err(Denial::LoginRequired);
    }
    let login = Login {
        seed: Secret::new(sealer.draw("login", request)),
        begun_at: sealer.now,
        binding: binding(settings).ok_or(Denial::LoginRequired)?,
        return_to: return_path(settings, request).into(),
    };
    let set_cookie = login
        .encode()
        .and_then(|content| jar.seal(sealer, &content))
        // The way back is a navigation that another site causes: a stricter cookie would not come.
        .and_then(|value| cookie::set(settings, SameSite::Lax, &value, LOGIN_SECONDS))
        .ok_or(Denial::LoginRequired)?;
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(login.verifier().expose()));
    let mut location = query::to_url(authorization_endpoint);
    let scope = settings.scopes.join(" ");
    let audience = settings.audience.join(" ");
    let redirect_uri = redirect_uri.to_string();
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", client),
        ("redirect_uri", &redirect_uri),
        ("scope", &scope),
        ("state", login.state().expose()),
        ("nonce", login.nonce().expose()),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
        ("audience", &audience),
    ] {
        if !value.is_empty() {
            query::push(&mut location, name, value);
        }
    }
    for (name, value) in &settings.authorization_query_args {
        query::push(&mut location, name, value);
    }
    Ok(Redirect { location: Secret::new(location), set_cookie: Some(set_cookie) })
}

/// Whether a request is the browser's return from the provider: a `GET` of the redirect URI's path
/// with `code`, `error` or `state`. Without those it is a request like any other, so the redirect
/// URI can be a path that also serves something else.
pub(crate) fn is_callback(settings: &Settings, request: &Request<'_>) -> bool {
    let Some(redirect_uri) = &settings.redirect_uri else { return false };
    let (path, query) = query::split_target(request.path);
    let (own, _) = query::split_target(redirect_uri.path_and_query.as_bytes());
    request.method == b"GET"
        && path == own
        && is_at(redirect_uri, request.authority)
        && ["code", "error", "state"].iter().any(|name| query::has(query, name))
}

/// Takes the browser's return from the provider.
///
/// # Errors
///
/// [`Denial::LoginFailed`] when it does not belong to the sign-in in the cookie, when the provider
/// says so, and when a parameter is missing, comes twice or cannot be read.
pub(crate) fn callback(jar: &Jar<'_>, presented: &Presented) -> Result<Returned, Denial> {
    let settings = jar.settings;
    let login = match presented {
        Presented::Login(login) => login,
        Presented::Session { .. } => {
            let location = settings.login_redirect_uri.as_deref().unwrap_or_else(|| home(settings));
            let location = Secret::new(location.into());
            return Ok(Returned::SignedIn(Redirect { location, set_cookie: None }));
        }
        Presented::Nothing | Presented::Useless(_) => return Err(Denial::LoginFailed),
    };
    let (_, query) = query::split_target(jar.request.path);
    let [code, state, issuer, error] =
        query::take(query, ["code", "state", "iss", "error"]).map_err(|_| Denial::LoginFailed)?;
    let expected = login.state();
    let is_ours = state.is_some_and(|state| same(&state, expected.expose()))
        // The strategy's settings may have changed since.
        && binding(settings).is_some_and(|now| login.binding.ct_eq(&now).into())
        // RFC 9207: an answer of another provider must not be taken for this one's.
        && issuer.is_none_or(|issuer| *issuer == *settings.issuer);
    let code = code.filter(|code| {
        !code.is_empty()
            && code.len() <= MAX_CODE_BYTES
            && code.bytes().all(|byte| matches!(byte, 0x20..=0x7e))
    });
    let (true, None, Some(code)) = (is_ours, error, code) else {
        return Err(Denial::LoginFailed);
    };
    Ok(Returned::Exchange(CodeExchange {
        code: Secret::new(code),
        verifier: login.verifier(),
        nonce: login.nonce(),
        return_to: login.return_to.clone(),
    }))
}

/// Puts the session in the place of the sign-in and sends the browser on.
///
/// # Errors
///
/// When the session does not fit into a cookie.
pub(crate) fn finish(
    jar: &Jar<'_>,
    sealer: &mut Sealer<'_>,
    session: &Session,
    return_to: &str,
) -> Result<(Redirect, SealedSession), TooLarge> {
    // The browser comes from another site, and would not send a `Strict` cookie with the next
    // request: it would be sent to sign in again, for ever. The cookie becomes `Strict` when the
    // session is next sealed.
    let same_site = match jar.settings.session_cookie_same_site {
        SameSite::Strict => SameSite::Lax,
        other => other,
    };
    let sealed = session.seal_for(jar, sealer, same_site)?;
    let location = jar.settings.login_redirect_uri.as_deref().unwrap_or(return_to);
    let redirect = Redirect {
        location: Secret::new(location.into()),
        set_cookie: Some(sealed.set_cookie.clone()),
    };
    Ok((redirect, sealed))
}

/// Whether a person looks at the answer: only then it makes sense to send the browser elsewhere.
///
/// Browsers say so in `Sec-Fetch-*`; of others an `Accept` with `text/html` is asked for.
pub(crate) fn is_navigation(request: &Request<'_>) -> bool {
    if request.method != b"GET" || has_token(request, b"sec-purpose", b"prefetch") {
        return false;
    }
    match (one(request, b"sec-fetch-mode"), one(request, b"sec-fetch-dest")) {
        (Field::Absent, Field::Absent) => {
            one(request, b"x-requested-with") == Field::Absent
                && has_token(request, b"accept", b"text/html")
        }
        (mode, destination) => {
            matches!(mode, Field::Absent | Field::Once(b"navigate"))
                && matches!(destination, Field::Absent | Field::Once(b"document"))
        }
    }
}

/// How often a header field is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Field<'r> {
    Absent,
    Once(&'r [u8]),
    Repeated,
}

fn named<'r>(request: &Request<'r>, name: &[u8]) -> impl Iterator<Item = &'r Header<'r>> {
    request.headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name))
}

fn one<'r>(request: &Request<'r>, name: &[u8]) -> Field<'r> {
    let mut fields = named(request, name);
    match (fields.next(), fields.next()) {
        (None, _) => Field::Absent,
        (Some(field), None) => Field::Once(field.value.trim_ascii()),
        (Some(_), Some(_)) => Field::Repeated,
    }
}

/// Whether a list names `token`, parameters aside.
fn has_token(request: &Request<'_>, name: &[u8], token: &[u8]) -> bool {
    let lists = named(request, name).flat_map(|header| header.value.split(|byte| *byte == b','));
    lists.into_iter().any(|entry| {
        let word = entry.split(|byte| *byte == b';').next().unwrap_or_default();
        word.trim_ascii().eq_ignore_ascii_case(token)
    })
}

/// Whether a sign-in that was begun with these settings may go on under them.
fn binding(settings: &Settings) -> Option<[u8; 32]> {
    let redirect_uri = settings.redirect_uri.as_ref()?.to_string();
    let client = settings.client_id.as_deref()?;
    let mut digest = Sha256::new();
    for part in [&*settings.issuer, client, &redirect_uri] {
        digest.update(u64::try_from(part.len()).ok()?.to_be_bytes());
        digest.update(part);
    }
    Some(digest.finalize().into())
}

/// Where to return to: what was asked for, when it is a path of this origin and not too long.
fn return_path<'a>(settings: &'a Settings, request: &Request<'a>) -> &'a str {
    let path = Some(request.path).filter(|path| {
        path.len() <= MAX_RETURN_BYTES && is_own_path(path) && !is_callback(settings, request)
    });
    path.and_then(|path| core::str::from_utf8(path).ok()).unwrap_or_else(|| home(settings))
}

/// Where one goes who wanted nothing else: where the cookie is for.
fn home(settings: &Settings) -> &str {
    let path = &*settings.session_cookie_path;
    if is_own_path(path.as_bytes()) { path } else { "/" }
}

/// Whether browsers take it for a path of the same origin: `//host` and `/\host` are another.
fn is_own_path(path: &[u8]) -> bool {
    path.first() == Some(&b'/')
        && path.get(1) != Some(&b'/')
        && path.iter().all(|byte| matches!(byte, 0x21..=0x7e) && *byte != b'\\' && *byte != b'#')
}

/// Whether a cookie of this path comes with a request (RFC 6265 5.1.4).
fn is_below(cookie_path: &[u8], target: &[u8]) -> bool {
    let (path, _) = query::split_target(target);
    path.strip_prefix(cookie_path).is_some_and(|rest| {
        rest.is_empty() || rest.starts_with(b"/") || cookie_path.ends_with(b"/")
    })
}

/// Whether the URL is at this authority; a port that the scheme has anyway may be left out.
fn is_at(url: &Url, authority: &[u8]) -> bool {
    let port: &[u8] = if &*url.scheme == "https" { b":443" } else { b":80" };
    let bare =
        |authority: &[u8]| authority.strip_suffix(port).unwrap_or(authority).to_ascii_lowercase();
    bare(url.authority.as_bytes()) == bare(authority)
}

fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}
