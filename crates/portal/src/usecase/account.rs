//! What people do with their own account in a portal: sign up, prove an address, set a password,
//! sign in.
//!
//! Nothing here tells an outsider whether an address has an account: the answers are the same,
//! and so is the work where it can be measured.

use gatekey_core::digest::Digest;
use gatekey_core::lifecycle::developer::{DeveloperStatus, SignInRefusal, sign_in};
use gatekey_core::secret::Secret;
use schemars::JsonSchema;
use sea_orm::{ActiveModelTrait, IntoActiveModel, SqlErr};
use serde::Deserialize;
use uuid::Uuid;

use super::developer::{address_key, find_by_address, fresh};
use super::identity_provider::settings;
use super::mail_token::{self, Purpose};
use crate::actor::ClientAddress;
use crate::app::App;
use crate::call::{self, Who};
use crate::event;
use crate::mail::{self, Template};
use crate::problem::Problem;
use crate::session::{self, Tokens};
use crate::store::entity::{developer, portal};
use crate::throttle::{Act, By};

/// A sign-up. There is no password yet.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignUp {
    #[schemars(length(max = 250), extend("format" = "email"))]
    email: String,
    #[schemars(length(min = 1, max = 250))]
    full_name: String,
}

/// A token from an e-mail.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyAddress {
    token: Uuid,
}

/// An address that wants a new password.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForgotPassword {
    #[schemars(length(max = 250), extend("format" = "email"))]
    email: String,
}

/// A new password, and the token that allows it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResetPassword {
    #[schemars(length(min = 8, max = 256))]
    password: String,
    token: Uuid,
}

/// An attempt to sign in.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    #[schemars(length(max = 250), extend("format" = "email"))]
    username: String,
    #[schemars(length(min = 1, max = 256))]
    password: String,
}

impl SignIn {
    /// An attempt that does not come as JSON.
    pub(crate) fn new(username: &str, password: &str) -> Self {
        Self { username: username.to_owned(), password: password.to_owned() }
    }
}

/// Signs up. A known address gets an e-mail instead of an account, the caller the same answer.
pub(crate) async fn sign_up(
    app: &App,
    portal: &portal::Model,
    ClientAddress(address): ClientAddress,
    sign_up: SignUp,
) -> Result<(), Problem> {
    has_sign_in(app, portal).await?;
    app.throttles.count(Act::SignUp, By::Address(address), app.clock.now()).await?;
    let tx = app.store.begin().await?;
    let known = find_by_address(&tx, portal.id, &sign_up.email).await?;
    let developer = match known {
        Some(developer) if developer.verified_at.is_some() => {
            // An outsider may have typed the address: its owner hears how the account stands.
            if let Some(template) = status_template(&developer) {
                mail::promise(app, &tx, portal, &developer, template, &[]).await?;
            }
            tx.commit().await?;
            mail::wake(app);
            return Ok(());
        }
        Some(developer) => developer,
        None => {
            let now = app.clock.now();
            let made = fresh(portal, sign_up.email, sign_up.full_name, None, now);
            match made.into_active_model().insert(&tx).await {
                Ok(made) => {
                    let kind = event::Kind::DeveloperSignedUp;
                    event::developer(app, &tx, portal, kind, &made).await?;
                    made
                }
                // Somebody else signed up with it at this moment; they get the e-mail.
                Err(error) => match error.sql_err() {
                    Some(SqlErr::UniqueConstraintViolation(_)) => return Ok(()),
                    _ => return Err(error.into()),
                },
            }
        }
    };
    let token = mail_token::issue(app, &tx, developer.id, Purpose::VerifyAddress).await?;
    let token = token.to_string();
    let more = [("token", token.as_str())];
    mail::promise(app, &tx, portal, &developer, Template::ConfirmAddress, &more).await?;
    tx.commit().await?;
    mail::wake(app);
    event::wake(app);
    Ok(())
}

/// Proves an address; the answer is the address, and a token that allows to set a password.
pub(crate) async fn verify_address(
    app: &App,
    portal: &portal::Model,
    ClientAddress(address): ClientAddress,
    verify: VerifyAddress,
) -> Result<(String, Uuid), Problem> {
    app.throttles.count(Act::Reset, By::Address(address), app.clock.now()).await?;
    let tx = app.store.begin().await?;
    let purpose = Purpose::VerifyAddress;
    let mut developer = mail_token::spend(app, &tx, portal.id, verify.token, purpose).await?;
    is_known(&developer);
    developer.verified_at = Some(app.clock.now());
    let developer = developer.into_active_model().reset_all().update(&tx).await?;
    let token = mail_token::issue(app, &tx, developer.id, Purpose::ResetPassword).await?;
    tx.commit().await?;
    Ok((developer.email, token))
}

