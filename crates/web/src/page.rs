//! Pages: what stands around what a handler shows.

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use crate::asset;
use crate::language::{Lang, t};
use crate::visit::Visit;

/// A page.
#[derive(Debug)]
pub(crate) struct Page {
    /// Its title.
    pub(crate) title: String,
    /// Which part of what the title names it is, if it is one of several.
    pub(crate) part: Option<String>,
    /// What stands above it: names and paths of the pages it is below.
    pub(crate) trail: Vec<(String, String)>,
    /// What it shows.
    pub(crate) main: Markup,
    /// Which part of the navigation it belongs to.
    pub(crate) section: &'static str,
    /// Its status.
    pub(crate) status: StatusCode,
    /// A few words under the title.
    pub(crate) lead: Option<Markup>,
    /// What can be done, beside the title.
    pub(crate) acts: Option<Markup>,
    /// The script that it needs besides the one of every page, and its style.
    pub(crate) extra: Option<(&'static str, &'static str)>,
    /// Whether it is one narrow column: a form alone.
    pub(crate) narrow: bool,
}

impl Page {
    /// A page with a title.
    pub(crate) fn new(title: impl Into<String>, main: Markup) -> Self {
        Self {
            title: title.into(),
            part: None,
            trail: Vec::new(),
            main,
            section: "",
            status: StatusCode::OK,
            lead: None,
            acts: None,
            extra: None,
            narrow: false,
        }
    }

    /// In a part of the navigation.
    pub(crate) fn section(self, section: &'static str) -> Self {
        Self { section, ..self }
    }

    /// Below another page.
    pub(crate) fn below(mut self, name: impl Into<String>, path: impl Into<String>) -> Self {
        self.trail.push((name.into(), path.into()));
        self
    }

    /// As one of several parts of what the title names.
    pub(crate) fn part(self, part: impl Into<String>) -> Self {
        Self { part: Some(part.into()), ..self }
    }

    /// With a few words under the title.
    pub(crate) fn lead(self, lead: Markup) -> Self {
        Self { lead: Some(lead), ..self }
    }

    /// With what can be done, beside the title.
    pub(crate) fn acts(self, acts: Markup) -> Self {
        Self { acts: Some(acts), ..self }
    }

    /// With a status other than 200.
    pub(crate) fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// As one narrow column.
    pub(crate) fn narrow(self) -> Self {
        Self { narrow: true, ..self }
    }

    /// With a script and a style of its own.
    pub(crate) fn extra(self, script: &'static str, style: &'static str) -> Self {
        Self { extra: Some((script, style)), ..self }
    }
}

/// What is the same on all pages of a portal, or of the console.
#[derive(Debug)]
pub(crate) struct Frame {
    /// What stands after the title of each page.
    pub(crate) site: String,
    /// `light`, `dark`, or nothing when the reader's device decides.
    pub(crate) mode: Option<&'static str>,
    /// The address of the image of the tab.
    pub(crate) icon: String,
    /// The address of the style sheet of this portal, if it has one.
    pub(crate) theme: Option<String>,
    /// The head of the page.
    pub(crate) header: Markup,
    /// What stands beside it.
    pub(crate) aside: Option<Markup>,
    /// The foot of the page.
    pub(crate) footer: Markup,
}

/// A whole page.
pub(crate) fn show(visit: &Visit, frame: &Frame, page: &Page) -> Response {
    let (lang, base) = (visit.lang, visit.base.as_str());
    let body = html! {
        (DOCTYPE)
        html lang=(lang.tag()) data-mode=[frame.mode] data-zone=[(!visit.zone.known).then_some("ask")] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                meta name="color-scheme" content=(frame.mode.unwrap_or("light dark"));
                title {
                    @if let Some(part) = &page.part { (part) " · " }
                    (page.title) " · " (frame.site)
                }
                link rel="stylesheet" href=(asset::href(base, "gatekey.css"));
                @if let Some(theme) = &frame.theme { link rel="stylesheet" href=(theme); }
                @if let Some((_, style)) = page.extra {
                    link rel="stylesheet" href=(asset::href(base, style));
                }
                link rel="icon" href=(frame.icon);
                script src=(asset::href(base, "gatekey.js")) defer {}
                @if let Some((script, _)) = page.extra {
                    script src=(asset::href(base, script)) defer {}
                }
            }
            body.with-aside[frame.aside.is_some()] {
                a.skip href="#main" { (t!(lang, "skip-to-content")) }
                (frame.header)
                @if let Some(aside) = &frame.aside { (aside) }
                main.narrow[page.narrow] id="main" tabindex="-1" {
                    (trail(visit, page))
                    div.title {
                        h1 { (page.title) }
                        @if let Some(acts) = &page.acts { div.acts { (acts) } }
                    }
                    @if let Some(lead) = &page.lead { div.lead { (lead) } }
                    @if let Some(said) = &visit.said {
                        div.notice.good role="status" { p { (said) } }
                    }
                    (page.main)
                }
                (frame.footer)
            }
        }
    };
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    (page.status, [(CONTENT_TYPE, html)], body.into_string()).into_response()
}

fn trail(visit: &Visit, page: &Page) -> Markup {
    if page.trail.is_empty() {
        return html! {};
    }
    html! {
        nav.trail aria-label=(t!(visit.lang, "trail")) {
            ol {
                @for (name, path) in &page.trail {
                    li { a href=(visit.href(path)) { (name) } }
                }
            }
        }
    }
}

/// The choice of language and zone, at the foot of every page.
pub(crate) fn reader(visit: &Visit) -> Markup {
    let lang = visit.lang;
    html! {
        form.reader method="get" action=(visit.href("/reader")) {
            label for="reader-language" { (t!(lang, "language")) }
            select id="reader-language" name="language" {
                @for (tag, name) in Lang::all() {
                    option value=(tag) lang=(tag) selected[tag == lang.tag()] { (name) }
                }
            }
            label for="reader-zone" { (t!(lang, "time-zone")) }
            input id="reader-zone" name="timezone" value=(visit.zone.name()) size="18" maxlength="64" autocomplete="off";
            input type="hidden" name="next" value=(visit.here);
            button type="submit" { (t!(lang, "apply")) }
        }
    }
}

/// A refusal, as a page.
pub(crate) fn refused(visit: &Visit, refusal: &crate::refusal::Refusal) -> Page {
    let lang = visit.lang;
    let title = match refusal.status.as_u16() {
        403 => t!(lang, "refused-forbidden"),
        404 => t!(lang, "refused-not-found"),
        429 => t!(lang, "refused-too-many"),
        400..=499 => t!(lang, "refused-request"),
        _ => t!(lang, "refused-failure"),
    };
    let main = html! {
        p { (crate::part::problem(lang, refusal)) }
        @if !refusal.faults.is_empty() {
            ul {
                @for fault in &refusal.faults {
                    li { code { (fault.field) } ": " (crate::field::reason(lang, fault)) }
                }
            }
        }
        p { a.button href=(visit.href("/")) { (t!(lang, "to-start")) } }
    };
    Page::new(title, main).status(refusal.status)
}
