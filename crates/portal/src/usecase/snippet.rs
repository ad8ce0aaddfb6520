//! Snippets of portals: pieces of Markdown that pages can include.

use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel,
    ModelTrait, PaginatorTrait, QueryFilter, QuerySelect, Select,
};
use serde::Deserialize;
use uuid::Uuid;

use super::page::{Description, Title};
use super::portal::{self, Visibility};
use super::writing::{FrontMatter, Status};
use crate::app::App;
use crate::input::Given;
use crate::problem::{Invalid, Problem};
use crate::store::Write;
use crate::store::entity::snippet::{Column, Entity, Model};

/// The most snippets of a portal.
const MOST: u64 = 1_000;

/// A snippet to make.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSnippet {
    /// Unique in its portal.
    #[schemars(length(min = 1, max = 512))]
    name: String,
    /// What the front matter says, counts; the name, if nothing is said.
    #[serde(default)]
    title: Given<Title>,
    /// Markdown.
    #[schemars(length(max = 1_000_000))]
    content: String,
    /// What the portal says of pages, if absent.
    #[serde(default)]
    visibility: Given<Visibility>,
    /// `unpublished`, if absent.
    #[serde(default)]
    status: Given<Status>,
    /// What the front matter says, counts.
    #[serde(default)]
    description: Given<Description>,
}

/// What to change of a snippet.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SnippetEdit {
    #[serde(default)]
    #[schemars(length(min = 1, max = 512))]
    name: Given<String>,
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
}

/// A snippet without its text.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct Entry {
    /// Its id.
    pub(crate) id: Uuid,
    /// Its name.
    pub(crate) name: String,
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

/// The snippets of a portal, without their texts.
pub(crate) fn entries(portal: Uuid) -> Select<Entity> {
    let columns = [
        Column::Id,
        Column::Name,
        Column::Title,
        Column::Description,
        Column::Visibility,
        Column::Status,
        Column::CreatedAt,
        Column::UpdatedAt,
    ];
    Entity::find().select_only().columns(columns).filter(Column::PortalId.eq(portal))
}

/// Of snippets those that somebody sees: published ones, private ones only when signed in.
pub(crate) fn shown(select: Select<Entity>, signed_in: bool) -> Select<Entity> {
    let published = select.filter(Column::Status.eq(Status::Published.as_str()));
    if signed_in {
        return published;
    }
    published.filter(Column::Visibility.eq(Visibility::Public.as_str()))
}

/// The snippet of a portal.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    portal: Uuid,
    id: Uuid,
) -> Result<Model, Problem> {
    let found = Entity::find_by_id(id).one(db).await?;
    found.filter(|found| found.portal_id == portal).ok_or_else(Problem::not_found)
}

/// The snippet of that name, if somebody sees it.
pub(crate) async fn find_shown(
    db: &impl ConnectionTrait,
    portal: Uuid,
    name: &str,
    signed_in: bool,
) -> Result<Model, Problem> {
    let named = Entity::find().filter(Column::PortalId.eq(portal)).filter(Column::Name.eq(name));
    shown(named, signed_in).one(db).await?.ok_or_else(Problem::not_found)
}

/// Makes a snippet.
pub(crate) async fn create(app: &App, portal: Uuid, new: NewSnippet) -> Result<Model, Problem> {
    let now = app.clock.now();
    check_name(&new.name)?;
    let front = FrontMatter::of(&new.content)?;
    let tx = app.store.begin().await?;
    let portal = portal::find(&tx, portal).await?;
    if Entity::find().filter(Column::PortalId.eq(portal.id)).count(&tx).await? >= MOST {
        return Err(Problem::conflict(format!("The portal already has {MOST} snippets")));
    }
    let title = front.get::<Title>("title")?.or(new.title.value()).map(|title| title.0);
    let description = front.get::<Description>("description")?.or(new.description.value());
    let made = Model {
        id: Uuid::now_v7(),
        portal_id: portal.id,
        title: title.unwrap_or_else(|| new.name.clone()),
        name: new.name,
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
    check(&tx, &made).await?;
    let made = made.into_active_model().insert(&tx).await?;
    tx.commit().await?;
    Ok(made)
}

/// Changes a snippet.
pub(crate) async fn update(
    app: &App,
    portal: Uuid,
    id: Uuid,
    edit: SnippetEdit,
) -> Result<Model, Problem> {
    let front = match &edit.content {
        Given::Yes(content) => FrontMatter::of(content)?,
        Given::No => FrontMatter::default(),
    };
    if let Given::Yes(name) = &edit.name {
        check_name(name)?;
    }
    let tx = app.store.begin().await?;
    let mut after = find(&tx, portal, id).await?;
    edit.name.put(&mut after.name);
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
    check(&tx, &after).await?;
    after.updated_at = app.clock.now().max(after.updated_at + 1);
    let after = after.into_active_model().reset_all().update(&tx).await?;
    tx.commit().await?;
    Ok(after)
}

/// Deletes a snippet.
pub(crate) async fn delete(app: &App, portal: Uuid, id: Uuid) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    find(&tx, portal, id).await?.delete(&tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Names are parts of URLs.
fn check_name(name: &str) -> Result<(), Problem> {
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '/' | '?' | '#' | '\\');
    if !name.contains(odd) && !matches!(name, "." | "..") {
        return Ok(());
    }
    let reason = "must not contain whitespace, /, ?, # and \\";
    Err(Problem::one_invalid(Invalid::body("name", "matches_regex", reason)))
}

async fn check(tx: &Write, snippet: &Model) -> Result<(), Problem> {
    let twins = Entity::find()
        .filter(Column::PortalId.eq(snippet.portal_id))
        .filter(Column::Name.eq(&snippet.name))
        .filter(Column::Id.ne(snippet.id));
    if twins.count(tx).await? > 0 {
        let reason = "must not be the name of another snippet";
        return Err(Problem::one_invalid(Invalid::body("name", "invalid", reason)));
    }
    Ok(())
}
