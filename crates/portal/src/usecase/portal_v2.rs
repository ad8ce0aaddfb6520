//! What is different about a portal under `/v2`: it is public as a whole or not at all, and goes
//! without force while nobody uses it.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use uuid::Uuid;

use super::portal;
use crate::app::App;
use crate::problem::{Invalid, Problem};
use crate::store::entity::{self, developer, publication};

/// What is published follows the portal that became public, or ceased to be.
pub(crate) async fn show_all_or_none(
    app: &App,
    portal: &entity::portal::Model,
) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    let visibility = Expr::value(portal.default_api_visibility.clone());
    publication::Entity::update_many()
        .col_expr(publication::Column::Visibility, visibility)
        .filter(publication::Column::PortalId.eq(portal.id))
        .exec(&*tx)
        .await?;
    tx.commit().await?;
    Ok(())
}

/// Deletes a portal. While it has developers, or takes registrations, it takes force.
pub(crate) async fn delete(app: &App, id: Uuid, force: bool) -> Result<(), Problem> {
    let db = app.store.db();
    portal::find(db, id).await?;
    if !force {
        let developers = developer::Entity::find().filter(developer::Column::PortalId.eq(id));
        let open = publication::Entity::find()
            .filter(publication::Column::PortalId.eq(id))
            .filter(publication::Column::StrategyId.is_not_null())
            .filter(publication::Column::RegistrationEnabled.eq(true));
        if developers.count(db).await? > 0 || open.count(db).await? > 0 {
            let reason = "must be true while the portal has developers or takes registrations";
            return Err(Problem::one_invalid(Invalid::query("force", "invalid", reason)));
        }
    }
    portal::delete(app, id, true).await
}
