//! How a check ends.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::limit::Exceeded;
use crate::id::{ApiId, ApplicationId, CredentialId, Revision, StrategyId};
use crate::lifecycle::limit::Limit;
use crate::policy::Consumer;
use crate::secret::Secret;
use crate::snapshot::record::Owner;

/// The outcome of a check. A refusal is an outcome, not an error.
#[derive(Debug)]
pub enum Decision<'p> {
    /// The request may go on, with what the grant says about its caller.
    Allow(Grant<'p>),
    /// The request is refused.
    Deny(Refusal),
    /// The browser is sent elsewhere: to sign in, back from there, or out.
    Redirect(Redirect),
}

/// Where a browser is sent. What it carries is secret: `state`, codes, cookies.
#[derive(Clone, Debug)]
pub struct Redirect {
    /// The URL, or a path of the same origin.
    pub location: Secret<String>,
    /// The value of the one `Set-Cookie`.
    pub set_cookie: Option<Secret<String>>,
}

/// Evidence that a request may pass. Only a check makes one: outside this crate it cannot be
/// built.
#[derive(Debug)]
#[non_exhaustive]
pub struct Grant<'p> {
    /// The state of the portal that allowed it.
    pub revision: Revision,
    /// Who calls; `None` where the operator or an admin said that nobody is asked.
    pub caller: Option<Caller<'p>>,
    /// What else changes about the request and its response.
    pub edits: Edits<'p>,
}

impl<'p> Grant<'p> {
    pub(crate) const fn unchecked(revision: Revision) -> Self {
        Self { revision, caller: None, edits: Edits::hiding(None) }
    }

    pub(crate) const fn to(revision: Revision, caller: Caller<'p>, edits: Edits<'p>) -> Self {
        Self { revision, caller: Some(caller), edits }
    }
}

/// What changes about a request that passes, apart from who calls.
#[derive(Debug)]
pub struct Edits<'p> {
    /// The credential, to be hidden from the upstream.
    pub hidden: Option<Hidden<'p>>,
    /// Request headers to set, after hiding.
    pub headers: Vec<HeaderEdit>,
    /// The value of a `Set-Cookie` to add to the response.
    pub set_cookie: Option<Secret<String>>,
}

/// A request header that only the gateway may set: no copy of it that the client sent may stay.
#[derive(Clone, Debug)]
pub struct HeaderEdit {
    /// Its name, lower case.
    pub name: Box<str>,
    /// Its value; without one it is only taken out.
    pub value: Option<Secret<Vec<u8>>>,
}

impl<'p> Edits<'p> {
    pub(crate) const fn hiding(hidden: Option<Hidden<'p>>) -> Self {
        Self { hidden, headers: Vec::new(), set_cookie: None }
    }
}

/// Where a credential came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hidden<'p> {
    /// In this header, lower case.
    Header(&'p [u8]),
    /// In the cookie of this name; the other cookies stay.
    Cookie(&'p str),
    /// In the query parameter of this name; the others stay.
    Query(&'p str),
}

/// Who calls, as the upstream is told.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'p> {
    /// The application.
    pub application: ApplicationId,
    /// Its name, in printable ASCII: other bytes are percent-encoded.
    pub application_name: &'p str,
    /// Who owns the application.
    pub owner: Owner,
    /// The API that is called.
    pub api: ApiId,
    /// The credential that was presented.
    pub credential: CredentialId,
    /// The strategy under which it was honoured.
    pub strategy: StrategyId,
    /// The consumer whom the upstream is told of instead of the application.
    pub(crate) consumer: Option<&'p Consumer>,
    /// How often the application may call.
    pub(crate) limits: &'p [Limit],
}

/// A refused request, with what may be logged about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub denial: Denial,
    /// The credential, as far as it was recognised. Not proven: a client can name any.
    pub credential: Option<CredentialId>,
    /// The application the credential belongs to.
    pub application: Option<ApplicationId>,
    /// The API that was asked for.
    pub api: Option<ApiId>,
    /// The strategy that refused it, when one got that far.
    pub strategy: Option<StrategyId>,
    /// What a client may present here.
    pub challenge: Challenge,
    /// The client holds a session that is of no more use.
    pub ends_session: bool,
    /// The limit that is used up.
    pub exceeded: Option<Exceeded>,
}

/// The authentication schemes that a service asks for (RFC 9110 11.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Challenge {
    /// An API key.
    pub key: bool,
    /// A bearer token.
    pub bearer: bool,
}

