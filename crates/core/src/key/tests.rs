use alloc::format;
use alloc::string::{String, ToString};

use super::*;

const ENTROPY: [u8; ENTROPY_BYTES] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,
    27, 28,
];

#[test]
fn the_checksum_is_crc32_iso_hdlc() {
    assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
}

#[test]
fn an_issued_key_reads_back() {
    let issued = KeyFormat::default().issue(&ENTROPY);
    let key = issued.key.expose();
    assert_eq!(key.len(), 52);
    assert!(key.starts_with("gk_live_"));
    let presented = PresentedKey::parse(key.as_bytes()).unwrap();
    assert_eq!(presented.credential(), issued.credential);
    assert_eq!(issued.credential.to_string(), "01020304-0506-8070-8867-6174656b6579");
    assert_eq!(key_id(issued.credential).unwrap(), presented.key_id());
    assert!(key.contains(presented.key_id()));
    assert_eq!(format!("{presented:?}"), format!("PresentedKey({}..)", presented.key_id()));
}

#[test]
fn the_operator_chooses_the_words_before_the_key() {
    let issued = KeyFormat::new("acme2", "test").unwrap().issue(&ENTROPY);
    assert!(issued.key.expose().starts_with("acme2_test_"));
    PresentedKey::parse(issued.key.expose().as_bytes()).unwrap();
    for (prefix, environment) in
        [("", "live"), ("gk", ""), ("Gk", "live"), ("g_k", "live"), ("gk", "seventeen-letters")]
    {
        assert_eq!(
            KeyFormat::new(prefix, environment),
            Err(KeyFormatError),
            "{prefix} {environment}"
        );
    }
}

#[test]
fn what_is_not_a_key_is_refused() {
    let key = KeyFormat::default().issue(&ENTROPY).key.expose().clone();
    let body = key.strip_prefix("gk_live_").unwrap();
    let cases = [
        String::new(),
        "gk_live_".to_string(),
        key.chars().take(51).collect(),
        format!("{key}0"),
        format!(" {key}"),
        format!("{key},{key}"),
        key.to_uppercase(),
        key.replacen("gk_live_", "gk_test_", 1),
        key.replacen("gk_live_", "gk__", 1),
        key.replacen("gk_live_", "gklive", 1),
        key.replacen('_', "-", 1),
        format!("gk_live_x_{body}"),
    ];
    for case in cases {
        assert!(PresentedKey::parse(case.as_bytes()).is_err(), "{case}");
    }
}

#[test]
fn an_id_that_is_no_number_of_64_bits_is_refused() {
    let mut key = String::from("gk_live_zzzzzzzzzzz");
    key.push_str(&"0".repeat(27));
    let checksum = crc32(key.as_bytes());
    push_base62::<6>(&mut key, &checksum.to_be_bytes());
    assert!(PresentedKey::parse(key.as_bytes()).is_err());
}

/// Not in Node: the generator wants a random source there.
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
mod random {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::super::*;

    proptest! {
        #[test]
        fn every_issued_key_is_accepted(entropy in prop::array::uniform28(any::<u8>())) {
            let issued = KeyFormat::default().issue(&entropy);
            let presented = PresentedKey::parse(issued.key.expose().as_bytes()).unwrap();
            prop_assert_eq!(presented.credential(), issued.credential);
            prop_assert!(is_issued(issued.credential));
        }

        #[test]
        fn one_wrong_byte_is_noticed(entropy in prop::array::uniform28(any::<u8>()), at in 0..52_usize, byte: u8) {
            let issued = KeyFormat::default().issue(&entropy);
            let mut key: Vec<u8> = issued.key.expose().clone().into_bytes();
            prop_assume!(key[at] != byte);
            key[at] = byte;
            prop_assert!(PresentedKey::parse(&key).is_err());
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = PresentedKey::parse(&bytes);
        }
    }
}
