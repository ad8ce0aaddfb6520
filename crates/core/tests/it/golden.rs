//! The wire format, byte for byte: what was written once must be read for ever.

use std::path::PathBuf;

use gatekey_core::id::Revision;
use gatekey_core::lifecycle::registration::RegistrationStatus;
use gatekey_core::snapshot::Change;
use gatekey_core::sync::Progress;

use crate::fixture::{catalogue, delta, key, registration, replica, snapshot, verdict};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden").join(name)
}

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes
        .chunks(32)
        .map(|line| line.iter().map(|byte| format!("{byte:02x}")).collect())
        .collect();
    digits.join("\n") + "\n"
}

fn committed(name: &str) -> Vec<u8> {
    let text: String = std::fs::read_to_string(path(name)).unwrap();
    let digits: Vec<u32> = text.chars().filter_map(|char| char.to_digit(16)).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] << 4 | pair[1]).unwrap()).collect()
}

/// Every kind of record put, and every kind deleted.
fn changes() -> Vec<Change> {
    let mut changes: Vec<_> = catalogue().into_iter().map(Change::Put).collect();
    changes.extend(catalogue().iter().map(|record| Change::Delete(record.key())));
    changes.push(Change::Put(registration(RegistrationStatus::Rejected)));
    changes
}

fn same(name: &str, bytes: &[u8]) {
    if std::env::var_os("GATEKEY_BLESS").is_some() {
        std::fs::create_dir_all(path("")).unwrap();
        std::fs::write(path(name), hex(bytes)).unwrap();
    }
    assert!(
        committed(name) == bytes,
        "`{name}` has changed: that is another version of the format"
    );
}

#[test]
fn a_snapshot_is_written_as_ever() {
    same("snapshot.hex", &snapshot(5).bundle());
}

#[test]
fn a_delta_is_written_as_ever() {
    same("delta.hex", &delta(5, 6, &changes()));
}

#[test]
fn what_was_written_once_is_read() {
    let mut replica = replica();
    assert_eq!(replica.load_bundle(&committed("snapshot.hex")), Ok(Progress::Applied(Revision(5))));
    assert_eq!(verdict(replica.policy().unwrap(), &key(1).0), "allowed");
    assert_eq!(replica.accept_delta(&committed("delta.hex")), Ok(Progress::Applied(Revision(6))));
    let policy = replica.policy().unwrap();
    assert_eq!((policy.credentials(), verdict(policy, &key(1).0)), (0, "unknown_route"));
}

#[test]
fn changes_survive_being_written_and_read() {
    for change in changes() {
        let mut bytes = Vec::new();
        change.encode(&mut bytes);
        assert_eq!(Change::decode(&bytes), Ok(change));
    }
}
