//! The client of an application at an identity provider, and its secrets.

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;

use super::registration::Registration;
use super::{Application, At, Kind};
use crate::Web;
use crate::form::Form;
use crate::language::t;
use crate::list::{Asked, List};
use crate::page::Page;
use crate::part::{self, Confirm};
use crate::portal::Member;
use crate::refusal::Refusal;
use crate::segments::segments;

pub(super) fn routes() -> Router<Web> {
    Router::new().route("/applications/{id}/secret", get(ask).post(regenerate))
}

/// A secret of a client, without the secret.
#[derive(Debug, Deserialize)]
struct Secret {
    id: String,
    display_name: Option<String>,
    expires_at: Option<String>,
    created_at: Option<String>,
}

#[derive(Deserialize)]
struct Issued {
    client_secret: String,
}

/// How an API is offered, as far as tokens go.
#[derive(Debug, Deserialize)]
struct Settings {
    issuer: Option<String>,
}

/// The page of an application's client.
pub(super) async fn show(member: &Member, application: &Application) -> Result<Page, Refusal> {
    let lang = member.lang;
    let id = application.client_id.as_deref().unwrap_or_default();
    let registered = application.auth_strategy.kind == Kind::ClientCredentials;
    let (secrets, issuer) = tokio::join!(secrets(member, application), issuer(member, application));
    let main = html! {
        p { (application.auth_strategy.kind.means(lang)) }
        (part::facts(&[(t!(lang, "application-client-id"), part::copy(lang, id))]))
        @if registered { (listed(member, application, &secrets)) }
        (token(member, id, issuer.as_deref()))
    };
    let page = application.part(member, "/credentials", t!(lang, "app-client"), &main);
    let path = application.path();
    Ok(if registered {
        page.acts(html! {
            @if application.auth_strategy.supports_multiple_credentials {
                (part::act(member, &format!("{path}/credentials/new"), &t!(lang, "app-secret-new")))
            }
            (part::bad_act(member, &format!("{path}/secret"), &t!(lang, "app-secret-regenerate")))
        })
    } else {
        page.acts(part::other_act(member, &format!("{path}/edit"), &t!(lang, "app-edit")))
    })
}

/// The secrets, where the provider keeps several and tells of them.
async fn secrets(
    member: &Member,
    application: &Application,
) -> Result<Option<List<Secret>>, Refusal> {
    if !application.auth_strategy.supports_multiple_credentials {
        return Ok(None);
    }
    let path = format!("{}/credentials", application.path());
    member.api.list(&path, &Asked::first(100)).await.map(Some)
}

/// The issuer of the strategy, if an API that the application may call shows it.
async fn issuer(member: &Member, application: &Application) -> Option<String> {
    let path = format!("{}/registrations", application.path());
    let found = member.api.list::<Registration>(&path, &Asked::first(1)).await.ok()?;
    let path = format!("{}/registration-settings", found.data.first()?.api());
    member.api.get::<Settings>(&path).await.ok()?.issuer
}

fn listed(
    member: &Member,
    application: &Application,
    secrets: &Result<Option<List<Secret>>, Refusal>,
) -> Markup {
    let lang = member.lang;
    let secrets = match secrets {
        Ok(Some(secrets)) => &secrets.data,
        Ok(None) => return html! { p { (t!(lang, "app-secret-one")) } },
        Err(refusal) => {
            return part::notice("bad", &html! { p { (part::problem(lang, refusal)) } });
        }
    };
    let heads = [
        t!(lang, "app-key-name"),
        t!(lang, "created-at"),
        t!(lang, "app-key-ends"),
        t!(lang, "app-access-acts"),
    ];
    let rows: Vec<_> = secrets
        .iter()
        .map(|secret| {
            let name = secret.display_name.clone().filter(|name| !name.is_empty());
            let name = name.unwrap_or_else(|| t!(lang, "app-secret-unnamed"));
            let path = segments!["applications", application.id, "credentials", secret.id];
            vec![
                html! { (name) },
                match &secret.created_at {
                    Some(at) => part::moment(member, at),
                    None => html! { "–" },
                },
                part::moment_or_never(member, secret.expires_at.as_deref()),
                html! {
                    a href=(member.href(&format!("{path}/revoke"))) {
                        (t!(lang, "app-key-revoke")) span.hidden { " " (name) }
                    }
                },
            ]
        })
        .collect();
    html! {
        h2 { (t!(lang, "app-secrets")) }
        p.quiet { (t!(lang, "app-secrets-text")) }
        @if let Some(most) = application.auth_strategy.max_allowed_credentials {
            p.quiet { (t!(lang, "app-secrets-most", count = most)) }
        }
        @if rows.is_empty() {
            p { (t!(lang, "app-secrets-none")) }
        } @else {
            (part::table(&t!(lang, "app-secrets"), &heads, &rows))
        }
    }
}

