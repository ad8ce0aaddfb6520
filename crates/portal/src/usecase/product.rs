//! API products: APIs that are versions of one thing.
//!
//! A version of a product is an API, and every API is a version of one: an API that is made alone
//! joins the product of its name, and if there is none an implicit one is made with it. What is said
//! of a product's name and description is said of its versions as well.

use std::collections::{BTreeSet, HashMap};

use schemars::JsonSchema;
use sea_orm::sea_query::{Query, SelectStatement};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, JoinType,
    ModelTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, RelationTrait,
};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::label::LabelEdit;
use super::{publication, publication::live};
use crate::app::App;
use crate::input::Given;
use crate::problem::{Invalid, Problem};
use crate::revision::ChangeSet;
use crate::store::entity::{self, api, api_product, portal, product_portal};

/// An API product to make.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewApiProduct")]
pub(crate) struct NewProduct {
    #[schemars(length(min = 1, max = 100))]
    name: String,
    #[serde(default)]
    #[schemars(length(max = 65536))]
    description: Given<Option<String>>,
    #[serde(default)]
    labels: Given<LabelEdit>,
    #[serde(default)]
    public_labels: Given<LabelEdit>,
    /// The portals that it is published to.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    portal_ids: Given<Vec<Uuid>>,
}

/// What to change of an API product.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ApiProductEdit")]
pub(crate) struct ProductEdit {
    #[serde(default)]
    #[schemars(length(min = 1, max = 100))]
    name: Given<String>,
    #[serde(default)]
    #[schemars(length(max = 65536))]
    description: Given<Option<String>>,
    #[serde(default)]
    labels: Given<Option<LabelEdit>>,
    #[serde(default)]
    public_labels: Given<LabelEdit>,
    /// The portals that it is published to, instead of those before.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    portal_ids: Given<Vec<Uuid>>,
}

/// The API product of that id.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    id: Uuid,
) -> Result<api_product::Model, Problem> {
    api_product::Entity::find_by_id(id).one(db).await?.ok_or_else(Problem::not_found)
}

/// The versions of a product, oldest first.
pub(crate) async fn versions(
    db: &impl ConnectionTrait,
    product: Uuid,
) -> Result<Vec<api::Model>, DbErr> {
    api::Entity::find()
        .filter(api::Column::ProductId.eq(product))
        .order_by_asc(api::Column::CreatedAt)
        .order_by_asc(api::Column::Id)
        .all(db)
        .await
}

/// Makes an API product.
pub(crate) async fn create(app: &App, new: NewProduct) -> Result<api_product::Model, Problem> {
    let now = app.clock.now();
    let mut tx = app.store.change().await?;
    let made = api_product::Model {
        id: Uuid::now_v7(),
        name: new.name,
        description: new.description.or(None),
        labels: new.labels.or(LabelEdit::default()).fresh()?,
        public_labels: new.public_labels.or(LabelEdit::default()).fresh()?,
        implicit: false,
        created_at: now,
        updated_at: now,
    };
    let made = made.into_active_model().insert(&*tx).await?;
    set_portals(&mut tx, made.id, new.portal_ids.or(Vec::new()), now).await?;
    tx.commit().await?;
    Ok(made)
}

/// Changes an API product, and what its versions have of it.
pub(crate) async fn update(
    app: &App,
    id: Uuid,
    edit: ProductEdit,
) -> Result<api_product::Model, Problem> {
    let now = app.clock.now();
    let mut tx = app.store.change().await?;
    let before = find(&*tx, id).await?;
    let mut after = before.clone();
    edit.name.put(&mut after.name);
    edit.description.put(&mut after.description);
    if let Given::Yes(labels) = edit.labels {
        after.labels = labels.unwrap_or_default().apply(&before.labels)?;
    }
    if let Given::Yes(labels) = edit.public_labels {
        after.public_labels = labels.apply(&before.public_labels)?;
    }
    // Somebody answers for it now: it stays when its last version goes.
    after.implicit = false;
    for version in versions(&*tx, id).await? {
        follow(&tx, &before, &after, version, now).await?;
    }
    after.updated_at = now.max(before.updated_at + 1);
    let after = after.into_active_model().reset_all().update(&*tx).await?;
    if let Given::Yes(portals) = edit.portal_ids {
        set_portals(&mut tx, id, portals, now).await?;
    }
    tx.commit().await?;
    Ok(after)
}

/// Gives a version the name of its product, and the description unless it has one of its own.
async fn follow(
    tx: &ChangeSet,
    before: &api_product::Model,
    after: &api_product::Model,
    mut version: api::Model,
    now: i64,
) -> Result<(), Problem> {
    let described = version.description == before.description;
    if version.name == after.name && (!described || before.description == after.description) {
        return Ok(());
    }
    version.name.clone_from(&after.name);
    if described {
        version.description.clone_from(&after.description);
    }
    let twins = api::Entity::find()
        .filter(api::Column::Id.ne(version.id))
        .filter(api::Column::Name.eq(&version.name))
        .filter(api::Column::Version.eq(&version.version));
    if twins.count(&**tx).await? > 0 {
        let reason = "another API of that name has a version of the product";
        return Err(Problem::one_invalid(Invalid::body("name", "invalid", reason)));
    }
    version.updated_at = now.max(version.updated_at + 1);
    version.into_active_model().reset_all().update(&**tx).await?;
    Ok(())
}

