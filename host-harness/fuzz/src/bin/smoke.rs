//! Runs every fuzz target for a while, one after the other, and stops at the first crash.
//!
//! Exit codes: 0 nothing was found, 1 an input was found and written down, 2 a target did not run.

use std::env;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output, Stdio};

use clap::Parser;
use gatekey_harness_fuzz::{READERS, TARGETS, crash};

/// Runs the fuzz targets over the compiled filter and the core.
#[derive(Debug, Parser)]
struct Arguments {
    /// How long all targets run together.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Where libFuzzer's draws begin; the same seed on the same machine finds much the same.
    #[arg(long, default_value_t = 1)]
    seed: u32,
    /// Only this target.
    #[arg(long)]
    target: Option<String>,
}

type Result<T> = core::result::Result<T, String>;

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            say(&why);
            ExitCode::from(2)
        }
    }
}

fn say(line: &str) {
    // Whoever closed our output does not want to know.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Whether nothing was found.
fn run(arguments: &Arguments) -> Result<bool> {
    let programs = programs()?;
    let target_folder = programs.parent().ok_or("this program lies in no target folder")?;
    let all = TARGETS.into_iter().chain(READERS);
    let names: Vec<&str> = match &arguments.target {
        Some(name) => all.filter(|known| known == name).collect(),
        None => all.collect(),
    };
    let share = u32::try_from(names.len()).ok().and_then(|n| arguments.seconds.checked_div(n));
    let share = share.ok_or("there is no such target")?.max(1);
    for name in names {
        say(&format!("{name}: {share} s ..."));
        let run =
            Run { name, seconds: share, seed: arguments.seed, programs: &programs, target_folder };
        if !run.holds()? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The folder of the built targets. Under cargo they are built first: it makes only what it runs.
fn programs() -> Result<PathBuf> {
    let here = env::current_exe().map_err(|error| error.to_string())?;
    let folder = here.parent().ok_or("this program lies in no folder")?.to_owned();
    let (Some(cargo), Some(manifest)) = (env::var_os("CARGO"), env::var_os("CARGO_MANIFEST_DIR"))
    else {
        return Ok(folder);
    };
    let mut build = Command::new(cargo);
    build.current_dir(manifest).args(["build", "--quiet", "--bins", "--package"]);
    build.arg(env!("CARGO_PKG_NAME"));
    if folder.ends_with("release") {
        build.arg("--release");
    }
    let built = build.status().map_err(|error| error.to_string())?;
    if built.success() { Ok(folder) } else { Err("the targets cannot be built".to_owned()) }
}

struct Run<'a> {
    name: &'a str,
    seconds: u32,
    seed: u32,
    programs: &'a Path,
    target_folder: &'a Path,
}

impl Run<'_> {
    fn holds(&self) -> Result<bool> {
        let work = self.target_folder.join("fuzz");
        let corpus = work.join("corpus").join(self.name);
        let crashes = work.join("crashes");
        let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(self.name);
        for folder in [&corpus, &crashes] {
            fs::create_dir_all(folder).map_err(|error| error.to_string())?;
        }
        let before = files(&corpus);
        let output = Command::new(self.programs.join(self.name))
            .args([&corpus, &seeds])
            .arg(format!("-max_total_time={}", self.seconds))
            .arg(format!("-seed={}", self.seed))
            .arg(format!("-artifact_prefix={}/{}-", crashes.display(), self.name))
            .args(["-max_len=4096", "-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1"])
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("{}: {error}", self.name))?;
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() {
            let stat = |name: &str| {
                let line = told.lines().find_map(|line| line.strip_prefix(name));
                line.unwrap_or("?").trim().to_owned()
            };
            let runs = stat("stat::number_of_executed_units:");
            let new = files(&corpus).saturating_sub(before);
            say(&format!("{}: {runs} inputs, {new} of them led to something new", self.name));
            return Ok(true);
        }
        self.crashed(&crashes, &output, &told)
    }

    /// Says which input was found, and writes it down as a case.
    fn crashed(&self, crashes: &Path, output: &Output, told: &str) -> Result<bool> {
        let tail: Vec<&str> = told.lines().rev().take(60).collect();
        tail.iter().rev().for_each(|line| say(line));
        let written = told.lines().find_map(|line| line.split("Test unit written to ").nth(1));
        let Some(input) = written.map(PathBuf::from) else {
            return Err(format!("{}: {} without an input", self.name, output.status));
        };
        // What the core reads has no case: nothing happened on a host.
        if READERS.contains(&self.name) {
            say(&format!("{}: found {}", self.name, input.display()));
            return Ok(false);
        }
        let bytes = fs::read(&input).map_err(|error| error.to_string())?;
        let case = crash::case(self.name, &bytes)?;
        let path = crashes.join(crash::file_name(self.name, &bytes));
        fs::write(&path, case).map_err(|error| error.to_string())?;
        say(&format!("{}: found {}, as a case {}", self.name, input.display(), path.display()));
        Ok(false)
    }
}

fn files(folder: &Path) -> usize {
    fs::read_dir(folder).map_or(0, Iterator::count)
}
