//! What has to be forgotten from time to time.

use core::time::Duration;

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::delta::{signed, unsigned};
use super::{receipts, refusals, usage};
use crate::app::App;
use crate::audit;
use crate::authorization;
use crate::mail;
use crate::session;
use crate::store::entity::change;
use crate::usecase::{admin_session, mail_token};
use crate::webhook;

const PERIOD: Duration = Duration::from_secs(60);
/// After how many periods it is looked how much is in the tables.
const ROUNDS_TO_LOOK: u64 = 60;

/// Tidies up for as long as the portal runs.
pub(crate) async fn tidy_forever(app: App) {
    let mut period = tokio::time::interval(PERIOD);
    for round in 1_u64.. {
        period.tick().await;
        if round % ROUNDS_TO_LOOK == 0
            && let Err(error) = app.store.look_at_tables().await
        {
            tracing::warn!(cause = %error, "cannot look at the tables");
        }
        if let Err(error) = tidy(&app).await {
            tracing::warn!(cause = %error, "cannot tidy up");
        }
    }
}

/// Forgets old changes, receipts, counters, snapshots, sessions and tokens.
pub(crate) async fn tidy(app: &App) -> Result<(), DbErr> {
    app.gateways.shelf.tidy();
    receipts::prune(app).await?;
    app.throttles.prune(app.clock.now()).await?;
    usage::prune(app).await?;
    refusals::prune(app).await?;
    session::prune(app).await?;
    admin_session::prune(app).await?;
    mail_token::prune(app).await?;
    mail::prune(app).await?;
    webhook::queue::prune(app).await?;
    audit::tidy(app).await?;
    authorization::upkeep::prune(app).await?;
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
    app.gateways.log.forget(unsigned(last)).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use sea_orm::{ActiveModelTrait, IntoActiveModel, PaginatorTrait};
    use serde_json::json;

    use super::*;
    use crate::store::entity::{developer, mail_token as tokens, session as sessions};
    use crate::usecase;
    use crate::usecase::mail_token::{Purpose, issue};

    #[tokio::test]
    async fn sessions_and_tokens_are_forgotten_when_their_time_is_over() {
        let dir = tempfile::tempdir().unwrap();
        let app = App::of_test(&dir).await;
        let new = serde_json::from_value(json!({"name": "p"})).unwrap();
        let portal = usecase::portal::create(&app, new).await.unwrap();
        let ann = usecase::developer::fresh(&portal, "a@x.test".into(), "A".into(), None, 0);
        let ann: developer::Model = ann.into_active_model().insert(app.store.db()).await.unwrap();
        session::start(&app, app.store.db(), &ann).await.unwrap();
        issue(&app, app.store.db(), ann.id, Purpose::ResetPassword).await.unwrap();
        let left = async || {
            tidy(&app).await.unwrap();
            let db = app.store.db();
            let sessions = sessions::Entity::find().count(db).await.unwrap();
            (sessions, tokens::Entity::find().count(db).await.unwrap())
        };
        assert_eq!(left().await, (1, 1));
        app.clock.advance(app.config.lifetimes.reset + Duration::from_secs(86_400));
        assert_eq!(left().await, (1, 0));
        app.clock.advance(app.config.lifetimes.session);
        assert_eq!(left().await, (0, 0));
    }
}
