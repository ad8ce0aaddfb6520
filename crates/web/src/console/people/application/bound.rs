//! How often, and from where, an application may call.

use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{FormPage, Which, below, published};
use crate::console::Administrator;
use crate::field::{self, Field, Filled, FormView, Kind};
use crate::form::Form;
use crate::language::{Lang, t};
use crate::page::Page;
use crate::part;
use crate::refusal::Refusal;

/// The limits of an application.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct Limits {
    limits: Vec<Limit>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Limit {
    kind: String,
    requests: Value,
    window_seconds: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    apis: Option<Vec<String>>,
}

const WINDOWS: [(&str, &str); 6] = [
    ("1", "people-window-second"),
    ("60", "people-window-minute"),
    ("3600", "people-window-hour"),
    ("86400", "people-window-day"),
    ("604800", "people-window-week"),
    ("2592000", "people-window-month"),
];

impl Limit {
    fn window(&self, lang: Lang) -> String {
        let seconds = self.window_seconds.to_string();
        match WINDOWS.iter().find(|(known, _)| *known == seconds) {
            Some((_, text)) => t!(lang, text),
            None => t!(lang, "people-window-seconds", count = seconds),
        }
    }

    /// In words: how many, in which time, of which APIs.
    fn show(&self, lang: Lang, names: &[(&str, &str)]) -> [Markup; 4] {
        let kind = if self.kind == "rate" { "people-limit-rate" } else { "people-limit-quota" };
        let apis = self.apis.as_deref().unwrap_or_default();
        let name = |id: &String| {
            names
                .iter()
                .find(|(known, _)| known == id)
                .map_or(id.as_str(), |(_, name)| name)
                .to_owned()
        };
        let apis = if apis.is_empty() {
            t!(lang, "people-limit-every-api")
        } else {
            apis.iter().map(name).collect::<Vec<_>>().join(", ")
        };
        [
            html! { (t!(lang, kind)) },
            html! { (self.requests) },
            html! { (self.window(lang)) },
            html! { (apis) },
        ]
    }
}

fn heads(lang: Lang) -> Vec<String> {
    vec![
        t!(lang, "people-limit-kind"),
        t!(lang, "people-limit-requests"),
        t!(lang, "people-limit-window"),
        t!(lang, "people-limit-apis"),
    ]
}

impl Limits {
    /// All of them. `names` are the ids and names of APIs.
    pub(super) fn show(&self, lang: Lang, names: &[(&str, &str)]) -> Markup {
        if self.limits.is_empty() {
            return html! { p.quiet { (t!(lang, "people-limits-none")) } };
        }
        let rows: Vec<Vec<Markup>> =
            self.limits.iter().map(|limit| limit.show(lang, names).into()).collect();
        part::table(&t!(lang, "people-limits"), &heads(lang), &rows)
    }
}

/// The networks of an application.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Networks {
    networks: Vec<String>,
}

impl Networks {
    /// All of them.
    pub(super) fn show(&self, lang: Lang) -> Markup {
        html! {
            @if self.networks.is_empty() { p.quiet { (t!(lang, "people-networks-none")) } }
            @else { ul { @for network in &self.networks { li { code { (network) } } } } }
        }
    }
}

fn limit_fields(lang: Lang, apis: Vec<(String, String)>) -> Vec<Field> {
    let kinds = vec![
        ("rate".to_owned(), t!(lang, "people-limit-rate")),
        ("quota".to_owned(), t!(lang, "people-limit-quota")),
    ];
    let windows = WINDOWS.map(|(seconds, text)| (seconds.to_owned(), t!(lang, text))).to_vec();
    let mut fields = vec![
        Field::choice("kind", "people-limit-kind", kinds),
        Field::new("requests", "people-limit-requests", Kind::Number).required(),
        Field::choice("window_seconds", "people-limit-window", windows).preset("60"),
    ];
    if !apis.is_empty() {
        fields.push(Field::new("apis", "people-limit-apis", Kind::Many(apis)));
    }
    fields
}

