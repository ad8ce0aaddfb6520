//! Measures the portal with many applications, on SQLite and on PostgreSQL:
//! `target/bench/portal.json`.
//!
//! `--applications N`, `--registrations N`, `--keys N` (of each application) and `--gateways N` say
//! how many there are, `--requests N` how often each list is asked for, `--idle SECONDS` how long
//! the gateways wait, `--only sqlite|postgres` on which database.

use anyhow::{Context as _, Result};
use gatekey_benches::folder;
use gatekey_benches::portal::{self, Database, Parts, Plan};
use gatekey_benches::report::{line, write};
use lexopt::{Arg, ValueExt as _};

fn main() -> Result<()> {
    let mut plan = Plan::default();
    let mut only = None;
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("applications") => plan.applications = arguments.value()?.parse()?,
            Arg::Long("registrations") => plan.registrations = arguments.value()?.parse()?,
            Arg::Long("keys") => plan.keys = arguments.value()?.parse()?,
            Arg::Long("gateways") => plan.gateways = arguments.value()?.parse()?,
            Arg::Long("requests") => plan.requests = arguments.value()?.parse()?,
            Arg::Long("idle") => plan.idle = arguments.value()?.parse()?,
            Arg::Long("only") => only = Some(arguments.value()?.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let bench = folder("GATEKEY_BENCH_DIR")?;
    let parts = Parts {
        gatekey: folder("GATEKEY_PROGRAM")?,
        populate: folder("GATEKEY_POPULATE")?,
        folder: bench.join("portal"),
    };
    std::fs::create_dir_all(&parts.folder)?;
    let mut databases = vec![Database::Sqlite];
    if let Some(url) = std::env::var_os("GATEKEY_TEST_POSTGRES_URL") {
        let url = url.into_string().ok().context("a URL is text")?;
        databases.push(Database::Postgres(url));
    }
    let mut reports = Vec::new();
    for database in databases {
        if only.as_ref().is_some_and(|only| only != database.name()) {
            continue;
        }
        line(format_args!(
            "{}: {} applications, each with {} registrations and {} keys; {} gateways",
            database.name(),
            plan.applications,
            plan.registrations,
            plan.keys,
            plan.gateways,
        ));
        let report = portal::run(&parts, plan, &database)?;
        portal::show(&report);
        reports.push(report);
    }
    write(&bench, "portal.json", &reports)
}
