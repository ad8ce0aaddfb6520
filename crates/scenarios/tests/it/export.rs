//! The committed case files of the filters are made from the scenario files.

use std::fs;
use std::path::{Path, PathBuf};

use gatekey_scenarios::export::Set;
use gatekey_scenarios::{Module, Scenario, export, scenario};
use serde_json::Value;

/// What all files together may weigh.
const BUDGET_BYTES: usize = 2_500_000;

fn folder(module: Module) -> PathBuf {
    let filters = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../filters");
    filters.join(module.name()).join("cases")
}

/// The scenarios that a module runs.
fn scenarios(module: Module) -> Vec<Scenario> {
    let mut scenarios = scenario::load(&scenario::folder()).unwrap();
    scenarios.retain(|scenario| Module::of(scenario) == module);
    scenarios
}

/// The paths of everything in the folder and in the folders of the sets.
fn committed(folder: &Path) -> Vec<String> {
    let names = |folder: &Path| -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let mut paths = Vec::new();
    for name in names(folder) {
        match folder.join(&name) {
            inner if inner.is_dir() => {
                paths.extend(names(&inner).iter().map(|file| format!("{name}/{file}")));
            }
            _ => paths.push(name),
        }
    }
    paths.sort();
    paths
}

#[test]
fn the_case_files_are_those_of_the_scenarios() {
    let scenarios = scenario::load(&scenario::folder()).unwrap();
    for module in Module::ALL {
        let files = export::case_files(&scenarios, module).unwrap();
        let folder = folder(module);
        if std::env::var_os("GATEKEY_BLESS").is_some() {
            let _ = fs::remove_dir_all(&folder);
            for set in Set::ALL {
                fs::create_dir_all(folder.join(set.folder())).unwrap();
            }
            for (path, text) in &files {
                fs::write(folder.join(path), text).unwrap();
            }
        }
        assert_eq!(committed(&folder), files.keys().cloned().collect::<Vec<_>>());
        for (path, text) in &files {
            let path = folder.join(path);
            assert!(
                fs::read_to_string(&path).unwrap() == *text,
                "`{}` has drifted: run this test with GATEKEY_BLESS=1",
                path.display()
            );
        }
        let size: usize = files.values().map(String::len).sum();
        assert!(size < BUDGET_BYTES, "{module:?}: {size} bytes are too many to commit");
    }
}

/// The cases of a set.
fn cases(module: Module, set: Set) -> Vec<Value> {
    let files = export::case_files(&scenarios(module), module).unwrap();
    let prefix = format!("{}/", set.folder());
    let texts = files.iter().filter(|(path, _)| path.starts_with(&prefix)).map(|(_, text)| text);
    let file = |text: &String| serde_json::from_str::<Value>(text).unwrap();
    texts.flat_map(|text| file(text)["cases"].as_array().unwrap().clone()).collect()
}

#[test]
fn every_scenario_is_a_case_of_every_set() {
    for (module, least) in
        [(Module::KeyAuth, 250), (Module::OpenIdConnect, 150), (Module::ApplicationAuth, 15)]
    {
        let count = scenarios(module).len();
        assert!(count >= least, "{module:?}: only {count} scenarios");
        for set in Set::ALL {
            assert_eq!(cases(module, set).len(), count, "{module:?} {set:?}");
        }
    }
}

/// What a profile cannot tell is little, and there is a reason for it.
#[test]
fn few_cases_are_skipped() {
    let counts = |set: Set| -> Vec<usize> {
        let cases = cases(Module::KeyAuth, set);
        let skipped =
            |profile: &str| cases.iter().filter(|case| case["skip"][profile].is_string()).count();
        set.profiles().iter().map(|profile| skipped(profile)).collect()
    };
    let file = scenarios(Module::KeyAuth);
    let everywhere = file.iter().filter(|s| s.skip.contains_key("harness")).count();
    let named = file.iter().filter(|s| s.requests().any(|r| r.route_metadata_service.is_some()));
    let named = named.count();
    assert!((1..=5).contains(&named), "{named} scenarios need route metadata");
    assert_eq!(counts(Set::Envoy), [everywhere; 2]);
    let nginx = everywhere + named;
    assert_eq!(counts(Set::Nginx), [nginx, nginx, everywhere]);
}
