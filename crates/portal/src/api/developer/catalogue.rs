//! The APIs of a portal: `apis/...`.

use std::collections::HashMap;

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::sea_query::{Func, SimpleExpr};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QuerySelect, RelationTrait,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::BASE;
use crate::actor::{SignedIn, Visitor};
use crate::api::reply::Shown;
use crate::api::shape::{Instant, Labels, members};
use crate::api::view::{Strategies, StrategySummary};
use crate::app::App;
use crate::input::Ids;
use crate::list::{Attribute, Kind, ListQuery, ListSpec, Paged, attribute, attributes};
use crate::problem::{Invalid, Problem};
use crate::store::entity::api::{self, Column};
use crate::store::entity::{application, portal, publication, registration};
use crate::usecase::api_version::{Summary, summaries};
use crate::usecase::application::{self as owned, Owner};
use crate::usecase::{attribute, catalogue};

const TAG: &str = "APIs of a portal";

const LIST: ListSpec = ListSpec {
    filters: &[
        attribute!(Id "id" = Column::Id),
        Attribute { name: "name", kind: Kind::Text, column: shown_name },
        attribute!(Text "version" = Column::Version),
        Attribute { name: "description", kind: Kind::Text, column: shown_description },
        attribute!(Text "slug" = Column::Slug),
        attribute!(Time "created_at" = Column::CreatedAt),
        attribute!(Time "updated_at" = Column::UpdatedAt),
    ],
    sorts: &[
        Attribute { name: "name", kind: Kind::Text, column: shown_name },
        attribute!(Text "version" = Column::Version),
        attribute!(Time "created_at" = Column::CreatedAt),
        attribute!(Time "updated_at" = Column::UpdatedAt),
    ],
    order: || vec![shown_name(), Column::Id.into_expr()],
};

/// What an API is called in the portal.
fn shown_name() -> SimpleExpr {
    in_portal(publication::Column::DisplayName, Column::Name)
}

/// How an API is described in the portal.
fn shown_description() -> SimpleExpr {
    in_portal(publication::Column::Description, Column::Description)
}

/// What the portal says of an API, and what is said of it everywhere where the portal says nothing.
fn in_portal(own: publication::Column, general: Column) -> SimpleExpr {
    Func::coalesce([own.into_expr(), general.into_expr()]).into()
}

const APPLICATION_LIST: ListSpec = ListSpec {
    filters: attributes! {
        Text "name" = application::Column::Name;
    },
    sorts: attributes! {},
    order: || vec![application::Column::CreatedAt.into_expr(), application::Column::Id.into_expr()],
};

/// An API by id or slug.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ApiName {
    pub(super) api_id_or_slug: String,
}

/// An API, as those who see it see it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CatalogueApi")]
struct View {
    id: Uuid,
    name: String,
    version: Option<String>,
    description: Option<String>,
    visibility: String,
    slug: String,
    auth_strategies: Vec<StrategySummary>,
    specifications: Vec<Specification>,
    current_version_summary: Option<VersionSummary>,
    attributes: Labels,
    created_at: Instant,
    updated_at: Instant,
}

/// A version under its older name.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CatalogueSpecificationSummary")]
struct Specification {
    id: Uuid,
    #[serde(rename = "type")]
    kind: String,
}

