//! What others wrote and we carry: under its licence, and unchanged since it came.

use std::collections::BTreeSet;
use std::fs;

use anyhow::Result;
use sha2::{Digest as _, Sha256};

use super::House;
use super::files::Files;

const FOLDER: &str = "crates/web/assets/vendor/";

/// Files that speak of the others and are not in the table of sums.
const ABOUT: &[&str] = &["LICENSE", "LICENSES-OF-PARTS.txt", "NOTICE", "README.md"];

pub(super) fn of_house(house: &House<'_>) -> Result<Vec<String>> {
    let mut sums = Vec::new();
    for path in house.files.paths().filter(|path| path.starts_with(FOLDER)) {
        sums.push((path.to_owned(), sum(&fs::read(house.workspace.path(path))?)));
    }
    Ok(problems(&house.files, &sums))
}

fn sum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn problems(files: &Files, sums: &[(String, String)]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut packages = BTreeSet::new();
    for (path, sum) in sums {
        let Some((package, name)) = path.trim_start_matches(FOLDER).split_once('/') else {
            problems.push(format!("{path} belongs into a folder of its package"));
            continue;
        };
        packages.insert(package);
        let readme = files.text(&format!("{FOLDER}{package}/README.md")).unwrap_or_default();
        let line = format!("| `{name}` | `{sum}` |");
        if !ABOUT.contains(&name) && !readme.contains(&line) {
            problems.push(format!("{path} is not what the README beside it says: {sum}"));
        }
    }
    for package in packages {
        let licence = format!("{FOLDER}{package}/LICENSE");
        if files.text(&licence).is_none_or(|text| text.trim().is_empty()) {
            problems.push(format!("{licence} is missing or empty"));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    const LICENCE: (&str, &str) = ("crates/web/assets/vendor/a/LICENSE", "Do what you like.");

    fn found(readme: &str, others: &[(&str, &str)]) -> Vec<String> {
        let readme = ("crates/web/assets/vendor/a/README.md", readme);
        let files = Files::of(&[&[readme], others].concat());
        let sums = [("crates/web/assets/vendor/a/a.js".to_owned(), sum(b"abc"))];
        problems(&files, &sums)
    }

    #[test]
    fn what_is_as_it_came_passes() {
        let table = format!("| `a.js` | `{}` |", sum(b"abc"));
        assert_eq!(found(&table, &[LICENCE]), Vec::<String>::new());
    }

    #[test]
    fn what_was_changed_is_found() {
        let table = format!("| `a.js` | `{}` |", sum(b"abd"));
        assert_eq!(found(&table, &[LICENCE]).len(), 1);
    }

    #[test]
    fn what_has_no_licence_is_found() {
        let table = format!("| `a.js` | `{}` |", sum(b"abc"));
        assert_eq!(found(&table, &[]).len(), 1);
        assert_eq!(found(&table, &[(LICENCE.0, " \n")]).len(), 1);
    }
}
