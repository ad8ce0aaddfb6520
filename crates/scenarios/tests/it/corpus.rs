//! Every scenario, run by a subject.

use std::collections::BTreeSet;

use gatekey_scenarios::document::Expect;
use gatekey_scenarios::scenario::{self, Scenario};
use gatekey_scenarios::subject::{NAMES, Native, Oracle, START};
use gatekey_scenarios::{Outcome, Subject};

fn scenarios() -> Vec<Scenario> {
    scenario::load(&scenario::folder()).unwrap()
}

fn holds(mut subject: impl Subject) {
    let mut differences = Vec::new();
    let mut run = 0;
    for scenario in scenarios() {
        if scenario.skip.contains_key(subject.name()) {
            continue;
        }
        run += 1;
        let transcript = subject.run(&scenario);
        differences.extend(scenario.differences(&transcript));
    }
    assert!(differences.is_empty(), "{}: {}", subject.name(), differences.join("\n"));
    assert!(run >= 60, "only {run} scenarios were run");
}

/// Reasons that only an identity provider's answer gives, or its silence.
const ASKED: [&str; 9] = [
    "credentials_refused",
    "inactive_token",
    "issuer_undiscovered",
    "keys_unavailable",
    "login_failed",
    "login_required",
    "provider_invalid",
    "provider_unavailable",
    "too_many_waiting",
];

/// The core with the signatures that the filters lend it.
fn native() -> Native {
    Native::with(&gatekey_jwt::JWT)
}

#[test]
fn the_oracle_tells_every_story_as_written() {
    holds(Oracle);
}

#[test]
fn the_core_tells_every_story_as_written() {
    holds(native());
}

#[test]
fn the_core_and_the_oracle_agree_in_what_files_leave_open() {
    for scenario in scenarios() {
        if NAMES[..2].iter().any(|name| scenario.skip.contains_key(*name)) {
            continue;
        }
        let (native, oracle) = (native().run(&scenario), Oracle.run(&scenario));
        assert_eq!(native.len(), oracle.len(), "{}", scenario.name);
        for (native, oracle) in native.iter().zip(&oracle) {
            assert_eq!(native, oracle, "{}", scenario.name);
        }
    }
}

#[test]
fn whoever_does_not_run_a_scenario_says_why() {
    for scenario in scenarios() {
        for (subject, reason) in &scenario.skip {
            assert!(NAMES.contains(&subject.as_str()), "{}: no subject `{subject}`", scenario.name);
            assert!(reason.len() > 10, "{}: `{subject}` gives no reason", scenario.name);
        }
    }
}

#[test]
fn every_reason_for_a_refusal_has_a_scenario() {
    let mut seen = BTreeSet::new();
    for scenario in scenarios() {
        for outcome in native().run(&scenario) {
            if let Outcome::Denied { code: Some(code), .. } = outcome {
                seen.insert(code);
            }
        }
    }
    // How many headers are looked at, and which hosts cannot take one out, is the filter's rule.
    seen.extend(["oversized_request", "reserved_header"].map(String::from));
    // More applications with limits than a file holds: core's own tests fill the table.
    seen.insert("limits_unavailable".into());
    // These take an identity provider that can be asked.
    seen.extend(ASKED.map(String::from));
    // Tables that are no files try these.
    for batch in gatekey_scenarios::conformance::batches(START).unwrap() {
        let wanted = batch.scenario.requests().filter_map(|request| match &request.expect {
            Expect::Deny { code, .. } => Some(code.clone()),
            Expect::Allow { .. } => None,
        });
        seen.extend(wanted);
    }
    for denial in gatekey_core::check::Denial::ALL {
        assert!(seen.contains(denial.code()), "no scenario is refused as `{}`", denial.code());
    }
}

#[test]
fn a_wrong_expectation_is_noticed() {
    let mut noticed = 0;
    for mut scenario in scenarios() {
        let transcript = native().run(&scenario);
        if scenario.skip.contains_key("native") || transcript.is_empty() {
            continue;
        }
        scenario.steps.retain(|step| matches!(step, gatekey_scenarios::document::Step::Request(_)));
        scenario.steps.truncate(1);
        let [gatekey_scenarios::document::Step::Request(request)] = scenario.steps.as_mut_slice()
        else {
            continue;
        };
        request.expect = match &transcript[0] {
            Outcome::Allowed { .. } => {
                serde_json::from_str(r#"{"outcome": "deny", "code": "unknown_credential"}"#)
            }
            _ => serde_json::from_str(r#"{"outcome": "allow"}"#),
        }
        .unwrap();
        assert_eq!(scenario.differences(&transcript[..1].to_vec()).len(), 1, "{}", scenario.name);
        noticed += 1;
    }
    assert!(noticed >= 60);
}
