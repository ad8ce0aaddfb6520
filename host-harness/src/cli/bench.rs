//! `gatekey-harness bench`: what does a filter cost?

use core::time::Duration;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::output::{complain, exit, read, read_json, tell, write};
use crate::bench::{
    Comparison, Load, Measurement, Plan, Thresholds, VERSION, build_kind, measure, measure_cases,
};
use crate::case;
use crate::plugin::Plugin;
use crate::profile::Profile;
use crate::request::Request;
use crate::world::upstream::UpstreamReply;

/// Measures a filter: compile, load, start, and requests.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The module.
    module: PathBuf,
    /// Its configuration.
    #[arg(long)]
    config: Option<PathBuf>,
    /// A case file, or a folder of them: what is measured is each case. Repeatable.
    #[arg(long = "case", conflicts_with_all = ["config", "upstreams", "named", "requests"])]
    cases: Vec<PathBuf>,
    /// The host.
    #[arg(long, default_value = "envoy", value_parser = Profile::NAMES)]
    profile: String,
    /// Requests of each of the 15 timed batches; by default as many as fit into the time.
    #[arg(long)]
    requests: Option<u64>,
    /// Seconds that the timed batches take together.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// How many headers a request carries besides the pseudo-headers.
    #[arg(long, default_value_t = 12)]
    headers: usize,
    /// A header of the request, as NAME=VALUE.
    #[arg(long = "header", value_parser = pair)]
    named: Vec<(String, String)>,
    /// Path of the request.
    #[arg(long, default_value = "/")]
    path: String,
    /// An upstream for call-outs and its answer, as NAME=STATUS or NAME=STATUS:BODY.
    #[arg(long = "upstream", value_parser = upstream)]
    upstreams: Vec<(String, UpstreamReply)>,
    /// How often start-up is repeated.
    #[arg(long, default_value_t = 25)]
    repeats: usize,
    /// Where to write the measurement as JSON; `-` is standard output.
    #[arg(long)]
    json: Option<PathBuf>,
    /// An earlier measurement to compare with.
    #[arg(long)]
    compare: Option<PathBuf>,
    /// How far figures may rise, as `fuel=2%,time=20%`. Groups: fuel, calls, bytes, memory, size,
    /// time.
    #[arg(long, requires = "compare")]
    threshold: Option<Thresholds>,
    /// Folder for compiled forms; what lies in it is executed. A fresh one by default.
    #[arg(long)]
    cache: Option<PathBuf>,
}

pub(crate) fn execute(arguments: &Arguments) -> ExitCode {
    exit(bench(arguments))
}

fn bench(arguments: &Arguments) -> Result<bool, String> {
    let before: Option<Measurement> = arguments.compare.as_deref().map(earlier).transpose()?;
    let bytes = read(&arguments.module)?;
    let plan = plan(arguments)?;
    let cases = case::load(&arguments.cases).map_err(|error| error.to_string())?;
    if build_kind() == "debug" {
        complain("warning: this is a debug build: its times mean nothing, build with --release");
    }
    let own = std::env::temp_dir().join(format!("gatekey-harness-bench-{}", std::process::id()));
    let cache = arguments.cache.as_deref().unwrap_or(&own);
    let measured = if arguments.cases.is_empty() {
        measure(&bytes, &plan, cache)
    } else {
        measure_cases(&bytes, &cases, &plan.profile, plan.repeats, cache)
    };
    if arguments.cache.is_none() {
        // A folder that stays behind does no harm.
        let _ = std::fs::remove_dir_all(&own);
    }
    let module = arguments.module.display();
    let measured = measured.map_err(|error| format!("{module}: {error}"))?;
    if let Some(target) = &arguments.json {
        let text = serde_json::to_string_pretty(&measured).map_err(|error| error.to_string())?;
        write(target, &format!("{text}\n"))?;
    }
    if arguments.json.as_deref() != Some(Path::new("-")) {
        tell(&measured.to_string());
    }
    let Some(before) = before else { return Ok(true) };
    if (&before.profile, &before.load) != (&measured.profile, &measured.load) {
        let (profile, load) = (&before.profile, &before.load);
        return Err(format!("the earlier measurement is of profile {profile}, {load}"));
    }
    let thresholds = arguments.threshold.clone().unwrap_or_default();
    let comparison = Comparison::of(&before, &measured, &thresholds);
    tell(&comparison.to_string());
    Ok(comparison.holds())
}

fn earlier(path: &Path) -> Result<Measurement, String> {
    let measured: Measurement = read_json(path)?;
    if measured.version != VERSION {
        let (path, found) = (path.display(), measured.version);
        return Err(format!("{path}: /version: {found} is not known here, but {VERSION}"));
    }
    Ok(measured)
}

fn plan(arguments: &Arguments) -> Result<Plan, String> {
    let profile = Profile::named(&arguments.profile);
    let profile = profile.ok_or_else(|| format!("no profile `{}`", arguments.profile))?;
    let configuration = arguments.config.as_deref().map(read).transpose()?.unwrap_or_default();
    let mut request = Request::get(&arguments.path).authority("api.example");
    for number in 0..arguments.headers {
        request = request.header(format!("x-header-{number}"), format!("value {number}"));
    }
    let mut words = format!("GET {} with {} headers", arguments.path, arguments.headers);
    for (name, value) in &arguments.named {
        request = request.header(name, value);
        words.push_str(&format!(" and {name}"));
    }
    if !arguments.upstreams.is_empty() {
        words.push_str(&format!(", {} upstreams", arguments.upstreams.len()));
    }
    Ok(Plan {
        profile,
        plugin: Plugin::new("bench", configuration),
        load: Load { request, words, upstreams: arguments.upstreams.clone() },
        requests: arguments.requests,
        time: Duration::from_secs(arguments.seconds.clamp(1, 600)),
        repeats: arguments.repeats,
    })
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("not NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn upstream(text: &str) -> Result<(String, UpstreamReply), String> {
    let (name, answer) = text.split_once('=').ok_or("not NAME=STATUS or NAME=STATUS:BODY")?;
    let (status, body) = answer.split_once(':').unwrap_or((answer, ""));
    let status: u16 = status.parse().map_err(|_| format!("`{status}` is no status"))?;
    Ok((name.to_owned(), UpstreamReply::status(status).body(body)))
}
