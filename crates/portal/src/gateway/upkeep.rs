//! What has to be forgotten from time to time.

use core::time::Duration;

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::delta::signed;
use super::receipts;
use crate::app::App;
use crate::store::entity::change;

const PERIOD: Duration = Duration::from_secs(60);

/// Tidies up for as long as the portal runs.
pub(crate) async fn tidy_forever(app: App) {
    let mut period = tokio::time::interval(PERIOD);
    loop {
        period.tick().await;
        if let Err(error) = tidy(&app).await {
            tracing::warn!(cause = %error, "cannot tidy the change log");
        }
    }
}

/// Forgets old changes, receipts and snapshots.
pub(crate) async fn tidy(app: &App) -> Result<(), DbErr> {
    app.gateways.snapshots.tidy();
    receipts::prune(app).await?;
    prune_log(app).await
}

/// Shortens the change log from its start, by whole revisions. The newest stays, however long.
async fn prune_log(app: &App) -> Result<(), DbErr> {
    let newest = app.store.look().await?;
    let first_too_many: Option<i64> = change::Entity::find()
        .select_only()
        .column(change::Column::Revision)
        .order_by_desc(change::Column::Revision)
        .order_by_desc(change::Column::Sequence)
        .offset(app.config.retained_changes)
        .limit(1)
        .into_tuple()
        .one(app.store.db())
        .await?;
    let Some(last) = first_too_many.map(|last| last.min(signed(newest) - 1)) else {
        return Ok(());
    };
    change::Entity::delete_many()
        .filter(change::Column::Revision.lte(last))
        .exec(app.store.db())
        .await?;
    Ok(())
}