/// Deletes an API product with its versions.
pub(crate) async fn delete(app: &App, id: Uuid) -> Result<(), Problem> {
    let mut tx = app.store.change().await?;
    let product = find(&*tx, id).await?;
    for version in versions(&*tx, id).await? {
        super::api::forget(&mut tx, &version).await?;
        version.delete(&*tx).await?;
    }
    product.delete(&*tx).await?;
    tx.commit().await?;
    Ok(())
}

/// The product that an API of a name belongs to, made if there is none.
pub(crate) async fn of_name(
    tx: &ChangeSet,
    name: &str,
    description: Option<&str>,
    now: i64,
) -> Result<Uuid, DbErr> {
    let known = api_product::Entity::find()
        .filter(api_product::Column::Name.eq(name))
        .order_by_asc(api_product::Column::CreatedAt)
        .order_by_asc(api_product::Column::Id)
        .one(&**tx)
        .await?;
    if let Some(known) = known {
        return Ok(known.id);
    }
    let made = api_product::Model {
        id: Uuid::now_v7(),
        name: name.to_owned(),
        description: description.map(str::to_owned),
        labels: json!({}),
        public_labels: json!({}),
        implicit: true,
        created_at: now,
        updated_at: now,
    };
    Ok(made.into_active_model().insert(&**tx).await?.id)
}

/// An API changed its name or description: its product follows, or it goes to another.
pub(crate) async fn renamed(
    tx: &ChangeSet,
    before: &api::Model,
    after: &mut api::Model,
    now: i64,
) -> Result<(), DbErr> {
    if before.name != after.name {
        let description = after.description.as_deref();
        after.product_id = Some(of_name(tx, &after.name, description, now).await?);
    } else if before.description != after.description
        && let Some(id) = before.product_id
        && let Some(product) = api_product::Entity::find_by_id(id).one(&**tx).await?
        && product.implicit
    {
        let mut product = product;
        product.description.clone_from(&after.description);
        product.into_active_model().reset_all().update(&**tx).await?;
    }
    Ok(())
}

/// An API left a product: an implicit one goes when nothing is in it.
pub(crate) async fn left(tx: &ChangeSet, product: Option<Uuid>) -> Result<(), DbErr> {
    let Some(id) = product else { return Ok(()) };
    let Some(product) = api_product::Entity::find_by_id(id).one(&**tx).await? else {
        return Ok(());
    };
    let versions = api::Entity::find().filter(api::Column::ProductId.eq(id));
    if product.implicit && versions.count(&**tx).await? == 0 {
        product.delete(&**tx).await?;
    }
    Ok(())
}

/// The portals that products are published to: those where somebody said so, and those where one of
/// the versions counts.
pub(crate) async fn portals(
    db: &impl ConnectionTrait,
    products: &[Uuid],
) -> Result<HashMap<Uuid, BTreeSet<Uuid>>, DbErr> {
    let mut portals: HashMap<Uuid, BTreeSet<Uuid>> = HashMap::new();
    let said = product_portal::Entity::find()
        .filter(product_portal::Column::ProductId.is_in(products.iter().copied()))
        .all(db)
        .await?;
    for row in said {
        portals.entry(row.product_id).or_default().insert(row.portal_id);
    }
    let counting: Vec<(Option<Uuid>, Uuid)> = entity::publication::Entity::find()
        .join(JoinType::InnerJoin, entity::publication::Relation::Api.def())
        .filter(api::Column::ProductId.is_in(products.iter().copied()))
        .filter(live())
        .select_only()
        .column(api::Column::ProductId)
        .column(entity::publication::Column::PortalId)
        .distinct()
        .into_tuple()
        .all(db)
        .await?;
    for (product, portal) in counting {
        if let Some(product) = product {
            portals.entry(product).or_default().insert(portal);
        }
    }
    Ok(portals)
}

/// The products that portals have: the same, seen from the other side.
pub(crate) async fn of_portals(
    db: &impl ConnectionTrait,
    portals: &[Uuid],
) -> Result<HashMap<Uuid, BTreeSet<Uuid>>, DbErr> {
    let mut products: HashMap<Uuid, BTreeSet<Uuid>> = HashMap::new();
    let said = product_portal::Entity::find()
        .filter(product_portal::Column::PortalId.is_in(portals.iter().copied()))
        .all(db)
        .await?;
    for row in said {
        products.entry(row.portal_id).or_default().insert(row.product_id);
    }
    let counting: Vec<(Uuid, Option<Uuid>)> = entity::publication::Entity::find()
        .join(JoinType::InnerJoin, entity::publication::Relation::Api.def())
        .filter(entity::publication::Column::PortalId.is_in(portals.iter().copied()))
        .filter(live())
        .select_only()
        .column(entity::publication::Column::PortalId)
        .column(api::Column::ProductId)
        .distinct()
        .into_tuple()
        .all(db)
        .await?;
    for (portal, product) in counting {
        products.entry(portal).or_default().extend(product);
    }
    Ok(products)
}

