//! How a portal looks: colour, mode, menus, as its customization says.

use axum::http::HeaderValue;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::Guest;
use crate::color::Color;

/// The customization of a portal, as far as pages show it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Look {
    theme: Theme,
    css: Option<String>,
    /// The links beside and below the pages.
    pub(crate) menu: Menu,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Theme {
    mode: Option<String>,
    colors: Colors,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Colors {
    primary: Option<String>,
}

/// The links of a portal.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Menu {
    /// In the head of pages.
    pub(crate) main: Vec<Item>,
    /// In the foot of pages, by section.
    pub(crate) footer_sections: Vec<Section>,
    /// At the very end.
    pub(crate) footer_bottom: Vec<Item>,
}

/// Links that belong together.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Section {
    /// What they are.
    pub(crate) title: String,
    /// The links.
    pub(crate) items: Vec<Item>,
}

/// A link.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Item {
    /// Where it leads.
    pub(crate) path: String,
    /// Its text.
    pub(crate) title: String,
    /// `public`, or `private`: for those who signed in.
    pub(crate) visibility: String,
    /// Whether it leads away from the portal.
    pub(crate) external: bool,
}

impl Item {
    /// Its address, where pages of a portal are below a base.
    pub(crate) fn href(&self, base: &str) -> String {
        let away = ["https://", "http://", "mailto:"];
        if self.external && away.iter().any(|scheme| self.path.starts_with(scheme)) {
            return self.path.clone();
        }
        format!("{base}/{}", self.path.trim_start_matches('/'))
    }
}

impl Look {
    /// `light` or `dark`, unless the reader's device decides.
    pub(crate) fn mode(&self) -> Option<&'static str> {
        match self.theme.mode.as_deref() {
            Some("light") => Some("light"),
            Some("dark") => Some("dark"),
            _ => None,
        }
    }

    /// The style sheet, if there is anything in it.
    fn style(&self) -> Option<String> {
        let color = self.theme.colors.primary.as_deref().and_then(Color::read);
        let color = color.map(Color::style);
        let own = self.css.as_deref().filter(|css| !css.is_empty());
        match (color, own) {
            (None, None) => None,
            (color, own) => Some(color.unwrap_or_default() + own.unwrap_or_default()),
        }
    }

    /// The address of the style sheet, which changes with it.
    pub(crate) fn href(&self, base: &str) -> Option<String> {
        let digest = Sha256::digest(self.style()?.as_bytes());
        let digest = URL_SAFE_NO_PAD.encode(digest.get(..9).unwrap_or_default());
        Some(format!("{base}/theme.css?v={digest}"))
    }
}

/// The style sheet of a portal.
pub(super) async fn style(guest: Guest) -> Response {
    let style = guest.portal().and_then(|portal| portal.look.style()).unwrap_or_default();
    let headers = [
        ("content-type", HeaderValue::from_static("text/css; charset=utf-8")),
        ("cache-control", HeaderValue::from_static("private, max-age=31536000, immutable")),
    ];
    (headers, style).into_response()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_look_without_anything_needs_no_style() {
        let look: Look = serde_json::from_value(json!({})).unwrap();
        assert_eq!((look.href("/p"), look.mode()), (None, None));
        let look =
            json!({"theme": {"mode": "dark", "colors": {"primary": "#123456"}}, "css": "a{}"});
        let look: Look = serde_json::from_value(look).unwrap();
        assert!(look.href("/p").unwrap().starts_with("/p/theme.css?v="));
        assert!(look.style().unwrap().ends_with("a{}"));
        assert_eq!(look.mode(), Some("dark"));
        let odd = json!({"theme": {"colors": {"primary": "red;}"}}});
        let look: Look = serde_json::from_value(odd).unwrap();
        assert_eq!(look.style(), None);
    }

    #[test]
    fn links_stay_in_the_portal_unless_they_lead_to_another_site() {
        let item = |path: &str, external| Item { path: path.into(), external, ..Item::default() };
        assert_eq!(item("/guides", false).href("/p"), "/p/guides");
        assert_eq!(item("https://a.test", true).href("/p"), "https://a.test");
        assert_eq!(item("https://a.test", false).href("/p"), "/p/https://a.test");
        assert_eq!(item("javascript:alert(1)", true).href("/p"), "/p/javascript:alert(1)");
    }
}
