//! The applications that somebody can use an API with, and those that they cannot.

use maud::{Markup, html};
use serde::Deserialize;

use super::about::{About, Strategy};
use super::permitted::Permitted;
use crate::language::{Lang, t};
use crate::list::Asked;
use crate::part;
use crate::portal::Guest;
use crate::refusal::Refusal;
use crate::segments::segments;

/// The most applications that are offered.
const MOST: u32 = 200;

/// An application that fits, and what became of its registration.
#[derive(Debug, Deserialize)]
struct Fitting {
    id: String,
    name: String,
    registration_status: Option<String>,
}

/// Any of somebody's applications.
#[derive(Debug, Deserialize)]
struct Application {
    id: String,
    name: String,
    auth_strategy: Named,
}

#[derive(Debug, Deserialize)]
struct Named {
    id: String,
    name: String,
}

/// A team that somebody is in.
#[derive(Debug, Deserialize)]
pub(super) struct Team {
    pub(super) id: String,
    pub(super) name: String,
}

/// What somebody can use an API with.
#[derive(Debug)]
pub(super) struct Offer {
    pub(super) lang: Lang,
    /// Whether a new application of theirs would be let register.
    pub(super) may_create: bool,
    /// The teams that a new application can belong to.
    pub(super) teams: Vec<Team>,
    fitting: Vec<Fitting>,
    own: Vec<Application>,
}

impl Offer {
    /// Asks what there is.
    pub(super) async fn ask(guest: &Guest, about: &About) -> Result<Self, Refusal> {
        let fitting = segments!["apis", about.api.id, "applications"];
        let asked = Asked::first(MOST);
        let (permitted, fitting, own, teams) = tokio::join!(
            Permitted::ask(guest, &about.api.id),
            guest.api.list::<Fitting>(&fitting, &asked),
            guest.api.list::<Application>("/applications", &asked),
            guest.api.list::<Team>("/developer/teams", &asked),
        );
        Ok(Self {
            lang: guest.lang,
            may_create: permitted == Permitted::Yes,
            teams: teams.map(|list| list.data).unwrap_or_default(),
            fitting: fitting?.data,
            own: own?.data,
        })
    }

    /// Whether there is anything to choose.
    pub(super) fn has_any(&self) -> bool {
        !self.fitting.is_empty()
    }

    /// The applications that can still ask: id and name.
    pub(super) fn unregistered(&self) -> impl Iterator<Item = (String, String)> {
        let open = self.fitting.iter().filter(|one| one.registration_status.is_none());
        open.map(|one| (one.id.clone(), one.name.clone()))
    }

    /// The applications that asked, with what became of it.
    pub(super) fn registered(&self, guest: &Guest) -> Markup {
        let lang = self.lang;
        let row = |one: &Fitting| {
            let status = one.registration_status.as_deref()?;
            let name = html! { a href=(guest.href(&path_of(&one.id))) { (one.name) } };
            Some(vec![name, part::status(lang, status)])
        };
        let rows: Vec<_> = self.fitting.iter().filter_map(row).collect();
        if rows.is_empty() {
            return html! {};
        }
        let heads = [t!(lang, "use-application"), t!(lang, "use-access")];
        html! {
            section.group {
                h2 { (t!(lang, "use-registered")) }
                (part::table(&t!(lang, "use-registered"), &heads, &rows))
            }
        }
    }

    /// The applications that cannot ask, and why not.
    pub(super) fn others(&self, guest: &Guest, needed: &Strategy) -> Markup {
        let lang = self.lang;
        let fits = |own: &&Application| !self.fitting.iter().any(|one| one.id == own.id);
        let others: Vec<_> = self.own.iter().filter(fits).collect();
        if others.is_empty() {
            return html! {};
        }
        html! {
            section.group {
                h2 { (t!(lang, "use-others")) }
                ul {
                    @for other in others {
                        li {
                            a href=(guest.href(&path_of(&other.id))) { (other.name) } ": "
                            (why_not(lang, other, needed))
                        }
                    }
                }
            }
        }
    }
}

/// The page of an application.
pub(super) fn path_of(application: &str) -> String {
    segments!["applications", application]
}

fn why_not(lang: Lang, application: &Application, needed: &Strategy) -> String {
    let Named { id, name } = &application.auth_strategy;
    if id == &needed.id {
        t!(lang, "use-other-owner")
    } else {
        t!(lang, "use-other-strategy", strategy = name.as_str(), needed = needed.name.as_str())
    }
}
