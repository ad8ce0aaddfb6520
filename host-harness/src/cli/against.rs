//! `gatekey-harness against`: cases in the harness and on a real proxy.

use core::time::Duration;
use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::{input, output};
use crate::case::Options;
use crate::case::reality::{self, Comparison, Explanations, Reality};

/// Runs cases in the harness and on a real proxy, and tells what differs.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Case files, and folders of them.
    #[arg(required = true)]
    cases: Vec<PathBuf>,
    /// The module under test.
    #[arg(long)]
    filter: PathBuf,
    /// The profile that speaks for the proxy.
    #[arg(long, default_value = "envoy")]
    profile: String,
    /// Template of the proxy's configuration.
    #[arg(long)]
    template: PathBuf,
    /// Starts the proxy: a program and its arguments with blanks between them, `{config}` standing
    /// for the rendered configuration.
    #[arg(long)]
    command: Option<String>,
    /// Where the proxy listens, as `http://127.0.0.1:PORT`; each case after the first has the next
    /// port. Without it, with a command, free ports are taken.
    #[arg(long, required_unless_present = "command")]
    url: Option<String>,
    /// Where the rendered configuration is written.
    #[arg(long, required_unless_present = "command")]
    config_out: Option<PathBuf>,
    /// Divergences that are known, and headers that the proxy adds itself.
    #[arg(long)]
    explain: Option<PathBuf>,
    /// Fail on explanations that explain nothing, too.
    #[arg(long)]
    strict: bool,
    /// Write a JSON report.
    #[arg(long)]
    json: Option<PathBuf>,
    /// File with the proxy's log: the lines that guests log are compared. With a command, it is
    /// written by the runner.
    #[arg(long)]
    log: Option<PathBuf>,
    /// Which lines of the log guests have written: what they said is the first group.
    #[arg(long, default_value = r"\] wasm log[^:]*: (.*)$", requires = "log")]
    log_line: String,
    /// Where metrics are read; their names are appended, `{admin_port}` stands for the port.
    #[arg(long)]
    metrics_url: Option<String>,
    /// How many cases one start of the proxy holds at most.
    #[arg(long, default_value_t = 64)]
    batch: usize,
    /// How many milliseconds the proxy may take until it listens.
    #[arg(long, default_value_t = 120_000)]
    ready_ms: u64,
    /// How many milliseconds filters get before the first request, to load what they need.
    #[arg(long, default_value_t = 0)]
    warm_up_ms: u64,
}

pub(crate) fn execute(arguments: &Arguments) -> ExitCode {
    output::exit(run(arguments))
}

/// Whether both sides agree.
fn run(arguments: &Arguments) -> Result<bool, String> {
    let cases = input::cases(&arguments.cases)?;
    let profile = input::profile(&arguments.profile)?;
    let mut explanations = match &arguments.explain {
        Some(path) => Explanations::read(path)?,
        None => Explanations::of_nothing_else(),
    };
    let modules = input::modules(None);
    let artifact = input::compile(&modules, &arguments.filter, &cases)?;
    let template = std::fs::read_to_string(&arguments.template)
        .map_err(|error| format!("{}: {error}", arguments.template.display()))?;
    let first_port = arguments.url.as_deref().map(port).transpose()?;
    let config = arguments.config_out.clone().unwrap_or_else(|| {
        std::env::temp_dir().join(format!("gatekey-harness-{}.conf", std::process::id()))
    });
    let reality = Reality {
        template,
        command: arguments.command.clone(),
        config: config.clone(),
        first_port,
        log: arguments.log.clone(),
        log_line: arguments.log_line.clone(),
        metrics: arguments.metrics_url.clone(),
        batch: arguments.batch,
        patience: Duration::from_millis(arguments.ready_ms),
        warm_up: Duration::from_millis(arguments.warm_up_ms),
    };
    let options = Options { modules, ..Options::default() };
    let terminal = std::io::stderr().is_terminal();
    let mut progress = |done: usize, all: usize| {
        if terminal {
            let _ = write!(std::io::stderr().lock(), "\r{done} of {all} cases");
        }
    };
    let filter = (arguments.filter.as_path(), &artifact);
    let comparison = reality::against(
        &cases,
        filter,
        &profile,
        &options,
        &reality,
        &mut explanations,
        &mut progress,
    );
    if terminal {
        let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
    }
    if arguments.config_out.is_none() {
        let _ = std::fs::remove_file(&config);
    }
    let comparison = comparison?;
    if let Some(path) = &arguments.json {
        std::fs::write(path, format!("{:#}\n", document(&comparison)))
            .map_err(|error| format!("{}: {error}", path.display()))?;
    }
    tell(&comparison).map_err(|error| error.to_string())?;
    let stale = arguments.strict && !comparison.stale.is_empty();
    Ok(comparison.agrees() && !stale)
}

/// The port of an address on loopback.
fn port(url: &str) -> Result<u16, String> {
    let known = ["http://127.0.0.1:", "http://localhost:"];
    let port = known.iter().find_map(|start| url.strip_prefix(start));
    let port = port.and_then(|port| port.trim_end_matches('/').parse().ok());
    port.ok_or_else(|| format!("`{url}` is not `http://127.0.0.1:PORT`"))
}

fn tell(comparison: &Comparison) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for report in &comparison.failed {
        writeln!(out, "{report}\n")?;
    }
    for divergence in &comparison.divergences {
        writeln!(out, "{divergence}\n")?;
    }
    for stale in &comparison.stale {
        writeln!(out, "stale     {stale}: this explanation explains nothing")?;
    }
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, reason) in &comparison.skipped {
        *reasons.entry(reason).or_default() += 1;
    }
    for (reason, count) in reasons {
        writeln!(out, "skipped   {count}: {reason}")?;
    }
    let unexplained = comparison.unexplained().count();
    writeln!(
        out,
        "{} played, {} skipped; {unexplained} divergences, {} explained, {} stale explanations; {} do not hold in the harness",
        comparison.played.len(),
        comparison.skipped.len(),
        comparison.divergences.len() - unexplained,
        comparison.stale.len(),
        comparison.failed.len(),
    )
}

fn document(comparison: &Comparison) -> Value {
    let divergences = comparison.divergences.iter().map(|divergence| {
        json!({
            "case": divergence.case,
            "step": divergence.step,
            "member": divergence.member,
            "harness": divergence.harness,
            "reality": divergence.reality,
            "explained": divergence.explained,
        })
    });
    let skipped = comparison.skipped.iter();
    let skipped = skipped.map(|(case, reason)| json!({ "case": case, "reason": reason }));
    let failed: Vec<_> = comparison.failed.iter().map(|report| report.name.as_str()).collect();
    json!({
        "version": 1,
        "agrees": comparison.agrees(),
        "played": comparison.played,
        "skipped": skipped.collect::<Vec<_>>(),
        "divergences": divergences.collect::<Vec<_>>(),
        "stale": comparison.stale,
        "failed_in_harness": failed,
    })
}
