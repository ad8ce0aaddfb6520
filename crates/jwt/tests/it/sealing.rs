//! What was sealed opens once: with its key, its nonce, its context, unaltered.

use gatekey_core::crypto::{Crypto as _, SealingKey};
use gatekey_jwt::JWT;
use proptest::prelude::*;

proptest! {
    #[test]
    fn only_what_was_sealed_opens(
        key in any::<[u8; 32]>(),
        nonce in any::<[u8; 24]>(),
        context in proptest::collection::vec(any::<u8>(), 0..64),
        plaintext in proptest::collection::vec(any::<u8>(), 0..512),
        at in any::<prop::sample::Index>(),
        bit in 0..8_u32,
    ) {
        let sealing = SealingKey::from_bytes(key);
        let sealed = JWT.seal(&sealing, &nonce, &context, &plaintext);
        prop_assert_eq!(sealed.len(), plaintext.len() + 16);
        prop_assert_eq!(JWT.open(&sealing, &nonce, &context, &sealed), Some(plaintext));

        let flip = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            bytes
        };
        prop_assert_eq!(JWT.open(&sealing, &nonce, &context, &flip(&sealed)), None);
        let other = SealingKey::from_bytes(flip(&key).try_into().unwrap());
        prop_assert_eq!(JWT.open(&other, &nonce, &context, &sealed), None);
        let other = flip(&nonce).try_into().unwrap();
        prop_assert_eq!(JWT.open(&sealing, &other, &context, &sealed), None);
        let other = [context.as_slice(), &[0]].concat();
        prop_assert_eq!(JWT.open(&sealing, &nonce, &other, &sealed), None);
        prop_assert_eq!(JWT.open(&sealing, &nonce, &context, &sealed[1..]), None);
    }

    #[test]
    fn nothing_else_opens(sealed in proptest::collection::vec(any::<u8>(), 0..128)) {
        let key = SealingKey::from_bytes([1; 32]);
        prop_assert_eq!(JWT.open(&key, &[2; 24], b"", &sealed), None);
    }
}
