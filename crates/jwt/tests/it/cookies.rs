//! The cookies of strategies under the cipher of this crate.

use gatekey_core::crypto::{Crypto, NoCrypto};
use gatekey_core::http::{Header, Request};
use gatekey_core::id::StrategyId;
use gatekey_core::oidc::settings::Settings;
use gatekey_core::oidc::{Probe, Probed, SessionKeys};
use gatekey_core::time::UnixTime;
use gatekey_jwt::JWT;
use proptest::prelude::*;

const NOW: UnixTime = UnixTime(1_700_000_000);
const HERE: StrategyId = StrategyId::from_bytes([7; 16]);
const SETTINGS: &[u8] = br#"{
    "issuer": "https://idp.test",
    "auth_methods": ["session", "authorization_code"],
    "client_id": "gateway",
    "scopes": ["openid"],
    "redirect_uri": "https://app.test/callback"
}"#;

fn settings() -> Settings {
    Settings::parse(SETTINGS).unwrap()
}

fn keys() -> SessionKeys {
    SessionKeys::from_secret(&[1; 32], None).unwrap()
}

/// Does something with a gateway that has this strategy, cipher and cookie.
fn with<T>(
    crypto: &dyn Crypto,
    (strategy, keys): (StrategyId, &SessionKeys),
    (host, cookie): (&str, &[u8]),
    work: impl FnOnce(&Probe<'_>, &Request<'_>) -> T,
) -> T {
    let headers = [Header { name: b"cookie", value: cookie }];
    let request =
        Request { method: b"GET", authority: host.as_bytes(), path: b"/", headers: &headers };
    let settings = settings();
    work(&Probe { settings: &settings, strategy, keys, crypto, now: NOW }, &request)
}

fn sealed() -> String {
    with(&JWT, (HERE, &keys()), ("app.test", b""), |probe, request| {
        probe.session(request, "refresh-token").unwrap()
    })
}

fn open(strategy: StrategyId, keys: &SessionKeys, host: &str, cookie: &[u8]) -> Probed {
    with(&JWT, (strategy, keys), (host, cookie), |probe, request| probe.open(request))
}

#[test]
fn a_session_opens_where_it_was_sealed_and_nowhere_else() {
    let cookie = sealed();
    let cookie = cookie.as_bytes();
    assert_eq!(open(HERE, &keys(), "app.test", cookie), Probed::Session { current: true });
    let other = StrategyId::from_bytes([8; 16]);
    assert_eq!(open(other, &keys(), "app.test", cookie), Probed::Nothing);
    assert_eq!(open(HERE, &keys(), "other.test", cookie), Probed::Nothing);
    let changed = SessionKeys::from_secret(&[2; 32], None).unwrap();
    assert_eq!(open(HERE, &changed, "app.test", cookie), Probed::Nothing);
    let rotated = SessionKeys::from_secret(&[2; 32], Some(&[1; 32])).unwrap();
    assert_eq!(open(HERE, &rotated, "app.test", cookie), Probed::Session { current: false });
}

#[test]
fn nothing_of_a_session_can_be_read_off_its_cookie() {
    let cookie = sealed();
    let (name, value) = cookie.split_once('=').unwrap();
    assert_eq!(name, "__Host-gatekey_session");
    assert!(!value.contains("refresh") && !value.contains("probe"));
    assert_eq!(sealed(), cookie, "the same input gives the same output: there is no hidden source");
}

#[test]
fn without_a_cipher_there_is_no_cookie() {
    let made = with(&NoCrypto, (HERE, &keys()), ("app.test", b""), |probe, request| {
        probe.session(request, "refresh-token")
    });
    assert_eq!(made, None);
}

#[test]
fn every_altered_byte_is_noticed() {
    let cookie = sealed().into_bytes();
    let from = cookie.iter().position(|byte| *byte == b'=').unwrap() + 1;
    for at in from..cookie.len() {
        for bit in 0..7 {
            let mut altered = cookie.clone();
            altered[at] ^= 1 << bit;
            assert_eq!(open(HERE, &keys(), "app.test", &altered), Probed::Nothing, "{at} {bit}");
        }
        assert_eq!(open(HERE, &keys(), "app.test", &cookie[..at]), Probed::Nothing, "cut at {at}");
    }
}

proptest! {
    #[test]
    fn no_bytes_open_that_were_not_sealed(value in "[A-Za-z0-9_-]{0,200}", raw: Vec<u8>) {
        let text = format!("__Host-gatekey_session={value}");
        prop_assert_eq!(open(HERE, &keys(), "app.test", text.as_bytes()), Probed::Nothing);
        let raw = [b"__Host-gatekey_session=AQ", raw.as_slice()].concat();
        prop_assert_eq!(open(HERE, &keys(), "app.test", &raw), Probed::Nothing);
    }
}
