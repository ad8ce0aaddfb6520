//! APIs as cards.

use maud::{Markup, html};

use super::about::{Api, path_of};
use crate::language::t;
use crate::part;
use crate::portal::Guest;

/// APIs beside each other.
pub(super) fn cards(guest: &Guest, apis: &[Api]) -> Markup {
    let lang = guest.lang;
    html! {
        ul.cards {
            @for api in apis {
                li.card {
                    h2 { a href=(guest.href(&path_of(&api.slug))) { (api.name) } }
                    span.marks {
                        @if let Some(version) = &api.version { (part::tag(version)) }
                        @for strategy in &api.auth_strategies { (part::tag(&strategy.name)) }
                        @if api.visibility == "private" { (part::tag(&t!(lang, "api-private"))) }
                    }
                    @if let Some(text) = &api.description { p { (text) } }
                    a.more href=(guest.href(&path_of(&api.slug))) {
                        (t!(lang, "api-view")) span.hidden { ": " (api.name) }
                    }
                }
            }
        }
    }
}
