//! What the portal costs when there is much in it: lists, keys, snapshots, waiting gateways.
//!
//! One client asks for lists, one request after the other, as a person at a console does. While a
//! snapshot is made another makes keys.

mod api;
mod gateways;
mod lists;
mod process;

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, Result, anyhow, ensure};
use serde::{Deserialize, Serialize};

use self::api::{Client, Who};
use self::process::Portal;
use crate::report::line;

/// Where the parts are.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The command `gatekey`.
    pub gatekey: PathBuf,
    /// The program that populates a portal.
    pub populate: PathBuf,
    /// A folder for databases and logs.
    pub folder: PathBuf,
}

/// How much there is, and is measured.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Applications.
    pub applications: usize,
    /// Registrations of each.
    pub registrations: usize,
    /// Keys of each.
    pub keys: usize,
    /// Gateways that wait for changes.
    pub gateways: usize,
    /// Requests for each list.
    pub requests: usize,
    /// How long the gateways wait, in seconds.
    pub idle: u64,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            applications: 100_000,
            registrations: 2,
            keys: 2,
            gateways: 1_000,
            requests: 300,
            idle: 60,
        }
    }
}

/// Where the portal keeps its state.
#[derive(Clone, Debug)]
pub enum Database {
    /// A file of its own.
    Sqlite,
    /// A server, at this URL.
    Postgres(String),
}

impl Database {
    /// What it is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }
}

/// What `gatekey-populate` made.
#[derive(Clone, Debug, Deserialize)]
struct Populated {
    portal: String,
    api: String,
    developer: String,
    application: String,
    gateway: String,
    gateways: Vec<String>,
    cookie: String,
    applications: Vec<String>,
}

/// Times of many requests, in milliseconds.
#[derive(Clone, Debug, Serialize)]
pub struct Times {
    /// What was asked for.
    pub what: String,
    /// The time in the middle.
    pub p50_ms: f64,
    /// The time that one in a hundred took longer than.
    pub p99_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

/// A snapshot.
#[derive(Clone, Debug, Serialize)]
pub struct Snapshot {
    /// How long the first one took, which is read from the tables.
    pub first_seconds: f64,
    /// The longest that a key took meanwhile.
    pub key_meanwhile_max_ms: f64,
    /// How long one takes after a change.
    pub next_ms: f64,
    /// How many pages it has.
    pub pages: usize,
    /// Its bytes.
    pub bytes: usize,
}

/// Gateways that wait.
#[derive(Clone, Debug, Serialize)]
pub struct Waiting {
    /// How many.
    pub gateways: usize,
    /// The part of a core that the portal used while nothing changed.
    pub idle_cores: f64,
    /// After how long half of them had heard of a change.
    pub p50_ms: f64,
    /// After how long all had.
    pub last_ms: f64,
}

/// Everything that was found with one database.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The database.
    pub database: &'static str,
    /// Lists.
    pub lists: Vec<Times>,
    /// Keys that are made.
    pub keys: Times,
    /// A snapshot.
    pub snapshot: Snapshot,
    /// Gateways that wait.
    pub waiting: Waiting,
    /// The most memory that the portal had, in MiB.
    pub memory_mib: f64,
}

/// Populates a portal, starts it, and measures.
///
/// # Errors
///
/// When something does not start, or answers wrongly.
pub fn run(parts: &Parts, plan: Plan, database: &Database) -> Result<Report> {
    let (portal, made) = Portal::start(parts, plan, database)?;
    ensure!(made.applications.len() >= 2, "too few applications");
    let snapshot = snapshot(&portal, &made)?;
    let keys = keys(&portal, &made, plan.requests)?;
    let lists = lists::measure(&portal, &made, plan)?;
    let waiting = gateways::measure(&portal, &made, plan)?;
    let memory_mib = portal.memory_mib()?;
    Ok(Report { database: database.name(), lists, keys, snapshot, waiting, memory_mib })
}

/// Makes keys of different applications.
fn keys(portal: &Portal, made: &Populated, count: usize) -> Result<Times> {
    let mut client = Client::new(portal, Who::Developer(&made.cookie))?;
    let mut times = Vec::with_capacity(count);
    // The first application has as many keys as it may have.
    for application in made.applications.iter().skip(1).cycle().take(count) {
        times.push(key(&mut client, made, application)?);
    }
    Ok(Times::of("create key".to_owned(), &mut times))
}

