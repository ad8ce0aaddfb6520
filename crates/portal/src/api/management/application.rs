//! `/v3/portals/{portalId}/applications`, with their developers and keys, and
//! `/v3/applications/{applicationId}`.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use uuid::Uuid;

use crate::actor::Admin;
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::{
    ApplicationPath, Instant, Labels, PortalPath, UnscopedApplicationPath, members,
};
use crate::api::view::{Strategies, StrategySummary};
use crate::app::App;
use crate::dcr::metadata::strings;
use crate::input::{Body, Given, Ids};
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::application::{self, Column};
use crate::store::entity::{developer, registration};
use crate::usecase::application::{self as usecase, NewApplication, Owner, OwnerType};
use crate::usecase::label::LabelEdit;
use crate::usecase::{portal, team};

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Id "id" = Column::Id;
        Id "developer_id" = Column::DeveloperId;
        Id "team_id" = Column::TeamId;
        Text "name" = Column::Name;
        Id "auth_strategy_id" = Column::StrategyId;
    },
    sorts: attributes! {
        Time "created_at" = Column::CreatedAt;
        Id "developer_id" = Column::DeveloperId;
        Id "team_id" = Column::TeamId;
        Text "name" = Column::Name;
    },
    order: || vec![Column::CreatedAt.into_expr(), Column::Id.into_expr()],
};

const DEVELOPER_LIST: ListSpec = ListSpec {
    filters: attributes! {
        Id "id" = developer::Column::Id;
    },
    sorts: attributes! {
        Text "email" = developer::Column::Email;
        Text "full_name" = developer::Column::FullName;
        Time "created_at" = developer::Column::CreatedAt;
    },
    order: || vec![developer::Column::CreatedAt.into_expr(), developer::Column::Id.into_expr()],
};

/// An application to make for somebody.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateApplication {
    #[schemars(length(min = 1, max = 255))]
    name: String,
    owner: Owner,
    #[serde(default)]
    #[schemars(length(max = 255))]
    description: Given<String>,
    /// The portal's default, if absent.
    #[serde(default)]
    auth_strategy_id: Given<Uuid>,
    /// Only for `openid_connect`.
    #[serde(default)]
    #[schemars(length(max = 255))]
    client_id: Given<String>,
    /// Only for `openid_connect`.
    #[serde(default)]
    #[schemars(length(max = 255))]
    dcr_client_id: Given<String>,
    #[serde(default)]
    labels: Given<Option<LabelEdit>>,
}

/// An administrator can change the owner, nothing else.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateApplication {
    #[serde(default)]
    owner: Given<Owner>,
}

/// An application, as administrators see it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PortalApplication")]
struct View {
    id: Uuid,
    name: String,
    description: Option<String>,
    auth_strategy: StrategySummary,
    portal: PortalReference,
    owner: Owner,
    registration_count: usize,
    /// For `openid_connect`.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    client: Option<ClientView>,
    labels: Labels,
    created_at: Instant,
    updated_at: Instant,
}

