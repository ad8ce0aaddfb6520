//! The keys of an issuer, ready to verify with.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::check::Denial;
use crate::crypto::{Crypto, SignatureKey};
use crate::jose::{Algorithm, Jwk, Jws, PublicKey};

/// A key set as it is used.
#[derive(Debug)]
pub(crate) struct KeySet(Vec<Key>);

#[derive(Debug)]
struct Key {
    kid: Option<Box<str>>,
    /// The one algorithm it is for, when the set says so.
    algorithm: Option<Algorithm>,
    public: PublicKey,
    ready: Arc<dyn SignatureKey>,
}

impl KeySet {
    /// Makes keys ready; those that must not be used are left out.
    pub(crate) fn new(jwks: &[Jwk], crypto: &dyn Crypto) -> Self {
        let ready = jwks.iter().filter_map(|jwk| {
            let ready = crypto.key(&jwk.key).ok()?;
            let (kid, algorithm) = (jwk.kid.clone(), jwk.algorithm);
            Some(Key { kid, algorithm, public: jwk.key.clone(), ready })
        });
        Self(ready.collect())
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key of a token, by its id; without an id the only key that fits. Never "the first".
    fn find(&self, jws: &Jws<'_>) -> Option<&Key> {
        let algorithm = jws.algorithm;
        let fits = |key: &&Key| {
            key.public.fits(algorithm) && key.algorithm.is_none_or(|only| only == algorithm)
        };
        let named = |key: &&Key| match jws.kid() {
            Some(kid) => key.kid.as_deref() == Some(kid),
            None => true,
        };
        let mut fitting = self.0.iter().filter(fits).filter(named);
        let first = fitting.next()?;
        fitting.next().is_none().then_some(first)
    }

    /// Verifies a token's signature.
    pub(crate) fn verify(&self, jws: &Jws<'_>) -> Result<(), Denial> {
        let key = self.find(jws).ok_or(Denial::UnknownKey)?;
        if key.ready.verify(jws.algorithm, jws.signing_input, &jws.signature) {
            Ok(())
        } else {
            Err(Denial::BadSignature)
        }
    }
}
