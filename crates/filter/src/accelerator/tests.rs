use std::sync::Mutex;

use super::*;

/// Takes every key that is not empty, and every signature that ends with `1`.
#[derive(Debug)]
struct Guest;

#[derive(Debug)]
struct GuestKey;

static GUEST: Guest = Guest;

impl Crypto for Guest {
    fn key(&self, key: &PublicKey) -> Result<Arc<dyn SignatureKey>, UnusableKey> {
        match key {
            PublicKey::Rsa { n, .. } if n.len() < 256 => Err(UnusableKey),
            _ => Ok(Arc::new(GuestKey)),
        }
    }

    fn seal(&self, _: &SealingKey, _: &[u8; 24], _: &[u8], plaintext: &[u8]) -> Vec<u8> {
        plaintext.to_vec()
    }

    fn open(&self, _: &SealingKey, _: &[u8; 24], _: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        Some(sealed.to_vec())
    }
}

impl SignatureKey for GuestKey {
    fn verify(&self, _: Algorithm, _: &[u8], signature: &[u8]) -> bool {
        signature.last() == Some(&1)
    }
}

fn rsa() -> PublicKey {
    PublicKey::Rsa { n: vec![0xc5; 256].into(), e: [1, 0, 1].into() }
}

fn on(host: &'static Host, key: &PublicKey) -> Arc<dyn SignatureKey> {
    Accelerated { inner: &GUEST, host }.key(key).unwrap()
}

fn hex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks_exact(2);
    digits.map(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}

const WRONG: &[u8] = b"\x12\x26Failed to verify digest. Error code: 0";

/// What the host answers next, and what it was asked.
static NEXT: Mutex<Option<HostResult<Vec<u8>>>> = Mutex::new(None);
static ASKED: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

