//! What changed since a revision.

use futures_util::TryStreamExt;
use gatekey_core::id::{GatewayId, Revision};
use gatekey_core::snapshot::{MAX_PAGE_BYTES, delta};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;

use crate::app::App;
use crate::revision::current;
use crate::store::entity::change;

/// The bytes of a sealed delta without changes.
const HEAD_BYTES: usize = 4 + 8 + 64 + 16 + 8 + 8 + 8 + 4;

/// What a gateway that holds a revision gets.
#[derive(Debug)]
pub(crate) enum Since {
    /// A signed delta, at most [`MAX_PAGE_BYTES`] long.
    Delta(Vec<u8>),
    /// Only a snapshot can help.
    Snapshot(&'static str),
}

/// The changes that a gateway has to apply after a revision; what is too much for one delta
/// comes with the next poll.
pub(crate) async fn since(app: &App, gateway: Uuid, held: Revision) -> Result<Since, DbErr> {
    let tx = app.store.read().await?;
    let newest = current(&tx).await?;
    if held > newest {
        return Ok(Since::Snapshot("The revision is newer than any of this portal"));
    }
    let (mut changes, mut to) = (Vec::new(), newest);
    if held < newest {
        if !reaches_back(&tx, held).await? {
            return Ok(Since::Snapshot("The change log does not reach back to the revision"));
        }
        let mut room = MAX_PAGE_BYTES - HEAD_BYTES;
        let mut rows = change::Entity::find()
            .filter(change::Column::Revision.gt(signed(held)))
            .filter(
                Condition::any()
                    .add(change::Column::GatewayId.is_null())
                    .add(change::Column::GatewayId.eq(gateway)),
            )
            .order_by_asc(change::Column::Revision)
            .order_by_asc(change::Column::Sequence)
            .stream(&tx)
            .await?;
        while let Some(row) = rows.try_next().await? {
            let Some(rest) = room.checked_sub(row.body.len()) else {
                // Changes of one revision belong together: those of this one all wait.
                to = Revision(unsigned(row.revision).0.saturating_sub(1));
                changes.retain(|change: &change::Model| change.revision < row.revision);
                break;
            };
            room = rest;
            changes.push(row);
        }
        if to == held {
            return Ok(Since::Snapshot("The next revision is too large for a delta"));
        }
    }
    Ok(Since::Delta(delta::seal(
        GatewayId::from(gateway),
        held,
        to,
        app.clock.unix_millis(),
        changes.iter().map(|change| change.body.as_slice()),
        &app.secrets.signing_key,
    )))
}

/// Whether the log has every change after a revision. Every revision has at least one, and they
/// are pruned whole and from the start.
async fn reaches_back(db: &impl ConnectionTrait, held: Revision) -> Result<bool, DbErr> {
    let first: Option<i64> = change::Entity::find()
        .select_only()
        .column(change::Column::Revision)
        .order_by_asc(change::Column::Revision)
        .order_by_asc(change::Column::Sequence)
        .limit(1)
        .into_tuple()
        .one(db)
        .await?;
    Ok(first.is_some_and(|first| unsigned(first).0 <= held.0 + 1))
}

/// A revision as a column holds it.
pub(crate) fn signed(revision: Revision) -> i64 {
    i64::try_from(revision.0).unwrap_or(i64::MAX)
}

/// A revision from a column.
pub(crate) fn unsigned(column: i64) -> Revision {
    Revision(u64::try_from(column).unwrap_or_default())
}
