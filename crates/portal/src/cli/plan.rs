//! What is to be done so that a portal is as somebody wants it, and what came of it, for people and
//! for programs.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

/// The longest value that is shown whole.
const LONGEST_VALUE: usize = 160;

/// What happens to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Action {
    /// It is made.
    Create,
    /// Some of its fields change.
    Update,
    /// It is deleted and made again: what changes of it cannot be changed.
    Replace,
    /// It goes, with what is inside.
    Delete,
}

impl Action {
    /// As it is told.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Replace => "replace",
            Self::Delete => "delete",
        }
    }

    const ALL: [Self; 4] = [Self::Create, Self::Update, Self::Replace, Self::Delete];
}

/// A field that changes. What is secret has neither side.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FieldChange {
    /// Its name; members of an object have dots between.
    pub(super) field: String,
    /// What it is.
    pub(super) before: Option<Value>,
    /// What it will be.
    pub(super) after: Option<Value>,
}

/// What happens to one resource.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    /// What happens.
    pub(super) action: Action,
    /// What kind of resource it is.
    pub(super) kind: &'static str,
    /// Which one it is, from the outermost resource that it is in.
    pub(super) name: Vec<String>,
    /// What changes of it.
    pub(super) fields: Vec<FieldChange>,
    /// What else is to be known.
    pub(super) note: Option<String>,
}

impl Step {
    /// The kind and the name, in one line.
    pub(super) fn title(&self) -> String {
        format!("{} {}", self.kind, self.name.join(" / "))
    }

    fn json(&self) -> Value {
        let fields = self.fields.iter().map(|change| {
            let mut shown = Map::new();
            shown.insert("field".into(), change.field.clone().into());
            match (&change.before, &change.after) {
                (None, None) => {
                    shown.insert("secret".into(), true.into());
                }
                (before, after) => {
                    shown.insert("before".into(), before.clone().unwrap_or_default());
                    shown.insert("after".into(), after.clone().unwrap_or_default());
                }
            }
            Value::Object(shown)
        });
        let mut shown = json!({
            "action": self.action.as_str(),
            "kind": self.kind,
            "name": self.name,
            "fields": fields.collect::<Vec<_>>(),
        });
        if let (Some(note), Some(members)) = (&self.note, shown.as_object_mut()) {
            members.insert("note".into(), note.clone().into());
        }
        shown
    }
}

/// Whether values are told, or only the names of fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// The names of fields that change.
    Fields,
    /// What each of them is, and will be.
    Values,
}

/// Tells the steps of a plan in their order, and how many there are.
pub(super) fn print<'s>(
    out: &mut impl Write,
    steps: impl Iterator<Item = &'s Step> + Clone,
    detail: Detail,
) -> io::Result<()> {
    for step in steps.clone() {
        write!(out, "{:<8} {}", step.action.as_str(), step.title())?;
        if step.action == Action::Update && detail == Detail::Fields {
            let names: Vec<_> = step.fields.iter().map(|change| change.field.as_str()).collect();
            write!(out, " ({})", names.join(", "))?;
        }
        if let Some(note) = &step.note {
            write!(out, ": {note}")?;
        }
        writeln!(out)?;
        if detail == Detail::Values && step.action != Action::Delete {
            for change in &step.fields {
                writeln!(out, "           {}: {}", change.field, told(change, step.action))?;
            }
        }
    }
    writeln!(out, "{}", summary(steps))
}

fn told(change: &FieldChange, action: Action) -> String {
    let after = match (&change.before, &change.after) {
        (None, None) => return "(secret)".into(),
        (_, after) => after.as_ref().map_or_else(|| "null".into(), shown),
    };
    if action == Action::Create {
        return after;
    }
    let before = change.before.as_ref().map_or_else(|| "null".into(), shown);
    format!("{before} -> {after}")
}

/// A value in one line, and not all of a long one.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= LONGEST_VALUE {
        return text;
    }
    let start: String = text.chars().take(LONGEST_VALUE).collect();
    format!("{start}... ({} bytes)", text.len())
}

