//! Whether a log is whole: every entry unchanged, in its place, none missing.

use std::collections::BTreeMap;

use gatekey_core::snapshot::VerifyingKey;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;

use super::chain;
use super::checkpoint::Checkpoint;
use super::entry::{Entry, ORIGIN, canonical_of, hash, hex};
use crate::store::Store;
use crate::store::entity::{audit_checkpoint, audit_entry};

/// Rows that are read at once.
const AT_ONCE: u64 = 1_000;

/// What was found to be whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Whole {
    /// How many entries there are.
    pub(crate) entries: u64,
    /// The first of them.
    pub(crate) first: i64,
    /// The last of them.
    pub(crate) last: i64,
    /// How many checkpoints state them.
    pub(crate) checkpoints: u64,
}

/// The first place where a log is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    /// The entry.
    pub(crate) sequence: i64,
    /// What is wrong there.
    pub(crate) why: String,
}

impl Broken {
    fn at(sequence: i64, why: impl Into<String>) -> Self {
        Self { sequence, why: why.into() }
    }
}

/// Checks one entry after the other.
#[derive(Debug)]
pub(crate) struct Verifier {
    keys: Vec<VerifyingKey>,
    checkpoints: BTreeMap<i64, Checkpoint>,
    last: Option<(i64, [u8; 32])>,
    whole: Whole,
}

impl Verifier {
    /// A verifier that believes checkpoints of these keys. Each is a demand: the entry that it states
    /// must be there, unless it lies before the first one.
    pub(crate) fn new(
        keys: Vec<VerifyingKey>,
        checkpoints: impl IntoIterator<Item = Checkpoint>,
    ) -> Result<Self, Broken> {
        let mut verifier =
            Self { keys, checkpoints: BTreeMap::new(), last: None, whole: Whole::default() };
        for checkpoint in checkpoints {
            verifier.demand(checkpoint)?;
        }
        Ok(verifier)
    }

    /// Demands what a checkpoint states.
    pub(crate) fn demand(&mut self, checkpoint: Checkpoint) -> Result<(), Broken> {
        let sequence = checkpoint.sequence;
        if !checkpoint.is_signed_by(&self.keys) {
            let why = "its checkpoint is not signed by a key that is believed";
            return Err(Broken::at(sequence, why));
        }
        if let Some((last, hash)) = self.last
            && last == sequence
            && hex(&hash) != checkpoint.hash
        {
            return Err(Broken::at(sequence, "it is not what its checkpoint states"));
        }
        let hash = checkpoint.hash.clone();
        // One that was kept elsewhere does not know what was forgotten since.
        let kept = self.checkpoints.entry(sequence).or_insert(checkpoint);
        if kept.hash != hash {
            return Err(Broken::at(sequence, "two checkpoints state different entries"));
        }
        Ok(())
    }

    /// Takes the next entry: its text as it is hashed, and the hash that stands beside it.
    pub(crate) fn entry(&mut self, text: &str, stated: &str) -> Result<Entry, Broken> {
        let expected = self.last.map_or(1, |(last, _)| last + 1);
        let entry: Entry = serde_json::from_str(text)
            .map_err(|error| Broken::at(expected, format!("it cannot be read: {error}")))?;
        let sequence = entry.sequence;
        let own = hash(text);
        if hex(&own) != stated {
            return Err(Broken::at(sequence, "it was changed: its hash is another"));
        }
        match self.last {
            Some((last, _)) if sequence != last + 1 => {
                let why = format!("it follows entry {last}: some are missing, or out of order");
                return Err(Broken::at(expected, why));
            }
            Some((_, previous)) if entry.previous != hex(&previous) => {
                return Err(Broken::at(sequence, "it does not follow from the entry before it"));
            }
            Some(_) => {}
            None => self.begin(&entry)?,
        }
        if self.checkpoints.get(&sequence).is_some_and(|point| point.hash != hex(&own)) {
            return Err(Broken::at(sequence, "it is not what its checkpoint states"));
        }
        self.last = Some((sequence, own));
        self.whole.entries += 1;
        self.whole.last = sequence;
        Ok(entry)
    }

    /// The first entry is the first of all, or follows a checkpoint.
    fn begin(&mut self, entry: &Entry) -> Result<(), Broken> {
        let before = entry.sequence - 1;
        let stated = match before {
            0 => Some(hex(&ORIGIN)),
            _ => {
                let begins = |checkpoint: &&Checkpoint| checkpoint.begins_for(&self.keys);
                let stated = self.checkpoints.get(&before).filter(begins);
                stated.map(|checkpoint| checkpoint.hash.clone())
            }
        };
        if stated.as_ref() != Some(&entry.previous) {
            let why = "nothing signed states that what was before it was forgotten: the beginning is missing";
            return Err(Broken::at(entry.sequence, why));
        }
        self.whole.first = entry.sequence;
        Ok(())
    }

