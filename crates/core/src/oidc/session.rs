//! Sessions: what a check needs in order to decide again without asking the provider.
//!
//! A session ends when it was not used for `session_idling_timeout`, when it was not renewed for
//! `session_rolling_timeout`, and `session_absolute_timeout` after the sign-in at the latest. It
//! lives in its cookie alone, so using it means sealing it anew: that is done when a tenth of the
//! idling time went by since it was last sealed, not on every request. A session can therefore end
//! up to a tenth of the idling time early, never late.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use super::cookie;
use super::sealed::{Fields, Jar, SESSION, Sealer, put_text};
use super::settings::{SameSite, Settings};
use crate::secret::Secret;
use crate::time::UnixTime;

/// How far in the future a session may have been sealed: the clocks of gateways differ. After a
/// clock was set back further than this, the sessions of the time that is gone are over.
const MAX_SKEW_SECONDS: u64 = 60;
/// How long before its end a token is refreshed.
const REFRESH_AHEAD_SECONDS: u64 = 10;

/// Who signed in, as far as the next checks ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The issuer of the token.
    pub(crate) issuer: Box<str>,
    /// The value of the credential claim: by it the application is found.
    pub(crate) client_id: Box<str>,
    /// The token's subject.
    pub(crate) subject: Box<str>,
    /// The granted scopes, space-separated.
    pub(crate) scopes: Box<str>,
}

/// The tokens of a session.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tokens {
    /// When the access token ends; `None` when the provider did not say.
    pub(crate) expires_at: Option<UnixTime>,
    /// Gets new tokens.
    pub(crate) refresh: Option<Secret<String>>,
    /// The access token, when the upstream is to have it.
    pub(crate) access: Option<Secret<String>>,
    /// The ID token, to sign out at the provider with.
    pub(crate) id: Option<Secret<String>>,
}

/// A session.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) identity: Identity,
    pub(crate) tokens: Tokens,
    /// When the user signed in.
    pub(crate) created_at: UnixTime,
    /// When it was last renewed.
    pub(crate) renewed_at: UnixTime,
    /// When it was last sealed.
    pub(crate) used_at: UnixTime,
}

/// Why a session or a sign-in is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Age {
    /// It was not used for too long.
    Idle,
    /// It was not renewed for too long.
    NotRenewed,
    /// It reached its greatest age.
    Absolute,
    /// It is of a time that has not come.
    Future,
}

/// What a session's access token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// It is good.
    Fresh,
    /// It ends now or soon, and can be refreshed.
    Refresh,
    /// It is over, and cannot be refreshed.
    Ended,
}

/// A session that is longer than a cookie can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the session does not fit into a cookie of 4096 bytes")
    }
}

/// A `Set-Cookie` that carries a session.
#[derive(Clone, Debug)]
pub(crate) struct SealedSession {
    /// Its value.
    pub(crate) set_cookie: Secret<String>,
    #[cfg_attr(not(test), expect(dead_code, reason = "said in debugging output alone"))]
    /// The ID token found no room: signing out at the provider will ask the user.
    pub(crate) without_id_token: bool,
    #[cfg_attr(not(test), expect(dead_code, reason = "said in debugging output alone"))]
    /// The access token found no room: the upstream will not get it.
    pub(crate) without_access_token: bool,
}

impl Session {
    /// A session that begins now.
    pub(crate) const fn begin(identity: Identity, tokens: Tokens, now: UnixTime) -> Self {
        Self { identity, tokens, created_at: now, renewed_at: now, used_at: now }
    }

    /// The session with new tokens. The provider may keep the refresh token and the ID token: then
    /// the old ones stay (RFC 6749 6, OpenID Connect Core 12.2).
    pub(crate) fn refreshed(&self, identity: Identity, tokens: Tokens) -> Self {
        let old = &self.tokens;
        let tokens = Tokens {
            refresh: tokens.refresh.or_else(|| old.refresh.clone()),
            id: tokens.id.or_else(|| old.id.clone()),
            ..tokens
        };
        Self { identity, tokens, ..self.clone() }
    }

    /// What the session's access token is good for.
    pub(crate) fn freshness(&self, now: UnixTime) -> Freshness {
        match self.tokens.expires_at {
            Some(end) if end.0 <= now.0.saturating_add(REFRESH_AHEAD_SECONDS) => {
                match &self.tokens.refresh {
                    Some(_) => Freshness::Refresh,
                    None if end > now => Freshness::Fresh,
                    None => Freshness::Ended,
                }
            }
            _ => Freshness::Fresh,
        }
    }

    /// Whether the access token is still good, whatever becomes of refreshing it.
    pub(crate) fn is_current(&self, now: UnixTime) -> bool {
        self.tokens.expires_at.is_none_or(|end| end > now)
    }

    /// Whether the session is to be sealed anew.
    ///
    /// # Errors
    ///
    /// When it is over.
    pub(crate) fn age(&self, settings: &Settings, now: UnixTime) -> Result<bool, Age> {
        let times = [self.created_at, self.renewed_at, self.used_at];
        if times.iter().any(|time| time.seconds_since(now) > MAX_SKEW_SECONDS) {
            return Err(Age::Future);
        }
        let [age, since_renewed, since_used] = times.map(|time| now.seconds_since(time));
        let over = |elapsed: u64, limit: u64| limit != 0 && elapsed > limit;
        if over(age, settings.session_absolute_timeout_seconds) {
            return Err(Age::Absolute);
        }
        if over(since_renewed, settings.session_rolling_timeout_seconds) {
            return Err(Age::NotRenewed);
        }
        if over(since_used, settings.session_idling_timeout_seconds) {
            return Err(Age::Idle);
        }
        let idling = settings.session_idling_timeout_seconds;
        Ok(is_due(since_used, idling, idling / 10) || self.is_to_be_renewed(settings, now))
    }

