//! What was counted: sums of calls over time, by what they have in common.

use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, SimpleExpr};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, Order,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
};
use uuid::Uuid;

use crate::app::App;
use crate::clock::millis;
use crate::gateway::usage::{HOUR, MINUTE};
use crate::store::entity::usage_point::{self, Column};
use crate::store::entity::{application, developer, team_member};

pub(crate) mod analytics;
pub(crate) mod period;
pub(crate) mod series;

/// What calls can have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Dimension {
    /// The application that called.
    Application,
    /// The API that was called.
    Api,
    /// How the call ended.
    Class,
    /// Why it was refused.
    Reason,
    /// The status of the answer.
    Status,
    /// The first digit of it.
    StatusGroup,
}

/// What is asked.
#[derive(Debug)]
pub(crate) struct Question {
    /// Which calls, besides their time.
    pub(crate) which: Condition,
    /// From when, in milliseconds; a multiple of the width.
    pub(crate) from: i64,
    /// Until when, not included.
    pub(crate) to: i64,
    /// How long the stretches of time are that are told apart, in milliseconds.
    pub(crate) bucket: Option<i64>,
    /// What is told apart.
    pub(crate) by: Vec<Dimension>,
    /// The seconds of the sums that are read.
    pub(crate) width: i32,
}

/// Calls that have something in common. Of what is not told apart the member is empty.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub(crate) struct Sum {
    /// Which stretch of time, from 0.
    pub(crate) place: i64,
    pub(crate) application: Uuid,
    pub(crate) api: Uuid,
    pub(crate) kind: String,
    pub(crate) why: String,
    /// The status, or its first digit.
    pub(crate) code: i32,
    /// How many calls.
    pub(crate) calls: i64,
    /// How many of them the sums below are of.
    pub(crate) of: i64,
    pub(crate) latency: i64,
    pub(crate) received: i64,
    pub(crate) sent: i64,
}

/// Asks the database, which adds up.
pub(crate) async fn ask(db: &impl ConnectionTrait, question: Question) -> Result<Vec<Sum>, DbErr> {
    let by = |dimension| question.by.contains(&dimension);
    let mut select = usage_point::Entity::find()
        .select_only()
        .filter(Column::Width.eq(question.width))
        .filter(Column::At.gte(question.from))
        .filter(Column::At.lt(question.to))
        .filter(question.which.clone());
    select = match question.bucket {
        Some(bucket) => {
            let place = Expr::col(Column::At).sub(question.from).div(bucket);
            told_apart(select, place, "place")
        }
        None => constant(select, 0_i64, "place"),
    };
    select = if by(Dimension::Application) {
        told_apart(select, Column::ApplicationId.into_expr(), "application")
    } else {
        constant(select, Uuid::nil(), "application")
    };
    select = if by(Dimension::Api) {
        told_apart(select, Column::ApiId.into_expr(), "api")
    } else {
        constant(select, Uuid::nil(), "api")
    };
    select = if by(Dimension::Class) {
        told_apart(select, Column::Class.into_expr(), "kind")
    } else {
        constant(select, "", "kind")
    };
    select = if by(Dimension::Reason) {
        told_apart(select, Column::Reason.into_expr(), "why")
    } else {
        constant(select, "", "why")
    };
    select = if by(Dimension::Status) {
        told_apart(select, Column::Status.into_expr(), "code")
    } else if by(Dimension::StatusGroup) {
        told_apart(select, Expr::col(Column::Status).div(100), "code")
    } else {
        constant(select, 0, "code")
    };
    for (column, name) in [
        (Column::Count, "calls"),
        (Column::Measured, "of"),
        (Column::LatencyMs, "latency"),
        (Column::RequestBytes, "received"),
        (Column::ResponseBytes, "sent"),
    ] {
        select = select.expr_as(sum(column), name);
    }
    let select = if question.bucket.is_none() && question.by.is_empty() {
        // Without groups there is a sum of nothing as well.
        select.having(Expr::col(Column::Count).count().gt(0))
    } else {
        select.order_by(Expr::col(Alias::new("place")), Order::Asc)
    };
    select.into_model::<Sum>().all(db).await
}

fn told_apart(
    select: Select<usage_point::Entity>,
    what: impl Into<SimpleExpr>,
    name: &'static str,
) -> Select<usage_point::Entity> {
    // By name: PostgreSQL takes two expressions with parameters for two different ones.
    select.expr_as(what.into(), name).group_by(Expr::col(Alias::new(name)))
}

fn constant(
    select: Select<usage_point::Entity>,
    value: impl Into<sea_orm::Value>,
    name: &'static str,
) -> Select<usage_point::Entity> {
    select.expr_as(Expr::val(value), name)
}

/// PostgreSQL's sums of whole numbers are decimal ones.
fn sum(column: Column) -> SimpleExpr {
    Expr::expr(Func::coalesce([Expr::col(column).sum(), Expr::val(0_i64)])).cast_as("bigint")
}

/// The applications that a developer may look at: their own, and those of their teams.
pub(crate) fn own_applications(developer: &developer::Model) -> Condition {
    let teams = team_member::Entity::find()
        .select_only()
        .column(team_member::Column::TeamId)
        .filter(team_member::Column::DeveloperId.eq(developer.id));
    let owned = Condition::any()
        .add(application::Column::DeveloperId.eq(developer.id))
        .add(application::Column::TeamId.in_subquery(teams.into_query()));
    let own = application::Entity::find()
        .select_only()
        .column(application::Column::Id)
        .filter(application::Column::PortalId.eq(developer.portal_id))
        .filter(owned);
    Condition::all().add(Column::ApplicationId.in_subquery(own.into_query()))
}

/// The width of the sums that answer a question about stretches of time of a length, and how long
/// they are in milliseconds: the finest that is kept for all of the time.
pub(crate) fn width(app: &App, from: i64, bucket: Option<i64>) -> (i32, i64) {
    let hour = i64::from(HOUR) * 1_000;
    let minute = i64::from(MINUTE) * 1_000;
    let whole_hours = bucket.is_some_and(|bucket| bucket % hour == 0) && from % hour == 0;
    if whole_hours || from < minutes_since(app) { (HOUR, hour) } else { (MINUTE, minute) }
}

/// Since when there are sums by the minute; a little of the oldest may be gone.
pub(crate) fn minutes_since(app: &App) -> i64 {
    let slack = 2 * i64::from(MINUTE) * 1_000;
    app.clock.now().saturating_sub(millis(app.config.usage.minutes)).saturating_sub(slack)
}
