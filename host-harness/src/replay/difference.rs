//! The first difference between a recording and its replay.

use core::fmt;
use std::borrow::Cow;

use super::{Recording, Told};

/// How closely two recordings are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// To the byte.
    Everything,
    /// What was done and said, but not what it cost: fuel, bytes copied, numbers of host calls and
    /// memory may differ, as they do between builds.
    Behaviour,
}

/// Where two recordings part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The step.
    pub step: String,
    /// The line of its transcript, counted from 1.
    pub line: usize,
    /// The lines before it, which agree.
    pub before: Vec<String>,
    /// What was recorded; `None` is the end.
    pub recorded: Option<String>,
    /// What the replay gave; `None` is the end.
    pub replayed: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, line {}", self.step, self.line)?;
        for line in &self.before {
            writeln!(f, "    {line}")?;
        }
        writeln!(f, "  - {}", self.recorded.as_deref().unwrap_or("(nothing more)"))?;
        write!(f, "  + {}", self.replayed.as_deref().unwrap_or("(nothing more)"))
    }
}

impl Recording {
    /// The first line in which a replay differs from this recording, with so many lines before it.
    #[must_use]
    pub fn difference(&self, replay: &Self, detail: Detail, context: usize) -> Option<Difference> {
        let steps = self.transcripts.len().max(replay.transcripts.len());
        (0..steps).find_map(|step| {
            let (ours, theirs) = (self.transcripts.get(step), replay.transcripts.get(step));
            compare(ours, theirs, detail, context)
        })
    }
}

fn compare(
    ours: Option<&Told>,
    theirs: Option<&Told>,
    detail: Detail,
    context: usize,
) -> Option<Difference> {
    let step = ours.or(theirs).map(|told| told.step.clone())?;
    let (left, right) = (lines(ours, detail), lines(theirs, detail));
    let line = (0..left.len().max(right.len())).find(|at| left.get(*at) != right.get(*at))?;
    let own = |line: Option<&Cow<'_, str>>| line.map(|line| line.clone().into_owned());
    Some(Difference {
        step,
        line: line + 1,
        before: left
            .iter()
            .take(line)
            .skip(line.saturating_sub(context))
            .map(|line| line.clone().into_owned())
            .collect(),
        recorded: own(left.get(line)),
        replayed: own(right.get(line)),
    })
}

fn lines(told: Option<&Told>, detail: Detail) -> Vec<Cow<'_, str>> {
    let lines = told.map_or("", |told| told.text.as_str()).lines();
    match detail {
        Detail::Everything => lines.map(Cow::Borrowed).collect(),
        Detail::Behaviour => lines.filter_map(without_cost).collect(),
    }
}

/// A line with nothing in it that another build of the same behaviour would change.
fn without_cost(line: &str) -> Option<Cow<'_, str>> {
    if line.starts_with("fuel ") || line.starts_with("memory ") {
        return None;
    }
    if line.starts_with("callback ")
        && let Some((what, _cost)) = line.split_once(" fuel ")
    {
        return Some(Cow::Borrowed(what));
    }
    Some(Cow::Borrowed(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Told {
        Told { step: "stream 0".to_owned(), text: text.to_owned() }
    }

    #[test]
    fn the_first_difference_is_found_with_what_stands_before_it() {
        let (left, right) = (told("a\nb\nc\nd\ne\nf\n"), told("a\nb\nc\nd\nx\nf\n"));
        let found = compare(Some(&left), Some(&right), Detail::Everything, 3).unwrap();
        assert_eq!((found.line, found.before.len()), (5, 3));
        assert_eq!(found.to_string(), "stream 0, line 5\n    b\n    c\n    d\n  - e\n  + x");
        let shorter = told("a\nb\n");
        let found = compare(Some(&left), Some(&shorter), Detail::Everything, 3).unwrap();
        assert_eq!((found.line, found.replayed), (3, None));
        assert_eq!(compare(Some(&left), Some(&left.clone()), Detail::Everything, 3), None);
        assert!(compare(Some(&left), None, Detail::Behaviour, 3).is_some());
    }

    #[test]
    fn cost_is_no_behaviour() {
        let left = told(
            "callback a context 1 fuel 5 host calls 1 bytes 2\nfuel 5 bytes 2\nmemory 1 -> 1\n",
        );
        let right = told(
            "callback a context 1 fuel 6 host calls 1 bytes 2\nfuel 6 bytes 2\nmemory 1 -> 2\n",
        );
        assert!(compare(Some(&left), Some(&right), Detail::Everything, 3).is_some());
        assert_eq!(compare(Some(&left), Some(&right), Detail::Behaviour, 3), None);
        let other = told("callback b context 1 fuel 6 host calls 1 bytes 2\n");
        assert!(compare(Some(&left), Some(&other), Detail::Behaviour, 3).is_some());
    }
}