/// Whether a product is published to a portal.
pub(crate) async fn is_published(
    db: &impl ConnectionTrait,
    product: Uuid,
    portal: Uuid,
) -> Result<bool, DbErr> {
    let portals = portals(db, &[product]).await?;
    Ok(portals.get(&product).is_some_and(|portals| portals.contains(&portal)))
}

/// The products of a portal, for queries.
pub(crate) fn of_portal(portal: Uuid) -> sea_orm::Condition {
    let said: SelectStatement = Query::select()
        .column(product_portal::Column::ProductId)
        .from(product_portal::Entity)
        .and_where(product_portal::Column::PortalId.eq(portal))
        .take();
    let counting: SelectStatement = sea_orm::QueryTrait::into_query(
        entity::publication::Entity::find()
            .join(JoinType::InnerJoin, entity::publication::Relation::Api.def())
            .filter(entity::publication::Column::PortalId.eq(portal))
            .filter(live())
            .filter(api::Column::ProductId.is_not_null())
            .select_only()
            .column(api::Column::ProductId),
    );
    sea_orm::Condition::any()
        .add(api_product::Column::Id.in_subquery(said))
        .add(api_product::Column::Id.in_subquery(counting))
}

/// Publishes a product to these portals and takes it out of all others.
async fn set_portals(
    tx: &mut ChangeSet,
    product: Uuid,
    wanted: Vec<Uuid>,
    now: i64,
) -> Result<(), Problem> {
    let wanted: BTreeSet<_> = wanted.into_iter().collect();
    let known = portal::Entity::find()
        .filter(portal::Column::Id.is_in(wanted.iter().copied()))
        .count(&**tx)
        .await?;
    if known != wanted.len() as u64 {
        let fault = Invalid::body("portal_ids", "missing_reference", "Portal not found");
        return Err(Problem::one_invalid(fault));
    }
    let mut before = portals(&**tx, &[product]).await?;
    let before = before.remove(&product).unwrap_or_default();
    for portal in before.difference(&wanted) {
        publish(tx, product, *portal, false, now).await?;
    }
    for portal in wanted.difference(&before) {
        publish(tx, product, *portal, true, now).await?;
    }
    Ok(())
}

/// Publishes a product to a portal, or takes it out: its published versions follow.
pub(crate) async fn publish(
    tx: &mut ChangeSet,
    product: Uuid,
    portal: Uuid,
    published: bool,
    now: i64,
) -> Result<(), Problem> {
    let said = product_portal::Entity::find_by_id((product, portal)).one(&**tx).await?;
    match said {
        None if published => {
            let row = product_portal::Model { product_id: product, portal_id: portal };
            row.into_active_model().insert(&**tx).await?;
        }
        Some(row) if !published => {
            row.delete(&**tx).await?;
        }
        _ => {}
    }
    let rows = entity::publication::Entity::find()
        .join(JoinType::InnerJoin, entity::publication::Relation::Api.def())
        .filter(api::Column::ProductId.eq(product))
        .filter(entity::publication::Column::PortalId.eq(portal))
        .filter(entity::publication::Column::ProductPublished.ne(published))
        .all(&**tx)
        .await?;
    for row in rows {
        let after = entity::publication::Model { product_published: published, ..row };
        publication::store(tx, after, now).await?;
    }
    Ok(())
}

/// What is to become of some products in a portal.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Publishing {
    api_products: std::collections::BTreeMap<Uuid, Option<Wanted>>,
}

/// What is to become of a product in a portal.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
struct Wanted {
    publish_status: PublishStatus,
}

/// Whether something is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum PublishStatus {
    Published,
    Unpublished,
}

impl PublishStatus {
    /// As it is said in one word.
    pub(crate) const fn of(published: bool) -> Self {
        if published { Self::Published } else { Self::Unpublished }
    }

    /// Whether it is published.
    pub(crate) fn is_published(self) -> bool {
        self == Self::Published
    }
}

/// Publishes products to a portal or takes them out, all or none.
pub(crate) async fn publish_all(
    app: &App,
    portal: Uuid,
    publishing: Publishing,
) -> Result<(), Problem> {
    let now = app.clock.now();
    let mut tx = app.store.change().await?;
    super::portal::find(&*tx, portal).await?;
    for (id, wanted) in publishing.api_products {
        if api_product::Entity::find_by_id(id).one(&*tx).await?.is_none() {
            let at = format!("api_products.{id}");
            let fault = Invalid::body(at, "missing_reference", "API product not found");
            return Err(Problem::one_invalid(fault));
        }
        if let Some(wanted) = wanted {
            publish(&mut tx, id, portal, wanted.publish_status.is_published(), now).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}
