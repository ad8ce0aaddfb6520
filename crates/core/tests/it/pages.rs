//! The pages of a snapshot: which are wanted, and which are refused though a manifest is signed.

use gatekey_core::digest::Digest;
use gatekey_core::id::{ApplicationId, Revision};
use gatekey_core::snapshot::manifest::{PageEntry, split_bundle};
use gatekey_core::snapshot::record::{Record, Scheme};
use gatekey_core::snapshot::{FormatError, MAX_PAGE_BYTES, Manifest, SnapshotWriter};
use gatekey_core::sync::{Progress, SyncError};

use crate::fixture::{
    APPLICATION, GATEWAY, NOW, application, catalogue, credential, key, large_snapshot, loaded,
    replica, signing_key, snapshot, snapshot_of, verdict,
};

const CREDENTIALS: u32 = 30_000;

/// A page of these records in this order, sound or not.
fn page(records: &[Record]) -> Vec<u8> {
    let mut page = b"GKP1".to_vec();
    records.iter().for_each(|record| record.encode(&mut page));
    page
}

/// A signed manifest that stands for any pages and counts.
fn manifest(pages: &[Vec<u8>], applications: u32, credentials: u32) -> Vec<u8> {
    let entry = |page: &Vec<u8>| PageEntry {
        length: u32::try_from(page.len()).unwrap(),
        digest: Digest::sha256(page),
    };
    Manifest {
        gateway: GATEWAY,
        revision: Revision(6),
        issued_at: NOW,
        applications,
        credentials,
        pages: pages.iter().map(entry).collect(),
    }
    .seal(&signing_key())
}

/// What comes of pages that a signed manifest names: nothing, and the policy is as before.
fn refusal_of(pages: &[Vec<u8>], applications: u32, credentials: u32) -> SyncError {
    let mut bundle = manifest(pages, applications, credentials);
    pages.iter().for_each(|page| bundle.extend_from_slice(page));
    let mut replica = loaded();
    let error = replica.load_bundle(&bundle).unwrap_err();
    assert_eq!(replica.wanted(), None);
    let policy = replica.policy().unwrap();
    assert_eq!((policy.revision(), verdict(policy, &key(1).0)), (Revision(5), "allowed"));
    error
}

#[test]
fn a_snapshot_of_several_pages_arrives_whole() {
    let whole = large_snapshot(6, CREDENTIALS);
    assert_eq!(whole.pages.len(), 3, "{:?}", whole.pages.iter().map(Vec::len).collect::<Vec<_>>());
    assert!(whole.pages.iter().all(|page| page.len() <= MAX_PAGE_BYTES));
    let bundle = whole.bundle();
    let (manifest, pages) = split_bundle(&bundle).unwrap();
    assert_eq!((manifest, pages.len()), (whole.manifest.as_slice(), 3));
    assert!(pages.iter().zip(&whole.pages).all(|(split, page)| *split == page.as_slice()));

    let mut at_once = replica();
    assert_eq!(at_once.load_bundle(&bundle), Ok(Progress::Applied(Revision(6))));
    let mut one_by_one = loaded();
    let mut progress = one_by_one.accept_manifest(&whole.manifest).unwrap();
    for (number, page) in whole.pages.iter().enumerate() {
        assert_eq!(progress, Progress::WantPage { revision: Revision(6), page: number });
        assert_eq!(one_by_one.wanted(), Some(progress));
        assert_eq!(one_by_one.policy().unwrap().revision(), Revision(5), "not before the last");
        progress = one_by_one.accept_page(number, page).unwrap();
    }
    assert_eq!(progress, Progress::Applied(Revision(6)));
    for replica in [at_once, one_by_one] {
        let policy = replica.policy().unwrap();
        assert_eq!(policy.credentials(), CREDENTIALS as usize);
        assert_eq!(verdict(policy, &key(1).0), "allowed");
        assert_eq!(verdict(policy, &key(2).0), "unknown_credential");
        assert_eq!(replica.wanted(), None);
    }
}

