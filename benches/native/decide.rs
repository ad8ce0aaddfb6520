//! The decision, by the number of credentials and by what is presented.

#![allow(missing_docs, reason = "criterion's macros define undocumented items")]

use core::hint::black_box;

use anyhow::{Result, ensure};
use criterion::{BenchmarkId, Criterion};
use gatekey_benches::native::{Library, NOW, headers, presented};
use gatekey_benches::population::Population;
use gatekey_benches::request::Case;

/// Different keys in turn: as many as make caches work as they would for a real gateway.
const KEYS: usize = 10_000;

fn main() -> Result<()> {
    let mut criterion = Criterion::default().configure_from_args();
    for credentials in [1_000, 1_000_000] {
        let population = Population::new(credentials, NOW)?;
        let mut library = Library::holding(&population)?;
        for case in Case::ALL {
            decide(&mut criterion, &population, &mut library, case)?;
        }
    }
    criterion.final_summary();
    Ok(())
}

fn decide(
    criterion: &mut Criterion,
    population: &Population,
    library: &mut Library,
    case: Case,
) -> Result<()> {
    let presented = presented(case, population, KEYS);
    let requests: Vec<_> = presented.iter().map(|keys| headers(keys)).collect();
    for request in &requests {
        ensure!(library.allows(request)? == (case == Case::Allow), "a wrong decision");
    }
    let mut group = criterion.benchmark_group(format!("decide/{}", case.name()));
    group.bench_function(BenchmarkId::from_parameter(population.len()), |bencher| {
        let mut next = requests.iter().cycle();
        bencher.iter(|| library.allows(black_box(next.next().map_or(&[][..], |request| request))));
    });
    group.finish();
    Ok(())
}
