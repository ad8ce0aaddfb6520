//! Keys, digests and checks where a pointer has 32 bits: the same tests run natively and, built
//! for `wasm32-unknown-unknown`, in Node.

#[cfg(test)]
mod fixture;

#[cfg(test)]
mod tests {
    use gatekey_core::digest::{Digest, Pepper};
    use gatekey_core::id::Revision;
    use gatekey_core::key::{self, KeyFormat, PresentedKey};
    use gatekey_core::lifecycle::registration::RegistrationStatus;
    use gatekey_core::snapshot::Change;
    use gatekey_core::sync::{Progress, SyncError};
    use gatekey_core::time::UnixMillis;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::fixture;

    #[cfg_attr(not(target_arch = "wasm32"), test)]
    #[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
    fn keys_are_issued_and_read() {
        for number in [0, 1, 255, u32::MAX] {
            let (text, credential) = fixture::key(number);
            assert_eq!(text.len(), 52);
            let presented = PresentedKey::parse(text.as_bytes()).unwrap();
            assert_eq!(presented.credential(), credential);
            assert_eq!(key::key_id(credential).unwrap(), presented.key_id());
        }
        let entropy: [u8; 28] = core::array::from_fn(|at| u8::try_from(at).unwrap() + 1);
        let issued = KeyFormat::default().issue(&entropy);
        assert_eq!(issued.credential.to_string(), "01020304-0506-8070-8867-6174656b6579");
    }

    #[cfg_attr(not(target_arch = "wasm32"), test)]
    #[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
    fn what_is_no_key_is_refused() {
        let (text, _) = fixture::key(1);
        for at in 0..text.len() {
            let mut damaged = text.clone().into_bytes();
            damaged[at] = if damaged[at] == b'7' { b'8' } else { b'7' };
            assert!(PresentedKey::parse(&damaged).is_err(), "{at}");
            assert!(PresentedKey::parse(&text.as_bytes()[..at]).is_err(), "{at}");
        }
        assert!(PresentedKey::parse(&[0xff; 52]).is_err());
    }

    #[cfg_attr(not(target_arch = "wasm32"), test)]
    #[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
    fn digests_are_those_of_the_standards() {
        // RFC 4231, test case 6, and FIPS 180-4's "abc".
        let pepper = Pepper::new("p1", &[0xaa; 131]).unwrap();
        assert_eq!(
            pepper.digest(b"Test Using Larger Than Block-Size Key - Hash Key First").to_string(),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
        assert_eq!(
            Digest::sha256(b"abc").to_string(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[cfg_attr(not(target_arch = "wasm32"), test)]
    #[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
    fn a_signed_snapshot_decides() {
        let replica = fixture::loaded();
        let policy = replica.policy().unwrap();
        assert_eq!(fixture::verdict(policy, &fixture::key(1).0), "allowed");
        assert_eq!(fixture::verdict(policy, &fixture::key(2).0), "unknown_credential");
        assert_eq!(fixture::verdict(policy, "hunter2"), "malformed_credential");
        assert_eq!(fixture::verdict(policy, ""), "no_credential");
    }

    #[cfg_attr(not(target_arch = "wasm32"), test)]
    #[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
    fn a_clock_that_is_set_back_brings_no_expired_key_back() {
        let mut replica = fixture::loaded();
        let mut expired = fixture::credential(2, fixture::APPLICATION);
        expired.expires_at = Some(UnixMillis(fixture::NOW.0 - 1_000).seconds());
        let change = Change::Put(expired.into());
        replica.accept_delta(&fixture::delta(5, 6, &[change])).unwrap();
        let policy = replica.policy().unwrap();
        let key = fixture::key(2).0;
        assert_eq!(fixture::verdict(policy, &key), "expired_credential");
        for back in [1_000, 86_400_000, fixture::NOW.0] {
            let then = UnixMillis(fixture::NOW.0 - back);
            assert_eq!(fixture::verdict_at(policy, &key, then), "expired_credential", "{back}");
            assert_eq!(fixture::verdict_at(policy, &fixture::key(1).0, then), "allowed", "{back}");
        }
    }

    #[cfg_attr(not(target_arch = "wasm32"), test)]
    #[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
    fn a_signed_delta_is_applied_and_an_altered_one_refused() {
        let mut replica = fixture::loaded();
        let change = Change::Put(fixture::registration(RegistrationStatus::Revoked));
        let mut delta = fixture::delta(5, 6, &[change]);
        *delta.last_mut().unwrap() ^= 1;
        assert_eq!(replica.accept_delta(&delta), Err(SyncError::BadSignature));
        assert_eq!(fixture::verdict(replica.policy().unwrap(), &fixture::key(1).0), "allowed");
        *delta.last_mut().unwrap() ^= 1;
        assert_eq!(replica.accept_delta(&delta), Ok(Progress::Applied(Revision(6))));
        assert_eq!(
            fixture::verdict(replica.policy().unwrap(), &fixture::key(1).0),
            "registration_revoked"
        );
    }
}
