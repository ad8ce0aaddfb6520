//! Approving, rejecting and revoking: one developer or registration, or many.
//!
//! Many are worked on in steps. Between two steps the browser holds what is left, so that a step
//! that was interrupted can be sent again: what is decided already stays as it is.

use axum::Router;
use axum::body::Bytes;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use axum::routing::post;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;

use super::cut::{self, HEARD, Impact};
use super::ours;
use crate::Web;
use crate::console::Administrator;
use crate::form::Form;
use crate::language::{Lang, t};
use crate::list::Asked;
use crate::page::Page;
use crate::part::{self, Confirm};
use crate::refusal::Refusal;

mod item;

pub(super) use self::item::{Found, Item, buttons, choose, form};

/// How many are decided at once.
const STEP: usize = 50;
/// Of more than so many it is not counted what they cut off.
const COUNTED: usize = 50;
/// How many are decided that a search found.
const MOST: usize = 10_000;

pub(super) fn routes() -> Router<Web> {
    Router::new().route("/decide", post(decide))
}

/// What is to be done.
#[derive(Debug, Default)]
struct Order {
    status: &'static str,
    left: Vec<Item>,
    /// How many there were at first.
    total: usize,
    /// What did not work, one line each.
    failed: Vec<String>,
    back: String,
    sure: bool,
}

/// An entry of a list of developers or registrations.
#[derive(Debug, Deserialize)]
struct Entry {
    id: String,
    status: String,
    full_name: Option<String>,
    application: Option<Application>,
}

#[derive(Debug, Deserialize)]
struct Application {
    id: String,
    name: String,
}

impl Order {
    async fn read(admin: &Administrator, form: &Form) -> Result<Self, Refusal> {
        let lines = |name: &str| {
            let all: Vec<&str> = form.raw(name).lines().collect();
            all.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>()
        };
        let (mut status, mut left) = (form.text("status").to_owned(), Vec::new());
        if let Some((to, item)) = form.text("one").split_once(' ') {
            to.clone_into(&mut status);
            left.extend(Item::read(item));
        } else if form.has("all") {
            form.text("all").clone_into(&mut status);
            left = found(admin, form.text("list")).await?;
        } else if form.has("left") {
            left = lines("left").iter().filter_map(|line| Item::read(line)).collect();
        } else {
            left.extend(form.all("item").filter_map(Item::read));
        }
        let known = ["approved", "rejected", "revoked"];
        let status = known.into_iter().find(|known| *known == status);
        let status = status.ok_or_else(|| Refusal::of(StatusCode::BAD_REQUEST))?;
        let total = form.text("total").parse().unwrap_or(left.len());
        Ok(Self {
            status,
            total: total.max(left.len()),
            left,
            failed: lines("failed"),
            back: ours(form.text("back")).to_owned(),
            sure: form.has("sure"),
        })
    }

    /// Whether somebody loses access they have.
    fn cuts(&self) -> bool {
        self.status != "approved" && self.left.iter().any(|item| item.approved)
    }

    /// What the next form has to bring.
    fn values(&self) -> Vec<(&'static str, String)> {
        let left: Vec<_> = self.left.iter().map(Item::line).collect();
        let mut values = vec![
            ("status", self.status.to_owned()),
            ("left", left.join("\n")),
            ("total", self.total.to_string()),
            ("back", self.back.clone()),
            ("sure", "yes".to_owned()),
        ];
        if !self.failed.is_empty() {
            values.push(("failed", self.failed.join("\n")));
        }
        values
    }
}

