//! What an application calls with.

use axum::extract::Path;
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use super::{Application, One, Which, below};
use crate::console::Administrator;
use crate::console::people::cut::{self, HEARD};
use crate::form::Form;
use crate::language::{Lang, t};
use crate::list::Asked;
use crate::page::Page;
use crate::part::{self, Confirm};
use crate::refusal::Refusal;
use crate::segments::segments;

pub(super) mod import;
pub(super) mod new;
pub(super) mod rotate;

/// A key, or a secret of a client.
#[derive(Debug, Deserialize)]
pub(super) struct Credential {
    id: String,
    display_name: Option<String>,
    status: Option<String>,
    created_at: Option<String>,
    expires_at: Option<String>,
}

impl Credential {
    fn name(&self, lang: Lang) -> String {
        let name = self.display_name.clone().filter(|name| !name.trim().is_empty());
        name.unwrap_or_else(|| t!(lang, "people-credential-unnamed"))
    }
}

/// Which credential.
#[derive(Debug, Deserialize)]
pub(super) struct OneCredential {
    portal: String,
    application: String,
    credential: String,
}

impl OneCredential {
    fn of(&self) -> One {
        One { portal: self.portal.clone(), application: self.application.clone() }
    }

    fn path(&self) -> String {
        self.of().path() + &segments!["credentials", self.credential]
    }
}

/// The credentials of an application.
pub(super) fn table(
    admin: &Administrator,
    which: &One,
    application: &Application,
    credentials: &[Credential],
) -> Markup {
    let lang = admin.lang;
    if credentials.is_empty() {
        return html! { p.quiet { (t!(lang, "people-credentials-none")) } };
    }
    let heads = [
        t!(lang, "people-name"),
        t!(lang, "people-status"),
        t!(lang, "created-at"),
        t!(lang, "people-expires"),
        t!(lang, "account-act"),
    ];
    let moment = |written: Option<&String>| match written {
        Some(written) => part::moment(admin, written),
        None => html! { "–" },
    };
    let row = |credential: &Credential| -> Vec<Markup> {
        let page = which.page() + &segments!["credentials", credential.id];
        let status = credential.status.as_deref().unwrap_or("active");
        let rotates = application.has_keys() && status == "active";
        vec![
            html! { (credential.name(lang)) },
            part::status(lang, status),
            moment(credential.created_at.as_ref()),
            match &credential.expires_at {
                Some(written) => part::moment(admin, written),
                None => html! { (t!(lang, "never")) },
            },
            html! {
                span.acts {
                    @if rotates { (part::other_act(admin, &format!("{page}/rotate"), &t!(lang, "people-credential-rotate"))) }
                    (part::bad_act(admin, &format!("{page}/revoke"), &t!(lang, "people-revoke")))
                }
            },
        ]
    };
    let rows: Vec<_> = credentials.iter().map(row).collect();
    part::table(&t!(lang, "people-credentials"), &heads, &rows)
}

/// The credential, found in the list: a secret of a client has no address of its own.
async fn find(admin: &Administrator, which: &OneCredential) -> Result<Credential, Refusal> {
    let path = which.of().path() + "/credentials";
    let list = admin.api.list::<Credential>(&path, &Asked::first(1_000)).await?;
    let found = list.data.into_iter().find(|credential| credential.id == which.credential);
    found.ok_or_else(Refusal::not_found)
}

/// Shows a secret, this once.
fn made(admin: &Administrator, which: &One, answer: &Value) -> Response {
    let lang = admin.lang;
    let text = |name: &str| answer.get(name).and_then(Value::as_str);
    let main = html! {
        p { (t!(lang, "people-credential-copy")) }
        @if let Some(client) = text("client_id") {
            (part::facts(&[(t!(lang, "people-client-id"), part::copy(lang, client))]))
        }
        @if let Some(key) = text("credential") {
            (part::secret(lang, &t!(lang, "people-credential-key"), key))
        }
        @if let Some(secret) = text("client_secret") {
            (part::secret(lang, &t!(lang, "people-credential-secret"), secret))
        }
        p { (part::act(admin, &which.page(), &t!(lang, "people-go-back"))) }
    };
    admin.page(&below(admin, Page::new(t!(lang, "people-credential-made"), main), which))
}

pub(super) async fn ask_to_revoke(
    admin: Administrator,
    Path(which): Path<OneCredential>,
) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let found = find(&admin, &which).await?;
    let name = found.name(lang);
    let confirm = Confirm {
        says: html! { (t!(lang, "people-credential-revoke-text")) },
        cuts: vec![name.clone()],
        button: t!(lang, "people-revoke"),
        back: which.of().page(),
        values: Vec::new(),
    };
    let title = t!(lang, "people-credential-revoke-named", name = name);
    Ok(admin.page(&below(&admin, Page::new(title, confirm.show(&admin)), &which.of())))
}

pub(super) async fn revoke(
    admin: Administrator,
    Path(which): Path<OneCredential>,
    _: Form,
) -> Result<Response, Refusal> {
    let answer = admin.api.delete(&(which.path() + HEARD)).await?;
    let said = "people-credential-revoked";
    Ok(cut::done(&admin, "applications", said, &which.of().page(), &answer.headers))
}

/// The application that a page of its credentials is about.
async fn application(admin: &Administrator, which: &Which) -> Result<Application, Refusal> {
    admin.api.get(&which.path()).await
}
