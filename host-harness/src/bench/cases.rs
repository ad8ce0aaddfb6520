//! What whole cases cost: requests with their call-outs, as a case file scripts them.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use super::measure::{BenchError, nanos, repeat};
use super::{ENGINE, Machine, Measurement, Spread, VERSION, build_kind};
use crate::artifact::{Artifact, Compiled};
use crate::case::{self, Case, Options, Verdict};
use crate::profile::Profile;

/// Measures each case that this host takes: deterministic figures are sums over its requests; its
/// time is that of the whole case, with its world, metered and recorded as cases are.
///
/// # Errors
/// When the module cannot be used, or a case does not hold: what it costs then says nothing.
pub fn measure_cases(
    bytes: &[u8],
    cases: &[Case],
    profile: &Profile,
    repeats: usize,
    cache: &Path,
) -> Result<Measurement, BenchError> {
    let artifact = Artifact::compile_cached(bytes, cache)?;
    let mut exact = BTreeMap::from([("size.module".to_owned(), bytes.len() as u64)]);
    let compile = repeat(repeats.min(5), || Compiled::new(bytes, false, None).map(drop))?;
    let mut times = BTreeMap::from([("compile".to_owned(), compile)]);
    let (mut requests, mut spent) = (0_u64, 0_u64);
    for case in cases {
        let options = Options::default();
        let mut taken = Vec::new();
        let mut last = None;
        for _ in 0..repeats.max(1) {
            let start = Instant::now();
            let report = case::run(case, &artifact, profile, &options);
            taken.push(nanos(start.elapsed()));
            match report.verdict {
                Verdict::Passed => last = Some(report),
                Verdict::Skipped(_) => break,
                Verdict::Failed => return Err(BenchError::Failed(report.to_string())),
            }
        }
        let Some(report) = last else { continue };
        let mut add = |figure: &str, value: u64| {
            *exact.entry(format!("{figure} {}", case.name)).or_default() += value;
        };
        for (_, transcript) in report.transcripts() {
            add("fuel.case", transcript.fuel);
            add("calls.host", transcript.host_call_count());
            add("calls.out", transcript.callouts.len() as u64);
            add("bytes.case", transcript.bytes_copied);
            requests += 1;
        }
        let memory = report.transcripts().map(|(_, transcript)| transcript.memory_after).max();
        add("memory.peak", memory.unwrap_or(0) as u64);
        let spread = Spread::of(&taken);
        spent += spread.median_ns;
        times.insert(format!("case {}", case.name), spread);
    }
    if requests == 0 {
        let reason = format!("no case sends a request under profile {}", profile.name);
        return Err(BenchError::Failed(reason));
    }
    Ok(Measurement {
        version: VERSION,
        machine: Machine::here(),
        engine: ENGINE.to_owned(),
        build: build_kind().to_owned(),
        module_sha256: artifact.sha256(),
        profile: profile.name.clone(),
        load: "cases".to_owned(),
        exact,
        times,
        requests_per_second: u64::try_from(
            u128::from(requests) * 1_000_000_000 / u128::from(spent.max(1)),
        )
        .unwrap_or(u64::MAX),
    })
}
