//! What a developer is told about a refusal of their own call: what happened, and what they can do.
//!
//! Of those who call, developers alone are told. In the words `{api}` stands for the API and
//! `{application}` for the application; whoever shows them puts the names there. A new reason does not
//! compile without its words.

use super::decision::Denial;

/// What a developer is told about a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// What happened.
    pub explanation: &'static str,
    /// What they can do.
    pub remedy: &'static str,
}

/// What only the people who run the gateway can change.
const TELL_OPERATOR: &str =
    "You cannot change this yourself: tell the people who run the portal, with the request id.";
const TRY_AGAIN: &str = "Try again in a few seconds. If it lasts, tell the people who run the portal, \
                         with the request id.";
const NEW_TOKEN: &str = "Ask the identity provider for a new access token and call with that.";

const fn words(explanation: &'static str, remedy: &'static str) -> Words {
    Words { explanation, remedy }
}

impl Denial {
    /// The reason of this code.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|denial| denial.code() == code)
    }

    /// What a developer is told about it.
    #[must_use]
    pub const fn words(self) -> Words {
        match self {
            Self::NoCredential
            | Self::MalformedCredential
            | Self::UnknownCredential
            | Self::ExpiredCredential
            | Self::WrongHeader
            | Self::DuplicateCredential
            | Self::AmbiguousCredential => self.words_on_keys(),
            Self::UnknownApplication
            | Self::UnknownClient
            | Self::ApplicationSuspended
            | Self::NotRegistered
            | Self::RegistrationPending
            | Self::RegistrationRejected
            | Self::RegistrationRevoked
            | Self::AddressRefused
            | Self::AddressUnknown
            | Self::RateLimited
            | Self::QuotaExhausted => self.words_on_applications(),
            Self::AmbiguousToken
            | Self::BadSignature
            | Self::CredentialsRefused
            | Self::ExpiredToken
            | Self::InactiveToken
            | Self::InsufficientScope
            | Self::LoginFailed
            | Self::LoginRequired
            | Self::MalformedToken
            | Self::MissingClaim
            | Self::OversizedToken
            | Self::PrematureToken
            | Self::RefusedAlgorithm
            | Self::UnknownIssuer
            | Self::UnknownKey
            | Self::WrongAudience
            | Self::WrongTokenType => self.words_on_tokens(),
            Self::IssuerUndiscovered => words(
                "The identity provider of {api} has not been set up completely yet.",
                TELL_OPERATOR,
            ),
            Self::KeysUnavailable | Self::ProviderInvalid | Self::ProviderUnavailable => words(
                "The identity provider could not be reached, so nobody could tell whether the token \
                 is good.",
                TRY_AGAIN,
            ),
            Self::LimitsUnavailable | Self::TooManyWaiting => {
                words("The gateway had more to do than it can.", TRY_AGAIN)
            }
            Self::NoPolicy => {
                words("The gateway had just started and knew no applications yet.", TRY_AGAIN)
            }
            Self::StalePolicy => words(
                "The gateway has not heard from the portal for so long that it lets nothing through.",
                TELL_OPERATOR,
            ),
            Self::MethodAbsent => words(
                "The gateway does not know the way in which {api} wants callers to prove who they \
                 are.",
                TELL_OPERATOR,
            ),
            Self::ReservedHeader => words(
                "The request has a header that only the gateway may set, such as X-Consumer-Id.",
                "Leave out headers that say who calls: the gateway tells the API by itself.",
            ),
            Self::OversizedRequest => {
                words("The request has more headers than the gateway reads.", "Send fewer headers.")
            }
            Self::UnknownRoute => words(
                "No API answers to this method, host and path.",
                "Compare the address that you called with that in the documentation of the API.",
            ),
            Self::UnknownService | Self::Unpublished => {
                words("What was called is not published.", TELL_OPERATOR)
            }
        }
    }

    const fn words_on_keys(self) -> Words {
        match self {
            Self::MalformedCredential => words(
                "What was sent as an API key cannot be one: a part is missing, or a character is \
                 wrong.",
                "Copy the whole key again, without spaces and quotation marks. If you no longer have \
                 it, create a new one.",
            ),
            Self::UnknownCredential => words(
                "The API key is not known: it was deleted or revoked, or never issued here.",
                "Create a new key for your application and call with that.",
            ),
            Self::ExpiredCredential => words(
                "The API key has expired.",
                "Create a new key for {application} and call with that.",
            ),
            Self::WrongHeader => words(
                "The API key came in another header than {api} reads.",
                "Send the key in the header that the page of the API shows.",
            ),
            Self::DuplicateCredential => words(
                "The header with the API key came more than once.",
                "Send the key once. A proxy or a library in between may add a second one.",
            ),
            Self::AmbiguousCredential => words(
                "Two headers of the request hold an API key.",
                "Send the key in one header only.",
            ),
            _ => words(
                "The request held no API key and no access token.",
                "Send your key or token in the header that the page of the API shows.",
            ),
        }
    }

    const fn words_on_applications(self) -> Words {
        match self {
            Self::UnknownApplication => words(
                "The key belongs to an application that is gone.",
                "Create an application, request access to the API, and call with a key of it.",
            ),
            Self::UnknownClient => words(
                "No application of this portal has the client id that the token was issued to.",
                "Call with a token of the client id that your application shows.",
            ),
            Self::ApplicationSuspended => words(
                "The application {application} is suspended.",
                "Ask the people who run the portal why, and to let it work again.",
            ),
            Self::NotRegistered => words(
                "The application {application} has not been given access to {api}.",
                "Request access to {api} for {application}. If you have: the application has to use \
                 the auth strategy that the API is published with.",
            ),
            Self::RegistrationPending => words(
                "The request for access to {api} waits for approval.",
                "Wait until an administrator approves it.",
            ),
            Self::RegistrationRejected => words(
                "The request for access to {api} was turned down.",
                "Ask the people who run the portal for the reason.",
            ),
            Self::RegistrationRevoked => words(
                "Access to {api} was withdrawn.",
                "Ask the people who run the portal for the reason, or request access again.",
            ),
            Self::AddressRefused => words(
                "{application} may call only from certain networks, and this call came from \
                 elsewhere.",
                "Call from one of the networks that the application's limits show, or have yours \
                 added by the people who run the portal.",
            ),
            Self::AddressUnknown => words(
                "{application} may call only from certain networks, and the gateway could not tell \
                 where this call came from.",
                TELL_OPERATOR,
            ),
            Self::QuotaExhausted => words(
                "{application} has used up its quota.",
                "Wait until the quota begins anew: the answer's Retry-After header says when. For a \
                 larger one ask the people who run the portal.",
            ),
            _ => words(
                "{application} calls more often than it may.",
                "Slow down: the answer's Retry-After header says when to try again. For a higher rate \
                 ask the people who run the portal.",
            ),
        }
    }

    const fn words_on_tokens(self) -> Words {
        match self {
            Self::AmbiguousToken => words(
                "The request held more than one credential.",
                "Send one token, in one place, and no API key beside it.",
            ),
            Self::BadSignature => words("The signature of the token is wrong.", NEW_TOKEN),
            Self::CredentialsRefused => words(
                "The identity provider does not know the client id and secret, or the user name and \
                 password, that were sent.",
                "Check client id and secret. If the secret is lost, regenerate it.",
            ),
            Self::ExpiredToken => words("The access token has expired.", NEW_TOKEN),
            Self::InactiveToken => {
                words("The identity provider says that the token is no longer valid.", NEW_TOKEN)
            }
            Self::InsufficientScope => words(
                "The token lacks a scope that {api} asks for.",
                "Ask the identity provider for a token with the scopes that the page of the API \
                 names.",
            ),
            Self::LoginFailed => words(
                "The way back from the sign-in page did not belong to a sign-in that was under way.",
                "Begin to sign in again, in one window, with cookies allowed.",
            ),
            Self::LoginRequired => words("Nobody was signed in.", "Sign in first."),
            Self::MissingClaim => words(
                "The token lacks something that {api} needs to know, or has it in another form.",
                TELL_OPERATOR,
            ),
            Self::OversizedToken => words(
                "The token is longer than the gateway reads.",
                "Ask the identity provider for a token with fewer claims.",
            ),
            Self::PrematureToken => words(
                "The token is not valid yet.",
                "Check the clock of whatever makes the token, then try again.",
            ),
            Self::RefusedAlgorithm => {
                words("The token is signed in a way that {api} does not accept.", TELL_OPERATOR)
            }
            Self::UnknownIssuer => words(
                "The token was issued by somebody whom {api} does not trust.",
                "Ask for the token at the issuer that the page of the API names.",
            ),
            Self::UnknownKey => {
                words("The token is signed with a key that its issuer does not have.", NEW_TOKEN)
            }
            Self::WrongAudience => words(
                "The token is meant for another API.",
                "Ask the identity provider for a token with the audience of {api}.",
            ),
            Self::WrongTokenType => words(
                "The token is no access token.",
                "Send the access token: an ID token or a refresh token does not do.",
            ),
            _ => words(
                "What was sent as a token cannot be one.",
                "Send the whole access token after the word Bearer, unchanged.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_reason_has_words_of_its_own_and_no_other_places_for_names() {
        for denial in Denial::ALL {
            let Words { explanation, remedy } = denial.words();
            for text in [explanation, remedy] {
                let bare = text.replace("{api}", "").replace("{application}", "");
                assert!(text.ends_with('.') && !text.contains("  "), "{denial:?}: {text}");
                assert!(!bare.contains(['{', '}']), "{denial:?}: {text}");
            }
            assert_eq!(Denial::of_code(denial.code()), Some(*denial));
        }
        assert_eq!(Denial::of_code("no_such_reason"), None);
        // Only reasons that are the same to a developer share words; what a group forgets would.
        let told: BTreeSet<_> = Denial::ALL.iter().map(|one| one.words().explanation).collect();
        assert_eq!(told.len(), Denial::ALL.len() - 4);
    }
}
