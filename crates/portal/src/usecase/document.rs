//! Documents of APIs: Markdown in a tree.

use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel,
    ModelTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use serde::Deserialize;
use uuid::Uuid;

use super::tree::{self, MOST_NODES, Misplaced, Node};
use super::writing::{self, FrontMatter, Status};
use crate::app::App;
use crate::input::{Given, is_uuid};
use crate::problem::{Invalid, Problem};
use crate::store::Write;
use crate::store::entity::api;
use crate::store::entity::document::{Column, Entity, Model};

/// The title of a document.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub(crate) struct Title(#[schemars(length(min = 1, max = 512))] String);

/// The name of a document in URLs, unique in its API.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub(crate) struct Slug(
    #[schemars(length(min = 1, max = 512), regex(pattern = r"^[\w-]+$"))] String,
);

/// A document to make. What is not said here may be said in its front matter.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDocument {
    /// Markdown.
    #[schemars(length(max = 1_000_000))]
    content: String,
    /// The first heading, if nothing else is said.
    #[serde(default)]
    title: Given<Title>,
    /// Made of the title, if nothing else is said.
    #[serde(default)]
    slug: Given<Slug>,
    /// `unpublished`, if nothing else is said.
    #[serde(default)]
    status: Given<Status>,
    #[serde(default)]
    parent_document_id: Given<Option<Uuid>>,
}

/// What to change of a document.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DocumentEdit {
    /// Markdown. What its front matter says counts where the edit itself says nothing.
    #[serde(default)]
    #[schemars(length(max = 1_000_000))]
    content: Given<String>,
    #[serde(default)]
    title: Given<Title>,
    #[serde(default)]
    slug: Given<Slug>,
    #[serde(default)]
    status: Given<Status>,
    #[serde(default)]
    parent_document_id: Given<Option<Uuid>>,
}

/// Where to move a document.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DocumentMove {
    /// The top, if absent or null.
    #[serde(default)]
    parent_document_id: Given<Option<Uuid>>,
    /// The place among those below the same parent, from 0, or from the end below 0; the last, if
    /// absent.
    #[serde(default)]
    index: Given<i64>,
}

/// A document without its text.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct Entry {
    /// Its id.
    pub(crate) id: Uuid,
    /// The one above it.
    pub(crate) parent_id: Option<Uuid>,
    /// Its place among those below the same.
    pub(crate) position: i32,
    /// Its title.
    pub(crate) title: String,
    /// Its name in URLs.
    pub(crate) slug: String,
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
}

/// The documents of an API, without their texts.
pub(crate) fn entries(api: Uuid) -> Select<Entity> {
    let columns = [
        Column::Id,
        Column::ParentId,
        Column::Position,
        Column::Title,
        Column::Slug,
        Column::Status,
        Column::CreatedAt,
        Column::UpdatedAt,
    ];
    Entity::find().select_only().columns(columns).filter(Column::ApiId.eq(api))
}

/// The published documents of an API whose parents are published, too, in order.
pub(crate) async fn published(db: &impl ConnectionTrait, api: Uuid) -> Result<Vec<Entry>, Problem> {
    let select = entries(api).filter(Column::Status.eq(Status::Published.as_str()));
    let select = select.order_by_asc(Column::Position).order_by_asc(Column::Id);
    let mut entries = select.into_model::<Entry>().all(db).await?;
    let nodes: Vec<_> = entries.iter().map(Entry::node).collect();
    let shown = |id: &Uuid| nodes.iter().any(|node| node.id == *id);
    entries.retain(|entry| tree::ancestors(&nodes, entry.id).all(|id| shown(&id)));
    Ok(entries)
}

/// A published document by id or slug.
pub(crate) async fn find_published(
    db: &impl ConnectionTrait,
    api: Uuid,
    id_or_slug: &str,
) -> Result<Model, Problem> {
    let id = Some(id_or_slug).filter(|text| is_uuid(text));
    let id = id.and_then(|id| Uuid::try_parse(id).ok());
    let published = published(db, api).await?;
    let mut named = published.iter().filter(|entry| match id {
        Some(id) => entry.id == id,
        None => entry.slug == id_or_slug,
    });
    find(db, api, named.next().ok_or_else(Problem::not_found)?.id).await
}

/// The document of an API.
pub(crate) async fn find(db: &impl ConnectionTrait, api: Uuid, id: Uuid) -> Result<Model, Problem> {
    let found = Entity::find_by_id(id).one(db).await?;
    found.filter(|found| found.api_id == api).ok_or_else(Problem::not_found)
}

/// The tree of an API, which stays as it is until the transaction ends: what depends on the whole
/// tree happens one after the other.
async fn lock(tx: &Write, api: Uuid) -> Result<Vec<Node>, Problem> {
    let locked = api::Entity::find_by_id(api).lock_exclusive().one(tx).await?;
    locked.ok_or_else(Problem::not_found)?;
    let entries = entries(api).into_model::<Entry>().all(tx).await?;
    Ok(entries.iter().map(Entry::node).collect())
}

