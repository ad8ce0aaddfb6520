//! People in the console: developers, their applications, requests, teams.

use axum::Router;
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Administrator;
use crate::Web;
use crate::backend::Backend;
use crate::language::{Lang, t};
use crate::list::{Asked, List};
use crate::page::Page;
use crate::part;
use crate::refusal::Refusal;
use crate::visit::Visit;

mod application;
mod cut;
mod decide;
mod developer;
mod home;
mod owner;
mod request;
mod team;

pub(super) use self::home::home;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .merge(developer::routes())
        .merge(request::routes())
        .merge(decide::routes())
        .merge(application::routes())
        .merge(team::routes())
}

/// A portal to choose.
#[derive(Clone, Debug, Deserialize)]
struct Portal {
    id: String,
    name: String,
}

/// All portals.
async fn portals(api: &Backend) -> Result<Vec<Portal>, Refusal> {
    let wanted = Asked::first(1_000).sorted("name");
    Ok(api.list::<Portal>("/v3/portals", &wanted).await?.data)
}

/// The portals, one of which is shown.
struct Choice {
    all: Vec<Portal>,
    chosen: Portal,
}

impl Choice {
    /// The portal that the visitor named, or the first; nothing, if there are none.
    async fn of(admin: &Administrator, asked: &Asked) -> Result<Option<Self>, Refusal> {
        let all = portals(&admin.api).await?;
        let named = all.iter().find(|portal| portal.id == asked.given("portal"));
        let chosen = named.or_else(|| all.first()).cloned();
        Ok(chosen.map(|chosen| Self { all, chosen }))
    }

    /// The field of a search that chooses one. The shown one stands first: it is what the field
    /// says when nobody has chosen.
    fn field(&self, lang: Lang) -> (&'static str, String, Vec<(String, String)>) {
        let others = self.all.iter().filter(|portal| portal.id != self.chosen.id);
        let options = core::iter::once(&self.chosen).chain(others);
        let options = options.map(|portal| (portal.id.clone(), portal.name.clone()));
        ("portal", t!(lang, "people-portal"), options.collect())
    }
}

/// What a page shows that needs a portal when there is none.
fn without_portal(admin: &Administrator, title: String, section: &'static str) -> Response {
    let lang = admin.lang;
    let new = part::act(admin, "/portals/new", &t!(lang, "portal-new"));
    let text = t!(lang, "people-needs-portal");
    let main = part::empty(&t!(lang, "portals-none"), &text, Some(&new));
    admin.page(&Page::new(title, main).section(section))
}

/// The path of this page, for coming back to it.
fn back(visit: &Visit) -> String {
    let (path, query) = visit.here.split_once('?').unwrap_or((&visit.here, ""));
    let pairs = form_urlencoded::parse(query.as_bytes()).into_owned();
    let kept = pairs.filter(|(name, _)| name != "said");
    format!("{path}{}", crate::encoding::query(kept))
}

/// A path to come back to, as a form brought it: one of ours.
fn ours(path: &str) -> &str {
    if path.starts_with('/') && !path.starts_with("//") { path } else { "/" }
}

/// Asks the same of every portal, at the same time.
async fn of_each<T, F>(all: &[Portal], ask: impl Fn(Portal) -> F) -> Result<Vec<T>, Refusal>
where
    F: Future<Output = Result<T, Refusal>> + Send + 'static,
    T: Send + 'static,
{
    let asked: Vec<_> = all.iter().map(|portal| tokio::spawn(ask(portal.clone()))).collect();
    let mut answers = Vec::with_capacity(asked.len());
    for answer in asked {
        let failed = |_| Refusal::of(axum::http::StatusCode::INTERNAL_SERVER_ERROR);
        answers.push(answer.await.map_err(failed)??);
    }
    Ok(answers)
}

/// How long a list is.
async fn total(api: &Backend, path: &str, asked: Asked) -> Result<u64, Refusal> {
    let list: List<serde::de::IgnoredAny> = api.list(path, &asked.rows(1)).await?;
    Ok(list.meta.page.total)
}

/// The entries of a list with these ids.
async fn by_ids<T: DeserializeOwned>(
    api: &Backend,
    path: &str,
    ids: impl Iterator<Item = &str>,
) -> Result<Vec<T>, Refusal> {
    let mut ids: Vec<&str> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    let mut found = Vec::new();
    for some in ids.chunks(100) {
        let wanted = Asked::first(100).with("filter[id][oeq]", some.join(","));
        found.extend(api.list::<T>(path, &wanted).await?.data);
    }
    Ok(found)
}

/// A heading with a part of a page below it, and what can be done beside it.
fn panel(title: &str, acts: &Markup, main: &Markup) -> Markup {
    html! {
        section.panel {
            div.title { h2 { (title) } div.acts { (acts) } }
            (main)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_back_stays_in_the_console() {
        assert_eq!(ours("/developers?portal=1"), "/developers?portal=1");
        assert_eq!(ours("//elsewhere.test"), "/");
        assert_eq!(ours("https://elsewhere.test"), "/");
        assert_eq!(ours(""), "/");
    }
}