/// The client of an application.
#[derive(Debug, Serialize, JsonSchema)]
struct ClientView {
    client_id: String,
    /// The provider at which it is registered; null when the developer has made it.
    dcr_provider: Option<ProviderReference>,
    /// The scopes that were chosen for it.
    granted_scopes: Option<Vec<String>>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ProviderReference {
    id: Uuid,
}

#[derive(Debug, Serialize, JsonSchema)]
struct PortalReference {
    id: Uuid,
}

/// A developer of an application.
#[derive(Debug, Serialize, JsonSchema)]
struct ApplicationDeveloper {
    id: Uuid,
    email: String,
    full_name: String,
}

pub(super) fn routes() -> ApiRouter<App> {
    const BASE: &str = "/v3/portals/{portalId}/applications";
    ApiRouter::new()
        .api_route(
            BASE,
            get_with(list, |op| LIST.document(op.id("list-applications").tag("Applications")))
                .post_with(create, |op| op.id("create-application").tag("Applications")),
        )
        .api_route(
            &format!("{BASE}/{{applicationId}}"),
            get_with(show, |op| op.id("get-application").tag("Applications"))
                .patch_with(update, |op| op.id("update-application").tag("Applications"))
                .delete_with(delete, |op| op.id("delete-application").tag("Applications")),
        )
        .api_route(
            &format!("{BASE}/{{applicationId}}/developers"),
            get_with(developers, |op| {
                DEVELOPER_LIST.document(op.id("list-developers-by-application").tag("Applications"))
            }),
        )
        .api_route(
            "/v3/applications/{applicationId}",
            get_with(show_unscoped, |op| op.id("get-application-unscoped").tag("Applications")),
        )
}

async fn views(app: &App, rows: Vec<application::Model>) -> Result<Vec<View>, Problem> {
    let db = app.store.db();
    let strategies = Strategies::fetch(app, db, rows.iter().map(|row| row.strategy_id)).await?;
    let registrations = registration::Entity::find()
        .filter(registration::Column::ApplicationId.is_in(rows.iter().map(|row| row.id)))
        .all(db)
        .await?;
    let mut counts: HashMap<Uuid, usize> = HashMap::new();
    for registration in registrations {
        *counts.entry(registration.application_id).or_default() += 1;
    }
    let views = rows.into_iter().map(|row| {
        let auth_strategy = strategies.plain(row.strategy_id)?;
        let owner = Owner::of(&row);
        let client = auth_strategy.has_clients().then(|| ClientView {
            client_id: row.client_id.unwrap_or_default(),
            dcr_provider: auth_strategy.provider().map(|id| ProviderReference { id }),
            granted_scopes: row.scopes.as_ref().map(strings),
        });
        Ok(View {
            id: row.id,
            name: row.name,
            description: row.description,
            auth_strategy,
            client,
            portal: PortalReference { id: row.portal_id },
            owner,
            registration_count: counts.get(&row.id).copied().unwrap_or_default(),
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
    let select = application::Entity::find().filter(Column::PortalId.eq(ids.portal_id));
    let (rows, page) = query.read(&LIST)?.fetch(db, select).await?.split();
    Ok(Shown(page.with(views(&app, rows).await?)))
}

async fn create(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    body: Body<CreateApplication>,
) -> Result<Created<View>, Problem> {
    let db = app.store.db();
    let portal = portal::find(db, ids.portal_id).await?;
    let body = body.0;
    let new = NewApplication {
        name: body.name,
        description: body.description.value(),
        auth_strategy_id: body.auth_strategy_id.value(),
        client_id: body.client_id.value(),
        dcr_client_id: body.dcr_client_id.value(),
        redirect_uri: None,
        scopes: Vec::new(),
        labels: body.labels.or(None).unwrap_or_default(),
    };
    let made = usecase::create(&app, &portal, body.owner, "owner.id", new).await?;
    Ok(Created(view(&app, made.application).await?))
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

async fn update(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApplicationPath>,
    body: Body<UpdateApplication>,
) -> Result<Shown<View>, Problem> {
    let owner = body.0.owner.value();
    let updated = usecase::set_owner(&app, ids.portal_id, ids.application_id, owner).await?;
    Ok(Shown(view(&app, updated).await?))
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

async fn developers(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApplicationPath>,
    query: ListQuery,
) -> Result<Shown<Paged<ApplicationDeveloper>>, Problem> {
    let db = app.store.db();
    let found = usecase::find(db, ids.portal_id, ids.application_id).await?;
    let owner = Owner::of(&found);
    let of_owner = match owner.kind {
        OwnerType::Developer => developer::Column::Id.eq(owner.id),
        OwnerType::Team => developer::Column::Id.in_subquery(team::developers_of(owner.id)),
    };
    let select = developer::Entity::find().filter(of_owner);
    let page = query.read(&DEVELOPER_LIST)?.fetch(db, select).await?;
    Ok(Shown(page.show(|row| ApplicationDeveloper {
        id: row.id,
        email: row.email,
        full_name: row.full_name,
    })))
}
