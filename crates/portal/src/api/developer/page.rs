//! What a portal shows besides its APIs: pages, snippets, its looks.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::BASE;
use crate::actor::Visitor;
use crate::api::media::Image;
use crate::api::reply::Shown;
use crate::api::shape::Instant;
use crate::app::App;
use crate::input::Ids;
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::{page, snippet};
use crate::usecase::presentation::{self, Customization, Integrations, Part, Shaped, for_visitors};
use crate::usecase::{page as pages, snippet as snippets, tree};

const TAG: &str = "Portal content";

const PAGES: ListSpec = ListSpec {
    filters: attributes! {
        Text "title" = page::Column::Title;
        Text "slug" = page::Column::Slug;
        Text "visibility" = page::Column::Visibility;
    },
    sorts: attributes! {
        Time "created_at" = page::Column::CreatedAt;
        Time "updated_at" = page::Column::UpdatedAt;
        Text "slug" = page::Column::Slug;
        Text "title" = page::Column::Title;
        Text "visibility" = page::Column::Visibility;
    },
    order: || vec![page::Column::Position.into_expr(), page::Column::Id.into_expr()],
};

const SNIPPETS: ListSpec = ListSpec {
    filters: attributes! {
        Text "title" = snippet::Column::Title;
        Text "name" = snippet::Column::Name;
        Text "visibility" = snippet::Column::Visibility;
    },
    sorts: attributes! {
        Time "created_at" = snippet::Column::CreatedAt;
        Time "updated_at" = snippet::Column::UpdatedAt;
        Text "name" = snippet::Column::Name;
        Text "title" = snippet::Column::Title;
        Text "visibility" = snippet::Column::Visibility;
    },
    order: || vec![snippet::Column::CreatedAt.into_expr(), snippet::Column::Id.into_expr()],
};

/// A page by its path.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PageName {
    page_path: String,
}

/// A page by its path, whose slashes are not encoded.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct LongPageName {
    page_path: String,
    rest: String,
}

/// A snippet by its name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SnippetName {
    snippet_name: String,
}

/// A page that somebody sees, without its text, and those below it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ShownPageNode")]
struct Branch {
    id: Uuid,
    slug: String,
    title: String,
    visibility: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    parent_page_id: Option<Uuid>,
    created_at: Instant,
    updated_at: Instant,
    children: Vec<Self>,
}

/// The pages that somebody sees.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ShownPageTree")]
struct Tree {
    data: Vec<Branch>,
}

/// A page that somebody sees.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ShownPage")]
struct PageView {
    id: Uuid,
    title: String,
    slug: String,
    content: String,
    visibility: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    created_at: Instant,
    updated_at: Instant,
    parent_page_id: Option<Uuid>,
}

/// A snippet that somebody sees, without its text.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ShownSnippetItem")]
struct SnippetItem {
    id: Uuid,
    name: String,
    title: String,
    visibility: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    created_at: Instant,
    updated_at: Instant,
}

/// A snippet that somebody sees.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ShownSnippet")]
struct SnippetView {
    id: Uuid,
    title: String,
    name: String,
    content: String,
    visibility: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    created_at: Instant,
    updated_at: Instant,
}

impl Branch {
    fn of(entry: pages::Entry, children: Vec<Self>) -> Self {
        Self {
            id: entry.id,
            slug: entry.slug,
            title: entry.title,
            visibility: entry.visibility,
            description: entry.description,
            parent_page_id: entry.parent_id,
            created_at: Instant(entry.created_at),
            updated_at: Instant(entry.updated_at),
            children,
        }
    }
}

impl From<page::Model> for PageView {
    fn from(row: page::Model) -> Self {
        Self {
            id: row.id,
            title: row.title,
            slug: row.slug,
            content: row.content,
            visibility: row.visibility,
            description: row.description,
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
            parent_page_id: row.parent_id,
        }
    }
}

impl From<snippets::Entry> for SnippetItem {
    fn from(entry: snippets::Entry) -> Self {
        Self {
            id: entry.id,
            name: entry.name,
            title: entry.title,
            visibility: entry.visibility,
            description: entry.description,
            created_at: Instant(entry.created_at),
            updated_at: Instant(entry.updated_at),
        }
    }
}

