//! What pages of the console have in common: a form with what stands around it, choices of things
//! that there are, and what gateways say of a change.

use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Administrator;
use crate::backend::Answer;
use crate::field::{self, Blank, Field, Filled, FormView, Kind};
use crate::form::Form;
use crate::language::{Lang, t};
use crate::list::Asked;
use crate::page::Page;
use crate::part;
use crate::refusal::Refusal;

/// Asks for word of the gateways before a change is answered.
pub(super) const AWAITED: &str = "?wait_for=gateways&timeout=3";

/// A page with one form.
pub(super) struct Sheet {
    /// The page, without the form.
    page: Page,
    /// What stands before the form.
    before: Markup,
    /// What stands after it.
    after: Markup,
    fields: Vec<Field>,
    submit: &'static str,
    cancel: Option<String>,
    action: String,
}

impl Sheet {
    /// A page with these fields.
    pub(super) fn new(
        title: impl Into<String>,
        section: &'static str,
        mut fields: Vec<Field>,
    ) -> Self {
        // What was emptied and must not be is for the API to refuse, and not to be left out.
        for field in fields.iter_mut().filter(|field| field.required) {
            field.blank = Blank::Empty;
        }
        // Where there is nothing to choose of, nothing is asked.
        fields.retain(|field| !matches!(&field.kind, Kind::Many(options) if options.is_empty()));
        Self {
            page: Page::new(title, html! {}).section(section),
            before: html! {},
            after: html! {},
            fields,
            submit: "create",
            cancel: None,
            action: String::new(),
        }
    }

    /// Below another page.
    pub(super) fn below(mut self, name: impl Into<String>, path: impl Into<String>) -> Self {
        self.page = self.page.below(name, path);
        self
    }

    /// With something before the form.
    pub(super) fn before(self, before: Markup) -> Self {
        Self { before, ..self }
    }

    /// With something after the form.
    pub(super) fn after(self, after: Markup) -> Self {
        Self { after, ..self }
    }

    /// With what can be done, beside the title.
    pub(super) fn acts(mut self, acts: Markup) -> Self {
        self.page = self.page.acts(acts);
        self
    }

    /// With another text on its button.
    pub(super) fn submit(self, submit: &'static str) -> Self {
        Self { submit, ..self }
    }

    /// With a way back.
    pub(super) fn cancel(self, href: String) -> Self {
        Self { cancel: Some(href), ..self }
    }

    /// Sent to this address instead of the page's own.
    pub(super) fn action(self, action: String) -> Self {
        Self { action, ..self }
    }

    /// What was typed, as a body.
    pub(super) fn body(&self, admin: &Administrator, form: &Form) -> Map<String, Value> {
        field::body(&self.fields, form, &admin.zone)
    }

    /// The page.
    pub(super) fn show(
        self,
        admin: &Administrator,
        filled: Filled<'_>,
        status: StatusCode,
    ) -> Response {
        let form = FormView {
            action: self.action,
            fields: &self.fields,
            filled,
            submit: self.submit,
            cancel: self.cancel,
        };
        let main = html! { (self.before) (form.show(admin)) (self.after) };
        admin.page(&Page { main, ..self.page }.status(status))
    }

    /// The page with nothing typed.
    pub(super) fn blank(self, admin: &Administrator) -> Response {
        self.show(admin, Filled::default(), StatusCode::OK)
    }

    /// The page with what there is.
    pub(super) fn with(self, admin: &Administrator, current: &Value) -> Response {
        self.show(admin, Filled::with(current), StatusCode::OK)
    }

    /// The page again, after what was typed was refused.
    pub(super) fn again(
        self,
        admin: &Administrator,
        typed: &Form,
        refusal: Refusal,
    ) -> Result<Response, Refusal> {
        if refusal.is_about_the_form() {
            return Ok(self.show(admin, Filled::refused(typed, &refusal), refusal.status));
        }
        Err(refusal)
    }
}

/// Something with an id and a name, as choices offer it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Named {
    /// Its id.
    pub(super) id: String,
    /// Its name.
    pub(super) name: String,
}

/// All things of a list, by id and name.
pub(super) async fn named(
    admin: &Administrator,
    path: &str,
) -> Result<Vec<(String, String)>, Refusal> {
    let all = Asked::first(1000).sorted("name");
    let found = admin.api.list::<Named>(path, &all).await?;
    Ok(found.data.into_iter().map(|one| (one.id, one.name)).collect())
}

/// The name that belongs to an id, or the id.
pub(super) fn name_of(names: &[(String, String)], id: &str) -> String {
    let found = names.iter().find(|(known, _)| known == id);
    found.map_or_else(|| id.to_owned(), |(_, name)| name.clone())
}

/// The choices, after one for none of them.
pub(super) fn or_none(none: String, options: Vec<(String, String)>) -> Vec<(String, String)> {
    core::iter::once((String::new(), none)).chain(options).collect()
}

/// How many things a list has. What cannot be counted is shown as none.
pub(super) async fn total(admin: &Administrator, path: &str, filters: &[(&str, &str)]) -> u64 {
    let asked =
        filters.iter().fold(Asked::first(1), |asked, (name, value)| asked.with(name, *value));
    admin.api.list::<Value>(path, &asked).await.map_or(0, |list| list.meta.page.total)
}

