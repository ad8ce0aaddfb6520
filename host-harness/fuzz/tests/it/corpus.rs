//! The committed inputs: all of them hold, and they stay few.

use std::fs;
use std::path::{Path, PathBuf};

use gatekey_harness_fuzz::{READERS, TARGETS, crash, gate, target};
use gatekey_host_harness::{Profile, case};

use crate::filter;

const MOST_FILES: usize = 200;
const MOST_BYTES: usize = 300 << 10;

fn inputs(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut inputs: Vec<_> = paths.map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    inputs.sort();
    inputs
}

#[test]
fn every_committed_input_holds() {
    let with_filter = filter().map_or(&[][..], |_| &TARGETS);
    for name in with_filter.iter().copied().chain(READERS) {
        let run = target(name).unwrap();
        for (path, input) in inputs(name) {
            if let Err(why) = run(&input) {
                panic!("{}: {why}", path.display());
            }
        }
    }
}

/// Inputs that hold the genuine policy as it is today, for the fuzzer to change.
/// `GATEKEY_BLESS=1` writes them anew.
#[test]
fn the_genuine_inputs_are_up_to_date() {
    let snapshot = gate::snapshot().unwrap();
    let page = snapshot.pages[0].as_slice();
    let genuine = [
        ("genuine-pages", [b"p23", page].concat()),
        ("genuine-inline", [b"i23", page].concat()),
        ("genuine-bundle", [b"-", &snapshot.bundle()[..]].concat()),
        ("genuine-twice", [b"p46", page, b"\n----\n", page].concat()),
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/snapshot");
    for (name, input) in genuine {
        let path = folder.join(name);
        if std::env::var_os("GATEKEY_BLESS").is_some() {
            fs::write(&path, &input).unwrap();
        }
        assert!(fs::read(&path).unwrap() == input, "{} is out of date", path.display());
    }
}

#[test]
fn there_are_few_of_them() {
    let all: Vec<_> = TARGETS.into_iter().chain(READERS).flat_map(inputs).collect();
    let bytes: usize = all.iter().map(|(_, input)| input.len()).sum();
    assert!(all.len() <= MOST_FILES, "{} files", all.len());
    assert!(bytes <= MOST_BYTES, "{bytes} bytes");
}

/// What the smoke run writes down is a case that can be told: the inputs are fine, so it holds.
#[test]
fn an_input_becomes_a_case() {
    let Some(filter) = filter() else { return };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("crashes");
    fs::create_dir_all(&folder).unwrap();
    for name in TARGETS {
        let (_, input) = inputs(name).pop().unwrap();
        let path = folder.join(crash::file_name(name, &input));
        fs::write(&path, crash::case(name, &input).unwrap()).unwrap();
        let cases = case::load(&[path]).unwrap();
        let report = case::run(&cases[0], filter, &Profile::envoy(), &case::Options::default());
        let opened = report.differences.iter().any(|d| d.member.starts_with("upstream"));
        assert!(!opened, "{report}");
    }
    assert!(crash::case("other", b"").is_err());
}
