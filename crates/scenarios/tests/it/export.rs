//! The committed case files of the key-auth filter are made from the scenario files.

use std::fs;
use std::path::{Path, PathBuf};

use gatekey_scenarios::{export, scenario};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../filters/key-auth/cases")
}

#[test]
fn the_case_files_are_those_of_the_scenarios() {
    let scenarios = scenario::load(&scenario::folder()).unwrap();
    let files = export::case_files(&scenarios).unwrap();
    let folder = folder();
    if std::env::var_os("GATEKEY_BLESS").is_some() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        for (name, text) in &files {
            fs::write(folder.join(name), text).unwrap();
        }
    }
    let mut committed: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    committed.sort();
    assert_eq!(committed, files.keys().cloned().collect::<Vec<_>>());
    for (name, text) in &files {
        let path = folder.join(name);
        assert!(
            fs::read_to_string(&path).unwrap() == *text,
            "`{}` has drifted: run this test with GATEKEY_BLESS=1",
            path.display()
        );
    }
    let size: usize = files.values().map(String::len).sum();
    assert!(size < 2 << 20, "{size} bytes are too many to commit");
}

#[test]
fn every_scenario_is_a_case() {
    let scenarios = scenario::load(&scenario::folder()).unwrap();
    let files = export::case_files(&scenarios).unwrap();
    let cases: usize = files
        .values()
        .map(|text| {
            let file: serde_json::Value = serde_json::from_str(text).unwrap();
            file["cases"].as_array().unwrap().len()
        })
        .sum();
    assert_eq!(cases, scenarios.len());
}
