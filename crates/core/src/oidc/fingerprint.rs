//! Under what tokens are remembered.
//!
//! A token is looked up with every request. SipHash-2-4 with 128 bits reads it in a quarter of the
//! time that SHA-256 takes, and without its key, which never leaves this worker, nobody finds a text
//! that is taken for another.

use core::fmt;

use crate::check::Env;
use crate::digest::Digest;

/// Says under what a token is remembered. Another worker says otherwise.
#[derive(Default)]
pub(crate) struct Fingerprints {
    key: Option<[u64; 2]>,
}

impl fmt::Debug for Fingerprints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fingerprints").finish_non_exhaustive()
    }
}

impl Fingerprints {
    pub(crate) fn of(&mut self, env: &Env<'_>, token: &[u8]) -> Digest {
        let key = *self.key.get_or_insert_with(|| draw(env));
        let [first, second] = hash(key, token);
        let mut digest = [0; 32];
        let values = [first, second, first, second].into_iter().flat_map(u64::to_le_bytes);
        for (byte, value) in digest.iter_mut().zip(values) {
            *byte = value;
        }
        Digest::from_bytes(digest)
    }
}

/// A key that nobody knows: on hosts whose random bytes can be guessed the pepper cannot.
fn draw(env: &Env<'_>) -> [u64; 2] {
    let drawn = env.entropy.draw();
    let text = [&b"gatekey-fingerprint-v1\0"[..], &drawn].concat();
    let pepper = env.settings.peppers.first();
    let key = pepper.map_or(drawn, |pepper| *pepper.digest(&text).as_bytes());
    let mut words = key.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word));
    [words.next().unwrap_or_default(), words.next().unwrap_or_default()]
}

/// SipHash-2-4-128 (Aumasson and Bernstein).
fn hash([k0, k1]: [u64; 2], text: &[u8]) -> [u64; 2] {
    let mut state = State {
        v0: k0 ^ 0x736f_6d65_7073_6575,
        v1: k1 ^ 0x646f_7261_6e64_6f6d ^ 0xee,
        v2: k0 ^ 0x6c79_6765_6e65_7261,
        v3: k1 ^ 0x7465_6462_7974_6573,
    };
    let (words, rest) = text.as_chunks();
    for word in words {
        state.absorb(u64::from_le_bytes(*word));
    }
    let mut last = [0; 8];
    for (byte, value) in last.iter_mut().zip(rest) {
        *byte = *value;
    }
    let [length, ..] = text.len().to_le_bytes();
    state.absorb(u64::from_le_bytes(last) | u64::from(length) << 56);
    state.v2 ^= 0xee;
    let first = state.squeeze();
    state.v1 ^= 0xdd;
    [first, state.squeeze()]
}

struct State {
    v0: u64,
    v1: u64,
    v2: u64,
    v3: u64,
}

impl State {
    const fn absorb(&mut self, word: u64) {
        self.v3 ^= word;
        self.round();
        self.round();
        self.v0 ^= word;
    }

    const fn squeeze(&mut self) -> u64 {
        self.round();
        self.round();
        self.round();
        self.round();
        self.v0 ^ self.v1 ^ self.v2 ^ self.v3
    }

    const fn round(&mut self) {
        self.v0 = self.v0.wrapping_add(self.v1);
        self.v1 = self.v1.rotate_left(13) ^ self.v0;
        self.v0 = self.v0.rotate_left(32);
        self.v2 = self.v2.wrapping_add(self.v3);
        self.v3 = self.v3.rotate_left(16) ^ self.v2;
        self.v0 = self.v0.wrapping_add(self.v3);
        self.v3 = self.v3.rotate_left(21) ^ self.v0;
        self.v2 = self.v2.wrapping_add(self.v1);
        self.v1 = self.v1.rotate_left(17) ^ self.v2;
        self.v2 = self.v2.rotate_left(32);
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::check::Settings;
    use crate::crypto::Entropy;
    use crate::time::UnixTime;

    /// The reference implementation's vectors: the key 00 01 .. 0f, texts 00 01 02 ..
    #[test]
    fn it_is_siphash() {
        let key = [0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908];
        for (length, expected) in [
            (0_u8, 0xa381_7f04_ba25_a8e6_6df6_7214_c755_0293_u128),
            (1, 0xda87_c1d8_6b99_af44_3476_5911_9b22_fc45),
            (2, 0x8177_228d_a4a4_5dc7_fca3_8bde_f60a_ffe4),
            (8, 0x3b62_a9ba_6258_f561_0f83_e264_f314_97b4),
            (15, 0x5493_e999_33b0_a811_7e08_ec0f_97cf_c3d9),
            (63, 0x5150_d177_2f50_834a_503e_069a_973f_bd7c),
        ] {
            let text: Vec<u8> = (0..length).collect();
            let found: Vec<u8> = hash(key, &text).into_iter().flat_map(u64::to_le_bytes).collect();
            assert_eq!(found, expected.to_be_bytes(), "{length}");
        }
    }

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
        let settings = Settings::default();
        let [mut first, mut later] = [Fixed(1), Fixed(2)];
        let mut again = |entropy: &mut Fixed| {
            kept.of(&Env { entropy, ..Env::new(UnixTime(1), &settings) }, b"token")
        };
        assert_eq!(again(&mut first), again(&mut later), "the key was drawn again");
    }
}
