//! The administrators' console.

use core::ops::Deref;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use crate::backend::Backend;
use crate::page::Page;
use crate::refusal::Refusal;
use crate::visit::{Side, Visit};
use crate::{Web, cookie, reader};

mod api;
mod audit;
mod auth_servers;
mod dcr_providers;
mod frame;
mod gateways;
mod people;
mod portal;
mod portals;
mod publication;
mod session;
mod sheet;
mod strategies;
mod tokens;
mod traffic;
mod tree;

/// An administrator who signed in. Others are sent to sign in.
#[derive(Clone, Debug)]
pub(crate) struct Administrator {
    visit: Visit,
}

/// The session of an administrator.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Session {
    /// The name of the token that it was begun with.
    pub(crate) name: String,
}

impl Deref for Administrator {
    type Target = Visit;

    fn deref(&self) -> &Visit {
        &self.visit
    }
}

impl Administrator {
    /// A page of the console.
    pub(crate) fn page(&self, page: &Page) -> Response {
        frame::show(&self.visit, page)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Administrator {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let visit = Visit::from_request_parts(parts, state).await?;
        match &visit.side {
            Side::Console(Some(_)) => Ok(Self { visit }),
            Side::Console(None) => Err(Refusal::of(StatusCode::UNAUTHORIZED)),
            Side::Portal(_) => Err(Refusal::not_found()),
        }
    }
}

/// Learns who came to the console, and with which secret.
pub(crate) async fn arrive(
    api: Backend,
    headers: &HeaderMap,
) -> (Backend, Option<Session>, String) {
    let Some(token) = cookie::get(headers, cookie::CONSOLE) else {
        return (api, None, String::new());
    };
    let api = api.with_token(token);
    let session = api.get::<Session>("/v3/admin-sessions/current").await.ok();
    (api, session, token.to_owned())
}

pub(crate) fn routes() -> Router<Web> {
    let pages = Router::new()
        .merge(session::routes())
        .merge(portals::routes())
        .merge(portal::routes())
        .merge(api::routes())
        .merge(gateways::routes())
        .merge(traffic::routes())
        .merge(people::routes())
        .merge(strategies::routes())
        .merge(dcr_providers::routes())
        .merge(auth_servers::routes())
        .merge(audit::routes())
        .merge(tokens::routes())
        .route("/reader", get(reader::choose));
    Router::new()
        .route("/manager", get(async |visit: Visit| visit.go("/")))
        .route("/manager/", get(people::home))
        .nest("/manager", pages)
        .route("/manager/{*page}", get(async |_: Administrator| Refusal::not_found()))
}

/// A refusal, as a page.
pub(crate) fn refused(visit: &Visit, refusal: &Refusal) -> Response {
    frame::show(visit, &crate::page::refused(visit, refusal))
}
