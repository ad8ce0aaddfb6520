//! The host name of a portal, and the addresses that may reach it.

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use super::super::Administrator;
use super::super::sheet::{Sheet, heading, is_on, text, yes_no};
use super::Portal;
use crate::Web;
use crate::field::{Field, Kind};
use crate::form::Form;
use crate::language::t;
use crate::part::{self, Confirm};
use crate::refusal::Refusal;
use crate::segments::segments;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/portals/{id}/network", get(show))
        .route("/portals/{id}/network/host", get(new_host).post(make_host))
        .route("/portals/{id}/network/host/remove", get(ask_remove_host).post(remove_host))
        .route("/portals/{id}/network/addresses/new", get(new_addresses).post(make_addresses))
        .route("/portals/{id}/network/addresses/{list}", get(addresses).post(change_addresses))
        .route(
            "/portals/{id}/network/addresses/{list}/remove",
            get(ask_remove_addresses).post(remove_addresses),
        )
}

#[derive(Deserialize)]
struct Addresses {
    id: String,
    allowed_ips: Vec<String>,
}

#[derive(Deserialize)]
struct AddressLists {
    data: Vec<Addresses>,
}

async fn show(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let portal = Portal::find(&admin, &id).await?;
    let (domain, lists) = (portal.api("/custom-domain"), portal.api("/ip-allow-list"));
    let (domain, lists) =
        tokio::join!(admin.api.get::<Value>(&domain), admin.api.get::<AddressLists>(&lists));
    let domain = match domain {
        Ok(domain) => Some(domain),
        Err(refusal) if refusal.status == StatusCode::NOT_FOUND => None,
        Err(refusal) => return Err(refusal),
    };
    let lists = lists?.data;
    let main = html! {
        section.panel { (host(&admin, &portal, domain.as_ref())) }
        section.panel {
            (heading(
                &t!(lang, "allow-list"),
                &part::other_act(&admin, &portal.path("/network/addresses/new"), &t!(lang, "allow-list-new")),
            ))
            @if lists.is_empty() { p { (t!(lang, "allow-list-none")) } }
            @else {
                ul { @for list in &lists {
                    li { a href=(admin.href(&portal.path(&format!("/network/addresses/{}", list.id)))) {
                        (list.allowed_ips.join(", "))
                    } }
                } }
            }
        }
    };
    Ok(admin.page(&portal.page(&admin, "/network", &main)))
}

fn host(admin: &Administrator, portal: &Portal, domain: Option<&Value>) -> Markup {
    let lang = admin.lang;
    let Some(domain) = domain else {
        let act = part::other_act(admin, &portal.path("/network/host"), &t!(lang, "host-new"));
        return html! { (heading(&t!(lang, "host-own"), &act)) p { (t!(lang, "host-none")) } };
    };
    let remove = portal.path("/network/host/remove");
    let act = part::bad_act(admin, &remove, &t!(lang, "host-remove"));
    let rows = [
        (t!(lang, "host-name"), html! { code { (text(domain, "hostname")) } }),
        (t!(lang, "enabled"), html! { (yes_no(lang, is_on(domain, "enabled"))) }),
        (t!(lang, "host-cname"), part::status(lang, text(domain, "cname_status"))),
        (t!(lang, "host-certificate"), part::status(lang, text(domain, "ssl.verification_status"))),
    ];
    html! { (heading(&t!(lang, "host-own"), &act)) (part::facts(&rows)) }
}

fn host_sheet(admin: &Administrator, portal: &Portal) -> Sheet {
    let lang = admin.lang;
    let methods = vec![
        ("http".to_owned(), t!(lang, "host-by-http")),
        ("custom_certificate".to_owned(), t!(lang, "host-by-certificate")),
    ];
    let fields = vec![
        Field::text("hostname", "host-name").required().most(253),
        Field::switch("enabled", "enabled").preset(true),
        Field::choice("ssl.domain_verification_method", "host-method", methods),
        Field::new("ssl.custom_certificate", "host-own-certificate", Kind::File(".pem,.crt")),
        Field::new("ssl.custom_private_key", "host-own-key", Kind::Secret),
    ];
    portal.sheet_below(admin, t!(lang, "host-new"), fields, "/network")
}

async fn new_host(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    let portal = Portal::find(&admin, &id).await?;
    Ok(host_sheet(&admin, &portal).blank(&admin))
}

