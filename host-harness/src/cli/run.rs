//! `gatekey-harness run`: cases, each in a world of its own.

use core::num::NonZeroUsize;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::fs;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Instant;

use clap::Args;

use super::{input, output};
use crate::case::report::{Redaction, json, junit};
use crate::case::{self, Case, Options, Report, Verdict};
use crate::{Artifact, Profile};

/// How often the counter is written where it can be overwritten, and where it cannot.
const SHORTLY: Duration = Duration::from_millis(200);
const LONG: Duration = Duration::from_secs(5);

/// Runs cases on a filter and tells what did not hold.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Case files, and folders of them.
    #[arg(required = true)]
    cases: Vec<PathBuf>,
    /// The module under test.
    #[arg(long)]
    filter: PathBuf,
    /// A profile to run the cases under, or `all` that each case is for; may be repeated. The
    /// default is what each case says itself, and `envoy` where it says nothing.
    #[arg(long = "profile")]
    profiles: Vec<String>,
    /// How many cases are run at the same time. The default is the number of cores.
    #[arg(long)]
    jobs: Option<NonZeroUsize>,
    /// Seed of every world, in place of the cases' own.
    #[arg(long)]
    seed: Option<u64>,
    /// Keep compiled modules in this folder for the next run.
    #[arg(long)]
    cache: Option<PathBuf>,
    /// Write a JUnit report.
    #[arg(long)]
    junit: Option<PathBuf>,
    /// Write a JSON report.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Write a recording of each case into this folder, for `gatekey-harness replay`; secrets are
    /// replaced by placeholders of the same length.
    #[arg(long)]
    record: Option<PathBuf>,
    /// Leave secrets in the recordings: filters that verify them refuse placeholders.
    #[arg(long, requires = "record")]
    keep_secrets: bool,
    /// Show the transcripts of failed cases too.
    #[arg(long, short)]
    verbose: bool,
}

/// A case under a profile.
struct Run<'c> {
    case: &'c Case,
    profile: Profile,
}

pub(crate) fn execute(arguments: &Arguments) -> ExitCode {
    output::exit(run(arguments))
}

/// Whether everything held.
fn run(arguments: &Arguments) -> Result<bool, String> {
    let cases = input::cases(&arguments.cases)?;
    let modules = input::modules(arguments.cache.as_ref());
    let runs = runs(&cases, &arguments.profiles)?;
    let artifact = input::compile(&modules, &arguments.filter, &cases)?;
    let options = Options {
        seed: arguments.seed,
        modules: modules.clone(),
        record: arguments.record.is_some(),
        faults: Vec::new(),
    };
    let jobs = arguments.jobs.or_else(|| thread::available_parallelism().ok());
    let reports = all(&runs, &artifact, &options, jobs.map_or(1, NonZeroUsize::get));
    if let Some(folder) = &arguments.record {
        record(folder, &runs, &reports, arguments.keep_secrets)?;
    }
    if let Some(path) = &arguments.junit {
        write(path, junit::document(&reports).as_bytes())?;
    }
    if let Some(path) = &arguments.json {
        write(path, format!("{:#}\n", json::document(&reports)).as_bytes())?;
    }
    tell(&runs, &reports, arguments.verbose).map_err(|error| error.to_string())?;
    Ok(reports.iter().all(|report| report.verdict != Verdict::Failed))
}

/// Which case is run under which profile, profile by profile.
fn runs<'c>(cases: &'c [Case], asked: &[String]) -> Result<Vec<Run<'c>>, String> {
    let mut names: Vec<String> = Vec::new();
    for name in asked {
        if name == "all" {
            names.extend(Profile::NAMES.map(str::to_owned));
        } else {
            names.push(name.clone());
        }
    }
    let mut unique: Vec<String> = Vec::new();
    names.retain(|name| {
        let new = !unique.contains(name);
        unique.push(name.clone());
        new
    });
    let mut runs = Vec::new();
    if names.is_empty() {
        for case in cases {
            for name in case.profiles() {
                runs.push(Run { case, profile: input::profile(&name)? });
            }
        }
    } else {
        for name in &names {
            let profile = input::profile(name)?;
            // Whoever asks for all means all that make sense; a profile that is named is answered.
            let meant = |case: &&Case| asked.contains(name) || case.is_for(name);
            let meant = cases.iter().filter(meant);
            runs.extend(meant.map(|case| Run { case, profile: profile.clone() }));
        }
    }
    Ok(runs)
}

