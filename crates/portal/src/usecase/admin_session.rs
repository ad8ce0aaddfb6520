//! Sessions of administrators: each stands for a token where the token itself had better not lie,
//! as in a browser. It may do what the token may do, and ends with it, or earlier.

use core::time::Duration;

use gatekey_core::digest::Digest;
use gatekey_core::secret::Secret;
use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, DbErr, EntityTrait, IntoActiveModel, ModelTrait,
    QueryFilter, Set,
};
use serde::Deserialize;
use uuid::Uuid;

use super::admin_token as tokens;
use crate::actor::ClientAddress;
use crate::app::App;
use crate::call::{self, Who};
use crate::clock::millis;
use crate::dcr::metadata::strings;
use crate::entropy::{self, digest_of};
use crate::problem::Problem;
use crate::scope::Permission;
use crate::store::entity::{admin_session, admin_token};
use crate::throttle::{Act, By};

/// How long a session lives at the most.
const LIFETIME: Duration = Duration::from_secs(12 * 3_600);
/// How long it lives without being used.
const IDLE: Duration = Duration::from_secs(3_600);
/// How exactly it is known when one was last used.
const USE_IS_NOTED_EVERY: Duration = Duration::from_secs(60);
/// What a session's token begins with.
const PREFIX: &str = "gk_session_";
/// What the token in the data directory is called, and what it may do.
const ROOT: (&str, &str) = ("root", "write");

/// A session to make, of which nothing can be chosen.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAdminSession {}

/// What proves that somebody is an administrator.
#[derive(Debug)]
pub(crate) struct Proof {
    /// The token; none is the one in the data directory.
    token: Option<admin_token::Model>,
    /// The session that stands for the token, if that was not shown itself.
    session: Option<admin_session::Model>,
}

impl Proof {
    const ROOT: Self = Self { token: None, session: None };

    /// The session that was shown, if it was one.
    pub(crate) const fn session(&self) -> Option<&admin_session::Model> {
        self.session.as_ref()
    }

    /// The name of the token.
    pub(crate) fn name(&self) -> &str {
        self.token.as_ref().map_or(ROOT.0, |token| &token.name)
    }

    /// What it may do, as it is spelled.
    pub(crate) fn scopes(&self) -> Vec<String> {
        let scopes = self.token.as_ref().map(|token| strings(&token.scopes));
        scopes.unwrap_or_else(|| vec![ROOT.1.to_owned()])
    }

    /// The only portals that it is for, if it is not for all.
    pub(crate) fn portal_ids(&self) -> Option<Vec<String>> {
        self.token.as_ref()?.portal_ids.as_ref().map(strings)
    }

    /// What it may do.
    pub(crate) fn permission(&self) -> Permission {
        self.token.as_ref().map_or_else(Permission::everything, tokens::permission)
    }

    /// From here on the request is the administrator's.
    pub(crate) fn is_known(&self) {
        let token = self.token.as_ref().map(|token| token.id);
        call::known(Who::Admin { token, name: self.name().to_owned() });
        if let Some(session) = &self.session {
            call::detail("admin_session", session.id.to_string());
        }
    }
}

/// What a token proves, or a session's token, unless its time is over.
pub(crate) async fn proven(app: &App, shown: &str) -> Result<Option<Proof>, DbErr> {
    if digest_of(shown) == app.admin_digest {
        return Ok(Some(Proof::ROOT));
    }
    if shown.starts_with(PREFIX) {
        return stood_for(app, shown).await;
    }
    let token = tokens::shown(app, shown).await?;
    Ok(token.map(|token| Proof { token: Some(token), session: None }))
}

/// What a session stands for.
async fn stood_for(app: &App, shown: &str) -> Result<Option<Proof>, DbErr> {
    let now = app.clock.now();
    let found = admin_session::Entity::find()
        .filter(admin_session::Column::Digest.eq(stored(digest_of(shown))))
        .one(app.store.db())
        .await?;
    let lives = |session: &admin_session::Model| {
        now < session.expires_at && now < session.last_used_at + millis(IDLE)
    };
    let Some(session) = found.filter(lives) else { return Ok(None) };
    let token = match session.token_id {
        Some(id) => {
            let Some(token) = tokens::living(app, id).await? else { return Ok(None) };
            Some(token)
        }
        // Another token took the place of the one that it was made from.
        None if root_of(&session) != Some(app.admin_digest) => return Ok(None),
        None => None,
    };
    if session.last_used_at + millis(USE_IS_NOTED_EVERY) <= now {
        let used = admin_session::ActiveModel { last_used_at: Set(now), ..Default::default() };
        admin_session::Entity::update_many()
            .set(used)
            .filter(admin_session::Column::Id.eq(session.id))
            .exec(app.store.light())
            .await?;
        if let Some(token) = &token {
            tokens::note_use(app, token, now).await?;
        }
    }
    Ok(Some(Proof { token, session: Some(session) }))
}

/// Makes a session of a token that somebody shows. The answer shows the session's, for the only time.
pub(crate) async fn create(
    app: &App,
    ClientAddress(address): ClientAddress,
    shown: &str,
) -> Result<(Proof, admin_session::Model, Secret<String>), Problem> {
    let now = app.clock.now();
    let by = By::Address(address);
    app.throttles.count(Act::SignIn, by, now).await?;
    // Counted as failed until it succeeds: attempts at the same time must not slip through.
    app.throttles.count(Act::FailedSignIn, by, now).await?;
    let proof = proven(app, shown).await?.ok_or_else(Problem::unauthorized)?;
    app.throttles.give_back(Act::FailedSignIn, by).await;
    proof.is_known();
    if proof.session.is_some() {
        return Err(Problem::forbidden("A session cannot make a session"));
    }
    let secret = Secret::new(format!("{PREFIX}{}", entropy::token()?.expose()));
    let ends_at = now + millis(LIFETIME);
    let parent_ends_at = proof.token.as_ref().and_then(|token| token.expires_at);
    let made = admin_session::Model {
        id: Uuid::now_v7(),
        token_id: proof.token.as_ref().map(|token| token.id),
        root_digest: proof.token.is_none().then(|| stored(app.admin_digest)),
        digest: stored(digest_of(secret.expose())),
        created_at: now,
        last_used_at: now,
        expires_at: parent_ends_at.map_or(ends_at, |end| end.min(ends_at)),
    };
    let tx = app.store.begin().await?;
    let made = made.into_active_model().insert(&tx).await?;
    tx.commit().await?;
    Ok((proof, made, secret))
}

/// Ends a session.
pub(crate) async fn end(app: &App, session: admin_session::Model) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    session.delete(&tx).await?;
    Ok(tx.commit().await?)
}

/// Forgets sessions whose time is over.
pub(crate) async fn prune(app: &App) -> Result<(), DbErr> {
    let now = app.clock.now();
    let over = Condition::any()
        .add(admin_session::Column::ExpiresAt.lte(now))
        .add(admin_session::Column::LastUsedAt.lte(now - millis(IDLE)));
    admin_session::Entity::delete_many().filter(over).exec(app.store.db()).await.map(|_| ())
}

/// The token in the data directory that a session was made from.
fn root_of(session: &admin_session::Model) -> Option<Digest> {
    let bytes = session.root_digest.as_deref()?.try_into().ok()?;
    Some(Digest::from_bytes(bytes))
}

fn stored(digest: Digest) -> Vec<u8> {
    digest.as_bytes().to_vec()
}
