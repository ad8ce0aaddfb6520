//! The catalogue: all APIs that somebody sees.

use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;

use super::about::Api;
use super::card;
use super::search::{self, Found, Wanted};
use crate::encoding::query;
use crate::language::t;
use crate::list::Asked;
use crate::page::Page;
use crate::part;
use crate::portal::Guest;
use crate::refusal::Refusal;

/// A page of cards.
const CARDS: u32 = 24;
/// The most attributes that one can choose by, and the most values of one.
const MOST_ATTRIBUTES: usize = 5;
const MOST_VALUES: usize = 100;
/// What is shown of what else was found.
const ELSEWHERE: u32 = 5;

/// What APIs can be chosen by.
#[derive(Debug, Deserialize)]
struct Attribute {
    key: String,
    values: Vec<Value>,
}

#[derive(Debug, Deserialize)]
struct Value {
    value: String,
    api_count: u64,
}

/// A choice in the search: its name in the query, its label, its options.
type Choice = (String, String, Vec<(String, String)>);

pub(super) async fn show(guest: Guest, asked: Asked) -> Result<Response, Refusal> {
    let lang = guest.lang;
    let asked = asked.rows(CARDS);
    let wanted = Wanted::read(&asked);
    let attributes = guest.api.list::<Attribute>("/api-attributes", &Asked::first(100)).await;
    let choices = choices(&guest, attributes.map(|list| list.data).unwrap_or_default());
    let filtered = choices.iter().fold(asked.clone(), |filtered, (name, key, _)| {
        filtered.with(&format!("filter[attributes.{key}]"), asked.given(name))
    });
    let filtered = filtered.with("filter[name][contains]", wanted.text.as_str());
    let chose = choices.iter().any(|(name, ..)| !asked.given(name).is_empty());
    let (apis, elsewhere) =
        tokio::join!(guest.api.list::<Api>("/apis", &filtered), elsewhere(&guest, &wanted),);
    let apis = apis?;
    let choices: Vec<_> = choices
        .iter()
        .map(|(name, key, options)| (name.as_str(), key.clone(), options.clone()))
        .collect();
    let main = html! {
        (part::search(&guest, &asked, Some(&("q", t!(lang, "apis-search"))), &choices))
        @if apis.data.is_empty() { (nothing(&guest, chose || !wanted.text.is_empty())) }
        (card::cards(&guest, &apis.data))
        @if apis.meta.page.total > u64::from(CARDS) {
            (part::pager(&guest, &asked, &apis.meta.page))
        }
        @if !elsewhere.is_empty() {
            section.panel {
                h2 { (t!(lang, "search-within")) }
                (search::hits(&guest, &elsewhere))
                p { a href=(guest.href(&format!("/search{}", query([("q", &wanted.text)])))) { (t!(lang, "search-all")) } }
            }
        }
    };
    Ok(guest.page(&Page::new(t!(lang, "nav-apis"), main).section("apis")))
}

/// What can be chosen by, with the counts of APIs.
fn choices(guest: &Guest, attributes: Vec<Attribute>) -> Vec<Choice> {
    let choice = |attribute: Attribute| {
        let mut options = vec![(String::new(), t!(guest.lang, "apis-any"))];
        options.extend(attribute.values.into_iter().take(MOST_VALUES).map(|value| {
            let text = format!("{} ({})", value.value, value.api_count);
            (value.value, text)
        }));
        (format!("attribute-{}", attribute.key), attribute.key, options)
    };
    attributes.into_iter().take(MOST_ATTRIBUTES).map(choice).collect()
}

/// What stands there instead of cards: nothing is published, nothing matches, or it takes an
/// account to see something.
pub(super) fn nothing(guest: &Guest, searched: bool) -> Markup {
    let lang = guest.lang;
    if searched {
        let all = part::other_act(guest, "/apis", &t!(lang, "apis-all"));
        return part::empty(
            &t!(lang, "apis-no-match"),
            &t!(lang, "apis-no-match-text"),
            Some(&all),
        );
    }
    match guest.portal() {
        Some(portal) if portal.me.is_none() && portal.context.authentication_enabled => {
            let next = query([("next", "/apis")]);
            let act = part::act(guest, &format!("/sign-in{next}"), &t!(lang, "sign-in"));
            part::empty(&t!(lang, "apis-none"), &t!(lang, "apis-none-guest"), Some(&act))
        }
        _ => part::empty(&t!(lang, "apis-none"), &t!(lang, "apis-none-text"), None),
    }
}

/// What is found within APIs, when something is looked for.
async fn elsewhere(guest: &Guest, wanted: &Wanted) -> Vec<Found> {
    if wanted.text.is_empty() {
        return Vec::new();
    }
    // The cards are what was asked for; they are shown whatever becomes of this.
    wanted.found(guest, ELSEWHERE).await.map(|found| found.data).unwrap_or_default()
}
