//! What an ID token must say (OpenID Connect Core 3.1.3.7). Its signature is verified elsewhere.

use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use subtle::ConstantTimeEq;

use super::keys::KeySet;
use super::login::LOGIN_SECONDS;
use crate::check::Denial;
use crate::crypto::Crypto;
use crate::jose::{Algorithm, Claims, Jwk, Jws};
use crate::time::UnixTime;

/// How far the clocks of gateway and provider may differ, whatever the leeway is.
const MIN_SKEW_SECONDS: u64 = 60;
/// The longest subject (OpenID Connect Core 2).
const MAX_SUBJECT_BYTES: usize = 255;

/// What the ID token of somebody who signs in is held against.
#[derive(Clone, Copy, Debug)]
pub struct SignIn<'e> {
    /// Who signs the token, as it names itself.
    pub issuer: &'e str,
    /// For whom the token is.
    pub client_id: &'e str,
    /// The nonce that this sign-in was begun with.
    pub nonce: &'e str,
    /// The access token that came with it.
    pub access_token: &'e str,
    /// The time.
    pub now: UnixTime,
}

impl SignIn<'_> {
    /// Who signed in: the subject, and the payload with all claims of a token that is signed with one
    /// of these keys and was made for this sign-in.
    ///
    /// # Errors
    ///
    /// With the first rule that the token breaks.
    pub fn verify(
        &self,
        token: &[u8],
        keys: &[Jwk],
        crypto: &dyn Crypto,
    ) -> Result<(String, Vec<u8>), Denial> {
        let jws = Jws::parse(token)?;
        KeySet::new(keys, crypto).verify(&jws)?;
        let claims = Claims::parse(&jws.payload)?;
        let audiences: Vec<&str> = claims.audiences()?;
        let token = IdToken {
            algorithm: jws.algorithm,
            issuer: claims.iss(),
            audiences: &audiences,
            authorized_party: claims.text("azp"),
            subject: claims.text("sub"),
            expires_at: claims.exp()?.map(|date| date.seconds()),
            not_before: claims.nbf()?.map(|date| date.seconds()),
            issued_at: claims.iat()?.map(|date| date.seconds()),
            nonce: claims.text("nonce"),
            at_hash: claims.text("at_hash"),
        };
        let expected = Expected {
            issuer: self.issuer,
            client_id: self.client_id,
            nonce: Some(self.nonce),
            access_token: self.access_token,
            leeway_seconds: 0,
            now: self.now,
        };
        let subject = String::from(check_id_token(&token, &expected)?);
        Ok((subject, jws.payload))
    }
}

/// The claims of an ID token that are looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IdToken<'c> {
    /// With which it is signed.
    pub(crate) algorithm: Algorithm,
    pub(crate) issuer: Option<&'c str>,
    pub(crate) audiences: &'c [&'c str],
    pub(crate) authorized_party: Option<&'c str>,
    pub(crate) subject: Option<&'c str>,
    pub(crate) expires_at: Option<i64>,
    pub(crate) not_before: Option<i64>,
    pub(crate) issued_at: Option<i64>,
    pub(crate) nonce: Option<&'c str>,
    pub(crate) at_hash: Option<&'c str>,
}

/// What an ID token is held against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected<'e> {
    pub(crate) issuer: &'e str,
    pub(crate) client_id: &'e str,
    /// The nonce of the sign-in; `None` for a token that came with a refresh.
    pub(crate) nonce: Option<&'e str>,
    /// The access token that came with it.
    pub(crate) access_token: &'e str,
    pub(crate) leeway_seconds: u32,
    pub(crate) now: UnixTime,
}

/// Whether an ID token is for this client and this sign-in; its subject if so.
///
/// # Errors
///
/// With the first rule it breaks.
pub(crate) fn check_id_token<'c>(
    token: &IdToken<'c>,
    expected: &Expected<'_>,
) -> Result<&'c str, Denial> {
    if token.issuer.ok_or(Denial::MissingClaim)? != expected.issuer {
        return Err(Denial::UnknownIssuer);
    }
    if !token.audiences.contains(&expected.client_id) {
        return Err(Denial::WrongAudience);
    }
    match token.authorized_party {
        Some(party) if party != expected.client_id => return Err(Denial::WrongAudience),
        None if token.audiences.len() > 1 => return Err(Denial::WrongAudience),
        _ => {}
    }
    check_times(token, expected)?;
    let subject = token.subject.filter(|subject| !subject.is_empty());
    let subject = subject.ok_or(Denial::MissingClaim)?;
    if subject.len() > MAX_SUBJECT_BYTES {
        return Err(Denial::MalformedToken);
    }
    if let Some(nonce) = expected.nonce {
        let presented = token.nonce.ok_or(Denial::MissingClaim)?;
        if !same(presented, nonce) {
            return Err(Denial::LoginFailed);
        }
    }
    match token.at_hash {
        Some(hash) if !same(hash, &half_hash(token.algorithm, expected.access_token)) => {
            Err(Denial::LoginFailed)
        }
        _ => Ok(subject),
    }
}

fn check_times(token: &IdToken<'_>, expected: &Expected<'_>) -> Result<(), Denial> {
    let now = i64::try_from(expected.now.0).unwrap_or(i64::MAX);
    let leeway = i64::from(expected.leeway_seconds);
    let skew = leeway.max(i64::try_from(MIN_SKEW_SECONDS).unwrap_or(0));
    if token.expires_at.ok_or(Denial::MissingClaim)?.saturating_add(leeway) <= now {
        return Err(Denial::ExpiredToken);
    }
    let issued_at = token.issued_at.ok_or(Denial::MissingClaim)?;
    let begins = token.not_before.unwrap_or(issued_at).max(issued_at);
    if begins > now.saturating_add(skew) {
        return Err(Denial::PrematureToken);
    }
    // It was made for a sign-in that began no longer ago than this.
    let oldest = i64::try_from(LOGIN_SECONDS).unwrap_or(0).saturating_add(skew);
    if issued_at < now.saturating_sub(oldest) {
        return Err(Denial::ExpiredToken);
    }
    Ok(())
}

/// The left half of the access token's hash, of the hash that the signature uses. Ed25519 uses
/// SHA-512.
fn half_hash(algorithm: Algorithm, token: &str) -> String {
    let half = |hash: &[u8]| URL_SAFE_NO_PAD.encode(hash.get(..hash.len() / 2).unwrap_or_default());
    match algorithm {
        Algorithm::Rs256 | Algorithm::Ps256 | Algorithm::Es256 => half(&Sha256::digest(token)),
        Algorithm::Rs384 | Algorithm::Ps384 | Algorithm::Es384 => half(&Sha384::digest(token)),
        Algorithm::Rs512 | Algorithm::Ps512 | Algorithm::Es512 | Algorithm::Ed25519 => {
            half(&Sha512::digest(token))
        }
    }
}

fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}
