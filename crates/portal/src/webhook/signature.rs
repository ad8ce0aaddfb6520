//! Signatures of Standard Webhooks: HMAC-SHA256 over id, time and payload.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gatekey_core::secret::Secret;

use crate::entropy;
use crate::problem::Problem;

/// What stands before every secret.
const PREFIX: &str = "whsec_";
/// Bytes of a secret.
const SECRET_BYTES: usize = 32;

/// A fresh secret, as it is shown.
pub(crate) fn new_secret() -> Result<Secret<String>, Problem> {
    let bytes = Secret::new(entropy::bytes::<SECRET_BYTES>()?);
    Ok(Secret::new(format!("{PREFIX}{}", STANDARD.encode(bytes.expose()))))
}

/// The value of `webhook-signature`: one signature per secret. `seconds` is the value of
/// `webhook-timestamp`.
pub(crate) fn sign(
    secrets: &[Secret<Vec<u8>>],
    message: &str,
    seconds: i64,
    payload: &str,
) -> Result<String, Problem> {
    let signed = format!("{message}.{seconds}.{payload}");
    let mut signatures = Vec::with_capacity(secrets.len());
    for secret in secrets {
        let key = secret.expose().strip_prefix(PREFIX.as_bytes());
        let key = key.and_then(|key| STANDARD.decode(key).ok()).map(Secret::new);
        let key = key.ok_or_else(|| Problem::internal("a webhook's secret is malformed"))?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose());
        let tag = hmac::sign(&key, signed.as_bytes());
        signatures.push(format!("v1,{}", STANDARD.encode(tag.as_ref())));
    }
    Ok(signatures.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_example_is_reproduced() {
        // From the specification's reference implementations.
        let secret = Secret::new(b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_vec());
        let signed = sign(
            &[secret],
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(signed.unwrap(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn secrets_are_fresh_and_both_sign() {
        let (old, new) = (new_secret().unwrap(), new_secret().unwrap());
        assert_ne!(old.expose(), new.expose());
        let bytes = |text: &Secret<String>| Secret::new(text.expose().as_bytes().to_vec());
        let both = sign(&[bytes(&new), bytes(&old)], "m", 1, "{}").unwrap();
        let (first, second) = both.split_once(' ').unwrap();
        assert_eq!(first, sign(&[bytes(&new)], "m", 1, "{}").unwrap());
        assert_eq!(second, sign(&[bytes(&old)], "m", 1, "{}").unwrap());
        assert!(sign(&[Secret::new(b"whsec_!".to_vec())], "m", 1, "").is_err());
    }
}
