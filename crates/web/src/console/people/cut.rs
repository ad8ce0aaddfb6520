//! What is cut off by what an administrator does, and where gateways enforce it.

use axum::http::HeaderMap;
use axum::response::Response;
use maud::html;
use serde::Deserialize;

use crate::backend::Backend;
use crate::console::Administrator;
use crate::language::{Lang, t};
use crate::page::Page;
use crate::part;

/// What is added to a call that gateways must hear of: it answers when they have, or soon.
pub(super) const HEARD: &str = "?wait_for=gateways&timeout=3";

/// How much goes, or loses its access, with something.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Impact {
    applications: u64,
    registrations: u64,
    credentials: u64,
}

impl Impact {
    /// That of the thing at a path. Where it cannot be told, nothing is said of it.
    pub(super) async fn of(api: &Backend, path: &str) -> Self {
        api.get::<Self>(&format!("{path}/impact")).await.unwrap_or_default()
    }

    /// Both.
    pub(super) const fn and(self, other: Self) -> Self {
        Self {
            applications: self.applications + other.applications,
            registrations: self.registrations + other.registrations,
            credentials: self.credentials + other.credentials,
        }
    }

    /// In words, one line for each kind there is.
    pub(super) fn lines(self, lang: Lang) -> Vec<String> {
        let counts = [self.applications, self.registrations, self.credentials];
        let [applications, registrations, credentials] = counts;
        let lines = [
            (applications, t!(lang, "people-cut-applications", count = applications)),
            (registrations, t!(lang, "people-cut-registrations", count = registrations)),
            (credentials, t!(lang, "people-cut-credentials", count = credentials)),
        ];
        lines.into_iter().filter(|(count, _)| *count > 0).map(|(_, line)| line).collect()
    }
}

/// Where gateways enforce what was done, as the answer to [`HEARD`] says.
pub(super) fn enforced(lang: Lang, headers: &HeaderMap) -> Option<String> {
    let told = headers.get("gatekey-enforcement")?.to_str().ok()?;
    let numbers: Vec<u64> = told.split(' ').filter_map(|word| word.parse().ok()).collect();
    Some(match *numbers.as_slice() {
        [_, 0, ..] => t!(lang, "people-enforced-none"),
        [enforced, live, ..] => {
            t!(lang, "people-enforced", enforced = enforced, live = live)
        }
        _ => t!(lang, "people-enforced-unknown"),
    })
}

/// A page that says that something is gone, and from where. The text is `said-` and its name, as
/// after other acts.
pub(super) fn done(
    admin: &Administrator,
    section: &'static str,
    said: &str,
    back: &str,
    headers: &HeaderMap,
) -> Response {
    let lang = admin.lang;
    let Some(enforced) = enforced(lang, headers) else { return admin.go_saying(back, said) };
    let main = html! {
        (part::notice("good", &html! {
            p { (t!(lang, &format!("said-{said}"))) }
            p { (enforced) }
        }))
        p { a.button.main href=(admin.href(back)) { (t!(lang, "people-go-back")) } }
    };
    admin.page(&Page::new(t!(lang, "people-result"), main).section(section))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_where_a_change_is_enforced() {
        let lang = Lang::named("en").unwrap();
        let told = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("gatekey-enforcement", text.parse().unwrap());
            enforced(lang, &headers).unwrap()
        };
        assert!(told("enforced on 1 of 3 at revision 7").starts_with("1 of 3"));
        assert_eq!(told("enforced on 0 of 0 at revision 7"), t!(lang, "people-enforced-none"));
        assert_eq!(told("unknown"), t!(lang, "people-enforced-unknown"));
        assert_eq!(enforced(lang, &HeaderMap::new()), None);
    }

    #[test]
    fn only_what_there_is_is_named() {
        let lang = Lang::named("en").unwrap();
        assert!(Impact::default().lines(lang).is_empty());
        let one = Impact { applications: 1, credentials: 2, ..Impact::default() };
        assert_eq!(one.and(one).lines(lang).len(), 2);
    }
}
