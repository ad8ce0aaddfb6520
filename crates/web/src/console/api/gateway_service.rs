//! The service of a gateway that an API is: it is what gateways guard.

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::Administrator;
use super::super::gateways::{Entity, entities, plane_path, routes_table};
use super::super::sheet::{self, Sheet, named, text, total};
use super::Api;
use crate::Web;
use crate::field::Field;
use crate::form::Form;
use crate::language::t;
use crate::list::Asked;
use crate::part::{self, Confirm};
use crate::refusal::Refusal;
use crate::segments::segments;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/apis/{id}/gateway-service", get(show).post(link))
        .route("/apis/{id}/gateway-service/unlink", get(ask_unlink).post(unlink))
}

#[derive(Deserialize)]
struct Service {
    control_plane_id: String,
    id: String,
}

#[derive(Deserialize)]
struct Implementation {
    id: String,
    service: Service,
}

async fn find(admin: &Administrator, id: &str) -> Result<Option<Implementation>, Refusal> {
    let wanted = Asked::first(1).with("filter[api_id][eq]", id);
    let found = admin.api.list::<Implementation>("/v3/api-implementations", &wanted).await?;
    Ok(found.data.into_iter().next())
}

async fn show(
    admin: Administrator,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, Refusal> {
    let api = Api::find(&admin, &id).await?;
    match find(&admin, &id).await? {
        Some(linked) => {
            let main = linked_to(&admin, &linked.service).await?;
            let unlink = api.path("/gateway-service/unlink");
            let act = part::bad_act(&admin, &unlink, &t!(admin.lang, "service-unlink"));
            Ok(admin.page(&api.page(&admin, "/gateway-service", &main).acts(act)))
        }
        None => match choice(&admin, &api, asked.given("control_plane")).await? {
            Ok(sheet) => Ok(sheet.blank(&admin)),
            Err(main) => Ok(admin.page(&api.page(&admin, "/gateway-service", &main))),
        },
    }
}

async fn linked_to(admin: &Administrator, service: &Service) -> Result<Markup, Refusal> {
    let lang = admin.lang;
    let plane = &service.control_plane_id;
    let (own, guarded) = (
        plane_path(plane, ""),
        plane_path(plane, &segments!["core-entities", "services", service.id]),
    );
    let (own, guarded, routes) = tokio::join!(
        admin.api.get::<Value>(&own),
        admin.api.get::<Value>(&guarded),
        entities(admin, plane, "routes"),
    );
    let (own, guarded, routes) = (own?, guarded?, routes?);
    let routes: Vec<Entity> =
        routes.into_iter().filter(|route| route.service() == service.id).collect();
    let entity = Entity::of(guarded);
    let rows = [
        (
            t!(lang, "service-plane"),
            html! {
                a href=(admin.href(&segments!["gateways", plane])) { (text(&own, "name")) }
            },
        ),
        (t!(lang, "service-service"), html! { (entity.name()) }),
        (t!(lang, "service-address"), html! { code { (entity.address()) } }),
    ];
    Ok(html! {
        (part::facts(&rows))
        section.panel {
            h2 { (t!(lang, "gateway-routes")) }
            @if routes.is_empty() { p { (t!(lang, "service-without-routes")) } }
            @else { (routes_table(admin, &routes, None)) }
        }
    })
}

/// What can be linked: the form, or what has to be made first.
async fn choice(
    admin: &Administrator,
    api: &Api,
    chosen: &str,
) -> Result<Result<Sheet, Markup>, Refusal> {
    let lang = admin.lang;
    let planes = named(admin, "/v2/control-planes").await?;
    let known = planes.iter().find(|(id, _)| id == chosen).or_else(|| planes.first());
    let Some((plane, _)) = known.cloned() else {
        let act = part::act(admin, "/gateways/new", &t!(lang, "gateway-new"));
        let none =
            part::empty(&t!(lang, "gateways-none"), &t!(lang, "service-no-plane"), Some(&act));
        return Ok(Err(none));
    };
    let services = entities(admin, &plane, "services").await?;
    let before = html! {
        p { (t!(lang, "service-explained")) }
        form.search method="get" action=(admin.href(&api.path("/gateway-service"))) {
            div {
                label for="control-plane" { (t!(lang, "service-plane")) }
                select id="control-plane" name="control_plane" {
                    @for (id, name) in &planes { option value=(id) selected[*id == plane] { (name) } }
                }
            }
            button type="submit" { (t!(lang, "choose")) }
        }
    };
    let new = format!("{}/services/new", segments!["gateways", plane]);
    if services.is_empty() {
        let act = part::act(admin, &new, &t!(lang, "gateway-service-new"));
        let none = part::empty(
            &t!(lang, "gateway-services-none"),
            &t!(lang, "service-no-service"),
            Some(&act),
        );
        return Ok(Err(html! { (before) (none) }));
    }
    let options = services
        .iter()
        .map(|one| (one.id().to_owned(), format!("{} – {}", one.name(), one.address())));
    let fields = vec![Field::choice("service.id", "service-service", options.collect()).required()];
    let sheet = Sheet::new(api.name.clone(), "apis", fields)
        .below(t!(lang, "nav-apis"), "/apis")
        .before(html! { (api.tabs(admin, "/gateway-service")) (before) })
        .after(html! { p { a href=(admin.href(&new)) { (t!(lang, "gateway-service-new")) } } })
        .action(admin.href(&format!("{}?control_plane={plane}", api.path("/gateway-service"))))
        .submit("service-link");
    Ok(Ok(sheet))
}

async fn link(
    admin: Administrator,
    Path(id): Path<String>,
    asked: Asked,
    typed: Form,
) -> Result<Response, Refusal> {
    let api = Api::find(&admin, &id).await?;
    let plane = asked.given("control_plane");
    let body = json!({"service": {"control_plane_id": plane, "id": typed.text("service.id")}});
    match admin.api.post::<Value>(&api.api("/implementations"), &body).await {
        Ok(_) => Ok(admin.go_saying(&api.path("/gateway-service"), "service-linked")),
        Err(refusal) => match choice(&admin, &api, plane).await? {
            Ok(sheet) => sheet.again(&admin, &typed, refusal),
            Err(_) => Err(refusal),
        },
    }
}

async fn ask_unlink(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let api = Api::find(&admin, &id).await?;
    let registrations = api.api("/registrations");
    let (of_api, approved) =
        ([("filter[api_id][eq]", id.as_str())], [("filter[status][eq]", "approved")]);
    let (publications, granted) = tokio::join!(
        total(&admin, "/v3/api-publications", &of_api),
        total(&admin, &registrations, &approved),
    );
    let confirm = Confirm {
        says: html! { (t!(lang, "service-unlink-says", name = api.name.as_str())) },
        cuts: vec![
            t!(lang, "cuts-publications", count = publications),
            t!(lang, "cuts-approved", count = granted),
        ],
        button: t!(lang, "service-unlink"),
        back: api.path("/gateway-service"),
        values: Vec::new(),
    };
    let main = confirm.show(&admin);
    Ok(admin.page(&api.below(&admin, t!(lang, "service-unlink"), main)))
}

async fn unlink(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    let api = Api::find(&admin, &id).await?;
    let linked = find(&admin, &id).await?.ok_or_else(Refusal::not_found)?;
    let path = format!("{}{}", segments!["implementations", linked.id], sheet::AWAITED);
    let answer = admin.api.delete(&api.api(&path)).await?;
    Ok(admin.go_saying(&api.path("/gateway-service"), sheet::enforced(&answer)))
}