/// Everything that a list of developers or registrations of a portal has.
async fn found(admin: &Administrator, list: &str) -> Result<Vec<Item>, Refusal> {
    let malformed = || Refusal::of(StatusCode::BAD_REQUEST);
    let (path, query) = list.split_once('?').unwrap_or((list, ""));
    let rest = path.strip_prefix("/v3/portals/").ok_or_else(malformed)?;
    let (portal, kind) = rest.split_once('/').ok_or_else(malformed)?;
    if !["developers", "application-registrations"].contains(&kind) {
        return Err(malformed());
    }
    let mut asked = Asked::first(1_000);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if name.starts_with("filter[") {
            asked = asked.with(&name, value);
        }
    }
    let mut items = Vec::new();
    loop {
        let part = asked.clone().with("page[number]", (items.len() / 1_000 + 1).to_string());
        let part = admin.api.list::<Entry>(path, &part).await?;
        let size = part.data.len();
        items.extend(part.data.into_iter().map(|entry| match entry.application {
            Some(application) => {
                let Application { id, name } = application;
                Item::registration(portal, &id, &entry.id, &entry.status, &name)
            }
            None => {
                let name = entry.full_name.unwrap_or_default();
                Item::developer(portal, &entry.id, &entry.status, &name)
            }
        }));
        if size < 1_000 || items.len() >= MOST {
            return Ok(items);
        }
    }
}

async fn decide(admin: Administrator, form: Form) -> Result<Response, Refusal> {
    let mut order = Order::read(&admin, &form).await?;
    if order.total == 0 {
        return Ok(admin.go_saying(&order.back, "people-none-chosen"));
    }
    if order.cuts() && !order.sure {
        return Ok(ask(&admin, &order).await);
    }
    let cuts = order.cuts();
    let rest = order.left.split_off(order.left.len().min(STEP));
    let now = core::mem::replace(&mut order.left, rest);
    let body: Bytes = json!({ "status": order.status }).to_string().into();
    let (last, mut enforced, mut refused) = (now.len(), None, None);
    for (at, item) in (1..).zip(&now) {
        // What the last one waits for has everything before it.
        let wait = cuts && at == last && order.left.is_empty();
        let path = item.path() + if wait { HEARD } else { "" };
        let answer = admin.api.send(Method::PATCH, &path, Some(body.clone())).await;
        match answer.granted() {
            Ok(answer) => enforced = cut::enforced(admin.lang, &answer.headers),
            Err(refusal) => {
                let why = part::problem(admin.lang, &refusal);
                order.failed.push(format!("{}: {why}", item.name).replace(['\r', '\n'], " "));
                refused = Some(refusal.status);
            }
        }
    }
    if !order.left.is_empty() {
        return Ok(progress(&admin, &order));
    }
    if order.total == 1 && order.failed.is_empty() && enforced.is_none() {
        return Ok(admin.go_saying(&order.back, &format!("people-{}", order.status)));
    }
    let status = refused.filter(|_| order.total == 1).unwrap_or(StatusCode::OK);
    Ok(result(&admin, &order, enforced.as_deref(), status))
}

/// Asks again before access is cut off.
async fn ask(admin: &Administrator, order: &Order) -> Response {
    let lang = admin.lang;
    let mut impact = Impact::default();
    if order.left.len() <= COUNTED {
        for item in order.left.iter().filter(|item| item.approved && item.application.is_none()) {
            impact = impact.and(Impact::of(&admin.api, &item.path()).await);
        }
    }
    let mut cuts: Vec<_> = order.left.iter().take(10).map(|item| item.name.clone()).collect();
    if order.left.len() > 10 {
        cuts.push(t!(lang, "people-and-more", count = order.left.len() - 10));
    }
    cuts.extend(impact.lines(lang));
    let (title, button) = match order.status {
        "rejected" => ("people-reject-sure", "people-reject"),
        _ => ("people-revoke-sure", "people-revoke"),
    };
    let confirm = Confirm {
        says: html! { (t!(lang, "people-sure-text", count = order.total)) },
        cuts,
        button: t!(lang, button),
        back: order.back.clone(),
        values: order.values(),
    };
    admin.page(&Page::new(t!(lang, title), confirm.show(admin)).section("requests"))
}

