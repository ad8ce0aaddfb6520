//! How a portal looks: its customization, integrations, logo and favicon. They are kept as they
//! were sent, for whatever shows the portal.

use core::marker::PhantomData;
use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::image::{NewImage, OF_PORTALS, Picture, picture};
use super::{page, portal};
use crate::app::App;
use crate::input::check_part;
use crate::problem::{Invalid, Problem};
use crate::store::Write;
use crate::store::entity::presentation::{Entity, Model};

mod shape;

pub(crate) use self::shape::{Customization, Integrations, IntegrationsEdit};

/// What is shown where a portal has no image of its own: one transparent pixel.
const PIXEL: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42\
                     mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=";

/// A part of a portal's looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Theme, menus, style.
    Customization,
    /// What is loaded from elsewhere.
    Integrations,
    /// The image of the portal.
    Logo,
    /// The image of its tab.
    Favicon,
}

impl Part {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Customization => "customization",
            Self::Integrations => "integrations",
            Self::Logo => "logo",
            Self::Favicon => "favicon",
        }
    }
}

/// A JSON object with the members of `T`, as it was sent.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Shaped<T> {
    members: Map<String, Value>,
    #[serde(skip)]
    shape: PhantomData<T>,
}

impl<T> Shaped<T> {
    /// The object with these members.
    pub(crate) const fn of(members: Map<String, Value>) -> Self {
        Self { members, shape: PhantomData }
    }
}

impl<T: JsonSchema> JsonSchema for Shaped<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// A part of a portal that is an object; an empty one, if nothing is kept.
pub(crate) async fn members(
    db: &impl ConnectionTrait,
    portal: Uuid,
    part: Part,
) -> Result<Map<String, Value>, DbErr> {
    Ok(match document(db, portal, part).await? {
        Some(Value::Object(members)) => members,
        _ => Map::new(),
    })
}

async fn document(
    db: &impl ConnectionTrait,
    portal: Uuid,
    part: Part,
) -> Result<Option<Value>, DbErr> {
    let found = Entity::find_by_id((portal, part.as_str().to_owned())).one(db).await?;
    Ok(found.map(|found| found.document))
}

/// The image of a portal, as a data URL.
pub(crate) async fn image(
    db: &impl ConnectionTrait,
    portal: Uuid,
    part: Part,
) -> Result<String, DbErr> {
    Ok(match document(db, portal, part).await? {
        Some(Value::String(url)) => url,
        _ => PIXEL.to_owned(),
    })
}

/// The image of a portal, as bytes.
pub(crate) async fn image_bytes(
    db: &impl ConnectionTrait,
    portal: Uuid,
    part: Part,
) -> Result<Picture, Problem> {
    let url = image(db, portal, part).await?;
    picture(&url, OF_PORTALS).ok_or_else(|| Problem::internal("a portal's image cannot be read"))
}

/// Replaces an image of a portal.
pub(crate) async fn put_image(
    app: &App,
    portal: Uuid,
    part: Part,
    new: NewImage,
) -> Result<String, Problem> {
    let url = new.checked(OF_PORTALS)?;
    let tx = app.store.begin().await?;
    portal::find(&tx, portal).await?;
    keep(&tx, portal, part, Value::String(url.clone())).await?;
    tx.commit().await?;
    Ok(url)
}

/// Replaces the customization of a portal.
pub(crate) async fn replace_customization(
    app: &App,
    portal: Uuid,
    new: Shaped<Customization>,
) -> Result<Map<String, Value>, Problem> {
    check_menu(&new.members)?;
    write(app, portal, Part::Customization, |_| Ok(new.members)).await
}

/// Changes of the customization of a portal what is given.
pub(crate) async fn update_customization(
    app: &App,
    portal: Uuid,
    edit: Shaped<Customization>,
) -> Result<Map<String, Value>, Problem> {
    check_menu(&edit.members)?;
    let merge = |before| Ok(merged(before, edit.members));
    write(app, portal, Part::Customization, merge).await
}

/// Replaces the integrations of a portal.
pub(crate) async fn replace_integrations(
    app: &App,
    portal: Uuid,
    new: Shaped<Integrations>,
) -> Result<Map<String, Value>, Problem> {
    write(app, portal, Part::Integrations, |_| Ok(new.members)).await
}

/// Changes of the integrations of a portal what is given. What comes of it has to be whole.
pub(crate) async fn update_integrations(
    app: &App,
    portal: Uuid,
    edit: Shaped<IntegrationsEdit>,
) -> Result<Map<String, Value>, Problem> {
    write(app, portal, Part::Integrations, |before| {
        let after = Value::Object(merged(before, edit.members));
        check_part::<Integrations>(&after, "")?;
        match after {
            Value::Object(members) => Ok(members),
            _ => Ok(Map::new()),
        }
    })
    .await
}

async fn write(
    app: &App,
    portal: Uuid,
    part: Part,
    change: impl FnOnce(Map<String, Value>) -> Result<Map<String, Value>, Problem>,
) -> Result<Map<String, Value>, Problem> {
    let tx = app.store.begin().await?;
    portal::find(&tx, portal).await?;
    let after = change(members(&*tx, portal, part).await?)?;
    keep(&tx, portal, part, Value::Object(after.clone())).await?;
    tx.commit().await?;
    Ok(after)
}

