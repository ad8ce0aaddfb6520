//! Leases: of all processes on a database, one does a piece of work.
//!
//! For work that comes row by row a lease is not needed: `SELECT ... FOR UPDATE SKIP LOCKED`
//! ([`QuerySelect::lock_with_behavior`]) gives every process other rows, for as long as its
//! transaction is open. A lease is for what takes longer, or must not be done by two at all.
//!
//! Time is the database's, where there are several processes: their clocks may differ.
//!
//! [`QuerySelect::lock_with_behavior`]: sea_orm::QuerySelect::lock_with_behavior

use core::time::Duration;

use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, Set};

use super::Store;
use super::entity::lease::{ActiveModel, Column, Entity};
use crate::clock::millis;

/// Takes a lease, or renews it: whether this process has it now. It ends after `length`, or with
/// [`end`].
#[cfg_attr(not(test), allow(dead_code, reason = "workers take it"))]
pub(crate) async fn take(store: &Store, name: &str, length: Duration) -> Result<bool, DbErr> {
    // Read before the row is written: a process that stalls in between has less of its lease.
    let now = store.time().await?;
    let row = ActiveModel {
        name: Set(name.to_owned()),
        holder: Set(store.process()),
        until: Set(now.saturating_add(millis(length))),
    };
    let free = Expr::col((Entity, Column::Until))
        .lte(now)
        .or(Expr::col((Entity, Column::Holder)).eq(store.process()));
    let taken = Entity::insert(row)
        .on_conflict(
            OnConflict::column(Column::Name)
                .update_columns([Column::Holder, Column::Until])
                .action_and_where(free)
                .to_owned(),
        )
        .exec_without_returning(store.db())
        .await;
    match taken {
        Ok(rows) => Ok(rows > 0),
        Err(DbErr::RecordNotInserted) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Ends a lease before its time, if this process has it.
#[cfg_attr(not(test), allow(dead_code, reason = "workers end it"))]
pub(crate) async fn end(store: &Store, name: &str) -> Result<(), DbErr> {
    Entity::delete_many()
        .filter(Column::Name.eq(name))
        .filter(Column::Holder.eq(store.process()))
        .exec(store.db())
        .await
        .map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_process_has_it_until_it_ends() {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}?mode=rwc", dir.path().join("db").display());
        let (here, there) = (Store::open(&url).await.unwrap(), Store::open(&url).await.unwrap());
        let long = Duration::from_secs(60);
        assert!(take(&here, "work", long).await.unwrap());
        assert!(!take(&there, "work", long).await.unwrap());
        assert!(take(&there, "other work", long).await.unwrap());
        assert!(take(&here, "work", long).await.unwrap());
        // Who does not have it cannot end it.
        end(&there, "work").await.unwrap();
        assert!(!take(&there, "work", long).await.unwrap());
        end(&here, "work").await.unwrap();
        assert!(take(&there, "work", Duration::ZERO).await.unwrap());
        assert!(take(&here, "work", long).await.unwrap());
    }
}
