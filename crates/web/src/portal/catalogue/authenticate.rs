//! How to authenticate: commands to copy, for one API and its strategy.

use axum::extract::Path;
use axum::http::Method;
use axum::response::Response;
use maud::{Markup, html};

use super::about::{About, Place, Strategy};
use super::command::{self, Issuer};
use super::example::Example;
use crate::language::{Lang, t};
use crate::part;
use crate::portal::Guest;
use crate::refusal::Refusal;
use crate::segments::segments;

pub(super) async fn show(guest: Guest, Path(place): Path<Place>) -> Result<Response, Refusal> {
    let lang = guest.lang;
    let about = About::load(&guest, &place.api).await?;
    let example = example(&guest, &about).await;
    let main = match about.strategy() {
        None => html! {
            p { (t!(lang, "authenticate-open")) }
            (part::code(lang, &t!(lang, "authenticate-call"), &command::plain(&example)))
        },
        Some(strategy) => html! {
            p { (t!(lang, "authenticate-by", strategy = strategy.name.as_str())) }
            ol.steps {
                li { (credentials(&guest, &about, strategy)) }
                (steps(lang, &about, strategy, &example))
            }
        },
    };
    Ok(guest.page(about.page(&guest, ("/authenticate", t!(lang, "api-authenticate")), &main)))
}

/// The call that the API's document tells of.
async fn example(guest: &Guest, about: &About) -> Example {
    let Some(version) = &about.api.current_version_summary else { return Example::default() };
    let path = segments!["apis", about.api.id, "versions", version.id, "raw"];
    let answer = guest.api.send(Method::GET, &path, None).await.granted();
    answer.map(|answer| Example::read(&String::from_utf8_lossy(&answer.body))).unwrap_or_default()
}

/// The first step: where credentials come from.
fn credentials(guest: &Guest, about: &About, strategy: &Strategy) -> Markup {
    let lang = guest.lang;
    let text = if strategy.has_keys() {
        t!(lang, "authenticate-get-key")
    } else if strategy.makes_clients() {
        t!(lang, "authenticate-get-client")
    } else {
        t!(lang, "authenticate-own-client")
    };
    html! {
        h2 { (t!(lang, "authenticate-credentials")) }
        p { (text) }
        @if about.takes_applications() {
            p { (part::other_act(guest, &about.path("/use"), &t!(lang, "api-use"))) }
        }
    }
}

/// The other steps.
fn steps(lang: Lang, about: &About, strategy: &Strategy, example: &Example) -> Markup {
    if strategy.has_keys() {
        return with_key(lang, strategy, example);
    }
    let issuer = Issuer::of(about.settings.issuer.as_deref());
    let step = |title: String, text: Markup, command: Option<String>| {
        html! {
            li {
                h2 { (title) }
                p { (text) }
                @if let Some(command) = command { (part::code(lang, &title, &command)) }
            }
        }
    };
    let bearer = strategy.takes(&["bearer", "introspection", "kong_oauth2"]);
    let basic = strategy.takes(&["client_credentials"]);
    let mut steps = Vec::new();
    if bearer || basic {
        let text = if about.settings.issuer.is_some() || !bearer {
            t!(lang, "authenticate-export-text")
        } else {
            t!(lang, "authenticate-export-issuer")
        };
        let command = command::exports(&issuer, example, bearer);
        steps.push(step(t!(lang, "authenticate-export"), html! { (text) }, Some(command)));
    }
    if basic {
        let text = html! { (t!(lang, "authenticate-client-text")) };
        let command = command::with_client(example);
        steps.push(step(t!(lang, "authenticate-client"), text, Some(command)));
    }
    if bearer {
        let text = html! { (t!(lang, "authenticate-token-text")) };
        let scopes = strategy.available_scopes.as_deref().unwrap_or_default();
        let command = command::token(&issuer, scopes);
        steps.push(step(t!(lang, "authenticate-token"), text, Some(command)));
        let text = html! { (t!(lang, "authenticate-bearer-text")) };
        let command = command::with_token(example);
        steps.push(step(t!(lang, "authenticate-bearer"), text, Some(command)));
    }
    if strategy.takes(&["password"]) {
        let text = html! { (t!(lang, "authenticate-password-text")) };
        let command = command::with_password(example);
        steps.push(step(t!(lang, "authenticate-password"), text, Some(command)));
    }
    if strategy.takes(&["authorization_code"]) {
        let text = html! { (t!(lang, "authenticate-browser-text")) };
        steps.push(step(t!(lang, "authenticate-browser"), text, None));
    }
    if strategy.takes(&["session"]) && (basic || bearer || strategy.takes(&["password"])) {
        let text = html! { (t!(lang, "authenticate-session-text")) };
        let command = command::with_session(example, basic, bearer);
        steps.push(step(t!(lang, "authenticate-session"), text, Some(command)));
    }
    html! { @for step in &steps { (step) } }
}

fn with_key(lang: Lang, strategy: &Strategy, example: &Example) -> Markup {
    let name = strategy.key_names.first().map_or("apikey", String::as_str);
    let title = t!(lang, "authenticate-call");
    html! {
        li {
            h2 { (title) }
            p { (t!(lang, "authenticate-key-text")) " " code { (name) } "." }
            @if strategy.key_names.len() > 1 {
                p {
                    (t!(lang, "authenticate-key-names")) " "
                    @for other in strategy.key_names.iter().skip(1) { code { (other) } " " }
                }
            }
            (part::code(lang, &title, &command::with_key(name, example)))
        }
    }
}
