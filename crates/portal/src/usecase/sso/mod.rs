//! Signing in at an identity provider: the authorization code flow of OpenID Connect, with PKCE.
//!
//! What has to be known when the browser comes back travels in a sealed cookie of that browser:
//! nothing is stored for those who never come back, and any process can take them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatekey_core::secret::Secret;
use reqwest::Url;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::identity_provider;
use crate::actor::ClientAddress;
use crate::app::App;
use crate::clock::millis;
use crate::entropy;
use crate::problem::{Invalid, Problem};
use crate::session::{self, Tokens};
use crate::store::entity::portal;
use crate::throttle::{Act, By};
use crate::vault::Place;

mod person;
mod provider;

use self::provider::{Exchange, Provider};

/// For how long somebody may take to sign in at the provider.
pub(crate) const PATIENCE: core::time::Duration = core::time::Duration::from_secs(600);
/// The longest code or state that is looked at.
const LONGEST: usize = 4_096;

/// What is remembered of a sign-in that was begun, sealed in a cookie.
#[derive(Serialize, Deserialize)]
struct Begun {
    provider: Uuid,
    state: String,
    nonce: String,
    verifier: String,
    redirect_uri: String,
    return_to: String,
    ends_at: i64,
}

/// Where to send a browser that wants to sign in, and what it has to bring back.
#[derive(Debug)]
pub(crate) struct Start {
    /// The provider's page.
    pub(crate) location: String,
    /// The value of the cookie.
    pub(crate) cookie: Secret<String>,
}

/// What a browser brings back.
#[derive(Debug, Default)]
pub(crate) struct Return {
    pub(crate) code: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) issuer: Option<String>,
    pub(crate) error: Option<String>,
}

/// Somebody who signed in.
#[derive(Debug)]
pub(crate) struct Finish {
    pub(crate) tokens: Tokens,
    /// The page that they came from.
    pub(crate) return_to: String,
}

/// Begins to sign somebody in. `redirect_uri` is where the provider is to send them back to,
/// `return_to` the page they go on to.
pub(crate) async fn start(
    app: &App,
    portal: &portal::Model,
    ClientAddress(address): ClientAddress,
    redirect_uri: String,
    return_to: String,
) -> Result<Start, Problem> {
    let provider = of(app, portal).await?;
    let now = app.clock.now();
    app.throttles.count(Act::SignIn, By::Address(address), now).await?;
    let told = Provider::discover(app, &provider).await?;
    let [state, nonce, verifier] = [entropy::token()?, entropy::token()?, entropy::token()?];
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose()));
    let mut url = Url::parse(&told.authorization_endpoint).map_err(Problem::internal)?;
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &provider.client_id)
        .append_pair("redirect_uri", &redirect_uri)
        .append_pair("scope", &provider.scope())
        .append_pair("state", state.expose())
        .append_pair("nonce", nonce.expose())
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256");
    let begun = Begun {
        provider: provider.id,
        state: state.expose().clone(),
        nonce: nonce.expose().clone(),
        verifier: verifier.expose().clone(),
        redirect_uri,
        return_to,
        ends_at: now + millis(PATIENCE),
    };
    let text = serde_json::to_vec(&begun).map_err(Problem::internal)?;
    let sealed = app.secrets.vault.seal(place(&portal.id.to_string()), &text)?;
    Ok(Start { location: url.into(), cookie: Secret::new(URL_SAFE_NO_PAD.encode(sealed)) })
}

/// Signs somebody in who comes back from the provider. `before` is the access token that the browser
/// had until then: its session ends.
pub(crate) async fn finish(
    app: &App,
    portal: &portal::Model,
    ClientAddress(address): ClientAddress,
    cookie: Option<&str>,
    brought: Return,
    before: Option<&str>,
) -> Result<Finish, Problem> {
    let now = app.clock.now();
    app.throttles.count(Act::SignIn, By::Address(address), now).await?;
    app.throttles.count(Act::FailedSignIn, By::Address(address), now).await?;
    let begun = cookie.and_then(|sealed| opened(app, portal.id, sealed)).ok_or_else(stale)?;
    let state = brought.state.unwrap_or_default();
    let same: bool = state.as_bytes().ct_eq(begun.state.as_bytes()).into();
    if begun.ends_at <= now || !same {
        return Err(stale());
    }
    let provider = of(app, portal).await?;
    if provider.id != begun.provider {
        return Err(stale());
    }
    if brought.error.is_some() {
        return Err(refused("The identity provider did not sign anybody in"));
    }
    let code = brought.code.filter(|code| code.len() <= LONGEST).ok_or_else(stale)?;
    let told = Provider::discover(app, &provider).await?;
    if brought.issuer.is_some_and(|issuer| issuer != told.issuer) {
        return Err(refused("The answer is another identity provider's"));
    }
    let exchange = Exchange {
        code: Secret::new(code),
        verifier: Secret::new(begun.verifier),
        nonce: Secret::new(begun.nonce),
        redirect_uri: &begun.redirect_uri,
    };
    let person = told.exchange(app, &provider, exchange).await?;
    let tokens = person::sign_in(app, portal, &provider, person).await?;
    app.throttles.give_back(Act::FailedSignIn, By::Address(address)).await;
    if let Some(before) = before {
        session::end(app, portal.id, before).await?;
    }
    Ok(Finish { tokens, return_to: begun.return_to })
}

/// The provider at which developers of a portal sign in.
async fn of(
    app: &App,
    portal: &portal::Model,
) -> Result<crate::store::entity::identity_provider::Model, Problem> {
    let found = identity_provider::enabled(app.store.db(), portal.id).await?;
    found.filter(|_| portal.authentication_enabled).ok_or_else(|| {
        let reason = "has no sign-in with an identity provider";
        Problem::one_invalid(Invalid::query("portal", "missing_reference", reason))
    })
}

fn opened(app: &App, portal: Uuid, cookie: &str) -> Option<Begun> {
    if cookie.len() > 2 * LONGEST {
        return None;
    }
    let sealed = URL_SAFE_NO_PAD.decode(cookie).ok()?;
    let text = app.secrets.vault.open(place(&portal.to_string()), &sealed).ok()?;
    serde_json::from_slice(text.expose()).ok()
}

fn place(portal: &str) -> Place<'_> {
    Place { table: "sso", row: portal }
}

/// Whatever is wrong with what a browser brings back, it has to begin again.
fn stale() -> Problem {
    refused("The sign-in was not begun here, or took too long: begin again")
}

fn refused(detail: &'static str) -> Problem {
    Problem::sign_in_refused("Sign-in Failed", detail)
}