async fn limits_page(
    admin: &Administrator,
    which: &Which,
    filled: Filled<'_>,
    status: StatusCode,
) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let path = which.path() + "/limits";
    let (limits, apis) =
        tokio::join!(admin.api.get::<Limits>(&path), published(&admin.api, &which.portal));
    let (limits, apis) = (limits?, apis?);
    let names: Vec<_> = apis.iter().map(|(id, name)| (id.as_str(), name.as_str())).collect();
    let remove = format!("{}/limits/remove", which.page());
    let row = |(at, limit): (usize, &Limit)| -> Vec<Markup> {
        let button = part::button(
            admin,
            &remove,
            &[("at", &at.to_string()), ("was", &written(limit))],
            &t!(lang, "people-limit-remove"),
            "small bad",
        );
        limit.show(lang, &names).into_iter().chain([button]).collect()
    };
    let rows: Vec<_> = limits.limits.iter().enumerate().map(row).collect();
    let mut heads = heads(lang);
    heads.push(t!(lang, "account-act"));
    let fields = limit_fields(lang, apis.clone());
    let form = FormView {
        action: admin.href(&format!("{}/limits", which.page())),
        fields: &fields,
        filled,
        submit: "people-limit-add",
        cancel: Some(admin.href(&which.page())),
    };
    let main = html! {
        @if rows.is_empty() { p.quiet { (t!(lang, "people-limits-none")) } }
        @else { (part::table(&t!(lang, "people-limits"), &heads, &rows)) }
        section.panel {
            h2 { (t!(lang, "people-limit-add")) }
            (form.show(admin))
        }
    };
    let page = Page::new(t!(lang, "people-limits-change"), main);
    Ok(admin.page(&below(admin, page, which).status(status)))
}

/// A limit as it is told from others.
fn written(limit: &Limit) -> String {
    serde_json::to_string(limit).unwrap_or_default()
}

pub(super) async fn limits(admin: Administrator, which: Which) -> Result<Response, Refusal> {
    limits_page(&admin, &which, Filled::default(), StatusCode::OK).await
}

pub(super) async fn add_limit(
    admin: Administrator,
    which: Which,
    form: Form,
) -> Result<Response, Refusal> {
    let path = which.path() + "/limits";
    let mut limits: Limits = admin.api.get(&path).await?;
    let apis: Vec<String> = form.all("apis").map(str::to_owned).collect();
    let number = |name: &str| {
        let text = form.text(name);
        text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from)
    };
    limits.limits.push(Limit {
        kind: form.text("kind").to_owned(),
        requests: number("requests"),
        window_seconds: number("window_seconds"),
        apis: Some(apis).filter(|apis| !apis.is_empty()),
    });
    match admin.api.put::<Value>(&path, &limits).await {
        Ok(_) => Ok(admin.go_saying(&format!("{}/limits", which.page()), "people-limits-changed")),
        Err(refusal) if refusal.is_about_the_form() => {
            let added = format!("limits.{}.", limits.limits.len() - 1);
            let refusal = of_the_added(refusal, &added);
            limits_page(&admin, &which, Filled::refused(&form, &refusal), refusal.status).await
        }
        Err(refusal) => Err(refusal),
    }
}

/// The faults of the limit that was added are those of the form.
fn of_the_added(mut refusal: Refusal, added: &str) -> Refusal {
    for fault in &mut refusal.faults {
        if let Some(field) = fault.field.strip_prefix(added) {
            fault.field = field.to_owned();
        }
    }
    refusal
}

/// Nothing is removed that is not what the page showed.
pub(super) async fn remove_limit(
    admin: Administrator,
    which: Which,
    form: Form,
) -> Result<Response, Refusal> {
    let path = which.path() + "/limits";
    let mut limits: Limits = admin.api.get(&path).await?;
    let at = form.text("at").parse::<usize>().ok();
    let at =
        at.filter(|at| limits.limits.get(*at).map(written).as_deref() == Some(form.text("was")));
    if let Some(at) = at {
        limits.limits.remove(at);
        admin.api.put::<Value>(&path, &limits).await?;
    }
    Ok(admin.go_saying(&format!("{}/limits", which.page()), "people-limits-changed"))
}

fn network_fields() -> [Field; 1] {
    [Field::new("networks", "people-networks", Kind::Lines).or_empty()]
}

fn networks_page(
    admin: &Administrator,
    which: &Which,
    filled: Filled<'_>,
    status: StatusCode,
) -> Response {
    let form = FormPage {
        title: "people-networks-change",
        text: None,
        fields: &network_fields(),
        submit: "people-save",
    };
    form.show(admin, which, filled, status)
}

pub(super) async fn networks(admin: Administrator, which: Which) -> Result<Response, Refusal> {
    let now: Networks = admin.api.get(&(which.path() + "/networks")).await?;
    let now = json!({ "networks": now.networks });
    Ok(networks_page(&admin, &which, Filled::with(&now), StatusCode::OK))
}

pub(super) async fn put_networks(
    admin: Administrator,
    which: Which,
    form: Form,
) -> Result<Response, Refusal> {
    let body = field::body(&network_fields(), &form, &admin.zone);
    match admin.api.put::<Value>(&(which.path() + "/networks"), &body).await {
        Ok(_) => Ok(admin.go_saying(&which.page(), "people-networks-changed")),
        Err(refusal) if refusal.is_about_the_form() => {
            Ok(networks_page(&admin, &which, Filled::refused(&form, &refusal), refusal.status))
        }
        Err(refusal) => Err(refusal),
    }
}
