//! Registrations: of a portal, of an application, of an API.

use std::collections::HashMap;

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, Func, Query, SimpleExpr};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, RelationDef, RelationTrait,
    Select,
};
use serde::Serialize;
use uuid::Uuid;

use crate::actor::Admin;
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::{ApiPath, ApplicationPath, Instant, PortalPath, RegistrationPath};
use crate::app::App;
use crate::input::{Body, Ids};
use crate::list::{Attribute, Kind, ListQuery, ListSpec, Paged, attribute, attributes};
use crate::problem::Problem;
use crate::store::entity::registration::{self, Column, Relation};
use crate::store::entity::{api, application, consumer, portal};
use crate::usecase;
use crate::usecase::application::Owner;
use crate::usecase::registration::{NewRegistration, RegistrationEdit};

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Id "id" = Column::Id;
        Id "developer_id" = application::Column::DeveloperId;
        Id "team_id" = application::Column::TeamId;
        Id "application_id" = Column::ApplicationId;
        Text "application_name" = application::Column::Name;
        Id "api_id" = Column::ApiId;
        Text "api_name" = api::Column::Name;
        Text "status" = Column::Status;
        Time "created_at" = Column::CreatedAt;
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
        Id "api_id" = Column::ApiId;
        Text "api_name" = api::Column::Name;
        Text "status" = Column::Status;
    },
    sorts: attributes! {
        Time "created_at" = Column::CreatedAt;
        Time "updated_at" = Column::UpdatedAt;
        Text "status" = Column::Status;
    },
    order: LIST.order,
};

/// Something of the application of a registration.
fn of_application(what: SimpleExpr) -> SimpleExpr {
    let id = application::Column::Id.into_expr().equals(Column::ApplicationId.as_column_ref());
    let found = Query::select().expr(what).from(application::Entity).and_where(id).take();
    SimpleExpr::SubQuery(None, Box::new(found.into()))
}

const OWNER_ID: Attribute = Attribute {
    name: "application_owner_id",
    kind: Kind::Id,
    column: || {
        let owners = [application::Column::DeveloperId, application::Column::TeamId];
        of_application(Func::coalesce(owners.map(|column| column.into_expr())).into())
    },
};

const OWNER_TYPE: Attribute = Attribute {
    name: "application_owner_type",
    kind: Kind::Text,
    column: || {
        let of_team = application::Column::TeamId.is_not_null();
        of_application(CaseStatement::new().case(of_team, "team").finally("developer").into())
    },
};

const API_LIST: ListSpec = ListSpec {
    filters: &[
        attribute!(Text "status" = Column::Status),
        attribute!(Id "portal_id" = Column::PortalId),
        attribute!(Text "portal_name" = portal::Column::Name),
        attribute!(Id "application_id" = Column::ApplicationId),
        attribute!(Text "application_name" = application::Column::Name),
        OWNER_TYPE,
        OWNER_ID,
    ],
    sorts: attributes! {},
    order: LIST.order,
};

