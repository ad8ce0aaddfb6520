//! One portal.

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use serde_json::Value;

use super::sheet::{self, Sheet, figures, named, or_none, text, total, visibilities};
use super::{Administrator, publication};
use crate::Web;
use crate::field::Field;
use crate::form::Form;
use crate::language::t;
use crate::page::Page;
use crate::part::{self, Confirm};
use crate::refusal::Refusal;
use crate::segments::segments;

mod look;
mod network;
mod pages;
mod sign_in;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/portals/{id}", get(overview))
        .route("/portals/{id}/settings", get(settings).post(change))
        .route("/portals/{id}/developer-settings", get(developers).post(change_developers))
        .route("/portals/{id}/delete", get(ask_delete).post(delete))
        .merge(look::routes())
        .merge(network::routes())
        .merge(pages::routes())
        .merge(sign_in::routes())
        .merge(publication::portal_routes())
}

/// A portal, as the pages below it need it.
pub(super) struct Portal {
    id: String,
    /// Its name for administrators.
    pub(super) name: String,
    known: Value,
}

impl Portal {
    /// The portal of an id.
    pub(super) async fn find(admin: &Administrator, id: &str) -> Result<Self, Refusal> {
        let known: Value = admin.api.get(&segments!["v3", "portals", id]).await?;
        Ok(Self { id: id.to_owned(), name: text(&known, "name").to_owned(), known })
    }

    /// The path of its pages, with more after it.
    pub(super) fn path(&self, rest: &str) -> String {
        format!("{}{rest}", segments!["portals", self.id])
    }

    /// The path of the API, with more after it.
    pub(super) fn api(&self, rest: &str) -> String {
        format!("{}{rest}", segments!["v3", "portals", self.id])
    }

    /// The ways to its parts.
    pub(super) fn tabs(&self, admin: &Administrator, current: &str) -> Markup {
        let lang = admin.lang;
        let tabs = [
            ("", t!(lang, "tab-overview")),
            ("/published-apis", t!(lang, "tab-published-apis")),
            ("/pages", t!(lang, "tab-pages")),
            ("/look", t!(lang, "tab-look")),
            ("/settings", t!(lang, "tab-settings")),
            ("/sign-in", t!(lang, "tab-sign-in")),
            ("/developer-settings", t!(lang, "tab-developers")),
            ("/network", t!(lang, "tab-network")),
        ];
        let tabs = tabs.map(|(path, text)| (self.path(path), text));
        part::tabs(admin, &self.name, &self.path(current), &tabs)
    }

    /// A form that is a part of the portal.
    pub(super) fn sheet(&self, admin: &Administrator, tab: &str, fields: Vec<Field>) -> Sheet {
        Sheet::new(self.name.clone(), "portals", fields)
            .below(t!(admin.lang, "nav-portals"), "/portals")
            .before(self.tabs(admin, tab))
            .submit("save")
    }

    /// A page that is a part of the portal.
    pub(super) fn page(&self, admin: &Administrator, tab: &str, main: &Markup) -> Page {
        let main = html! { (self.tabs(admin, tab)) (main) };
        Page::new(self.name.clone(), main)
            .section("portals")
            .below(t!(admin.lang, "nav-portals"), "/portals")
    }

    /// A page below the portal.
    pub(super) fn below(&self, admin: &Administrator, title: String, main: Markup) -> Page {
        Page::new(title, main)
            .section("portals")
            .below(t!(admin.lang, "nav-portals"), "/portals")
            .below(self.name.clone(), self.path(""))
    }

    /// A form below the portal.
    pub(super) fn sheet_below(
        &self,
        admin: &Administrator,
        title: String,
        fields: Vec<Field>,
        back: &str,
    ) -> Sheet {
        Sheet::new(title, "portals", fields)
            .below(t!(admin.lang, "nav-portals"), "/portals")
            .below(self.name.clone(), self.path(""))
            .cancel(admin.href(&self.path(back)))
    }

    /// Whether a member of the portal is true.
    pub(super) fn is_on(&self, member: &str) -> bool {
        sheet::is_on(&self.known, member)
    }

    /// A member of the portal.
    pub(super) fn text(&self, member: &str) -> &str {
        text(&self.known, member)
    }
}

