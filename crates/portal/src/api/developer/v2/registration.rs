//! Registrations of a developer's own applications, by product version:
//! `applications/{applicationId}/registrations`.

use std::collections::HashMap;

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QuerySelect, RelationTrait,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::BASE;
use crate::actor::SignedIn;
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::{ApplicationPath, Instant, RegistrationPath};
use crate::api::v2::version_name;
use crate::app::App;
use crate::input::{Body, Given, Ids};
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::{Invalid, Problem};
use crate::store::entity::api;
use crate::store::entity::registration::{self, Column, Relation};
use crate::usecase::application;
use crate::usecase::registration as usecase;

const TAG: &str = "Own registrations of v2";

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Id "id" = Column::Id;
        Text "status" = Column::Status;
        Text "product_name" = api::Column::Name;
        Text "product_version_name" = api::Column::Version;
    },
    sorts: attributes! {},
    order: || vec![Column::CreatedAt.into_expr(), Column::Id.into_expr()],
};

/// A registration to make.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewRegistrationV2 {
    product_version_id: Uuid,
    /// An application has its scopes for all that it is registered for: only those it has anyway.
    #[serde(default)]
    #[schemars(length(max = 50))]
    scopes: Given<Vec<String>>,
}

/// A registration, as the application's owner sees it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OwnRegistrationV2")]
struct View {
    id: Uuid,
    status: String,
    application_id: Uuid,
    product_id: Uuid,
    product_name: String,
    product_version_id: Uuid,
    product_version_name: String,
    created_at: Instant,
    updated_at: Instant,
}

pub(super) fn routes() -> ApiRouter<App> {
    const OF_APPLICATION: &str = "applications/{applicationId}/registrations";
    ApiRouter::new()
        .api_route(
            &format!("{BASE}/{OF_APPLICATION}"),
            get_with(list, |op| LIST.document(op.id("list-own-registrations-v2").tag(TAG)))
                .post_with(create, |op| op.id("create-own-registration-v2").tag(TAG)),
        )
        .api_route(
            &format!("{BASE}/{OF_APPLICATION}/{{registrationId}}"),
            get_with(show, |op| op.id("get-own-registration-v2").tag(TAG))
                .delete_with(delete, |op| op.id("delete-own-registration-v2").tag(TAG)),
        )
}

/// Registrations whose API goes at this moment are left out.
async fn views(
    db: &impl ConnectionTrait,
    rows: Vec<registration::Model>,
) -> Result<Vec<View>, Problem> {
    let apis: HashMap<_, _> = api::Entity::find()
        .filter(api::Column::Id.is_in(rows.iter().map(|row| row.api_id)))
        .all(db)
        .await?
        .into_iter()
        .map(|api| (api.id, api))
        .collect();
    let views = rows.into_iter().filter_map(|row| {
        let api = apis.get(&row.api_id)?;
        Some(View {
            id: row.id,
            status: row.status,
            application_id: row.application_id,
            product_id: api.product_id.unwrap_or(api.id),
            product_name: api.name.clone(),
            product_version_id: api.id,
            product_version_name: version_name(api),
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
    State(app): State<App>,
    SignedIn { developer, .. }: SignedIn,
    Ids(ids): Ids<ApplicationPath>,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let db = app.store.db();
    let found = application::find_own(db, &developer, ids.application_id).await?;
    let select = registration::Entity::find()
        .join(JoinType::InnerJoin, Relation::Api.def())
        .filter(Column::ApplicationId.eq(found.id));
    let (rows, page) = query.read(&LIST)?.fetch(db, select).await?.split();
    Ok(Shown(page.with(views(db, rows).await?)))
}

async fn create(
    State(app): State<App>,
    SignedIn { portal, developer }: SignedIn,
    Ids(ids): Ids<ApplicationPath>,
    body: Body<NewRegistrationV2>,
) -> Result<Created<View>, Problem> {
    let db = app.store.db();
    if let Given::Yes(scopes) = body.0.scopes {
        let found = application::find_own(db, &developer, ids.application_id).await?;
        let held = found.scopes.as_ref().map(crate::dcr::metadata::strings).unwrap_or_default();
        if !scopes.iter().all(|scope| held.contains(scope)) {
            let reason = "must be scopes of the application: it has them for all registrations";
            return Err(Problem::one_invalid(Invalid::body("scopes", "invalid", reason)));
        }
    }
    let version = body.0.product_version_id;
    let made = usecase::ask(&app, &portal, &developer, ids.application_id, version)
        .await
        .map_err(|problem| problem.blaming("api_id", "product_version_id"))?;
    Ok(Created(view(db, made).await?))
}

async fn show(
    State(app): State<App>,
    SignedIn { developer, .. }: SignedIn,
    Ids(ids): Ids<RegistrationPath>,
) -> Result<Shown<View>, Problem> {
    let db = app.store.db();
    let application = application::find_own(db, &developer, ids.application_id).await?;
    let found = usecase::find(db, application.id, ids.registration_id).await?;
    Ok(Shown(view(db, found).await?))
}

async fn delete(
    State(app): State<App>,
    SignedIn { developer, .. }: SignedIn,
    Ids(ids): Ids<RegistrationPath>,
) -> Result<NoContent, Problem> {
    let application = application::find_own(app.store.db(), &developer, ids.application_id).await?;
    usecase::delete(&app, application.id, ids.registration_id).await?;
    Ok(NoContent)
}