impl Specification {
    fn of(version: &Summary) -> Self {
        Self { id: version.id, kind: version.spec_type.clone() }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CatalogueVersionSummary")]
struct VersionSummary {
    id: Uuid,
    spec: SpecKind,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CatalogueSpecKind")]
struct SpecKind {
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ApiActions {
    actions: Actions,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Actions {
    view: bool,
    register: bool,
    view_documentation: bool,
}

/// An application, and whether it is registered for the API.
#[derive(Debug, Serialize, JsonSchema)]
struct ApiApplication {
    id: Uuid,
    name: String,
    registration_id: Option<Uuid>,
    registration_status: Option<String>,
    auth_strategy: StrategySummary,
    created_at: Instant,
    updated_at: Instant,
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            &format!("{BASE}/apis"),
            get_with(list, |op| LIST.document(op.id("list-catalogue-apis").tag(TAG))),
        )
        .api_route(
            &format!("{BASE}/apis/{{apiIdOrSlug}}"),
            get_with(show, |op| op.id("fetch-catalogue-api").tag(TAG)),
        )
        .api_route(
            &format!("{BASE}/apis/{{apiIdOrSlug}}/actions"),
            get_with(actions, |op| op.id("get-api-actions").tag(TAG)),
        )
        .api_route(
            &format!("{BASE}/apis/{{apiIdOrSlug}}/applications"),
            get_with(applications, |op| {
                APPLICATION_LIST.document(op.id("get-api-applications").tag(TAG))
            }),
        )
}

async fn views(
    app: &App,
    db: &impl ConnectionTrait,
    portal: &portal::Model,
    rows: Vec<api::Model>,
) -> Result<Vec<View>, Problem> {
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let published: HashMap<_, _> = publication::Entity::find()
        .filter(publication::Column::PortalId.eq(portal.id))
        .filter(publication::Column::ApiId.is_in(ids.clone()))
        .all(db)
        .await?
        .into_iter()
        .map(|publication| (publication.api_id, publication))
        .collect();
    let mut versions = summaries(db, ids).await?;
    let strategies = published.values().filter_map(|publication| publication.strategy_id);
    let strategies = Strategies::fetch(app, db, strategies).await?;
    let mut views = Vec::with_capacity(rows.len());
    for row in rows {
        // It was unpublished between two queries.
        let Some(publication) = published.get(&row.id) else { continue };
        let strategy = publication.strategy_id.map(|id| strategies.plain(id)).transpose()?;
        views.push(View {
            visibility: publication.visibility.clone(),
            auth_strategies: strategy.into_iter().collect(),
            specifications: versions.get(&row.id).map(Specification::of).into_iter().collect(),
            current_version_summary: versions.remove(&row.id).map(|version| VersionSummary {
                id: version.id,
                spec: SpecKind { kind: version.spec_type },
            }),
            id: row.id,
            name: publication.display_name.clone().unwrap_or(row.name),
            version: Some(row.version).filter(|version| !version.is_empty()),
            description: publication.description.clone().or(row.description),
            slug: row.slug,
            attributes: members(row.attributes),
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        });
    }
    Ok(views)
}

async fn list(
    State(app): State<App>,
    Visitor { portal, developer }: Visitor,
    mut query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let db = app.store.db();
    let select = catalogue::visible(&portal, developer.as_ref())
        .join(JoinType::InnerJoin, publication::Relation::Api.def().rev())
        .filter(publication::Column::PortalId.eq(portal.id))
        .filter(attribute::matching(&query.take_members("attributes"))?);
    let (rows, page) = query.read(&LIST)?.fetch(db, select).await?.split();
    Ok(Shown(page.with(views(&app, db, &portal, rows).await?)))
}

async fn show(
    State(app): State<App>,
    Visitor { portal, developer }: Visitor,
    Ids(name): Ids<ApiName>,
) -> Result<Shown<View>, Problem> {
    let db = app.store.db();
    let (api, _) = catalogue::find(db, &portal, developer.as_ref(), &name.api_id_or_slug).await?;
    let view = views(&app, db, &portal, vec![api]).await?.into_iter().next();
    Ok(Shown(view.ok_or_else(Problem::not_found)?))
}

async fn actions(
    State(app): State<App>,
    SignedIn { portal, developer }: SignedIn,
    Ids(name): Ids<ApiName>,
) -> Result<Shown<ApiActions>, Problem> {
    let (_, publication) =
        catalogue::find(app.store.db(), &portal, Some(&developer), &name.api_id_or_slug).await?;
    let owner = Owner::developer(developer.id);
    let let_in = catalogue::may_register(app.store.db(), &portal, &publication, owner).await?;
    let register = let_in && publication.strategy_id.is_some() && publication.registration_enabled;
    Ok(Shown(ApiActions { actions: Actions { view: true, register, view_documentation: true } }))
}

async fn applications(
    State(app): State<App>,
    SignedIn { portal, developer }: SignedIn,
    Ids(name): Ids<ApiName>,
    mut query: ListQuery,
) -> Result<Shown<Paged<ApiApplication>>, Problem> {
    let db = app.store.db();
    let (api, publication) =
        catalogue::find(db, &portal, Some(&developer), &name.api_id_or_slug).await?;
    let unregistered = match query.take("unregistered").as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => {
            let fault = Invalid::query("unregistered", "is_boolean", "must be true or false");
            return Err(Problem::one_invalid(fault));
        }
    };
    let own: Vec<_> = application::Entity::find()
        .filter(owned::own(developer.id))
        .all(db)
        .await?
        .into_iter()
        .map(|application| application.id)
        .collect();
    let registrations: HashMap<_, _> = registration::Entity::find()
        .filter(registration::Column::ApiId.eq(api.id))
        .filter(registration::Column::ApplicationId.is_in(own))
        .all(db)
        .await?
        .into_iter()
        .map(|registration| (registration.application_id, registration))
        .collect();
    // Those that cannot register, because of their strategy or their owner's roles, are left out.
    let fitting = catalogue::registrants(db, &portal, &publication, &developer).await?;
    let registered = application::Column::Id.is_in(registrations.keys().copied());
    let mut select = application::Entity::find()
        .filter(fitting.add(registered))
        .filter(application::Column::StrategyId.eq(publication.strategy_id));
    if unregistered {
        let registered = registrations.keys().copied();
        select = select.filter(application::Column::Id.is_not_in(registered));
    }
    let (rows, page) = query.read(&APPLICATION_LIST)?.fetch(db, select).await?.split();
    let strategies = Strategies::fetch(&app, db, rows.iter().map(|row| row.strategy_id)).await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let registration = registrations.get(&row.id);
        items.push(ApiApplication {
            registration_id: registration.map(|registration| registration.id),
            registration_status: registration.map(|registration| registration.status.clone()),
            auth_strategy: strategies.plain(row.strategy_id)?,
            id: row.id,
            name: row.name,
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        });
    }
    Ok(Shown(page.with(items)))
}