async fn overview(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let portal = Portal::find(&admin, &id).await?;
    let counted = [
        ("/api-publications", "tab-published-apis", None),
        ("/developers", "nav-developers", None),
        ("/developers", "portal-developers-pending", Some("pending")),
        ("/applications", "nav-applications", None),
        ("/application-registrations", "portal-registrations-pending", Some("pending")),
    ];
    let mut numbers = Vec::new();
    for (path, name, status) in counted {
        let filters: Vec<_> =
            status.map(|status| ("filter[status][eq]", status)).into_iter().collect();
        numbers.push((t!(lang, name), total(&admin, &portal.api(path), &filters).await));
    }
    let site = admin.base_url.trim_end_matches("/manager");
    let address = format!("{site}/portals/{id}/");
    let access =
        if portal.is_on("authentication_enabled") { "portal-private" } else { "portal-public" };
    let rows = [
        (t!(lang, "portal-address"), part::copy(lang, &address)),
        (t!(lang, "portal-domain"), html! { (portal.text("canonical_domain")) }),
        (t!(lang, "portal-display-name"), html! { (portal.text("display_name")) }),
        (t!(lang, "portal-access"), part::tag(&t!(lang, access))),
        (t!(lang, "created-at"), part::moment(&admin, portal.text("created_at"))),
    ];
    let main = html! {
        @if !portal.text("description").is_empty() { p { (portal.text("description")) } }
        (figures(&numbers))
        (part::facts(&rows))
        div.actions { (part::bad_act(&admin, &portal.path("/delete"), &t!(lang, "portal-delete"))) }
    };
    let publish = portal.path("/published-apis/new");
    let acts = html! {
        a.button href=(address) { (t!(lang, "portal-open")) }
        (part::act(&admin, &publish, &t!(lang, "publish-api")))
    };
    Ok(admin.page(&portal.page(&admin, "", &main).acts(acts)))
}

async fn settings_sheet(admin: &Administrator, portal: &Portal) -> Result<Sheet, Refusal> {
    let lang = admin.lang;
    let strategies = named(admin, "/v3/application-auth-strategies").await?;
    let fields = vec![
        Field::text("name", "portal-name").required().most(255),
        Field::text("display_name", "portal-display-name").required().most(255),
        Field::area("description", "portal-description").most(512).or_null(),
        Field::switch("authentication_enabled", "portal-authentication"),
        Field::switch("auto_approve_developers", "portal-auto-developers"),
        Field::switch("auto_approve_applications", "portal-auto-applications"),
        Field::switch("rbac_enabled", "portal-rbac"),
        Field::choice(
            "default_application_auth_strategy_id",
            "portal-default-strategy",
            or_none(t!(lang, "none-of-them"), strategies),
        )
        .or_null(),
        Field::choice("default_api_visibility", "portal-api-visibility", visibilities(lang)),
        Field::choice("default_page_visibility", "portal-page-visibility", visibilities(lang)),
    ];
    Ok(portal.sheet(admin, "/settings", fields))
}

async fn settings(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    let portal = Portal::find(&admin, &id).await?;
    Ok(settings_sheet(&admin, &portal).await?.with(&admin, &portal.known))
}

async fn change(
    admin: Administrator,
    Path(id): Path<String>,
    typed: Form,
) -> Result<Response, Refusal> {
    let portal = Portal::find(&admin, &id).await?;
    let sheet = settings_sheet(&admin, &portal).await?;
    let body = sheet.body(&admin, &typed);
    match admin.api.patch::<Value>(&portal.api(""), &body).await {
        Ok(_) => Ok(admin.go_saying(&portal.path("/settings"), "saved")),
        Err(refusal) => sheet.again(&admin, &typed, refusal),
    }
}

fn developers_sheet(admin: &Administrator, portal: &Portal) -> Sheet {
    let lang = admin.lang;
    let options = vec![
        ("stop".to_owned(), t!(lang, "revoked-stop")),
        ("keep".to_owned(), t!(lang, "revoked-keep")),
    ];
    let fields = vec![Field::choice("revoked_developers", "revoked-developers", options)];
    portal.sheet(admin, "/developer-settings", fields)
}

async fn developers(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    let portal = Portal::find(&admin, &id).await?;
    let current: Value = admin.api.get(&portal.api("/developer-settings")).await?;
    Ok(developers_sheet(&admin, &portal).with(&admin, &current))
}

async fn change_developers(
    admin: Administrator,
    Path(id): Path<String>,
    typed: Form,
) -> Result<Response, Refusal> {
    let portal = Portal::find(&admin, &id).await?;
    let sheet = developers_sheet(&admin, &portal);
    let body = sheet.body(&admin, &typed);
    match admin.api.patch::<Value>(&portal.api("/developer-settings"), &body).await {
        Ok(_) => Ok(admin.go_saying(&portal.path("/developer-settings"), "saved")),
        Err(refusal) => sheet.again(&admin, &typed, refusal),
    }
}

async fn ask_delete(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let portal = Portal::find(&admin, &id).await?;
    let cuts = sheet::impact(&admin, &portal.api("")).await?;
    let confirm = Confirm {
        says: html! { (t!(lang, "portal-delete-says", name = portal.name.as_str())) },
        cuts,
        button: t!(lang, "portal-delete"),
        back: portal.path(""),
        values: Vec::new(),
    };
    let main = confirm.show(&admin);
    Ok(admin.page(&portal.below(&admin, t!(lang, "portal-delete"), main)))
}

async fn delete(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    let path = segments!["v3", "portals", id];
    let answer = admin.api.delete(&format!("{path}{}&force=true", sheet::AWAITED)).await?;
    Ok(admin.go_saying("/portals", sheet::enforced(&answer)))
}
