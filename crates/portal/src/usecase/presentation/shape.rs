//! What the parts of a portal's looks may hold. These types are only described and checked; what
//! is kept is what was sent.
#![allow(dead_code, reason = "only the schemas of these types are used")]

use schemars::JsonSchema;
use serde_json::{Map, Value};

use crate::input::Given;
use crate::usecase::portal::Visibility;

/// The looks of a portal.
#[derive(Debug, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Customization {
    #[serde(default)]
    theme: Given<Theme>,
    #[serde(default)]
    #[schemars(length(max = 255))]
    layout: Given<String>,
    /// Style sheets; stored, not interpreted.
    #[serde(default)]
    #[schemars(length(max = 500_000))]
    css: Given<Option<String>>,
    #[serde(default)]
    menu: Given<Menu>,
    #[serde(default)]
    spec_renderer: Given<SpecRenderer>,
    /// The text of `robots.txt`.
    #[serde(default)]
    #[schemars(length(max = 100_000))]
    robots: Given<Option<String>>,
}

#[derive(Debug, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
struct Theme {
    #[serde(default)]
    #[schemars(length(max = 255))]
    name: Given<String>,
    #[serde(default)]
    mode: Given<Mode>,
    #[serde(default)]
    colors: Given<Colors>,
}

#[derive(Debug, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum Mode {
    Light,
    Dark,
    System,
}

#[derive(Debug, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
struct Colors {
    #[serde(default)]
    #[schemars(regex(pattern = "^#([a-fA-F0-9]{6}|[a-fA-F0-9]{3})$"))]
    primary: Given<String>,
}

#[derive(Debug, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
struct Menu {
    #[serde(default)]
    #[schemars(length(max = 100))]
    main: Given<Vec<Item>>,
    #[serde(default)]
    #[schemars(length(max = 100))]
    footer_sections: Given<Vec<Section>>,
    #[serde(default)]
    #[schemars(length(max = 100))]
    footer_bottom: Given<Vec<Item>>,
}

/// A link of a menu.
#[derive(Debug, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PortalMenuItem")]
struct Item {
    /// Begins with a slash, or, of an external one, may be an http, https or mailto URL.
    #[schemars(length(max = 512))]
    path: String,
    #[schemars(length(max = 512))]
    title: String,
    visibility: Visibility,
    external: bool,
}

#[derive(Debug, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
struct Section {
    #[schemars(length(max = 512))]
    title: String,
    #[schemars(length(max = 100))]
    items: Vec<Item>,
}

#[derive(Debug, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
struct SpecRenderer {
    #[serde(default)]
    try_it_ui: Given<bool>,
    #[serde(default)]
    try_it_insomnia: Given<bool>,
    #[serde(default)]
    infinite_scroll: Given<bool>,
    #[serde(default)]
    show_schemas: Given<bool>,
    #[serde(default)]
    hide_internal: Given<bool>,
    #[serde(default)]
    hide_deprecated: Given<bool>,
    #[serde(default)]
    allow_custom_server_urls: Given<bool>,
}

/// What a portal's pages load from elsewhere.
#[derive(Debug, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Integrations {
    #[serde(default)]
    google_tag_manager: Given<Option<Integration<Tracking, TagManager>>>,
    #[serde(default)]
    google_analytics_4: Given<Option<Integration<Analytics, Measurement>>>,
    #[serde(default)]
    equal_web: Given<Option<Integration<Accessibility, Widget>>>,
}

#[derive(Debug, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
struct Integration<K, D> {
    enabled: bool,
    #[serde(rename = "type")]
    kind: K,
    config_data: D,
}

/// What to change of what a portal's pages load from elsewhere.
#[derive(Debug, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IntegrationsEdit {
    #[serde(default)]
    google_tag_manager: Given<Option<IntegrationEdit<Tracking, TagManagerEdit>>>,
    #[serde(default)]
    google_analytics_4: Given<Option<IntegrationEdit<Analytics, MeasurementEdit>>>,
    #[serde(default)]
    equal_web: Given<Option<IntegrationEdit<Accessibility, WidgetEdit>>>,
}

#[derive(Debug, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
struct IntegrationEdit<K, D> {
    #[serde(default)]
    enabled: Given<bool>,
    #[serde(default, rename = "type")]
    kind: Given<K>,
    #[serde(default)]
    config_data: Given<D>,
}

#[derive(Debug, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum Tracking {
    Tracking,
}

#[derive(Debug, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum Analytics {
    Analytics,
}

#[derive(Debug, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum Accessibility {
    Accessibility,
}

macro_rules! configurations {
    ($(($whole:ident, $edit:ident) = $key:ident, $least:literal, $most:literal, $pattern:literal {
        $($(#[$rule:meta])* $field:ident: $type:ty,)*
    })*) => {$(
        #[derive(Debug, JsonSchema)]
        #[serde(deny_unknown_fields)]
        #[schemars(inline)]
        struct $whole {
            #[schemars(length(min = $least, max = $most), regex(pattern = $pattern))]
            $key: String,
            $(#[serde(default)] $(#[$rule])* $field: Given<$type>,)*
        }

        #[derive(Debug, JsonSchema)]
        #[serde(deny_unknown_fields)]
        #[schemars(inline)]
        struct $edit {
            #[serde(default)]
            #[schemars(length(min = $least, max = $most), regex(pattern = $pattern))]
            $key: Given<String>,
            $(#[serde(default)] $(#[$rule])* $field: Given<$type>,)*
        }
    )*};
}

configurations! {
    (TagManager, TagManagerEdit) = id, 5, 20, "^GTM-[A-Za-z0-9]+$" {
        #[schemars(length(max = 100))]
        l: Option<String>,
        #[schemars(length(max = 100))]
        preview: Option<String>,
        cookies_win: Option<bool>,
        debug: Option<bool>,
        npa: Option<bool>,
        #[schemars(length(max = 100))]
        data_layer: Option<String>,
        #[schemars(length(max = 100))]
        env_name: Option<String>,
        #[schemars(length(max = 100))]
        auth_referrer_policy: Option<String>,
    }
    (Measurement, MeasurementEdit) = id, 5, 20, "^G-[A-Za-z0-9-]+$" {
        #[schemars(length(max = 100))]
        l: Option<String>,
    }
    (Widget, WidgetEdit) = site_key, 32, 32, "^[A-Za-z0-9]+$" {
        widget_config: Map<String, Value>,
    }
}
