//! `gatekey-harness faults`: the fail-closed matrix.

use core::num::NonZeroUsize;
use core::time::Duration;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::Instant;

use clap::Args;

use super::{input, output};
use crate::case;
use crate::matrix::{self, Outcome, Table};
use crate::profile::Profile;

/// How often a long run says how far it is.
const SOMETIMES: Duration = Duration::from_secs(5);
/// So many stories are told in full.
const MOST_STORIES: usize = 10;

/// Lets every host call of a filter go wrong in every way, and tells whether requests that must be
/// refused still are.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The module under test.
    filter: PathBuf,
    /// Case files, and folders of them. They must hold without faults.
    #[arg(required = true)]
    cases: Vec<PathBuf>,
    /// A profile to run the cases under, or `all`; may be repeated. The default is `all`.
    #[arg(long = "profile")]
    profiles: Vec<String>,
    /// Write the table into this file, as JSON.
    #[arg(long)]
    table: Option<PathBuf>,
    /// Compare with the table in this file: no cell may be gone or graver.
    #[arg(long)]
    check: Option<PathBuf>,
    /// How many cells are run at the same time. The default is the number of cores.
    #[arg(long)]
    jobs: Option<NonZeroUsize>,
    /// Keep compiled modules in this folder for the next run.
    #[arg(long)]
    cache: Option<PathBuf>,
    /// Do not print the table.
    #[arg(long, short)]
    quiet: bool,
}

pub(crate) fn execute(arguments: &Arguments) -> ExitCode {
    output::exit(run(arguments))
}

/// Whether nothing is open.
fn run(arguments: &Arguments) -> Result<bool, String> {
    let cases = input::cases(&arguments.cases)?;
    let earlier = arguments.check.as_ref().map(|path| {
        let text = fs::read_to_string(path).map_err(|error| error.to_string());
        let table = text.and_then(|text| Table::parse(&text).map_err(|error| error.to_string()));
        table.map_err(|error| format!("{}: {error}", path.display()))
    });
    let earlier = earlier.transpose()?;
    let modules = input::modules(arguments.cache.as_ref());
    let artifact = input::compile(&modules, &arguments.filter, &cases)?;
    let profiles = profiles(&arguments.profiles)?;
    let jobs = arguments.jobs.or_else(|| thread::available_parallelism().ok());
    let jobs = jobs.map_or(1, NonZeroUsize::get);
    let mut told = Instant::now();
    let progress = |done: usize, all: usize| {
        if told.elapsed() >= SOMETIMES {
            told = Instant::now();
            let _ = writeln!(std::io::stderr().lock(), "{done} of {all} runs");
        }
    };
    let outcome = matrix::run(&cases, &artifact, &profiles, &modules, jobs, progress);
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(reports) => return tell_failed(&reports).map_err(|error| error.to_string()),
    };
    if let Some(path) = &arguments.table {
        fs::write(path, outcome.table.to_json())
            .map_err(|error| format!("{}: {error}", path.display()))?;
    }
    tell(&outcome, earlier.as_ref(), arguments.quiet).map_err(|error| error.to_string())
}

fn profiles(asked: &[String]) -> Result<Vec<Profile>, String> {
    let all = asked.is_empty() || asked.iter().any(|name| name == "all");
    let names: Vec<&str> =
        if all { Profile::NAMES.to_vec() } else { asked.iter().map(String::as_str).collect() };
    names.into_iter().map(input::profile).collect()
}

fn tell_failed(reports: &[case::Report]) -> std::io::Result<bool> {
    let mut out = std::io::stdout().lock();
    for report in reports {
        writeln!(out, "{report}")?;
    }
    writeln!(out, "{} cases do not hold without faults: nothing to compare with", reports.len())?;
    Ok(false)
}

fn tell(outcome: &Outcome, earlier: Option<&Table>, quiet: bool) -> std::io::Result<bool> {
    let mut out = std::io::stdout().lock();
    let Outcome { table, breaches } = outcome;
    if !quiet {
        write!(out, "{table}")?;
    }
    for breach in breaches.iter().take(MOST_STORIES) {
        let matrix::Breach { profile, case, fault, judgement, story } = breach;
        writeln!(out, "{judgement} {profile} {case}\n  {fault}")?;
        writeln!(out, "    {}", story.trim_end().replace('\n', "\n    "))?;
    }
    if breaches.len() > MOST_STORIES {
        writeln!(out, "... and {} more", breaches.len() - MOST_STORIES)?;
    }
    let (wrong, new) = earlier.map_or_else(Default::default, |earlier| table.against(earlier));
    for line in &new {
        writeln!(out, "note: {line}")?;
    }
    for line in &wrong {
        writeln!(out, "WRONG {line}")?;
    }
    let cells = table.cells().count();
    writeln!(out, "{cells} cells, {} runs open or leaking", breaches.len())?;
    Ok(breaches.is_empty() && wrong.is_empty())
}
