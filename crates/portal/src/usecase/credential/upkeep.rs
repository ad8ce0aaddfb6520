//! What becomes of keys while nobody asks: idle ones that have a successor end, owners hear of
//! ends, and what has been retired for long is forgotten.
//!
//! Several portals may share a database. Whatever is done to a key is decided again in the
//! transaction that does it, so one of them does it and the others find nothing to do; one that is
//! killed leaves the key as it was.

use core::time::Duration;

use gatekey_core::lifecycle::credential::{self as lifecycle, Notice};
use gatekey_core::lifecycle::developer::DeveloperStatus;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ModelTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, Set, Unchanged,
};
use uuid::Uuid;

use super::{UNNAMED, millis, seconds};
use crate::app::App;
use crate::clock;
use crate::event;
use crate::gateway::receipts;
use crate::mail::{self, Template};
use crate::problem::Problem;
use crate::revision::record;
use crate::store::entity::{application, credential, developer, team_member};
use crate::usecase::portal;

/// How often keys are looked at.
const PERIOD: Duration = Duration::from_secs(60);
/// How long after its poll every worker of a gateway has reported what it let through before.
const REPORT_LAG: Duration = Duration::from_secs(120);
/// How long keys are listed that are retired.
const REMEMBERED: Duration = Duration::from_secs(30 * 86_400);
/// Keys of one transaction, or of one look.
const AT_ONCE: u64 = 200;

/// Attends to keys for as long as the portal runs.
pub(crate) async fn attend_forever(app: App) {
    let mut period = tokio::time::interval(PERIOD);
    // The first tick is at once, when no gateway had the chance to report.
    period.tick().await;
    loop {
        period.tick().await;
        if let Err(problem) = attend(&app).await {
            tracing::warn!(cause = problem.cause(), "cannot attend to keys");
        }
    }
}

/// Does what is due.
pub(crate) async fn attend(app: &App) -> Result<(), Problem> {
    retire_idle(app).await?;
    tell_owners(app).await?;
    forget_retired(app).await
}

/// Ends retiring keys that no gateway let through for as long as their rotation said.
async fn retire_idle(app: &App) -> Result<(), Problem> {
    let Some(reported) = receipts::reported_until(app).await? else {
        // Nobody has told anything: the date of the rotation stands.
        return Ok(());
    };
    let known_until = seconds(reported.saturating_sub(clock::millis(REPORT_LAG)));
    let is_idle = |row: &credential::Model| {
        let (Some(rotated), Some(hours)) = (row.rotated_at, row.retire_idle_hours) else {
            return false;
        };
        let hours = u32::try_from(hours).unwrap_or(u32::MAX);
        let used = row.last_used_at.map(seconds);
        row.retired_at.is_none() && lifecycle::is_idle(hours, seconds(rotated), used, known_until)
    };
    let mut after = Uuid::nil();
    loop {
        let candidates = credential::Entity::find()
            .filter(credential::Column::RotatedAt.is_not_null())
            .filter(credential::Column::RetireIdleHours.is_not_null())
            .filter(credential::Column::RetiredAt.is_null())
            .filter(credential::Column::ExpiresAt.gt(app.clock.now()))
            .filter(credential::Column::Id.gt(after))
            .order_by_asc(credential::Column::Id)
            .limit(AT_ONCE)
            .all(app.store.db())
            .await?;
        let Some(last) = candidates.last() else { return Ok(()) };
        after = last.id;
        let idle: Vec<_> = candidates.iter().filter(|row| is_idle(row)).map(|row| row.id).collect();
        if !idle.is_empty() {
            retire(app, &idle, is_idle).await?;
        }
    }
}

/// Ends those of the keys, in the order of their ids, that are still idle. Reports write into the
/// same rows in the same order.
async fn retire(
    app: &App,
    ids: &[Uuid],
    is_idle: impl Fn(&credential::Model) -> bool,
) -> Result<(), Problem> {
    let mut tx = app.store.change().await?;
    let now = app.clock.now();
    for id in ids {
        let row = credential::Entity::find_by_id(*id).lock_exclusive().one(&*tx).await?;
        let Some(row) = row.filter(|row| is_idle(row) && row.expires_at > Some(now)) else {
            continue;
        };
        let retired = credential::ActiveModel {
            id: Unchanged(row.id),
            expires_at: Set(Some(millis(seconds(now)))),
            retired_at: Set(Some(now)),
            notice_at: Set(None),
            updated_at: Set(now.max(row.updated_at + 1)),
            ..Default::default()
        };
        let retired = retired.update(&*tx).await?;
        if let Some(known) = record::credential(&retired) {
            tx.put(known);
        }
        if let Some(application) = application_of(&*tx, &retired).await? {
            let kind = event::Kind::CredentialRevoked;
            event::credential(app, &*tx, kind, &retired, &application).await?;
        }
        tracing::info!(credential = %row.id, "an idle key with a successor was retired");
    }
    tx.commit().await?;
    event::wake(app);
    Ok(())
}

