//! The commands of the README and of the guides do what they say: each one is run here, or the stage
//! that runs it is named.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::workspace::Workspace;
use crate::{process, say};

/// Commands that are not run here, and why that leaves no gap.
const ELSEWHERE: &[(&str, &str)] = &[
    ("cargo xtask bench", "takes minutes; its parts are compiled by the stage `clippy`"),
    ("cargo xtask bench --envoy", "takes minutes; its client and its Envoy are those of the demo"),
    (
        "cargo xtask bench --identity",
        "takes minutes; its servers are those of the stage `providers`",
    ),
    ("cargo xtask bench --portal", "takes minutes; it is compiled by the stage `clippy`"),
    ("cargo xtask build-filters", "the stage `filters`"),
    ("cargo xtask demo", "the stage `demo`, with `--check`"),
    ("cargo xtask test", "this is it"),
];

/// Documents whose commands are promises.
const DOCUMENTS: &[&str] = &["README.md", "host-harness/docs/guide.md"];

pub(super) fn run(workspace: &Workspace) -> Result<()> {
    let mut known = Vec::new();
    for name in DOCUMENTS {
        let text = std::fs::read_to_string(workspace.path(name)).context(*name)?;
        for command in commands(&text) {
            match ELSEWHERE.iter().find(|(elsewhere, _)| *elsewhere == command) {
                Some((_, reason)) => say::line(format_args!("   {command}: {reason}")),
                None => run_one(workspace, name, command)?,
            }
            known.push(command.to_owned());
        }
    }
    for (command, _) in ELSEWHERE {
        if !known.iter().any(|known| known == command) {
            bail!("no document has `{command}` any more");
        }
    }
    Ok(())
}

/// The lines of a document's shell blocks.
fn commands(readme: &str) -> Vec<&str> {
    let mut commands = Vec::new();
    let mut inside = false;
    for line in readme.lines() {
        match line {
            "```sh" => inside = true,
            "```" => inside = false,
            _ if inside && !line.trim().is_empty() => commands.push(line),
            _ => {}
        }
    }
    commands
}

pub(super) fn run_one(workspace: &Workspace, document: &str, command: &str) -> Result<()> {
    let mut words = command.split_whitespace();
    if words.next() != Some("cargo") {
        bail!("{document}: `{command}` is no command of cargo");
    }
    let mut cargo: Command = process::cargo(workspace);
    // Build products are where cargo puts them, which a developer may have moved.
    let target = workspace.target.display().to_string();
    let words = words.map(|word| match word.strip_prefix("target/") {
        Some(rest) => format!("{target}/{rest}"),
        None => word.to_owned(),
    });
    process::run(cargo.args(words)).with_context(|| format!("{document}: `{command}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_shell_blocks_hold_commands() {
        let readme = "cargo no\n```sh\ncargo one\n\ncargo two\n```\n```json\ncargo no\n```\n";
        assert_eq!(commands(readme), ["cargo one", "cargo two"]);
    }
}