impl Refusal {
    /// A refusal for a reason that lies outside the policy, such as [`Denial::NoPolicy`].
    #[must_use]
    pub const fn unproven(denial: Denial) -> Self {
        Self {
            denial,
            credential: None,
            application: None,
            api: None,
            strategy: None,
            challenge: Challenge { key: false, bearer: false },
            ends_session: false,
            exceeded: None,
        }
    }

    /// What the client is told: never the precise reason.
    #[must_use]
    pub const fn message(&self) -> &'static str {
        match self.denial {
            // Where no key is asked for, none is missed.
            Denial::NoCredential if !self.challenge.key => "Unauthorized",
            denial => denial.message(),
        }
    }

    /// The stable code of the reason.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.denial.code()
    }
}

impl From<Denial> for Refusal {
    fn from(denial: Denial) -> Self {
        Self::unproven(denial)
    }
}

macro_rules! denials {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal $status:literal,)*) => {
        /// Why a request is refused. A new reason must break whoever maps them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Denial {
            $($(#[doc = $doc])+ $name,)*
        }

        impl Denial {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// A stable name for logs and metrics. Clients are never told.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The HTTP status of the answer.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// What it means, for the operator's documentation.
            const fn meaning(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+),)* }
            }
        }
    };
}

denials! {
    /// The client's address is in none of the application's networks.
    AddressRefused = "address_refused" 403,
    /// The application may call from certain networks, and where the client is cannot be told.
    AddressUnknown = "address_unknown" 403,
    /// Two different places hold a credential.
    AmbiguousCredential = "ambiguous_credential" 401,
    /// More than one place holds a token, or a header that may come once came twice.
    AmbiguousToken = "ambiguous_token" 400,
    /// The application's credentials are not honoured.
    ApplicationSuspended = "application_suspended" 403,
    /// The token's signature is wrong.
    BadSignature = "bad_signature" 401,
    /// The identity provider does not know the id and secret, or the code, that were presented.
    CredentialsRefused = "credentials_refused" 401,
    /// The same header came more than once.
    DuplicateCredential = "duplicate_credential" 401,
    /// The credential's life is over.
    ExpiredCredential = "expired_credential" 401,
    /// The token's life is over.
    ExpiredToken = "expired_token" 401,
    /// The token is not active, says its issuer.
    InactiveToken = "inactive_token" 401,
    /// The token lacks a scope.
    InsufficientScope = "insufficient_scope" 403,
    /// The portal has not discovered the issuer of the strategy yet.
    IssuerUndiscovered = "issuer_undiscovered" 503,
    /// No key of the issuer is known yet.
    KeysUnavailable = "keys_unavailable" 503,
    /// The answer to a redirect to the identity provider does not belong to one of ours.
    LoginFailed = "login_failed" 401,
    /// Nobody is signed in.
    LoginRequired = "login_required" 401,
    /// So many applications are being counted that there is no room for another.
    LimitsUnavailable = "limits_unavailable" 503,
    /// The credential cannot be one: shape or checksum.
    MalformedCredential = "malformed_credential" 401,
    /// The token cannot be one: shape, encoding, JSON or a header that must be understood.
    MalformedToken = "malformed_token" 401,
    /// The strategy needs what this gateway lacks: a method, a client at the provider, or leave to
    /// call while a request waits.
    MethodAbsent = "method_absent" 403,
    /// The token lacks a claim that is required, or has it in another type.
    MissingClaim = "missing_claim" 401,
    /// No credential was presented.
    NoCredential = "no_credential" 401,
    /// No snapshot has arrived yet.
    NoPolicy = "no_policy" 503,
    /// The application is not registered for the API.
    NotRegistered = "not_registered" 403,
    /// More headers than a filter looks at.
    OversizedRequest = "oversized_request" 431,
    /// The token is longer than what is looked at.
    OversizedToken = "oversized_token" 401,
    /// The token's life has not begun.
    PrematureToken = "premature_token" 401,
    /// The identity provider's answer cannot be believed.
    ProviderInvalid = "provider_invalid" 503,
    /// The identity provider does not answer, or not to this gateway's client.
    ProviderUnavailable = "provider_unavailable" 503,
    /// The application has used up a quota.
    QuotaExhausted = "quota_exhausted" 429,
    /// The application calls more often than one of its rates allows.
    RateLimited = "rate_limited" 429,
    /// The algorithm is not allowed for this issuer, or not one of a public key.
    RefusedAlgorithm = "refused_algorithm" 401,
    /// The registration waits for approval.
    RegistrationPending = "registration_pending" 403,
    /// The registration was turned down.
    RegistrationRejected = "registration_rejected" 403,
    /// The registration was withdrawn.
    RegistrationRevoked = "registration_revoked" 403,
    /// The request has what only the gateway may say, on a host that could not take it out.
    ReservedHeader = "reserved_header" 400,
    /// The portal has been silent for too long.
    StalePolicy = "stale_policy" 503,
    /// More requests wait for an identity provider than may.
    TooManyWaiting = "too_many_waiting" 503,
    /// The credential's application is gone.
    UnknownApplication = "unknown_application" 401,
    /// No application has this client id.
    UnknownClient = "unknown_client" 401,
    /// The credential is not known: never issued, deleted or revoked.
    UnknownCredential = "unknown_credential" 401,
    /// No strategy of the service knows the token's issuer.
    UnknownIssuer = "unknown_issuer" 401,
    /// The issuer has no such key.
    UnknownKey = "unknown_key" 401,
    /// No route matches the request.
    UnknownRoute = "unknown_route" 403,
    /// The service that was named is not known.
    UnknownService = "unknown_service" 403,
    /// Nothing is published behind the service.
    Unpublished = "unpublished" 403,
    /// The token is for another audience.
    WrongAudience = "wrong_audience" 401,
    /// The credential came in a header that its strategy does not use.
    WrongHeader = "wrong_header" 401,
    /// The token is of another kind than an access token.
    WrongTokenType = "wrong_token_type" 401,
}

