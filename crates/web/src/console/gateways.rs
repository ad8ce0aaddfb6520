//! Gateways: control planes with their services and routes, and what runs of them.

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Administrator;
use super::sheet::{self, Sheet, figures, heading, text, texts, total};
use crate::Web;
use crate::field::{Field, Kind};
use crate::form::Form;
use crate::language::t;
use crate::list::Asked;
use crate::page::Page;
use crate::part::{self, Confirm};
use crate::refusal::Refusal;
use crate::segments::segments;
use crate::time;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/gateways", get(list))
        .route("/gateways/new", get(new).post(create))
        .route("/gateways/{id}", get(show))
        .route("/gateways/{id}/delete", get(ask_delete).post(delete))
        .route("/gateways/{id}/services/new", get(new_service).post(create_service))
        .route("/gateways/{id}/routes/new", get(new_route).post(create_route))
        .route("/gateways/{id}/{kind}/{entity}/remove", get(ask_remove).post(remove))
}

/// What the API calls a control plane, with more after it.
pub(super) fn plane_path(plane: &str, rest: &str) -> String {
    format!("{}{rest}", segments!["v2", "control-planes", plane])
}

/// A service or a route.
pub(super) struct Entity(Value);

impl Entity {
    /// As the API shows it.
    pub(super) const fn of(value: Value) -> Self {
        Self(value)
    }

    /// Its id.
    pub(super) fn id(&self) -> &str {
        text(&self.0, "id")
    }

    /// Its name, or its id.
    pub(super) fn name(&self) -> &str {
        Some(text(&self.0, "name")).filter(|name| !name.is_empty()).unwrap_or(self.id())
    }

    /// The service of a route.
    pub(super) fn service(&self) -> &str {
        text(&self.0, "service.id")
    }

    /// Where a service is.
    pub(super) fn address(&self) -> String {
        let port = self.0.get("port").map(ToString::to_string).unwrap_or_default();
        let (protocol, host) = (text(&self.0, "protocol"), text(&self.0, "host"));
        format!("{protocol}://{host}:{port}{}", text(&self.0, "path"))
    }
}

#[derive(Deserialize)]
struct Entities {
    data: Vec<Value>,
}

/// The services or routes of a control plane.
pub(super) async fn entities(
    admin: &Administrator,
    plane: &str,
    kind: &str,
) -> Result<Vec<Entity>, Refusal> {
    let path = plane_path(plane, &format!("/core-entities/{kind}?size=1000"));
    let found: Entities = admin.api.get(&path).await?;
    Ok(found.data.into_iter().map(Entity).collect())
}

/// Routes, with the way to remove them if they are those of a page of their gateway.
pub(super) fn routes_table(
    admin: &Administrator,
    routes: &[Entity],
    plane: Option<&str>,
) -> Markup {
    let lang = admin.lang;
    let rows: Vec<_> = routes
        .iter()
        .map(|route| {
            let list = |member: &str| texts(&route.0, member).join(", ");
            vec![
                html! { (route.name()) },
                html! { (list("hosts")) },
                html! { code { (list("paths")) } },
                html! { (list("methods")) },
                html! { @if let Some(plane) = plane { (remove_link(admin, plane, "routes", route)) } },
            ]
        })
        .collect();
    let heads = [
        t!(lang, "gateway-name"),
        t!(lang, "route-hosts"),
        t!(lang, "route-paths"),
        t!(lang, "route-methods"),
        String::new(),
    ];
    part::table(&t!(lang, "gateway-routes"), &heads, &rows)
}

fn remove_link(admin: &Administrator, plane: &str, kind: &str, entity: &Entity) -> Markup {
    let path = segments!["gateways", plane, kind, entity.id(), "remove"];
    html! { a href=(admin.href(&path)) { (t!(admin.lang, "remove")) } }
}

#[derive(Deserialize)]
struct Plane {
    id: String,
    name: String,
    description: String,
    created_at: String,
}

