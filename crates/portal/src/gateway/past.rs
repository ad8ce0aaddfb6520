//! What gateways enforced at an earlier revision, for those who ask why.

use std::collections::BTreeMap;

use axum::body::Bytes;
use futures_util::TryStreamExt;
use gatekey_core::id::{GatewayId, Revision};
use gatekey_core::snapshot::{Change, Manifest, Record, RecordKey, SnapshotWriter};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::delta::{reaches_back, signed};
use super::snapshot::{BuildError, Shelf, Snapshot};
use crate::app::App;
use crate::problem::Problem;
use crate::store::entity::change;

/// Makes the snapshot of an earlier revision: what a gateway holds that has applied every change up
/// to there. A log that has lost its start does not tell: whatever was not changed since would be
/// missing.
pub(crate) async fn at(
    app: &App,
    gateway: Uuid,
    revision: Revision,
) -> Result<Vec<Bytes>, Problem> {
    let Snapshot { manifest, mut pages } = Shelf::newest(app, gateway).await?;
    let newest = Manifest::read_unverified(&manifest).map_err(BuildError::from)?.revision;
    if newest == revision {
        pages.insert(0, manifest);
        return Ok(pages);
    }
    let tx = app.store.read().await?;
    if revision > newest {
        return Err(Problem::gone("There is no such revision yet"));
    }
    if !reaches_back(&tx, Revision(0)).await? {
        return Err(Problem::gone(
            "The change log does not reach back to the first revision: only the newest snapshot, \
             and those that were saved, can be had",
        ));
    }
    let mut rows = change::Entity::find()
        .filter(change::Column::Revision.lte(signed(revision)))
        .filter(
            Condition::any()
                .add(change::Column::GatewayId.is_null())
                .add(change::Column::GatewayId.eq(gateway)),
        )
        .order_by_asc(change::Column::Revision)
        .order_by_asc(change::Column::Sequence)
        .stream(&tx)
        .await?;
    let mut records: BTreeMap<RecordKey, Record> = BTreeMap::new();
    while let Some(row) = rows.try_next().await? {
        match Change::decode(&row.body).map_err(BuildError::from)? {
            Change::Put(record) => {
                records.insert(record.key(), record);
            }
            Change::Delete(key) => {
                records.remove(&key);
            }
        }
    }
    drop(rows);
    let issued_at = app.clock.unix_millis();
    let mut writer = SnapshotWriter::new(GatewayId::from(gateway), revision, issued_at);
    for record in records.values() {
        writer.push(record).map_err(BuildError::from)?;
    }
    Ok(vec![writer.finish(&app.secrets.signing_key).bundle().into()])
}
