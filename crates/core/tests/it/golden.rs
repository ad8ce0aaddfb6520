//! The wire format, byte for byte: what was written once must be read for ever.

use std::path::PathBuf;

use gatekey_core::id::{ApplicationId, ConsumerId, Revision, TeamId};
use gatekey_core::lifecycle::limit::{Limit, LimitKind, networks};
use gatekey_core::lifecycle::registration::RegistrationStatus;
use gatekey_core::snapshot::record::{Application, Consumer, Owner, Publication, Registration};
use gatekey_core::snapshot::{Change, Record};
use gatekey_core::sync::Progress;

use crate::fixture::{
    API, APPLICATION, PORTAL, SERVICE, application, catalogue, delta, key, registration, replica,
    snapshot, verdict,
};

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

/// What only some records have: limits, networks, consumers, a team.
fn rare() -> Vec<Change> {
    let named = |username: Option<&str>, custom_id: Option<&str>| Consumer {
        id: ConsumerId::from_bytes([0xcc; 16]),
        username: username.map(Into::into),
        custom_id: custom_id.map(Into::into),
    };
    let limit = |kind, requests, window, apis| Limit::new(kind, requests, window, apis).unwrap();
    let limited = Application {
        limits: vec![
            limit(LimitKind::Rate, 100, 60, None),
            limit(LimitKind::Quota, u32::MAX, 86_400, Some(vec![API])),
        ],
        networks: networks(&["192.0.2.0/24", "2001:db8::/32"]).unwrap(),
        ..application(APPLICATION)
    };
    let of_a_team = Application {
        owner: Owner::Team(TeamId::from_bytes([0xdd; 16])),
        active: false,
        consumer: Some(named(Some("ada"), None)),
        ..application(ApplicationId::from_bytes([0x78; 16]))
    };
    let approved = RegistrationStatus::Approved;
    let mapped = Registration {
        consumer: Some(named(None, Some("7"))),
        ..Registration::new(APPLICATION, API, approved)
    };
    let for_consumers =
        Publication { consumers_too: true, ..Publication::new(API, PORTAL, SERVICE, None) };
    let records =
        [limited.into(), of_a_team.into(), Record::from(mapped), Record::from(for_consumers)];
    records.map(Change::Put).into()
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
fn what_only_some_records_have_is_written_as_ever() {
    same("rare.hex", &delta(5, 6, &rare()));
}

#[test]
fn what_was_written_once_is_read() {
    let mut replica = replica();
    assert_eq!(replica.load_bundle(&committed("snapshot.hex")), Ok(Progress::Applied(Revision(5))));
    assert_eq!(verdict(replica.policy().unwrap(), &key(1).0), "allowed");
    assert_eq!(replica.accept_delta(&committed("delta.hex")), Ok(Progress::Applied(Revision(6))));
    let policy = replica.policy().unwrap();
    assert_eq!((policy.credentials(), verdict(policy, &key(1).0)), (0, "unknown_route"));
    replica.load_bundle(&snapshot(5).bundle()).unwrap_err();
    let mut rare = crate::fixture::loaded();
    assert_eq!(rare.accept_delta(&committed("rare.hex")), Ok(Progress::Applied(Revision(6))));
}

#[test]
fn changes_survive_being_written_and_read() {
    for change in changes().into_iter().chain(rare()) {
        let mut bytes = Vec::new();
        change.encode(&mut bytes);
        assert_eq!(Change::decode(&bytes), Ok(change));
    }
}
