//! Pages of portals: Markdown in a tree. The path of a page is made of its slug and of those of
//! the pages above it, and is unique in its portal.

use schemars::JsonSchema;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel,
    ModelTrait, QueryFilter, QuerySelect, Select,
};
use serde::Deserialize;
use uuid::Uuid;

use super::portal::Visibility;
use super::tree::{self, MOST_NODES, Misplaced, Node};
use super::writing::{FrontMatter, Status};
use crate::app::App;
use crate::input::Given;
use crate::problem::{Invalid, Problem};
use crate::store::Write;
use crate::store::entity::page::{Column, Entity, Model};
use crate::store::entity::portal;

/// The most bytes of a path: it is in an index.
const LONGEST_PATH: usize = 2_000;

/// The title of a page or a snippet.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub(crate) struct Title(#[schemars(length(max = 512))] pub(super) String);

/// What a page or a snippet is about.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub(crate) struct Description(#[schemars(length(max = 160))] pub(super) String);

/// A page to make.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPage {
    /// Its part of the path, with or without a slash before it.
    #[schemars(length(min = 1, max = 512))]
    slug: String,
    /// What the front matter says, counts.
    #[serde(default)]
    title: Given<Title>,
    /// Markdown.
    #[schemars(length(max = 1_000_000))]
    content: String,
    /// What the portal says, if absent.
    #[serde(default)]
    visibility: Given<Visibility>,
    /// `unpublished`, if absent.
    #[serde(default)]
    status: Given<Status>,
    /// What the front matter says, counts.
    #[serde(default)]
    description: Given<Description>,
    #[serde(default)]
    parent_page_id: Given<Option<Uuid>>,
}

/// What to change of a page.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageEdit {
    #[serde(default)]
    #[schemars(length(min = 1, max = 512))]
    slug: Given<String>,
    #[serde(default)]
    title: Given<Title>,
    /// Markdown. What its front matter says of title and description, counts.
    #[serde(default)]
    #[schemars(length(max = 1_000_000))]
    content: Given<String>,
    #[serde(default)]
    visibility: Given<Visibility>,
    #[serde(default)]
    status: Given<Status>,
    #[serde(default)]
    description: Given<Description>,
    #[serde(default)]
    parent_page_id: Given<Option<Uuid>>,
}

/// Where to move a page.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageMove {
    /// The top, if absent or null.
    #[serde(default)]
    parent_page_id: Given<Option<Uuid>>,
    /// The place among those below the same parent, from 0, or from the end below 0; the last, if
    /// absent.
    #[serde(default)]
    index: Given<i64>,
}

/// A page without its text.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct Entry {
    /// Its id.
    pub(crate) id: Uuid,
    /// The one above it.
    pub(crate) parent_id: Option<Uuid>,
    /// Its place among those below the same.
    pub(crate) position: i32,
    /// Its part of the path.
    pub(crate) slug: String,
    /// The path.
    pub(crate) path: String,
    /// Its title.
    pub(crate) title: String,
    /// What it is about.
    pub(crate) description: Option<String>,
    /// Who sees it.
    pub(crate) visibility: String,
    /// Whether it is published.
    pub(crate) status: String,
    /// When it was made.
    pub(crate) created_at: i64,
    /// When it was changed.
    pub(crate) updated_at: i64,
}

impl Entry {
    const fn node(&self) -> Node {
        Node { id: self.id, parent: self.parent_id, position: self.position }
    }

    fn is_shown(&self, signed_in: bool) -> bool {
        self.status == Status::Published.as_str()
            && (signed_in || self.visibility == Visibility::Public.as_str())
    }
}

/// The pages of a portal, without their texts.
pub(crate) fn entries(portal: Uuid) -> Select<Entity> {
    let columns = [
        Column::Id,
        Column::ParentId,
        Column::Position,
        Column::Slug,
        Column::Path,
        Column::Title,
        Column::Description,
        Column::Visibility,
        Column::Status,
        Column::CreatedAt,
        Column::UpdatedAt,
    ];
    Entity::find().select_only().columns(columns).filter(Column::PortalId.eq(portal))
}

