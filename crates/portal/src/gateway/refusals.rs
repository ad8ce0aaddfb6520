//! The calls that gateways refused lately, so that whoever made one can ask why.
//!
//! What a gateway tells of a call is what its client was told the id of, when, whose credential it
//! held if that is known, what it was for, and why it was refused: no key or token, no query, no
//! header.

use schemars::JsonSchema;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Set,
};
use serde::Deserialize;
use uuid::Uuid;

use crate::app::App;
use crate::clock::millis;
use crate::store::entity::refusal::{self, Column};

/// Rows of one `INSERT`; ten values each, and SQLite takes 32,766 values.
const ROWS_PER_INSERT: usize = 1_000;
/// What of a path is kept.
const MAX_PATH_CHARS: usize = 256;

/// A call that was refused.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RefusedCall")]
pub(super) struct Refused {
    /// The id that the client was told.
    #[schemars(length(min = 1, max = 64), regex(pattern = "^[A-Za-z0-9._-]+$"))]
    request_id: String,
    /// When, in milliseconds since 1970.
    #[schemars(range(min = 0, max = 253402300799999i64))]
    at: i64,
    /// Why: the code of the refusal.
    #[schemars(length(min = 1, max = 64), regex(pattern = "^[a-z0-9_]+$"))]
    reason: String,
    /// The status that the client was answered with.
    #[schemars(range(min = 100, max = 999))]
    status: i32,
    /// Whose credential it held, if that is known.
    #[serde(default)]
    application: Option<Uuid>,
    /// What was called, if it got that far.
    #[serde(default)]
    api: Option<Uuid>,
    #[serde(default)]
    #[schemars(length(max = 64))]
    method: String,
    /// Without a query.
    #[serde(default)]
    #[schemars(length(max = 1024))]
    path: String,
}

impl Refused {
    fn row(self, gateway: Uuid, now: i64) -> refusal::ActiveModel {
        let plain = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
        let path = self.path.split(['?', '#']).next().unwrap_or_default();
        refusal::ActiveModel {
            id: Set(Uuid::now_v7()),
            request_id: Set(self.request_id),
            at: Set(Ord::min(self.at, now)),
            gateway_id: Set(gateway),
            application_id: Set(self.application.unwrap_or_default()),
            api_id: Set(self.api.unwrap_or_default()),
            reason: Set(self.reason),
            status: Set(self.status),
            method: Set(self.method.chars().map(plain).collect()),
            path: Set(path.chars().take(MAX_PATH_CHARS).map(plain).collect()),
        }
    }
}

/// Keeps what a gateway tells, except what is so old that it would be forgotten at once.
pub(super) async fn keep(
    db: &impl ConnectionTrait,
    app: &App,
    gateway: Uuid,
    now: i64,
    refused: Vec<Refused>,
) -> Result<(), DbErr> {
    let since = kept_since(app, now);
    let recent = refused.into_iter().filter(|one| one.at >= since);
    let rows: Vec<_> = recent.map(|one| one.row(gateway, now)).collect();
    for rows in rows.chunks(ROWS_PER_INSERT) {
        refusal::Entity::insert_many(rows.to_vec()).exec_without_returning(db).await?;
    }
    Ok(())
}

fn kept_since(app: &App, now: i64) -> i64 {
    now.saturating_sub(millis(app.config.usage.refusals))
}

/// Forgets what is old, and what is more than is kept of one application. Of callers without one as
/// many are kept for each API, so that strangers crowd out nobody.
pub(super) async fn prune(app: &App) -> Result<(), DbErr> {
    let db = app.store.db();
    refusal::Entity::delete_many()
        .filter(Column::At.lt(kept_since(app, app.clock.now())))
        .exec(db)
        .await?;
    let known = Column::ApplicationId.ne(Uuid::nil());
    for application in crowded(app, Column::ApplicationId, Condition::all().add(known)).await? {
        shorten(app, Condition::all().add(Column::ApplicationId.eq(application))).await?;
    }
    let strangers = || Condition::all().add(Column::ApplicationId.eq(Uuid::nil()));
    for api in crowded(app, Column::ApiId, strangers()).await? {
        shorten(app, strangers().add(Column::ApiId.eq(api))).await?;
    }
    Ok(())
}

/// Of what there is more than is kept.
async fn crowded(app: &App, of: Column, which: Condition) -> Result<Vec<Uuid>, DbErr> {
    refusal::Entity::find()
        .select_only()
        .column(of)
        .filter(which)
        .group_by(of)
        .having(Column::Id.count().gt(app.config.usage.most_refusals))
        .into_tuple()
        .all(app.store.db())
        .await
}

/// Leaves the newest of them.
async fn shorten(app: &App, which: Condition) -> Result<(), DbErr> {
    let newest_too_many: Option<(i64, Uuid)> = refusal::Entity::find()
        .select_only()
        .columns([Column::At, Column::Id])
        .filter(which.clone())
        .order_by_desc(Column::At)
        .order_by_desc(Column::Id)
        .offset(u64::from(app.config.usage.most_refusals))
        .limit(1)
        .into_tuple()
        .one(app.store.db())
        .await?;
    let Some((at, id)) = newest_too_many else { return Ok(()) };
    let same = Condition::all().add(Column::At.eq(at)).add(Column::Id.lte(id));
    let older = Condition::any().add(Column::At.lt(at)).add(same);
    refusal::Entity::delete_many().filter(which).filter(older).exec(app.store.db()).await?;
    Ok(())
}