#[test]
fn only_the_wanted_page_is_taken() {
    let whole = large_snapshot(6, CREDENTIALS);
    let mut replica = loaded();
    assert_eq!(replica.accept_page(0, &whole.pages[0]), Err(SyncError::WrongPage));
    // Swapped.
    replica.accept_manifest(&whole.manifest).unwrap();
    assert_eq!(replica.accept_page(0, &whole.pages[1]), Err(SyncError::WrongPage));
    assert_eq!(replica.wanted(), None, "a load that met a wrong page is given up");
    // Out of turn: the load goes on.
    replica.accept_manifest(&whole.manifest).unwrap();
    assert_eq!(replica.accept_page(1, &whole.pages[1]), Err(SyncError::WrongPage));
    assert!(replica.wanted().is_some());
    // Twice.
    replica.accept_page(0, &whole.pages[0]).unwrap();
    assert_eq!(replica.accept_page(0, &whole.pages[0]), Err(SyncError::WrongPage));
    replica.accept_page(1, &whole.pages[1]).unwrap();
    // Shortened, with the last one missing.
    assert_eq!(replica.accept_page(2, &whole.pages[2][1..]), Err(SyncError::WrongPage));
    assert_eq!(replica.policy().unwrap().revision(), Revision(5));
    // In a bundle.
    for order in [&[1, 0, 2][..], &[0, 0, 2], &[0, 1], &[0, 1, 2, 2]] {
        let mut bundle = whole.manifest.clone();
        order.iter().for_each(|at| bundle.extend_from_slice(&whole.pages[*at]));
        replica.load_bundle(&bundle).unwrap_err();
        assert_eq!(replica.policy().unwrap().revision(), Revision(5));
    }
    replica.load_bundle(&whole.bundle()).unwrap();
}

#[test]
fn a_new_manifest_restarts_the_load() {
    let (first, second) = (large_snapshot(6, CREDENTIALS), snapshot(7));
    let mut replica = loaded();
    replica.accept_manifest(&first.manifest).unwrap();
    replica.accept_page(0, &first.pages[0]).unwrap();
    replica.accept_manifest(&second.manifest).unwrap();
    assert_eq!(replica.accept_page(0, &second.pages[0]), Ok(Progress::Applied(Revision(7))));
    assert_eq!(replica.policy().unwrap().credentials(), 1);
}

#[test]
fn a_snapshot_of_the_held_revision_only_confirms() {
    let mut replica = loaded();
    assert_eq!(
        replica.load_bundle(&snapshot_of(5, &[]).bundle()),
        Ok(Progress::Confirmed(Revision(5)))
    );
    assert_eq!(verdict(replica.policy().unwrap(), &key(1).0), "allowed");
}

#[test]
fn an_empty_snapshot_has_no_pages_and_refuses_everybody() {
    let empty = snapshot_of(1, &[]);
    assert!(empty.pages.is_empty());
    let mut replica = replica();
    assert_eq!(replica.load_bundle(&empty.bundle()), Ok(Progress::Applied(Revision(1))));
    assert_eq!(verdict(replica.policy().unwrap(), &key(1).0), "unknown_route");
}

#[test]
fn wrong_counts_are_refused() {
    let records = catalogue();
    let pages = [page(&records)];
    for (applications, credentials) in [(0, 1), (2, 1), (1, 0), (1, 2), (u32::MAX, u32::MAX)] {
        assert_eq!(refusal_of(&pages, applications, credentials), SyncError::WrongCount);
    }
    assert_eq!(refusal_of(&[], 1, 1), SyncError::WrongCount);
}

