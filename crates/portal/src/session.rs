//! Sessions of developers: two cookies, of which only digests are stored.

use core::time::Duration;

use axum::http::HeaderValue;
use gatekey_core::secret::Secret;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Set,
};
use uuid::Uuid;

use crate::app::App;
use crate::audit::entry::short;
use crate::call::{self, Who};
use crate::clock::millis;
use crate::entropy;
use crate::problem::Problem;
use crate::site::Site;
use crate::store::entity::{developer, session};

/// The cookie that proves who calls.
pub(crate) const ACCESS_COOKIE: &str = "portalaccesstoken";
/// The cookie that buys a new access token.
pub(crate) const REFRESH_COOKIE: &str = "portalrefreshtoken";

/// How exactly it is known when a session was last used.
const USE_IS_NOTED_EVERY: Duration = Duration::from_secs(300);

/// The two tokens of a session, for the browser to keep.
#[derive(Debug)]
pub(crate) struct Tokens {
    access: Secret<String>,
    refresh: Secret<String>,
}

impl Tokens {
    /// The token that proves who calls.
    pub(crate) const fn access(&self) -> &Secret<String> {
        &self.access
    }

    fn mint() -> Result<Self, Problem> {
        Ok(Self { access: entropy::token()?, refresh: entropy::token()? })
    }

    /// The `Set-Cookie` values. The access cookie lives as long as the session, though its token
    /// does not, so that signing out works at any time.
    pub(crate) fn cookies(
        &self,
        app: &App,
        site: &Site,
        portal: Uuid,
    ) -> Result<[HeaderValue; 2], Problem> {
        let seconds = app.config.lifetimes.session.as_secs();
        let path = path(site, portal);
        Ok([
            cookie(ACCESS_COOKIE, self.access.expose(), &path, seconds)?,
            cookie(REFRESH_COOKIE, self.refresh.expose(), &path, seconds)?,
        ])
    }
}

/// The `Set-Cookie` values that end both cookies.
pub(crate) fn no_cookies(site: &Site, portal: Uuid) -> Result<[HeaderValue; 2], Problem> {
    let path = path(site, portal);
    Ok([cookie(ACCESS_COOKIE, "", &path, 0)?, cookie(REFRESH_COOKIE, "", &path, 0)?])
}

/// Where portals share a host, cookies are for the paths of their own portal only. Both have one path:
/// a page that is asked for may renew the session before it is shown.
fn path(site: &Site, portal: Uuid) -> String {
    let base = site.path(portal);
    if base.is_empty() { "/".to_owned() } else { base }
}

fn cookie(name: &str, value: &str, path: &str, seconds: u64) -> Result<HeaderValue, Problem> {
    let text =
        format!("{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; Secure; SameSite=Lax");
    let mut header = HeaderValue::try_from(text).map_err(Problem::internal)?;
    header.set_sensitive(true);
    Ok(header)
}

/// Starts a session.
pub(crate) async fn start(
    app: &App,
    db: &impl ConnectionTrait,
    developer: &developer::Model,
) -> Result<Tokens, Problem> {
    let tokens = Tokens::mint()?;
    let now = app.clock.now();
    let call = call::current();
    let user_agent = call.as_ref().and_then(|call| call.user_agent.as_deref()).map(short);
    let address = call.as_ref().and_then(|call| call.address).map(|address| address.to_string());
    session::ActiveModel {
        id: Set(Uuid::now_v7()),
        developer_id: Set(developer.id),
        portal_id: Set(developer.portal_id),
        access_digest: Set(digest(tokens.access.expose())),
        access_expires_at: Set(now + millis(app.config.lifetimes.access)),
        refresh_digest: Set(digest(tokens.refresh.expose())),
        refresh_expires_at: Set(now + millis(app.config.lifetimes.session)),
        created_at: Set(now),
        last_used_at: Set(Some(now)),
        user_agent: Set(user_agent),
        address: Set(address),
    }
    .insert(db)
    .await?;
    Ok(tokens)
}

/// The developer whom an access token proves, if the account may still be signed in.
pub(crate) async fn developer(
    app: &App,
    portal: Uuid,
    token: &str,
) -> Result<Option<developer::Model>, Problem> {
    Ok(signed_in(app, portal, token).await?.map(|(developer, _)| developer))
}

