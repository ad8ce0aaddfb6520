//! `/v3/apis`.

use std::collections::HashMap;

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::sea_query::{CaseStatement, Query, SimpleExpr};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::Serialize;
use uuid::Uuid;

use crate::actor::Admin;
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::{ApiPath, Force, Instant, Labels, members};
use crate::app::App;
use crate::input::{Body, Catalogue, Ids};
use crate::list::{Attribute, Kind, ListQuery, ListSpec, Paged, attribute, labelled};
use crate::problem::Problem;
use crate::store::entity::api::{self, Column};
use crate::store::entity::{implementation, portal, publication};
use crate::usecase::api::{self as usecase, ApiEdit, NewApi};
use crate::usecase::api_version::summaries;
use crate::usecase::attribute;

/// How an API that is linked to a service is enforced.
const LINKED: &str = "gateway_entity_binding";

const MODE: Attribute =
    Attribute { name: "implementation_mode", kind: Kind::Text, column: implementation_mode };

const LIST: ListSpec = ListSpec {
    filters: &[
        attribute!(Id "id" = Column::Id),
        attribute!(Text "name" = Column::Name),
        attribute!(Text "version" = Column::Version),
        attribute!(Text "slug" = Column::Slug),
        MODE,
        attribute!(Time "created_at" = Column::CreatedAt),
        attribute!(Time "updated_at" = Column::UpdatedAt),
    ],
    sorts: &[
        attribute!(Text "name" = Column::Name),
        attribute!(Text "version" = Column::Version),
        attribute!(Time "created_at" = Column::CreatedAt),
        attribute!(Time "updated_at" = Column::UpdatedAt),
    ],
    order: || vec![Column::CreatedAt.into_expr(), Column::Id.into_expr()],
};

/// What an API shows as its mode; nothing, if it is linked to no service.
fn implementation_mode() -> SimpleExpr {
    let linked =
        Query::select().column(implementation::Column::ApiId).from(implementation::Entity).take();
    CaseStatement::new().case(Column::Id.in_subquery(linked), LINKED).into()
}

/// An API, as administrators see it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Api")]
struct View {
    id: Uuid,
    name: String,
    description: Option<String>,
    version: Option<String>,
    slug: String,
    current_version_summary: Option<VersionSummary>,
    api_spec_ids: Vec<Uuid>,
    portals: Vec<PortalName>,
    labels: Labels,
    implementation_mode: Option<&'static str>,
    attributes: Labels,
    created_at: Instant,
    updated_at: Instant,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApiVersionSummary")]
struct VersionSummary {
    id: Uuid,
    version: String,
    spec: SpecSummary,
    created_at: Instant,
    updated_at: Instant,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApiSpecSummary")]
struct SpecSummary {
    #[serde(rename = "type")]
    kind: String,
}

/// A portal that an API is published to.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct PortalName {
    id: Uuid,
    name: String,
    display_name: String,
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/v3/apis",
            get_with(list, |op| LIST.document(op.id("list-apis").tag("APIs")))
                .post_with(create, |op| op.id("create-api").tag("APIs")),
        )
        .api_route(
            "/v3/apis/{apiId}",
            get_with(show, |op| op.id("fetch-api").tag("APIs"))
                .patch_with(update, |op| op.id("update-api").tag("APIs"))
                .delete_with(delete, |op| op.id("delete-api").tag("APIs")),
        )
}

/// The views of APIs, with what is around them fetched for all at once.
async fn views(db: &impl ConnectionTrait, apis: Vec<api::Model>) -> Result<Vec<View>, Problem> {
    let ids: Vec<_> = apis.iter().map(|api| api.id).collect();
    let mut versions = summaries(db, ids.clone()).await?;
    let linked: Vec<_> = implementation::Entity::find()
        .filter(implementation::Column::ApiId.is_in(ids.clone()))
        .all(db)
        .await?
        .into_iter()
        .map(|implementation| implementation.api_id)
        .collect();
    let published = publication::Entity::find()
        .filter(publication::Column::ApiId.is_in(ids))
        .filter(crate::usecase::publication::live())
        .order_by_asc(publication::Column::CreatedAt)
        .all(db)
        .await?;
    let portals: HashMap<_, _> = portal::Entity::find()
        .filter(portal::Column::Id.is_in(published.iter().map(|row| row.portal_id)))
        .all(db)
        .await?
        .into_iter()
        .map(|row| {
            (row.id, PortalName { id: row.id, name: row.name, display_name: row.display_name })
        })
        .collect();
    let views = apis.into_iter().map(|row| {
        let published = published.iter().filter(|publication| publication.api_id == row.id);
        View {
            api_spec_ids: versions.get(&row.id).map(|version| version.id).into_iter().collect(),
            current_version_summary: versions.remove(&row.id).map(|version| VersionSummary {
                id: version.id,
                version: version.version,
                spec: SpecSummary { kind: version.spec_type },
                created_at: Instant(version.created_at),
                updated_at: Instant(version.updated_at),
            }),
            portals: published.filter_map(|row| portals.get(&row.portal_id).cloned()).collect(),
            implementation_mode: linked.contains(&row.id).then_some(LINKED),
            id: row.id,
            name: row.name,
            description: row.description,
            version: Some(row.version).filter(|version| !version.is_empty()),
            slug: row.slug,
            labels: members(row.labels),
            attributes: members(row.attributes),
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    });
    Ok(views.collect())
}

async fn view(db: &impl ConnectionTrait, api: api::Model) -> Result<View, Problem> {
    let view = views(db, vec![api]).await?.into_iter().next();
    view.ok_or_else(|| Problem::internal("an API has no view"))
}

async fn list(
    _: Admin,
    State(app): State<App>,
    mut query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let select = api::Entity::find()
        .filter(labelled(&query.take_members("labels"), &Column::Labels.into_expr())?)
        .filter(attribute::matching(&query.take_members("attributes"))?);
    let page = query.read(&LIST)?.fetch(app.store.db(), select).await?;
    let (rows, page) = page.split();
    Ok(Shown(page.with(views(app.store.db(), rows).await?)))
}

async fn create(
    _: Admin,
    State(app): State<App>,
    body: Body<NewApi, Catalogue>,
) -> Result<Created<View>, Problem> {
    let made = usecase::create(&app, body.0).await?;
    Ok(Created(view(app.store.db(), made).await?))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApiPath>,
) -> Result<Shown<View>, Problem> {
    let found = usecase::find(app.store.db(), ids.api_id).await?;
    Ok(Shown(view(app.store.db(), found).await?))
}

async fn update(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApiPath>,
    _force: Force,
    body: Body<ApiEdit, Catalogue>,
) -> Result<Shown<View>, Problem> {
    let updated = usecase::update(&app, ids.api_id, body.0).await?;
    Ok(Shown(view(app.store.db(), updated).await?))
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApiPath>,
) -> Result<NoContent, Problem> {
    usecase::delete(&app, ids.api_id).await?;
    Ok(NoContent)
}
