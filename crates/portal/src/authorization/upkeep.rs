//! What of tokens and codes has to be forgotten from time to time.

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};

use crate::app::App;
use crate::store::entity::{auth_code, auth_token, initial_access_token};

/// How long codes are kept after their time: one that comes twice takes back what came of it.
const CODE_MEMORY_MS: i64 = 86_400_000;

/// Forgets tokens and codes whose time is over.
pub(crate) async fn prune(app: &App) -> Result<(), DbErr> {
    let (db, now) = (app.store.db(), app.clock.now());
    auth_token::Entity::delete_many()
        .filter(auth_token::Column::ExpiresAt.lte(now))
        .exec(db)
        .await?;
    auth_code::Entity::delete_many()
        .filter(auth_code::Column::ExpiresAt.lte(now - CODE_MEMORY_MS))
        .exec(db)
        .await?;
    initial_access_token::Entity::delete_many()
        .filter(initial_access_token::Column::ExpiresAt.lte(now))
        .exec(db)
        .await?;
    Ok(())
}
