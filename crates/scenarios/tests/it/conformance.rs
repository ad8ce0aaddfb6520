//! The attack corpus and the published vectors, held against the oracle and against the core.

use gatekey_scenarios::Subject;
use gatekey_scenarios::conformance::{self, Batch};
use gatekey_scenarios::subject::{Native, Oracle, START};

fn batches() -> Vec<Batch> {
    let mut batches = conformance::batches(START).unwrap();
    match conformance::wycheproof_folder() {
        Some(folder) => batches.extend(conformance::wycheproof(&folder, START).unwrap()),
        None => println!("left out: Wycheproof, because `GATEKEY_WYCHEPROOF_DIR` is not set"),
    }
    batches
}

fn holds(mut subject: impl Subject) {
    let mut differences = Vec::new();
    let mut tried = 0;
    for batch in batches() {
        if batch.scenario.skip.contains_key(subject.name()) {
            continue;
        }
        let seen = subject.run(&batch.scenario);
        tried += seen.len();
        differences.extend(batch.differences(&seen));
    }
    let count = differences.len();
    assert!(differences.is_empty(), "{count} differences\n{}", differences.join("\n"));
    println!("{}: {tried} rows", subject.name());
    assert!(tried >= 300, "only {tried} rows were tried");
}

#[test]
fn the_oracle_gives_every_expected_verdict() {
    holds(Oracle);
}

#[test]
fn the_core_gives_every_expected_verdict() {
    holds(Native::with(&gatekey_jwt::JWT));
}