/// The ids of the pages that somebody sees: published ones, private ones only when signed in,
/// below others that they see.
pub(crate) async fn shown(
    db: &impl ConnectionTrait,
    portal: Uuid,
    signed_in: bool,
) -> Result<Vec<Uuid>, Problem> {
    let entries = entries(portal).into_model::<Entry>().all(db).await?;
    let nodes: Vec<_> = entries.iter().map(Entry::node).collect();
    let open: Vec<_> =
        entries.iter().filter(|entry| entry.is_shown(signed_in)).map(|entry| entry.id).collect();
    let mut shown = open.clone();
    shown.retain(|id| tree::ancestors(&nodes, *id).all(|above| open.contains(&above)));
    Ok(shown)
}

/// The page of a portal.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    portal: Uuid,
    id: Uuid,
) -> Result<Model, Problem> {
    let found = Entity::find_by_id(id).one(db).await?;
    found.filter(|found| found.portal_id == portal).ok_or_else(Problem::not_found)
}

/// The page at a path, if somebody sees it.
pub(crate) async fn find_shown(
    db: &impl ConnectionTrait,
    portal: Uuid,
    path: &str,
    signed_in: bool,
) -> Result<Model, Problem> {
    let path = joined("/", path);
    let found = Entity::find().filter(Column::PortalId.eq(portal)).filter(Column::Path.eq(path));
    let found = found.one(db).await?.ok_or_else(Problem::not_found)?;
    if shown(db, portal, signed_in).await?.contains(&found.id) {
        Ok(found)
    } else {
        Err(Problem::not_found())
    }
}

/// A portal and its tree, which stay as they are until the transaction ends: what depends on the
/// whole tree happens one after the other.
async fn lock(tx: &Write, portal: Uuid) -> Result<(portal::Model, Vec<Entry>), Problem> {
    let locked = portal::Entity::find_by_id(portal).lock_exclusive().one(tx).await?;
    let portal = locked.ok_or_else(Problem::not_found)?;
    let entries = entries(portal.id).into_model::<Entry>().all(tx).await?;
    Ok((portal, entries))
}

/// Makes a page.
pub(crate) async fn create(app: &App, portal: Uuid, new: NewPage) -> Result<Model, Problem> {
    let tx = app.store.begin().await?;
    let made = insert(&tx, portal, new, app.clock.now()).await?;
    tx.commit().await?;
    Ok(made)
}

async fn insert(tx: &Write, portal: Uuid, new: NewPage, now: i64) -> Result<Model, Problem> {
    check_slug(&new.slug)?;
    let front = FrontMatter::of(&new.content)?;
    let (portal, entries) = lock(tx, portal).await?;
    if entries.len() >= MOST_NODES {
        return Err(Problem::conflict(format!("The portal already has {MOST_NODES} pages")));
    }
    let nodes: Vec<_> = entries.iter().map(Entry::node).collect();
    let id = Uuid::now_v7();
    let parent = new.parent_page_id.or(None);
    tree::fits(&nodes, id, parent).map_err(misplaced)?;
    let path = path_below(&entries, parent, &new.slug);
    check_path(&entries, &path, &[])?;
    let title = front.get::<Title>("title")?.or(new.title.value()).map(|title| title.0);
    let description = front.get::<Description>("description")?.or(new.description.value());
    let made = Model {
        id,
        portal_id: portal.id,
        parent_id: parent,
        position: tree::behind(&nodes, parent),
        title: title.unwrap_or_else(|| untitled(&new.slug)),
        slug: new.slug,
        path,
        description: description.map(|description| description.0),
        visibility: match new.visibility {
            Given::Yes(visibility) => visibility.as_str().into(),
            Given::No => portal.default_page_visibility,
        },
        status: new.status.or(Status::Unpublished).as_str().into(),
        content: new.content,
        created_at: now,
        updated_at: now,
    };
    Ok(made.into_active_model().insert(tx).await?)
}

