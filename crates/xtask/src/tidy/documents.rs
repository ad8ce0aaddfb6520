//! The documents that a reader starts from.

use super::House;
use super::files::Files;

const NEEDED: &[&str] = &[
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "SECURITY.md",
];

/// The workspace's packages, by the folder that holds each.
pub(super) fn members(house: &House<'_>) -> Vec<String> {
    let root = &house.metadata.workspace_root;
    house
        .metadata
        .workspace_packages()
        .into_iter()
        .filter_map(|package| package.manifest_path.parent()?.strip_prefix(root).ok())
        .map(ToString::to_string)
        .collect()
}

pub(super) fn problems(files: &Files, members: &[String]) -> Vec<String> {
    let mut problems = Vec::new();
    for needed in NEEDED {
        if files.text(needed).is_none_or(|text| text.trim().is_empty()) {
            problems.push(format!("{needed} is missing or empty"));
        }
    }
    let architecture = files.text("ARCHITECTURE.md").unwrap_or_default();
    for member in members {
        if !architecture.contains(&format!("`{member}`")) {
            problems.push(format!("ARCHITECTURE.md does not mention `{member}`"));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_document_is_found() {
        let whole: Vec<_> = NEEDED.iter().map(|path| (*path, "text")).collect();
        assert_eq!(problems(&Files::of(&whole), &[]), Vec::<String>::new());
        for (index, (path, _)) in whole.iter().enumerate() {
            let mut broken = whole.clone();
            broken.remove(index);
            assert_eq!(problems(&Files::of(&broken), &[]), [format!("{path} is missing or empty")]);
        }
    }

    #[test]
    fn a_crate_without_a_place_on_the_map_is_found() {
        let mut files: Vec<_> = NEEDED.iter().map(|path| (*path, "text")).collect();
        files[0].1 = "`crates/core` decides.";
        let found = problems(&Files::of(&files), &["crates/core".into(), "crates/new".into()]);
        assert_eq!(found, ["ARCHITECTURE.md does not mention `crates/new`"]);
    }
}
