//! "Use this API": an application is chosen or made, and asks for access.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;

use super::about::{About, Place, Strategy};
use super::made;
use super::offer::Offer;
use crate::encoding::query;
use crate::field::{self, Field, Filled, FormView, Kind};
use crate::form::Form;
use crate::language::t;
use crate::part;
use crate::portal::Guest;
use crate::refusal::Refusal;
use crate::segments::segments;

/// What a form of the page does.
const ACT: &str = "act";

/// A registration, as the API answers it.
#[derive(Debug, Deserialize)]
pub(super) struct Registration {
    pub(super) status: String,
}

/// A form that came back.
#[derive(Clone, Copy, Debug, Default)]
struct Refused<'a> {
    choose: Filled<'a>,
    create: Filled<'a>,
    status: StatusCode,
}

pub(super) async fn show(guest: Guest, Path(place): Path<Place>) -> Result<Response, Refusal> {
    let about = About::load(&guest, &place.api).await?;
    page(&guest, &about, Refused::default()).await
}

pub(super) async fn act(
    guest: Guest,
    Path(place): Path<Place>,
    form: Form,
) -> Result<Response, Refusal> {
    if guest.portal().is_none_or(|portal| portal.me.is_none()) {
        return Err(Refusal::of(StatusCode::UNAUTHORIZED));
    }
    let about = About::load(&guest, &place.api).await?;
    let Some(strategy) = about.strategy() else { return Err(Refusal::not_found()) };
    if form.text(ACT) == "choose" {
        return choose(&guest, &about, &form).await;
    }
    let offer = Offer::ask(&guest, &about).await?;
    let mut body = field::body(&fields(&offer, strategy), &form, &guest.zone);
    body.remove(ACT);
    body.insert("auth_strategy_id".into(), strategy.id.clone().into());
    match made::make(&guest, &about, strategy, &body).await {
        Ok(made) => Ok(made.show(&guest, &about)),
        Err(refusal) if refusal.is_about_the_form() => {
            let refused = Refused {
                create: Filled::refused(&form, &refusal),
                status: refusal.status,
                ..Refused::default()
            };
            page(&guest, &about, refused).await
        }
        Err(refusal) => Err(refusal),
    }
}

async fn choose(guest: &Guest, about: &About, form: &Form) -> Result<Response, Refusal> {
    match register(guest, form.text("application_id"), about).await {
        Ok(registration) if registration.status == "approved" => {
            Ok(guest.go_saying(&about.path("/use"), "access-approved"))
        }
        Ok(_) => Ok(guest.go_saying(&about.path("/use"), "access-asked")),
        Err(refusal) if refusal.is_about_the_form() => {
            let refused = Refused {
                choose: Filled::refused(form, &refusal),
                status: refusal.status,
                ..Refused::default()
            };
            page(guest, about, refused).await
        }
        Err(refusal) => Err(refusal),
    }
}

/// Asks for the access of an application to the API.
pub(super) async fn register(
    guest: &Guest,
    application: &str,
    about: &About,
) -> Result<Registration, Refusal> {
    let path = segments!["applications", application, "registrations"];
    guest.api.post(&path, &json!({ "api_id": about.api.id })).await
}

async fn page(guest: &Guest, about: &About, refused: Refused<'_>) -> Result<Response, Refusal> {
    let signed_in = guest.portal().is_some_and(|portal| portal.me.is_some());
    let main = match about.strategy() {
        None => open(guest, about),
        Some(_) if !about.settings.application_registration_enabled => closed(guest),
        Some(_) if !signed_in => invitation(guest, about),
        Some(strategy) => {
            let offer = Offer::ask(guest, about).await?;
            signed_in_main(guest, about, strategy, &offer, refused)
        }
    };
    let page = about.page(guest, ("/use", t!(guest.lang, "api-use")), &main);
    Ok(guest.page(&page.status(refused.status)))
}

/// It takes no application.
fn open(guest: &Guest, about: &About) -> Markup {
    let act = part::other_act(guest, &about.path(""), &t!(guest.lang, "api-overview"));
    part::empty(&t!(guest.lang, "use-open"), &t!(guest.lang, "use-open-text"), Some(&act))
}