async fn list(admin: Administrator, asked: Asked) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let wanted = asked.clone().with("filter[name][contains]", asked.given("q"));
    let found = admin.api.list::<Plane>("/v2/control-planes", &wanted).await?;
    let heads = [t!(lang, "gateway-name"), t!(lang, "portal-description"), t!(lang, "created-at")];
    let rows: Vec<_> = found
        .data
        .iter()
        .map(|plane| {
            vec![
                html! { a href=(admin.href(&segments!["gateways", plane.id])) { (plane.name) } },
                html! { (plane.description) },
                part::moment(&admin, &plane.created_at),
            ]
        })
        .collect();
    let new = part::act(&admin, "/gateways/new", &t!(lang, "gateway-new"));
    let main = html! {
        (part::search(&admin, &asked, Some(&("q", t!(lang, "search-by-name"))), &[]))
        @if rows.is_empty() {
            (part::empty(&t!(lang, "gateways-none"), &t!(lang, "gateways-none-text"), Some(&new)))
        } @else {
            (part::table(&t!(lang, "nav-gateways"), &heads, &rows))
        }
        (part::pager(&admin, &asked, &found.meta.page))
    };
    Ok(admin.page(&Page::new(t!(lang, "nav-gateways"), main).section("gateways").acts(new)))
}

fn new_sheet(admin: &Administrator) -> Sheet {
    let fields = vec![
        Field::text("name", "gateway-name").required().most(256),
        Field::area("description", "portal-description").most(2048),
    ];
    Sheet::new(t!(admin.lang, "gateway-new"), "gateways", fields)
        .below(t!(admin.lang, "nav-gateways"), "/gateways")
        .cancel(admin.href("/gateways"))
}

async fn new(admin: Administrator) -> Response {
    new_sheet(&admin).blank(&admin)
}

async fn create(admin: Administrator, typed: Form) -> Result<Response, Refusal> {
    let sheet = new_sheet(&admin);
    let body = sheet.body(&admin, &typed);
    match admin.api.post::<Value>("/v2/control-planes", &body).await {
        Ok(made) => Ok(admin.go_saying(&segments!["gateways", text(&made, "id")], "saved")),
        Err(refusal) => sheet.again(&admin, &typed, refusal),
    }
}

#[derive(Deserialize)]
struct Instance {
    instance: String,
    applied_revision: u64,
    live: bool,
    seen_at: String,
}

#[derive(Deserialize)]
struct Receipts {
    revision: u64,
    live: u64,
    enforced: u64,
    instances: Vec<Instance>,
}

async fn show(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let (own, receipts) = (plane_path(&id, ""), plane_path(&id, "/gatekey-receipts"));
    let (own, receipts, services, routes) = tokio::join!(
        admin.api.get::<Value>(&own),
        admin.api.get::<Receipts>(&receipts),
        entities(&admin, &id, "services"),
        entities(&admin, &id, "routes"),
    );
    let (own, receipts, services, routes) = (own?, receipts?, services?, routes?);
    let base = segments!["gateways", id];
    let service_rows: Vec<_> = services
        .iter()
        .map(|service| {
            vec![
                html! { (service.name()) },
                html! { code { (service.address()) } },
                remove_link(&admin, &id, "services", service),
            ]
        })
        .collect();
    let heads = [t!(lang, "gateway-name"), t!(lang, "service-address"), String::new()];
    let new_service =
        part::other_act(&admin, &format!("{base}/services/new"), &t!(lang, "gateway-service-new"));
    let new_route =
        part::other_act(&admin, &format!("{base}/routes/new"), &t!(lang, "gateway-route-new"));
    let main = html! {
        @if !text(&own, "description").is_empty() { p { (text(&own, "description")) } }
        (part::facts(&[(t!(lang, "identifier"), part::copy(lang, &id))]))
        (figures(&[
            (t!(lang, "gateway-revision"), receipts.revision),
            (t!(lang, "gateway-live"), receipts.live),
            (t!(lang, "gateway-enforced"), receipts.enforced),
        ]))
        section.panel { h2 { (t!(lang, "gateway-instances")) } (instances(&admin, &receipts)) }
        section.panel {
            (heading(&t!(lang, "gateway-services"), &new_service))
            @if service_rows.is_empty() { p { (t!(lang, "gateway-services-none")) } }
            @else { (part::table(&t!(lang, "gateway-services"), &heads, &service_rows)) }
        }
        section.panel {
            (heading(&t!(lang, "gateway-routes"), &new_route))
            @if routes.is_empty() { p { (t!(lang, "gateway-routes-none")) } }
            @else { (routes_table(&admin, &routes, Some(&id))) }
        }
        div.actions { (part::bad_act(&admin, &format!("{base}/delete"), &t!(lang, "gateway-delete"))) }
    };
    let page = Page::new(text(&own, "name"), main).section("gateways");
    Ok(admin.page(&page.below(t!(lang, "nav-gateways"), "/gateways")))
}

