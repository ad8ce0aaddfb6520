//! `gatekey-harness lint`: would a host load this module?

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::output::{exit, read, read_json, tell, write};
use crate::lint::{self, Finding, Severity};
use crate::profile::Profile;

/// Judges a module without running it, for each host.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The module.
    module: PathBuf,
    /// Host to judge for; all of them by default.
    #[arg(long = "profile", value_parser = Profile::NAMES)]
    profiles: Vec<String>,
    /// Kong's `<filter>.meta.json` to check.
    #[arg(long)]
    meta: Option<PathBuf>,
    /// JSON Schema of the configuration to check.
    #[arg(long)]
    schema: Option<PathBuf>,
    /// Where to write the report as JSON; `-` is standard output.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Where to write Envoy's capability allow-list: JSON if the name ends so, else YAML; `-` is
    /// standard output.
    #[arg(long)]
    allow_list: Option<PathBuf>,
    /// Largest size of the module in bytes.
    #[arg(long)]
    max_size: Option<u64>,
    /// Runs the start-up too, as the first profile does it.
    #[arg(long)]
    start: bool,
    /// Configuration to start with.
    #[arg(long, requires = "start")]
    config: Option<PathBuf>,
    /// Seconds that each start-up callback may take.
    #[arg(long, default_value_t = 5)]
    deadline: u64,
}

pub(crate) fn execute(arguments: &Arguments) -> ExitCode {
    exit(judge(arguments))
}

fn judge(arguments: &Arguments) -> Result<bool, String> {
    let path = &arguments.module;
    let bytes = read(path)?;
    let profiles: Vec<&str> = match arguments.profiles.as_slice() {
        [] => Profile::NAMES.to_vec(),
        chosen => chosen.iter().map(String::as_str).collect(),
    };
    let unreadable = |error: lint::Unreadable| format!("{}: {error}", path.display());
    let mut report = lint::lint(&bytes, &profiles, arguments.max_size).map_err(unreadable)?;
    if let Some(path) = &arguments.meta {
        report.findings.extend(located(path, lint::check_metadata(&read_json(path)?)));
    }
    if let Some(path) = &arguments.schema {
        report.findings.extend(located(path, lint::check_schema(&read_json(path)?)));
    }
    if arguments.start {
        let configuration = arguments.config.as_deref().map(read).transpose()?.unwrap_or_default();
        let profile = profiles.iter().find_map(|name| Profile::named(name));
        let profile = profile.ok_or("none of these profiles can be run")?;
        let findings = lint::check_start(&bytes, profile, &configuration, arguments.deadline);
        report.findings.extend(findings);
    }
    if let Some(target) = &arguments.allow_list {
        let json = target.extension().is_some_and(|extension| extension == "json");
        write(target, &lint::allow_list(&bytes, json).map_err(unreadable)?)?;
    }
    let json_on_stdout = arguments.json.as_deref() == Some(Path::new("-"));
    if let Some(target) = &arguments.json {
        let text = serde_json::to_string_pretty(&report).map_err(|error| error.to_string())?;
        write(target, &format!("{text}\n"))?;
    }
    if !json_on_stdout && arguments.allow_list.as_deref() != Some(Path::new("-")) {
        tell(&report.to_string());
    }
    Ok(!report.has_errors())
}

/// Says in which file a finding lies.
fn located(path: &Path, findings: Vec<Finding>) -> Vec<Finding> {
    let name = path.display();
    let here = |finding: Finding| Finding { place: format!("{name}#{}", finding.place), ..finding };
    findings.into_iter().filter(|finding| finding.severity > Severity::Info).map(here).collect()
}
