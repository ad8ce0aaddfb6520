//! Publications: an API in a portal.

use schemars::JsonSchema;
use sea_orm::sea_query::SimpleExpr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    ModelTrait, QueryFilter,
};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::portal::Visibility;
use super::{api, portal, strategy};
use crate::app::App;
use crate::input::Given;
use crate::problem::Problem;
use crate::revision::{ChangeSet, record};
use crate::store::entity::{self, implementation, publication};

/// How an API is to be published.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Publish {
    /// Missing: the portal's default. Null: without application auth. One id: that strategy.
    #[serde(default)]
    #[schemars(length(min = 1, max = 1))]
    auth_strategy_ids: Given<Option<Vec<Uuid>>>,
    #[serde(default)]
    auto_approve_registrations: Given<bool>,
    #[serde(default)]
    visibility: Given<Visibility>,
}

impl publication::Model {
    /// Whether it counts: it shows in the portal, and gateways know of it.
    pub(crate) const fn is_live(&self) -> bool {
        self.published && self.product_published
    }
}

/// What makes a publication count, for queries.
pub(crate) fn live() -> SimpleExpr {
    let product = publication::Column::ProductPublished.eq(true);
    sea_orm::ExprTrait::and(publication::Column::Published.eq(true), product)
}

/// The publication of an API in a portal.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    api: Uuid,
    portal: Uuid,
) -> Result<publication::Model, Problem> {
    let found = find_any(db, api, portal).await?;
    Some(found).filter(publication::Model::is_live).ok_or_else(Problem::not_found)
}

/// The same, even while it does not count.
pub(crate) async fn find_any(
    db: &impl ConnectionTrait,
    api: Uuid,
    portal: Uuid,
) -> Result<publication::Model, Problem> {
    let found = publication::Entity::find_by_id((api, portal)).one(db).await?;
    found.ok_or_else(Problem::not_found)
}

/// The publications of a portal.
pub(crate) async fn of_portal(
    db: &impl ConnectionTrait,
    portal: Uuid,
) -> Result<Vec<publication::Model>, DbErr> {
    publication::Entity::find().filter(publication::Column::PortalId.eq(portal)).all(db).await
}

/// The publications of an API.
pub(crate) async fn of_api(
    db: &impl ConnectionTrait,
    api: Uuid,
) -> Result<Vec<publication::Model>, DbErr> {
    publication::Entity::find().filter(publication::Column::ApiId.eq(api)).all(db).await
}

/// Publishes an API in a portal, or replaces how it is published.
pub(crate) async fn put(
    app: &App,
    api_id: Uuid,
    portal_id: Uuid,
    publish: Publish,
) -> Result<publication::Model, Problem> {
    let now = app.clock.now();
    let mut tx = app.store.change().await?;
    let api = api::find(&*tx, api_id).await?;
    let portal = portal::find(&*tx, portal_id).await?;
    let strategy_id = match publish.auth_strategy_ids {
        Given::No => portal.default_strategy_id,
        Given::Yes(ids) => ids.into_iter().flatten().next(),
    };
    if let Some(id) = strategy_id {
        strategy::exists(&*tx, id, "auth_strategy_ids").await?;
    }
    let before = publication::Entity::find_by_id((api_id, portal_id)).one(&*tx).await?;
    let known = before.clone().unwrap_or_else(|| fresh(&api, &portal, now));
    let after = publication::Model {
        strategy_id,
        auto_approve: publish.auto_approve_registrations.or(false),
        visibility: match publish.visibility {
            Given::Yes(visibility) => visibility.as_str().into(),
            Given::No => portal.default_api_visibility,
        },
        // To publish an API is to publish it, whatever was held back before.
        published: true,
        product_published: true,
        updated_at: before.as_ref().map_or(now, |before| now.max(before.updated_at + 1)),
        ..known
    };
    let row = after.into_active_model();
    let after = match before {
        Some(_) => row.reset_all().update(&*tx).await?,
        None => row.insert(&*tx).await?,
    };
    tell(&mut tx, &after).await?;
    tx.commit().await?;
    Ok(after)
}

/// A publication as it starts: with nothing said of it.
pub(crate) fn fresh(
    api: &entity::api::Model,
    portal: &entity::portal::Model,
    now: i64,
) -> publication::Model {
    publication::Model {
        api_id: api.id,
        portal_id: portal.id,
        id: Uuid::now_v7(),
        strategy_id: None,
        auto_approve: false,
        visibility: portal.default_api_visibility.clone(),
        published: true,
        product_published: true,
        registration_enabled: true,
        deprecated: api.deprecated,
        show_issuer: false,
        consumer_credentials: false,
        display_name: None,
        description: None,
        tags: Value::Array(Vec::new()),
        created_at: now,
        updated_at: now,
    }
}

/// Writes what changed of a publication, and tells the gateway.
pub(crate) async fn store(
    tx: &mut ChangeSet,
    mut after: publication::Model,
    now: i64,
) -> Result<publication::Model, Problem> {
    after.updated_at = now.max(after.updated_at + 1);
    let after = after.into_active_model().reset_all().update(&**tx).await?;
    tell(tx, &after).await?;
    Ok(after)
}

/// Takes an API out of a portal. Registrations stay and count again if it is published again
/// with the same strategy; until then nothing lets requests through.
pub(crate) async fn delete(app: &App, api: Uuid, portal: Uuid) -> Result<(), Problem> {
    let mut tx = app.store.change().await?;
    let publication = find_any(&*tx, api, portal).await?;
    forget(&mut tx, &publication).await?;
    publication.delete(&*tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Tells the gateway of the API's service, if it has one, what the publication is now. One that does
/// not count is unknown to it.
pub(crate) async fn tell(
    tx: &mut ChangeSet,
    publication: &publication::Model,
) -> Result<(), DbErr> {
    if !publication.is_live() {
        return forget(tx, publication).await;
    }
    if let Some(implementation) = implementation_of(tx, publication.api_id).await? {
        let known = record::publication(publication, &implementation);
        tx.put_at(implementation.gateway_id.into(), known);
    }
    Ok(())
}

/// Tells the gateway of the API's service, if it has one, that the publication is gone.
pub(crate) async fn forget(
    tx: &mut ChangeSet,
    publication: &publication::Model,
) -> Result<(), DbErr> {
    if let Some(implementation) = implementation_of(tx, publication.api_id).await? {
        tx.delete_at(implementation.gateway_id.into(), record::publication_key(publication));
    }
    Ok(())
}

async fn implementation_of(
    tx: &ChangeSet,
    api: Uuid,
) -> Result<Option<implementation::Model>, DbErr> {
    implementation::Entity::find().filter(implementation::Column::ApiId.eq(api)).one(&**tx).await
}