    /// The end of the log. Where it has to end may be known.
    pub(crate) fn end(self, known: Option<(i64, String)>) -> Result<Whole, Broken> {
        let last = self.last.map_or(0, |(last, _)| last);
        if let Some((sequence, hash)) = known {
            // All may have been forgotten, up to a checkpoint.
            let hash_here = match self.last {
                Some((_, hash)) => hex(&hash),
                None if sequence == 0 => hex(&ORIGIN),
                None => match self.checkpoints.get(&sequence) {
                    Some(checkpoint) if checkpoint.begins_for(&self.keys) => {
                        checkpoint.hash.clone()
                    }
                    _ => return Err(Broken::at(1, "it is missing, and all after it")),
                },
            };
            if self.last.is_some() && last != sequence {
                return Err(Broken::at(last + 1, "it is missing, and all after it"));
            }
            if hash_here != hash {
                return Err(Broken::at(sequence, "it is not what the end of the chain states"));
            }
        }
        let stated = self.checkpoints.keys().next_back().copied().unwrap_or_default();
        if self.last.is_some() && stated > last {
            let why = format!("it is missing: a checkpoint states entries up to {stated}");
            return Err(Broken::at(last + 1, why));
        }
        Ok(Whole { checkpoints: self.checkpoints.len() as u64, ..self.whole })
    }
}

/// Verifies the log in a database.
pub(crate) async fn database(
    store: &Store,
    keys: Vec<VerifyingKey>,
    more: Vec<Checkpoint>,
) -> Result<Result<Whole, Broken>, DbErr> {
    // One state of all three tables.
    let db = store.read().await?;
    let kept = audit_checkpoint::Entity::find().all(&db).await?;
    let checkpoints = kept.into_iter().map(Checkpoint::from).chain(more);
    let mut verifier = match Verifier::new(keys, checkpoints) {
        Ok(verifier) => verifier,
        Err(broken) => return Ok(Err(broken)),
    };
    let mut after = 0;
    loop {
        let rows = audit_entry::Entity::find()
            .filter(audit_entry::Column::Sequence.gt(after))
            .order_by_asc(audit_entry::Column::Sequence)
            .limit(AT_ONCE)
            .all(&db)
            .await?;
        let Some(last) = rows.last() else { break };
        after = last.sequence;
        for row in &rows {
            let entry = match verifier.entry(&row.entry, &hex(&row.hash)) {
                Ok(entry) => entry,
                Err(broken) => return Ok(Err(broken)),
            };
            if !tells_the_same(row, &entry) {
                let why = "what it is found by differs from what it says";
                return Ok(Err(Broken::at(row.sequence, why)));
            }
        }
    }
    let head = chain::head(&db).await?;
    Ok(verifier.end(Some((head.sequence, hex(&head.hash)))))
}

/// Whether the columns that entries are found by say what the entry says.
fn tells_the_same(row: &audit_entry::Model, entry: &Entry) -> bool {
    row.sequence == entry.sequence
        && super::instant(row.at) == entry.at
        && row.kind == entry.kind.name()
        && row.action == entry.action
        && row.outcome == entry.outcome.name()
        && row.actor == entry.actor
        && row.portal_id == entry.portal_id
}

/// Verifies an exported log: entries and checkpoints as JSON, one on each line.
pub(crate) fn lines<'l>(
    lines: impl IntoIterator<Item = &'l str>,
    keys: Vec<VerifyingKey>,
    more: Vec<Checkpoint>,
) -> Result<Whole, Broken> {
    let mut verifier = Verifier::new(keys, more)?;
    for (number, line) in lines.into_iter().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let next = verifier.last.map_or(0, |(last, _)| last) + 1;
        let broken = |why: &str| Broken::at(next, format!("line {}: {why}", number + 1));
        let value: Value = serde_json::from_str(line).map_err(|_| broken("is no JSON"))?;
        if let Some(checkpoint) = value.get("checkpoint") {
            let checkpoint: Checkpoint = serde_json::from_value(checkpoint.clone())
                .map_err(|_| broken("is no checkpoint"))?;
            verifier.demand(checkpoint)?;
            continue;
        }
        let stated = value.get("hash").and_then(Value::as_str);
        let stated = stated.ok_or_else(|| broken("has no hash"))?.to_owned();
        verifier.entry(&canonical_of(&value), &stated)?;
    }
    verifier.end(None)
}
