//! Whose an application is.

use maud::{Markup, html};
use serde::Deserialize;

use super::by_ids;
use crate::backend::Backend;
use crate::language::t;
use crate::refusal::Refusal;
use crate::segments::segments;
use crate::visit::Visit;

/// Whose something is, as the API tells it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Owner {
    id: String,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Debug, Deserialize)]
struct Developer {
    id: String,
    full_name: String,
    email: String,
}

#[derive(Debug, Deserialize)]
struct Team {
    id: String,
    name: String,
}

/// The owners of some applications of a portal, by name.
#[derive(Debug, Default)]
pub(super) struct Owners {
    portal: String,
    developers: Vec<Developer>,
    teams: Vec<Team>,
}

impl Owners {
    /// Those of these applications.
    pub(super) async fn of(
        api: &Backend,
        portal: &str,
        owners: impl Iterator<Item = &Owner> + Clone,
    ) -> Result<Self, Refusal> {
        let ids = |kind: &'static str| {
            let of_kind = owners.clone().filter(move |owner| owner.kind == kind);
            of_kind.map(|owner| owner.id.as_str())
        };
        let developers = segments!["v3", "portals", portal, "developers"];
        let teams = segments!["v3", "portals", portal, "teams"];
        let (developers, teams) = tokio::join!(
            by_ids(api, &developers, ids("developer")),
            by_ids(api, &teams, ids("team"))
        );
        Ok(Self { portal: portal.to_owned(), developers: developers?, teams: teams? })
    }

    /// One of them, with the way to them.
    pub(super) fn show(&self, visit: &Visit, owner: &Owner) -> Markup {
        if owner.kind == "team" {
            let team = self.teams.iter().find(|team| team.id == owner.id);
            let path = segments!["teams", self.portal, owner.id];
            let name = team.map_or(owner.id.as_str(), |team| team.name.as_str());
            return html! {
                a href=(visit.href(&path)) { (t!(visit.lang, "people-team-named", name = name)) }
            };
        }
        let developer = self.developers.iter().find(|developer| developer.id == owner.id);
        let path = segments!["developers", self.portal, owner.id];
        html! {
            @match developer {
                Some(developer) => {
                    a href=(visit.href(&path)) { (developer.full_name) } " "
                    span.quiet { (developer.email) }
                }
                None => a href=(visit.href(&path)) { (owner.id) },
            }
        }
    }
}