fn closed(guest: &Guest) -> Markup {
    part::empty(&t!(guest.lang, "use-closed"), &t!(guest.lang, "use-closed-text"), None)
}

/// What signing in gives.
fn invitation(guest: &Guest, about: &About) -> Markup {
    let lang = guest.lang;
    let next = query([("next", about.path("/use"))]);
    let basic = guest.portal().is_some_and(|portal| portal.context.basic_auth_enabled);
    html! {
        h2 { (t!(lang, "use-sign-in")) }
        p { (t!(lang, "use-sign-in-text")) }
        ol.way {
            li { (t!(lang, "use-sign-in-application")) }
            li {
                @if about.settings.auto_approve { (t!(lang, "use-sign-in-approved")) }
                @else { (t!(lang, "use-sign-in-asked")) }
            }
            li { (t!(lang, "use-sign-in-call")) }
        }
        div.actions {
            (part::act(guest, &format!("/sign-in{next}"), &t!(lang, "sign-in")))
            @if basic { (part::other_act(guest, "/sign-up", &t!(lang, "sign-up"))) }
        }
    }
}

fn signed_in_main(
    guest: &Guest,
    about: &About,
    strategy: &Strategy,
    offer: &Offer,
    refused: Refused<'_>,
) -> Markup {
    let lang = guest.lang;
    let choices: Vec<_> = offer.unregistered().collect();
    html! {
        p {
            @if about.settings.auto_approve { (t!(lang, "access-auto")) }
            @else { (t!(lang, "access-asks")) }
            " "
            (t!(lang, "use-strategy", strategy = strategy.name.as_str()))
        }
        (offer.registered(guest))
        @if !choices.is_empty() {
            section.panel {
                h2 { (t!(lang, "use-choose")) }
                (form(guest, &[act_field("choose"), choice(choices)], refused.choose, "use-request"))
            }
        }
        @if offer.may_create {
            section.panel {
                h2 { (t!(lang, "use-create")) }
                @if strategy.has_keys() { p.quiet { (t!(lang, "use-create-key")) } }
                @if strategy.makes_clients() { p.quiet { (t!(lang, "use-create-client")) } }
                (form(guest, &fields(offer, strategy), refused.create, "use-create-act"))
            }
        } @else if !offer.has_any() {
            (part::notice("open", &html! { p { (t!(lang, "access-no")) } }))
        }
        (offer.others(guest, strategy))
    }
}

fn form(guest: &Guest, fields: &[Field], filled: Filled<'_>, submit: &'static str) -> Markup {
    FormView { action: String::new(), fields, filled, submit, cancel: None }.show(guest)
}

fn act_field(act: &'static str) -> Field {
    Field::new(ACT, "use-create", Kind::Hidden).preset(act)
}

fn choice(applications: Vec<(String, String)>) -> Field {
    Field::choice("application_id", "use-application", applications).required()
}

/// What a new application takes.
fn fields(offer: &Offer, strategy: &Strategy) -> Vec<Field> {
    let mut fields = vec![
        act_field("create"),
        Field::text("name", "use-name").required().most(255),
        Field::text("description", "use-description").most(255),
    ];
    if !strategy.has_keys() && !strategy.makes_clients() {
        fields.push(Field::text("client_id", "use-client-id").required().most(255));
    }
    if !strategy.has_keys() && strategy.takes(&["authorization_code"]) {
        fields.push(Field::new("redirect_uri", "use-redirect-uri", Kind::Url).most(2048));
    }
    if let Some(scopes) = &strategy.available_scopes {
        let options = scopes.iter().map(|scope| (scope.clone(), scope.clone())).collect();
        fields.push(Field::new("scopes", "use-scopes", Kind::Many(options)));
    }
    if !offer.teams.is_empty() {
        let mut owners = vec![(String::new(), t!(offer.lang, "use-owner-self"))];
        owners.extend(offer.teams.iter().map(|team| (team.id.clone(), team.name.clone())));
        fields.push(Field::choice("team_id", "use-owner", owners));
    }
    fields
}
