//! Registrations under `/v2`: of a portal, of an application.

use std::collections::HashMap;

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QuerySelect, RelationTrait,
    Select,
};
use serde::Serialize;
use uuid::Uuid;

use super::application::{Owner, owners, to_developer};
use super::{named, product_version};
use crate::actor::Admin;
use crate::api::reply::{NoContent, Shown};
use crate::api::shape::{ApplicationPath, Instant, PortalPath, RegistrationPath};
use crate::app::App;
use crate::input::{Body, Ids};
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::registration::{self, Column, Relation};
use crate::store::entity::{api, application, developer};
use crate::usecase;
use crate::usecase::client::secret;
use crate::usecase::registration::RegistrationEdit;

const TAG: &str = "Application registrations of v2";

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Id "id" = Column::Id;
        Id "developer_id" = application::Column::DeveloperId;
        Text "developer_name" = developer::Column::FullName;
        Text "application_name" = application::Column::Name;
        Text "status" = Column::Status;
        Id "product_version_id" = Column::ApiId;
        Text "product_name" = api::Column::Name;
        Text "product_version_name" = api::Column::Version;
    },
    sorts: attributes! {
        Time "created_at" = Column::CreatedAt;
        Time "updated_at" = Column::UpdatedAt;
        Id "developer_id" = application::Column::DeveloperId;
        Text "status" = Column::Status;
    },
    order: || vec![Column::CreatedAt.into_expr(), Column::Id.into_expr()],
};

const APPLICATION_LIST: ListSpec = ListSpec {
    filters: attributes! {
        Id "id" = Column::Id;
        Text "status" = Column::Status;
        Id "product_version_id" = Column::ApiId;
        Text "product_name" = api::Column::Name;
        Text "product_version_name" = api::Column::Version;
    },
    sorts: attributes! {
        Time "created_at" = Column::CreatedAt;
        Time "updated_at" = Column::UpdatedAt;
        Text "status" = Column::Status;
    },
    order: LIST.order,
};

/// A registration as Konnect's v2 shows it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApplicationRegistrationV2")]
struct View {
    id: Uuid,
    status: String,
    product: Named,
    product_version: Named,
    application: Named,
    developer: Named,
    granted_scopes: Option<Vec<String>>,
    created_at: Instant,
    updated_at: Instant,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "NamedReference")]
struct Named {
    id: Uuid,
    name: String,
}

/// The scopes of an application's client.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "GrantedScopesV2")]
struct GrantedScopes {
    data: Vec<String>,
}

pub(super) fn routes() -> ApiRouter<App> {
    const OF_APPLICATION: &str =
        "/v2/portals/{portalId}/applications/{applicationId}/registrations";
    ApiRouter::new()
        .api_route(
            "/v2/portals/{portalId}/application-registrations",
            get_with(list, |op| LIST.document(named(op, "list-registrations", TAG))),
        )
        .api_route(
            OF_APPLICATION,
            get_with(list_of_application, |op| {
                APPLICATION_LIST.document(named(op, "list-registrations-by-application", TAG))
            }),
        )
        .api_route(
            &format!("{OF_APPLICATION}/{{registrationId}}"),
            get_with(show, |op| named(op, "get-application-registration", TAG))
                .patch_with(update, |op| named(op, "update-application-registration", TAG))
                .delete_with(delete, |op| named(op, "delete-application-registration", TAG)),
        )
        .api_route(
            &format!("{OF_APPLICATION}/{{registrationId}}/granted-scopes"),
            get_with(granted_scopes, |op| op.id("list-granted-scopes").tag(TAG)),
        )
}

fn joined() -> Select<registration::Entity> {
    registration::Entity::find()
        .join(JoinType::InnerJoin, Relation::Application.def())
        .join(JoinType::InnerJoin, Relation::Api.def())
        .join(JoinType::LeftJoin, to_developer())
}

/// Those whose API or application goes at this moment are left out.
async fn views(
    db: &impl ConnectionTrait,
    rows: Vec<registration::Model>,
) -> Result<Vec<View>, Problem> {
    let apis: HashMap<_, _> = api::Entity::find()
        .filter(api::Column::Id.is_in(rows.iter().map(|row| row.api_id)))
        .all(db)
        .await?
        .into_iter()
        .map(|row| (row.id, row))
        .collect();
    let applications = application::Entity::find()
        .filter(application::Column::Id.is_in(rows.iter().map(|row| row.application_id)))
        .all(db)
        .await?;
    let owners: HashMap<Uuid, Owner> = owners(db, &applications).await?;
    let applications: HashMap<_, _> = applications.into_iter().map(|row| (row.id, row)).collect();
    let views = rows.into_iter().filter_map(|row| {
        let api = apis.get(&row.api_id)?;
        let application = applications.get(&row.application_id)?;
        let owner = owners.get(&application.id).cloned().unwrap_or_default();
        Some(View {
            id: row.id,
            status: row.status,
            product: Named { id: api.product_id.unwrap_or(api.id), name: api.name.clone() },
            product_version: Named { id: api.id, name: product_version::name(api) },
            application: Named { id: application.id, name: application.name.clone() },
            developer: Named { id: owner.id, name: owner.name },
            granted_scopes: None,
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        })
    });
    Ok(views.collect())
}

async fn view(db: &impl ConnectionTrait, row: registration::Model) -> Result<View, Problem> {
    views(db, vec![row]).await?.into_iter().next().ok_or_else(Problem::not_found)
}

async fn list(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let db = app.store.db();
    usecase::portal::find(db, ids.portal_id).await?;
    let select = joined().filter(Column::PortalId.eq(ids.portal_id));
    let (rows, page) = query.read(&LIST)?.fetch(db, select).await?.split();
    Ok(Shown(page.with(views(db, rows).await?)))
}

async fn list_of_application(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApplicationPath>,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let db = app.store.db();
    let found = usecase::application::find(db, ids.portal_id, ids.application_id).await?;
    let select = joined().filter(Column::ApplicationId.eq(found.id));
    let (rows, page) = query.read(&APPLICATION_LIST)?.fetch(db, select).await?.split();
    Ok(Shown(page.with(views(db, rows).await?)))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<RegistrationPath>,
) -> Result<Shown<View>, Problem> {
    let db = app.store.db();
    let application = usecase::application::find(db, ids.portal_id, ids.application_id).await?;
    let found = usecase::registration::find(db, application.id, ids.registration_id).await?;
    Ok(Shown(view(db, found).await?))
}

async fn update(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<RegistrationPath>,
    body: Body<RegistrationEdit>,
) -> Result<Shown<View>, Problem> {
    let RegistrationPath { portal_id, application_id, registration_id } = ids;
    let updated =
        usecase::registration::update(&app, portal_id, application_id, registration_id, body.0)
            .await?;
    Ok(Shown(view(app.store.db(), updated).await?))
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<RegistrationPath>,
) -> Result<NoContent, Problem> {
    let db = app.store.db();
    let application = usecase::application::find(db, ids.portal_id, ids.application_id).await?;
    usecase::registration::delete(&app, application.id, ids.registration_id).await?;
    Ok(NoContent)
}

async fn granted_scopes(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<RegistrationPath>,
) -> Result<Shown<GrantedScopes>, Problem> {
    let db = app.store.db();
    let application = usecase::application::find(db, ids.portal_id, ids.application_id).await?;
    usecase::registration::find(db, application.id, ids.registration_id).await?;
    Ok(Shown(GrantedScopes { data: secret::granted_scopes(&app, &application).await? }))
}