/// How much goes, or loses its access, with something.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct Impact {
    publications: u64,
    developers: u64,
    applications: u64,
    registrations: u64,
    credentials: u64,
}

impl Impact {
    /// In words, one line for each kind there is.
    fn lines(self, lang: Lang) -> Vec<String> {
        let lines = [
            (self.publications, t!(lang, "cuts-publications", count = self.publications)),
            (self.developers, t!(lang, "cuts-developers", count = self.developers)),
            (self.applications, t!(lang, "cuts-applications", count = self.applications)),
            (self.registrations, t!(lang, "cuts-registrations", count = self.registrations)),
            (self.credentials, t!(lang, "cuts-credentials", count = self.credentials)),
        ];
        lines.into_iter().filter(|(count, _)| *count > 0).map(|(_, line)| line).collect()
    }
}

/// What deleting the thing at a path would cut off, one line for each kind there is.
pub(super) async fn impact(admin: &Administrator, path: &str) -> Result<Vec<String>, Refusal> {
    let found = admin.api.get::<Impact>(&format!("{path}/impact")).await?;
    Ok(found.lines(admin.lang))
}

/// What stands where something cannot be deleted, because others use it.
pub(super) fn used(lang: Lang, uses: &[String], back: &str) -> Markup {
    html! {
        (part::notice("open", &html! {
            p { (t!(lang, "still-used")) }
            ul { @for one in uses { li { (one) } } }
        }))
        p { a.button href=(back) { (t!(lang, "go-back")) } }
    }
}

/// Where a change is enforced, as the page after it says.
pub(super) fn enforced(answer: &Answer) -> &'static str {
    let header = answer.headers.get("gatekey-enforcement");
    reached(header.and_then(|value| value.to_str().ok()).unwrap_or_default())
}

fn reached(text: &str) -> &'static str {
    let mut numbers = text.split(' ').filter_map(|word| word.parse::<u64>().ok());
    match (numbers.next(), numbers.next()) {
        (Some(_), Some(0)) => "cut-without-gateways",
        (Some(done), Some(all)) if done >= all => "cut-everywhere",
        _ => "cut-soon",
    }
}

/// Yes or no.
pub(super) fn yes_no(lang: Lang, yes: bool) -> String {
    if yes { t!(lang, "yes-it-is") } else { t!(lang, "no-it-is-not") }
}

/// A heading with what can be done below it.
pub(super) fn heading(title: &str, acts: &Markup) -> Markup {
    html! { div.title { h2 { (title) } div.acts { (acts) } } }
}

/// Numbers with what they count, some with the way to what is counted.
pub(super) fn figures(rows: &[(String, u64)]) -> Markup {
    html! {
        ul.figures {
            @for (name, number) in rows { li { span.number { (number) } (name) } }
        }
    }
}

/// What a check of something outside found.
#[derive(Debug, Deserialize)]
pub(super) struct Checked {
    #[serde(default)]
    errors: Vec<String>,
}

impl Checked {
    /// In words.
    pub(super) fn show(&self, lang: Lang) -> Markup {
        let kind = if self.errors.is_empty() { "good" } else { "bad" };
        part::notice(
            kind,
            &html! {
                @if self.errors.is_empty() {
                    p role="status" { (t!(lang, "check-passed")) }
                } @else {
                    p role="alert" { (t!(lang, "check-failed", count = self.errors.len())) }
                    ul { @for error in &self.errors { li { (part::sentence(error)) } } }
                }
            },
        )
    }
}

/// Visibility, as a choice.
pub(super) fn visibilities(lang: Lang) -> Vec<(String, String)> {
    vec![
        ("private".into(), t!(lang, "visibility-private")),
        ("public".into(), t!(lang, "visibility-public")),
    ]
}

/// A member of an object as text; empty, if it is none.
pub(super) fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    field::at(value, member).and_then(Value::as_str).unwrap_or_default()
}

/// The texts of a member that is a list.
pub(super) fn texts(value: &Value, member: &str) -> Vec<String> {
    let items = field::at(value, member).and_then(Value::as_array);
    let items = items.into_iter().flatten().filter_map(Value::as_str);
    items.map(str::to_owned).collect()
}

/// Whether a member is true.
pub(super) fn is_on(value: &Value, member: &str) -> bool {
    field::at(value, member) == Some(&Value::Bool(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_there_is_is_cut_off() {
        let lang = Lang::named("en").unwrap();
        assert!(Impact::default().lines(lang).is_empty());
        let some = Impact { publications: 2, credentials: 1, ..Impact::default() };
        assert_eq!(some.lines(lang), ["2 published APIs", "1 key or other credential"]);
    }

    #[test]
    fn what_gateways_say_becomes_words() {
        assert_eq!(reached("enforced on 2 of 2 at revision 57"), "cut-everywhere");
        assert_eq!(reached("enforced on 1 of 2 at revision 57"), "cut-soon");
        assert_eq!(reached("enforced on 0 of 0 at revision 57"), "cut-without-gateways");
        assert_eq!(reached("unknown"), "cut-soon");
    }
}