fn instances(admin: &Administrator, receipts: &Receipts) -> Markup {
    let lang = admin.lang;
    if receipts.instances.is_empty() {
        return html! { p { (t!(lang, "gateway-instances-none")) } };
    }
    let now = time::now();
    let rows: Vec<_> = receipts
        .instances
        .iter()
        .map(|one| {
            let state = match (one.live, one.applied_revision >= receipts.revision) {
                (false, _) => "stale",
                (true, true) => "current",
                (true, false) => "behind",
            };
            let behind = receipts.revision.saturating_sub(one.applied_revision);
            vec![
                html! { code { (one.instance) } },
                part::status(lang, state),
                html! { (one.applied_revision) @if behind > 0 { " (−" (behind) ")" } },
                html! {
                    (part::moment(admin, &one.seen_at))
                    @if let Some(ago) = time::ago(lang, &one.seen_at, now) { " · " (ago) }
                },
            ]
        })
        .collect();
    let heads = [
        t!(lang, "gateway-instance"),
        t!(lang, "gateway-state"),
        t!(lang, "gateway-applied"),
        t!(lang, "gateway-seen"),
    ];
    part::table(&t!(lang, "gateway-instances"), &heads, &rows)
}

async fn ask_delete(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let linked = [("filter[control_plane_id][eq]", id.as_str())];
    let own = plane_path(&id, "");
    let (own, linked, services) = tokio::join!(
        admin.api.get::<Value>(&own),
        total(&admin, "/v3/api-implementations", &linked),
        entities(&admin, &id, "services"),
    );
    let own = own?;
    let name = text(&own, "name");
    let confirm = Confirm {
        says: html! { (t!(lang, "gateway-delete-says", name = name)) },
        cuts: vec![
            t!(lang, "cuts-linked", count = linked),
            t!(lang, "cuts-services", count = services?.len()),
        ],
        button: t!(lang, "gateway-delete"),
        back: segments!["gateways", id],
        values: Vec::new(),
    };
    let page = Page::new(t!(lang, "gateway-delete"), confirm.show(&admin)).section("gateways");
    Ok(admin.page(&page.below(t!(lang, "nav-gateways"), "/gateways")))
}

async fn delete(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    admin.api.delete(&plane_path(&id, "")).await?;
    Ok(admin.go_saying("/gateways", "removed"))
}

fn below(admin: &Administrator, id: &str, title: String, fields: Vec<Field>) -> Sheet {
    Sheet::new(title, "gateways", fields)
        .below(t!(admin.lang, "nav-gateways"), "/gateways")
        .below(t!(admin.lang, "gateway"), segments!["gateways", id])
        .cancel(admin.href(&segments!["gateways", id]))
}

fn service_sheet(admin: &Administrator, id: &str) -> Sheet {
    let fields = vec![
        Field::text("name", "gateway-name").most(128),
        Field::new("url", "service-url", Kind::Url).required().most(2048),
    ];
    below(admin, id, t!(admin.lang, "gateway-service-new"), fields)
}

async fn new_service(admin: Administrator, Path(id): Path<String>) -> Response {
    service_sheet(&admin, &id).blank(&admin)
}

