//! The products of a portal: `products/...`.

use std::collections::HashMap;

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::BASE;
use crate::actor::{SignedIn, Visitor};
use crate::api::reply::{NoContent, Shown};
use crate::api::shape::{Instant, Labels, members};
use crate::api::v2::version_name;
use crate::api::view::{Strategies, StrategySummary};
use crate::app::App;
use crate::input::Ids;
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::{Invalid, Problem};
use crate::store::entity::api_product::{self, Column};
use crate::store::entity::{
    api, api_version, application, developer, portal, publication, registration,
};
use crate::usecase::application::{self as owned, Owner};
use crate::usecase::catalogue;

const TAG: &str = "Products of a portal";

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Id "id" = Column::Id;
        Text "name" = Column::Name;
        Text "description" = Column::Description;
    },
    sorts: attributes! {
        Text "name" = Column::Name;
        Time "created_at" = Column::CreatedAt;
        Time "updated_at" = Column::UpdatedAt;
    },
    order: || vec![Column::Name.into_expr(), Column::Id.into_expr()],
};

const VERSION_LIST: ListSpec = ListSpec {
    filters: attributes! {
        Text "name" = api::Column::Version;
    },
    sorts: attributes! {},
    order: || vec![api::Column::CreatedAt.into_expr(), api::Column::Id.into_expr()],
};

