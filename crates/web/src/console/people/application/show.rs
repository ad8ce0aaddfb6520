//! One application: whose it is, what it calls with, and what it may call.

use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;

use super::bound::{Limits, Networks};
use super::credential::{self, Credential};
use super::usage::{self, Usage};
use super::{Application, One, Which};
use crate::console::Administrator;
use crate::console::people::cut::{self, HEARD, Impact};
use crate::console::people::decide::{self, Item};
use crate::console::people::owner::Owners;
use crate::console::people::panel;
use crate::form::Form;
use crate::language::t;
use crate::list::Asked;
use crate::page::Page;
use crate::part::{self, Confirm};
use crate::refusal::Refusal;
use crate::segments::segments;

#[derive(Debug, Deserialize)]
struct Registration {
    id: String,
    status: String,
    created_at: String,
    api: Named,
}

#[derive(Debug, Deserialize)]
struct Named {
    id: String,
    name: String,
}

pub(super) async fn show(admin: Administrator, which: Which) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let path = which.path();
    let at = |below: &str| format!("{path}/{below}");
    let (credentials, registrations) = (at("credentials"), at("registrations"));
    let (limits, networks, usage) = (at("limits"), at("networks"), at("usage?group_by=class"));
    let (some, newest) = (Asked::first(100), Asked::first(100).sorted("created_at desc"));
    let (application, credentials, registrations, limits, networks, usage) = tokio::join!(
        admin.api.get::<Application>(&path),
        admin.api.list::<Credential>(&credentials, &some),
        admin.api.list::<Registration>(&registrations, &newest),
        admin.api.get::<Limits>(&limits),
        admin.api.get::<Networks>(&networks),
        admin.api.get::<Usage>(&usage),
    );
    let (application, registrations) = (application?, registrations?);
    let owners = core::iter::once(&application.owner);
    let owners = Owners::of(&admin.api, &which.portal, owners).await?;
    let act = |path: &str, text: &str| {
        part::other_act(&admin, &format!("{}{path}", which.page()), &t!(lang, text))
    };
    let limits = limits?;
    let names = registrations.data.iter().map(|one| (one.api.id.as_str(), one.api.name.as_str()));
    let names: Vec<_> = names.collect();
    let main = html! {
        (part::facts(&facts(&admin, &which, &application, &owners)))
        (panel(&t!(lang, "people-credentials"), &html! {
            @if application.has_keys() { (act("/credentials/import", "people-credential-import")) }
            (act("/credentials/new", "people-credential-new"))
        }, &match credentials {
            Ok(list) => credential::table(&admin, &which, &application, &list.data),
            // Those of an identity provider cannot always be asked for.
            Err(refusal) => part::notice("bad", &html! { p { (part::problem(lang, &refusal)) } }),
        }))
        (panel(&t!(lang, "people-registrations"), &act("/registrations/new", "people-registration-new"),
            &registered(&admin, &which, &registrations.data)))
        div.columns {
            (panel(&t!(lang, "people-limits"), &act("/limits", "people-limits-change"),
                &limits.show(lang, &names)))
            (panel(&t!(lang, "people-networks"), &act("/networks", "people-networks-change"),
                &networks?.show(lang)))
        }
        (panel(&t!(lang, "people-usage"), &html! {}, &usage::show(&admin, &usage?)))
    };
    let delete = format!("{}/delete", which.page());
    let page = Page::new(application.name.as_str(), main).section("applications");
    let list = format!("/applications?portal={}", which.portal);
    let page = page.below(t!(lang, "nav-applications"), list);
    Ok(admin.page(&page.acts(part::bad_act(&admin, &delete, &t!(lang, "people-delete")))))
}

fn facts(
    admin: &Administrator,
    which: &One,
    application: &Application,
    owners: &Owners,
) -> Vec<(String, Markup)> {
    let lang = admin.lang;
    let strategy = &application.auth_strategy;
    let mut facts = vec![
        (t!(lang, "people-owner"), owners.show(admin, &application.owner)),
        (
            t!(lang, "people-strategy"),
            html! {
                a href=(admin.href(&segments!["auth-strategies", strategy.id])) { (strategy.name) } " "
                (part::tag(&strategy.credential_type))
                @if application.dcr_provider.is_some() { " " (part::tag(&t!(lang, "people-dcr"))) }
            },
        ),
    ];
    if let Some(client) = &application.client_id {
        facts.push((t!(lang, "people-client-id"), part::copy(lang, client)));
    }
    if let Some(text) = application.description.as_deref().filter(|text| !text.is_empty()) {
        facts.push((t!(lang, "people-description"), html! { (text) }));
    }
    facts.push((
        t!(lang, "people-portal"),
        html! {
            a href=(admin.href(&segments!["portals", which.portal])) { code { (which.portal) } }
        },
    ));
    facts.push((t!(lang, "created-at"), part::moment(admin, &application.created_at)));
    facts
}

fn registered(admin: &Administrator, which: &One, registrations: &[Registration]) -> Markup {
    let lang = admin.lang;
    if registrations.is_empty() {
        return html! { p.quiet { (t!(lang, "people-registrations-none")) } };
    }
    let heads = [
        t!(lang, "people-api"),
        t!(lang, "people-status"),
        t!(lang, "people-since"),
        t!(lang, "people-decide"),
    ];
    let row = |registration: &Registration| -> Vec<Markup> {
        let Registration { id, status, api, .. } = registration;
        let item = Item::registration(&which.portal, &which.application, id, status, &api.name);
        vec![
            html! { a href=(admin.href(&segments!["apis", api.id])) { (api.name) } },
            part::status(lang, status),
            part::moment(admin, &registration.created_at),
            decide::buttons(lang, &item, status),
        ]
    };
    let rows: Vec<_> = registrations.iter().map(row).collect();
    let table = part::table(&t!(lang, "people-registrations"), &heads, &rows);
    decide::form(admin, None, &[], &table)
}

/// Asks before an application is removed.
pub(super) async fn ask(admin: Administrator, which: Which) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let path = which.path();
    let (application, impact) =
        tokio::join!(admin.api.get::<Application>(&path), Impact::of(&admin.api, &path));
    let application = application?;
    let name = application.name.as_str();
    let confirm = Confirm {
        says: html! { (t!(lang, "people-application-delete-text", name = name)) },
        cuts: impact.lines(lang),
        button: t!(lang, "people-delete"),
        back: which.page(),
        values: Vec::new(),
    };
    let title = t!(lang, "people-delete-named", name = name);
    Ok(admin.page(&super::below(&admin, Page::new(title, confirm.show(&admin)), &which)))
}

pub(super) async fn delete(
    admin: Administrator,
    which: Which,
    _: Form,
) -> Result<Response, Refusal> {
    let answer = admin.api.delete(&(which.path() + HEARD)).await?;
    let back = format!("/applications?portal={}", which.portal);
    let said = "people-application-deleted";
    Ok(cut::done(&admin, "applications", said, &back, &answer.headers))
}
