//! Publications: an API in a portal.

use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    ModelTrait, QueryFilter,
};
use serde::Deserialize;
use uuid::Uuid;

use super::portal::Visibility;
use super::{api, portal, strategy};
use crate::app::App;
use crate::input::Given;
use crate::problem::Problem;
use crate::revision::{ChangeSet, record};
use crate::store::entity::{implementation, publication};

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

/// The publication of an API in a portal.
pub(crate) async fn find(
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
    api::find(&*tx, api_id).await?;
    let portal = portal::find(&*tx, portal_id).await?;
    let strategy_id = match publish.auth_strategy_ids {
        Given::No => portal.default_strategy_id,
        Given::Yes(ids) => ids.into_iter().flatten().next(),
    };
    if let Some(id) = strategy_id {
        strategy::exists(&*tx, id, "auth_strategy_ids").await?;
    }
    let before = publication::Entity::find_by_id((api_id, portal_id)).one(&*tx).await?;
    let after = publication::Model {
        api_id,
        portal_id,
        strategy_id,
        auto_approve: publish.auto_approve_registrations.or(false),
        visibility: match publish.visibility {
            Given::Yes(visibility) => visibility.as_str().into(),
            Given::No => portal.default_api_visibility,
        },
        created_at: before.as_ref().map_or(now, |before| before.created_at),
        updated_at: before.as_ref().map_or(now, |before| now.max(before.updated_at + 1)),
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

/// Takes an API out of a portal. Registrations stay and count again if it is published again
/// with the same strategy; until then nothing lets requests through.
pub(crate) async fn delete(app: &App, api: Uuid, portal: Uuid) -> Result<(), Problem> {
    let mut tx = app.store.change().await?;
    let publication = find(&*tx, api, portal).await?;
    forget(&mut tx, &publication).await?;
    publication.delete(&*tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Tells the gateway of the API's service, if it has one, what the publication is now.
pub(crate) async fn tell(
    tx: &mut ChangeSet,
    publication: &publication::Model,
) -> Result<(), DbErr> {
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
