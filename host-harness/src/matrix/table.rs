//! The matrix as a table, and as a file that may only grow.

use core::error::Error;
use core::fmt::{self, Write as _};
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::judge::Judgement;

/// The version of the file.
const VERSION: u32 = 1;

type Row = BTreeMap<String, Judgement>;

/// Cells by profile, by callback and call, and by fault.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    profiles: BTreeMap<String, BTreeMap<String, Row>>,
}

/// How the file looks.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    profiles: BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>>,
}

/// Why a text is no table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableError(String);

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for TableError {}

impl Table {
    /// Adds what a case showed; of several cases the gravest counts.
    pub(super) fn put(
        &mut self,
        profile: &str,
        callback: &str,
        call: &str,
        fault: &str,
        judgement: Judgement,
    ) {
        let rows = self.profiles.entry(profile.to_owned()).or_default();
        let row = rows.entry(format!("{callback} {call}")).or_default();
        let cell = row.entry(fault.to_owned()).or_insert(judgement);
        *cell = (*cell).max(judgement);
    }

    /// Every cell: profile, callback and call, fault, judgement.
    pub fn cells(&self) -> impl Iterator<Item = (&str, &str, &str, Judgement)> {
        self.profiles.iter().flat_map(|(profile, rows)| {
            rows.iter().flat_map(move |(call, row)| {
                row.iter().map(move |(fault, judgement)| {
                    (profile.as_str(), call.as_str(), fault.as_str(), *judgement)
                })
            })
        })
    }

    fn get(&self, profile: &str, call: &str, fault: &str) -> Option<Judgement> {
        self.profiles.get(profile)?.get(call)?.get(fault).copied()
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When the text is no table of this version.
    pub fn parse(text: &str) -> Result<Self, TableError> {
        let located = |error: serde_json::Error| TableError(error.to_string());
        let Document { version, profiles } = serde_json::from_str(text).map_err(located)?;
        if version != VERSION {
            return Err(TableError(format!("version {version} is not known, {VERSION} is")));
        }
        let mut table = Self::default();
        for (profile, rows) in profiles {
            let known = table.profiles.entry(profile.clone()).or_default();
            for (call, row) in rows {
                let known = known.entry(call.clone()).or_default();
                for (fault, judgement) in row {
                    let place = |rule| TableError(format!("{profile}: {call}: {fault}: {rule}"));
                    let judgement = judgement.parse().map_err(place)?;
                    known.insert(fault, judgement);
                }
            }
        }
        Ok(table)
    }

    /// The file: sorted, a line for each call.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut text = format!("{{\n  \"version\": {VERSION},\n  \"profiles\": {{");
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        for (number, (profile, rows)) in self.profiles.iter().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            let _ = write!(text, "{comma}\n    {}: {{", quoted(profile));
            for (number, (call, row)) in rows.iter().enumerate() {
                let comma = if number == 0 { "" } else { "," };
                let row: BTreeMap<&str, String> =
                    row.iter().map(|(fault, j)| (fault.as_str(), j.to_string())).collect();
                let row = serde_json::to_string(&row).unwrap_or_default();
                let _ = write!(text, "{comma}\n      {}: {row}", quoted(call));
            }
            text.push_str("\n    }");
        }
        text.push_str("\n  }\n}\n");
        text
    }

    /// What is wrong with this table in the light of an earlier one: cells that are no more, and
    /// cells that became graver. Then, as the second list, what is new.
    #[must_use]
    pub fn against(&self, earlier: &Self) -> (Vec<String>, Vec<String>) {
        let (mut wrong, mut new) = (Vec::new(), Vec::new());
        for (profile, call, fault, before) in earlier.cells() {
            let cell = format!("{profile}: {call}: {fault}");
            match self.get(profile, call, fault) {
                None => wrong.push(format!("{cell}: is not run any more, was {before}")),
                Some(now) if now > before => wrong.push(format!("{cell}: was {before}, is {now}")),
                Some(now) if now != before => new.push(format!("{cell}: was {before}, is {now}")),
                Some(_) => {}
            }
            if before.is_breach() {
                wrong.push(format!("{cell}: is {before} in the committed table"));
            }
        }
        for (profile, call, fault, now) in self.cells() {
            if earlier.get(profile, call, fault).is_none() {
                new.push(format!("{profile}: {call}: {fault}: is new, {now}"));
            }
        }
        (wrong, new)
    }
}

/// For each profile a table: calls down, faults across, of several occurrences the graver.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (profile, rows) in &self.profiles {
            writeln!(f, "{profile}")?;
            for (call, row) in rows {
                writeln!(f, "  {call}")?;
                let judgements: BTreeSet<Judgement> = row.values().copied().collect();
                for judgement in judgements.into_iter().rev() {
                    let faults = row.iter().filter(|(_, of)| **of == judgement);
                    let faults: Vec<&str> = faults.map(|(fault, _)| fault.as_str()).collect();
                    writeln!(f, "    {judgement:<7} {}", faults.join(" · "))?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(cells: &[(&str, &str, Judgement)]) -> Table {
        let mut table = Table::default();
        for (call, fault, judgement) in cells {
            table.put("envoy", "on", call, fault, *judgement);
        }
        table
    }

    #[test]
    fn a_file_reads_back() {
        let table = table(&[("a", "trap, each", Judgement::Closed), ("b", "x", Judgement::Open)]);
        assert_eq!(Table::parse(&table.to_json()), Ok(table));
        assert_eq!(Table::parse(&Table::default().to_json()), Ok(Table::default()));
        let other = r#"{"version": 1, "profiles": {"p": {"c": {"f": "fine"}}}}"#;
        assert_eq!(Table::parse(other).unwrap_err().to_string(), "p: c: f: `fine` is no judgement");
        assert!(Table::parse(r#"{"version": 2, "profiles": {}}"#).is_err());
    }

    #[test]
    fn the_gravest_counts() {
        let mut table = table(&[("a", "f", Judgement::Closed)]);
        table.put("envoy", "on", "a", "f", Judgement::Held);
        assert_eq!(table.get("envoy", "on a", "f"), Some(Judgement::Closed));
    }

    #[test]
    fn a_table_may_only_grow() {
        let before = table(&[("a", "f", Judgement::Held), ("a", "g", Judgement::Closed)]);
        let grown = table(&[
            ("a", "f", Judgement::Held),
            ("a", "g", Judgement::Held),
            ("b", "f", Judgement::Held),
        ]);
        let (wrong, new) = grown.against(&before);
        assert_eq!((wrong.len(), new.len()), (0, 2));
        let (wrong, _) = before.against(&grown);
        assert_eq!(wrong.len(), 2, "{wrong:?}");
        let open = table(&[("a", "f", Judgement::Open)]);
        assert_eq!(open.against(&open).0.len(), 1);
    }
}
