//! Random scenarios: the core and the oracle must tell the same story.

use gatekey_scenarios::subject::{Native, Oracle};
use gatekey_scenarios::{Outcome, Subject, generate};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

/// The reasons for which a request with a key, or without, is refused. Tokens have a corpus of
/// their own.
const KEYS: &[&str] = &[
    "address_refused",
    "address_unknown",
    "ambiguous_credential",
    "application_suspended",
    "duplicate_credential",
    "expired_credential",
    "malformed_credential",
    "method_absent",
    "no_credential",
    "not_registered",
    "quota_exhausted",
    "rate_limited",
    "registration_pending",
    "registration_rejected",
    "registration_revoked",
    "stale_policy",
    "unknown_application",
    "unknown_credential",
    "unknown_route",
    "unknown_service",
    "unpublished",
    "wrong_header",
];

fn native() -> Native {
    Native::with(&gatekey_jwt::JWT)
}

proptest! {
    #![proptest_config(Config { cases: 1_500, failure_persistence: None, ..Config::default() })]

    #[test]
    fn the_core_is_the_oracle(scenario in generate::scenario()) {
        let (native, oracle) = (native().run(&scenario), Oracle.run(&scenario));
        let same = native == oracle && !native.iter().any(|o| matches!(o, Outcome::Broken(_)));
        if !same {
            let file = serde_json::to_string_pretty(&scenario.to_document()).unwrap();
            let differences: String = native
                .iter()
                .zip(&oracle)
                .enumerate()
                .filter(|(_, (native, oracle))| native != oracle)
                .map(|(at, (native, oracle))| {
                    format!("request {at}\n  core:   {native}\n  oracle: {oracle}\n")
                })
                .collect();
            return Err(TestCaseError::fail(format!("{differences}\nas a scenario file:\n{file}")));
        }
    }
}

/// A generator whose requests all end alike proves nothing.
#[test]
fn random_scenarios_reach_every_outcome() {
    let mut runner = TestRunner::deterministic();
    let mut outcomes = std::collections::BTreeMap::<String, u32>::new();
    for _ in 0..400 {
        let scenario = generate::scenario().new_tree(&mut runner).unwrap().current();
        for outcome in Oracle.run(&scenario) {
            let name = match outcome {
                Outcome::Allowed { identity, .. } if identity.is_empty() => "anybody".into(),
                Outcome::Allowed { .. } => "caller".into(),
                Outcome::Denied { code, .. } => code.unwrap_or_default(),
                Outcome::Broken(why) => panic!("{why}"),
            };
            *outcomes.entry(name).or_default() += 1;
        }
    }
    println!("{outcomes:?}");
    for code in KEYS {
        assert!(outcomes.contains_key(*code), "`{code}` is never reached: {outcomes:?}");
    }
    assert!(outcomes["anybody"] > 20 && outcomes["caller"] > 50, "{outcomes:?}");
}
