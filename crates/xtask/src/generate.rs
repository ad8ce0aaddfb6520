//! Files that are committed and made from the code: `cargo xtask generate [--check]`.
//!
//! Each entry is a command of one of our crates that prints the file's content, so this
//! program needs to know nothing of what is in it.

use std::fs;

use anyhow::{Context as _, Result, bail};

use crate::workspace::Workspace;
use crate::{process, say};

#[derive(Debug)]
struct Generated {
    /// From the root.
    file: &'static str,
    /// What `cargo` is called with.
    command: &'static [&'static str],
}

const FILTER_SCHEMA: &[&str] = &[
    "run",
    "--quiet",
    "--package",
    "gatekey-filter",
    "--features",
    "schema",
    "--bin",
    "config-schema",
];

const STRATEGY_SETTINGS: &[&str] =
    &["run", "--quiet", "--package", "gatekey-core", "--example", "strategy-settings"];

const REFUSALS: &[&str] = &["run", "--quiet", "--package", "gatekey-core", "--example", "refusals"];

const GENERATED: &[Generated] = &[
    Generated { file: "docs/refusals.md", command: REFUSALS },
    Generated { file: "filters/openid-connect/config.schema.json", command: FILTER_SCHEMA },
    Generated { file: "docs/openid-connect-settings.md", command: STRATEGY_SETTINGS },
    Generated { file: "filters/application-auth/config.schema.json", command: FILTER_SCHEMA },
    Generated { file: "filters/key-auth/config.schema.json", command: FILTER_SCHEMA },
];

/// Writes every generated file anew, or with `check` only says which would change.
pub(crate) fn run(workspace: &Workspace, check: bool) -> Result<()> {
    if check {
        let problems = problems(workspace)?;
        for problem in &problems {
            say::line(problem);
        }
        if !problems.is_empty() {
            bail!("{} generated files are stale", problems.len());
        }
        return Ok(());
    }
    for generated in GENERATED {
        let content = make(workspace, generated)?;
        fs::write(workspace.path(generated.file), content)?;
        say::line(format_args!("wrote {}", generated.file));
    }
    Ok(())
}

pub(crate) fn problems(workspace: &Workspace) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for generated in GENERATED {
        let fresh = make(workspace, generated)?;
        let committed = fs::read_to_string(workspace.path(generated.file)).ok();
        problems.extend(compare(generated.file, committed.as_deref(), &fresh));
    }
    Ok(problems)
}

fn make(workspace: &Workspace, generated: &Generated) -> Result<String> {
    let content = process::output(process::cargo(workspace).args(generated.command))
        .with_context(|| format!("cannot make {}", generated.file))?;
    Ok(content.trim_end().to_owned() + "\n")
}

fn compare(file: &str, committed: Option<&str>, fresh: &str) -> Option<String> {
    match committed {
        Some(text) if text == fresh => None,
        Some(_) => Some(format!("{file} is stale: run `cargo xtask generate` and commit it")),
        None => Some(format!("{file} is missing: run `cargo xtask generate` and commit it")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_or_missing_file_is_found() {
        assert_eq!(compare("a.json", Some("{}\n"), "{}\n"), None);
        assert!(compare("a.json", Some("{}"), "{}\n").unwrap().contains("stale"));
        assert!(compare("a.json", None, "{}\n").unwrap().contains("missing"));
    }
}
