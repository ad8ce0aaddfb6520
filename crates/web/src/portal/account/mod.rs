//! Accounts of developers: how somebody gets one, and what they do with it.

use axum::Router;
use axum::routing::get;

use super::Guest;
use crate::Web;

mod password;
mod profile;
mod session;
mod sign_up;
mod team;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .merge(sign_up::routes())
        .merge(password::routes())
        .merge(profile::routes())
        .merge(session::routes())
        .merge(team::routes())
        // E-mails lead here.
        .route("/login", get(async |guest: Guest| guest.go("/sign-in")))
        .route("/apps", get(async |guest: Guest| guest.go("/applications")))
}
