//! The README's commands do what it says: each one is run here, or the stage that runs it is named.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::workspace::Workspace;
use crate::{process, say};

/// Commands that are not run here, and why that leaves no gap.
const ELSEWHERE: &[(&str, &str)] = &[
    ("cargo xtask bench", "takes minutes; its parts are compiled by the stage `clippy`"),
    ("cargo xtask bench --envoy", "takes minutes; its client and its Envoy are those of the demo"),
    ("cargo xtask build-filters", "the stage `filters`"),
    ("cargo xtask demo", "the stage `demo`, with `--check`"),
    ("cargo xtask test", "this is it"),
];

pub(super) fn run(workspace: &Workspace) -> Result<()> {
    let readme = std::fs::read_to_string(workspace.path("README.md")).context("README.md")?;
    let commands = commands(&readme);
    for (command, _) in ELSEWHERE {
        if !commands.contains(command) {
            bail!("README.md no longer has `{command}`");
        }
    }
    for command in commands {
        match ELSEWHERE.iter().find(|(known, _)| *known == command) {
            Some((_, reason)) => say::line(format_args!("   {command}: {reason}")),
            None => run_one(workspace, command)?,
        }
    }
    Ok(())
}

/// The lines of the README's shell blocks.
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

fn run_one(workspace: &Workspace, command: &str) -> Result<()> {
    let mut words = command.split_whitespace();
    if words.next() != Some("cargo") {
        bail!("README.md: `{command}` is no command of cargo");
    }
    let mut cargo: Command = process::cargo(workspace);
    process::run(cargo.args(words)).with_context(|| format!("README.md: `{command}`"))
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
