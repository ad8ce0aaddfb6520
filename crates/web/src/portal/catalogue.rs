//! The APIs of a portal.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use maud::html;
use serde::Deserialize;

use super::Guest;
use crate::Web;
use crate::language::t;
use crate::list::Asked;
use crate::page::Page;
use crate::part;
use crate::refusal::Refusal;

pub(super) fn routes() -> Router<Web> {
    Router::new().route("/apis", get(list))
}

/// An API, as the catalogue lists it.
#[derive(Debug, Deserialize)]
struct Api {
    id: String,
    name: String,
    description: Option<String>,
    version: Option<String>,
    slug: Option<String>,
}

impl Api {
    fn path(&self) -> String {
        crate::segments::segments!["apis", self.slug.as_deref().unwrap_or(&self.id)]
    }
}

/// The page that a portal begins with.
pub(super) async fn home(guest: Guest, asked: Asked) -> Result<Response, Refusal> {
    list(guest, asked).await
}

async fn list(guest: Guest, asked: Asked) -> Result<Response, Refusal> {
    let lang = guest.lang;
    let asked = asked.rows(24);
    let wanted = asked.given("q").to_owned();
    let apis = guest
        .api
        .list::<Api>("/apis", &asked.clone().with("filter[name][contains]", wanted))
        .await?;
    let main = html! {
        (part::search(&guest, &asked, Some(("q", t!(lang, "apis-search"))), &[]))
        @if apis.data.is_empty() {
            (part::empty(&t!(lang, "apis-none"), &t!(lang, "apis-none-text"), None))
        }
        ul.cards {
            @for api in &apis.data {
                li.card {
                    h2 { a href=(guest.href(&api.path())) { (api.name) } }
                    @if let Some(version) = &api.version { (part::tag(version)) }
                    @if let Some(text) = &api.description { p { (text) } }
                }
            }
        }
        (part::pager(&guest, &asked, &apis.meta.page))
    };
    Ok(guest.page(Page::new(t!(lang, "nav-apis"), main).section("apis")))
}