/// How far it came. A script goes on by itself.
fn progress(admin: &Administrator, order: &Order) -> Response {
    let lang = admin.lang;
    let done = order.total - order.left.len();
    let says = t!(lang, "people-progress", done = done, total = order.total);
    let main = html! {
        progress max=(order.total) value=(done) aria-label=(says) {}
        p role="status" { (says) }
        form method="post" action=(admin.href("/decide")) data-continue {
            (admin.form_token())
            @for (name, value) in order.values() { input type="hidden" name=(name) value=(value); }
            div.actions {
                button.main type="submit" { (t!(lang, "people-continue")) }
                a.button href=(admin.href(&order.back)) { (t!(lang, "people-stop")) }
            }
        }
        (failures(lang, order))
    };
    admin.page(&Page::new(t!(lang, "people-working"), main).section("requests"))
}

fn failures(lang: Lang, order: &Order) -> Markup {
    if order.failed.is_empty() {
        return html! {};
    }
    part::notice(
        "bad",
        &html! {
            p { (t!(lang, "people-failed", count = order.failed.len())) }
            ul { @for line in &order.failed { li { (line) } } }
        },
    )
}

fn result(
    admin: &Administrator,
    order: &Order,
    enforced: Option<&str>,
    status: StatusCode,
) -> Response {
    let lang = admin.lang;
    let done = order.total.saturating_sub(order.failed.len());
    let main = html! {
        @if done > 0 {
            (part::notice("good", &html! {
                p { (t!(lang, "people-done", count = done)) ": " (part::status(lang, order.status)) }
                @if let Some(enforced) = enforced { p { (enforced) } }
            }))
        }
        (failures(lang, order))
        p { a.button.main href=(admin.href(&order.back)) { (t!(lang, "people-go-back")) } }
    };
    admin.page(&Page::new(t!(lang, "people-result"), main).section("requests").status(status))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use axum::extract::{Path, Request, State};
    use axum::http::HeaderMap;
    use axum::response::IntoResponse as _;
    use axum::routing::{get, patch};
    use serde_json::Value;
    use tower::ServiceExt as _;

    use super::*;
    use crate::{Config, cookie, form};

    /// What was asked of the API: path and query.
    type Asked = std::sync::Arc<Mutex<Vec<String>>>;

    /// An API that decides on every developer but one.
    fn api(asked: &Asked) -> Router {
        let session = get(async || axum::Json(json!({ "name": "root" })));
        let set = async |State(asked): State<Asked>, Path(id): Path<String>, request: Request| {
            asked.lock().unwrap().push(request.uri().to_string());
            if id == "d7" {
                let problem = json!({ "title": "Conflict", "detail": "Not this one" });
                return (StatusCode::CONFLICT, axum::Json(problem)).into_response();
            }
            let mut headers = HeaderMap::new();
            if request.uri().query().is_some() {
                let told = "enforced on 1 of 2 at revision 7";
                headers.insert("gatekey-enforcement", told.parse().unwrap());
            }
            (headers, axum::Json(Value::Null)).into_response()
        };
        Router::new()
            .route("/v3/admin-sessions/current", session)
            .route("/v3/portals/p/developers/{id}", patch(set))
            .with_state(std::sync::Arc::clone(asked))
    }

    /// Sends a form as an administrator.
    async fn send(asked: &Asked, pairs: &[(&str, String)]) -> (StatusCode, String) {
        let (key, browser) = ([7; 32], "b".repeat(43));
        let token = form::token(&key, &browser, "secret");
        let all = pairs.iter().map(|(name, value)| (*name, value.as_str()));
        let body = crate::encoding::query(all.chain([(form::TOKEN, token.as_str())]));
        let cookies = format!("{}=secret; {}={browser}", cookie::CONSOLE, cookie::FORM);
        let request = axum::http::Request::post("/manager/decide")
            .header("cookie", cookies)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(axum::body::Body::from(body.trim_start_matches('?').to_owned()));
        let config = Config { api: api(asked), form_key: key, base_url: "http://x".into() };
        let answer = crate::routes(config).oneshot(request.unwrap()).await.unwrap();
        let status = answer.status();
        let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    fn lines(count: usize, status: &str) -> String {
        let line = |at| Item::developer("p", &format!("d{at}"), status, &format!("N{at}")).line();
        (0..count).map(line).collect::<Vec<_>>().join("\n")
    }

    #[tokio::test]
    async fn many_are_decided_in_steps_and_what_did_not_work_is_named() {
        let asked = Asked::default();
        let first = [("status", "approved".into()), ("left", lines(60, "pending"))];
        let (status, page) = send(&asked, &first).await;
        assert_eq!((status, asked.lock().unwrap().len()), (StatusCode::OK, STEP));
        assert!(page.contains("data-continue") && page.contains("50 of 60"), "{page}");
        assert!(page.contains("N7: "), "{page}");
        let left: Vec<_> = (50..60).collect();
        let left = left.iter().map(|at| Item::developer("p", &format!("d{at}"), "", "N").line());
        let rest = [
            ("status", "approved".into()),
            ("left", left.collect::<Vec<_>>().join("\n")),
            ("total", "60".into()),
            ("failed", "N7: no".into()),
        ];
        let (_, page) = send(&asked, &rest).await;
        assert_eq!(asked.lock().unwrap().len(), 60);
        assert!(!page.contains("data-continue") && page.contains("N7: no"), "{page}");
        assert!(page.contains("59 are decided"), "{page}");
    }

    #[tokio::test]
    async fn access_is_cut_off_when_somebody_is_sure_and_gateways_are_asked() {
        let asked = Asked::default();
        let revoke = [("status", "revoked".into()), ("left", lines(2, "approved"))];
        let (_, page) = send(&asked, &revoke).await;
        assert!(asked.lock().unwrap().is_empty() && page.contains("Revoke access?"), "{page}");
        let [status, left] = revoke;
        let (_, page) = send(&asked, &[status, left, ("sure", "yes".into())]).await;
        let paths = asked.lock().unwrap().clone();
        // One wait is enough: it is for everything before it, too.
        assert_eq!(paths.len(), 2);
        assert!(!paths[0].contains("wait_for") && paths[1].contains("wait_for=gateways"));
        assert!(page.contains("1 of 2 running gateways"), "{page}");
    }

    #[tokio::test]
    async fn one_goes_back_to_the_list_and_nothing_chosen_changes_nothing() {
        let asked = Asked::default();
        let item = Item::developer("p", "d1", "pending", "Ann").line();
        let one = [("one", format!("approved {item}")), ("back", "/requests".into())];
        assert_eq!(send(&asked, &one).await.0, StatusCode::SEE_OTHER);
        assert_eq!(asked.lock().unwrap().len(), 1);
        let none = [("status", "approved".into()), ("back", "//elsewhere.test".into())];
        assert_eq!(send(&asked, &none).await.0, StatusCode::SEE_OTHER);
        let odd = [("status", "deleted".into()), ("left", lines(1, "pending"))];
        assert_eq!(send(&asked, &odd).await.0, StatusCode::BAD_REQUEST);
        let refused = Item::developer("p", "d7", "pending", "Ann").line();
        let (status, page) = send(&asked, &[("one", format!("approved {refused}"))]).await;
        assert!(status == StatusCode::CONFLICT && page.contains("Not this one"), "{page}");
        assert_eq!(asked.lock().unwrap().len(), 2);
    }

    #[test]
    fn whoever_has_access_and_loses_it_is_asked_about() {
        let order = |status, held| Order {
            status,
            left: vec![Item::developer("p", "d", held, "Ann")],
            ..Order::default()
        };
        assert!(order("revoked", "approved").cuts() && order("rejected", "approved").cuts());
        assert!(!order("rejected", "pending").cuts() && !order("approved", "approved").cuts());
    }
}
