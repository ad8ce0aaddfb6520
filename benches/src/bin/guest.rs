//! Measures the built filter in the host harness: `target/bench/guest.json`.

use anyhow::Result;
use gatekey_benches::guest::{
    Cost, Gateway, applications_memory, costs, filter, filter_with_tokens, inline, page_by_page,
    revocation_fuel, token_costs,
};
use gatekey_benches::population::{Population, REVISION};
use gatekey_benches::report::{line, row, write};
use gatekey_benches::request::Case;
use serde_json::{Map, Value, json};

const FEW: usize = 1_000;
const MANY: usize = 1_000_000;

fn main() -> Result<()> {
    let filter = filter()?;
    let mut report = Map::new();
    let mut note = |name: &str, value: Value, unit: &str| {
        row(name, &value, unit);
        report.insert(name.to_owned(), value);
    };

    line("gatekey_key_auth.wasm");
    note("module_bytes", json!(filter.size()), "bytes");

    line("per request");
    let few = costs(&filter, &Population::new(FEW, Gateway::NOW)?)?;
    let population = Population::new(MANY, Gateway::NOW)?;
    let many = costs(&filter, &population)?;
    note("revocation_fuel_1000000", json!(revocation_fuel(&filter, &population)?), "");
    note("revocation_delta_bytes", json!(population.revocation(0, REVISION).len()), "bytes");
    drop(population);
    for ((case, few), (_, many)) in few.iter().zip(&many) {
        note_case(&mut note, *case, few, many);
    }

    line("per request with a token, gatekey_application_auth.wasm");
    let clients = Population::new(FEW, Gateway::NOW)?;
    for (case, cost) in token_costs(&filter_with_tokens()?, &clients)? {
        note(&format!("{}_fuel", case.name()), json!(cost.fuel), "");
        note(&format!("{}_host_calls", case.name()), json!(cost.host_calls), "");
    }

    line("a million credentials, page by page from the portal");
    let (volume, delta) = page_by_page(&filter, FEW, MANY)?;
    note("bytes_per_credential", rounded(volume.bytes_per_credential(), 10.0), "bytes");
    note("paged_peak_bytes", json!(volume.loading().memory), "bytes");
    note("paged_load_ms", millis(volume.loading().time), "ms");
    note("delta_apply_us", rounded(delta.time.as_secs_f64() * 1e6, 1.0), "us");

    line("a million credentials, inside the configuration");
    let volume = inline(&filter, FEW, MANY)?;
    note("inline_peak_bytes", json!(volume.loading().memory), "bytes");
    note("inline_load_ms", millis(volume.loading().time), "ms");

    line("applications");
    let per_application = applications_memory(&filter, FEW, MANY / 10)?;
    note("bytes_per_application", rounded(per_application, 10.0), "bytes");

    write(&gatekey_benches::folder("GATEKEY_BENCH_DIR")?, "guest.json", &report)
}

fn note_case(note: &mut impl FnMut(&str, Value, &str), case: Case, few: &Cost, many: &Cost) {
    let case = case.name();
    note(&format!("{case}_fuel_1000"), json!(few.fuel), "");
    note(&format!("{case}_fuel_1000000"), json!(many.fuel), "");
    note(&format!("{case}_fuel_ratio"), rounded(ratio(many.fuel, few.fuel), 1000.0), "");
    note(&format!("{case}_host_calls"), json!(many.host_calls), "");
    note(&format!("{case}_callbacks"), json!(many.callbacks), "");
    note(&format!("{case}_bytes_copied"), json!(many.bytes_copied), "bytes");
}

#[allow(clippy::cast_precision_loss, reason = "a ratio for people to read")]
fn ratio(many: u64, few: u64) -> f64 {
    many as f64 / few.max(1) as f64
}

fn millis(time: core::time::Duration) -> Value {
    rounded(time.as_secs_f64() * 1e3, 1.0)
}

fn rounded(value: f64, steps: f64) -> Value {
    json!((value * steps).round() / steps)
}
