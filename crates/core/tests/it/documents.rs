//! Documents that must be refused, and refusals that must change nothing.

use gatekey_core::METHODS;
use gatekey_core::id::{GatewayId, Revision};
use gatekey_core::lifecycle::registration::RegistrationStatus;
use gatekey_core::snapshot::{Change, FormatError, SigningKey, SnapshotWriter, delta};
use gatekey_core::sync::{Progress, Replica, SyncError};
use gatekey_core::time::UnixMillis;

use crate::fixture::{
    self, GATEWAY, NOW, catalogue, key, loaded, raw_delta, registration, signing_key, snapshot,
    verdict,
};

/// All that can be seen of a replica.
fn state(replica: &Replica) -> (String, Option<(Revision, UnixMillis, usize, &'static str)>) {
    let policy = replica.policy().map(|policy| {
        let (key, _) = key(1);
        (policy.revision(), policy.issued_at(), policy.credentials(), verdict(policy, &key))
    });
    (format!("{:?}", replica.wanted()), policy)
}

/// Offers a document; it must be refused and leave everything as it was.
fn refused(
    replica: &mut Replica,
    offer: impl FnOnce(&mut Replica) -> Result<Progress, SyncError>,
) -> SyncError {
    let before = state(replica);
    let error = offer(replica).unwrap_err();
    assert_eq!(state(replica), before, "{error}");
    assert!(!error.to_string().is_empty() && !error.to_string().ends_with('.'));
    error
}

fn revoke() -> Vec<u8> {
    fixture::delta(5, 6, &[Change::Put(registration(RegistrationStatus::Revoked))])
}

#[test]
fn a_sound_delta_is_applied() {
    let mut replica = loaded();
    assert_eq!(verdict(replica.policy().unwrap(), &key(1).0), "allowed");
    assert_eq!(replica.accept_delta(&revoke()), Ok(Progress::Applied(Revision(6))));
    let policy = replica.policy().unwrap();
    assert_eq!((policy.revision(), policy.issued_at()), (Revision(6), NOW.plus(1)));
    assert_eq!(verdict(policy, &key(1).0), "registration_revoked");
}

#[test]
fn what_is_cut_off_anywhere_is_refused() {
    let mut fresh = fixture::replica();
    let whole = snapshot(6);
    let bundle = whole.bundle();
    let mut replica = loaded();
    for end in 0..bundle.len() {
        let cut = &bundle[..end];
        refused(&mut fresh, |replica| replica.load_bundle(cut));
        refused(&mut replica, |replica| replica.load_bundle(cut));
    }
    for end in 0..whole.manifest.len() {
        refused(&mut replica, |replica| replica.accept_manifest(&whole.manifest[..end]));
    }
    let delta = revoke();
    for end in 0..delta.len() {
        refused(&mut replica, |replica| replica.accept_delta(&delta[..end]));
    }
    replica.accept_delta(&delta).unwrap();
    fresh.load_bundle(&bundle).unwrap();
}

#[test]
fn what_goes_on_after_its_end_is_refused() {
    let mut replica = loaded();
    let longer = |mut bytes: Vec<u8>| {
        bytes.push(0);
        bytes
    };
    let whole = snapshot(6);
    refused(&mut replica, |replica| replica.load_bundle(&longer(whole.bundle())));
    refused(&mut replica, |replica| replica.accept_manifest(&longer(whole.manifest.clone())));
    refused(&mut replica, |replica| replica.accept_delta(&longer(revoke())));
}

#[test]
fn every_flipped_bit_is_noticed() {
    let mut replica = loaded();
    let flips = |bytes: &[u8]| {
        let bytes = bytes.to_vec();
        (0..bytes.len() * 8).map(move |bit| {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            flipped
        })
    };
    for flipped in flips(&revoke()) {
        refused(&mut replica, |replica| replica.accept_delta(&flipped));
    }
    let whole = snapshot(6);
    for flipped in flips(&whole.manifest) {
        refused(&mut replica, |replica| replica.accept_manifest(&flipped));
    }
    for flipped in flips(&whole.pages[0]) {
        replica.accept_manifest(&whole.manifest).unwrap();
        let policy = state(&replica).1;
        let error = replica.accept_page(0, &flipped).unwrap_err();
        assert_eq!((error, state(&replica)), (SyncError::WrongPage, ("None".into(), policy)));
    }
}

#[test]
fn only_pinned_keys_count() {
    let stranger = SigningKey::from_seed([1; 32]);
    let mut replica = loaded();
    let mut writer = SnapshotWriter::new(GATEWAY, Revision(6), NOW);
    catalogue().iter().for_each(|record| writer.push(record).unwrap());
    let foreign = writer.finish(&stranger);
    assert_eq!(
        refused(&mut replica, |replica| replica.accept_manifest(&foreign.manifest)),
        SyncError::UnknownKey
    );
    assert_eq!(
        refused(&mut replica, |replica| replica.load_bundle(&foreign.bundle())),
        SyncError::UnknownKey
    );
    let delta = delta::seal(GATEWAY, Revision(5), Revision(6), NOW, [], &stranger);
    assert_eq!(
        refused(&mut replica, |replica| replica.accept_delta(&delta)),
        SyncError::UnknownKey
    );
    // The pinned key's id over a stranger's signature.
    let mut forged = foreign.manifest.clone();
    forged[4..12].copy_from_slice(&signing_key().verifying_key().id());
    assert_eq!(
        refused(&mut replica, |replica| replica.accept_manifest(&forged)),
        SyncError::BadSignature
    );
    // No signature at all.
    let mut unsigned = snapshot(6).manifest;
    unsigned[12..76].fill(0);
    assert_eq!(
        refused(&mut replica, |replica| replica.accept_manifest(&unsigned)),
        SyncError::BadSignature
    );
    let nobody = &mut Replica::new(GATEWAY, Vec::new(), METHODS);
    assert_eq!(
        refused(nobody, |replica| replica.load_bundle(&snapshot(6).bundle())),
        SyncError::UnknownKey
    );
}

#[test]
fn each_of_several_pinned_keys_counts() {
    let old = SigningKey::from_seed([1; 32]);
    let keys = vec![old.verifying_key(), signing_key().verifying_key()];
    let mut replica = Replica::new(GATEWAY, keys, METHODS);
    replica.load_bundle(&snapshot(5).bundle()).unwrap();
    let delta = delta::seal(GATEWAY, Revision(5), Revision(6), NOW, [], &old);
    assert_eq!(replica.accept_delta(&delta), Ok(Progress::Applied(Revision(6))));
}

#[test]
fn documents_of_another_gateway_are_refused() {
    let other = GatewayId::from_bytes([0xee; 16]);
    let mut replica = loaded();
    let foreign = SnapshotWriter::new(other, Revision(9), NOW).finish(&signing_key());
    assert_eq!(
        refused(&mut replica, |replica| replica.load_bundle(&foreign.bundle())),
        SyncError::WrongGateway
    );
    let delta = delta::seal(other, Revision(5), Revision(6), NOW, [], &signing_key());
    assert_eq!(
        refused(&mut replica, |replica| replica.accept_delta(&delta)),
        SyncError::WrongGateway
    );
}

#[test]
fn nothing_older_is_ever_believed() {
    let (held, mut replica) = (Revision(5), loaded());
    for revision in [0, 1, 4] {
        let offered = Revision(revision);
        assert_eq!(
            refused(&mut replica, |replica| replica.load_bundle(&snapshot(revision).bundle())),
            SyncError::Older { offered, held }
        );
    }
    assert_eq!(
        refused(&mut replica, |replica| replica.accept_delta(&fixture::delta(3, 4, &[]))),
        SyncError::Older { offered: Revision(4), held }
    );
    assert_eq!(
        refused(&mut replica, |replica| replica.accept_delta(&fixture::delta(5, 4, &[]))),
        SyncError::Older { offered: Revision(4), held }
    );
    // A delta that was applied once is not applied again.
    replica.accept_delta(&revoke()).unwrap();
    assert_eq!(
        refused(&mut replica, |replica| replica.accept_delta(&revoke())),
        SyncError::Gap { from: held, held: Revision(6) }
    );
}

#[test]
fn a_snapshot_that_was_overtaken_while_it_loaded_is_not_installed() {
    let mut replica = loaded();
    let whole = snapshot(6);
    replica.accept_manifest(&whole.manifest).unwrap();
    let changes = [Change::Put(registration(RegistrationStatus::Revoked))];
    replica.accept_delta(&fixture::delta(5, 7, &changes)).unwrap();
    assert_eq!(
        replica.accept_page(0, &whole.pages[0]),
        Err(SyncError::Older { offered: Revision(6), held: Revision(7) })
    );
    let policy = replica.policy().unwrap();
    assert_eq!(policy.revision(), Revision(7));
    assert_eq!(verdict(policy, &key(1).0), "registration_revoked");
}

#[test]
fn a_delta_must_start_where_the_gateway_stands() {
    let (held, mut replica) = (Revision(5), loaded());
    for from in [3, 6, 7] {
        assert_eq!(
            refused(&mut replica, |replica| replica.accept_delta(&fixture::delta(from, 9, &[]))),
            SyncError::Gap { from: Revision(from), held }
        );
    }
    let empty = &mut fixture::replica();
    assert_eq!(
        refused(empty, |replica| replica.accept_delta(&fixture::delta(0, 1, &[]))),
        SyncError::Gap { from: Revision(0), held: Revision(0) }
    );
}

#[test]
fn a_delta_to_the_same_revision_only_confirms() {
    let mut replica = loaded();
    assert_eq!(
        replica.accept_delta(&fixture::delta(5, 5, &[])),
        Ok(Progress::Confirmed(Revision(5)))
    );
    assert_eq!(replica.policy().unwrap().issued_at(), NOW.plus(1));
    let changes = [Change::Put(registration(RegistrationStatus::Revoked))];
    refused(&mut replica, |replica| replica.accept_delta(&fixture::delta(5, 5, &changes)));
    // An older word does not make the policy older.
    let earlier = delta::seal(GATEWAY, Revision(5), Revision(5), UnixMillis(7), [], &signing_key());
    replica.accept_delta(&earlier).unwrap();
    assert_eq!(replica.policy().unwrap().issued_at(), NOW.plus(1));
}

#[test]
fn one_bad_change_spoils_the_delta() {
    let encoded = |change: Change| {
        let mut bytes = Vec::new();
        change.encode(&mut bytes);
        bytes
    };
    let good = encoded(Change::Put(registration(RegistrationStatus::Revoked)));
    let with = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        bytes
    };
    let application = encoded(Change::Put(catalogue()[4].clone()));
    let credential = encoded(Change::Put(catalogue()[6].clone()));
    let last_byte = |mut bytes: Vec<u8>, byte: u8| {
        *bytes.last_mut().unwrap() = byte;
        bytes
    };
    let scheme_at = credential.len() - 9;
    let mut scheme = credential.clone();
    scheme[scheme_at] = 5;
    let mut text = application.clone();
    let name_at = text.len() - 2;
    text[name_at] = 0xff;
    let mut publication = encoded(Change::Put(catalogue()[3].clone()));
    publication[2 + 48] = 4;
    let limited = |kind: u8, requests: u8, window: u8| {
        let mut bytes = last_byte(application.clone(), 4);
        bytes.extend([1, 0, kind, requests, 0, 0, 0, window, 0, 0, 0, 0, 0]);
        bytes
    };
    let mut network = last_byte(application.clone(), 8);
    network.extend([1, 0]);
    network.extend([0; 16]);
    network.push(129);
    let cases = [
        ("unknown verb", with(0, 3), FormatError::UnknownCode),
        ("verb zero", with(0, 0), FormatError::UnknownCode),
        ("unknown kind", with(1, 8), FormatError::UnknownCode),
        ("kind zero", with(1, 0), FormatError::UnknownCode),
        ("unknown status", last_byte(good.clone(), 5), FormatError::UnknownCode),
        ("status zero", last_byte(good.clone(), 0), FormatError::UnknownCode),
        ("a consumer and no status", last_byte(good.clone(), 128), FormatError::UnknownCode),
        ("unknown bits", last_byte(application.clone(), 32), FormatError::UnknownCode),
        ("unknown kind of limit", limited(3, 1, 1), FormatError::UnknownCode),
        ("a limit of no requests", limited(1, 0, 1), FormatError::UnknownCode),
        ("a limit of no time", limited(1, 1, 0), FormatError::UnknownCode),
        ("a network of too many bits", network, FormatError::UnknownCode),
        ("unknown scheme", scheme, FormatError::UnknownCode),
        ("neither open nor not", publication, FormatError::UnknownCode),
        ("not UTF-8", text, FormatError::NotUtf8),
        ("cut off", good[..good.len() - 1].to_vec(), FormatError::Truncated),
    ];
    let mut replica = loaded();
    for (what, bad, expected) in cases {
        let document = raw_delta(5, 6, &[good.clone(), bad]);
        let error = refused(&mut replica, |replica| replica.accept_delta(&document));
        assert_eq!(error, SyncError::Format(expected), "{what}");
    }
    let mut longer = good.clone();
    longer.push(0);
    assert_eq!(
        refused(&mut replica, |replica| replica.accept_delta(&raw_delta(5, 6, &[longer]))),
        SyncError::Format(FormatError::TrailingBytes)
    );
}