async fn make_host(
    admin: Administrator,
    Path(id): Path<String>,
    typed: Form,
) -> Result<Response, Refusal> {
    let portal = Portal::find(&admin, &id).await?;
    let sheet = host_sheet(&admin, &portal);
    let body = sheet.body(&admin, &typed);
    match admin.api.post::<Value>(&portal.api("/custom-domain"), &body).await {
        Ok(_) => Ok(admin.go_saying(&portal.path("/network"), "saved")),
        Err(refusal) => sheet.again(&admin, &typed, refusal),
    }
}

async fn ask_remove_host(
    admin: Administrator,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let portal = Portal::find(&admin, &id).await?;
    let confirm = Confirm {
        says: html! { (t!(lang, "host-remove-says")) },
        cuts: Vec::new(),
        button: t!(lang, "host-remove"),
        back: portal.path("/network"),
        values: Vec::new(),
    };
    let main = confirm.show(&admin);
    Ok(admin.page(&portal.below(&admin, t!(lang, "host-remove"), main)))
}

async fn remove_host(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    let portal = Portal::find(&admin, &id).await?;
    admin.api.delete(&portal.api("/custom-domain")).await?;
    Ok(admin.go_saying(&portal.path("/network"), "removed"))
}

fn addresses_sheet(admin: &Administrator, portal: &Portal) -> Sheet {
    let fields =
        vec![Field::new("allowed_ips", "allow-list-addresses", Kind::Lines).required().or_empty()];
    portal.sheet_below(admin, t!(admin.lang, "allow-list"), fields, "/network").submit("save")
}

async fn new_addresses(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    let portal = Portal::find(&admin, &id).await?;
    Ok(addresses_sheet(&admin, &portal).blank(&admin))
}

async fn make_addresses(
    admin: Administrator,
    Path(id): Path<String>,
    typed: Form,
) -> Result<Response, Refusal> {
    let portal = Portal::find(&admin, &id).await?;
    let sheet = addresses_sheet(&admin, &portal);
    let body = sheet.body(&admin, &typed);
    match admin.api.post::<Value>(&portal.api("/ip-allow-list"), &body).await {
        Ok(_) => Ok(admin.go_saying(&portal.path("/network"), "saved")),
        Err(refusal) => sheet.again(&admin, &typed, refusal),
    }
}

fn list_path(portal: &Portal, list: &str) -> String {
    portal.api(&segments!["ip-allow-list", list])
}

async fn addresses(
    admin: Administrator,
    Path((id, list)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let portal = Portal::find(&admin, &id).await?;
    let current: Value = admin.api.get(&list_path(&portal, &list)).await?;
    let remove = portal.path(&format!("{}/remove", segments!["network", "addresses", list]));
    let acts = part::bad_act(&admin, &remove, &t!(admin.lang, "remove"));
    Ok(addresses_sheet(&admin, &portal).acts(acts).with(&admin, &current))
}

async fn change_addresses(
    admin: Administrator,
    Path((id, list)): Path<(String, String)>,
    typed: Form,
) -> Result<Response, Refusal> {
    let portal = Portal::find(&admin, &id).await?;
    let sheet = addresses_sheet(&admin, &portal);
    let body = sheet.body(&admin, &typed);
    match admin.api.patch::<Value>(&list_path(&portal, &list), &body).await {
        Ok(_) => Ok(admin.go_saying(&portal.path("/network"), "saved")),
        Err(refusal) => sheet.again(&admin, &typed, refusal),
    }
}

async fn ask_remove_addresses(
    admin: Administrator,
    Path((id, list)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let portal = Portal::find(&admin, &id).await?;
    let found: Addresses = admin.api.get(&list_path(&portal, &list)).await?;
    let confirm = Confirm {
        says: html! { (t!(lang, "allow-list-remove-says")) },
        cuts: found.allowed_ips,
        button: t!(lang, "remove"),
        back: portal.path("/network"),
        values: Vec::new(),
    };
    let main = confirm.show(&admin);
    Ok(admin.page(&portal.below(&admin, t!(lang, "allow-list-remove"), main)))
}

async fn remove_addresses(
    admin: Administrator,
    Path((id, list)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let portal = Portal::find(&admin, &id).await?;
    admin.api.delete(&list_path(&portal, &list)).await?;
    Ok(admin.go_saying(&portal.path("/network"), "removed"))
}