/// Sends a token that allows to set a password, if there is such an account.
pub(crate) async fn forgot_password(
    app: &App,
    portal: &portal::Model,
    ClientAddress(address): ClientAddress,
    forgot: ForgotPassword,
) -> Result<(), Problem> {
    has_sign_in(app, portal).await?;
    let now = app.clock.now();
    app.throttles.count(Act::Reset, By::Address(address), now).await?;
    app.throttles.count(Act::Reset, account(portal, &forgot.email), now).await?;
    let tx = app.store.begin().await?;
    if let Some(developer) = find_by_address(&tx, portal.id, &forgot.email).await? {
        let token = mail_token::issue(app, &tx, developer.id, Purpose::ResetPassword).await?;
        let token = token.to_string();
        let more = [("token", token.as_str())];
        mail::promise(app, &tx, portal, &developer, Template::ResetPassword, &more).await?;
        tx.commit().await?;
        mail::wake(app);
    }
    Ok(())
}

/// Sets a password, the first or a new one, and ends every session.
pub(crate) async fn reset_password(
    app: &App,
    portal: &portal::Model,
    ClientAddress(address): ClientAddress,
    reset: ResetPassword,
) -> Result<(), Problem> {
    app.throttles.count(Act::Reset, By::Address(address), app.clock.now()).await?;
    // Hashed before the transaction: the write lock is not held while a processor is busy.
    let hash = app.passwords.hash(Secret::new(reset.password)).await?;
    let tx = app.store.begin().await?;
    let purpose = Purpose::ResetPassword;
    let mut developer = mail_token::spend(app, &tx, portal.id, reset.token, purpose).await?;
    is_known(&developer);
    developer.password_hash = Some(hash);
    // The token came by e-mail, which proves the address as well.
    developer.verified_at = developer.verified_at.or(Some(app.clock.now()));
    let developer = developer.into_active_model().reset_all().update(&tx).await?;
    session::end_all(&tx, developer.id).await?;
    tx.commit().await?;
    Ok(())
}

/// Signs in.
pub(crate) async fn authenticate(
    app: &App,
    portal: &portal::Model,
    ClientAddress(address): ClientAddress,
    attempt: SignIn,
) -> Result<Tokens, Problem> {
    has_sign_in(app, portal).await?;
    let now = app.clock.now();
    app.throttles.count(Act::SignIn, By::Address(address), now).await?;
    // Counted as failed until it succeeds: attempts at the same time must not slip through.
    let counted = [By::Address(address), account(portal, &attempt.username)];
    for by in counted {
        app.throttles.count(Act::FailedSignIn, by, now).await?;
    }
    let known = find_by_address(app.store.db(), portal.id, &attempt.username).await?;
    let hash = known.as_ref().and_then(|developer| developer.password_hash.clone());
    let right = app.passwords.verify(Secret::new(attempt.password), hash.clone()).await?;
    if let Some(developer) = &known {
        // Whose account was tried, for the audit log.
        call::detail("developer_id", developer.id.to_string());
    }
    let Some(developer) = known.filter(|_| right) else { return Err(invalid_credentials()) };
    for by in counted {
        app.throttles.give_back(Act::FailedSignIn, by).await;
    }
    let tx = app.store.begin().await?;
    // Status and password may have changed while the password was checked.
    let current = super::developer::find(&tx, portal.id, developer.id).await;
    let current = current.ok().filter(|current| current.password_hash == hash);
    let developer = current.ok_or_else(invalid_credentials)?;
    let status = DeveloperStatus::parse(&developer.status).unwrap_or(DeveloperStatus::Revoked);
    sign_in(status).map_err(refusal)?;
    is_known(&developer);
    let tokens = session::start(app, &tx, &developer).await?;
    tx.commit().await?;
    Ok(tokens)
}

/// From here on the request is the developer's.
pub(crate) fn is_known(developer: &developer::Model) {
    call::known(Who::Developer { id: developer.id, portal: developer.portal_id });
}

/// What somebody is told whose account may not be signed in.
pub(crate) fn refusal(refusal: SignInRefusal) -> Problem {
    match refusal {
        SignInRefusal::ApprovalRequired => Problem::sign_in_refused(
            "Approval Required",
            "The account has to be approved by an administrator",
        ),
        SignInRefusal::NotAllowed => invalid_credentials(),
    }
}

pub(super) async fn has_sign_in(app: &App, portal: &portal::Model) -> Result<(), Problem> {
    if !portal.authentication_enabled {
        return Err(Problem::forbidden("This portal has no sign-in"));
    }
    if !settings::of(app.store.db(), portal.id).await?.basic_auth {
        return Err(Problem::forbidden("This portal has no sign-in with a password"));
    }
    Ok(())
}

fn invalid_credentials() -> Problem {
    Problem::sign_in_refused("Invalid Credentials", "The username or the password is wrong")
}

pub(super) fn account(portal: &portal::Model, address: &str) -> By {
    By::Account(portal.id, *Digest::sha256(address_key(address).as_bytes()).as_bytes())
}

fn status_template(developer: &developer::Model) -> Option<Template> {
    match DeveloperStatus::parse(&developer.status)? {
        DeveloperStatus::Approved => Some(Template::AccessApproved),
        DeveloperStatus::Rejected => Some(Template::AccessRejected),
        DeveloperStatus::Revoked => Some(Template::AccessRevoked),
        DeveloperStatus::Pending => None,
    }
}
