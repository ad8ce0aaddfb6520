//! What stands around every page of the console.

use axum::response::Response;
use maud::{Markup, html};

use super::Session;
use crate::asset;
use crate::language::t;
use crate::page::{self, Frame, Page};
use crate::visit::{Side, Visit};

/// The parts of the console: section, path, text. A line apart begins a group.
const SECTIONS: &[(&str, &str, &str)] = &[
    ("requests", "/requests", "nav-requests"),
    ("developers", "/developers", "nav-developers"),
    ("applications", "/applications", "nav-applications"),
    ("teams", "/teams", "nav-teams"),
    ("", "", ""),
    ("portals", "/portals", "nav-portals"),
    ("apis", "/apis", "nav-apis"),
    ("strategies", "/auth-strategies", "nav-strategies"),
    ("dcr-providers", "/dcr-providers", "nav-dcr-providers"),
    ("auth-servers", "/auth-servers", "nav-auth-servers"),
    ("", "", ""),
    ("usage", "/usage", "nav-usage"),
    ("gateways", "/gateways", "nav-gateways"),
    ("audit", "/audit-log", "nav-audit"),
    ("tokens", "/tokens", "nav-tokens"),
];

/// A page, with its frame.
pub(super) fn show(visit: &Visit, page: &Page) -> Response {
    let session = match &visit.side {
        Side::Console(session) => session.as_ref(),
        Side::Portal(_) => None,
    };
    let frame = Frame {
        site: t!(visit.lang, "console"),
        mode: None,
        icon: asset::href(&visit.base, "icon.svg"),
        theme: None,
        header: header(visit, session),
        aside: session.map(|_| aside(visit, page)),
        footer: html! { footer.site { (page::reader(visit)) } },
    };
    page::show(visit, &frame, page)
}

fn header(visit: &Visit, session: Option<&Session>) -> Markup {
    let lang = visit.lang;
    html! {
        header.site {
            a.brand href=(visit.href("/")) {
                img src=(asset::href(&visit.base, "icon.svg")) alt="" height="28" width="28";
                span { (t!(lang, "console")) }
            }
            @if let Some(session) = session {
                nav.account aria-label=(t!(lang, "nav-account")) {
                    ul {
                        li { span { (t!(lang, "signed-in-as", name = session.name.as_str())) } }
                        li {
                            form.inline method="post" action=(visit.href("/sign-out")) {
                                (visit.form_token())
                                button.plain type="submit" { (t!(lang, "sign-out")) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn aside(visit: &Visit, page: &Page) -> Markup {
    let groups = SECTIONS.split(|(section, _, _)| section.is_empty());
    html! {
        nav.aside aria-label=(t!(visit.lang, "navigation")) {
            @for group in groups {
                ul {
                    @for (section, path, text) in group {
                        li {
                            a href=(visit.href(path)) aria-current=[(page.section == *section).then_some("page")] {
                                (t!(visit.lang, text))
                            }
                        }
                    }
                }
            }
        }
    }
}
