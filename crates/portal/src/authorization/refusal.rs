//! Refusals as OAuth says them: one word for the program, one sentence for whoever reads its log.

use std::borrow::Cow;

use sea_orm::DbErr;

use crate::problem::Problem;

/// The words of RFC 6749, 5.2 and 4.1.2.1, of its extensions, and of OpenID Connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// A parameter is missing, repeated or malformed.
    InvalidRequest,
    /// The client is not known, or did not prove who it is.
    InvalidClient,
    /// The code or the refresh token is not, or no longer, good.
    InvalidGrant,
    /// The client may not ask in this way.
    UnauthorizedClient,
    /// There is no such grant type here.
    UnsupportedGrantType,
    /// There is no such response type here.
    UnsupportedResponseType,
    /// A scope is unknown, switched off, or not the client's.
    InvalidScope,
    /// The resource is not this server's audience.
    InvalidTarget,
    /// The token is not, or no longer, good.
    InvalidToken,
    /// The token has not the scope that this takes.
    InsufficientScope,
    /// The person said no.
    AccessDenied,
    /// Nobody is signed in, and nobody may be asked to.
    LoginRequired,
    /// Somebody has to agree, and may not be asked to.
    ConsentRequired,
    /// Requests as signed objects are not taken.
    RequestNotSupported,
    /// Requests by reference are not taken.
    RequestUriNotSupported,
    /// A redirect URI that cannot be registered.
    InvalidRedirectUri,
    /// Metadata that cannot be registered.
    InvalidClientMetadata,
    /// Too much at once, or a part is away.
    TemporarilyUnavailable,
    /// A failure of ours.
    ServerError,
}

impl Code {
    /// The word itself.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::AccessDenied => "access_denied",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::InvalidClientMetadata => "invalid_client_metadata",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::ServerError => "server_error",
        }
    }
}

/// Why a request was refused, or failed.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The caller is to blame, and told why.
    Told(Code, Cow<'static, str>),
    /// What the rest of the portal says: too many requests, a failure.
    Failed(Problem),
}

impl Refusal {
    /// A refusal with a sentence.
    pub(crate) fn new(code: Code, description: impl Into<Cow<'static, str>>) -> Self {
        Self::Told(code, description.into())
    }

    /// `invalid_request`.
    pub(crate) fn request(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::InvalidRequest, description)
    }

    /// `invalid_client`: the same words whatever was wrong.
    pub(crate) const fn client() -> Self {
        Self::Told(Code::InvalidClient, Cow::Borrowed("Client authentication failed"))
    }

    /// `invalid_grant`: the same words whatever was wrong.
    pub(crate) const fn grant() -> Self {
        Self::Told(
            Code::InvalidGrant,
            Cow::Borrowed(
                "The code or refresh token is invalid, expired, used or another client's",
            ),
        )
    }

    /// `invalid_token`: the same words whatever was wrong.
    pub(crate) const fn token() -> Self {
        Self::Told(Code::InvalidToken, Cow::Borrowed("The token is invalid, expired or revoked"))
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Failed(problem)
    }
}

impl From<DbErr> for Refusal {
    fn from(error: DbErr) -> Self {
        Self::Failed(error.into())
    }
}

impl From<getrandom::Error> for Refusal {
    fn from(error: getrandom::Error) -> Self {
        Self::Failed(error.into())
    }
}
