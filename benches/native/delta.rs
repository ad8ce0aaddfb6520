//! One revocation among a million credentials.

use core::time::Duration;
use std::time::Instant;

use anyhow::{Result, ensure};
use criterion::Criterion;
use gatekey_benches::native::{Library, NOW, headers};
use gatekey_benches::population::{Population, REVISION};
use gatekey_benches::report::line;
use gatekey_core::id::Revision;

const CREDENTIALS: usize = 1_000_000;
/// The most a revocation may travel as.
const MOST_BYTES: usize = 1024;

fn main() -> Result<()> {
    let mut criterion = Criterion::default().configure_from_args();
    let population = Population::new(CREDENTIALS, NOW)?;
    let mut library = Library::holding(&population)?;
    let revocation = population.revocation(0, REVISION);
    line(format_args!("one revocation travels as {} bytes", revocation.len()));
    ensure!(revocation.len() <= MOST_BYTES, "more than {MOST_BYTES} bytes");

    let key = population.sample(1).concat();
    let presented = [key];
    let request = headers(&presented);
    ensure!(library.allows(&request)?, "the key was not known");
    library.replica_mut().accept_delta(&revocation)?;
    ensure!(!library.allows(&request)?, "the key is still known");

    // Every revocation is followed by its opposite, of which the clock sees nothing.
    let mut revision = Revision(REVISION.0 + 1);
    let mut failed = false;
    criterion.bench_function("delta/revocation", |bencher| {
        bencher.iter_custom(|rounds| {
            let mut total = Duration::ZERO;
            for _ in 0..rounds {
                let restoration = population.restoration(0, revision);
                failed |= library.replica_mut().accept_delta(&restoration).is_err();
                revision.0 += 1;
                let revocation = population.revocation(0, revision);
                let started = Instant::now();
                failed |= library.replica_mut().accept_delta(&revocation).is_err();
                total += started.elapsed();
                revision.0 += 1;
            }
            total
        });
    });
    ensure!(!failed, "a delta was refused");
    criterion.final_summary();
    Ok(())
}
