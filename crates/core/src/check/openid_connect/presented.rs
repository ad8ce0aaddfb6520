//! Where a request holds a token, and which.

use alloc::borrow::Cow;

use super::{Candidate, candidates};
use crate::check::decision::{Denial, Hidden};
use crate::check::method::Attempt;
use crate::http::Request;
use crate::oidc::cookie;
use crate::oidc::query;
use crate::oidc::settings::{AuthMethods, Settings};

pub(super) const AUTHORIZATION: &[u8] = b"authorization";

/// A token as it was presented.
#[derive(Debug)]
pub(super) struct Token<'p, 'r> {
    pub(super) text: Cow<'r, [u8]>,
    pub(super) place: Hidden<'p>,
}

/// The one token of a request. Two places that hold one, or a header that comes twice, are an
/// error (RFC 6750 2).
pub(super) fn find<'p, 'r>(attempt: &Attempt<'p, 'r>) -> Result<Option<Token<'p, 'r>>, Denial> {
    let mut found: Option<Token<'p, 'r>> = None;
    let mut hold = |token: Token<'p, 'r>| match &found {
        // The same place for another strategy.
        Some(known) if known.place == token.place && known.text == token.text => Ok(()),
        Some(_) => Err(Denial::AmbiguousToken),
        None => {
            found = Some(token);
            Ok(())
        }
    };
    // Where no token is asked for, the header is the upstream's business.
    if candidates(attempt, AuthMethods::ALL).next().is_none() {
        return Ok(None);
    }
    let authorization = header(attempt.request, AUTHORIZATION);
    let bearer = authorization.and_then(bearer);
    let joined = || bearer.is_none() && authorization.is_some_and(is_joined);
    if count(attempt.request, AUTHORIZATION) > 1 || joined() {
        return Err(Denial::AmbiguousToken);
    }
    for candidate in candidates(attempt, AuthMethods::WITH_TOKEN) {
        let Settings { token_headers, token_cookie, token_query, .. } = &**candidate.settings;
        for name in token_headers {
            if count(attempt.request, name) > 1 {
                return Err(Denial::AmbiguousToken);
            }
            if let Some(text) = in_header(attempt.request, name, bearer)? {
                hold(Token { text: Cow::Borrowed(text), place: Hidden::Header(name) })?;
            }
        }
        if let Some(name) = token_cookie
            && let Some(text) = cookie::find(attempt.request.headers, name)?
        {
            hold(Token { text: Cow::Borrowed(text), place: Hidden::Cookie(name) })?;
        }
        if let Some(name) = token_query {
            let value = query::value_of(attempt.request.path, name);
            if let Some(text) = value.map_err(|_| Denial::AmbiguousToken)? {
                let text = Cow::Owned(text.into_bytes());
                hold(Token { text, place: Hidden::Query(name) })?;
            }
        }
    }
    Ok(found)
}

fn count(request: &Request<'_>, name: &[u8]) -> usize {
    request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name)).count()
}

/// The value of a header that is there once.
pub(super) fn header<'r>(request: &Request<'r>, name: &[u8]) -> Option<&'r [u8]> {
    let mut headers = request.headers.iter();
    headers.find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
}

/// The token in a value of `Authorization`.
fn bearer(value: &[u8]) -> Option<&[u8]> {
    credentials(value, b"bearer").filter(|token| is_token(token))
}

/// A token in a header: after `Bearer` in `Authorization`, with or without it elsewhere. `bearer` is
/// the one in `Authorization`, if it is well formed.
fn in_header<'r>(
    request: &Request<'r>,
    name: &[u8],
    bearer: Option<&'r [u8]>,
) -> Result<Option<&'r [u8]>, Denial> {
    if name == AUTHORIZATION && bearer.is_some() {
        return Ok(bearer);
    }
    let Some(value) = header(request, name) else { return Ok(None) };
    match credentials(value, b"bearer") {
        Some(token) => is_token(token).then_some(Some(token)).ok_or(Denial::MalformedToken),
        None if name == AUTHORIZATION => Ok(None),
        None if value.is_empty() => Ok(None),
        None => is_token(value).then_some(Some(value)).ok_or(Denial::MalformedToken),
    }
}

/// What follows an authentication scheme, whose case does not matter (RFC 9110 11.4).
pub(super) fn credentials<'v>(value: &'v [u8], scheme: &[u8]) -> Option<&'v [u8]> {
    let (name, rest) = value.split_at_checked(scheme.len())?;
    if !name.eq_ignore_ascii_case(scheme) {
        return None;
    }
    match rest {
        [] => Some(rest),
        [b' ', rest @ ..] => Some(rest),
        _ => None,
    }
}

/// Whether this is what a host makes of two `Authorization` headers: Envoy puts a comma between
/// their values. No token holds one.
fn is_joined(value: &[u8]) -> bool {
    let mut more = value.split(|byte| *byte == b',').skip(1).map(<[u8]>::trim_ascii);
    more.any(|value| {
        [&b"bearer"[..], b"basic"].iter().any(|scheme| credentials(value, scheme).is_some())
    })
}

/// The bytes of `b64token` (RFC 6750 2.1) but for `=`. A table, because every token is read through,
/// known ones too.
static TOKEN_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let (mut rest, mut byte) = (table.as_mut_slice(), 0_u8);
    while let [fits, after @ ..] = rest {
        *fits =
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
        (rest, byte) = (after, byte.wrapping_add(1));
    }
    table
};

/// The grammar of `b64token` (RFC 6750 2.1): no blank, no comma, `=` only at the end.
fn is_token(text: &[u8]) -> bool {
    let end = text.iter().rposition(|byte| *byte != b'=').map_or(0, |at| at + 1);
    let text = text.get(..end).unwrap_or_default();
    let fits = |byte: &u8| TOKEN_BYTES.get(usize::from(*byte)).is_some_and(|fits| *fits);
    // Most texts are tokens: nothing is gained by looking where one ceases to be.
    !text.is_empty() && text.iter().fold(true, |fit, byte| fit & fits(byte))
}

impl Candidate<'_> {
    /// Whether this strategy takes a token from there.
    pub(super) fn takes_from(&self, place: Hidden<'_>) -> bool {
        let settings = self.settings;
        match place {
            Hidden::Header(name) => settings.token_headers.iter().any(|known| **known == *name),
            Hidden::Cookie(name) => settings.token_cookie.as_deref() == Some(name),
            Hidden::Query(name) => settings.token_query.as_deref() == Some(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_is_read_in_any_case_and_the_token_by_its_grammar() {
        assert_eq!(credentials(b"Bearer abc", b"bearer"), Some(&b"abc"[..]));
        assert_eq!(credentials(b"bEARER abc", b"bearer"), Some(&b"abc"[..]));
        assert_eq!(credentials(b"Bearerabc", b"bearer"), None);
        assert_eq!(credentials(b"Basic abc", b"bearer"), None);
        for joined in ["Bearer a,Bearer b", "Basic a, bearer b", ",Bearer a", "bearer a,Basic b"] {
            assert!(is_joined(joined.as_bytes()), "{joined}");
        }
        for one in ["Bearer a", "Digest realm=\"a\", nonce=\"b\"", "Bearer a,b", "", ","] {
            assert!(!is_joined(one.as_bytes()), "{one}");
        }
        for good in ["a", "a.b-c_~+/d", "abc=="] {
            assert!(is_token(good.as_bytes()), "{good}");
        }
        for bad in ["", "=", "a b", " a", "a,b", "a=b", "a\"", "a\u{e9}", "a%20"] {
            assert!(!is_token(bad.as_bytes()), "{bad}");
        }
    }
}