/// How many steps of each sort there are.
#[expect(clippy::needless_pass_by_value, reason = "an iterator is handed over")]
fn summary<'s>(steps: impl Iterator<Item = &'s Step> + Clone) -> String {
    let counts: Vec<_> = Action::ALL
        .into_iter()
        .map(|action| (action, steps.clone().filter(|step| step.action == action).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(action, count)| format!("{count} to {}", action.as_str()))
        .collect();
    if counts.is_empty() { "nothing to do".into() } else { counts.join(", ") }
}

/// What came of a plan: so many of its steps were carried out, and the next one failed if there is
/// a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Done {
    /// How many steps were carried out.
    pub(super) steps: usize,
    /// Why the next one was not.
    pub(super) failure: Option<String>,
}

/// Tells what came of a plan.
pub(super) fn print_done(out: &mut impl Write, steps: &[&Step], done: &Done) -> io::Result<()> {
    let Some(failure) = &done.failure else {
        return writeln!(out, "done: {}", count(done.steps));
    };
    for (index, step) in steps.iter().enumerate() {
        let state = match index.cmp(&done.steps) {
            core::cmp::Ordering::Less => "done",
            core::cmp::Ordering::Equal => "failed",
            core::cmp::Ordering::Greater => "not done",
        };
        writeln!(out, "{state:<8} {} {}", step.action.as_str(), step.title())?;
    }
    writeln!(out, "failed: {failure}")?;
    let left = steps.len().saturating_sub(done.steps);
    writeln!(out, "{} done, {left} not; running it again goes on from here", count(done.steps))
}

fn count(steps: usize) -> String {
    if steps == 1 { "1 step".into() } else { format!("{steps} steps") }
}

/// A plan, and what came of it if it was carried out, for programs.
pub(super) fn as_json(steps: &[&Step], done: Option<&Done>) -> Value {
    let mut shown = json!({ "steps": steps.iter().map(|step| step.json()).collect::<Vec<_>>() });
    if let (Some(done), Some(members)) = (done, shown.as_object_mut()) {
        members.insert("done".into(), done.steps.into());
        members.insert("failure".into(), done.failure.clone().into());
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(action: Action, name: &str, fields: &[(&str, Option<Value>, Option<Value>)]) -> Step {
        Step {
            action,
            kind: "portals",
            name: vec![name.into()],
            fields: fields
                .iter()
                .cloned()
                .map(|(field, before, after)| FieldChange { field: field.into(), before, after })
                .collect(),
            note: None,
        }
    }

    fn printed(steps: &[Step], detail: Detail) -> String {
        let mut out = Vec::new();
        print(&mut out, steps.iter(), detail).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_plan_says_what_happens_and_how_often() {
        let steps = [
            step(Action::Create, "Dev", &[("rbac_enabled", None, Some(true.into()))]),
            step(
                Action::Update,
                "Test",
                &[("a", Some(1.into()), Some(2.into())), ("b", None, None)],
            ),
            step(Action::Delete, "Old", &[]),
        ];
        assert_eq!(
            printed(&steps, Detail::Fields),
            "create   portals Dev\nupdate   portals Test (a, b)\ndelete   portals Old\n\
             1 to create, 1 to update, 1 to delete\n"
        );
        let told = printed(&steps, Detail::Values);
        assert!(told.contains("rbac_enabled: true\n"), "{told}");
        assert!(told.contains("a: 1 -> 2\n") && told.contains("b: (secret)\n"), "{told}");
        assert_eq!(printed(&[], Detail::Fields), "nothing to do\n");
    }

    #[test]
    fn what_was_done_and_what_not_is_told() {
        let steps = ["A", "B", "C"].map(|name| step(Action::Create, name, &[]));
        let steps: Vec<_> = steps.iter().collect();
        let mut out = Vec::new();
        let done = Done { steps: 1, failure: Some("no".into()) };
        print_done(&mut out, &steps, &done).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "done     create portals A\nfailed   create portals B\nnot done create portals C\n\
             failed: no\n1 step done, 2 not; running it again goes on from here\n"
        );
        let shown = as_json(&steps, Some(&done));
        assert_eq!((&shown["done"], &shown["failure"]), (&1.into(), &"no".into()));
    }
}
