//! The end of the change log, in memory.
//!
//! Whoever waits for changes is woken by the same one, and would read the same rows. So one reads
//! for all who ask meanwhile, and everybody's read begins after they asked: what is answered is
//! never older than the question.

use core::mem::size_of;
use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use futures_util::TryStreamExt;
use gatekey_core::id::Revision;
use gatekey_core::time::UnixMillis;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::delta::{signed, unsigned};
use crate::app::App;
use crate::revision::current;
use crate::store::entity::change;

/// The most bytes of changes that are kept.
const MOST_BYTES: usize = 16 << 20;
/// The most changes that are kept.
const MOST: usize = 20_000;

/// A change as the log has it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) revision: Revision,
    /// The one gateway that it is for.
    pub(super) gateway: Option<Uuid>,
    pub(super) body: Vec<u8>,
}

impl Entry {
    fn bytes(&self) -> usize {
        self.body.len() + size_of::<Self>()
    }
}

/// The newest revision, and the changes that led to it.
#[derive(Clone, Debug)]
pub(super) struct Tail {
    /// Every change after this revision is here.
    pub(super) from: Revision,
    /// The newest revision.
    pub(super) to: Revision,
    /// When it was the newest.
    pub(super) at: UnixMillis,
    entries: Arc<[Arc<Entry>]>,
}

impl Tail {
    fn new(to: Revision, at: UnixMillis) -> Self {
        Self { from: to, to, at, entries: Arc::default() }
    }

    /// The changes after a revision; none when they are not all here.
    pub(super) fn since(&self, held: Revision) -> Option<&[Arc<Entry>]> {
        if held < self.from || held > self.to {
            return None;
        }
        let start = self.entries.partition_point(|entry| entry.revision <= held);
        self.entries.get(start..)
    }

    /// With what came since; the oldest go, by whole revisions, when there are too many.
    fn with(&self, newer: Vec<Arc<Entry>>, to: Revision, at: UnixMillis) -> Self {
        let all: Vec<_> = self.entries.iter().cloned().chain(newer).collect();
        let (mut bytes, mut start) = (0, all.len());
        for (place, entry) in all.iter().enumerate().rev() {
            bytes += entry.bytes();
            if bytes > MOST_BYTES || all.len() - place > MOST {
                break;
            }
            start = place;
        }
        let mut from = self.from;
        if let Some(first_gone) = start.checked_sub(1).and_then(|place| all.get(place)) {
            from = first_gone.revision;
        }
        let entries = all.into_iter().filter(|entry| entry.revision > from).collect();
        Self { from, to, at, entries }
    }

    /// Without the changes up to a revision.
    fn without(&self, last: Revision) -> Self {
        let from = self.from.max(last.min(self.to));
        let entries = self.entries.iter().filter(|entry| entry.revision > from);
        Self { from, entries: entries.cloned().collect(), ..*self }
    }
}

/// Reads the end of the log for all who ask.
#[derive(Debug, Default)]
pub(crate) struct Log {
    /// How many have asked so far.
    asked: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    tail: Option<Tail>,
    /// Who asked up to here is answered by the last read.
    answered: u64,
    failed: Option<String>,
}

impl Log {
    /// The end of the log as it is now.
    pub(super) async fn read(&self, app: &App) -> Result<Tail, DbErr> {
        let mine = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let mut state = self.state.lock().await;
        if state.answered < mine {
            state.answered = self.asked.load(Ordering::SeqCst);
            let read = read(app, state.tail.as_ref()).await;
            state.failed = read.as_ref().err().map(ToString::to_string);
            if let Ok(tail) = read {
                app.store.saw(tail.to);
                state.tail = Some(tail);
            }
        }
        match (&state.failed, &state.tail) {
            (None, Some(tail)) => Ok(tail.clone()),
            (failed, _) => Err(DbErr::Custom(failed.clone().unwrap_or_default())),
        }
    }

    /// Forgets changes that the database does not have any longer.
    pub(super) async fn forget(&self, last: Revision) {
        let mut state = self.state.lock().await;
        state.tail = state.tail.as_ref().map(|tail| tail.without(last));
    }
}

async fn read(app: &App, known: Option<&Tail>) -> Result<Tail, DbErr> {
    let at = app.clock.unix_millis();
    let tx = app.store.read().await?;
    let newest = current(&tx).await?;
    let Some(known) = known.filter(|known| known.to <= newest) else {
        return Ok(Tail::new(newest, at));
    };
    if known.to == newest {
        return Ok(Tail { at, ..known.clone() });
    }
    let mut rows = change::Entity::find()
        .filter(change::Column::Revision.gt(signed(known.to)))
        .order_by_asc(change::Column::Revision)
        .order_by_asc(change::Column::Sequence)
        .stream(&tx)
        .await?;
    let (mut newer, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.try_next().await? {
        let entry =
            Entry { revision: unsigned(row.revision), gateway: row.gateway_id, body: row.body };
        bytes += entry.bytes();
        if bytes > MOST_BYTES || newer.len() >= MOST {
            return Ok(Tail::new(newest, at));
        }
        newer.push(Arc::new(entry));
    }
    // Somebody else may have shortened the log: every revision has a change, so none is missing
    // if the first is there.
    match newer.first() {
        Some(first) if first.revision.0 == known.to.0 + 1 => Ok(known.with(newer, newest, at)),
        _ => Ok(Tail::new(newest, at)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(revision: u64, bytes: usize) -> Arc<Entry> {
        let revision = Revision(revision);
        Arc::new(Entry { revision, gateway: None, body: vec![0; bytes] })
    }

    fn revisions(tail: &Tail, held: u64) -> Option<Vec<u64>> {
        let since = tail.since(Revision(held))?;
        Some(since.iter().map(|entry| entry.revision.0).collect())
    }

    #[test]
    fn a_tail_has_all_changes_after_its_start() {
        let at = UnixMillis(0);
        let newer = vec![entry(8, 1), entry(9, 1), entry(9, 1), entry(10, 1)];
        let tail = Tail::new(Revision(7), at).with(newer, Revision(10), at);
        assert_eq!(revisions(&tail, 6), None);
        assert_eq!(revisions(&tail, 7), Some(vec![8, 9, 9, 10]));
        assert_eq!(revisions(&tail, 9), Some(vec![10]));
        assert_eq!(revisions(&tail, 10), Some(vec![]));
        assert_eq!(revisions(&tail, 11), None);
        let shorter = tail.without(Revision(8));
        assert_eq!(revisions(&shorter, 7), None);
        assert_eq!(revisions(&shorter, 8), Some(vec![9, 9, 10]));
        assert_eq!(revisions(&tail.without(Revision(99)), 10), Some(vec![]));
    }

    #[test]
    fn a_tail_is_cut_between_revisions() {
        let at = UnixMillis(0);
        let half = MOST_BYTES / 2;
        let newer = vec![entry(1, half), entry(2, 1), entry(2, half), entry(3, 1)];
        let tail = Tail::new(Revision(0), at).with(newer, Revision(3), at);
        // The second revision's first change still fits, but not with the first revision.
        assert_eq!((tail.from, revisions(&tail, 1)), (Revision(1), Some(vec![2, 2, 3])));
        let tail = tail.with(vec![entry(4, half)], Revision(4), at);
        assert_eq!((tail.from, revisions(&tail, 2)), (Revision(2), Some(vec![3, 4])));
    }
}
