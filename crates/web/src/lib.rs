//! The web pages of a Gatekey portal: the developers' portal and the administrators' console.
//!
//! The pages are a client of the portal's own HTTP API, which they call inside the process with
//! what the browser proved: the cookies of a developer, or the session of an administrator. This
//! crate knows neither the store nor a rule, so there is no second way in: a page can do what the
//! API lets the same person do, and shows in words what the API refuses.
//!
//! A request comes to `visit::enter`, which learns who visits, reads and checks forms, and puts
//! security headers on what comes back. A handler takes who it serves (`portal::Guest`,
//! `portal::Member`, `console::Administrator`), asks the `backend::Backend`, and answers with
//! a `page::Page` or sends the browser on. Pages need no script; the one they have copies texts,
//! and shows times in the reader's zone.

use core::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::Extensions;
use axum::middleware::from_fn_with_state;
use axum::response::Redirect;
use axum::routing::get;

mod asset;
mod backend;
mod color;
mod console;
mod cookie;
mod encoding;
mod field;
mod form;
mod language;
mod list;
mod markdown;
mod page;
mod part;
mod portal;
mod reader;
mod refusal;
mod segments;
mod time;
mod visit;

/// What the pages need from the server they are part of.
#[derive(Clone)]
pub struct Config {
    /// The HTTP API, as the process itself may call it. It must leave the entries in logs that a
    /// call from outside would.
    pub api: Router,
    /// What proves that a form is ours. The same in all processes behind one address.
    pub form_key: [u8; 32],
    /// The address of the portal, without a slash at its end.
    pub base_url: String,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

/// What the server knows of a request and the pages have to know: put it into the request's
/// extensions. Without one, a portal is reached below its path.
#[derive(Clone, Debug, Default)]
pub struct Mount {
    /// Whether the portal has the host for itself, so that its paths begin at the root.
    pub own_host: bool,
    /// The extensions that calls of the API are to carry.
    pub carried: Extensions,
}

type Web = Arc<Config>;

/// The pages.
pub fn routes(config: Config) -> Router {
    let web: Web = Arc::new(config);
    let pages = Router::new()
        .merge(portal::routes())
        .merge(console::routes())
        .layer(from_fn_with_state(Arc::clone(&web), visit::enter));
    Router::new()
        .route("/", get(async || Redirect::to("/manager/")))
        .merge(pages)
        .merge(asset::routes())
        .with_state(web)
}

/// Whether a path below a portal's is a page of ours, and not the API's or an authorization
/// server's.
fn is_page(rest: &str) -> bool {
    !["api/", "authorize/", "auth/"].iter().any(|other| rest.starts_with(other))
}

/// The extensions of the request that the server put there.
fn mount(request: &Request) -> Mount {
    request.extensions().get::<Mount>().cloned().unwrap_or_default()
}