    /// Whether three quarters of the rolling time are over.
    fn is_to_be_renewed(&self, settings: &Settings, now: UnixTime) -> bool {
        let limit = settings.session_rolling_timeout_seconds;
        is_due(now.seconds_since(self.renewed_at), limit, limit.saturating_sub(limit / 4))
    }

    /// Seals the session as used now, and renewed when it is time. What finds no room is left out:
    /// the ID token first, then the access token.
    ///
    /// # Errors
    ///
    /// When it does not fit without them, or nothing seals here.
    pub(crate) fn seal(
        &self,
        jar: &Jar<'_>,
        sealer: &mut Sealer<'_>,
    ) -> Result<SealedSession, TooLarge> {
        self.seal_for(jar, sealer, jar.settings.session_cookie_same_site)
    }

    /// As [`Session::seal`], under another same-site rule than the settings have.
    pub(super) fn seal_for(
        &self,
        jar: &Jar<'_>,
        sealer: &mut Sealer<'_>,
        same_site: SameSite,
    ) -> Result<SealedSession, TooLarge> {
        let (settings, now) = (jar.settings, sealer.now);
        let mut session = self.clone();
        session.used_at = self.used_at.max(now);
        if self.is_to_be_renewed(settings, now) {
            session.renewed_at = now;
        }
        let max_age = session.remaining(settings);
        loop {
            let line = session
                .encode()
                .and_then(|content| jar.seal(sealer, &content))
                .and_then(|value| cookie::set(settings, same_site, &value, max_age));
            if let Some(set_cookie) = line {
                return Ok(SealedSession {
                    set_cookie,
                    without_id_token: self.tokens.id.is_some() && session.tokens.id.is_none(),
                    without_access_token: self.tokens.access.is_some()
                        && session.tokens.access.is_none(),
                });
            }
            if session.tokens.id.take().is_none() && session.tokens.access.take().is_none() {
                return Err(TooLarge);
            }
        }
    }

    /// Seconds from the last use to the nearest limit, for the browser.
    fn remaining(&self, settings: &Settings) -> u64 {
        let limits = [
            (self.created_at, settings.session_absolute_timeout_seconds),
            (self.renewed_at, settings.session_rolling_timeout_seconds),
            (self.used_at, settings.session_idling_timeout_seconds),
        ];
        let left = limits.iter().filter(|(_, limit)| *limit != 0);
        left.map(|(from, limit)| limit.saturating_sub(self.used_at.seconds_since(*from)))
            .min()
            // Without any limit: as long as browsers keep a cookie.
            .unwrap_or(400 * 86_400)
    }

    fn encode(&self) -> Option<Zeroizing<Vec<u8>>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
        let tokens = &self.tokens;
        let flags = [&tokens.refresh, &tokens.access, &tokens.id]
            .iter()
            .zip([1_u8, 2, 4])
            .filter(|(token, _)| token.is_some())
            .fold(u8::from(tokens.expires_at.is_some()) << 3, |flags, (_, bit)| flags | bit);
        bytes.extend_from_slice(&[SESSION, flags]);
        for time in [self.created_at, self.renewed_at, self.used_at] {
            bytes.extend_from_slice(&time.0.to_be_bytes());
        }
        if let Some(end) = tokens.expires_at {
            bytes.extend_from_slice(&end.0.to_be_bytes());
        }
        let identity = &self.identity;
        for text in [&identity.issuer, &identity.client_id, &identity.subject, &identity.scopes] {
            put_text(&mut bytes, text)?;
        }
        for token in [&tokens.refresh, &tokens.access, &tokens.id].into_iter().flatten() {
            put_text(&mut bytes, token.expose())?;
        }
        Some(bytes)
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields(bytes);
        let [flags] = fields.array()?;
        if flags > 15 {
            return None;
        }
        let (created_at, renewed_at, used_at) = (fields.time()?, fields.time()?, fields.time()?);
        let expires_at = if flags & 8 == 0 { None } else { Some(fields.time()?) };
        let identity = Identity {
            issuer: fields.text()?.into(),
            client_id: fields.text()?.into(),
            subject: fields.text()?.into(),
            scopes: fields.text()?.into(),
        };
        let mut token = |bit: u8| {
            if flags & bit == 0 {
                return Some(None);
            }
            fields.text().map(|text| Some(Secret::new(String::from(text))))
        };
        let tokens = Tokens { expires_at, refresh: token(1)?, access: token(2)?, id: token(4)? };
        fields.end(Self { identity, tokens, created_at, renewed_at, used_at })
    }
}

/// Whether `elapsed` reached the part of a limit at which something is due. What is off never is.
const fn is_due(elapsed: u64, limit: u64, part: u64) -> bool {
    limit != 0 && elapsed >= if part == 0 { 1 } else { part }
}