fn key(client: &mut Client, made: &Populated, application: &str) -> Result<f64> {
    let path = format!("/portals/{}/api/v3/applications/{application}/credentials", made.portal);
    let begun = Instant::now();
    client.ask("POST", &path, r#"{"display_name":"one more"}"#, 201)?;
    Ok(milliseconds(begun.elapsed()))
}

fn snapshot(portal: &Portal, made: &Populated) -> Result<Snapshot> {
    let mut gateway = Client::new(portal, Who::Gateway(portal))?;
    let path = format!("/gateway/v1/snapshot?gateway={}&page=manifest", made.gateway);
    let done = AtomicBool::new(false);
    let mut meanwhile = Client::new(portal, Who::Developer(&made.cookie))?;
    let (first_seconds, mut longest) = std::thread::scope(|scope| -> Result<_> {
        let keys = scope.spawn(|| -> Result<Vec<f64>> {
            let mut times = Vec::new();
            for application in made.applications.iter().skip(1).rev() {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                times.push(key(&mut meanwhile, made, application)?);
            }
            Ok(times)
        });
        let begun = Instant::now();
        let manifest = gateway.ask("GET", &path, "", 200);
        let took = begun.elapsed().as_secs_f64();
        done.store(true, Ordering::Relaxed);
        manifest?;
        let times = keys.join().map_err(|_| anyhow!("the thread that makes keys panicked"))??;
        Ok((took, times))
    })?;
    longest.sort_unstable_by(f64::total_cmp);
    let begun = Instant::now();
    let manifest = gateway.ask("GET", &path, "", 200)?;
    let next_ms = milliseconds(begun.elapsed());
    let (revision, pages) = contents(&manifest)?;
    let mut bytes = manifest.len();
    for page in 0..pages {
        let path = format!(
            "/gateway/v1/snapshot?gateway={}&page={page}&revision={revision}",
            made.gateway
        );
        bytes += gateway.ask("GET", &path, "", 200)?.len();
    }
    let key_meanwhile_max_ms = longest.last().copied().unwrap_or_default();
    Ok(Snapshot { first_seconds, key_meanwhile_max_ms, next_ms, pages, bytes })
}

/// Revision and number of pages of a manifest.
fn contents(manifest: &[u8]) -> Result<(u64, usize)> {
    let manifest = gatekey_core::snapshot::Manifest::read_unverified(manifest);
    let manifest = manifest.map_err(|error| anyhow!("the manifest: {error}"))?;
    Ok((manifest.revision.0, manifest.pages.len()))
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

impl Times {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "a place in a list"
    )]
    fn of(what: String, times: &mut [f64]) -> Self {
        times.sort_unstable_by(f64::total_cmp);
        let at = |part: f64| {
            let place = (times.len() as f64 * part) as usize;
            times.get(place.min(times.len().saturating_sub(1))).copied().unwrap_or_default()
        };
        Self { what, p50_ms: at(0.5), p99_ms: at(0.99), max_ms: at(1.0) }
    }
}

/// Prints what was found.
pub fn show(report: &Report) {
    let times = |times: &Times| {
        let Times { what, p50_ms, p99_ms, max_ms } = times;
        line(format_args!("  {what:<64} {p50_ms:>8.1} {p99_ms:>8.1} {max_ms:>8.1}"));
    };
    line(format_args!("  {:<64} {:>8} {:>8} {:>8}", "milliseconds", "p50", "p99", "max"));
    report.lists.iter().for_each(times);
    times(&report.keys);
    let Snapshot { first_seconds, key_meanwhile_max_ms, next_ms, pages, bytes } = report.snapshot;
    line(format_args!(
        "  snapshot: {first_seconds:.2} s from the tables (a key meanwhile at most \
         {key_meanwhile_max_ms:.1} ms), {next_ms:.1} ms after a change; {pages} pages, {bytes} bytes"
    ));
    let Waiting { gateways, idle_cores, p50_ms, last_ms } = report.waiting;
    line(format_args!(
        "  {gateways} gateways: {:.1} % of a core while nothing changes; half hear of a change \
         after {p50_ms:.0} ms, all after {last_ms:.0} ms",
        idle_cores * 100.0
    ));
    line(format_args!("  the portal had {:.0} MiB", report.memory_mib));
}

fn ids(text: &str) -> Result<Populated> {
    serde_json::from_str(text).context("what was populated cannot be read")
}
