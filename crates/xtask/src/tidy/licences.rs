//! Every dependency is under a licence that deny.toml allows.
//!
//! The same file serves cargo-deny; this check needs nothing installed.

use anyhow::{Context as _, Result};
use cargo_metadata::Metadata;
use serde::Deserialize;
use spdx::{Expression, ParseMode};

use super::files::Files;

#[derive(Debug, Deserialize)]
struct Deny {
    licenses: Rules,
}

#[derive(Debug, Deserialize)]
struct Rules {
    allow: Vec<String>,
    #[serde(default)]
    exceptions: Vec<Exception>,
}

#[derive(Debug, Deserialize)]
struct Exception {
    allow: Vec<String>,
    #[serde(rename = "crate")]
    name: String,
}

pub(super) fn problems(files: &Files, metadata: &Metadata) -> Result<Vec<String>> {
    let rules = files.text("deny.toml").context("deny.toml is missing")?;
    let rules = toml::from_str::<Deny>(rules).context("deny.toml")?.licenses;
    let used = metadata.packages.iter().map(|package| {
        (package.name.as_str(), package.license.as_deref(), package.license_file.is_some())
    });
    Ok(check(&rules, used))
}

fn check<'a>(
    rules: &Rules,
    packages: impl Iterator<Item = (&'a str, Option<&'a str>, bool)>,
) -> Vec<String> {
    packages
        .filter_map(|(name, licence, has_file)| {
            let Some(licence) = licence else {
                let what = if has_file { "a licence file only" } else { "no licence" };
                return Some(format!("`{name}` states {what}"));
            };
            let Ok(expression) = Expression::parse_mode(licence, ParseMode::LAX) else {
                return Some(format!("`{name}`: `{licence}` is not a licence expression"));
            };
            let allowed = |wanted: &str| {
                let excepted = rules.exceptions.iter().filter(|exception| exception.name == name);
                let excepted = excepted.flat_map(|exception| &exception.allow);
                rules.allow.iter().chain(excepted).any(|allowed| allowed == wanted)
            };
            let fine = expression.evaluate(|requirement| allowed(&requirement.to_string()));
            (!fine)
                .then(|| format!("`{name}` is under `{licence}`, which deny.toml does not allow"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = r#"
        [licenses]
        allow = ["Apache-2.0", "Apache-2.0 WITH LLVM-exception", "MIT"]
        exceptions = [{ allow = ["Zlib"], crate = "zippy" }]
    "#;

    fn found(name: &str, licence: Option<&str>) -> usize {
        let rules = toml::from_str::<Deny>(RULES).unwrap().licenses;
        check(&rules, [(name, licence, false)].into_iter()).len()
    }

    #[test]
    fn allowed_expressions_pass() {
        for licence in
            ["MIT", "MIT/Apache-2.0", "GPL-3.0-only OR MIT", "Apache-2.0 WITH LLVM-exception"]
        {
            assert_eq!(found("a", Some(licence)), 0, "{licence}");
        }
        assert_eq!(found("zippy", Some("MIT AND Zlib")), 0);
    }

    #[test]
    fn everything_else_is_found() {
        for licence in ["GPL-3.0-only", "MIT AND Zlib", "as you like"] {
            assert_eq!(found("a", Some(licence)), 1, "{licence}");
        }
        assert_eq!(found("a", None), 1);
    }
}