#[test]
fn records_out_of_order_are_refused() {
    let unsorted = SyncError::Format(FormatError::Unsorted);
    let records = catalogue();
    let mut kinds = records.clone();
    kinds.swap(0, 1);
    assert_eq!(refusal_of(&[page(&kinds)], 1, 1), unsorted);

    let mut keys: Vec<Record> = (1..=3).map(|n| credential(n, APPLICATION).into()).collect();
    keys.sort_by_key(|record| match record {
        Record::Credential(credential) => Some(credential.digest),
        _ => None,
    });
    let with = |order: &[usize]| {
        let mut all = records[..6].to_vec();
        all.extend(order.iter().map(|at| keys[*at].clone()));
        page(&all)
    };
    let only = |order: &[usize]| {
        let keys: Vec<_> = order.iter().map(|at| keys[*at].clone()).collect();
        page(&keys)
    };
    assert_eq!(refusal_of(&[with(&[0, 2, 1])], 1, 3), unsorted);
    assert_eq!(refusal_of(&[with(&[0, 1, 1])], 1, 3), unsorted, "twice the same digest");
    assert_eq!(refusal_of(&[with(&[1, 2]), only(&[0])], 1, 3), unsorted, "over pages");
    assert_eq!(refusal_of(&[with(&[0, 1]), only(&[1])], 1, 3), unsorted, "over pages");
    assert_eq!(refusal_of(&[only(&[0]), page(&records[..6])], 1, 1), unsorted);
    // The writer refuses the same.
    let mut writer = SnapshotWriter::new(GATEWAY, Revision(6), NOW);
    writer.push(&keys[1]).unwrap();
    assert_eq!(writer.push(&keys[1]), Err(FormatError::Unsorted));
    assert_eq!(writer.push(&keys[0]), Err(FormatError::Unsorted));
    assert_eq!(writer.push(&records[0]), Err(FormatError::Unsorted));
    writer.push(&keys[2]).unwrap();
}

#[test]
fn pages_that_are_signed_but_senseless_are_refused() {
    let sound = page(&catalogue());
    let format = SyncError::Format;
    let mut other_magic = sound.clone();
    other_magic[3] = b'2';
    assert_eq!(refusal_of(&[other_magic], 1, 1), format(FormatError::UnknownFormat));
    assert_eq!(refusal_of(&[Vec::new()], 0, 0), format(FormatError::UnknownFormat));
    let cut = sound[..sound.len() - 1].to_vec();
    assert_eq!(refusal_of(&[cut], 1, 1), format(FormatError::Truncated));
    let mut longer = sound.clone();
    longer.push(9);
    assert_eq!(refusal_of(&[longer], 1, 1), format(FormatError::UnknownCode));
    let too_large = vec![0; MAX_PAGE_BYTES + 1];
    assert_eq!(refusal_of(&[too_large], 1, 1), format(FormatError::TooLarge));
    let many = vec![b"GKP1".to_vec(); gatekey_core::snapshot::MAX_PAGES + 1];
    assert_eq!(refusal_of(&many, 0, 0), format(FormatError::TooLarge));
}

#[test]
fn a_record_larger_than_a_page_cannot_be_written() {
    let mut writer = SnapshotWriter::new(GATEWAY, Revision(6), NOW);
    let name = "n".repeat(60_000);
    let id = |number: u32| {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        ApplicationId::from_bytes(bytes)
    };
    for number in 0..40 {
        let large = gatekey_core::snapshot::record::Application {
            name: name.clone(),
            ..application(id(number))
        };
        writer.push(&large.into()).unwrap();
    }
    let route = gatekey_core::snapshot::record::Route {
        id: gatekey_core::id::RouteId::from_bytes([1; 16]),
        service: gatekey_core::id::ServiceId::from_bytes([1; 16]),
        hosts: vec![name.clone(); 20],
        paths: Vec::new(),
        methods: Vec::new(),
        headers: Vec::new(),
    };
    let mut second = SnapshotWriter::new(GATEWAY, Revision(6), NOW);
    assert_eq!(second.push(&route.into()), Err(FormatError::TooLarge));
    let whole = writer.finish(&signing_key());
    assert_eq!(whole.pages.len(), 3);
    assert_eq!(replica().load_bundle(&whole.bundle()), Ok(Progress::Applied(Revision(6))));
    assert_eq!(second.finish(&signing_key()).pages.len(), 0, "what was refused left nothing");
}

#[test]
fn a_key_is_honoured_only_as_it_was_digested() {
    let mut records = catalogue();
    let Some(Record::Credential(credential)) = records.last_mut() else { panic!() };
    credential.scheme = Scheme::Sha256;
    let mut replica = replica();
    replica.load_bundle(&snapshot_of(1, &records).bundle()).unwrap();
    assert_eq!(verdict(replica.policy().unwrap(), &key(1).0), "unknown_credential");
}
