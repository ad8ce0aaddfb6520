//! The page that the console begins with: how much there is, and what to do next.

use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;

use super::{Portal, of_each, portals, total};
use crate::backend::Backend;
use crate::console::Administrator;
use crate::language::t;
use crate::list::Asked;
use crate::page::Page;
use crate::part;
use crate::refusal::Refusal;
use crate::segments::segments;

/// How much there is in portals.
#[derive(Clone, Copy, Debug, Default)]
struct Figures {
    waiting: u64,
    developers: u64,
    applications: u64,
    registrations: u64,
}

impl Figures {
    async fn of(api: Backend, portal: Portal) -> Result<Self, Refusal> {
        let path = segments!["v3", "portals", portal.id];
        let of = |kind: &str| format!("{path}/{kind}");
        let (developers, applications, registrations) =
            (of("developers"), of("applications"), of("application-registrations"));
        let (all, pending) =
            (Asked::default(), Asked::default().with("filter[status][eq]", "pending"));
        let (waiting_developers, waiting_registrations, developers, applications, registrations) = tokio::join!(
            total(&api, &developers, pending.clone()),
            total(&api, &registrations, pending.clone()),
            total(&api, &developers, all.clone()),
            total(&api, &applications, all.clone()),
            total(&api, &registrations, all.clone()),
        );
        Ok(Self {
            waiting: waiting_developers? + waiting_registrations?,
            developers: developers?,
            applications: applications?,
            registrations: registrations?,
        })
    }

    const fn and(self, other: Self) -> Self {
        Self {
            waiting: self.waiting + other.waiting,
            developers: self.developers + other.developers,
            applications: self.applications + other.applications,
            registrations: self.registrations + other.registrations,
        }
    }
}

/// Which revisions the instances of a gateway enforce.
#[derive(Debug, Deserialize)]
struct Receipts {
    live: u64,
    enforced: u64,
}

/// How many gateways there are, and how many of them are behind.
async fn gateways(api: &Backend) -> Result<(usize, usize), Refusal> {
    let list = api.list::<Portal>("/v2/control-planes", &Asked::first(1_000)).await?;
    let receipts = of_each(&list.data, |gateway| {
        let api = api.clone();
        async move {
            let path = segments!["v2", "control-planes", gateway.id, "gatekey-receipts"];
            api.get::<Receipts>(&path).await
        }
    });
    let behind = receipts.await?.iter().filter(|one| one.enforced < one.live).count();
    Ok((list.data.len(), behind))
}

pub(in crate::console) async fn home(admin: Administrator) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let api = &admin.api;
    let (portals, apis, published, gateways) = tokio::join!(
        portals(api),
        total(api, "/v3/apis", Asked::default()),
        total(api, "/v3/api-publications", Asked::default()),
        gateways(api),
    );
    let (portals, apis, published) = (portals?, apis?, published?);
    let (gateways, behind) = gateways?;
    let figures = of_each(&portals, |portal| Figures::of(api.clone(), portal)).await?;
    let figures = figures.into_iter().fold(Figures::default(), Figures::and);
    let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let shown = [
        ("/requests", "people-figure-requests", figures.waiting),
        ("/developers", "nav-developers", figures.developers),
        ("/applications", "nav-applications", figures.applications),
        ("/portals", "nav-portals", count(portals.len())),
        ("/apis", "nav-apis", apis),
    ];
    let steps = [
        (portals.is_empty(), "/portals/new", "people-next-portal"),
        (gateways == 0, "/gateways", "people-next-gateway"),
        (apis == 0, "/apis/new", "people-next-api"),
        (published == 0, "/apis", "people-next-publish"),
        (figures.registrations == 0, "/requests", "people-next-register"),
    ];
    let main = html! {
        @if steps.iter().any(|(open, _, _)| *open) { (next(&admin, &steps)) }
        ul.figures {
            @for (path, text, number) in shown {
                li {
                    span.number { (number) }
                    a href=(admin.href(path)) { (t!(lang, text)) }
                }
            }
            li {
                span.number { (behind) }
                a href=(admin.href("/gateways")) { (t!(lang, "people-figure-behind", count = gateways)) }
            }
        }
        @if figures.waiting > 0 {
            p { (part::act(&admin, "/requests", &t!(lang, "people-look-requests"))) }
        }
        @if behind > 0 {
            (part::notice("open", &html! { p { (t!(lang, "people-behind-text")) } }))
        }
    };
    Ok(admin.page(&Page::new(t!(lang, "people-overview"), main).section("start")))
}

/// What is left to do until the first call is let through.
fn next(admin: &Administrator, steps: &[(bool, &str, &str)]) -> Markup {
    let lang = admin.lang;
    let first = steps.iter().position(|(open, _, _)| *open);
    html! {
        section.panel {
            h2 { (t!(lang, "people-next")) }
            ol.todo {
                @for (at, (open, path, text)) in steps.iter().enumerate() {
                    li {
                        @if !open { (part::tag(&t!(lang, "people-next-done"))) " " (t!(lang, text)) }
                        @else if first == Some(at) { (part::act(admin, path, &t!(lang, text))) }
                        @else { a href=(admin.href(path)) { (t!(lang, text)) } }
                    }
                }
            }
        }
    }
}