/// A registration, as administrators see it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApplicationRegistration")]
struct View {
    id: Uuid,
    status: String,
    api: ApiReference,
    application: ApplicationReference,
    /// The gateway's consumer that the application is, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    consumer: Option<ConsumerReference>,
    created_at: Instant,
    updated_at: Instant,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ApiReference {
    id: Uuid,
    name: String,
    version: Option<String>,
    entity_type: &'static str,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ApplicationReference {
    id: Uuid,
    name: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ConsumerReference {
    id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    control_plane_id: Uuid,
}

/// A registration of an API.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApiRegistration")]
struct ApiItem {
    id: Uuid,
    status: String,
    portal: RegisteredOn,
    application: RegisteredApplication,
}

#[derive(Debug, Serialize, JsonSchema)]
struct RegisteredOn {
    id: Uuid,
    name: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct RegisteredApplication {
    id: Uuid,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    owner: Owner,
}

pub(super) fn routes() -> ApiRouter<App> {
    const OF_APPLICATION: &str =
        "/v3/portals/{portalId}/applications/{applicationId}/registrations";
    const TAG: &str = "Application registrations";
    ApiRouter::new()
        .api_route(
            "/v3/portals/{portalId}/application-registrations",
            get_with(list, |op| LIST.document(op.id("list-registrations").tag(TAG))),
        )
        .api_route(
            OF_APPLICATION,
            get_with(list_of_application, |op| {
                APPLICATION_LIST.document(op.id("list-registrations-by-application").tag(TAG))
            })
            .post_with(create, |op| op.id("create-application-registration").tag(TAG)),
        )
        .api_route(
            &format!("{OF_APPLICATION}/{{registrationId}}"),
            get_with(show, |op| op.id("get-application-registration").tag(TAG))
                .patch_with(update, |op| op.id("update-application-registration").tag(TAG))
                .delete_with(delete, |op| op.id("delete-application-registration").tag(TAG)),
        )
        .api_route(
            "/v3/apis/{apiId}/registrations",
            get_with(list_of_api, |op| API_LIST.document(op.id("list-api-registrations").tag(TAG))),
        )
}

/// What registrations can be filtered and sorted by, beside what is their own.
fn related() -> [RelationDef; 3] {
    [Relation::Application.def(), Relation::Api.def(), Relation::Portal.def()]
}

/// The same for those of one portal, whose applications are the portal's too: which the database
/// has to be told to find them by an index.
fn related_in(portal: Uuid) -> [RelationDef; 3] {
    let application = Relation::Application.def().on_condition(move |_, applications| {
        let column = Expr::col((applications, application::Column::PortalId));
        Condition::all().add(column.eq(portal))
    });
    [application, Relation::Api.def(), Relation::Portal.def()]
}

/// What registrations refer to, by id.
struct Around {
    apis: HashMap<Uuid, api::Model>,
    applications: HashMap<Uuid, application::Model>,
    portals: HashMap<Uuid, portal::Model>,
    consumers: HashMap<Uuid, consumer::Model>,
}

impl Around {
    async fn fetch(
        db: &impl ConnectionTrait,
        rows: &[registration::Model],
    ) -> Result<Self, Problem> {
        let apis = api::Column::Id.is_in(rows.iter().map(|row| row.api_id));
        let applications = application::Column::Id.is_in(rows.iter().map(|row| row.application_id));
        let portals = portal::Column::Id.is_in(rows.iter().map(|row| row.portal_id));
        let consumers = consumer::Column::Id.is_in(rows.iter().filter_map(|row| row.consumer_id));
        let consumers = consumer::Entity::find().filter(consumers).all(db).await?;
        let apis = api::Entity::find().filter(apis).all(db).await?;
        let applications = application::Entity::find().filter(applications).all(db).await?;
        let portals = portal::Entity::find().filter(portals).all(db).await?;
        Ok(Self {
            apis: apis.into_iter().map(|row| (row.id, row)).collect(),
            applications: applications.into_iter().map(|row| (row.id, row)).collect(),
            portals: portals.into_iter().map(|row| (row.id, row)).collect(),
            consumers: consumers.into_iter().map(|row| (row.id, row)).collect(),
        })
    }

    /// None when one of them went between two queries.
    fn view(&self, row: registration::Model) -> Option<View> {
        let api = self.apis.get(&row.api_id)?;
        let application = self.applications.get(&row.application_id)?;
        let consumer = row.consumer_id.and_then(|id| self.consumers.get(&id));
        Some(View {
            id: row.id,
            status: row.status,
            api: ApiReference {
                id: api.id,
                name: api.name.clone(),
                version: Some(api.version.clone()).filter(|version| !version.is_empty()),
                entity_type: "api",
            },
            application: ApplicationReference {
                id: application.id,
                name: application.name.clone(),
            },
            consumer: consumer.map(|consumer| ConsumerReference {
                id: consumer.id,
                custom_id: consumer.custom_id.clone(),
                username: consumer.username.clone(),
                control_plane_id: consumer.gateway_id,
            }),
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        })
    }

    fn api_item(&self, row: registration::Model) -> Option<ApiItem> {
        let application = self.applications.get(&row.application_id)?;
        let portal = self.portals.get(&row.portal_id)?;
        Some(ApiItem {
            id: row.id,
            status: row.status,
            portal: RegisteredOn { id: portal.id, name: portal.name.clone() },
            application: RegisteredApplication {
                id: application.id,
                name: application.name.clone(),
                description: application.description.clone(),
                owner: Owner::of(application),
            },
        })
    }
}

async fn views(
    app: &App,
    query: ListQuery,
    spec: &ListSpec,
    select: Select<registration::Entity>,
    portal: Uuid,
) -> Result<Shown<Paged<View>>, Problem> {
    let db = app.store.db();
    let related = related_in(portal);
    let listing = query.read(spec)?.of(Column::PortalId.eq(portal));
    let (rows, page) = listing.fetch_related(db, select, &related).await?.split();
    let around = Around::fetch(db, &rows).await?;
    Ok(Shown(page.with(rows.into_iter().filter_map(|row| around.view(row)).collect())))
}

async fn view(db: &impl ConnectionTrait, row: registration::Model) -> Result<View, Problem> {
    let around = Around::fetch(db, core::slice::from_ref(&row)).await?;
    around.view(row).ok_or_else(Problem::not_found)
}

async fn list(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    usecase::portal::find(app.store.db(), ids.portal_id).await?;
    views(&app, query, &LIST, registration::Entity::find(), ids.portal_id).await
}

async fn list_of_application(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApplicationPath>,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let db = app.store.db();
    let found = usecase::application::find(db, ids.portal_id, ids.application_id).await?;
    let select = registration::Entity::find().filter(Column::ApplicationId.eq(found.id));
    views(&app, query, &APPLICATION_LIST, select, ids.portal_id).await
}

async fn list_of_api(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApiPath>,
    query: ListQuery,
) -> Result<Shown<Paged<ApiItem>>, Problem> {
    let db = app.store.db();
    usecase::api::find(db, ids.api_id).await?;
    let select = registration::Entity::find().filter(Column::ApiId.eq(ids.api_id));
    let (rows, page) = query.read(&API_LIST)?.fetch_related(db, select, &related()).await?.split();
    let around = Around::fetch(db, &rows).await?;
    Ok(Shown(page.with(rows.into_iter().filter_map(|row| around.api_item(row)).collect())))
}

async fn create(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApplicationPath>,
    body: Body<NewRegistration>,
) -> Result<Created<View>, Problem> {
    let made =
        usecase::registration::create(&app, ids.portal_id, ids.application_id, body.0).await?;
    Ok(Created(view(app.store.db(), made).await?))
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
