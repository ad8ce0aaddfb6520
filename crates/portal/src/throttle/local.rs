//! Counts of one process.

use std::collections::HashMap;
use std::sync::Mutex;

use super::{Act, By, Meter};
use crate::problem::Problem;

/// More counts than this are not kept; those that say nothing go first.
const MOST: usize = 100_000;

/// For each act and actor, when all that was done would have been allowed at an even pace.
#[derive(Debug, Default)]
pub(super) struct Counts(Mutex<HashMap<(Act, By), i64>>);

impl Counts {
    /// Counts an act. The answer is how long to wait, in microseconds, if it is one too many.
    pub(super) fn count(
        &self,
        act: Act,
        by: By,
        meter: Meter,
        now: i64,
    ) -> Result<Option<i64>, Problem> {
        let mut counts = self.0.lock().map_err(poisoned)?;
        if counts.len() >= MOST {
            counts.retain(|_, even_at| *even_at > now);
            if counts.len() >= MOST {
                counts.clear();
            }
        }
        let even_at = counts.entry((act, by)).or_insert(now);
        let wait = meter.wait(*even_at, now);
        if wait.is_none() {
            *even_at = meter.after(*even_at, now);
        }
        Ok(wait)
    }

    /// How long to wait until an act would be allowed, in microseconds.
    pub(super) fn check(
        &self,
        act: Act,
        by: By,
        meter: Meter,
        now: i64,
    ) -> Result<Option<i64>, Problem> {
        let counts = self.0.lock().map_err(poisoned)?;
        Ok(counts.get(&(act, by)).and_then(|even_at| meter.wait(*even_at, now)))
    }

    /// Takes back a count.
    pub(super) fn give_back(&self, act: Act, by: By, meter: Meter) {
        let Ok(mut counts) = self.0.lock() else { return };
        if let Some(even_at) = counts.get_mut(&(act, by)) {
            *even_at = even_at.saturating_sub(meter.pace);
        }
    }
}

fn poisoned<T>(_: T) -> Problem {
    Problem::unavailable("the throttle's lock is poisoned")
}
