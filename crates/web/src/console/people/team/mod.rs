//! Teams of developers.

use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};
use serde::Deserialize;

use crate::Web;
use crate::field::Field;
use crate::segments::segments;

mod list;
mod member;
mod role;
mod show;

pub(super) fn routes() -> Router<Web> {
    const ONE: &str = "/teams/{portal}/{team}";
    let at = |path: &str| format!("{ONE}{path}");
    Router::new()
        .route("/teams", get(list::list))
        .route("/teams/new", get(list::new).post(list::create))
        .route(ONE, get(show::show))
        .route(&at("/edit"), get(show::edit).post(show::change))
        .route(&at("/delete"), get(show::ask).post(show::delete))
        .route(&at("/members"), post(member::add))
        .route(&at("/members/remove"), post(member::remove))
        .route(&at("/roles"), post(role::add))
        .route(&at("/roles/remove"), post(role::remove))
}

/// Which team.
#[derive(Debug, Deserialize)]
struct One {
    portal: String,
    team: String,
}

impl One {
    fn path(&self) -> String {
        segments!["v3", "portals", self.portal, "teams", self.team]
    }

    fn page(&self) -> String {
        segments!["teams", self.portal, self.team]
    }
}

type Which = Path<One>;

/// A team.
#[derive(Debug, Deserialize, serde::Serialize)]
struct Team {
    id: String,
    name: String,
    description: String,
    can_own_applications: bool,
    created_at: String,
}

fn fields() -> Vec<Field> {
    vec![
        Field::text("name", "people-team-name").required().or_empty().most(250),
        Field::area("description", "people-team-description").most(250),
        Field::switch("can_own_applications", "people-team-owns"),
    ]
}
