//! Adding a developer.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use crate::console::Administrator;
use crate::console::people::{Choice, without_portal};
use crate::field::{self, Field, Filled, FormView, Kind};
use crate::form::Form;
use crate::language::{Lang, t};
use crate::list::Asked;
use crate::page::Page;
use crate::refusal::Refusal;
use crate::segments::segments;

fn fields(lang: Lang) -> Vec<Field> {
    let status = |status: &str| (status.to_owned(), t!(lang, &format!("status-{status}")));
    vec![
        Field::text("full_name", "account-full-name").required().most(250),
        Field::new("email", "account-email", Kind::Email).required().most(250),
        Field::choice(
            "status",
            "people-status",
            vec![
                (String::new(), t!(lang, "people-as-signed-up")),
                status("approved"),
                status("pending"),
            ],
        ),
        Field::switch("send_invitation_email", "people-invite").preset(true),
    ]
}

fn with_portal(lang: Lang, choice: &Choice) -> Vec<Field> {
    let (name, _, options) = choice.field(lang);
    let mut all = vec![Field::choice(name, "people-portal", options)];
    all.extend(fields(lang));
    all
}

pub(super) async fn show(admin: Administrator, asked: Asked) -> Result<Response, Refusal> {
    let Some(choice) = Choice::of(&admin, &asked).await? else {
        let title = t!(admin.lang, "people-developer-new");
        return Ok(without_portal(&admin, title, "developers"));
    };
    let preset = json!({ "portal": choice.chosen.id, "send_invitation_email": true });
    Ok(page(&admin, &choice, Filled::with(&preset), StatusCode::OK))
}

fn page(
    admin: &Administrator,
    choice: &Choice,
    filled: Filled<'_>,
    status: StatusCode,
) -> Response {
    let lang = admin.lang;
    let form = FormView {
        action: admin.href("/developers/new"),
        fields: &with_portal(lang, choice),
        filled,
        submit: "people-developer-add",
        cancel: Some(admin.href(&format!("/developers?portal={}", choice.chosen.id))),
    };
    let page = Page::new(t!(lang, "people-developer-new"), form.show(admin)).section("developers");
    admin.page(&page.below(t!(lang, "nav-developers"), "/developers").status(status))
}

pub(super) async fn create(
    admin: Administrator,
    asked: Asked,
    form: Form,
) -> Result<Response, Refusal> {
    let body = field::body(&fields(admin.lang), &form, &admin.zone);
    let portal = form.text("portal");
    let path = segments!["v3", "portals", portal, "developers"];
    match admin.api.post::<Value>(&path, &body).await {
        Ok(made) => {
            let id = made.get("id").and_then(Value::as_str).unwrap_or_default();
            Ok(admin.go_saying(&segments!["developers", portal, id], "people-developer-added"))
        }
        Err(refusal) if refusal.is_about_the_form() => {
            let Some(choice) = Choice::of(&admin, &asked).await? else { return Err(refusal) };
            Ok(page(&admin, &choice, Filled::refused(&form, &refusal), refusal.status))
        }
        Err(refusal) => Err(refusal),
    }
}
