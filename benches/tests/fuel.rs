//! What a request costs in the guest must not creep up.
//!
//! `fuel.json` holds the cost of each kind of request with a thousand credentials or clients. Fuel depends on
//! the module and on nothing else, so a rise is a change of ours: either it is worth its price, and
//! the file is changed with it, or it is undone.

use std::collections::BTreeMap;

use gatekey_benches::guest::{Gateway, costs, filter, filter_with_tokens, token_costs};
use gatekey_benches::population::Population;

/// Percent by which a cost may rise unnoticed.
const TOLERANCE: u64 = 2;

#[test]
fn a_request_costs_no_more_than_is_written_down() {
    if std::env::var_os("GATEKEY_FILTERS_DIR").is_none() {
        panic!("`GATEKEY_FILTERS_DIR` is not set: run `cargo xtask test`");
    }
    let written: BTreeMap<String, u64> =
        serde_json::from_str(include_str!("../fuel.json")).unwrap();
    let population = Population::new(1_000, Gateway::NOW).unwrap();
    let keys = costs(&filter().unwrap(), &population).unwrap();
    let tokens = token_costs(&filter_with_tokens().unwrap(), &population).unwrap();
    let keys = keys.into_iter().map(|(case, cost)| (case.name(), cost.fuel));
    let tokens = tokens.into_iter().map(|(case, cost)| (case.name(), cost.fuel));
    let measured: BTreeMap<String, u64> =
        keys.chain(tokens).map(|(name, fuel)| (name.to_owned(), fuel)).collect();
    let dearer = |(case, fuel): (&String, &u64)| {
        written.get(case).is_none_or(|written| *fuel > written + written * TOLERANCE / 100)
    };
    assert!(
        measured.keys().eq(written.keys()) && !measured.iter().any(dearer),
        "fuel.json says {}\nmeasured     {}",
        serde_json::to_string(&written).unwrap(),
        serde_json::to_string(&measured).unwrap(),
    );
}
