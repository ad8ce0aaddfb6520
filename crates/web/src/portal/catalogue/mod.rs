//! The APIs of a portal, as developers find, read and begin to use them.

use axum::Router;
use axum::routing::get;

use crate::Web;

mod about;
mod access;
mod authenticate;
mod card;
mod command;
mod content;
mod document;
mod example;
mod home;
mod list;
mod made;
mod offer;
mod overview;
mod permitted;
mod reference;
mod search;
mod shell;
mod writing;

#[cfg(test)]
mod tests;

pub(super) use self::content::page;
pub(super) use self::home::home;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/apis", get(list::show))
        .route("/apis/{api}", get(overview::show))
        .route("/apis/{api}/icon", get(overview::icon))
        .route("/apis/{api}/reference", get(reference::current))
        .route("/apis/{api}/versions/{version}", get(reference::version))
        .route("/apis/{api}/document.json", get(reference::document))
        .route("/apis/{api}/documents", get(document::first))
        .route("/apis/{api}/documents/{document}", get(document::show))
        .route("/apis/{api}/authenticate", get(authenticate::show))
        .route("/apis/{api}/use", get(access::show).post(access::act))
        .route("/search", get(search::show))
}
