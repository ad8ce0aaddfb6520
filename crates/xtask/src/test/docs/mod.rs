//! The pages of `docs/` hold together: all are in the index, links lead somewhere, code is that of the
//! files that it was taken from, and every command of a shell block is run, or stands in a table with
//! the reason why it is not.

mod elsewhere;
mod page;
mod play;

use std::fs;

use anyhow::{Context as _, Result, bail};

use self::elsewhere::{CHECKOUTS, ELSEWHERE};
use self::page::Block;
use self::play::{Place, Programs};
use super::readme;
use crate::workspace::Workspace;
use crate::{build_filters, process, say, tools};

/// The list of all pages.
const INDEX: &str = "SUMMARY.md";

/// The variable that names the one page to play, for who writes it.
const ONLY: &str = "GATEKEY_DOCS_PAGE";

/// With which words a line begins that somebody is meant to type.
const TYPED: &[&str] = &["cargo ", "curl ", "envoy ", "gatekey ", "gatekey-harness "];

pub(super) fn run(workspace: &Workspace) -> Result<()> {
    let mut pages = pages(workspace)?;
    let problems = problems(workspace, &pages);
    for problem in &problems {
        say::line(problem);
    }
    if !problems.is_empty() && std::env::var_os(ONLY).is_none() {
        bail!("{} problems", problems.len());
    }
    build_filters::run_if_missing(workspace)?;
    for package in ["gatekey-portal", "gatekey-host-harness"] {
        process::run(process::cargo(workspace).args(["build", "--package", package]))?;
    }
    if let Ok(only) = std::env::var(ONLY) {
        pages.retain(|(name, _)| *name == only);
    }
    let postgres = tools::PostgresServer::start(workspace)?;
    let programs = Programs { envoy: tools::envoy(workspace)?, jq: tools::jq()?, postgres };
    for (name, text) in &pages {
        play_page(workspace, &programs, name, text)?;
    }
    Ok(())
}

/// The pages by their names, with their texts.
fn pages(workspace: &Workspace) -> Result<Vec<(String, String)>> {
    let mut pages = Vec::new();
    for entry in fs::read_dir(workspace.path("docs"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "md") {
            let name =
                path.file_name().context("a file has a name")?.to_string_lossy().into_owned();
            pages.push((name, fs::read_to_string(&path)?));
        }
    }
    pages.sort();
    Ok(pages)
}

fn play_page(workspace: &Workspace, programs: &Programs, name: &str, text: &str) -> Result<()> {
    let blocks = page::blocks(text);
    let (mut played, mut of_cargo) = (Vec::new(), Vec::new());
    for block in blocks.iter().filter(|block| block.language == "sh") {
        match reason(name, block) {
            Some(reason) => say::line(format_args!("   {name}:{}: {reason}", block.line)),
            None if is_cargos(block) => of_cargo.push(block),
            None => played.push(block),
        }
    }
    for block in of_cargo {
        for command in block.text.lines().filter(|line| !line.is_empty()) {
            readme::run_one(workspace, name, command)?;
        }
    }
    if !played.is_empty() {
        let checkout = CHECKOUTS.contains(&name);
        let place = if checkout { Place::Checkout } else { Place::Portal };
        play::play(workspace, programs, name, place, &played)?;
        say::line(format_args!("   {name}: {} blocks do what they say", played.len()));
    }
    Ok(())
}

fn reason(page: &str, block: &Block<'_>) -> Option<&'static str> {
    let found = ELSEWHERE.iter().find(|(of, name, _)| *of == page && *name == block.name());
    found.map(|(_, _, reason)| *reason)
}

fn is_cargos(block: &Block<'_>) -> bool {
    block.text.lines().all(|line| line.is_empty() || line.starts_with("cargo "))
}

fn problems(workspace: &Workspace, pages: &[(String, String)]) -> Vec<String> {
    let mut problems = unlisted(pages);
    for (name, text) in pages {
        let linked = page::links(text);
        for target in linked.iter().filter(|target| !target.contains("://")) {
            if !workspace.path("docs").join(target).exists() {
                problems.push(format!("docs/{name}: `{target}` is not there"));
            }
        }
        for block in page::blocks(text) {
            let at = format!("docs/{name}:{}", block.line);
            if block.language.is_empty() && block.text.lines().any(is_typed) {
                problems.push(format!("{at}: commands stand in a block `sh`"));
            }
            if block.language == "rust" {
                let origins = linked.iter().filter(|target| target.ends_with(".rs"));
                let mut files =
                    origins.filter_map(|t| fs::read_to_string(workspace.path("docs").join(t)).ok());
                if !files.any(|file| file.contains(&block.text)) {
                    problems.push(format!("{at}: no linked file has this code"));
                }
            }
        }
    }
    problems.extend(forgotten(pages));
    problems
}

/// Pages that the index leaves out, or has twice.
fn unlisted(pages: &[(String, String)]) -> Vec<String> {
    let Some((_, index)) = pages.iter().find(|(name, _)| name == INDEX) else {
        return vec![format!("docs/{INDEX} is missing")];
    };
    let listed = page::links(index);
    let names = pages.iter().map(|(name, _)| name.as_str()).filter(|name| *name != INDEX);
    names
        .filter_map(|name| match listed.iter().filter(|target| **target == name).count() {
            1 => None,
            times => Some(format!("docs/{INDEX} has {name} {times} times")),
        })
        .collect()
}

/// Entries of the tables that no page has any more.
fn forgotten(pages: &[(String, String)]) -> Vec<String> {
    let text = |page: &str| pages.iter().find(|(name, _)| name == page).map(|(_, text)| text);
    let has = |page: &str, name: &str| {
        text(page).is_some_and(|t| {
            page::blocks(t).iter().any(|block| block.language == "sh" && block.name() == name)
        })
    };
    let blocks = ELSEWHERE.iter().filter(|(page, name, _)| !has(page, name));
    let blocks = blocks.map(|(page, name, _)| format!("docs/{page} has no block `{name}`"));
    let places = CHECKOUTS.iter().filter(|page| text(page).is_none());
    blocks.chain(places.map(|page| format!("docs/{page} is not there"))).collect()
}

fn is_typed(line: &str) -> bool {
    let line = line.trim_start().trim_start_matches("$ ");
    TYPED.iter().any(|word| line.starts_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(name: &str, text: &str) -> (String, String) {
        (name.to_owned(), text.to_owned())
    }

    #[test]
    fn every_page_is_listed_once() {
        let index = "[a](a.md) [b](b.md) [b](b.md)";
        let pages = [page(INDEX, index), page("a.md", ""), page("b.md", ""), page("c.md", "")];
        let found = unlisted(&pages);
        assert_eq!(found.len(), 2, "{found:?}");
    }

    #[test]
    fn a_command_is_told_from_its_output() {
        assert!(is_typed("$ gatekey serve") && is_typed("curl -i x"));
        assert!(!is_typed("gatekey_revision 7") && !is_typed("HTTP/1.1 200 OK"));
    }

    #[test]
    fn blocks_of_cargo_are_run_in_the_workspace() {
        let block = |text: &str| Block { language: "sh", line: 1, text: text.into(), output: None };
        assert!(is_cargos(&block("cargo a\n\ncargo b\n")));
        assert!(!is_cargos(&block("cargo a\nexport X=1\n")));
    }
}
