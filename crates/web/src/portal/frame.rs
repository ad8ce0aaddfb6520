//! What stands around every page of a portal.

use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};

use super::Known;
use super::theme::Item;
use crate::language::t;
use crate::page::{self, Frame, Page};
use crate::visit::{Side, Visit};

/// A page, with its frame.
pub(super) fn show(visit: &Visit, page: &Page) -> Response {
    let Side::Portal(portal) = &visit.side else {
        return page.status.into_response();
    };
    let frame = Frame {
        site: portal.context.name.clone(),
        mode: portal.look.mode(),
        icon: visit.href("/favicon"),
        theme: portal.look.href(&visit.base),
        header: header(visit, portal, page),
        aside: None,
        footer: footer(visit, portal),
    };
    page::show(visit, &frame, page)
}

fn header(visit: &Visit, portal: &Known, page: &Page) -> Markup {
    let lang = visit.lang;
    let link = |path: &str, section: &str, text: String| {
        html! {
            li { a href=(visit.href(path)) aria-current=[(page.section == section).then_some("page")] { (text) } }
        }
    };
    html! {
        header.site {
            a.brand href=(visit.href("/")) {
                img src=(visit.href("/logo")) alt="" height="28";
                span { (portal.context.name) }
            }
            nav aria-label=(t!(lang, "navigation")) {
                ul {
                    (link("/apis", "apis", t!(lang, "nav-apis")))
                    @for item in shown(portal, &portal.look.menu.main) {
                        li { a href=(item.href(&visit.base)) { (item.title) } }
                    }
                    @if portal.me.is_some() {
                        (link("/applications", "applications", t!(lang, "nav-applications")))
                    }
                }
            }
            nav.account aria-label=(t!(lang, "nav-account")) {
                ul {
                    @match &portal.me {
                        Some(me) => {
                            (link("/account", "account", me.full_name.clone()))
                            li {
                                form.inline method="post" action=(visit.href("/sign-out")) {
                                    (visit.form_token())
                                    button.plain type="submit" { (t!(lang, "sign-out")) }
                                }
                            }
                        }
                        None if portal.context.authentication_enabled => {
                            (link("/sign-in", "sign-in", t!(lang, "sign-in")))
                            @if portal.context.basic_auth_enabled {
                                li { a.button.main href=(visit.href("/sign-up")) { (t!(lang, "sign-up")) } }
                            }
                        }
                        None => {}
                    }
                }
            }
        }
    }
}

/// The links that somebody may see.
fn shown<'p>(portal: &'p Known, items: &'p [Item]) -> impl Iterator<Item = &'p Item> {
    items.iter().filter(|item| portal.me.is_some() || item.visibility != "private")
}

fn footer(visit: &Visit, portal: &Known) -> Markup {
    let menu = &portal.look.menu;
    html! {
        footer.site {
            @if !menu.footer_sections.is_empty() {
                div.sections {
                    @for section in &menu.footer_sections {
                        section {
                            h2 { (section.title) }
                            ul { @for item in shown(portal, &section.items) {
                                li { a href=(item.href(&visit.base)) { (item.title) } }
                            } }
                        }
                    }
                }
            }
            ul.bottom { @for item in shown(portal, &menu.footer_bottom) {
                li { a href=(item.href(&visit.base)) { (item.title) } }
            } }
            (page::reader(visit))
        }
    }
}
