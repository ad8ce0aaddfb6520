//! Measures the portal's token endpoint beside that of npm's `oidc-provider`, and registrations:
//! `target/bench/identity.json`.
//!
//! `--rounds N`, `--requests N`, `--connections N` and `--registrations N` change how much is
//! measured, `--only ALGORITHM` what tokens are signed with.

use anyhow::{Result, ensure};
use gatekey_benches::folder;
use gatekey_benches::identity::{self, ALGORITHMS, Issued, Parts, Plan};
use gatekey_benches::report::{line, write};
use lexopt::{Arg, ValueExt as _};

fn main() -> Result<()> {
    let mut plan = Plan::default();
    let mut algorithms = ALGORITHMS.to_vec();
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("only") => {
                let only = arguments.value()?.string()?;
                algorithms.retain(|algorithm| *algorithm == only);
                ensure!(!algorithms.is_empty(), "`{only}` is not measured");
            }
            Arg::Long("rounds") => plan.rounds = arguments.value()?.parse()?,
            Arg::Long("requests") => plan.requests = arguments.value()?.parse()?,
            Arg::Long("connections") => plan.connections = arguments.value()?.parse()?,
            Arg::Long("registrations") => plan.registrations = arguments.value()?.parse()?,
            other => return Err(other.unexpected().into()),
        }
    }
    let bench = folder("GATEKEY_BENCH_DIR")?;
    let parts = Parts {
        gatekey: folder("GATEKEY_PROGRAM")?,
        node: folder("GATEKEY_NODE")?,
        oidc_provider: folder("GATEKEY_OIDC_PROVIDER_DIR")?,
        folder: bench.join("identity"),
    };
    std::fs::create_dir_all(&parts.folder)?;
    line(format_args!(
        "client_credentials, {} rounds of {} requests over {} connections",
        plan.rounds, plan.requests, plan.connections
    ));
    let report = identity::run(&parts, plan, &algorithms)?;
    line(format_args!(
        "  {:<24} {:>14} {:>10} {:>9} {:>9}",
        "server", "per CPU second", "per second", "p50 ms", "p99 ms"
    ));
    for row in &report.tokens {
        shown(&format!("gatekey {}", row.algorithm), row.gatekey);
        shown(&format!("oidc-provider {}", row.algorithm), row.oidc_provider);
        line(format_args!("  {:<24} {:>13.1}x", "ratio", row.ratio));
    }
    line(format_args!(
        "  an application with its client: median {:.1} ms, p99 {:.1} ms",
        report.registration.p50_ms, report.registration.p99_ms
    ));
    write(&bench, "identity.json", &report)
}

fn shown(name: &str, issued: Issued) {
    let Issued { per_cpu_second, per_second, p50_ms, p99_ms } = issued;
    line(format_args!(
        "  {name:<24} {per_cpu_second:>14.0} {per_second:>10.0} {p50_ms:>9.2} {p99_ms:>9.2}"
    ));
}
