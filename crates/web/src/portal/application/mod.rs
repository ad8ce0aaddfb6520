//! Applications of a developer: what they are, what they hold, what they may call, and how they
//! are used.

use axum::Router;
use axum::http::HeaderMap;
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;

use super::Member;
use crate::Web;
use crate::language::{Lang, t};
use crate::list::{Asked, List};
use crate::page::Page;
use crate::part;
use crate::refusal::Refusal;
use crate::segments::segments;

mod delete;
mod edit;
mod fields;
mod key;
mod list;
mod new;
mod overview;
mod refusal;
mod registration;
mod secret;
mod usage;

/// What is added to a write that gateways must hear of.
const HEARD: &str = "?wait_for=gateways&timeout=3";

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .merge(list::routes())
        .merge(new::routes())
        .merge(overview::routes())
        .merge(edit::routes())
        .merge(delete::routes())
        .merge(key::routes())
        .merge(secret::routes())
        .merge(registration::routes())
        .merge(usage::routes())
        .merge(refusal::routes())
}

/// Which application a page is about.
#[derive(Debug, Deserialize)]
struct At {
    id: String,
}

/// An application, as its owner sees it.
#[derive(Debug, Deserialize)]
struct Application {
    id: String,
    name: String,
    description: Option<String>,
    auth_strategy: Strategy,
    client_id: Option<String>,
    redirect_uri: Option<String>,
    scopes: Option<Vec<String>>,
    team_id: Option<String>,
    created_at: String,
}

/// How an application proves who it is.
#[derive(Debug, Deserialize)]
struct Strategy {
    id: String,
    name: String,
    #[serde(rename = "credential_type")]
    kind: Kind,
    key_names: Option<Vec<String>>,
    ttl: Option<Lifetime>,
    available_scopes: Option<Vec<String>>,
    #[serde(default)]
    supports_multiple_credentials: bool,
    max_allowed_credentials: Option<u32>,
}

/// What an application shows gateways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// Keys of the portal's own.
    KeyAuth,
    /// Tokens of a client that is registered at an identity provider with the application.
    ClientCredentials,
    /// Tokens of a client that somebody made at an identity provider.
    SelfManagedClientCredentials,
}

/// How long new keys live.
#[derive(Debug, Deserialize)]
struct Lifetime {
    value: u32,
    unit: String,
}

/// A team of the developer.
#[derive(Debug, Deserialize)]
struct Team {
    id: String,
    name: String,
}

impl Kind {
    /// What it means for whoever writes a program.
    fn means(self, lang: Lang) -> String {
        match self {
            Self::KeyAuth => t!(lang, "app-strategy-means-keys"),
            Self::ClientCredentials => t!(lang, "app-strategy-means-registered"),
            Self::SelfManagedClientCredentials => t!(lang, "app-strategy-means-self-managed"),
        }
    }
}

impl Lifetime {
    fn text(&self, lang: Lang) -> String {
        match self.unit.as_str() {
            "weeks" => t!(lang, "app-lifetime-weeks", count = self.value),
            "years" => t!(lang, "app-lifetime-years", count = self.value),
            _ => t!(lang, "app-lifetime-days", count = self.value),
        }
    }
}

impl Application {
    /// The application of that id.
    async fn find(member: &Member, id: &str) -> Result<Self, Refusal> {
        member.api.get(&segments!["applications", id]).await
    }

    /// The path of its page, and of that in the API.
    fn path(&self) -> String {
        segments!["applications", self.id]
    }

    /// A page below its own.
    fn below(&self, lang: Lang, page: Page) -> Page {
        let page =
            page.section("applications").below(t!(lang, "nav-applications"), "/applications");
        page.below(self.name.clone(), self.path())
    }

    /// The ways to the parts of it, with the one that is shown.
    fn tabs(&self, member: &Member, current: &str) -> Markup {
        let (lang, path) = (member.lang, self.path());
        let tab = |part: &str, text: String| (format!("{path}{part}"), text);
        let tabs = [
            tab("", t!(lang, "app-overview")),
            tab("/credentials", self.credentials(lang)),
            tab("/usage", t!(lang, "app-usage")),
            tab("/refusals", t!(lang, "app-refusals")),
        ];
        part::tabs(member, &t!(lang, "app-parts"), &format!("{path}{current}"), &tabs)
    }

    /// What its credentials are called.
    fn credentials(&self, lang: Lang) -> String {
        match self.auth_strategy.kind {
            Kind::KeyAuth => t!(lang, "app-keys"),
            _ => t!(lang, "app-client"),
        }
    }

    /// One of its parts, as a page.
    fn part(&self, member: &Member, part: &str, title: String, main: &Markup) -> Page {
        let main = html! { (self.tabs(member, part)) (main) };
        self.below(member.lang, Page::new(title, main))
    }

    /// Whose it is.
    fn owner(&self, lang: Lang, teams: &[Team]) -> String {
        match &self.team_id {
            None => t!(lang, "app-owner-you"),
            Some(id) => {
                let team = teams.iter().find(|team| &team.id == id);
                team.map_or_else(|| t!(lang, "app-owner-team"), |team| team.name.clone())
            }
        }
    }
}

/// The developer's teams.
async fn teams(member: &Member) -> Result<Vec<Team>, Refusal> {
    let teams: List<Team> = member.api.list("/developer/teams", &Asked::first(100)).await?;
    Ok(teams.data)
}

/// Goes on to a page, which says what was done and whether gateways have heard of it.
fn said(member: &Member, path: &str, done: &str, headers: &HeaderMap) -> Response {
    let told = headers.get("gatekey-enforcement").and_then(|value| value.to_str().ok());
    member.go_saying(path, &format!("{done}{}", heard(told.unwrap_or_default())))
}

/// What the header of a write says of gateways, as the end of a text's name.
fn heard(told: &str) -> &'static str {
    let mut numbers = told.split(' ').filter_map(|word| word.parse::<u64>().ok());
    match (numbers.next(), numbers.next()) {
        (Some(enforced), Some(live)) if live > 0 && enforced >= live => "-everywhere",
        (Some(_), Some(live)) if live > 0 => "-soon",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_whether_gateways_have_heard() {
        assert_eq!(heard("enforced on 2 of 2 at revision 7"), "-everywhere");
        assert_eq!(heard("enforced on 1 of 2 at revision 7"), "-soon");
        assert_eq!(heard("enforced on 0 of 0 at revision 7"), "");
        assert_eq!(heard("unknown"), "");
    }
}
