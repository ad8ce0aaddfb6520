//! The fail-closed matrix: each host call that a filter makes, each way it can go wrong, and what
//! became of the requests.
//!
//! [`run`] first tells every case without faults, which shows what the filter calls and how
//! requests should end. Then it tells the case again for each call, each fault that can befall it,
//! and each [`Occurrence`], and compares: a request that was refused must not be let through, and
//! no upstream may see what it did not see before.

mod judge;
mod plan;
mod table;

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

pub use judge::Judgement;
pub use plan::Occurrence;
pub use table::{Table, TableError};

use crate::artifact::Artifact;
use crate::case::{self, Case, Modules, Options, Report, Verdict};
use crate::profile::Profile;
use plan::Cell;

/// A cell of the matrix that is not as it must be, with the story of the request.
#[derive(Clone, Debug)]
pub struct Breach {
    /// The profile.
    pub profile: String,
    /// The case.
    pub case: String,
    /// The fault.
    pub fault: String,
    /// What became of it.
    pub judgement: Judgement,
    /// What happened in which step.
    pub story: String,
}

/// The matrix, and what is wrong in it.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// All cells.
    pub table: Table,
    /// Those that are open or leak.
    pub breaches: Vec<Breach>,
}

/// Runs the matrix, several cells at a time. `progress` hears how many of how many cells are done.
///
/// # Errors
/// When a case does not hold without faults: then there is nothing to compare with.
pub fn run(
    cases: &[Case],
    artifact: &Artifact,
    profiles: &[Profile],
    modules: &Modules,
    jobs: usize,
    progress: impl FnMut(usize, usize),
) -> Result<Outcome, Vec<Report>> {
    let pairs: Vec<(&Case, &Profile)> =
        profiles.iter().flat_map(|profile| cases.iter().map(move |case| (case, profile))).collect();
    let plain = Options { modules: modules.clone(), ..Options::default() };
    let bases = on_all(
        &pairs,
        jobs,
        |(case, profile)| case::run(case, artifact, profile, &plain),
        |_, _| {},
    );
    let failed: Vec<Report> =
        bases.iter().filter(|report| report.verdict == Verdict::Failed).cloned().collect();
    if !failed.is_empty() {
        return Err(failed);
    }
    let mut cells = Vec::new();
    for ((case, profile), base) in pairs.iter().zip(&bases) {
        if !matches!(base.verdict, Verdict::Skipped(_)) {
            let planned = plan::cells(&base.census);
            cells.extend(planned.into_iter().map(|cell| (*case, *profile, base, cell)));
        }
    }
    let judged = on_all(
        &cells,
        jobs,
        |(case, profile, base, cell)| {
            let options = Options { faults: vec![cell.fault()], ..plain.clone() };
            let report = case::run(case, artifact, profile, &options);
            judge::compare(base, &report)
        },
        progress,
    );
    let mut outcome = Outcome::default();
    for ((case, profile, _, cell), (judgement, story)) in cells.iter().zip(judged) {
        let Cell { callback, call, kind, occurrence } = cell;
        outcome.table.put(
            &profile.name,
            callback,
            call,
            &format!("{kind}, {occurrence}"),
            judgement,
        );
        if judgement.is_breach() {
            outcome.breaches.push(Breach {
                profile: profile.name.clone(),
                case: case.name.clone(),
                fault: cell.fault().to_string(),
                judgement,
                story,
            });
        }
    }
    Ok(outcome)
}

/// Works on all items, several at a time; the answers are in the order of the items.
fn on_all<T: Sync, A: Send>(
    items: &[T],
    jobs: usize,
    work: impl Fn(&T) -> A + Sync,
    mut done: impl FnMut(usize, usize),
) -> Vec<A> {
    let next = AtomicUsize::new(0);
    let (sender, answers) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, items.len().max(1)) {
            let (sender, next, work) = (sender.clone(), &next, &work);
            scope.spawn(move || {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(number) else { return };
                    if sender.send((number, work(item))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut all = Vec::new();
        for answer in answers {
            all.push(answer);
            done(all.len(), items.len());
        }
        all.sort_by_key(|(number, _)| *number);
        all.into_iter().map(|(_, answer)| answer).collect()
    })
}