async fn keep(tx: &Write, portal: Uuid, part: Part, document: Value) -> Result<(), DbErr> {
    let key = (portal, part.as_str().to_owned());
    let is_new = Entity::find_by_id(key).one(tx).await?.is_none();
    let row = Model { portal_id: portal, part: part.as_str().into(), document };
    let row = row.into_active_model();
    if is_new {
        row.insert(tx).await?;
    } else {
        row.reset_all().update(tx).await?;
    }
    Ok(())
}

/// Makes what a portal can start with, where there is nothing yet; answers the paths of the pages.
pub(crate) async fn defaults(app: &App, portal: Uuid) -> Result<Vec<String>, Problem> {
    let tx = app.store.begin().await?;
    portal::find(&tx, portal).await?;
    let pages = page::defaults(&tx, portal, app.clock.now()).await?;
    if document(&*tx, portal, Part::Customization).await?.is_none() {
        let item = |path: &str, title: &str| {
            serde_json::json!({
                "path": path, "title": title, "visibility": "public", "external": false
            })
        };
        let customization = serde_json::json!({
            "theme": {"mode": "system"},
            "menu": {"main": [item("/apis", "APIs"), item("/getting-started", "Getting started")]}
        });
        keep(&tx, portal, Part::Customization, customization).await?;
    }
    tx.commit().await?;
    Ok(pages)
}

/// Members with others over them: objects are merged, everything else is replaced.
fn merged(mut below: Map<String, Value>, over: Map<String, Value>) -> Map<String, Value> {
    for (name, value) in over {
        let value = match (below.remove(&name), value) {
            (Some(Value::Object(below)), Value::Object(over)) => Value::Object(merged(below, over)),
            (_, value) => value,
        };
        below.insert(name, value);
    }
    below
}

/// Links lead into the portal or to other sites, and never run anything.
fn check_menu(customization: &Map<String, Value>) -> Result<(), Problem> {
    let Some(menu) = customization.get("menu") else { return Ok(()) };
    let mut faults = Vec::new();
    let mut check = |items: Option<&Value>, at: &str| {
        for (index, item) in items.and_then(Value::as_array).into_iter().flatten().enumerate() {
            let path = item.get("path").and_then(Value::as_str).unwrap_or_default();
            let external = item.get("external").and_then(Value::as_bool) == Some(true);
            if !leads_somewhere_safe(path, external) {
                let field = format!("menu.{at}.{index}.path");
                let reason = "must begin with one slash, or be external and an http, https or \
                              mailto URL";
                faults.push(Invalid::body(field, "invalid", reason));
            }
        }
    };
    check(menu.get("main"), "main");
    check(menu.get("footer_bottom"), "footer_bottom");
    let sections = menu.get("footer_sections").and_then(Value::as_array).into_iter().flatten();
    for (index, section) in sections.enumerate() {
        check(section.get("items"), &format!("footer_sections.{index}.items"));
    }
    if faults.is_empty() { Ok(()) } else { Err(Problem::invalid(faults)) }
}

fn leads_somewhere_safe(path: &str, external: bool) -> bool {
    if path.contains(|c: char| c.is_control() || c == '\\') {
        return false;
    }
    let inner = path.starts_with('/') && !path.starts_with("//");
    let schemes = ["https://", "http://", "mailto:"];
    inner || external && schemes.iter().any(|scheme| path.starts_with(scheme))
}

/// The customization as a visitor may know it: without links that are for those who signed in.
pub(crate) fn for_visitors(mut customization: Map<String, Value>) -> Map<String, Value> {
    let open = |items: Option<&mut Value>| {
        if let Some(Value::Array(items)) = items {
            items.retain(|item| item.get("visibility").and_then(Value::as_str) == Some("public"));
        }
    };
    if let Some(menu) = customization.get_mut("menu") {
        open(menu.get_mut("main"));
        open(menu.get_mut("footer_bottom"));
        let sections = menu.get_mut("footer_sections").and_then(Value::as_array_mut);
        for section in sections.into_iter().flatten() {
            open(section.get_mut("items"));
        }
    }
    customization
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "tests write values in place")]
    fn map(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn objects_are_merged_and_the_rest_is_replaced() {
        let before =
            json!({"theme": {"mode": "dark", "name": "x"}, "css": "a", "menu": {"main": [1]}});
        let edit = json!({"theme": {"mode": "light"}, "css": null, "menu": {"main": []}});
        let after =
            json!({"theme": {"mode": "light", "name": "x"}, "css": null, "menu": {"main": []}});
        assert_eq!(merged(map(before), map(edit)), map(after));
    }

    #[test]
    fn links_never_run_anything() {
        for (path, external, good) in [
            ("/a", false, true),
            ("/a", true, true),
            ("https://a.test/b", true, true),
            ("mailto:a@b.test", true, true),
            ("https://a.test/b", false, false),
            ("//a.test", true, false),
            ("/\\a.test", false, false),
            ("javascript:alert(1)", true, false),
            ("data:text/html,x", true, false),
            ("java\nscript:x", true, false),
            ("", false, false),
        ] {
            assert_eq!(leads_somewhere_safe(path, external), good, "{path}");
        }
    }

    #[test]
    fn the_pixel_is_an_image() {
        let picture = picture(PIXEL, OF_PORTALS).unwrap();
        assert!(picture.bytes.starts_with(b"\x89PNG"));
    }
}
