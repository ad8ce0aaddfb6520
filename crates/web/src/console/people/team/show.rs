//! One team: who is in it, and what it opens to them.

use axum::http::StatusCode;
use axum::response::Response;
use maud::html;
use serde_json::{Value, json};

use super::{One, Team, Which, fields, member, role};
use crate::console::Administrator;
use crate::console::people::cut::{self, HEARD};
use crate::console::people::{panel, total};
use crate::field::{self, Filled, FormView};
use crate::form::Form;
use crate::language::t;
use crate::list::Asked;
use crate::page::Page;
use crate::part::{self, Confirm};
use crate::refusal::Refusal;
use crate::segments::segments;

pub(super) async fn show(
    admin: Administrator,
    which: Which,
    asked: Asked,
) -> Result<Response, Refusal> {
    page(&admin, &which, &asked, Added::default(), StatusCode::OK).await
}

/// What was typed into the forms of the page, and refused.
#[derive(Clone, Copy, Default)]
pub(super) struct Added<'a> {
    pub(super) member: Filled<'a>,
    pub(super) role: Filled<'a>,
}

pub(super) async fn page(
    admin: &Administrator,
    which: &One,
    asked: &Asked,
    added: Added<'_>,
    status: StatusCode,
) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let path = which.path();
    let (team, members, roles) = tokio::join!(
        admin.api.get::<Team>(&path),
        member::show(admin, which, asked, added.member),
        role::show(admin, which, added.role),
    );
    let (team, members, roles) = (team?, members?, roles?);
    let owns = if team.can_own_applications { "people-owns-yes" } else { "people-owns-no" };
    let of_team = segments!["applications"]
        + &crate::encoding::query([("portal", &which.portal), ("team", &which.team)]);
    let facts = [
        (t!(lang, "people-team-description"), html! { (team.description) }),
        (
            t!(lang, "nav-applications"),
            html! {
                @if team.can_own_applications { a href=(admin.href(&of_team)) { (t!(lang, owns)) } }
                @else { (t!(lang, owns)) }
            },
        ),
        (t!(lang, "created-at"), part::moment(admin, &team.created_at)),
    ];
    let main = html! {
        (part::facts(&facts))
        (panel(&t!(lang, "people-members"), &html! {}, &members))
        (panel(&t!(lang, "people-roles"), &html! {}, &roles))
    };
    let acts = html! {
        (part::other_act(admin, &format!("{}/edit", which.page()), &t!(lang, "people-team-edit")))
        (part::bad_act(admin, &format!("{}/delete", which.page()), &t!(lang, "people-delete")))
    };
    let page = Page::new(team.name, main).section("teams").acts(acts);
    let page = page.below(t!(lang, "nav-teams"), format!("/teams?portal={}", which.portal));
    Ok(admin.page(&page.status(status)))
}

pub(super) async fn edit(admin: Administrator, which: Which) -> Result<Response, Refusal> {
    let now: Team = admin.api.get(&which.path()).await?;
    let now = json!(now);
    Ok(form(&admin, &which, Filled::with(&now), StatusCode::OK))
}

fn form(admin: &Administrator, which: &One, filled: Filled<'_>, status: StatusCode) -> Response {
    let lang = admin.lang;
    let form = FormView {
        action: String::new(),
        fields: &fields(),
        filled,
        submit: "people-save",
        cancel: Some(admin.href(&which.page())),
    };
    let page = Page::new(t!(lang, "people-team-edit"), form.show(admin)).section("teams");
    admin.page(&page.below(t!(lang, "nav-teams"), which.page()).status(status))
}

pub(super) async fn change(
    admin: Administrator,
    which: Which,
    typed: Form,
) -> Result<Response, Refusal> {
    let mut body = field::body(&fields(), &typed, &admin.zone);
    // A team cannot be without a description; left out, it would stay as it is.
    body.entry("description").or_insert_with(|| json!(""));
    match admin.api.patch::<Value>(&which.path(), &body).await {
        Ok(_) => Ok(admin.go_saying(&which.page(), "people-team-changed")),
        Err(refusal) if refusal.is_about_the_form() => {
            Ok(form(&admin, &which, Filled::refused(&typed, &refusal), refusal.status))
        }
        Err(refusal) => Err(refusal),
    }
}

/// Asks before a team is removed.
pub(super) async fn ask(admin: Administrator, which: Which) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let path = which.path();
    let (members, roles) = (format!("{path}/developers"), format!("{path}/assigned-roles"));
    let applications = segments!["v3", "portals", which.portal, "applications"];
    let owned = Asked::default().with("filter[team_id][eq]", which.team.as_str());
    let (team, members, roles, applications) = tokio::join!(
        admin.api.get::<Team>(&path),
        total(&admin.api, &members, Asked::default()),
        total(&admin.api, &roles, Asked::default()),
        total(&admin.api, &applications, owned),
    );
    let (team, members, roles, applications) = (team?, members?, roles?, applications?);
    let lines = [
        (members, t!(lang, "people-cut-members", count = members)),
        (roles, t!(lang, "people-cut-roles", count = roles)),
        (applications, t!(lang, "people-cut-applications", count = applications)),
    ];
    let name = team.name.as_str();
    let confirm = Confirm {
        says: html! { (t!(lang, "people-team-delete-text", name = name)) },
        cuts: lines.into_iter().filter(|(count, _)| *count > 0).map(|(_, line)| line).collect(),
        button: t!(lang, "people-delete"),
        back: which.page(),
        values: Vec::new(),
    };
    let title = t!(lang, "people-delete-named", name = name);
    let page = Page::new(title, confirm.show(&admin)).section("teams");
    let page = page.below(t!(lang, "nav-teams"), format!("/teams?portal={}", which.portal));
    Ok(admin.page(&page.below(name, which.page())))
}

pub(super) async fn delete(
    admin: Administrator,
    which: Which,
    _: Form,
) -> Result<Response, Refusal> {
    let answer = admin.api.delete(&(which.path() + HEARD)).await?;
    let back = format!("/teams?portal={}", which.portal);
    Ok(cut::done(&admin, "teams", "people-team-deleted", &back, &answer.headers))
}
