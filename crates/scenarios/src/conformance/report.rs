//! The results as a page of the documentation.

use std::collections::BTreeMap;

use super::{Batch, Row, Set};
use crate::Transcript;
use crate::transcript::Outcome;

/// What a subject made of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As expected.
    Right,
    /// Otherwise.
    Wrong,
    /// The subject cannot try it.
    LeftOut,
}

/// Results of several subjects.
#[derive(Debug)]
pub struct Report {
    subjects: Vec<&'static str>,
    /// How many rows of a set a subject got right, tried, and left out.
    counts: BTreeMap<(Set, &'static str), (usize, usize, usize)>,
    attacks: Vec<(Row, String)>,
}

impl Report {
    /// A report about these subjects.
    #[must_use]
    pub const fn new(subjects: Vec<&'static str>) -> Self {
        Self { subjects, counts: BTreeMap::new(), attacks: Vec::new() }
    }

    /// Takes down what a subject saw. The differences from what is expected come back.
    pub fn enter(
        &mut self,
        subject: &'static str,
        batch: &Batch,
        seen: Option<&Transcript>,
    ) -> Vec<String> {
        let mut differences = Vec::new();
        let none = Transcript::new();
        if seen.is_some_and(|seen| seen.len() != batch.rows.len()) {
            differences.push(format!("{subject}, {}: rows and outcomes", batch.scenario.name));
        }
        let outcomes = seen.unwrap_or(&none);
        for (number, (row, request)) in batch.rows.iter().zip(batch.scenario.requests()).enumerate()
        {
            let count = self.counts.entry((row.set, subject)).or_default();
            let Some(outcome) = outcomes.get(number) else {
                count.2 += 1;
                continue;
            };
            count.1 += 1;
            match crate::expect::unmet(&batch.scenario, request, outcome) {
                None => count.0 += 1,
                Some(wanted) => {
                    let Row { id, name, .. } = row;
                    differences.push(format!(
                        "{subject}: {id}, {name}: expected {wanted}\n    but {outcome}"
                    ));
                }
            }
        }
        differences
    }

    /// Takes down what the rows of the attack corpus expect.
    pub fn tell(&mut self, batch: &Batch) {
        for (row, request) in batch.rows.iter().zip(batch.scenario.requests()) {
            if row.set == Set::Attacks {
                let wanted = crate::expect::wanted(&batch.scenario, request);
                let verdict = match wanted {
                    Ok(Outcome::Denied { code, answer }) => {
                        format!("{} `{}`", answer.status, code.unwrap_or_default())
                    }
                    Ok(_) => "passes".into(),
                    Err(why) => why,
                };
                let left_out = batch.scenario.skip.get("envoy");
                let note = left_out.map(|why| format!(" (not in a real Envoy: {why})"));
                self.attacks.push((row.clone(), format!("{verdict}{}", note.unwrap_or_default())));
            }
        }
    }

    /// The page. Of a set that was not run the committed line stays.
    #[must_use]
    pub fn page(&self, committed: &str) -> String {
        let mut lines = vec![
            "# Conformance".to_owned(),
            String::new(),
            "Made by the test `conformance` of `crates/scenarios`: run it with `GATEKEY_BLESS=1` to \
             make it anew."
                .into(),
            "It tries the compiled modules: `gatekey_openid_connect.wasm`, and \
             `gatekey_application_auth.wasm` where keys and tokens meet."
                .into(),
            String::new(),
            "## Counts".into(),
            String::new(),
            "Every cell is the number of rows with the expected verdict out of those tried. Every \
             vector whose".into(),
            "signature holds is tried twice, once with a bit of the signature turned. The Wycheproof \
             files are not".into(),
            "part of this project; `GATEKEY_WYCHEPROOF_DIR` says where they are.".into(),
            String::new(),
            format!("| Set | {} |", self.subjects.join(" | ")),
            format!("|---|{}", "---|".repeat(self.subjects.len())),
        ];
        for set in Set::ALL {
            let start = format!("| {} |", set.name());
            let known = committed.lines().find(|line| line.starts_with(&start));
            let cell = |subject: &&'static str| {
                let (right, tried, left_out) = *self.counts.get(&(set, *subject))?;
                let note =
                    if left_out == 0 { String::new() } else { format!(", {left_out} left out") };
                Some(format!(" {right} of {tried}{note} |"))
            };
            let cells: Option<String> = self.subjects.iter().map(cell).collect();
            match (cells, known) {
                (Some(cells), _) => lines.push(format!("{start}{cells}")),
                (None, Some(known)) => lines.push(known.into()),
                (None, None) => {
                    lines.push(format!("{start}{}", " not run |".repeat(self.subjects.len())))
                }
            }
        }
        lines.extend([
            String::new(),
            "## Attack corpus".into(),
            String::new(),
            "Rows that a module cannot be asked by a single request have tests of their own: an \
             older snapshot played".into(),
            "again (AT-19) in `crates/filter/tests/it/sync.rs` and `crates/core/tests/it/documents.rs`, \
             key sets that a".into(),
            "provider sends or does not (AT-20) in `crates/scenarios/tests/filter/key_sets.rs`. No \
             attempt made the".into(),
            "module call anybody: in the harness that is checked for each (AT-5, AT-6).".into(),
            String::new(),
            "| | What is tried | Verdict |".into(),
            "|---|---|---|".into(),
        ]);
        let mut attacks: Vec<_> = self.attacks.iter().collect();
        attacks.sort_by_key(|(row, _)| {
            row.id.trim_start_matches("AT-").parse::<u32>().unwrap_or_default()
        });
        for (row, verdict) in attacks {
            let name = row.name.replace('|', "\\|").replace('\t', "\\t").replace('\n', "\\n");
            lines.push(format!("| {} | {name} | {verdict} |", row.id));
        }
        lines.push(String::new());
        lines.join("\n")
    }
}
