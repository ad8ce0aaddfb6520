//! Deleting an application.

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use maud::html;

use super::registration::Registration;
use super::{Application, At, HEARD, Kind, said};
use crate::Web;
use crate::form::Form;
use crate::language::t;
use crate::list::{Asked, List};
use crate::page::Page;
use crate::part::Confirm;
use crate::portal::Member;
use crate::refusal::Refusal;

pub(super) fn routes() -> Router<Web> {
    Router::new().route("/applications/{id}/delete", get(ask).post(delete))
}

async fn ask(member: Member, Path(at): Path<At>) -> Result<Response, Refusal> {
    let lang = member.lang;
    let application = Application::find(&member, &at.id).await?;
    let path = application.path();
    let (keys, registrations) =
        tokio::join!(keys(&member, &application), registrations(&member, &application));
    let mut cuts = Vec::new();
    match application.auth_strategy.kind {
        Kind::KeyAuth => cuts.push(t!(lang, "app-cuts-keys", count = keys)),
        Kind::ClientCredentials => cuts.push(t!(lang, "app-cuts-client")),
        Kind::SelfManagedClientCredentials => {}
    }
    for registration in registrations.data {
        cuts.push(t!(lang, "app-cuts-access", api = registration.api_name));
    }
    let more = registrations.meta.page.total.saturating_sub(MOST_NAMED.into());
    if more > 0 {
        cuts.push(t!(lang, "app-cuts-more", count = more));
    }
    let confirm = Confirm {
        says: html! { (t!(lang, "app-delete-asks", name = application.name.as_str())) },
        cuts,
        button: t!(lang, "app-delete"),
        back: path,
        values: Vec::new(),
    };
    let page = Page::new(t!(lang, "app-delete"), confirm.show(&member));
    Ok(member.page(&application.below(lang, page)))
}

/// How many APIs are named.
const MOST_NAMED: u32 = 10;

/// How many keys there are. What cannot be counted holds nobody up.
async fn keys(member: &Member, application: &Application) -> u64 {
    if application.auth_strategy.kind != Kind::KeyAuth {
        return 0;
    }
    let path = format!("{}/credentials", application.path());
    let keys = member.api.list::<serde::de::IgnoredAny>(&path, &Asked::first(1)).await;
    keys.map(|keys| keys.meta.page.total).unwrap_or_default()
}

async fn registrations(member: &Member, application: &Application) -> List<Registration> {
    let path = format!("{}/registrations", application.path());
    let approved = Asked::first(MOST_NAMED).with("filter[status][eq]", "approved");
    let none = List { data: Vec::new(), meta: Default::default() };
    member.api.list(&path, &approved).await.unwrap_or(none)
}

async fn delete(member: Member, Path(at): Path<At>, _: Form) -> Result<Response, Refusal> {
    let path = crate::segments::segments!["applications", at.id];
    let answer = member.api.delete(&format!("{path}{HEARD}")).await?;
    Ok(said(&member, "/applications", "own-app-deleted", &answer.headers))
}