#[test]
fn unknown_formats_and_versions_are_refused() {
    let mut replica = loaded();
    let format = SyncError::Format(FormatError::UnknownFormat);
    for magic in [*b"GKM2", *b"GKD1", *b"GKP1", [0; 4]] {
        let mut whole = snapshot(6);
        whole.manifest[..4].copy_from_slice(&magic);
        assert_eq!(
            refused(&mut replica, |replica| replica.accept_manifest(&whole.manifest)),
            format
        );
        assert_eq!(refused(&mut replica, |replica| replica.load_bundle(&whole.bundle())), format);
    }
    let mut delta = revoke();
    delta[3] = b'2';
    assert_eq!(refused(&mut replica, |replica| replica.accept_delta(&delta)), format);
    refused(&mut replica, |replica| replica.accept_delta(&snapshot(6).manifest));
    refused(&mut replica, |replica| replica.accept_manifest(&revoke()));
}

#[test]
fn an_oversized_delta_is_refused_before_it_is_read() {
    let mut replica = loaded();
    let error = refused(&mut replica, |replica| {
        replica.accept_delta(&raw_delta(5, 6, &[vec![0; gatekey_core::snapshot::MAX_PAGE_BYTES]]))
    });
    assert_eq!(error, SyncError::Format(FormatError::TooLarge));
}
