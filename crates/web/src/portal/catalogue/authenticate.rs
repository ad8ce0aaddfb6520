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
    Ok(guest.page(&about.page(&guest, ("/authenticate", t!(lang, "api-authenticate")), &main)))
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
    let bearer = strategy.takes(&["bearer", "introspection", "kong_oauth2"]);
    let client = strategy.takes(&["client_credentials"]);
    let ways = ways(lang, strategy, &issuer, example, (client, bearer));
    html! {
        @if bearer || client {
            @let title = t!(lang, "authenticate-export");
            li {
                h2 { (title) }
                p {
                    (t!(lang, "authenticate-export-text"))
                    @if bearer && about.settings.issuer.is_none() {
                        " " (t!(lang, "authenticate-no-issuer"))
                    }
                }
                (part::code(lang, &title, &command::exports(&issuer, example, bearer)))
            }
        }
        li {
            h2 { (t!(lang, "authenticate-call")) }
            @if ways.len() > 1 { p { (t!(lang, "authenticate-ways")) } }
            @for way in &ways { (way) }
        }
    }
}

/// The ways to call that a strategy lets through.
fn ways(
    lang: Lang,
    strategy: &Strategy,
    issuer: &Issuer,
    example: &Example,
    (client, bearer): (bool, bool),
) -> Vec<Markup> {
    let mut ways = Vec::new();
    let mut way = |title: String, text: String, commands: &[String]| {
        ways.push(html! {
            h3 { (title) }
            p { (text) }
            @for (at, command) in (1_u8..).zip(commands) {
                (part::code(lang, &format!("{title} ({at})"), command))
            }
        });
    };
    if client {
        let text = t!(lang, "authenticate-client-text");
        way(t!(lang, "authenticate-client"), text, &[command::with_client(example)]);
    }
    if bearer {
        let scopes = strategy.available_scopes.as_deref().unwrap_or_default();
        let commands = [command::token(issuer, scopes), command::with_token(example)];
        way(t!(lang, "authenticate-token"), t!(lang, "authenticate-token-text"), &commands);
    }
    let password = strategy.takes(&["password"]);
    if password {
        let text = t!(lang, "authenticate-password-text");
        way(t!(lang, "authenticate-password"), text, &[command::with_password(example)]);
    }
    if strategy.takes(&["authorization_code"]) {
        way(t!(lang, "authenticate-browser"), t!(lang, "authenticate-browser-text"), &[]);
    }
    if strategy.takes(&["session"]) && (client || bearer || password) {
        let commands = [command::with_session(example, client, bearer)];
        way(t!(lang, "authenticate-session"), t!(lang, "authenticate-session-text"), &commands);
    }
    ways
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
