//! Under which digests the policy knows clients and access tokens.

use alloc::vec::Vec;

use sha2::{Digest as _, Sha256};
use zeroize::Zeroize;

use crate::digest::{Digest, Pepper};
use crate::id::StrategyId;

/// No digest of anything else begins like this.
const CLIENT_DOMAIN: &[u8] = b"gatekey-client-v1\0";
const ACCESS_TOKEN_DOMAIN: &[u8] = b"gatekey-access-token-v1\0";

/// The digest of a client of an identity provider, under one strategy: SHA-256 over
/// `gatekey-client-v1`, a zero byte, the 16 bytes of the strategy's id, the issuer and the client
/// id; before each of the two stands its length in bytes as a little-endian `u64`.
///
/// No secret is in it: a client id is not one.
#[must_use]
pub fn client_digest(strategy: StrategyId, issuer: &str, client_id: &str) -> Digest {
    let mut hash = Sha256::new();
    hash.update(CLIENT_DOMAIN);
    hash.update(strategy.as_bytes());
    for text in [issuer, client_id] {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    Digest::from_bytes(hash.finalize().into())
}

/// The digest of an access token of our own authorization servers: HMAC-SHA-256 under a pepper,
/// over `gatekey-access-token-v1`, a zero byte and the token.
#[must_use]
pub fn access_token_digest(pepper: &Pepper, token: &[u8]) -> Digest {
    let mut bytes = Vec::with_capacity(ACCESS_TOKEN_DOMAIN.len().saturating_add(token.len()));
    bytes.extend_from_slice(ACCESS_TOKEN_DOMAIN);
    bytes.extend_from_slice(token);
    let digest = pepper.digest(&bytes);
    bytes.zeroize();
    digest
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn every_part_of_a_client_counts_and_none_runs_into_the_next() {
        let (a, b) = (StrategyId::from_bytes([1; 16]), StrategyId::from_bytes([2; 16]));
        let all = [
            client_digest(a, "https://idp.test", "app"),
            client_digest(b, "https://idp.test", "app"),
            client_digest(a, "https://idp.testa", "pp"),
            client_digest(a, "https://idp.tes", "tapp"),
            client_digest(a, "https://idp.test", ""),
            client_digest(a, "", "https://idp.testapp"),
        ];
        for (at, digest) in all.iter().enumerate() {
            assert!(all.iter().skip(at + 1).all(|other| other != digest), "{at}");
        }
    }

    #[test]
    fn digests_stay_what_they_are() {
        // Portals write them, gateways look them up: they are part of the format.
        let client = client_digest(StrategyId::from_bytes([1; 16]), "https://idp.test", "app");
        assert_eq!(
            client.to_string(),
            "6d78ce377444abdb9e912fe0ef94e7118a07182d8adb77b913e9e18d8c8e4b2e"
        );
        let pepper = Pepper::new("p1", &[7; 32]).unwrap();
        let token = access_token_digest(&pepper, b"token");
        assert_eq!(
            token.to_string(),
            "a543fbfe7fc3b6900e98455ae5a7d5b4c78cf5c54bf8d077e2ef12d53b989bd2"
        );
        assert_ne!(token, pepper.digest(b"token"));
    }
}
