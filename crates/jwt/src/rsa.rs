//! RSA signatures: PKCS #1 v1.5 and PSS (RFC 8017 8.1.2, 8.2.2).

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd};
use gatekey_core::crypto::{SignatureKey, UnusableKey};
use gatekey_core::jose::Algorithm;
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::{pss, roca};

const BITS: core::ops::RangeInclusive<usize> = 2048..=4096;

/// 65537, the only exponent in use. With it every power takes the same 17 multiplications.
const EXPONENT: [u8; 3] = [1, 0, 1];

/// What comes before the hash in a PKCS #1 v1.5 signature (RFC 8017 9.2, note 1).
const SHA256_INFO: &[u8] =
    b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";
const SHA384_INFO: &[u8] =
    b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30";
const SHA512_INFO: &[u8] =
    b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40";

#[derive(Debug)]
pub(crate) struct Key {
    /// The modulus, with what Montgomery's multiplication needs to know about it.
    modulus: BoxedMontyParams,
    bits: usize,
}

impl Key {
    pub(crate) fn from_numbers(n: &[u8], e: &[u8]) -> Result<Self, UnusableKey> {
        let first = n.first().ok_or(UnusableKey)?;
        let bits = n.len().saturating_mul(8).saturating_sub(first.leading_zeros() as usize);
        if !BITS.contains(&bits) || *first == 0 || e != EXPONENT || roca::has_fingerprint(n) {
            return Err(UnusableKey);
        }
        let modulus: Option<Odd<BoxedUint>> =
            Odd::new(BoxedUint::from_be_slice_vartime(n)).into_option();
        Ok(Self { modulus: BoxedMontyParams::new_vartime(modulus.ok_or(UnusableKey)?), bits })
    }

    /// The modulus' length in bytes, and a signature's.
    fn len(&self) -> usize {
        self.bits.div_ceil(8)
    }

    /// What was padded and signed, as long as the signature (RFC 8017 5.2.2).
    fn recover(&self, signature: &[u8]) -> Option<Vec<u8>> {
        let precision = self.modulus.bits_precision();
        if signature.len() != self.len() {
            return None;
        }
        let signature = BoxedUint::from_be_slice(signature, precision).ok()?;
        if signature >= *self.modulus.modulus().as_ref() {
            return None;
        }
        let signature = BoxedMontyForm::new(signature, &self.modulus);
        let power = (0..16).fold(signature.clone(), |power, _| power.square());
        let padded = power.mul(&signature).retrieve().to_be_bytes();
        padded.len().checked_sub(self.len()).and_then(|zeros| padded.get(zeros..)).map(Vec::from)
    }

    fn verify_pkcs1<D: Digest>(&self, info: &[u8], message: &[u8], signature: &[u8]) -> bool {
        let hash = D::digest(message);
        // Never short: 2048 bits hold the longest hash and its description three times.
        let filling = self.len().saturating_sub(3 + info.len() + hash.len());
        let expected =
            [&[0, 1], vec![0xff; filling].as_slice(), &[0], info, hash.as_slice()].concat();
        self.recover(signature).is_some_and(|padded| padded == expected)
    }

    fn verify_pss<D: Digest>(&self, message: &[u8], signature: &[u8]) -> bool {
        self.recover(signature)
            .is_some_and(|padded| pss::matches::<D>(&padded, self.bits, &D::digest(message)))
    }
}

impl SignatureKey for Key {
    fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        match algorithm {
            Algorithm::Rs256 => self.verify_pkcs1::<Sha256>(SHA256_INFO, message, signature),
            Algorithm::Rs384 => self.verify_pkcs1::<Sha384>(SHA384_INFO, message, signature),
            Algorithm::Rs512 => self.verify_pkcs1::<Sha512>(SHA512_INFO, message, signature),
            Algorithm::Ps256 => self.verify_pss::<Sha256>(message, signature),
            Algorithm::Ps384 => self.verify_pss::<Sha384>(message, signature),
            Algorithm::Ps512 => self.verify_pss::<Sha512>(message, signature),
            _ => false,
        }
    }
}