const APPLICATION_LIST: ListSpec = ListSpec {
    filters: attributes! {
        Text "name" = application::Column::Name;
        Id "auth_strategy_id" = application::Column::StrategyId;
    },
    sorts: attributes! {},
    order: || vec![application::Column::CreatedAt.into_expr(), application::Column::Id.into_expr()],
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ProductName {
    product_id: Uuid,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct VersionName {
    product_id: Uuid,
    product_version_id: Uuid,
}

/// A product, as those who see it see it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CatalogueProduct")]
struct View {
    id: Uuid,
    name: String,
    description: Option<String>,
    version_count: usize,
    latest_version: Option<LatestVersion>,
    public_labels: Labels,
    created_at: Instant,
    updated_at: Instant,
}

#[derive(Debug, Serialize, JsonSchema)]
struct LatestVersion {
    id: Uuid,
    name: String,
}

/// A version of a product.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CatalogueProductVersion")]
struct VersionView {
    id: Uuid,
    name: String,
    deprecated: bool,
    registration_configs: Vec<RegistrationConfig>,
    created_at: Instant,
    updated_at: Instant,
}

/// How applications can register.
#[derive(Debug, Serialize, JsonSchema)]
struct RegistrationConfig {
    id: Uuid,
    name: String,
    credential_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_methods: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    available_scopes: Option<Vec<String>>,
    registration_enabled: bool,
    registration_auto_approve: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ProductActions")]
struct ProductActions {
    actions: Actions,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Actions {
    view: bool,
    register: bool,
    view_documentation: bool,
}

/// An application, and whether it is registered for the version.
#[derive(Debug, Serialize, JsonSchema)]
struct ProductVersionApplication {
    id: Uuid,
    name: String,
    registration_id: Option<Uuid>,
    registration_status: Option<String>,
    auth_strategy: StrategySummary,
    created_at: Instant,
    updated_at: Instant,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ProductVersionSpecification")]
struct SpecView {
    api_type: &'static str,
    content: String,
}

pub(super) fn routes() -> ApiRouter<App> {
    let product = format!("{BASE}/products/{{productId}}");
    let version = format!("{product}/versions/{{productVersionId}}");
    ApiRouter::new()
        .api_route(
            &format!("{BASE}/products"),
            get_with(list, |op| LIST.document(op.id("list-products").tag(TAG))),
        )
        .api_route(&product, get_with(show, |op| op.id("get-product").tag(TAG)))
        .api_route(
            &format!("{product}/actions"),
            get_with(actions, |op| op.id("get-product-actions").tag(TAG)),
        )
        .api_route(
            &format!("{product}/versions"),
            get_with(versions, |op| VERSION_LIST.document(op.id("list-product-versions").tag(TAG))),
        )
        .api_route(&version, get_with(version_of, |op| op.id("get-product-version").tag(TAG)))
        .api_route(
            &format!("{version}/applications"),
            get_with(applications, |op| {
                let op = op.id("get-applications-by-product-version").tag(TAG);
                APPLICATION_LIST.document(op)
            }),
        )
        .route(&format!("{version}/spec"), axum::routing::get(specification))
}

/// The products with a version that somebody sees.
fn visible(
    portal: &portal::Model,
    developer: Option<&developer::Model>,
) -> sea_orm::Select<api_product::Entity> {
    let ids = catalogue::visible(portal, developer)
        .filter(api::Column::ProductId.is_not_null())
        .select_only()
        .column(api::Column::ProductId);
    api_product::Entity::find().filter(Column::Id.in_subquery(ids.into_query()))
}

async fn find(
    db: &impl ConnectionTrait,
    portal: &portal::Model,
    developer: Option<&developer::Model>,
    id: Uuid,
) -> Result<api_product::Model, Problem> {
    let found = visible(portal, developer).filter(Column::Id.eq(id)).one(db).await?;
    found.ok_or_else(Problem::not_found)
}

async fn find_version(
    db: &impl ConnectionTrait,
    portal: &portal::Model,
    developer: Option<&developer::Model>,
    name: &VersionName,
) -> Result<(api::Model, publication::Model), Problem> {
    let id = name.product_version_id.to_string();
    let (api, publication) = catalogue::find(db, portal, developer, &id).await?;
    if api.product_id == Some(name.product_id) {
        Ok((api, publication))
    } else {
        Err(Problem::not_found())
    }
}

async fn views(
    db: &impl ConnectionTrait,
    portal: &portal::Model,
    developer: Option<&developer::Model>,
    rows: Vec<api_product::Model>,
) -> Result<Vec<View>, Problem> {
    let versions = catalogue::visible(portal, developer)
        .filter(api::Column::ProductId.is_in(rows.iter().map(|row| row.id)))
        .order_by_asc(api::Column::CreatedAt)
        .order_by_asc(api::Column::Id)
        .all(db)
        .await?;
    let mut of_product: HashMap<Uuid, Vec<api::Model>> = HashMap::new();
    for version in versions {
        of_product.entry(version.product_id.unwrap_or_default()).or_default().push(version);
    }
    let views = rows.into_iter().map(|row| {
        let versions = of_product.remove(&row.id).unwrap_or_default();
        View {
            version_count: versions.len(),
            latest_version: versions
                .last()
                .map(|version| LatestVersion { id: version.id, name: version_name(version) }),
            id: row.id,
            name: row.name,
            description: row.description,
            public_labels: members(row.public_labels),
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    });
    Ok(views.collect())
}

async fn list(
    State(app): State<App>,
    Visitor { portal, developer }: Visitor,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let (db, developer) = (app.store.db(), developer.as_ref());
    let select = visible(&portal, developer);
    let (rows, page) = query.read(&LIST)?.fetch(db, select).await?.split();
    Ok(Shown(page.with(views(db, &portal, developer, rows).await?)))
}

async fn show(
    State(app): State<App>,
    Visitor { portal, developer }: Visitor,
    Ids(name): Ids<ProductName>,
) -> Result<Shown<View>, Problem> {
    let (db, developer) = (app.store.db(), developer.as_ref());
    let found = find(db, &portal, developer, name.product_id).await?;
    let view = views(db, &portal, developer, vec![found]).await?.into_iter().next();
    Ok(Shown(view.ok_or_else(Problem::not_found)?))
}

async fn actions(
    State(app): State<App>,
    SignedIn { portal, developer }: SignedIn,
    Ids(name): Ids<ProductName>,
) -> Result<Shown<ProductActions>, Problem> {
    let db = app.store.db();
    let found = find(db, &portal, Some(&developer), name.product_id).await?;
    let versions = catalogue::visible(&portal, Some(&developer))
        .filter(api::Column::ProductId.eq(found.id))
        .select_only()
        .column(api::Column::Id);
    let open = publication::Entity::find()
        .filter(publication::Column::PortalId.eq(portal.id))
        .filter(publication::Column::ApiId.in_subquery(versions.into_query()))
        .filter(publication::Column::StrategyId.is_not_null())
        .filter(publication::Column::RegistrationEnabled.eq(true))
        .all(db)
        .await?;
    let owner = Owner::developer(developer.id);
    let mut register = false;
    for publication in open {
        register |= catalogue::may_register(db, &portal, &publication, owner).await?;
    }
    let actions = Actions { view: true, register, view_documentation: true };
    Ok(Shown(ProductActions { actions }))
}

async fn version_views(
    app: &App,
    portal: &portal::Model,
    rows: Vec<api::Model>,
) -> Result<Vec<VersionView>, Problem> {
    let db = app.store.db();
    let published: HashMap<_, _> = publication::Entity::find()
        .filter(publication::Column::PortalId.eq(portal.id))
        .filter(publication::Column::ApiId.is_in(rows.iter().map(|row| row.id)))
        .all(db)
        .await?
        .into_iter()
        .map(|row| (row.api_id, row))
        .collect();
    let strategies = published.values().filter_map(|row| row.strategy_id);
    let strategies = Strategies::fetch(app, db, strategies).await?;
    let mut views = Vec::with_capacity(rows.len());
    for row in rows {
        // It was unpublished between two queries.
        let Some(publication) = published.get(&row.id) else { continue };
        let strategy = publication.strategy_id.map(|id| strategies.plain(id)).transpose()?;
        let config = strategy.map(|strategy| RegistrationConfig {
            id: strategy.id,
            name: strategy.name,
            credential_type: strategy.credential_type,
            auth_methods: strategy.auth_methods,
            available_scopes: strategy.available_scopes,
            registration_enabled: publication.registration_enabled,
            registration_auto_approve: publication.auto_approve || portal.auto_approve_applications,
        });
        views.push(VersionView {
            id: row.id,
            name: version_name(&row),
            deprecated: publication.deprecated,
            registration_configs: config.into_iter().collect(),
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        });
    }
    Ok(views)
}

async fn versions(
    State(app): State<App>,
    Visitor { portal, developer }: Visitor,
    Ids(name): Ids<ProductName>,
    query: ListQuery,
) -> Result<Shown<Paged<VersionView>>, Problem> {
    let (db, developer) = (app.store.db(), developer.as_ref());
    let found = find(db, &portal, developer, name.product_id).await?;
    let select = catalogue::visible(&portal, developer).filter(api::Column::ProductId.eq(found.id));
    let (rows, page) = query.read(&VERSION_LIST)?.fetch(db, select).await?.split();
    Ok(Shown(page.with(version_views(&app, &portal, rows).await?)))
}

async fn version_of(
    State(app): State<App>,
    Visitor { portal, developer }: Visitor,
    Ids(name): Ids<VersionName>,
) -> Result<Shown<VersionView>, Problem> {
    let (found, _) = find_version(app.store.db(), &portal, developer.as_ref(), &name).await?;
    let view = version_views(&app, &portal, vec![found]).await?.into_iter().next();
    Ok(Shown(view.ok_or_else(Problem::not_found)?))
}

async fn applications(
    State(app): State<App>,
    SignedIn { portal, developer }: SignedIn,
    Ids(name): Ids<VersionName>,
    mut query: ListQuery,
) -> Result<Shown<Paged<ProductVersionApplication>>, Problem> {
    let db = app.store.db();
    let (api, _) = find_version(db, &portal, Some(&developer), &name).await?;
    let unregistered = match query.take("unregistered").as_deref() {
        None | Some("false") => false,
        Some("true" | "") => true,
        Some(_) => {
            let fault = Invalid::query("unregistered", "is_boolean", "must be true or false");
            return Err(Problem::one_invalid(fault));
        }
    };
    let own = application::Entity::find()
        .filter(owned::own(developer.id))
        .select_only()
        .column(application::Column::Id);
    let registrations: HashMap<_, _> = registration::Entity::find()
        .filter(registration::Column::ApiId.eq(api.id))
        .filter(registration::Column::ApplicationId.in_subquery(own.into_query()))
        .all(db)
        .await?
        .into_iter()
        .map(|row| (row.application_id, row))
        .collect();
    let registered = registrations.keys().copied();
    let which = if unregistered {
        application::Column::Id.is_not_in(registered)
    } else {
        application::Column::Id.is_in(registered)
    };
    let select = application::Entity::find().filter(owned::own(developer.id)).filter(which);
    let (rows, page) = query.read(&APPLICATION_LIST)?.fetch(db, select).await?.split();
    let strategies = Strategies::fetch(&app, db, rows.iter().map(|row| row.strategy_id)).await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let registration = registrations.get(&row.id);
        items.push(ProductVersionApplication {
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

async fn specification(
    State(app): State<App>,
    Visitor { portal, developer }: Visitor,
    Ids(name): Ids<VersionName>,
) -> Result<Response, Problem> {
    let db = app.store.db();
    let (found, _) = find_version(db, &portal, developer.as_ref(), &name).await?;
    let row = api_version::Entity::find()
        .filter(api_version::Column::ApiId.eq(found.id))
        .order_by_desc(api_version::Column::CreatedAt)
        .one(db)
        .await?;
    Ok(match row {
        None => NoContent.into_response(),
        Some(row) => {
            Shown(SpecView { api_type: "openapi", content: row.spec_content }).into_response()
        }
    })
}
