//! Every scenario, run by the compiled filter.

use gatekey_host_harness::Profile;
use gatekey_scenarios::scenario::{self, Scenario};
use gatekey_scenarios::subject::{Native, Oracle};
use gatekey_scenarios::{Host, Outcome, Subject};

use crate::configuration::{filters, needed};
use crate::envoy::Envoy;
use crate::harness::Harness;

/// The core with the signatures that the filters lend it.
fn native() -> Native {
    Native::with(&gatekey_jwt::JWT)
}

/// The scenarios that a subject runs.
fn scenarios(subject: &str) -> Vec<Scenario> {
    let mut scenarios = scenario::load(&scenario::folder()).unwrap();
    scenarios.retain(|scenario| !scenario.skip.contains_key(subject));
    assert!(scenarios.len() >= 60, "only {} scenarios for {subject}", scenarios.len());
    scenarios
}

/// What a subject saw is what the file says and what the others saw.
fn differences(subject: &mut impl Subject, scenario: &Scenario) -> Vec<String> {
    let transcript = subject.run(scenario);
    let mut differences = scenario.differences(&transcript);
    let others: [&mut dyn Subject; 2] = [&mut Oracle, &mut native()];
    for other in others {
        if scenario.skip.contains_key(other.name()) {
            continue;
        }
        for (seen, told) in transcript.iter().zip(other.run(scenario)) {
            if !seen.agrees_with(&told) && !matches!(seen, Outcome::Broken(_)) {
                let (name, other) = (&scenario.name, other.name());
                differences.push(format!("{name}: {other} says {told}\n    but {seen}"));
            }
        }
    }
    differences
}

fn holds(subject: &mut impl Subject) {
    let mut found = Vec::new();
    for scenario in scenarios(subject.name()) {
        found.extend(differences(subject, &scenario));
    }
    assert!(
        found.is_empty(),
        "{}: {} differences\n{}",
        subject.name(),
        found.len(),
        found.join("\n")
    );
}

#[test]
fn the_filter_tells_every_story_on_the_envoy_profile() {
    if let Some(filters) = filters() {
        holds(&mut Harness::new(filters, Profile::envoy()));
    }
}

#[test]
fn the_filter_tells_every_story_on_the_spec_profile() {
    if let Some(filters) = filters() {
        holds(&mut Harness::new(filters, Profile::spec()));
    }
}

/// The same stories, with the differences that [`Host`] names.
#[test]
fn the_filter_tells_every_story_on_nginx_and_kong() {
    let Some(filters) = filters() else { return };
    for name in ["ngx-0.6", "ngx-0.5", "kong-3.9"] {
        let profile = Profile::named(name).unwrap();
        let host = Host::of(name);
        let mut subject = Harness::new(filters.clone(), profile);
        let (mut found, mut changed, mut left_out) = (Vec::new(), 0, 0);
        for scenario in scenarios(subject.name()) {
            if host.cannot_tell(&scenario).is_some() {
                left_out += 1;
                continue;
            }
            match host.retold(&scenario) {
                None => found.extend(differences(&mut subject, &scenario)),
                Some(scenario) => {
                    changed += 1;
                    found.extend(scenario.differences(&subject.run(&scenario)));
                }
            }
        }
        let count = found.len();
        assert!(found.is_empty(), "{name}: {count} differences\n{}", found.join("\n"));
        assert!(changed >= 20, "{name}: only {changed} stories end differently");
        assert!(left_out <= 5, "{name}: {left_out} stories are left out");
    }
}

#[test]
fn the_filter_tells_every_story_in_a_real_envoy() {
    let (Some(filters), Some(envoy)) = (filters(), needed("GATEKEY_ENVOY")) else { return };
    let start = Envoy::now();
    let scenarios: Vec<_> =
        scenarios("envoy").iter().map(|scenario| scenario.starting_at(start).unwrap()).collect();
    let mut envoy = Envoy::start(&envoy, &filters, &scenarios);
    let mut found = Vec::new();
    for scenario in &scenarios {
        found.extend(differences(&mut envoy, scenario));
    }
    assert!(found.is_empty(), "{} differences\n{}", found.len(), found.join("\n"));
    let log = envoy.log();
    assert!(
        log.contains("refused: unknown_credential"),
        "the log lacks the filter's words:\n{log}"
    );
    for scenario in &scenarios {
        assert!(scenario.cast.secrets().all(|key| !log.contains(key)), "{log}");
    }
}