/// Changes a page. Another slug or parent gives another path to it and to all below it.
pub(crate) async fn update(
    app: &App,
    portal: Uuid,
    id: Uuid,
    edit: PageEdit,
) -> Result<Model, Problem> {
    let front = match &edit.content {
        Given::Yes(content) => FrontMatter::of(content)?,
        Given::No => FrontMatter::default(),
    };
    if let Given::Yes(slug) = &edit.slug {
        check_slug(slug)?;
    }
    let tx = app.store.begin().await?;
    let (_, entries) = lock(&tx, portal).await?;
    let mut after = find(&tx, portal, id).await?;
    edit.slug.put(&mut after.slug);
    edit.content.put(&mut after.content);
    if let Some(title) = front.get::<Title>("title")?.or(edit.title.value()) {
        after.title = title.0;
    }
    let description = front.get::<Description>("description")?.or(edit.description.value());
    if let Some(description) = description {
        after.description = Some(description.0);
    }
    if let Given::Yes(visibility) = edit.visibility {
        after.visibility = visibility.as_str().into();
    }
    if let Given::Yes(status) = edit.status {
        after.status = status.as_str().into();
    }
    if let Given::Yes(parent) = edit.parent_page_id
        && parent != after.parent_id
    {
        let nodes: Vec<_> = entries.iter().map(Entry::node).collect();
        tree::fits(&nodes, id, parent).map_err(misplaced)?;
        after.position = tree::behind(&nodes, parent);
        after.parent_id = parent;
    }
    after.path = settle(&tx, &entries, id, after.parent_id, &after.slug).await?;
    after.updated_at = app.clock.now().max(after.updated_at + 1);
    let after = after.into_active_model().reset_all().update(&tx).await?;
    tx.commit().await?;
    Ok(after)
}

