//! An application that was made to use an API: what it got is shown this once.

use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::about::{About, Strategy};
use super::access::{Registration, register};
use super::offer::path_of;
use crate::language::{Lang, t};
use crate::part;
use crate::portal::Guest;
use crate::refusal::Refusal;
use crate::segments::segments;

#[derive(Deserialize)]
struct Application {
    id: String,
    name: String,
    client_id: Option<String>,
    client_secret: Option<String>,
}

#[derive(Deserialize)]
struct Key {
    credential: Option<String>,
}

/// What was made.
pub(super) struct Made {
    application: Application,
    registration: Result<Registration, Refusal>,
    /// Its key, where it has keys.
    key: Option<Result<Key, Refusal>>,
}

/// Makes an application, asks for its access, and makes its key.
pub(super) async fn make(
    guest: &Guest,
    about: &About,
    strategy: &Strategy,
    body: &Map<String, Value>,
) -> Result<Made, Refusal> {
    let application: Application = guest.api.post("/applications", body).await?;
    // From here on there is something to show, whatever else happens.
    let registration = register(guest, &application.id, about).await;
    let key = if strategy.has_keys() && registration.is_ok() {
        let path = segments!["applications", application.id, "credentials"];
        Some(guest.api.post(&path, &json!({ "display_name": application.name })).await)
    } else {
        None
    };
    Ok(Made { application, registration, key })
}

impl Made {
    /// The page that shows it.
    pub(super) fn show(&self, guest: &Guest, about: &About) -> Response {
        let lang = guest.lang;
        let key = self.key.as_ref().and_then(|key| key.as_ref().ok());
        let key = key.and_then(|key| key.credential.as_deref());
        let secret = self.application.client_secret.as_deref();
        let main = html! {
            h2 { (t!(lang, "made-title", application = self.application.name.as_str())) }
            (self.state(lang, about))
            @if let Some(key) = key { (part::secret(lang, &t!(lang, "made-key"), key)) }
            @if let Some(Err(refusal)) = &self.key { (refused(lang, "made-no-key", refusal)) }
            @if let Some(client) = &self.application.client_id {
                (part::facts(&[(t!(lang, "made-client-id"), part::copy(lang, client))]))
            }
            @if let Some(secret) = secret {
                (part::secret(lang, &t!(lang, "made-client-secret"), secret))
            }
            @if key.is_some() || secret.is_some() { p.strong { (t!(lang, "made-once")) } }
            div.actions {
                (part::act(guest, &about.path("/authenticate"), &t!(lang, "api-authenticate")))
                (part::other_act(guest, &path_of(&self.application.id), &t!(lang, "made-application")))
            }
        };
        let page = about.page(guest, ("/use", t!(lang, "api-use")), &main);
        guest.page(&page.status(StatusCode::CREATED))
    }

    fn state(&self, lang: Lang, about: &About) -> Markup {
        let api = about.api.name.as_str();
        match &self.registration {
            Ok(registration) if registration.status == "approved" => {
                let text = t!(lang, "made-approved", api = api);
                part::notice("good", &html! { p role="status" { (text) } })
            }
            Ok(_) => {
                let text = t!(lang, "made-waiting", api = api);
                part::notice("open", &html! { p role="status" { (text) } })
            }
            Err(refusal) => refused(lang, "made-no-access", refusal),
        }
    }
}

/// What did not work, although the application is there.
fn refused(lang: Lang, what: &str, refusal: &Refusal) -> Markup {
    part::notice(
        "bad",
        &html! {
            p role="alert" { (lang.text(what, None)) " " (part::problem(lang, refusal)) }
        },
    )
}
