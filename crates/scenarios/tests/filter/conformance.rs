//! The attack corpus and the published vectors, tried on the compiled modules: in the harness and in
//! a real Envoy. What came of them is told in `docs/conformance.md`.

use std::fs;
use std::time::Instant;

use gatekey_host_harness::Profile;
use gatekey_scenarios::conformance::{self, Batch, Report, Set};
use gatekey_scenarios::subject::{Native, START};
use gatekey_scenarios::{Host, Subject};
use serde_json::json;

use crate::configuration::{filters, needed};
use crate::envoy::Envoy;
use crate::harness::Harness;

const NATIVE: &str = "core";
const HARNESS: [(&str, &str); 2] =
    [("harness, `envoy`", "envoy"), ("harness, `ngx-0.6`", "ngx-0.6")];
const ENVOY: [(&str, bool); 2] = [("Envoy", true), ("Envoy, `accelerator` off", false)];

/// Every batch, and whether Wycheproof is among them.
fn batches(start: u64) -> Vec<Batch> {
    let mut batches = conformance::batches(start).unwrap();
    match conformance::wycheproof_folder() {
        Some(folder) => batches.extend(conformance::wycheproof(&folder, start).unwrap()),
        None => println!("left out: Wycheproof, because `GATEKEY_WYCHEPROOF_DIR` is not set"),
    }
    batches
}

/// A batch as it goes on a host.
fn retold(batch: &Batch, host: Host) -> Batch {
    let scenario = host.retold(&batch.scenario).unwrap_or_else(|| batch.scenario.clone());
    Batch { scenario, rows: batch.rows.clone() }
}

#[test]
fn every_subject_gives_every_expected_verdict() {
    let (Some(filters), Some(envoy)) = (filters(), needed("GATEKEY_ENVOY")) else { return };
    let subjects =
        [NATIVE].into_iter().chain(HARNESS.map(|one| one.0)).chain(ENVOY.map(|one| one.0));
    let mut report = Report::new(subjects.collect());
    let mut found = Vec::new();
    let virtual_time = batches(START);
    virtual_time.iter().for_each(|batch| report.tell(batch));
    let mut try_all = |name: &'static str, batches: &[Batch], subject: &mut dyn Subject| {
        let begun = Instant::now();
        for batch in batches {
            let skipped = batch.scenario.skip.contains_key(subject.name());
            let seen = (!skipped).then(|| subject.run(&batch.scenario));
            found.extend(report.enter(name, batch, seen.as_ref()));
        }
        println!("{name}: {:.1} s", begun.elapsed().as_secs_f32());
    };
    try_all(NATIVE, &virtual_time, &mut Native::with(&gatekey_jwt::JWT));
    for (name, profile) in HARNESS {
        let host = Host::of(profile);
        let batches: Vec<_> = virtual_time.iter().map(|batch| retold(batch, host)).collect();
        let mut harness = Harness::new(filters.clone(), Profile::named(profile).unwrap());
        try_all(name, &batches, &mut harness);
    }
    for (name, accelerator) in ENVOY {
        let batches = batches(Envoy::now());
        let run = batches.iter().filter(|batch| !batch.scenario.skip.contains_key("envoy"));
        let scenarios: Vec<_> = run.map(|batch| batch.scenario.clone()).collect();
        let more = json!({"accelerator": accelerator});
        let mut envoy = Envoy::start_with(&envoy, &filters, &scenarios, &more, "wasm:trace");
        try_all(name, &batches, &mut envoy);
        let log = envoy.log();
        // At this level Envoy logs every call of the module by its name.
        let verified = log.matches("proxy_call_foreign_function").count();
        println!("{name}: asked for {verified} signatures");
        assert_eq!(verified > 100, accelerator, "{verified} signatures verified by the host");
        for scenario in &scenarios {
            assert!(scenario.cast.secrets().all(|secret| !log.contains(secret)), "{log}");
        }
    }
    assert!(found.is_empty(), "{} differences\n{}", found.len(), found.join("\n"));
    for set in Set::ALL {
        println!(
            "{}: {} rows",
            set.name(),
            virtual_time.iter().flat_map(|b| &b.rows).filter(|row| row.set == set).count()
        );
    }
    let path = conformance::document();
    let committed = fs::read_to_string(&path).unwrap_or_default();
    let page = report.page(&committed);
    if std::env::var_os("GATEKEY_BLESS").is_some() {
        fs::write(&path, &page).unwrap();
        return;
    }
    let path = path.display();
    assert!(committed == page, "`{path}` has drifted: run this test with GATEKEY_BLESS=1");
}