impl Denial {
    /// What the client is told: never the precise reason.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::NoCredential => "No API key found in request",
            Self::DuplicateCredential | Self::AmbiguousCredential => "Duplicate API key found",
            _ => match self.status() {
                400 if matches!(self, Self::ReservedHeader) => "Reserved header in request",
                400 => "Invalid request",
                401 => "Unauthorized",
                429 => "API rate limit exceeded",
                431 => "Request Header Fields Too Large",
                503 => "Service temporarily unavailable",
                _ if matches!(self, Self::InsufficientScope) => "Forbidden",
                _ => "You cannot consume this service",
            },
        }
    }
}

/// Every reason as a page of Markdown: what the operator reads and what the client is told.
#[must_use]
pub fn refusals_reference() -> String {
    let mut out = String::from(REFERENCE_PREFACE);
    out.push_str("| reason | status | the client is told | meaning |\n|---|---|---|---|\n");
    for denial in Denial::ALL {
        let parts = [denial.code(), "` | ", status_text(denial.status()), " | ", denial.message()];
        out.push_str("| `");
        parts.into_iter().for_each(|part| out.push_str(part));
        out.push_str(" |");
        out.push_str(denial.meaning());
        out.push_str(" |\n");
    }
    out
}

const REFERENCE_PREFACE: &str = "\
# Why requests are refused

The reason is in the log, in the counter `wasmcustom.gatekey.` and its name, and on Envoy in the response \
code details as `gatekey_` and its name. The client is told the status and a short text, never the reason. \
Where a service asks for no API key, a request without a credential is told `Unauthorized`.

";

const fn status_text(status: u16) -> &'static str {
    match status {
        400 => "400",
        401 => "401",
        403 => "403",
        429 => "429",
        431 => "431",
        _ => "503",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_about_refusals_has_every_reason_once() {
        let page = refusals_reference();
        for denial in Denial::ALL {
            let start = alloc::format!("| `{}` | {} |", denial.code(), denial.status());
            assert_eq!(page.matches(&start).count(), 1, "{start}");
            assert!(denial.meaning().starts_with(' ') && denial.meaning().ends_with('.'));
        }
    }

    #[test]
    fn codes_are_unique_and_every_status_has_its_text() {
        for (at, denial) in Denial::ALL.iter().enumerate() {
            assert!(Denial::ALL.iter().skip(at + 1).all(|other| other.code() != denial.code()));
            let expected = match denial.status() {
                401 => {
                    &["No API key found in request", "Duplicate API key found", "Unauthorized"][..]
                }
                400 => &["Reserved header in request", "Invalid request"],
                403 => &["You cannot consume this service", "Forbidden"],
                429 => &["API rate limit exceeded"],
                431 => &["Request Header Fields Too Large"],
                503 => &["Service temporarily unavailable"],
                other => panic!("{other}"),
            };
            assert!(expected.contains(&denial.message()), "{denial:?}");
        }
    }
}
