//! `/v2/api-products`.

use std::collections::{BTreeSet, HashMap};

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use serde::Serialize;
use uuid::Uuid;

use crate::actor::Admin;
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::{Instant, Labels, ProductPath, members};
use crate::app::App;
use crate::input::{Body, Catalogue, Ids};
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::api_product::{self, Column};
use crate::store::entity::{api, portal};
use crate::usecase::product::{self as usecase, NewProduct, ProductEdit};

const TAG: &str = "API products";

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Id "id" = Column::Id;
        Text "name" = Column::Name;
    },
    sorts: attributes! {
        Text "name" = Column::Name;
        Time "created_at" = Column::CreatedAt;
        Time "updated_at" = Column::UpdatedAt;
    },
    order: || vec![Column::CreatedAt.into_expr(), Column::Id.into_expr()],
};

/// An API product.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApiProduct")]
struct View {
    id: Uuid,
    name: String,
    description: Option<String>,
    portal_ids: Vec<Uuid>,
    portals: Vec<PortalName>,
    version_count: usize,
    labels: Labels,
    public_labels: Labels,
    created_at: Instant,
    updated_at: Instant,
}

#[derive(Debug, Serialize, JsonSchema)]
struct PortalName {
    portal_id: Uuid,
    portal_name: String,
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/v2/api-products",
            get_with(list, |op| LIST.document(op.id("get-many-api-product").tag(TAG)))
                .post_with(create, |op| op.id("create-api-product").tag(TAG)),
        )
        .api_route(
            "/v2/api-products/{apiProductId}",
            get_with(show, |op| op.id("get-api-product").tag(TAG))
                .patch_with(update, |op| op.id("update-api-product").tag(TAG))
                .delete_with(delete, |op| op.id("delete-api-product").tag(TAG)),
        )
}

/// What is around products, fetched for all at once.
pub(super) struct Around {
    portals: HashMap<Uuid, BTreeSet<Uuid>>,
    names: HashMap<Uuid, String>,
    counts: HashMap<Uuid, usize>,
}

impl Around {
    pub(super) async fn fetch(
        db: &impl ConnectionTrait,
        rows: &[api_product::Model],
    ) -> Result<Self, Problem> {
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        let portals = usecase::portals(db, &ids).await?;
        let named: BTreeSet<_> = portals.values().flatten().copied().collect();
        let names: Vec<(Uuid, String)> = portal::Entity::find()
            .filter(portal::Column::Id.is_in(named))
            .select_only()
            .column(portal::Column::Id)
            .column(portal::Column::Name)
            .into_tuple()
            .all(db)
            .await?;
        let versions: Vec<Option<Uuid>> = api::Entity::find()
            .filter(api::Column::ProductId.is_in(ids))
            .select_only()
            .column(api::Column::ProductId)
            .into_tuple()
            .all(db)
            .await?;
        let mut counts: HashMap<Uuid, usize> = HashMap::new();
        for product in versions.into_iter().flatten() {
            *counts.entry(product).or_default() += 1;
        }
        Ok(Self { portals, names: names.into_iter().collect(), counts })
    }

    pub(super) fn portal_ids(&self, product: Uuid) -> Vec<Uuid> {
        self.portals.get(&product).into_iter().flatten().copied().collect()
    }

    pub(super) fn version_count(&self, product: Uuid) -> usize {
        self.counts.get(&product).copied().unwrap_or_default()
    }

    fn view(&self, row: api_product::Model) -> View {
        let portal_ids = self.portal_ids(row.id);
        let name = |id: &Uuid| {
            let portal_name = self.names.get(id)?.clone();
            Some(PortalName { portal_id: *id, portal_name })
        };
        View {
            portals: portal_ids.iter().filter_map(name).collect(),
            portal_ids,
            version_count: self.version_count(row.id),
            id: row.id,
            name: row.name,
            description: row.description,
            labels: members(row.labels),
            public_labels: members(row.public_labels),
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    }
}

async fn view(db: &impl ConnectionTrait, row: api_product::Model) -> Result<View, Problem> {
    Ok(Around::fetch(db, core::slice::from_ref(&row)).await?.view(row))
}

async fn list(
    _: Admin,
    State(app): State<App>,
    mut query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let db = app.store.db();
    let mut select = api_product::Entity::find();
    for (parameter, column) in [("labels", Column::Labels), ("public_labels", Column::PublicLabels)]
    {
        if let Some(wanted) = query.take(parameter) {
            let ids = labelled(db, parameter, &wanted, column).await?;
            select = select.filter(Column::Id.is_in(ids));
        }
    }
    let (rows, page) = query.read(&LIST)?.fetch(db, select).await?.split();
    let around = Around::fetch(db, &rows).await?;
    Ok(Shown(page.with(rows.into_iter().map(|row| around.view(row)).collect())))
}

/// The products that have labels: `key:value`, or `key` with any value, several with commas between.
async fn labelled(
    db: &impl ConnectionTrait,
    parameter: &str,
    wanted: &str,
    column: Column,
) -> Result<Vec<Uuid>, Problem> {
    let wanted: Vec<_> = wanted
        .split(',')
        .map(|part| part.split_once(':').map_or((part, None), |(key, value)| (key, Some(value))))
        .collect();
    if wanted.iter().any(|(key, _)| key.is_empty()) {
        let reason = "must be `key` or `key:value`, several with commas between";
        let fault = crate::problem::Invalid::query(parameter, "is_label", reason);
        return Err(Problem::one_invalid(fault));
    }
    let rows: Vec<(Uuid, serde_json::Value)> = api_product::Entity::find()
        .select_only()
        .column(Column::Id)
        .column(column)
        .into_tuple()
        .all(db)
        .await?;
    let fits = |labels: &serde_json::Value| {
        wanted.iter().all(|(key, value)| {
            let found = labels.get(key).and_then(serde_json::Value::as_str);
            found.is_some_and(|found| value.is_none_or(|value| value == found))
        })
    };
    Ok(rows.into_iter().filter(|(_, labels)| fits(labels)).map(|(id, _)| id).collect())
}

async fn create(
    _: Admin,
    State(app): State<App>,
    body: Body<NewProduct, Catalogue>,
) -> Result<Created<View>, Problem> {
    let made = usecase::create(&app, body.0).await?;
    Ok(Created(view(app.store.db(), made).await?))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ProductPath>,
) -> Result<Shown<View>, Problem> {
    let found = usecase::find(app.store.db(), ids.api_product_id).await?;
    Ok(Shown(view(app.store.db(), found).await?))
}

async fn update(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ProductPath>,
    body: Body<ProductEdit, Catalogue>,
) -> Result<Shown<View>, Problem> {
    let updated = usecase::update(&app, ids.api_product_id, body.0).await?;
    Ok(Shown(view(app.store.db(), updated).await?))
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ProductPath>,
) -> Result<NoContent, Problem> {
    usecase::delete(&app, ids.api_product_id).await?;
    Ok(NoContent)
}