async fn create_service(
    admin: Administrator,
    Path(id): Path<String>,
    typed: Form,
) -> Result<Response, Refusal> {
    let sheet = service_sheet(&admin, &id);
    let body = sheet.body(&admin, &typed);
    match admin.api.post::<Value>(&plane_path(&id, "/core-entities/services"), &body).await {
        Ok(_) => Ok(admin.go_saying(&segments!["gateways", id], "saved")),
        Err(refusal) => sheet.again(&admin, &typed, refusal),
    }
}

async fn route_sheet(admin: &Administrator, id: &str) -> Result<Sheet, Refusal> {
    let services = entities(admin, id, "services").await?;
    let services = services.iter().map(|one| (one.id().to_owned(), one.name().to_owned()));
    let methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    let methods = methods.map(|method| (method.to_owned(), method.to_owned())).to_vec();
    let fields = vec![
        Field::text("name", "gateway-name").most(128),
        Field::choice("service.id", "service-service", services.collect()),
        Field::new("hosts", "route-hosts", Kind::Lines),
        Field::new("paths", "route-paths", Kind::Lines).preset(json!(["/"])),
        Field::new("methods", "route-methods", Kind::Many(methods)),
        Field::switch("strip_path", "route-strip").preset(true),
    ];
    Ok(below(admin, id, t!(admin.lang, "gateway-route-new"), fields))
}

async fn new_route(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    Ok(route_sheet(&admin, &id).await?.blank(&admin))
}

async fn create_route(
    admin: Administrator,
    Path(id): Path<String>,
    typed: Form,
) -> Result<Response, Refusal> {
    let sheet = route_sheet(&admin, &id).await?;
    let mut body = sheet.body(&admin, &typed);
    // No method chosen is all of them.
    if body.get("methods").and_then(Value::as_array).is_some_and(Vec::is_empty) {
        body.remove("methods");
    }
    match admin.api.post::<Value>(&plane_path(&id, "/core-entities/routes"), &body).await {
        Ok(_) => Ok(admin.go_saying(&segments!["gateways", id], "saved")),
        Err(refusal) => sheet.again(&admin, &typed, refusal),
    }
}

/// What the API calls a service or route of a page.
fn entity_path(id: &str, kind: &str, entity: &str) -> Result<String, Refusal> {
    if !matches!(kind, "services" | "routes") {
        return Err(Refusal::not_found());
    }
    Ok(plane_path(id, &segments!["core-entities", kind, entity]))
}

async fn ask_remove(
    admin: Administrator,
    Path((id, kind, entity)): Path<(String, String, String)>,
) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let found = Entity(admin.api.get(&entity_path(&id, &kind, &entity)?).await?);
    let cuts = if kind == "services" {
        let linked = [("filter[service_id][eq]", entity.as_str())];
        let linked = total(&admin, "/v3/api-implementations", &linked).await;
        let routes = entities(&admin, &id, "routes").await?;
        let routes = routes.iter().filter(|route| route.service() == entity).count();
        vec![t!(lang, "cuts-linked", count = linked), t!(lang, "cuts-routes", count = routes)]
    } else {
        Vec::new()
    };
    let confirm = Confirm {
        says: html! { (t!(lang, "gateway-remove-says", name = found.name())) },
        cuts,
        button: t!(lang, "remove"),
        back: segments!["gateways", id],
        values: Vec::new(),
    };
    let page = Page::new(t!(lang, "gateway-remove"), confirm.show(&admin)).section("gateways");
    let page = page.below(t!(lang, "nav-gateways"), "/gateways");
    Ok(admin.page(&page.below(t!(lang, "gateway"), segments!["gateways", id])))
}

async fn remove(
    admin: Administrator,
    Path((id, kind, entity)): Path<(String, String, String)>,
) -> Result<Response, Refusal> {
    let path = format!("{}{}", entity_path(&id, &kind, &entity)?, sheet::AWAITED);
    let answer = admin.api.delete(&path).await?;
    Ok(admin.go_saying(&segments!["gateways", id], sheet::enforced(&answer)))
}