/// Runs everything, several at a time; the reports are in the order of the runs.
fn all(runs: &[Run<'_>], artifact: &Artifact, options: &Options, jobs: usize) -> Vec<Report> {
    let next = AtomicUsize::new(0);
    let (sender, done) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..jobs.min(runs.len()) {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(run) = runs.get(number) else { return };
                    let report = case::run(run.case, artifact, &run.profile, options);
                    if sender.send((number, report)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut progress = Progress::new(runs.len());
        let mut reports = Vec::new();
        loop {
            match done.recv_timeout(SHORTLY) {
                Ok(report) => reports.push(report),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            progress.show(&reports);
        }
        progress.clear();
        reports.sort_by_key(|(number, _)| *number);
        reports.into_iter().map(|(_, report)| report).collect()
    })
}

/// The counter on standard error.
struct Progress {
    all: usize,
    every: Duration,
    overwrites: bool,
    last: Instant,
    shown: bool,
}

impl Progress {
    fn new(all: usize) -> Self {
        let overwrites = std::io::stderr().is_terminal();
        let every = if overwrites { SHORTLY } else { LONG };
        Self { all, every, overwrites, last: Instant::now(), shown: false }
    }

    fn show(&mut self, reports: &[(usize, Report)]) {
        if self.last.elapsed() < self.every {
            return;
        }
        self.last = Instant::now();
        self.shown = true;
        let failed = reports.iter().filter(|(_, report)| report.verdict == Verdict::Failed).count();
        let line = format!("{} of {} cases, {failed} failed", reports.len(), self.all);
        let mut stderr = std::io::stderr().lock();
        let _ = if self.overwrites {
            write!(stderr, "\r{line}\x1b[K")
        } else {
            writeln!(stderr, "{line}")
        };
        let _ = stderr.flush();
    }

    fn clear(&self) {
        if self.overwrites && self.shown {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
        }
    }
}

/// Failures in full, then the counts.
fn tell(runs: &[Run<'_>], reports: &[Report], verbose: bool) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    let count = |wanted: fn(&Verdict) -> bool| {
        reports.iter().filter(|report| wanted(&report.verdict)).count()
    };
    for (run, report) in runs.iter().zip(reports) {
        if report.verdict == Verdict::Failed {
            writeln!(out, "{report}")?;
            if verbose {
                let redaction = Redaction::of(run.case.secrets());
                for (step, transcript) in report.transcripts() {
                    let mut text = transcript.to_string().replace('\n', "\n    ");
                    redaction.apply(&mut text);
                    writeln!(out, "  transcript of {step}\n    {}", text.trim_end())?;
                }
            }
        }
    }
    let passed = count(|verdict| *verdict == Verdict::Passed);
    let failed = count(|verdict| *verdict == Verdict::Failed);
    let skipped = count(|verdict| matches!(verdict, Verdict::Skipped(_)));
    writeln!(out, "{passed} passed, {failed} failed, {skipped} skipped")
}

fn record(
    folder: &Path,
    runs: &[Run<'_>],
    reports: &[Report],
    keep_secrets: bool,
) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for (run, report) in runs.iter().zip(reports) {
        let Some(recording) = &report.recording else { continue };
        let path = folder.join(format!("{}.json", report.file_stem()));
        let text = if keep_secrets {
            recording.to_json()
        } else {
            let secrets = run.case.secrets().iter().map(|secret| secret.as_bytes());
            let secrets: Vec<&[u8]> = secrets.filter(|secret| !secret.is_empty()).collect();
            let redacted = recording.redacted(&secrets);
            redacted.map_err(|error| format!("{}: {error}", path.display()))?.to_json()
        };
        write(&path, text.as_bytes())?;
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    fs::write(path, bytes).map_err(|error| format!("{}: {error}", path.display()))
}