/// Moves a page, with all that is below it.
pub(crate) async fn shift(app: &App, portal: Uuid, id: Uuid, to: PageMove) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    let (_, entries) = lock(&tx, portal).await?;
    let mut page = find(&tx, portal, id).await?;
    let nodes: Vec<_> = entries.iter().map(Entry::node).collect();
    let parent = to.parent_page_id.or(None);
    tree::fits(&nodes, id, parent).map_err(misplaced)?;
    page.parent_id = parent;
    page.path = settle(&tx, &entries, id, parent, &page.slug).await?;
    page.updated_at = app.clock.now().max(page.updated_at + 1);
    page.into_active_model().reset_all().update(&tx).await?;
    for (position, id) in (0..).zip(tree::siblings(&nodes, id, parent, to.index.value())) {
        set(&tx, id, Column::Position, Expr::val(position)).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Deletes a page with all that is below it.
pub(crate) async fn delete(app: &App, portal: Uuid, id: Uuid) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    find(&tx, portal, id).await?.delete(&tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Makes the pages that a portal can start with, except those whose path is taken; answers their
/// paths.
pub(super) async fn defaults(tx: &Write, portal: Uuid, now: i64) -> Result<Vec<String>, Problem> {
    const PAGES: [(&str, &str, &str); 2] = [
        ("/", "Home", "# Welcome\n\nFind an API, register an application and get its key.\n"),
        (
            "/getting-started",
            "Getting started",
            "# Getting started\n\n1. Sign up and confirm your address.\n2. Create an application.\n\
             3. Register it for an API.\n4. Call the API with the application's key.\n",
        ),
    ];
    let mut made = Vec::new();
    for (slug, title, content) in PAGES {
        let taken =
            Entity::find().filter(Column::PortalId.eq(portal)).filter(Column::Path.eq(slug));
        if taken.one(tx).await?.is_some() {
            continue;
        }
        let page = NewPage {
            slug: slug.into(),
            title: Given::Yes(Title(title.into())),
            content: content.into(),
            visibility: Given::Yes(Visibility::Public),
            status: Given::Yes(Status::Published),
            description: Given::No,
            parent_page_id: Given::No,
        };
        made.push(insert(tx, portal, page, now).await?.path);
    }
    Ok(made)
}

/// Gives the pages below one their new paths, and answers its own. No two may have the same at any
/// moment, so they all get one out of the way first.
async fn settle(
    tx: &Write,
    entries: &[Entry],
    id: Uuid,
    parent: Option<Uuid>,
    slug: &str,
) -> Result<String, Problem> {
    let path = path_below(entries, parent, slug);
    let Some(before) = entries.iter().find(|entry| entry.id == id) else {
        return Err(Problem::not_found());
    };
    if before.path == path {
        return Ok(path);
    }
    let nodes: Vec<_> = entries.iter().map(Entry::node).collect();
    let moved: Vec<_> = entries
        .iter()
        .filter(|entry| tree::ancestors(&nodes, entry.id).any(|above| above == id))
        .collect();
    let ids: Vec<_> = moved.iter().map(|entry| entry.id).collect();
    let new_path = |entry: &Entry| {
        let rest = entry.path.strip_prefix(&before.path).unwrap_or_default();
        joined(&path, rest)
    };
    for entry in &moved {
        check_path(entries, &new_path(entry), &ids)?;
        set(tx, entry.id, Column::Path, Expr::val(entry.id.to_string())).await?;
    }
    for entry in &moved {
        set(tx, entry.id, Column::Path, Expr::val(new_path(entry))).await?;
    }
    Ok(path)
}

async fn set(tx: &Write, id: Uuid, column: Column, value: Expr) -> Result<(), Problem> {
    Entity::update_many().col_expr(column, value).filter(Column::Id.eq(id)).exec(tx).await?;
    Ok(())
}

fn path_below(entries: &[Entry], parent: Option<Uuid>, slug: &str) -> String {
    let parent = entries.iter().find(|entry| Some(entry.id) == parent);
    joined(parent.map_or("/", |parent| &parent.path), slug)
}

/// A path with another behind it.
fn joined(path: &str, slug: &str) -> String {
    let slug = slug.trim_matches('/');
    let path = path.trim_end_matches('/');
    if slug.is_empty() && !path.is_empty() { path.to_owned() } else { format!("{path}/{slug}") }
}

fn untitled(slug: &str) -> String {
    let last = slug.trim_matches('/').rsplit('/').next().unwrap_or_default();
    if last.is_empty() { "Home".into() } else { last.into() }
}

fn check_slug(slug: &str) -> Result<(), Problem> {
    let inner = slug.trim_start_matches('/').trim_end_matches('/');
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '?' | '#' | '%' | '\\');
    let segments =
        inner.is_empty() || inner.split('/').all(|segment| !matches!(segment, "" | "." | ".."));
    if segments && !slug.contains("//") && !slug.contains(odd) {
        return Ok(());
    }
    let reason = "must be a path without empty parts, dots alone, whitespace, ?, #, % and \\";
    Err(Problem::one_invalid(Invalid::body("slug", "matches_regex", reason)))
}

fn check_path(entries: &[Entry], path: &str, except: &[Uuid]) -> Result<(), Problem> {
    let blame = |rule, reason: String| Problem::one_invalid(Invalid::body("slug", rule, reason));
    if path.len() > LONGEST_PATH {
        let reason = format!("must not make a path of more than {LONGEST_PATH} bytes");
        return Err(blame("max_length", reason));
    }
    if entries.iter().any(|entry| entry.path == path && !except.contains(&entry.id)) {
        return Err(blame("invalid", format!("must not be {path}, which another page has")));
    }
    Ok(())
}

fn misplaced(misplaced: Misplaced) -> Problem {
    match misplaced {
        Misplaced::NoParent => {
            let (field, rule) = ("parent_page_id", "missing_reference");
            Problem::one_invalid(Invalid::body(field, rule, misplaced.reason()))
        }
        _ => {
            let fault = Invalid::body("parent_page_id", "invalid", misplaced.reason());
            Problem::one_invalid(fault)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_made_of_slugs() {
        for (path, slug, expected) in [
            ("/", "/", "/"),
            ("/", "a", "/a"),
            ("/", "/a/", "/a"),
            ("/a", "b", "/a/b"),
            ("/a", "/b/c", "/a/b/c"),
            ("/a", "", "/a"),
        ] {
            assert_eq!(joined(path, slug), expected);
        }
    }

    #[test]
    fn slugs_are_parts_of_paths() {
        for good in ["/", "a", "/a", "/a/b", "a.b", "[id]", "日本"] {
            assert!(check_slug(good).is_ok(), "{good}");
        }
        for bad in ["//", "/a//b", "a b", "a?b", "a#b", "..", "/a/../b", "a\\b", "a%2fb", "a\nb"] {
            assert!(check_slug(bad).is_err(), "{bad}");
        }
    }
}
