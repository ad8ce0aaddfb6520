//! `/v2/portals/{portalId}/applications` and `/v2/applications/{applicationId}`.

use std::collections::HashMap;

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QuerySelect, RelationDef,
    Select,
};
use serde::Serialize;
use uuid::Uuid;

use super::named;
use crate::actor::Admin;
use crate::api::reply::{NoContent, Shown};
use crate::api::shape::{
    ApplicationPath, Instant, Labels, PortalPath, UnscopedApplicationPath, members,
};
use crate::api::view::{Strategies, StrategySummary};
use crate::app::App;
use crate::dcr::metadata::strings;
use crate::input::Ids;
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::application::{self, Column};
use crate::store::entity::{developer, registration, team};
use crate::usecase::application as usecase;
use crate::usecase::portal;

const TAG: &str = "Applications of v2";

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Id "id" = Column::Id;
        Id "developer_id" = Column::DeveloperId;
        Text "developer_name" = developer::Column::FullName;
        Text "developer_email" = developer::Column::Email;
        Text "name" = Column::Name;
        Id "auth_strategy_id" = Column::StrategyId;
    },
    sorts: attributes! {
        Time "created_at" = Column::CreatedAt;
        Id "developer_id" = Column::DeveloperId;
        Text "name" = Column::Name;
    },
    order: || vec![Column::CreatedAt.into_expr(), Column::Id.into_expr()],
};

/// An application as Konnect's v2 shows it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PortalApplicationV2")]
struct View {
    id: Uuid,
    name: String,
    description: Option<String>,
    labels: Labels,
    /// The client's id; the application's own where it has no client.
    reference_id: String,
    registration_count: i64,
    dcr_provider: Option<Reference>,
    portal: Reference,
    developer: Owner,
    auth_strategy: StrategySummary,
    granted_scopes: Option<Vec<String>>,
    created_at: Instant,
    updated_at: Instant,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Reference {
    id: Uuid,
}

/// The developer who owns an application. A team stands in its place, without an address: v2 knows no
/// teams that own.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "ApplicationDeveloperV2")]
pub(super) struct Owner {
    pub(super) id: Uuid,
    pub(super) name: String,
    pub(super) email: String,
}

pub(super) fn routes() -> ApiRouter<App> {
    const BASE: &str = "/v2/portals/{portalId}/applications";
    ApiRouter::new()
        .api_route(BASE, get_with(list, |op| LIST.document(named(op, "list-applications", TAG))))
        .api_route(
            &format!("{BASE}/{{applicationId}}"),
            get_with(show, |op| named(op, "get-application", TAG))
                .delete_with(delete, |op| named(op, "delete-application", TAG)),
        )
        .api_route(
            "/v2/applications/{applicationId}",
            get_with(show_unscoped, |op| named(op, "get-application-unscoped", TAG)),
        )
}

/// From an application to the developer who owns it.
pub(super) fn to_developer() -> RelationDef {
    application::Entity::belongs_to(developer::Entity)
        .from(Column::DeveloperId)
        .to(developer::Column::Id)
        .into()
}

/// The owners of applications.
pub(super) async fn owners(
    db: &impl ConnectionTrait,
    rows: &[application::Model],
) -> Result<HashMap<Uuid, Owner>, Problem> {
    let developers: HashMap<_, _> = developer::Entity::find()
        .filter(developer::Column::Id.is_in(rows.iter().filter_map(|row| row.developer_id)))
        .all(db)
        .await?
        .into_iter()
        .map(|row| (row.id, Owner { id: row.id, name: row.full_name, email: row.email }))
        .collect();
    let teams: HashMap<_, _> = team::Entity::find()
        .filter(team::Column::Id.is_in(rows.iter().filter_map(|row| row.team_id)))
        .all(db)
        .await?
        .into_iter()
        .map(|row| (row.id, Owner { id: row.id, name: row.name, email: String::new() }))
        .collect();
    let owner = |row: &application::Model| {
        let developer = row.developer_id.and_then(|id| developers.get(&id));
        developer.or_else(|| teams.get(&row.team_id?)).cloned().unwrap_or_default()
    };
    Ok(rows.iter().map(|row| (row.id, owner(row))).collect())
}

async fn views(app: &App, rows: Vec<application::Model>) -> Result<Vec<View>, Problem> {
    let db = app.store.db();
    let strategies = Strategies::fetch(app, db, rows.iter().map(|row| row.strategy_id)).await?;
    let mut owners = owners(db, &rows).await?;
    let counts: Vec<(Uuid, i64)> = registration::Entity::find()
        .filter(registration::Column::ApplicationId.is_in(rows.iter().map(|row| row.id)))
        .select_only()
        .column(registration::Column::ApplicationId)
        .column_as(registration::Column::Id.count(), "count")
        .group_by(registration::Column::ApplicationId)
        .into_tuple()
        .all(db)
        .await?;
    let counts: HashMap<_, _> = counts.into_iter().collect();
    let views = rows.into_iter().map(|row| {
        let auth_strategy = strategies.plain(row.strategy_id)?;
        Ok(View {
            reference_id: row.client_id.clone().unwrap_or_else(|| row.id.to_string()),
            registration_count: counts.get(&row.id).copied().unwrap_or_default(),
            dcr_provider: auth_strategy.provider().map(|id| Reference { id }),
            portal: Reference { id: row.portal_id },
            developer: owners.remove(&row.id).unwrap_or_default(),
            auth_strategy,
            granted_scopes: row.scopes.as_ref().map(strings),
            id: row.id,
            name: row.name,
            description: row.description,
            labels: members(row.labels),
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        })
    });
    views.collect()
}

async fn view(app: &App, row: application::Model) -> Result<View, Problem> {
    let view = views(app, vec![row]).await?.into_iter().next();
    view.ok_or_else(|| Problem::internal("an application has no view"))
}

async fn list(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let db = app.store.db();
    portal::find(db, ids.portal_id).await?;
    let select: Select<application::Entity> = application::Entity::find()
        .join(JoinType::LeftJoin, to_developer())
        .filter(Column::PortalId.eq(ids.portal_id));
    let (rows, page) = query.read(&LIST)?.fetch(db, select).await?.split();
    Ok(Shown(page.with(views(&app, rows).await?)))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApplicationPath>,
) -> Result<Shown<View>, Problem> {
    let found = usecase::find(app.store.db(), ids.portal_id, ids.application_id).await?;
    Ok(Shown(view(&app, found).await?))
}

async fn show_unscoped(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<UnscopedApplicationPath>,
) -> Result<Shown<View>, Problem> {
    let db = app.store.db();
    let found = application::Entity::find_by_id(ids.application_id).one(db).await?;
    Ok(Shown(view(&app, found.ok_or_else(Problem::not_found)?).await?))
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApplicationPath>,
) -> Result<NoContent, Problem> {
    let found = usecase::find(app.store.db(), ids.portal_id, ids.application_id).await?;
    usecase::delete(&app, found).await?;
    Ok(NoContent)
}
