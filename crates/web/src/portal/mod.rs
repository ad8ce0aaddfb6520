//! The developers' portal.

use core::ops::Deref;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;

use crate::backend::Backend;
use crate::page::Page;
use crate::refusal::Refusal;
use crate::visit::{Side, Visit, see_other};
use crate::{Web, asset, cookie, reader};

mod account;
mod application;
mod catalogue;
mod frame;
mod session;
mod theme;

use self::theme::Look;

/// A portal's visitor, signed in or not.
#[derive(Clone, Debug)]
pub(crate) struct Guest {
    visit: Visit,
}

/// A developer who signed in. Others are sent to sign in.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    guest: Guest,
    /// Who it is.
    pub(crate) me: Me,
}

/// What is known of the portal and of who visits it.
#[derive(Debug)]
pub(crate) struct Known {
    /// What the portal says of itself.
    pub(crate) context: Context,
    /// How it looks.
    pub(crate) look: Look,
    /// Who visits, when they signed in.
    pub(crate) me: Option<Me>,
}

/// What a portal says of itself.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Context {
    /// Its name.
    pub(crate) name: String,
    /// Whether one can sign in at all.
    pub(crate) authentication_enabled: bool,
    /// Whether with a password.
    pub(crate) basic_auth_enabled: bool,
    /// Whether through a provider of identities.
    pub(crate) oidc_auth_enabled: bool,
}

/// A developer, as they see themselves.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Me {
    /// Their address.
    pub(crate) email: String,
    /// Their name.
    pub(crate) full_name: String,
}

impl Deref for Guest {
    type Target = Visit;

    fn deref(&self) -> &Visit {
        &self.visit
    }
}

impl Deref for Member {
    type Target = Guest;

    fn deref(&self) -> &Guest {
        &self.guest
    }
}

impl Guest {
    /// The portal, and who visits. A guest is only made of a visit to a portal.
    pub(crate) fn portal(&self) -> Option<&Known> {
        match &self.visit.side {
            Side::Portal(known) => Some(known),
            Side::Console(_) => None,
        }
    }

    /// A page of the portal.
    pub(crate) fn page(&self, page: &Page) -> Response {
        frame::show(&self.visit, page)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Guest {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let visit = Visit::from_request_parts(parts, state).await?;
        let guest = Self { visit };
        if guest.portal().is_some() { Ok(guest) } else { Err(Refusal::not_found()) }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Member {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let guest = Guest::from_request_parts(parts, state).await?;
        let me = guest.portal().and_then(|portal| portal.me.clone());
        let me = me.ok_or_else(|| Refusal::of(StatusCode::UNAUTHORIZED))?;
        Ok(Self { guest, me })
    }
}

/// Who came to a portal.
pub(crate) struct Arrived {
    pub(crate) api: Backend,
    pub(crate) known: Known,
    /// The secret of the session, to which forms are bound; empty without one.
    pub(crate) session: String,
}

/// Learns what a portal is and who visits it, and renews a session that ran out.
pub(crate) async fn arrive(
    api: Backend,
    headers: &HeaderMap,
    cookies: &mut Vec<HeaderValue>,
) -> Result<Arrived, Refusal> {
    let (context, look) = tokio::join!(api.get("/portal"), api.get("/customization"));
    let context: Context = context?;
    let access = cookie::get(headers, cookie::ACCESS);
    let mut session = access.unwrap_or_default().to_owned();
    let mut as_visitor = api.clone();
    let mut me = None;
    if !session.is_empty() {
        as_visitor = api.with_cookie(cookie::ACCESS, &session);
        me = as_visitor.get::<Me>("/developer/me").await.ok();
    }
    if let (None, Some(refresh)) = (&me, cookie::get(headers, cookie::REFRESH)) {
        let renewing = api.with_cookie(cookie::REFRESH, refresh);
        let renewed = renewing.send(Method::POST, "/developer/refresh", None).await;
        let set = renewed.headers.get_all("set-cookie");
        let access = set.iter().find_map(|set| cookie::set_value(set, cookie::ACCESS));
        if let Some(access) = access.filter(|_| renewed.status.is_success()) {
            access.clone_into(&mut session);
            cookies.extend(set.iter().cloned());
            as_visitor = api.with_cookie(cookie::ACCESS, &session);
            me = as_visitor.get::<Me>("/developer/me").await.ok();
        }
    }
    let look = look.unwrap_or_default();
    Ok(Arrived { api: as_visitor, known: Known { context, look, me }, session })
}

pub(crate) fn routes() -> Router<Web> {
    const BASE: &str = "/portals/{portalId}";
    let pages = Router::new()
        .merge(account::routes())
        .merge(session::routes())
        .merge(catalogue::routes())
        .merge(application::routes())
        .route("/reader", get(reader::choose))
        .route("/theme.css", get(theme::style))
        .route("/logo", get(logo))
        .route("/favicon", get(favicon));
    Router::new()
        .route(BASE, get(async |guest: Guest| guest.go("/")))
        .route(&format!("{BASE}/"), get(catalogue::home))
        .nest(BASE, pages)
        .route(&format!("{BASE}/{{*page}}"), get(catalogue::page))
}

/// A refusal, as a page.
pub(crate) fn refused(visit: &Visit, refusal: &Refusal) -> Response {
    frame::show(visit, &crate::page::refused(visit, refusal))
}

async fn logo(guest: Guest) -> Result<Response, Refusal> {
    picture(&guest, "/assets/logo").await
}

async fn favicon(guest: Guest) -> Result<Response, Refusal> {
    picture(&guest, "/assets/favicon").await
}

/// The API shows one transparent pixel where a portal has no picture.
const LEAST_PICTURE: usize = 100;

/// A picture of the portal, which may be kept for a while.
async fn picture(guest: &Guest, path: &str) -> Result<Response, Refusal> {
    let answer = guest.api.send(Method::GET, path, None).await.granted()?;
    if answer.body.len() < LEAST_PICTURE {
        return Ok(see_other(&asset::href(&guest.base, "icon.svg")));
    }
    let media_type = answer.headers.get(CONTENT_TYPE).cloned();
    let media_type = media_type.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    // A picture that is opened by itself is a document: it must not run.
    let headers = [
        ("content-type", media_type),
        ("cache-control", HeaderValue::from_static("private, max-age=300")),
        (
            "content-security-policy",
            HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox"),
        ),
    ];
    Ok((headers, answer.body).into_response())
}
