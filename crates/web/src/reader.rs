//! The reader's choice of language and time zone.

use axum::extract::Query;
use axum::response::Response;
use serde::Deserialize;

use crate::cookie;
use crate::language::Lang;
use crate::time::Zone;
use crate::visit::Visit;

#[derive(Debug, Deserialize)]
pub(crate) struct Choice {
    language: Option<String>,
    timezone: Option<String>,
    next: Option<String>,
}

/// Keeps the choice, and goes back. What cannot be is left as it was.
pub(crate) async fn choose(visit: Visit, Query(choice): Query<Choice>) -> Response {
    if let Some(lang) = choice.language.as_deref().and_then(Lang::named) {
        visit.set_cookie(cookie::choice(cookie::LANGUAGE, lang.tag()));
    }
    let zone = Zone::named(choice.timezone.as_deref());
    if zone.known {
        visit.set_cookie(cookie::choice(cookie::ZONE, zone.name()));
    }
    visit.onward(choice.next.as_deref().unwrap_or("/"))
}