#[test]
fn only_a_plain_verdict_of_the_host_counts() {
    static HOST: Host = Host::new(|name, arguments| {
        assert_eq!(name, "verify_signature");
        ASKED.lock().unwrap().push(arguments.to_vec());
        NEXT.lock().unwrap().clone().unwrap()
    });
    let key = on(&HOST, &rsa());
    let ask = |answer: HostResult<&[u8]>, last| {
        *NEXT.lock().unwrap() = Some(answer.map(<[u8]>::to_vec));
        let mut signature = [7; 256];
        signature[255] = last;
        key.verify(Algorithm::Rs256, b"text", &signature)
    };
    // The guest would say the contrary.
    assert!(ask(Ok(b"\x08\x01"), 0));
    assert!(ask(Ok(b"\x08\x01\x12\x00"), 0));
    assert!(!ask(Ok(WRONG), 1));
    assert!(!ask(Ok(&[b"\x08\x00", WRONG].concat()), 1));
    let undecided: [HostResult<&[u8]>; 14] = [
        Ok(b""),
        Ok(b"\x08\x00"),
        Ok(b"\x08"),
        Ok(b"\x08\x80"),
        Ok(b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        Ok(b"\x12\x05abc"),
        Ok(b"\x12\x06sha256"),
        Ok(b"\x08\x01\x12\x06sha256"),
        Ok(&[b"\x08\x01", WRONG].concat()),
        Ok(b"\x12\x26Failed to verify digest. Error code: 1"),
        Ok(b"\x08\x01\x18\x01"),
        Ok(b"\x0d\x01\x00\x00\x00"),
        Err(HostError(2)),
        Err(HostError::FOREIGN_MEMORY),
    ];
    for answer in undecided {
        assert!(ask(answer, 1) && !ask(answer, 0), "{answer:?}");
    }
    let before = ASKED.lock().unwrap().len();
    assert_eq!(before, 4 + 2 * 14);
    assert!(ask(Err(HostError::NOT_FOUND), 1));
    assert!(ask(Ok(WRONG), 1) && !ask(Ok(b"\x08\x01"), 0), "it was asked again");
    assert_eq!(ASKED.lock().unwrap().len(), before + 1);
}

#[test]
fn what_the_host_cannot_do_is_not_asked_of_it() {
    static HOST: Host = Host::new(|_, _| panic!("the host was asked"));
    let rsa = on(&HOST, &rsa());
    let p256 = on(&HOST, &PublicKey::P256 { x: [1; 32], y: [2; 32] });
    let p384 = on(&HOST, &PublicKey::P384 { x: [1; 48], y: [2; 48] });
    let p521 = on(&HOST, &PublicKey::P521 { x: [1; 66], y: [2; 66] });
    let ed25519 = on(&HOST, &PublicKey::Ed25519([1; 32]));
    for (key, algorithm, size) in [
        (&rsa, Algorithm::Ps256, 256),
        (&rsa, Algorithm::Ps384, 256),
        (&rsa, Algorithm::Ps512, 256),
        (&p521, Algorithm::Es512, 132),
        (&ed25519, Algorithm::Ed25519, 64),
    ] {
        assert!(key.verify(algorithm, b"text", &vec![1; size]), "{algorithm:?}");
        assert!(!key.verify(algorithm, b"text", &vec![2; size]), "{algorithm:?}");
    }
    // Refused for their form, whatever the guest thinks of them.
    for size in [0, 1, 255, 257, 512] {
        assert!(!rsa.verify(Algorithm::Rs256, b"text", &vec![1; size]));
    }
    for size in [0, 1, 63, 65, 96, 128] {
        assert!(!p256.verify(Algorithm::Es256, b"text", &vec![1; size]));
    }
    let half = |fill: u8| vec![fill; 32];
    for (r, s) in [
        (half(0), half(1)),
        (half(1), half(0)),
        (der::P256_ORDER.to_vec(), half(1)),
        (half(1), der::P256_ORDER.to_vec()),
        (half(0xff), half(1)),
    ] {
        assert!(!p256.verify(Algorithm::Es256, b"text", &[r, s].concat()));
    }
    let over = [der::P384_ORDER, [1; 48]].concat();
    assert!(!p384.verify(Algorithm::Es384, b"text", &over));
    assert!(!p384.verify(Algorithm::Es384, b"text", &[1; 64]));
}

#[test]
fn a_key_that_the_guest_refuses_is_refused() {
    static HOST: Host = Host::new(|_, _| panic!("the host was asked"));
    let weak = PublicKey::Rsa { n: vec![0xc5; 128].into(), e: [1, 0, 1].into() };
    assert!(Accelerated { inner: &GUEST, host: &HOST }.key(&weak).is_err());
}

#[test]
fn keys_are_written_as_openssl_writes_them() {
    // The public keys of RFC 7515 A.3, and numbers of the right size.
    let x = hex("7fcdce2770f6c45d4183cbee6fdb4b7b580733357be9ef13bacf6e3c7bd15445");
    let y = hex("c7f144cd1bbd9b7e872cdfedb9eeb9f4b3695d6ea90b24ad8a4623288588e5ad");
    let (Ok(x), Ok(y)) = (x.try_into(), y.try_into()) else { panic!() };
    assert_eq!(
        der::public_key_info(&PublicKey::P256 { x, y }).unwrap(),
        hex(
            "3059301306072a8648ce3d020106082a8648ce3d030107034200047fcdce2770f6c45d4183cbee6fdb4b7b5\
             80733357be9ef13bacf6e3c7bd15445c7f144cd1bbd9b7e872cdfedb9eeb9f4b3695d6ea90b24ad8a462328\
             8588e5ad"
        )
    );
    let p384 = PublicKey::P384 { x: [1; 48], y: [2; 48] };
    assert_eq!(
        der::public_key_info(&p384).unwrap(),
        [hex("3076301006072a8648ce3d020106052b8104002203620004"), vec![1; 48], vec![2; 48],]
            .concat()
    );
    assert_eq!(
        der::public_key_info(&rsa()).unwrap(),
        [
            hex("30820122300d06092a864886f70d01010105000382010f003082010a0282010100"),
            vec![0xc5; 256],
            hex("0203010001"),
        ]
        .concat()
    );
    // A modulus whose top bit is not set: 2049 bits.
    let mut n = vec![0xc5; 257];
    n[0] = 1;
    let odd = PublicKey::Rsa { n: n.into(), e: [1, 0, 1].into() };
    assert_eq!(
        der::public_key_info(&odd).unwrap(),
        [
            hex("30820122300d06092a864886f70d01010105000382010f003082010a0282010101"),
            vec![0xc5; 256],
            hex("0203010001"),
        ]
        .concat()
    );
}

#[test]
fn signatures_have_the_shortest_numbers() {
    let raw = |r: &str, s: &str| hex(&format!("{r:0>64}{s:0>64}"));
    let der = |r, s| der::signature(&raw(r, s), &der::P256_ORDER);
    assert_eq!(der("01", "7f").unwrap(), hex("300602010102017f"));
    assert_eq!(der("80", "8000").unwrap(), hex("3009020200800203008000"));
    let less = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550";
    let expected = format!("3046022100{less}022100{less}");
    assert_eq!(der(less, less).unwrap(), hex(&expected));
    let most = [0x7f; 48];
    let long = der::signature(&[most, most].concat(), &der::P384_ORDER).unwrap();
    assert_eq!(long[..4], hex("30640230"));
}

#[test]
fn arguments_are_the_message_of_envoy() {
    assert_eq!(
        protobuf::arguments("sha256", b"key", &[7; 300], &[8; 128]),
        [
            b"\x0a\x06sha256\x12\x03key\x1a\xac\x02".as_slice(),
            &[7; 300],
            b"\x22\x80\x01",
            &[8; 128],
        ]
        .concat()
    );
    assert_eq!(protobuf::arguments("", &[1; 127], b"", b"")[2..4], [0x12, 127]);
}

#[test]
fn a_host_that_draws_nothing_still_gives_other_bytes_each_time() {
    assert_ne!(Random.draw(), Random.draw());
}
