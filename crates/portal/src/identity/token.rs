//! Tokens that clients hold, as far as they are remembered.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Select};
use uuid::Uuid;

use super::client;
use crate::app::App;
use crate::problem::Problem;
use crate::store::entity::{auth_code, auth_token};

/// The tokens of a client that are still valid.
pub(crate) fn of_client(server: Uuid, client: &str, now: i64) -> Select<auth_token::Entity> {
    auth_token::Entity::find()
        .filter(auth_token::Column::ServerId.eq(server))
        .filter(auth_token::Column::ClientId.eq(client))
        .filter(auth_token::Column::ExpiresAt.gt(now))
}

/// The token of a client.
pub(crate) async fn find(
    app: &App,
    db: &impl ConnectionTrait,
    server: Uuid,
    client: &str,
    id: Uuid,
) -> Result<auth_token::Model, Problem> {
    let found = of_client(server, client, app.clock.now()).filter(auth_token::Column::Id.eq(id));
    found.one(db).await?.ok_or_else(Problem::not_found)
}

/// Revokes a token.
pub(crate) async fn delete(app: &App, server: Uuid, client: &str, id: Uuid) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    find(app, &tx, server, client, id).await?;
    auth_token::Entity::delete_by_id(id).exec(&tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Revokes every token of a client, and what it could still trade for tokens.
pub(crate) async fn delete_all(app: &App, server: Uuid, client: &str) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    client::find(&tx, server, client).await?;
    auth_token::Entity::delete_many()
        .filter(auth_token::Column::ServerId.eq(server))
        .filter(auth_token::Column::ClientId.eq(client))
        .exec(&tx)
        .await?;
    auth_code::Entity::delete_many()
        .filter(auth_code::Column::ServerId.eq(server))
        .filter(auth_code::Column::ClientId.eq(client))
        .exec(&tx)
        .await?;
    tx.commit().await?;
    Ok(())
}
