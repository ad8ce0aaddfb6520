//! Proof Key for Code Exchange (RFC 7636), with S256 alone: whoever saw a code go by cannot use it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatekey_core::digest::Digest;

/// Whether it looks like a SHA-256 in base64url.
pub(crate) fn is_challenge(text: &str) -> bool {
    URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32)
}

/// Whether it is the verifier of a challenge.
pub(crate) fn proves(verifier: &str, challenge: &str) -> bool {
    let unreserved =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let Ok(expected) = URL_SAFE_NO_PAD.decode(challenge) else { return false };
    let Ok(expected) = <[u8; 32]>::try_from(expected) else { return false };
    (43..=128).contains(&verifier.len())
        && verifier.bytes().all(unreserved)
        && Digest::sha256(verifier.as_bytes()) == Digest::from_bytes(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_verifier_proves() {
        // RFC 7636, appendix B.
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert!(is_challenge(challenge));
        assert!(proves(verifier, challenge));
        assert!(!proves("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK", challenge));
        assert!(!proves(challenge, challenge));
        assert!(!proves("short", challenge));
        assert!(!proves(&format!("{verifier} "), challenge));
        for broken in ["", "abc", &format!("{challenge}="), &challenge.replace('-', "+")] {
            assert!(!is_challenge(broken), "{broken}");
            assert!(!proves(verifier, broken), "{broken}");
        }
    }
}
