//! What a measurement leaves behind: lines for a reader, a JSON file for a program.

use core::fmt::Display;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Serialize;

/// Prints a line. A closed pipe is not a failure of the measurement.
pub fn line(text: impl Display) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Prints a row of a table.
pub fn row(name: &str, value: impl Display, unit: &str) {
    line(format_args!("  {name:<44} {value:>12} {unit}"));
}

/// Writes a report.
///
/// # Errors
///
/// When the file cannot be written.
pub fn write(folder: &Path, name: &str, report: &impl Serialize) -> Result<()> {
    fs::create_dir_all(folder)?;
    let path = folder.join(name);
    let mut json = serde_json::to_vec_pretty(report)?;
    json.push(b'\n');
    fs::write(&path, json).with_context(|| format!("cannot write {}", path.display()))?;
    line(format_args!("written to {}", path.display()));
    Ok(())
}

/// The value in the middle; zero when there is none.
#[must_use]
pub fn median<T: PartialOrd + Copy + Default>(values: &mut [T]) -> T {
    values.sort_unstable_by(|a, b| a.partial_cmp(b).unwrap_or(core::cmp::Ordering::Equal));
    values.get(values.len() / 2).copied().unwrap_or_default()
}
