//! An API, and what stands around each of its pages.

use std::collections::BTreeMap;

use maud::{Markup, html};
use serde::Deserialize;

use super::document::Tree;
use crate::language::{Lang, t};
use crate::page::Page;
use crate::part;
use crate::portal::Guest;
use crate::refusal::Refusal;
use crate::segments::segments;

/// Where a page of an API is.
#[derive(Debug, Deserialize)]
pub(super) struct Place {
    pub(super) api: String,
}

/// An API, as the catalogue shows it.
#[derive(Debug, Deserialize)]
pub(super) struct Api {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) slug: String,
    pub(super) description: Option<String>,
    pub(super) version: Option<String>,
    pub(super) visibility: String,
    pub(super) auth_strategies: Vec<Strategy>,
    pub(super) current_version_summary: Option<Current>,
    #[serde(default)]
    pub(super) attributes: BTreeMap<String, Vec<String>>,
    pub(super) updated_at: String,
}

/// The version that describes an API.
#[derive(Debug, Deserialize)]
pub(super) struct Current {
    pub(super) id: String,
}

/// How applications prove who they are.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Strategy {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) credential_type: String,
    #[serde(default)]
    pub(super) key_names: Vec<String>,
    #[serde(default)]
    pub(super) auth_methods: Vec<String>,
    pub(super) available_scopes: Option<Vec<String>>,
}

impl Strategy {
    /// Whether applications have keys of the portal.
    pub(super) fn has_keys(&self) -> bool {
        self.credential_type == "key_auth"
    }

    /// Whether applications get their clients here.
    pub(super) fn makes_clients(&self) -> bool {
        self.credential_type == "client_credentials"
    }

    /// Whether one of some methods is on.
    pub(super) fn takes(&self, methods: &[&str]) -> bool {
        self.auth_methods.iter().any(|method| methods.contains(&method.as_str()))
    }

    /// What kind it is, in words.
    pub(super) fn kind(&self, lang: Lang) -> String {
        if self.has_keys() {
            t!(lang, "strategy-keys")
        } else if self.makes_clients() {
            t!(lang, "strategy-clients-here")
        } else {
            t!(lang, "strategy-clients")
        }
    }
}

/// How an API is offered.
#[derive(Debug, Deserialize)]
pub(super) struct Settings {
    pub(super) tags: Vec<String>,
    pub(super) auto_approve: bool,
    pub(super) application_registration_enabled: bool,
    pub(super) deprecated: bool,
    pub(super) issuer: Option<String>,
}

/// An API with all that its pages have in common.
#[derive(Debug)]
pub(super) struct About {
    pub(super) api: Api,
    pub(super) settings: Settings,
    pub(super) documents: Tree,
}

impl About {
    /// Asks for it, by id or slug.
    pub(super) async fn load(guest: &Guest, name: &str) -> Result<Self, Refusal> {
        let path = segments!["apis", name];
        let (settings, documents) =
            (format!("{path}/registration-settings"), format!("{path}/documents"));
        let (api, settings, documents) = tokio::join!(
            guest.api.get::<Api>(&path),
            guest.api.get::<Settings>(&settings),
            guest.api.get::<Tree>(&documents),
        );
        Ok(Self { api: api?, settings: settings?, documents: documents.unwrap_or_default() })
    }

    /// What applications need to be let through, if anything.
    pub(super) fn strategy(&self) -> Option<&Strategy> {
        self.api.auth_strategies.first()
    }

    /// Whether applications can ask for access.
    pub(super) fn takes_applications(&self) -> bool {
        self.strategy().is_some() && self.settings.application_registration_enabled
    }

    /// The path of a page of this API; `rest` begins with a slash.
    pub(super) fn path(&self, rest: &str) -> String {
        format!("{}{rest}", path_of(&self.api.slug))
    }

    /// A page of this API. `rest` says which tab it is in, `title` what it is.
    pub(super) fn page(&self, guest: &Guest, (rest, title): (&str, String), main: &Markup) -> Page {
        let lang = guest.lang;
        let mut tabs = vec![(self.path(""), t!(lang, "api-overview"))];
        if self.api.current_version_summary.is_some() {
            tabs.push((self.path("/reference"), t!(lang, "api-reference")));
        }
        if !self.documents.data.is_empty() {
            tabs.push((self.path("/documents"), t!(lang, "api-documents")));
        }
        if self.strategy().is_some() {
            tabs.push((self.path("/authenticate"), t!(lang, "api-authenticate")));
        }
        if rest == "/use" {
            tabs.push((self.path(rest), t!(lang, "api-use")));
        }
        let main = html! {
            (part::tabs(guest, &t!(lang, "api-parts"), &self.path(rest), &tabs))
            @if self.settings.deprecated {
                (part::notice("open", &html! { p { (t!(lang, "api-deprecated")) } }))
            }
            (main)
        };
        let page = Page::new(&self.api.name, main)
            .section("apis")
            .below(t!(lang, "nav-apis"), "/apis")
            .part(title)
            .lead(self.marks(lang));
        if rest != "/use" && self.takes_applications() {
            let act = part::act(guest, &self.path("/use"), &t!(lang, "api-use"));
            return page.acts(act);
        }
        page
    }

    /// Version, state and tags in a line.
    fn marks(&self, lang: Lang) -> Markup {
        html! {
            span.marks {
                @if let Some(version) = &self.api.version { (part::tag(version)) }
                @if self.settings.deprecated { (part::status(lang, "deprecated")) }
                @if self.api.visibility == "private" { (part::tag(&t!(lang, "api-private"))) }
                @for tag in &self.settings.tags { (part::tag(tag)) }
            }
        }
    }
}

/// The path of an API's page.
pub(super) fn path_of(slug: &str) -> String {
    segments!["apis", slug]
}
