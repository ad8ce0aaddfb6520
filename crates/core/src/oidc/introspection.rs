//! Tokens that only their issuer can read (RFC 7662).

use super::Answer;
use super::documents::Introspection;
use super::grant;
use super::proof::{Proof, conclude, lifetime};
use super::provider::{Need, Providers, Purpose, call_to};
use super::settings::Settings;
use crate::check::{Denial, Env};
use crate::digest::Digest;
use crate::id::StrategyId;
use crate::sync::Method;
use crate::time::UnixTime;
use alloc::sync::Arc;

/// Has a token introspected.
pub(crate) fn ask(
    providers: &mut Providers,
    settings: &Arc<Settings>,
    strategy: StrategyId,
    env: &Env<'_>,
    token: &str,
    digest: &Digest,
) -> Need {
    let configured = settings.introspection_endpoint.as_ref();
    let endpoint = providers
        .endpoint(settings, env, configured, |discovery| discovery.introspection_endpoint.as_ref());
    let endpoint = match endpoint {
        Ok(endpoint) => endpoint,
        Err(need) => return need,
    };
    let Some(client) = grant::client_of(settings, &env.settings.clients) else {
        return Need::Denied(Denial::MethodAbsent);
    };
    let request = grant::introspection(settings, client, token);
    let mut call = call_to(settings, &endpoint);
    call.method = Method::Post;
    (call.authorization, call.body) = (request.authorization, request.body);
    providers.ask(settings, env, Purpose::Introspection { strategy, digest: *digest }, call)
}

/// What an introspection reply proves.
pub(crate) fn verdict(
    answer: Option<&Answer<'_>>,
    settings: &Settings,
    strategy: StrategyId,
    now: UnixTime,
) -> Result<Proof, Denial> {
    let body = match answer {
        Some(Answer { status: 200, body, .. }) => *body,
        // A refusal of our own credentials, or a failure: not a word about the token.
        _ => return Err(Denial::ProviderUnavailable),
    };
    let reply = Introspection::parse(body).map_err(|_| Denial::ProviderInvalid)?;
    if !reply.active {
        return Err(Denial::InactiveToken);
    }
    let claims = &reply.claims;
    if claims.iss().is_some_and(|issuer| !settings.is_issuer(issuer)) {
        return Err(Denial::UnknownIssuer);
    }
    // Bound to a key, which nothing here could check (RFC 9449 6.2).
    if claims.text("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("DPoP")) {
        return Err(Denial::WrongTokenType);
    }
    let expires_at = lifetime(claims, settings, now)?;
    conclude(claims, settings, strategy, expires_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_yes_proves_anything() {
        let json = br#"{"issuer":"https://idp.test","auth_methods":["introspection"],
            "client_id":"gateway"}"#;
        let settings = Settings::parse(json).unwrap();
        let told = |status, body: &[u8]| {
            let answer = Answer { status, max_age_seconds: None, body };
            let strategy = StrategyId::from_bytes([1; 16]);
            verdict(Some(&answer), &settings, strategy, UnixTime(100)).map(|_| ())
        };
        let yes = br#"{"active":true,"sub":"a","token_type":"Bearer"}"#;
        assert_eq!(told(200, yes), Ok(()));
        for (status, body, denial) in [
            (500, &yes[..], Denial::ProviderUnavailable),
            (401, yes, Denial::ProviderUnavailable),
            (200, b"{}", Denial::ProviderInvalid),
            (200, br#"{"active":false}"#, Denial::InactiveToken),
            (200, br#"{"active":true,"sub":"a","exp":100}"#, Denial::ExpiredToken),
            (
                200,
                br#"{"active":true,"sub":"a","iss":"https://other.test"}"#,
                Denial::UnknownIssuer,
            ),
            (200, br#"{"active":true,"sub":"a","token_type":"dpop"}"#, Denial::WrongTokenType),
            (200, br#"{"active":true,"sub":"a","cnf":{"jkt":"x"}}"#, Denial::WrongTokenType),
            (200, br#"{"active":true}"#, Denial::MissingClaim),
        ] {
            assert_eq!(told(status, body), Err(denial), "{denial:?}");
        }
    }
}
