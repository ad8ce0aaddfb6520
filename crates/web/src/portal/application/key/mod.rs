//! Keys of an application: which there are, new ones, their names, their end.

use axum::Router;
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;

use super::{Application, secret};
use crate::Web;
use crate::field::Field;
use crate::language::{Lang, t};
use crate::list::{Asked, List};
use crate::page::Page;
use crate::part;
use crate::portal::Member;
use crate::refusal::Refusal;
use crate::segments::segments;

mod list;
mod new;
mod rename;
mod revoke;
mod rotation;

const KEYS: &str = "/applications/{id}/credentials";

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .merge(list::routes())
        .merge(new::routes())
        .merge(rename::routes())
        .merge(revoke::routes())
        .merge(rotation::routes())
}

/// Which key a page is about.
#[derive(Debug, Deserialize)]
pub(super) struct KeyAt {
    pub(super) id: String,
    key: String,
}

impl KeyAt {
    pub(super) fn path(&self) -> String {
        segments!["applications", self.id, "credentials", self.key]
    }

    /// The page that lists it.
    pub(super) fn list(&self) -> String {
        segments!["applications", self.id, "credentials"]
    }
}

/// A key, without the key.
#[derive(Debug, Deserialize)]
pub(super) struct Key {
    id: String,
    pub(super) display_name: String,
    status: String,
    pub(super) expires_at: Option<String>,
    created_at: String,
    pub(super) last_used_at: Option<String>,
    #[serde(default)]
    pub(super) rotation: Rotation,
}

/// Where a key stands between the one before it and the one after it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Rotation {
    #[serde(default)]
    status: String,
    pub(super) retire_when_idle_hours: Option<u32>,
}

impl Key {
    /// What the reader is told of its state: `status-` and this is the text.
    pub(super) fn state(&self, now: jiff::Timestamp) -> &str {
        match (self.status.as_str(), self.rotation.status.as_str()) {
            ("active", "retiring") => "retiring",
            ("revoked", "retired") => "retired",
            ("active", _) if self.ends_soon(now) => "expiring",
            (status, _) => status,
        }
    }

    fn ends_soon(&self, now: jiff::Timestamp) -> bool {
        let end = self.expires_at.as_ref().and_then(|end| end.parse::<jiff::Timestamp>().ok());
        end.is_some_and(|end| end.as_second() - now.as_second() < 7 * 86_400)
    }

    /// Whether gateways still let it through.
    pub(super) fn is_honoured(&self) -> bool {
        self.status == "active"
    }

    /// Whether it can get a successor.
    fn can_rotate(&self) -> bool {
        self.is_honoured() && matches!(self.rotation.status.as_str(), "" | "current")
    }
}

/// All that is known of the keys of an application.
pub(super) async fn keys(
    member: &Member,
    application: &Application,
    asked: &Asked,
) -> Result<List<Key>, Refusal> {
    let path = segments!["applications", application.id, "credential-details"];
    member.api.list(&path, asked).await
}

/// How a key is sent.
fn how(lang: Lang, application: &Application) -> Markup {
    let names = application.auth_strategy.key_names.as_deref().unwrap_or_default();
    html! {
        @if let Some(first) = names.first() {
            p { (t!(lang, "app-keys-header")) " " code { (first) ": KEY" } }
        }
    }
}

fn name_field() -> [Field; 1] {
    [Field::text("display_name", "app-key-name").most(255)]
}

/// A key, this once, and what was done.
pub(super) fn shown(
    member: &Member,
    application: &Application,
    key: &str,
    done: &Markup,
) -> Response {
    let lang = member.lang;
    let keys = format!("{}/credentials", application.path());
    let main = html! {
        (part::notice("good", done))
        (part::secret(lang, &t!(lang, "app-key"), key))
        p { (t!(lang, "app-shown-once")) }
        (how(lang, application))
        div.actions {
            (part::act(member, &keys, &t!(lang, "app-keys-on")))
            (part::other_act(member, "/apis", &t!(lang, "app-access-find")))
        }
    };
    let page = application.below(lang, Page::new(t!(lang, "app-key-yours"), main));
    member.page(&page.below(t!(lang, "app-keys"), keys))
}
