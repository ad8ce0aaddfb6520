//! Random scenarios: the compiled filter must tell the same story as the oracle.

use gatekey_host_harness::Profile;
use gatekey_scenarios::subject::Oracle;
use gatekey_scenarios::{Subject, generate};
use proptest::prelude::Strategy;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::configuration::filters;
use crate::harness::Harness;

const SCENARIOS: u32 = 150;

/// The seed is fixed: a delta takes its time in the harness, so a scenario in which every second
/// counts could end otherwise there.
#[test]
fn the_filter_is_the_oracle() {
    let Some(filters) = filters() else { return };
    let mut harness = Harness::new(filters, Profile::envoy());
    let mut runner = TestRunner::deterministic();
    // A filter does not start without a pepper.
    let scenarios = generate::scenario()
        .prop_filter("no pepper", |scenario| !scenario.gateway.peppers.is_empty());
    for number in 0..SCENARIOS {
        let scenario = scenarios.new_tree(&mut runner).unwrap().current();
        let (seen, told) = (harness.run(&scenario), Oracle.run(&scenario));
        let same = seen.len() == told.len()
            && seen.iter().zip(&told).all(|(seen, told)| seen.agrees_with(told));
        let file = || serde_json::to_string_pretty(&scenario.to_document()).unwrap();
        let lines = |transcript: &[gatekey_scenarios::Outcome]| -> String {
            transcript.iter().map(|outcome| format!("  {outcome}\n")).collect()
        };
        assert!(
            same,
            "scenario {number}\nfilter:\n{}oracle:\n{}as a scenario file:\n{}",
            lines(&seen),
            lines(&told),
            file()
        );
    }
}
