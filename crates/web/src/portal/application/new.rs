//! A new application.

use axum::Router;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use maud::html;
use serde::Deserialize;

use super::fields::fields;
use super::{Application, Strategy, Team, secret, teams};
use crate::Web;
use crate::encoding::query;
use crate::field::{self, Field, Filled, FormView, Kind};
use crate::form::Form;
use crate::language::t;
use crate::list::{Asked, List};
use crate::page::Page;
use crate::part;
use crate::portal::Member;
use crate::refusal::Refusal;

pub(super) fn routes() -> Router<Web> {
    Router::new().route("/applications/new", get(show).post(create))
}

#[derive(Debug, Deserialize)]
struct Chosen {
    #[serde(default)]
    strategy: String,
}

/// An application that was made; where a client was made with it, its secret this once.
#[derive(Deserialize)]
struct Made {
    #[serde(flatten)]
    application: Application,
    client_secret: Option<String>,
}

/// What there is to choose from.
struct Choice {
    strategies: Vec<Strategy>,
    teams: Vec<Team>,
}

impl Choice {
    async fn find(member: &Member) -> Result<Self, Refusal> {
        let first = Asked::first(100);
        let strategies = member.api.list("/application-auth-strategies", &first);
        let (strategies, teams) = tokio::join!(strategies, teams(member));
        let strategies: List<Strategy> = strategies?;
        Ok(Self { strategies: strategies.data, teams: teams? })
    }

    /// The strategy of that id; the first, if there is none.
    fn strategy(&self, id: &str) -> Option<&Strategy> {
        let found = self.strategies.iter().find(|strategy| strategy.id == id);
        found.or_else(|| self.strategies.first())
    }
}

async fn show(member: Member, Query(chosen): Query<Chosen>) -> Result<Response, Refusal> {
    let choice = Choice::find(&member).await?;
    Ok(form(&member, &choice, &chosen.strategy, Filled::default(), StatusCode::OK))
}

fn path(strategy: &Strategy) -> String {
    format!("/applications/new{}", query([("strategy", &strategy.id)]))
}

fn form(
    member: &Member,
    choice: &Choice,
    chosen: &str,
    filled: Filled<'_>,
    status: StatusCode,
) -> Response {
    let lang = member.lang;
    let main = match choice.strategy(chosen) {
        None => part::empty(
            &t!(lang, "app-strategies-none"),
            &t!(lang, "app-strategies-none-text"),
            None,
        ),
        Some(strategy) => {
            let form = FormView {
                action: member.href(&path(strategy)),
                fields: &all_fields(member, strategy, &choice.teams),
                filled,
                submit: "app-create",
                cancel: Some(member.href("/applications")),
            };
            let tabs = choice.strategies.iter().map(|other| (path(other), other.name.clone()));
            let tabs: Vec<_> = tabs.collect();
            html! {
                @if tabs.len() > 1 {
                    p { (t!(lang, "app-strategy-choose")) }
                    (part::tabs(member, &t!(lang, "app-strategy"), &path(strategy), &tabs))
                }
                p.quiet { (strategy.kind.means(lang)) }
                (form.show(member))
            }
        }
    };
    let page = Page::new(t!(lang, "app-new"), main).section("applications").status(status);
    member.page(&page.below(t!(lang, "nav-applications"), "/applications"))
}

fn all_fields(member: &Member, strategy: &Strategy, teams: &[Team]) -> Vec<Field> {
    let mut fields = fields(member.lang, strategy, teams);
    let chosen = Field::new("auth_strategy_id", "app-strategy", Kind::Hidden);
    fields.push(chosen.preset(strategy.id.clone()));
    fields
}

async fn create(member: Member, typed: Form) -> Result<Response, Refusal> {
    let choice = Choice::find(&member).await?;
    let chosen = typed.text("auth_strategy_id").to_owned();
    let strategy = choice.strategy(&chosen).ok_or_else(Refusal::not_found)?;
    let fields = all_fields(&member, strategy, &choice.teams);
    let body = field::body(&fields, &typed, &member.zone);
    match member.api.post::<Made>("/applications", &body).await {
        Ok(Made { application, client_secret: Some(secret) }) => Ok(secret::shown(
            &member,
            &application,
            &t!(member.lang, "said-own-app-created"),
            &secret,
        )),
        Ok(made) => Ok(member.go_saying(&made.application.path(), "own-app-created")),
        Err(refusal) if refusal.is_about_the_form() => {
            let filled = Filled::refused(&typed, &refusal);
            Ok(form(&member, &choice, &chosen, filled, refusal.status))
        }
        Err(refusal) => Err(refusal),
    }
}