/// The same, and the session.
pub(crate) async fn signed_in(
    app: &App,
    portal: Uuid,
    token: &str,
) -> Result<Option<(developer::Model, session::Model)>, Problem> {
    let (db, now) = (app.store.db(), app.clock.now());
    let session = session::Entity::find()
        .filter(session::Column::AccessDigest.eq(digest(token)))
        .filter(session::Column::PortalId.eq(portal))
        .filter(session::Column::AccessExpiresAt.gt(now))
        .one(db)
        .await?;
    let Some(session) = session else { return Ok(None) };
    let found = developer::Entity::find_by_id(session.developer_id).one(db).await?;
    let Some(developer) = found.filter(may_be_signed_in) else { return Ok(None) };
    if session.last_used_at.is_none_or(|at| at + millis(USE_IS_NOTED_EVERY) <= now) {
        session::Entity::update_many()
            .set(session::ActiveModel { last_used_at: Set(Some(now)), ..Default::default() })
            .filter(session::Column::Id.eq(session.id))
            .exec(app.store.light())
            .await?;
    }
    Ok(Some((developer, session)))
}

/// Trades a refresh token for new tokens; the old ones are worthless from then on.
pub(crate) async fn refresh(
    app: &App,
    portal: Uuid,
    token: &str,
) -> Result<Option<Tokens>, Problem> {
    let now = app.clock.now();
    let tx = app.store.begin().await?;
    let session = session::Entity::find()
        .filter(session::Column::RefreshDigest.eq(digest(token)))
        .filter(session::Column::PortalId.eq(portal))
        .filter(session::Column::RefreshExpiresAt.gt(now))
        .one(&tx)
        .await?;
    let Some(session) = session else { return Ok(None) };
    let found = developer::Entity::find_by_id(session.developer_id).one(&tx).await?;
    if !found.as_ref().is_some_and(may_be_signed_in) {
        return Ok(None);
    }
    call::known(Who::Developer { id: session.developer_id, portal });
    let tokens = Tokens::mint()?;
    // The old digest in the condition lets only one of two refreshes at once succeed.
    let renewed = session::Entity::update_many()
        .set(session::ActiveModel {
            access_digest: Set(digest(tokens.access.expose())),
            access_expires_at: Set(now + millis(app.config.lifetimes.access)),
            refresh_digest: Set(digest(tokens.refresh.expose())),
            refresh_expires_at: Set(now + millis(app.config.lifetimes.session)),
            last_used_at: Set(Some(now)),
            ..Default::default()
        })
        .filter(session::Column::Id.eq(session.id))
        .filter(session::Column::RefreshDigest.eq(session.refresh_digest))
        .exec(&tx)
        .await?;
    tx.commit().await?;
    Ok((renewed.rows_affected == 1).then_some(tokens))
}

/// Ends the session of an access token, even one whose time is over.
pub(crate) async fn end(app: &App, portal: Uuid, token: &str) -> Result<(), Problem> {
    session::Entity::delete_many()
        .filter(session::Column::AccessDigest.eq(digest(token)))
        .filter(session::Column::PortalId.eq(portal))
        .exec(app.store.db())
        .await?;
    Ok(())
}

/// Ends every session of a developer.
pub(crate) async fn end_all(db: &impl ConnectionTrait, developer: Uuid) -> Result<(), DbErr> {
    session::Entity::delete_many()
        .filter(session::Column::DeveloperId.eq(developer))
        .exec(db)
        .await
        .map(|_| ())
}

/// Forgets sessions whose time is over.
pub(crate) async fn prune(app: &App) -> Result<(), DbErr> {
    session::Entity::delete_many()
        .filter(session::Column::RefreshExpiresAt.lte(app.clock.now()))
        .exec(app.store.db())
        .await
        .map(|_| ())
}

/// Whether the account may be signed in.
pub(crate) fn may_be_signed_in(developer: &developer::Model) -> bool {
    use gatekey_core::lifecycle::developer::{DeveloperStatus, sign_in};
    DeveloperStatus::parse(&developer.status).is_some_and(|status| sign_in(status).is_ok())
}

fn digest(token: &str) -> Vec<u8> {
    entropy::digest_of(token).as_bytes().to_vec()
}