/// Makes a document.
pub(crate) async fn create(app: &App, api: Uuid, new: NewDocument) -> Result<Model, Problem> {
    let now = app.clock.now();
    let front = FrontMatter::of(&new.content)?;
    let title = match new.title.value().map_or_else(|| front.get::<Title>("title"), some)? {
        Some(title) => title.0,
        None => writing::heading(&new.content).map(cut).ok_or_else(|| missing("title"))?,
    };
    let slug = match new.slug.value().map_or_else(|| front.get::<Slug>("slug"), some)? {
        Some(slug) => slug.0,
        None => {
            Some(writing::slug(&title)).filter(|s| !s.is_empty()).ok_or_else(|| missing("slug"))?
        }
    };
    let status = new.status.value().map_or_else(|| front.get::<Status>("status"), some)?;
    let parent = match new.parent_document_id {
        Given::Yes(parent) => parent,
        Given::No => front.get::<Option<Uuid>>("parent_document_id")?.flatten(),
    };
    let tx = app.store.begin().await?;
    let nodes = lock(&tx, api).await?;
    if nodes.len() >= MOST_NODES {
        let detail = format!("The API already has {MOST_NODES} documents");
        return Err(Problem::conflict(detail));
    }
    let id = Uuid::now_v7();
    tree::fits(&nodes, id, parent).map_err(misplaced)?;
    let made = Model {
        id,
        api_id: api,
        parent_id: parent,
        position: tree::behind(&nodes, parent),
        title,
        slug,
        status: status.unwrap_or(Status::Unpublished).as_str().into(),
        content: new.content,
        created_at: now,
        updated_at: now,
    };
    check(&tx, &made).await?;
    let made = made.into_active_model().insert(&tx).await?;
    tx.commit().await?;
    Ok(made)
}

/// Changes a document.
pub(crate) async fn update(
    app: &App,
    api: Uuid,
    id: Uuid,
    edit: DocumentEdit,
) -> Result<Model, Problem> {
    let front = match &edit.content {
        Given::Yes(content) => FrontMatter::of(content)?,
        Given::No => FrontMatter::default(),
    };
    let tx = app.store.begin().await?;
    let nodes = lock(&tx, api).await?;
    let mut after = find(&tx, api, id).await?;
    edit.content.put(&mut after.content);
    if let Some(title) = edit.title.value().map_or_else(|| front.get::<Title>("title"), some)? {
        after.title = title.0;
    }
    if let Some(slug) = edit.slug.value().map_or_else(|| front.get::<Slug>("slug"), some)? {
        after.slug = slug.0;
    }
    if let Some(status) = edit.status.value().map_or_else(|| front.get::<Status>("status"), some)? {
        after.status = status.as_str().into();
    }
    let parent = match edit.parent_document_id {
        Given::Yes(parent) => Some(parent),
        Given::No => front.get::<Option<Uuid>>("parent_document_id")?,
    };
    if let Some(parent) = parent.filter(|parent| *parent != after.parent_id) {
        tree::fits(&nodes, id, parent).map_err(misplaced)?;
        after.position = tree::behind(&nodes, parent);
        after.parent_id = parent;
    }
    check(&tx, &after).await?;
    after.updated_at = app.clock.now().max(after.updated_at + 1);
    let after = after.into_active_model().reset_all().update(&tx).await?;
    tx.commit().await?;
    Ok(after)
}

/// Moves a document, with all that is below it.
pub(crate) async fn shift(app: &App, api: Uuid, id: Uuid, to: DocumentMove) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    let nodes = lock(&tx, api).await?;
    let mut document = find(&tx, api, id).await?;
    let parent = to.parent_document_id.or(None);
    tree::fits(&nodes, id, parent)?;
    document.parent_id = parent;
    document.updated_at = app.clock.now().max(document.updated_at + 1);
    document.into_active_model().reset_all().update(&tx).await?;
    for (position, id) in (0..).zip(tree::siblings(&nodes, id, parent, to.index.value())) {
        Entity::update_many()
            .col_expr(Column::Position, sea_orm::sea_query::Expr::val(position))
            .filter(Column::Id.eq(id))
            .exec(&tx)
            .await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Deletes a document with all that is below it.
pub(crate) async fn delete(app: &App, api: Uuid, id: Uuid) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    find(&tx, api, id).await?.delete(&tx).await?;
    tx.commit().await?;
    Ok(())
}

async fn check(tx: &Write, document: &Model) -> Result<(), Problem> {
    let twins = Entity::find()
        .filter(Column::ApiId.eq(document.api_id))
        .filter(Column::Slug.eq(&document.slug))
        .filter(Column::Id.ne(document.id));
    if twins.count(tx).await? > 0 {
        return Err(Problem::conflict("A document of the API already has the given slug"));
    }
    Ok(())
}

fn some<T>(value: T) -> Result<Option<T>, Problem> {
    Ok(Some(value))
}

fn cut(heading: &str) -> String {
    heading.chars().take(512).collect()
}

fn missing(field: &str) -> Problem {
    let reason = "is required: neither the front matter nor a heading says it";
    Problem::one_invalid(Invalid::body(field, "required", reason))
}

fn misplaced(misplaced: Misplaced) -> Problem {
    match misplaced {
        Misplaced::NoParent => {
            let (field, rule) = ("parent_document_id", "missing_reference");
            Problem::one_invalid(Invalid::body(field, rule, misplaced.reason()))
        }
        _ => misplaced.into(),
    }
}
