//! What changed since a revision.

use std::sync::Arc;

use futures_util::{Stream, TryStreamExt};
use gatekey_core::id::{GatewayId, Revision};
use gatekey_core::snapshot::{MAX_PAGE_BYTES, delta};
use gatekey_core::time::UnixMillis;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;

use super::log::Entry;
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
    let tail = app.gateways.log.read(app).await?;
    if held > tail.to {
        tracing::warn!(%gateway, %held, newest = %tail.to, "a gateway is ahead of this portal");
        return Ok(Since::Snapshot("The revision is newer than any of this portal"));
    }
    if let Some(entries) = tail.since(held) {
        let concerned = |entry: &&Arc<Entry>| entry.gateway.is_none_or(|id| id == gateway);
        let changes = entries.iter().filter(concerned);
        let changes = changes.map(|entry| Ok((entry.revision, entry.body.as_slice())));
        let changes = futures_util::stream::iter(changes);
        return sealed(app, gateway, held, tail.to, tail.at, changes).await;
    }
    let at = app.clock.unix_millis();
    let tx = app.store.read().await?;
    let newest = current(&tx).await?;
    if !reaches_back(&tx, held).await? {
        return Ok(Since::Snapshot("The change log does not reach back to the revision"));
    }
    let rows = change::Entity::find()
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
    let changes = rows.map_ok(|row| (unsigned(row.revision), row.body));
    sealed(app, gateway, held, newest, at, changes).await
}

/// A delta of as many changes as fit.
async fn sealed<B: AsRef<[u8]>>(
    app: &App,
    gateway: Uuid,
    held: Revision,
    newest: Revision,
    at: UnixMillis,
    changes: impl Stream<Item = Result<(Revision, B), DbErr>>,
) -> Result<Since, DbErr> {
    let mut changes = core::pin::pin!(changes);
    let (mut fitting, mut to, mut room) = (Vec::new(), newest, MAX_PAGE_BYTES - HEAD_BYTES);
    while let Some((revision, body)) = changes.try_next().await? {
        let Some(rest) = room.checked_sub(body.as_ref().len()) else {
            // Changes of one revision belong together: those of this one all wait.
            to = Revision(revision.0.saturating_sub(1));
            fitting.retain(|(earlier, _)| *earlier < revision);
            break;
        };
        room = rest;
        fitting.push((revision, body));
    }
    if to == held && held < newest {
        return Ok(Since::Snapshot("The next revision is too large for a delta"));
    }
    Ok(Since::Delta(delta::seal(
        GatewayId::from(gateway),
        held,
        to,
        at,
        fitting.iter().map(|(_, body)| body.as_ref()),
        &app.secrets.signing_key,
    )))
}

/// Whether the log has every change after a revision. Every revision has at least one, and they
/// are pruned whole and from the start.
pub(super) async fn reaches_back(db: &impl ConnectionTrait, held: Revision) -> Result<bool, DbErr> {
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
