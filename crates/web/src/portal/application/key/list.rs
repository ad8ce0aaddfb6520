//! The keys of an application.

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};

use super::super::{At, Kind};
use super::{Application, KEYS, Key, how, keys, secret};
use crate::Web;
use crate::language::t;
use crate::list::Asked;
use crate::part;
use crate::portal::Member;
use crate::refusal::Refusal;
use crate::segments::segments;
use crate::time;

pub(super) fn routes() -> Router<Web> {
    Router::new().route(KEYS, get(list))
}

async fn list(member: Member, Path(at): Path<At>, asked: Asked) -> Result<Response, Refusal> {
    let lang = member.lang;
    let application = Application::find(&member, &at.id).await?;
    if application.auth_strategy.kind != Kind::KeyAuth {
        return Ok(member.page(&secret::show(&member, &application).await?));
    }
    let keys = keys(&member, &application, &asked).await?;
    let new = format!("{}/credentials/new", application.path());
    let new = part::act(&member, &new, &t!(lang, "app-key-new"));
    let main = html! {
        (how(lang, &application))
        @if keys.data.is_empty() {
            (part::empty(&t!(lang, "app-keys-none"), &t!(lang, "app-keys-none-text"), Some(&new)))
        } @else {
            (table(&member, &application, &keys.data))
            (part::pager(&member, &asked, &keys.meta.page))
            p.quiet { (t!(lang, "app-keys-limit")) }
        }
    };
    let page = application.part(&member, "/credentials", t!(lang, "app-keys"), &main);
    Ok(member.page(&if keys.data.is_empty() { page } else { page.acts(new) }))
}

fn table(member: &Member, application: &Application, keys: &[Key]) -> Markup {
    let (lang, now) = (member.lang, time::now());
    let heads = [
        t!(lang, "app-key-name"),
        t!(lang, "app-key-state"),
        t!(lang, "created-at"),
        t!(lang, "app-key-used"),
        t!(lang, "app-key-ends"),
        t!(lang, "app-access-acts"),
    ];
    let rows: Vec<_> = keys
        .iter()
        .map(|key| {
            let path = segments!["applications", application.id, "credentials", key.id];
            let act = |act: &str, text: &str| {
                html! {
                    a href=(member.href(&format!("{path}/{act}"))) {
                        (t!(lang, text)) span.hidden { " " (key.display_name) }
                    }
                }
            };
            vec![
                html! { (key.display_name) },
                html! {
                    (part::status(lang, key.state(now)))
                    @if let Some(hours) = key.rotation.retire_when_idle_hours.filter(|_| key.is_honoured()) {
                        div.quiet.state-note { (t!(lang, "app-key-retires-idle", count = hours)) }
                    }
                },
                part::moment(member, &key.created_at),
                html! {
                    (part::moment_or_never(member, key.last_used_at.as_deref()))
                    @if let Some(ago) = key.last_used_at.as_ref().and_then(|at| time::ago(lang, at, now)) {
                        div.quiet { (ago) }
                    }
                },
                part::moment_or_never(member, key.expires_at.as_deref()),
                html! {
                    div.row-acts {
                        (act("rename", "app-key-rename"))
                        @if key.can_rotate() { (act("rotate", "app-key-rotate")) }
                        (act("revoke", "app-key-revoke"))
                    }
                },
            ]
        })
        .collect();
    part::table(&t!(lang, "app-keys"), &heads, &rows)
}
