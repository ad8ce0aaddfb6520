//! Reading the log: pages of it, and all of it as lines.

use futures_util::Stream;
use futures_util::stream::try_unfold;
use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::checkpoint::Checkpoint;
use super::format::{cef_line, checkpoint_line, json_line};
use crate::store::Store;
use crate::store::entity::{audit_checkpoint, audit_entry};

/// Rows that are read at once.
const AT_ONCE: u64 = 500;

/// How a log is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ExportFormat {
    /// JSON lines, with checkpoints between them: what can be verified.
    Jsonl,
    /// Common Event Format.
    Cef,
}

/// Where an export is.
struct Place {
    store: Store,
    condition: Condition,
    format: ExportFormat,
    /// Entries that the condition lets through, without gaps: then checkpoints go along.
    whole: bool,
    after: i64,
    begun: bool,
    over: bool,
}

/// The log as text, in parts. With a condition only the entries that it lets through, which cannot be
/// verified as a chain.
pub(crate) fn export(
    store: &Store,
    condition: Option<Condition>,
    format: ExportFormat,
) -> impl Stream<Item = Result<String, DbErr>> + Send + use<> {
    let place = Place {
        store: store.clone(),
        whole: condition.is_none(),
        condition: condition.unwrap_or_else(Condition::all),
        format,
        after: 0,
        begun: false,
        over: false,
    };
    try_unfold(place, async |mut place| {
        if place.over {
            return Ok::<_, DbErr>(None);
        }
        let text = next(&mut place).await?;
        Ok(Some((text, place)))
    })
}

async fn next(place: &mut Place) -> Result<String, DbErr> {
    let db = place.store.db();
    let rows = audit_entry::Entity::find()
        .filter(audit_entry::Column::Sequence.gt(place.after))
        .filter(place.condition.clone())
        .order_by_asc(audit_entry::Column::Sequence)
        .limit(AT_ONCE)
        .all(db)
        .await?;
    place.over = (rows.len() as u64) < AT_ONCE;
    let first = rows.first().map_or(place.after, |row| row.sequence);
    let last = rows.last().map_or(place.after, |row| row.sequence);
    // What the first entry of all follows is stated by the checkpoint before it.
    let from = if place.begun { first } else { first - 1 };
    let mut checkpoints = Vec::new();
    if place.whole && place.format == ExportFormat::Jsonl {
        checkpoints = audit_checkpoint::Entity::find()
            .filter(audit_checkpoint::Column::Sequence.between(from, last))
            .order_by_asc(audit_checkpoint::Column::Sequence)
            .all(db)
            .await?;
    }
    let mut checkpoints = checkpoints.into_iter().map(Checkpoint::from).peekable();
    let mut text = String::new();
    if let Some(before) = checkpoints.next_if(|checkpoint| checkpoint.sequence < first) {
        text.push_str(&checkpoint_line(&before));
    }
    for row in &rows {
        text.push_str(&match place.format {
            ExportFormat::Jsonl => json_line(row),
            ExportFormat::Cef => cef_line(row),
        });
        if let Some(checkpoint) = checkpoints.next_if(|point| point.sequence == row.sequence) {
            text.push_str(&checkpoint_line(&checkpoint));
        }
    }
    place.begun = true;
    place.after = last;
    Ok(text)
}
