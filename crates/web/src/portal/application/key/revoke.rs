//! The end of a key, or of a secret of a client.

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use maud::html;
use serde::Deserialize;

use super::super::{HEARD, Kind, said};
use super::{Application, KEYS, Key, KeyAt};
use crate::Web;
use crate::form::Form;
use crate::language::t;
use crate::list::{Asked, List};
use crate::page::Page;
use crate::part::Confirm;
use crate::portal::Member;
use crate::refusal::Refusal;

pub(super) fn routes() -> Router<Web> {
    Router::new().route(&format!("{KEYS}/{{key}}/revoke"), get(ask).post(revoke))
}

/// What a key or a secret is called.
#[derive(Debug, Deserialize)]
struct Named {
    id: String,
    display_name: Option<String>,
}

/// What a key or secret is called. Secrets are known by the list alone.
async fn called(member: &Member, application: &Application, at: &KeyAt) -> Result<String, Refusal> {
    if application.auth_strategy.kind == Kind::KeyAuth {
        return Ok(member.api.get::<Key>(&at.path()).await?.display_name);
    }
    let secrets: List<Named> = member.api.list(&at.list(), &Asked::first(100)).await?;
    let found = secrets.data.into_iter().find(|secret| secret.id == at.key);
    let found = found.ok_or_else(Refusal::not_found)?;
    Ok(found.display_name.unwrap_or_else(|| t!(member.lang, "app-secret-unnamed")))
}

async fn ask(member: Member, Path(at): Path<KeyAt>) -> Result<Response, Refusal> {
    let lang = member.lang;
    let application = Application::find(&member, &at.id).await?;
    let name = called(&member, &application, &at).await?;
    let cut = match application.auth_strategy.kind {
        Kind::KeyAuth => t!(lang, "app-cuts-key"),
        _ => t!(lang, "app-cuts-secret"),
    };
    let confirm = Confirm {
        says: html! { (t!(lang, "app-key-revoke-asks", name = name.as_str(), app = application.name.as_str())) },
        cuts: vec![cut],
        button: t!(lang, "app-key-revoke"),
        back: at.list(),
        values: Vec::new(),
    };
    let page =
        application.below(lang, Page::new(t!(lang, "app-key-revoke"), confirm.show(&member)));
    Ok(member.page(&page.below(application.credentials(lang), at.list())))
}

async fn revoke(member: Member, Path(at): Path<KeyAt>, _: Form) -> Result<Response, Refusal> {
    let answer = member.api.delete(&format!("{}{HEARD}", at.path())).await?;
    Ok(said(&member, &at.list(), "own-key-revoked", &answer.headers))
}
