//! Under what tokens are remembered.
//!
//! A token is looked up with every request. SipHash-2-4 with 128 bits reads it in a quarter of the
//! time that SHA-256 takes, and without its key, which never leaves this worker, nobody finds a text
//! that is taken for another. The key is made of a pepper, which nobody can guess; where there is no
//! pepper it is SHA-256 after all.

use core::fmt;

use siphasher::sip128::SipHasher24;

use crate::check::Env;
use crate::digest::Digest;

/// Says under what a token is remembered. Another worker says otherwise.
#[derive(Default)]
pub(crate) struct Fingerprints {
    keyed: Option<SipHasher24>,
}

impl fmt::Debug for Fingerprints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fingerprints").finish_non_exhaustive()
    }
}

impl Fingerprints {
    pub(crate) fn of(&mut self, env: &Env<'_>, token: &[u8]) -> Digest {
        if self.keyed.is_none() {
            self.keyed = keyed(env);
        }
        let Some(hasher) = self.keyed else { return Digest::sha256(token) };
        let hash = hasher.hash(token).as_bytes();
        let mut digest = [0; 32];
        for (place, byte) in digest.iter_mut().zip(hash.iter().chain(&hash)) {
            *place = *byte;
        }
        Digest::from_bytes(digest)
    }
}

fn keyed(env: &Env<'_>) -> Option<SipHasher24> {
    let text = [&b"gatekey-fingerprint-v1\0"[..], &env.entropy.draw()].concat();
    let secret = env.settings.peppers.first()?.digest(&text);
    secret.as_bytes().first_chunk().map(SipHasher24::new_with_key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Settings;
    use crate::crypto::Entropy;
    use crate::time::UnixTime;

    #[derive(Debug)]
    struct Fixed(u8);

    impl Entropy for Fixed {
        fn draw(&self) -> [u8; 32] {
            [self.0; 32]
        }
    }

    #[test]
    fn each_worker_has_its_own_and_a_pepper_is_enough_for_that() {
        use crate::digest::Pepper;
        let of = |entropy: &Fixed, secret: u8, text: &[u8]| {
            let peppers = [Pepper::new("p", &[secret; 32]).unwrap()].into();
            let settings = Settings { peppers, ..Settings::default() };
            let env = Env { entropy, ..Env::new(UnixTime(1), &settings) };
            Fingerprints::default().of(&env, text)
        };
        let one = of(&Fixed(1), 1, b"token");
        assert_eq!(one, of(&Fixed(1), 1, b"token"));
        assert_ne!(one, of(&Fixed(2), 1, b"token"));
        assert_ne!(one, of(&Fixed(1), 2, b"token"));
        assert_ne!(one, of(&Fixed(1), 1, b"Token"));
        let mut kept = Fingerprints::default();
        let peppers = [Pepper::new("p", &[1; 32]).unwrap()].into();
        let settings = Settings { peppers, ..Settings::default() };
        let [mut first, mut later] = [Fixed(1), Fixed(2)];
        let mut again = |entropy: &mut Fixed| {
            kept.of(&Env { entropy, ..Env::new(UnixTime(1), &settings) }, b"token")
        };
        assert_eq!(again(&mut first), again(&mut later), "the key was drawn again");
    }

    #[test]
    fn without_a_pepper_there_is_nothing_to_make_a_key_of() {
        let settings = Settings::default();
        let env = Env::new(UnixTime(1), &settings);
        assert_eq!(Fingerprints::default().of(&env, b"token"), Digest::sha256(b"token"));
    }
}
