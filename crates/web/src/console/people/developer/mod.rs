//! Developers.

use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use serde::Deserialize;

use crate::Web;
use crate::segments::segments;

mod list;
mod new;
mod show;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/developers", get(list::list))
        .route("/developers/new", get(new::show).post(new::create))
        .route("/developers/{portal}/{developer}", get(show::show))
        .route("/developers/{portal}/{developer}/delete", get(show::ask).post(show::delete))
}

/// Which developer.
#[derive(Debug, Deserialize)]
struct One {
    portal: String,
    developer: String,
}

impl One {
    fn path(&self) -> String {
        segments!["v3", "portals", self.portal, "developers", self.developer]
    }

    fn page(&self) -> String {
        segments!["developers", self.portal, self.developer]
    }
}

/// A developer.
#[derive(Debug, Deserialize)]
struct Developer {
    id: String,
    full_name: String,
    email: String,
    status: String,
    created_at: String,
}

type Which = Path<One>;