impl From<snippet::Model> for SnippetView {
    fn from(row: snippet::Model) -> Self {
        Self {
            id: row.id,
            title: row.title,
            name: row.name,
            content: row.content,
            visibility: row.visibility,
            description: row.description,
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            &format!("{BASE}/pages"),
            get_with(list_pages, |op| PAGES.document_whole(op.id("list-shown-pages").tag(TAG))),
        )
        .api_route(
            &format!("{BASE}/pages/{{pagePath}}"),
            get_with(show_page, |op| op.id("get-portal-page-by-name").tag(TAG)),
        )
        .route(&format!("{BASE}/pages/{{pagePath}}/{{*rest}}"), axum::routing::get(show_long_page))
        .api_route(
            &format!("{BASE}/snippets"),
            get_with(list_snippets, |op| SNIPPETS.document(op.id("list-shown-snippets").tag(TAG))),
        )
        .api_route(
            &format!("{BASE}/snippets/{{snippetName}}"),
            get_with(show_snippet, |op| op.id("get-portal-snippet-by-name").tag(TAG)),
        )
        .api_route(
            &format!("{BASE}/customization"),
            get_with(customization, |op| op.id("get-shown-customization").tag(TAG)),
        )
        .api_route(
            &format!("{BASE}/integrations"),
            get_with(integrations, |op| op.id("get-shown-integrations").tag(TAG)),
        )
        .api_route(
            &format!("{BASE}/assets/logo"),
            get_with(logo, |op| op.id("get-portal-logo").tag(TAG)),
        )
        .api_route(
            &format!("{BASE}/assets/favicon"),
            get_with(favicon, |op| op.id("get-portal-favicon").tag(TAG)),
        )
}

async fn list_pages(
    State(app): State<App>,
    visitor: Visitor,
    query: ListQuery,
) -> Result<Shown<Tree>, Problem> {
    let (db, portal) = (app.store.db(), visitor.portal.id);
    let listing = query.read_whole(&PAGES)?;
    let shown = pages::shown(db, portal, visitor.developer.is_some()).await?;
    let select = pages::entries(portal).filter(page::Column::Id.is_in(shown));
    let entries: Vec<pages::Entry> = listing.all_as(db, select).await?;
    let data = tree::grow(entries, |entry| (entry.id, entry.parent_id), Branch::of);
    Ok(Shown(Tree { data }))
}

async fn page_at(app: &App, visitor: &Visitor, path: &str) -> Result<Shown<PageView>, Problem> {
    let signed_in = visitor.developer.is_some();
    let found = pages::find_shown(app.store.db(), visitor.portal.id, path, signed_in).await?;
    Ok(Shown(found.into()))
}

async fn show_page(
    State(app): State<App>,
    visitor: Visitor,
    Ids(name): Ids<PageName>,
) -> Result<Shown<PageView>, Problem> {
    page_at(&app, &visitor, &name.page_path).await
}

async fn show_long_page(
    State(app): State<App>,
    visitor: Visitor,
    Ids(name): Ids<LongPageName>,
) -> Result<Shown<PageView>, Problem> {
    page_at(&app, &visitor, &format!("{}/{}", name.page_path, name.rest)).await
}

async fn list_snippets(
    State(app): State<App>,
    visitor: Visitor,
    query: ListQuery,
) -> Result<Shown<Paged<SnippetItem>>, Problem> {
    let select = snippets::entries(visitor.portal.id);
    let select = snippets::shown(select, visitor.developer.is_some());
    let page = query.read(&SNIPPETS)?.fetch_as::<_, snippets::Entry>(app.store.db(), select);
    Ok(Shown(page.await?.show(SnippetItem::from)))
}

async fn show_snippet(
    State(app): State<App>,
    visitor: Visitor,
    Ids(name): Ids<SnippetName>,
) -> Result<Shown<SnippetView>, Problem> {
    let (db, signed_in) = (app.store.db(), visitor.developer.is_some());
    let found = snippets::find_shown(db, visitor.portal.id, &name.snippet_name, signed_in).await?;
    Ok(Shown(found.into()))
}

async fn customization(
    State(app): State<App>,
    visitor: Visitor,
) -> Result<Shown<Shaped<Customization>>, Problem> {
    let part = Part::Customization;
    let members = presentation::members(app.store.db(), visitor.portal.id, part).await?;
    let signed_in = visitor.developer.is_some();
    Ok(Shown(Shaped::of(if signed_in { members } else { for_visitors(members) })))
}

async fn integrations(
    State(app): State<App>,
    visitor: Visitor,
) -> Result<Shown<Shaped<Integrations>>, Problem> {
    let part = Part::Integrations;
    let members = presentation::members(app.store.db(), visitor.portal.id, part).await?;
    Ok(Shown(Shaped::of(members)))
}

async fn logo(State(app): State<App>, visitor: Visitor) -> Result<Image, Problem> {
    presentation::image_bytes(app.store.db(), visitor.portal.id, Part::Logo).await.map(Image)
}

async fn favicon(State(app): State<App>, visitor: Visitor) -> Result<Image, Problem> {
    presentation::image_bytes(app.store.db(), visitor.portal.id, Part::Favicon).await.map(Image)
}