/// A text between single quotes of a shell.
fn quoted(text: &str) -> String {
    text.replace('\'', "'\\''")
}

/// How a token is had.
fn token(member: &Member, client: &str, issuer: Option<&str>) -> Markup {
    let lang = member.lang;
    let place = quoted(issuer.map_or("https://...", |issuer| issuer.trim_end_matches('/')));
    let client = quoted(client);
    let lines = format!(
        "ISSUER='{place}'\n\
         TOKEN_URL=$(curl -s \"$ISSUER/.well-known/openid-configuration\" | jq -r .token_endpoint)\n\
         curl -s -u '{client}:CLIENT_SECRET' -d grant_type=client_credentials \"$TOKEN_URL\""
    );
    html! {
        h2 { (t!(lang, "app-token-how")) }
        p {
            @match issuer {
                Some(issuer) => { (t!(lang, "app-token-issuer")) " " code { (issuer) } }
                None => { (t!(lang, "app-token-no-issuer")) }
            }
        }
        (part::code(lang, &t!(lang, "app-token-how"), &lines))
    }
}

async fn ask(member: Member, Path(at): Path<At>) -> Result<Response, Refusal> {
    let application = Application::find(&member, &at.id).await?;
    Ok(question(&member, &application, None))
}

fn question(member: &Member, application: &Application, refusal: Option<&Refusal>) -> Response {
    let lang = member.lang;
    let confirm = Confirm {
        says: html! { (t!(lang, "app-secret-regenerate-asks", name = application.name.as_str())) },
        cuts: vec![t!(lang, "app-cuts-secret")],
        button: t!(lang, "app-secret-regenerate"),
        back: format!("{}/credentials", application.path()),
        values: Vec::new(),
    };
    let main = html! {
        @if let Some(refusal) = refusal {
            div.notice.bad role="alert" tabindex="-1" { p { (part::problem(lang, refusal)) } }
        }
        (confirm.show(member))
    };
    let status = refusal.map_or(StatusCode::OK, |refusal| refusal.status);
    let page = Page::new(t!(lang, "app-secret-regenerate"), main).status(status);
    member.page(&application.below(lang, page))
}

async fn regenerate(member: Member, Path(at): Path<At>, _: Form) -> Result<Response, Refusal> {
    let application = Application::find(&member, &at.id).await?;
    let path = format!("{}/regenerate-secret", application.path());
    match member.api.post::<Issued>(&path, &json!({})).await {
        Ok(issued) => {
            let done = t!(member.lang, "app-secret-regenerated");
            Ok(shown(&member, &application, &done, &issued.client_secret))
        }
        Err(refusal) if refusal.is_about_the_form() => {
            Ok(question(&member, &application, Some(&refusal)))
        }
        Err(refusal) => Err(refusal),
    }
}

/// A client and its secret, this once.
pub(super) fn shown(
    member: &Member,
    application: &Application,
    done: &str,
    secret: &str,
) -> Response {
    let lang = member.lang;
    let id = application.client_id.as_deref().unwrap_or_default();
    let main = html! {
        (part::notice("good", &html! { p { (done) } }))
        (part::facts(&[(t!(lang, "application-client-id"), part::copy(lang, id))]))
        (part::secret(lang, &t!(lang, "app-client-secret"), secret))
        p { (t!(lang, "app-shown-once")) }
        div.actions { (part::act(member, &application.path(), &t!(lang, "app-on"))) }
    };
    let page = Page::new(t!(lang, "app-client-secret-new"), main);
    member.page(&application.below(lang, page))
}
