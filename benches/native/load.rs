//! Loading a whole snapshot.

use core::hint::black_box;
use core::time::Duration;

use anyhow::Result;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput};
use gatekey_benches::native::{NOW, replica};
use gatekey_benches::population::Population;

fn main() -> Result<()> {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("load");
    group.sample_size(10).measurement_time(Duration::from_secs(10));
    for credentials in [1_000, 100_000, 1_000_000] {
        let population = Population::new(credentials, NOW)?;
        let bundle = population.snapshot()?.bundle();
        replica(&population).load_bundle(&bundle)?;
        group.throughput(Throughput::Elements(credentials as u64));
        group.bench_function(BenchmarkId::from_parameter(credentials), |bencher| {
            bencher.iter_batched(
                || replica(&population),
                |mut replica| {
                    let progress = replica.load_bundle(black_box(&bundle));
                    (replica, progress)
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}
