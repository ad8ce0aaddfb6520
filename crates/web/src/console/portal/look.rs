//! How a portal looks: colour, mode, images, menu.

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use serde_json::{Map, Value, json};

use super::super::Administrator;
use super::super::sheet::{Sheet, text};
use super::Portal;
use crate::Web;
use crate::field::{self, Field, Kind};
use crate::form::Form;
use crate::language::t;
use crate::refusal::Refusal;

/// The images of a portal.
const IMAGES: [&str; 2] = ["logo", "favicon"];
/// The parts of the menu that are lists of items.
const MENUS: [&str; 2] = ["main", "footer_bottom"];

pub(super) fn routes() -> Router<Web> {
    Router::new().route("/portals/{id}/look", get(show).post(change))
}

fn sheet(admin: &Administrator, portal: &Portal) -> Sheet {
    let lang = admin.lang;
    let modes = ["system", "light", "dark"]
        .map(|mode| {
            let text = match mode {
                "light" => t!(lang, "mode-light"),
                "dark" => t!(lang, "mode-dark"),
                _ => t!(lang, "mode-system"),
            };
            (mode.to_owned(), text)
        })
        .to_vec();
    let fields = vec![
        Field::text("theme.colors.primary", "look-color").most(7),
        Field::choice("theme.mode", "look-mode", modes),
        Field::new("logo", "look-logo", Kind::Picture),
        Field::new("favicon", "look-favicon", Kind::Picture),
        Field::new("menu.main", "look-menu", Kind::Area(6)).or_empty(),
        Field::new("menu.footer_sections", "look-footer", Kind::Area(6)).or_empty(),
        Field::new("menu.footer_bottom", "look-footer-bottom", Kind::Area(3)).or_empty(),
    ];
    portal.sheet(admin, "/look", fields)
}

async fn show(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    let portal = Portal::find(&admin, &id).await?;
    let mut current: Value = admin.api.get(&portal.api("/customization")).await?;
    if let Some(menu) = current.get_mut("menu").and_then(Value::as_object_mut) {
        for (name, part) in menu.iter_mut() {
            *part = written(name, part).into();
        }
    }
    Ok(sheet(&admin, &portal).with(&admin, &current))
}

async fn change(
    admin: Administrator,
    Path(id): Path<String>,
    typed: Form,
) -> Result<Response, Refusal> {
    let portal = Portal::find(&admin, &id).await?;
    let sheet = sheet(&admin, &portal);
    let mut body = sheet.body(&admin, &typed);
    for image in IMAGES {
        let Some(data) = body.remove(image) else { continue };
        let path = portal.api(&format!("/assets/{image}"));
        if let Err(mut refusal) = admin.api.put::<Value>(&path, &json!({"data": data})).await {
            for fault in &mut refusal.faults {
                image.clone_into(&mut fault.field);
            }
            return sheet.again(&admin, &typed, refusal);
        }
    }
    if let Some(menu) = body.get_mut("menu").and_then(Value::as_object_mut) {
        read_all(menu);
    }
    match admin.api.patch::<Value>(&portal.api("/customization"), &body).await {
        Ok(_) => Ok(admin.go_saying(&portal.path("/look"), "saved")),
        Err(refusal) => sheet.again(&admin, &typed, refusal),
    }
}

fn read_all(menu: &mut Map<String, Value>) {
    for (name, part) in menu.iter_mut() {
        let lines = part.as_str().unwrap_or_default().to_owned();
        *part =
            if MENUS.contains(&name.as_str()) { items(lines.lines()) } else { sections(&lines) };
    }
}

/// Items of a menu: a title, where it leads, and for whom it is, between bars.
fn items<'l>(lines: impl Iterator<Item = &'l str>) -> Value {
    let lines = lines.map(str::trim).filter(|line| !line.is_empty());
    let item = |line: &str| {
        let mut parts = line.split('|').map(str::trim);
        let title = parts.next().unwrap_or_default();
        let path = parts.next().unwrap_or_default();
        let visibility = parts.next().filter(|text| !text.is_empty()).unwrap_or("public");
        let external = !path.starts_with('/');
        json!({"title": title, "path": path, "visibility": visibility, "external": external})
    };
    lines.map(item).collect()
}

/// Sections: a line that begins with `#` has the title of those after it.
fn sections(text: &str) -> Value {
    let mut sections: Vec<(String, Vec<&str>)> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match (line.strip_prefix('#'), sections.last_mut()) {
            (Some(title), _) => sections.push((title.trim().to_owned(), Vec::new())),
            (None, Some((_, lines))) => lines.push(line),
            (None, None) => sections.push((String::new(), vec![line])),
        }
    }
    let section = |(title, lines): (String, Vec<&str>)| json!({"title": title, "items": items(lines.into_iter())});
    sections.into_iter().map(section).collect()
}

/// A part of the menu as lines.
fn written(name: &str, part: &Value) -> String {
    let lines = |items: &Value| -> Vec<String> {
        let items = items.as_array().into_iter().flatten();
        let line = |item: &Value| {
            let private = text(item, "visibility") == "private";
            let visibility = if private { " | private" } else { "" };
            format!("{} | {}{visibility}", text(item, "title"), text(item, "path"))
        };
        items.map(line).collect()
    };
    if MENUS.contains(&name) {
        return lines(part).join("\n");
    }
    let sections = part.as_array().into_iter().flatten().map(|section| {
        let items = field::at(section, "items").map(lines).unwrap_or_default();
        let title = format!("# {}", text(section, "title"));
        core::iter::once(title).chain(items).collect::<Vec<_>>().join("\n")
    });
    sections.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_menu_is_written_as_it_is_read() {
        let lines = "APIs | /apis\nStatus | https://status.example | private";
        let read = items(lines.lines());
        assert_eq!(read[0]["external"], false);
        assert_eq!(read[1]["visibility"], "private");
        assert_eq!(written("main", &read), lines);
        let lines = "# Legal\nTerms | /terms\n# Help\nMail | mailto:help@example.com";
        let read = sections(lines);
        assert_eq!(read[1]["items"][0]["external"], true);
        assert_eq!(written("footer_sections", &read), lines);
    }
}
