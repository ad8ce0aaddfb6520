//! The token endpoint: which grant is asked for, and the one that takes nothing but the client.

use core::net::IpAddr;

use axum::http::HeaderMap;
use gatekey_core::digest::Digest;
use gatekey_core::secret::Secret;
use uuid::Uuid;

use super::client_auth::{self, Presented};
use super::form::Form;
use super::known::{ClientView, Pair, ServerView};
use super::ledger::Kept;
use super::refusal::{Code, Refusal};
use super::scope::{self, About, Granted};
use super::token::{self, Access, Grant};
use super::{code, refresh};
use crate::app::App;
use crate::problem::Problem;
use crate::throttle::{Act, By};

/// The grant of a client for itself.
pub(crate) const CLIENT_CREDENTIALS: &str = "client_credentials";
/// The grant of a person who signed in.
pub(crate) const AUTHORIZATION_CODE: &str = "authorization_code";
/// The grant of whoever was granted something before.
pub(crate) const REFRESH_TOKEN: &str = "refresh_token";
/// Every grant type.
pub(crate) const GRANT_TYPES: [&str; 3] = [CLIENT_CREDENTIALS, AUTHORIZATION_CODE, REFRESH_TOKEN];

/// How often a request is judged again because what it was judged by has changed.
const TRIES: usize = 5;

/// What the token endpoint answers.
#[derive(Debug)]
pub(crate) struct Tokens {
    /// The access token.
    pub(crate) access: Secret<String>,
    /// Its life in seconds.
    pub(crate) expires_in: i32,
    /// The scopes it has.
    pub(crate) scope: Option<String>,
    /// What buys the next one.
    pub(crate) refresh: Option<Secret<String>>,
    /// Who signed in.
    pub(crate) id: Option<Secret<String>>,
}

impl Tokens {
    pub(super) fn of(access: Access, granted: &Granted) -> Self {
        let scope = granted.joined();
        let Access { token, expires_in, .. } = access;
        Self { access: token, expires_in, scope, refresh: None, id: None }
    }
}

/// Answers a request for tokens.
pub(crate) async fn tokens(
    app: &App,
    server: Uuid,
    headers: &HeaderMap,
    form: &Form,
    address: IpAddr,
) -> Result<Tokens, Refusal> {
    let presented = client_auth::presented(headers, form)?;
    let grant = form.required("grant_type")?;
    if grant == CLIENT_CREDENTIALS {
        return client_credentials(app, server, &presented, form, address).await;
    }
    let Pair { server, client } =
        client_auth::authenticate(app, server, &presented, address).await?;
    let client = client.ok_or_else(Refusal::client)?;
    if !GRANT_TYPES.contains(&grant) {
        let reason = "The grant type is not one of this server";
        return Err(Refusal::new(Code::UnsupportedGrantType, reason));
    }
    may_ask(&client, grant)?;
    within_rate(app, &client).await?;
    is_audience(&server, form)?;
    match grant {
        AUTHORIZATION_CODE => code::redeem(app, &server, &client, form).await,
        _ => refresh::renew(app, &server, &client, form).await,
    }
}

/// A token for the client itself. It is judged by what is remembered, and refused only by what was
/// read for it.
async fn client_credentials(
    app: &App,
    server: Uuid,
    presented: &Presented,
    form: &Form,
    address: IpAddr,
) -> Result<Tokens, Refusal> {
    client_auth::may_try(app, address).await?;
    let known = &app.authorization.known;
    let mut remembered = known.recall(server, &presented.id);
    let mut counted = false;
    for _ in 0..TRIES {
        let read_now = remembered.is_none();
        let pair = match remembered.take() {
            Some(pair) => pair,
            None => {
                let read = known.read(app.store.db(), server, &presented.id).await?;
                read.ok_or_else(Problem::not_found)?
            }
        };
        let judged = judge(app, &pair, presented, form, address).await;
        let granted = match judged {
            Ok(granted) => granted,
            Err(refusal @ Refusal::Told(..)) if read_now => return Err(refusal),
            Err(Refusal::Told(code, _)) => {
                if code == Code::InvalidClient {
                    // It counts once, when it is judged by what was read for it.
                    client_auth::give_back(app, server, &presented.id, address).await;
                }
                continue;
            }
            Err(failed) => return Err(failed),
        };
        let Pair { server: view, client: Some(client) } = pair else {
            return Err(Refusal::client());
        };
        if !counted {
            within_rate(app, &client).await?;
            counted = true;
        }
        let access = token::access(app, &view, &client, &granted, Grant::default()).await?;
        match app.authorization.ledger.keep(access.row.clone(), view, client).await? {
            Kept::Written => return Ok(Tokens::of(access, &granted)),
            Kept::Outdated => {
                app.identity.forget(server);
                remembered = known.recall(server, &presented.id);
            }
        }
    }
    Err(Problem::unavailable("the client changes faster than it can be read").into())
}

async fn judge(
    app: &App,
    pair: &Pair,
    presented: &Presented,
    form: &Form,
    address: IpAddr,
) -> Result<Granted, Refusal> {
    let server = &pair.server;
    client_auth::prove(app, server.row.id, pair.client.as_deref(), presented, address).await?;
    let client = pair.client.as_deref().ok_or_else(Refusal::client)?;
    may_ask(client, CLIENT_CREDENTIALS)?;
    if client.is_public() {
        let reason = "A client without a secret cannot act for itself";
        return Err(Refusal::new(Code::UnauthorizedClient, reason));
    }
    is_audience(server, form)?;
    scope::grant(server, client, form.get("scope"), About::Client)
}

/// Refuses a grant type that the client is not registered for.
pub(super) fn may_ask(client: &ClientView, grant: &str) -> Result<(), Refusal> {
    if client.may_ask(grant) {
        return Ok(());
    }
    Err(Refusal::new(Code::UnauthorizedClient, "The client may not use this grant type"))
}

/// Refuses tokens for anything but what the server's tokens are for (RFC 8707).
pub(super) fn is_audience(server: &ServerView, form: &Form) -> Result<(), Refusal> {
    match form.get("resource") {
        Some(resource) if resource != server.row.audience => {
            let reason = "Tokens of this server are for its audience only";
            Err(Refusal::new(Code::InvalidTarget, reason))
        }
        _ => Ok(()),
    }
}

async fn within_rate(app: &App, client: &ClientView) -> Result<(), Problem> {
    let name = *Digest::sha256(client.row.id.as_bytes()).as_bytes();
    app.throttles.count(Act::Token, By::Account(client.row.server_id, name), app.clock.now()).await
}