async fn application_of(
    db: &impl ConnectionTrait,
    row: &credential::Model,
) -> Result<Option<application::Model>, DbErr> {
    application::Entity::find_by_id(row.application_id).one(db).await
}

/// Tells owners of keys that end soon, and of those that have ended.
async fn tell_owners(app: &App) -> Result<(), Problem> {
    let mut after = Uuid::nil();
    loop {
        let due = credential::Entity::find()
            .filter(credential::Column::NoticeAt.lte(app.clock.now()))
            .filter(credential::Column::Id.gt(after))
            .order_by_asc(credential::Column::Id)
            .limit(AT_ONCE)
            .all(app.store.db())
            .await?;
        let Some(last) = due.last() else { return Ok(()) };
        after = last.id;
        for row in due {
            let id = row.id;
            // One that cannot be told must not keep the others from being told.
            if let Err(problem) = tell(app, row).await {
                tracing::warn!(credential = %id, cause = problem.cause(), "cannot tell of a key");
            }
        }
        mail::wake(app);
        event::wake(app);
    }
}

async fn tell(app: &App, row: credential::Model) -> Result<(), Problem> {
    let (Some(due), Some(end)) = (row.notice_at, row.expires_at) else { return Ok(()) };
    let (notice, next) = lifecycle::notice(seconds(end), seconds(app.clock.now()));
    let tx = app.store.begin().await?;
    // Whoever moves the date is the one who tells.
    let moved = credential::Entity::update_many()
        .col_expr(credential::Column::NoticeAt, next.map(millis).into())
        .filter(credential::Column::Id.eq(row.id))
        .filter(credential::Column::NoticeAt.eq(due))
        .filter(credential::Column::ExpiresAt.eq(end))
        .exec(&tx)
        .await?;
    if moved.rows_affected == 0 {
        return Ok(());
    }
    if let Some(notice) = notice {
        promise(app, &tx, &row, end, notice).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn promise(
    app: &App,
    tx: &impl ConnectionTrait,
    row: &credential::Model,
    end: i64,
    notice: Notice,
) -> Result<(), Problem> {
    let application = application_of(tx, row).await?.ok_or_else(Problem::not_found)?;
    let portal = portal::find(tx, application.portal_id).await?;
    let (template, kind) = match notice {
        Notice::ExpiringSoon => (Template::KeyExpiringSoon, event::Kind::CredentialExpiringSoon),
        Notice::Expired => (Template::KeyExpired, event::Kind::CredentialExpired),
    };
    let end = clock::format(end);
    let more = [
        ("application_name", application.name.as_str()),
        ("credential_name", row.display_name.as_deref().unwrap_or(UNNAMED)),
        ("credential_expires_at", &end),
    ];
    for owner in owners(tx, &application).await? {
        mail::promise(app, tx, &portal, &owner, template, &more).await?;
    }
    event::credential(app, tx, kind, row, &application).await
}

/// The people who own an application: its developer, or everybody in its team.
async fn owners(
    db: &impl ConnectionTrait,
    application: &application::Model,
) -> Result<Vec<developer::Model>, DbErr> {
    let owner = match application.team_id {
        Some(team) => {
            let members = team_member::Entity::find()
                .select_only()
                .column(team_member::Column::DeveloperId)
                .filter(team_member::Column::TeamId.eq(team));
            developer::Column::Id.in_subquery(members.into_query())
        }
        None => developer::Column::Id.eq(application.developer_id.unwrap_or_default()),
    };
    developer::Entity::find()
        .filter(owner)
        .filter(developer::Column::Status.eq(DeveloperStatus::Approved.as_str()))
        .order_by_asc(developer::Column::Id)
        .all(db)
        .await
}

/// Forgets keys that have been retired for long.
async fn forget_retired(app: &App) -> Result<(), Problem> {
    let before = app.clock.now().saturating_sub(clock::millis(REMEMBERED));
    let old = credential::Entity::find()
        .filter(credential::Column::RotatedAt.is_not_null())
        .filter(credential::Column::ExpiresAt.lt(before))
        .order_by_asc(credential::Column::Id);
    while old.clone().one(app.store.db()).await?.is_some() {
        let mut tx = app.store.change().await?;
        for row in old.clone().limit(AT_ONCE).all(&*tx).await? {
            if let Some(key) = record::credential_key(&row) {
                tx.delete(key);
            }
            row.delete(&*tx).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}
