//! `cargo xtask tidy`: the rules of the house that no compiler holds.
//!
//! Each rule is a function from what it looks at to the problems it found, so that its own
//! tests can show it a broken house.

mod arrows;
mod artefacts;
mod documents;
mod files;
mod licences;
mod names;
mod private;
mod sizes;
mod sources;
mod vendored;

use anyhow::{Result, bail};

use self::files::Files;
use crate::workspace::Workspace;
use crate::{generate, say};

type Rule = (&'static str, fn(&House) -> Result<Vec<String>>);

const RULES: &[Rule] = &[
    ("dependency arrows", |house| Ok(arrows::problems(&arrows::Graph::of(&house.metadata)?))),
    ("forbidden imports", |house| Ok(sources::problems(&house.files))),
    ("file sizes", |house| Ok(sizes::problems(&house.files))),
    ("names", |house| Ok(names::problems(&house.files))),
    ("private details", |house| Ok(private::problems(&house.files))),
    ("documents", |house| Ok(documents::problems(&house.files, &documents::members(house)))),
    ("licences", |house| licences::problems(&house.files, &house.metadata)),
    ("vendored files", vendored::of_house),
    ("generated files", |house| generate::problems(house.workspace)),
    ("artefacts", |house| artefacts::problems(house.workspace)),
];

/// Everything that a rule may look at.
#[derive(Debug)]
struct House<'a> {
    workspace: &'a Workspace,
    metadata: cargo_metadata::Metadata,
    files: Files,
}

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let house =
        House { workspace, metadata: workspace.metadata()?, files: Files::tracked(workspace)? };
    let mut count = 0;
    for (name, rule) in RULES {
        for problem in rule(&house)? {
            say::line(format_args!("{name}: {problem}"));
            count += 1;
        }
    }
    if count > 0 {
        bail!("{count} problems");
    }
    say::line(format_args!("{} rules hold over {} files", RULES.len(), house.files.len()));
    Ok(())
}
