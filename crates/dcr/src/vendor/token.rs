//! The administrator's token, by client credentials.

use gatekey_core::secret::Secret;

use super::answer::{Judged, judge};
use super::refusal::Words;
use crate::adapter::{Settled, State, Step};
use crate::call::{Body, Call, Method, Outcome};
use crate::failure::{Failure, FailureKind};

/// The step.
pub(crate) const TOKEN: Step = "get a token for administration";

/// So many seconds before its end a token is not used any more, or half of its life when it is short.
const MARGIN: u64 = 60;

/// A token.
#[derive(Debug)]
pub(crate) struct Token {
    /// The token.
    pub(crate) token: Secret<String>,
    /// Until when it is used, in seconds since 1970.
    pub(crate) end: u64,
    /// The scopes that it is said to have.
    pub(crate) scopes: Option<Vec<String>>,
}

/// What is asked for.
#[derive(Debug)]
pub(crate) struct TokenRequest<'r> {
    /// The provider, for people.
    pub(crate) provider: &'r str,
    /// The token endpoint.
    pub(crate) endpoint: String,
    /// The client.
    pub(crate) client_id: &'r str,
    /// Its secret.
    pub(crate) client_secret: &'r Secret<String>,
    /// `audience` or `scope`, and its value.
    pub(crate) extra: (&'r str, &'r str),
}

impl TokenRequest<'_> {
    /// The call. A token more does no harm.
    pub(crate) fn call(&self) -> Call {
        let body = Body::form([
            ("grant_type", "client_credentials"),
            ("client_id", self.client_id),
            ("client_secret", self.client_secret.expose()),
            self.extra,
        ]);
        Call::new(Method::Post, self.endpoint.clone()).with(body).repeatable()
    }

    /// Reads what came of it.
    pub(crate) fn read(&self, state: &State, outcome: &Outcome) -> Result<Token, Settled> {
        let reply = match judge(self.provider, true, state.attempts, outcome) {
            Judged::Answer(reply) => reply,
            Judged::Later(settled) => return Err(settled),
            Judged::Unknown(why) => return Err(odd(&why)),
        };
        let words = Words::of(reply);
        let secret = Some(self.client_secret.expose().as_str());
        if !reply.succeeded() {
            let told = words.tell(self.provider, reply.status, state, secret);
            let kind = match reply.status {
                400..=403 => FailureKind::Unauthorized,
                _ => FailureKind::Unexpected,
            };
            return Err(Settled::Failed(Failure::new(TOKEN, kind, told)));
        }
        let body = reply.json();
        let Some(token) = super::text(&body, "access_token") else {
            return Err(odd(&format!("{} answers without a token", self.provider)));
        };
        // Providers have been seen to write numbers as texts.
        let lasts = body
            .get("expires_in")
            .and_then(|lasts| lasts.as_u64().or_else(|| lasts.as_str()?.parse().ok()));
        let lasts = lasts.unwrap_or(300).max(2);
        let end = state.now.saturating_add(lasts - MARGIN.min(lasts / 2));
        let scopes = super::texts(&body, "scope");
        Ok(Token { token: Secret::new(token.to_owned()), end, scopes })
    }
}

fn odd(why: &str) -> Settled {
    Settled::Failed(Failure::new(TOKEN, FailureKind::Unexpected, why))
}

/// The token there is, if it still lasts a while.
pub(crate) fn admin_token(state: &State) -> Option<&Secret<String>> {
    let (token, end) = state.session.admin_token.as_ref()?;
    (state.now < *end).then_some(token)
}
