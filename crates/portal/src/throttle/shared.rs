//! Counts that every process of a portal shares: rows of the database.
//!
//! One statement reads, judges and writes a count, so that two processes never allow the same act
//! twice. Where much is allowed, a process takes a second's worth at once and counts that for
//! itself: the limit holds, and what a process does not use within the second is lost.

use std::collections::HashMap;
use std::sync::Mutex;

use sea_orm::sea_query::{Expr, ExprTrait, Func, OnConflict, SimpleExpr};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, Set};

use super::{Act, By, MINUTE, Meter};
use crate::store::Store;
use crate::store::entity::throttle;

/// How long what was taken in advance may be used, in microseconds.
const SECOND: i64 = 1_000_000;
/// More of what was taken in advance is not kept.
const MOST: usize = 10_000;

/// Counts in the database.
#[derive(Debug)]
pub(super) struct Counts {
    store: Store,
    /// Acts that were taken in advance: how many, and until when.
    taken: Mutex<HashMap<(Act, By), (i64, i64)>>,
}

impl Counts {
    pub(super) fn new(store: Store) -> Self {
        Self { store, taken: Mutex::default() }
    }

    /// Counts an act. The answer is how long to wait, in microseconds, if it is one too many.
    pub(super) async fn count(
        &self,
        act: Act,
        by: By,
        meter: Meter,
        now: i64,
    ) -> Result<Option<i64>, DbErr> {
        if self.is_taken(act, by, now) {
            return Ok(None);
        }
        let key = key(act, by);
        let second = Ord::max(meter.limit / 60, 1);
        if second > 1 && self.take(&key, meter, now, second).await? {
            if let Ok(mut taken) = self.taken.lock() {
                if taken.len() >= MOST {
                    taken.clear();
                }
                taken.insert((act, by), (second - 1, now.saturating_add(SECOND)));
            }
            return Ok(None);
        }
        if self.take(&key, meter, now, 1).await? {
            return Ok(None);
        }
        let wait = self.wait(key, meter, now).await?;
        // It was one too many, even if it would not be any longer.
        Ok(Some(wait.unwrap_or(meter.pace)))
    }

    /// How long to wait until an act would be allowed, in microseconds.
    pub(super) async fn check(
        &self,
        act: Act,
        by: By,
        meter: Meter,
        now: i64,
    ) -> Result<Option<i64>, DbErr> {
        self.wait(key(act, by), meter, now).await
    }

    /// Takes back a count.
    pub(super) async fn give_back(&self, act: Act, by: By, meter: Meter) -> Result<(), DbErr> {
        throttle::Entity::update_many()
            .col_expr(throttle::Column::EvenAt, Expr::col(throttle::Column::EvenAt).sub(meter.pace))
            .filter(throttle::Column::Key.eq(key(act, by)))
            .exec(self.store.light())
            .await?;
        Ok(())
    }

    /// Forgets counts that say nothing any more.
    pub(super) async fn prune(&self, now: i64) -> Result<(), DbErr> {
        throttle::Entity::delete_many()
            .filter(throttle::Column::EvenAt.lt(now))
            .exec(self.store.light())
            .await?;
        Ok(())
    }

    fn is_taken(&self, act: Act, by: By, now: i64) -> bool {
        let Ok(mut taken) = self.taken.lock() else { return false };
        match taken.get_mut(&(act, by)) {
            Some((left, until)) if *left > 0 && *until > now => {
                *left -= 1;
                true
            }
            _ => false,
        }
    }

    /// Counts several acts, or none of them.
    async fn take(&self, key: &[u8], meter: Meter, now: i64, count: i64) -> Result<bool, DbErr> {
        let cost = meter.pace.saturating_mul(count);
        let known = Expr::col((throttle::Entity, throttle::Column::EvenAt));
        let after: SimpleExpr =
            SimpleExpr::from(Func::greatest([known, Expr::val(now)])).add(Expr::val(cost));
        let row = throttle::ActiveModel {
            key: Set(key.to_vec()),
            even_at: Set(now.saturating_add(cost)),
        };
        let counted = throttle::Entity::insert(row)
            .on_conflict(
                OnConflict::column(throttle::Column::Key)
                    .value(throttle::Column::EvenAt, after.clone())
                    .action_and_where(after.lte(now.saturating_add(MINUTE)))
                    .to_owned(),
            )
            .exec_without_returning(self.store.light())
            .await;
        match counted {
            Ok(rows) => Ok(rows > 0),
            Err(DbErr::RecordNotInserted) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn wait(&self, key: Vec<u8>, meter: Meter, now: i64) -> Result<Option<i64>, DbErr> {
        let even_at: Option<i64> = throttle::Entity::find_by_id(key)
            .select_only()
            .column(throttle::Column::EvenAt)
            .into_tuple()
            .one(self.store.light())
            .await?;
        Ok(even_at.and_then(|even_at| meter.wait(even_at, now)))
    }
}

/// What a count is called in the database.
fn key(act: Act, by: By) -> Vec<u8> {
    use core::net::IpAddr;
    let mut key = vec![act.code()];
    match by {
        By::Address(IpAddr::V4(address)) => {
            key.push(4);
            key.extend(address.octets());
        }
        By::Address(IpAddr::V6(address)) => {
            key.push(6);
            key.extend(address.octets());
        }
        By::Account(owner, digest) => {
            key.push(0);
            key.extend(owner.as_bytes());
            key.extend(digest);
        }
    }
    key
}
