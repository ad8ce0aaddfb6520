//! Applications of developers.

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::Value;

use super::by_ids;
use super::owner::Owner;
use crate::Web;
use crate::backend::Backend;
use crate::console::Administrator;
use crate::field::{Field, Filled, FormView};
use crate::language::t;
use crate::list::Asked;
use crate::page::Page;
use crate::refusal::Refusal;
use crate::segments::segments;

mod bound;
mod credential;
mod list;
mod registration;
mod show;
mod usage;

pub(super) fn routes() -> Router<Web> {
    const ONE: &str = "/applications/{portal}/{application}";
    let at = |path: &str| format!("{ONE}{path}");
    Router::new()
        .route("/applications", get(list::list))
        .route(ONE, get(show::show))
        .route(&at("/delete"), get(show::ask).post(show::delete))
        .route(&at("/credentials/new"), get(credential::new::show).post(credential::new::create))
        .route(
            &at("/credentials/import"),
            get(credential::import::show).post(credential::import::create),
        )
        .route(
            &at("/credentials/{credential}/rotate"),
            get(credential::rotate::show).post(credential::rotate::rotate),
        )
        .route(
            &at("/credentials/{credential}/revoke"),
            get(credential::ask_to_revoke).post(credential::revoke),
        )
        .route(&at("/registrations/new"), get(registration::show).post(registration::create))
        .route(&at("/limits"), get(bound::limits).post(bound::add_limit))
        .route(&at("/limits/remove"), post(bound::remove_limit))
        .route(&at("/networks"), get(bound::networks).post(bound::put_networks))
}

/// Which application.
#[derive(Debug, Deserialize)]
struct One {
    portal: String,
    application: String,
}

impl One {
    fn path(&self) -> String {
        segments!["v3", "portals", self.portal, "applications", self.application]
    }

    fn page(&self) -> String {
        segments!["applications", self.portal, self.application]
    }
}

type Which = Path<One>;

/// An application.
#[derive(Debug, Deserialize)]
struct Application {
    id: String,
    name: String,
    description: Option<String>,
    client_id: Option<String>,
    owner: Owner,
    auth_strategy: Strategy,
    dcr_provider: Option<Value>,
    registration_count: u64,
    created_at: String,
}

impl Application {
    /// Whether its credentials are keys of ours.
    fn has_keys(&self) -> bool {
        self.client_id.is_none() && self.dcr_provider.is_none()
    }
}

#[derive(Debug, Deserialize)]
struct Strategy {
    id: String,
    name: String,
    credential_type: String,
}

/// An API to choose.
#[derive(Debug, Deserialize)]
struct Api {
    id: String,
    name: String,
    version: Option<String>,
}

impl Api {
    fn shown(&self) -> String {
        match &self.version {
            Some(version) => format!("{} {version}", self.name),
            None => self.name.clone(),
        }
    }
}

#[derive(Debug, Deserialize)]
struct Publication {
    api_id: String,
}

/// The APIs that are published in a portal, as options of a field.
pub(super) async fn published(
    api: &Backend,
    portal: &str,
) -> Result<Vec<(String, String)>, Refusal> {
    let path = segments!["v3", "portals", portal, "api-publications"];
    let wanted = Asked::first(1_000).sorted("api_name");
    let publications = api.list::<Publication>(&path, &wanted).await?;
    let ids = publications.data.iter().map(|publication| publication.api_id.as_str());
    let mut apis: Vec<(String, String)> = by_ids::<Api>(api, "/v3/apis", ids)
        .await?
        .into_iter()
        .map(|api| (api.id.clone(), api.shown()))
        .collect();
    apis.sort_by_key(|(_, name)| name.to_lowercase());
    Ok(apis)
}

/// A form of its own page below an application's.
struct FormPage<'a> {
    title: &'static str,
    text: Option<&'static str>,
    fields: &'a [Field],
    submit: &'static str,
}

impl FormPage<'_> {
    fn show(
        &self,
        admin: &Administrator,
        which: &One,
        filled: Filled<'_>,
        status: StatusCode,
    ) -> Response {
        let lang = admin.lang;
        let form = FormView {
            action: String::new(),
            fields: self.fields,
            filled,
            submit: self.submit,
            cancel: Some(admin.href(&which.page())),
        };
        let main = maud::html! {
            @if let Some(text) = self.text { p { (t!(lang, text)) } }
            (form.show(admin))
        };
        admin.page(&below(admin, Page::new(t!(lang, self.title), main), which).status(status))
    }
}

/// A page below that of an application.
fn below(admin: &Administrator, page: Page, which: &One) -> Page {
    let lang = admin.lang;
    let list = format!("/applications?portal={}", which.portal);
    let page = page.section("applications").below(t!(lang, "nav-applications"), list);
    page.below(t!(lang, "people-application"), which.page())
}
