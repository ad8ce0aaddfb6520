//! What holds for any bytes, any clock and any order of events.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use proptest::prelude::*;

use super::super::SessionKeys;
use super::super::cookie::{Upstream, without};
use super::super::login::{begin, callback, is_callback, is_navigation};
use super::super::logout::requested;
use super::super::query;
use super::super::sealed::Presented;
use super::super::session::Session;
use super::fixture::{Asked, Gateway, NOW, STRATEGY, identity, opened, session, url};
use crate::http::Header;
use crate::id::StrategyId;
use crate::time::UnixTime;

/// Cookies as they may come: any bytes, and what looks like ours.
fn cookie_headers() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let pair = prop_oneof![
        3 => "[a-c]{0,2}=[a-z0-9]{0,3}".prop_map(String::into_bytes),
        2 => "__Host-gatekey_session=[A-Za-z0-9_-]{0,120}".prop_map(String::into_bytes),
        1 => " ?__Host-gatekey_session ?= ?\"?[AB]{0,4}\"?".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ];
    let header = prop::collection::vec(pair, 0..5).prop_map(|pairs| pairs.join(&b"; "[..]));
    prop::collection::vec(header, 0..4)
}

fn asked_with(headers: &[Vec<u8>]) -> Asked {
    headers
        .iter()
        .fold(Asked::page("/callback?code=c&state=s"), |asked, value| asked.field("cookie", value))
}

/// The pairs of cookies that are not ours, as an upstream would read them.
fn others(values: &[&[u8]]) -> Vec<Vec<u8>> {
    let pairs = values.iter().flat_map(|value| value.split(|byte| *byte == b';'));
    let ours = |pair: &[u8]| {
        let name = pair.split(|byte| *byte == b'=').next().unwrap();
        name.trim_ascii() == b"__Host-gatekey_session" && pair.contains(&b'=')
    };
    pairs
        .filter(|pair| !ours(pair))
        .map(|pair| pair.trim_ascii().to_vec())
        .filter(|pair| !pair.is_empty())
        .collect()
}

proptest! {
    #[test]
    fn no_bytes_open_that_were_not_sealed(headers in cookie_headers()) {
        let mut gateway = Gateway::new();
        let asked = asked_with(&headers);
        if let Ok(presented) = gateway.open(&asked) {
            prop_assert!(matches!(presented, Presented::Nothing | Presented::Useless(_)));
            let refused = gateway.serve(&asked, |jar, _| callback(jar, &presented).is_err());
            prop_assert!(refused);
        }
    }

    #[test]
    fn no_altered_cookie_opens(at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let mut gateway = Gateway::new();
        let cookie = gateway.cookie(&session());
        let from = cookie.find('=').unwrap() + 1;
        let mut bytes = cookie.into_bytes();
        let at = from + at.index(bytes.len() - from);
        bytes[at] ^= 1 << bit;
        let presented = gateway.open(&Asked::get("/").field("cookie", &bytes));
        prop_assert!(opened(presented).is_err());
    }

    #[test]
    fn a_cookie_opens_in_its_own_place_only(
        strategy in 7..9_u8,
        name in prop_oneof![Just("__Host-gatekey_session"), Just("s"), Just("sa")],
        host in prop_oneof![Just("app.test"), Just("aapp.test"), Just("pp.test")],
        secret in 1..3_u8,
    ) {
        let mut here = Gateway::new();
        let cookie = here.cookie(&session());
        let (_, value) = cookie.split_once('=').unwrap();
        let mut there = Gateway::with(|s| s.session_cookie = name.into());
        there.strategy = StrategyId::from_bytes([strategy; 16]);
        there.keys = SessionKeys::from_secret(&[secret; 32], None).unwrap();
        let asked = Asked::get("/").authority(host).cookie(&format!("{name}={value}"));
        let same = there.strategy == STRATEGY
            && name == "__Host-gatekey_session"
            && host == "app.test"
            && secret == 1;
        prop_assert_eq!(opened(there.open(&asked)).is_ok(), same);
    }

    #[test]
    fn any_session_comes_back_as_it_was(
        texts in prop::collection::vec(".{0,40}", 7),
        present in 0..16_u8,
        ages in prop::array::uniform3(0..60_u64),
        end in any::<u64>(),
    ) {
        let text = |at: usize| texts[at].as_str();
        let token = |bit: u8, at: usize| {
            (present & bit != 0).then(|| crate::secret::Secret::new(text(at).to_string()))
        };
        let mut sealed = session();
        sealed.identity.issuer = text(0).into();
        sealed.identity.client_id = text(1).into();
        sealed.identity.subject = text(2).into();
        sealed.identity.scopes = text(3).into();
        sealed.tokens.expires_at = (present & 8 != 0).then_some(UnixTime(end));
        sealed.tokens.refresh = token(1, 4);
        sealed.tokens.access = token(2, 5);
        sealed.tokens.id = token(4, 6);
        [sealed.created_at, sealed.renewed_at, sealed.used_at] =
            ages.map(|age| UnixTime(NOW.0 - age));
        let mut gateway = Gateway::new();
        let cookie = gateway.cookie(&sealed);
        let (found, _) = opened(gateway.open(&Asked::get("/").cookie(&cookie))).unwrap();
        let exposed = |session: &Session| {
            let tokens = [&session.tokens.refresh, &session.tokens.access, &session.tokens.id];
            tokens.map(|token| token.as_ref().map(|token| token.expose().clone()))
        };
        prop_assert_eq!(exposed(&found), exposed(&sealed));
        prop_assert_eq!(&found.identity, &sealed.identity);
        prop_assert_eq!(found.tokens.expires_at, sealed.tokens.expires_at);
        prop_assert_eq!(found.created_at, sealed.created_at);
        prop_assert_eq!(found.renewed_at, sealed.renewed_at);
        prop_assert_eq!(found.used_at, NOW);
    }

    /// A browser that sends its cookie at random times and keeps what it is given, against the
    /// three rules as they are written in the documentation.
    #[test]
    fn the_limits_hold_on_any_clock(
        steps in prop::collection::vec(-200..1500_i64, 1..60),
        idling in prop_oneof![Just(0), 1..1000_u64],
        rolling in prop_oneof![Just(0), 1..4000_u64],
        absolute in prop_oneof![Just(0), 1..9000_u64],
    ) {
        let mut gateway = Gateway::with(|s| {
            s.session_idling_timeout_seconds = idling;
            s.session_rolling_timeout_seconds = rolling;
            s.session_absolute_timeout_seconds = absolute;
        });
        let mut cookie = gateway.cookie(&session());
        let (mut sealed_at, mut renewed_at, mut latest) = (NOW.0, NOW.0, NOW.0);
        for step in steps {
            let now = gateway.now.0.saturating_add_signed(step);
            gateway.now = UnixTime(now);
            let over = |from: u64, limit: u64| limit != 0 && now.saturating_sub(from) > limit;
            let dead = over(NOW.0, absolute)
                || over(renewed_at, rolling)
                || over(sealed_at, idling)
                || latest > now + 60;
            let found = opened(gateway.open(&Asked::get("/").cookie(&cookie)));
            prop_assert_eq!(found.is_err(), dead, "{:?} at {}", found, now);
            let Ok((found, reissue)) = found else { break };
            // What is used is prolonged in time, and not on every request.
            let since_sealed = now.saturating_sub(sealed_at);
            let since_renewed = now.saturating_sub(renewed_at);
            let due = |since: u64, limit: u64, part: u64| limit != 0 && since >= part.max(1);
            let expected = due(since_sealed, idling, idling / 10)
                || due(since_renewed, rolling, rolling - rolling / 4);
            prop_assert_eq!(reissue, expected);
            if reissue {
                cookie = gateway.cookie(&found);
                sealed_at = sealed_at.max(now);
                if due(since_renewed, rolling, rolling - rolling / 4) {
                    renewed_at = renewed_at.max(now);
                }
                latest = latest.max(now);
            }
        }
    }

    #[test]
    fn the_upstream_reads_the_other_cookies_as_they_came(headers in cookie_headers()) {
        let fields: Vec<_> =
            headers.iter().map(|value| Header { name: b"Cookie", value }).collect();
        let before: Vec<_> = headers.iter().map(Vec::as_slice).collect();
        match without(&fields, "__Host-gatekey_session") {
            Upstream::Unchanged => {
                let pairs = before.iter().flat_map(|value| value.split(|byte| *byte == b';'));
                let all = pairs.filter(|pair| !pair.trim_ascii().is_empty()).count();
                prop_assert_eq!(others(&before).len(), all);
            }
            Upstream::Nothing => prop_assert!(others(&before).is_empty()),
            Upstream::Rest(rest) => {
                prop_assert_eq!(others(&[&rest]), others(&before));
                let fields = [Header { name: b"cookie", value: &rest }];
                prop_assert_eq!(
                    without(&fields, "__Host-gatekey_session"),
                    Upstream::Unchanged
                );
            }
        }
    }

    #[test]
    fn no_request_panics(
        path in prop::collection::vec(any::<u8>(), 0..80),
        query in prop::collection::vec(any::<u8>(), 0..80),
        authority in prop_oneof![Just(String::from("app.test")), ".{0,20}"],
        name in prop_oneof![Just("accept"), Just("sec-fetch-mode"), Just("sec-purpose")],
        value in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut gateway = Gateway::with(|s| {
            s.logout_uri_suffix = Some("/logout".into());
            s.logout_query_arg = Some("logout".into());
        });
        for target in [path, [b"/callback?code=c&state=s&", query.as_slice()].concat()] {
            let mut asked = Asked::page("/").authority(&authority).field(name, &value);
            asked.path = target;
            gateway.serve(&asked, |jar, sealer| {
                let _ = is_callback(jar.settings, jar.request);
                let _ = requested(jar.settings, jar.request);
                let _ = is_navigation(jar.request);
                let _ = callback(jar, &Presented::Nothing);
                let _ = begin(jar, sealer, &url("https://idp.test/auth"));
            });
        }
    }

    /// Whatever was asked for, the browser comes back to this origin.
    #[test]
    fn nothing_makes_the_browser_return_elsewhere(path in "/?[/\\\\a:.@%?#\\t ]{0,12}") {
        let mut gateway = Gateway::new();
        let asked = Asked::page(&path);
        let begun =
            gateway.serve(&asked, |jar, sealer| begin(jar, sealer, &url("https://idp.test/auth")));
        prop_assert_eq!(begun.is_ok(), path.starts_with('/'));
        let Ok(begun) = begun else { return Ok(()) };
        let cookie = super::fixture::sent_back(begun.set_cookie.unwrap().expose());
        let state = super::fixture::parameter(begun.location.expose(), "state").unwrap();
        let back = Asked::page(&format!("/callback?code=c&state={state}")).cookie(&cookie);
        let presented = gateway.open(&back).unwrap();
        let returned = gateway.serve(&back, |jar, _| callback(jar, &presented)).unwrap();
        let super::super::login::Returned::Exchange(exchange) = returned else {
            return Err(TestCaseError::fail("no exchange"));
        };
        let to = exchange.return_to;
        prop_assert!(to.starts_with('/') && !to.starts_with("//") && !to.contains('\\'), "{to}");
        prop_assert!(*to == *path || &*to == "/");
    }

    #[test]
    fn what_is_written_is_read_back(values in prop::collection::vec(".{0,20}", 3)) {
        let mut form = String::new();
        for (name, value) in ["a", "b&=", "c"].iter().zip(&values) {
            query::push(&mut form, name, value);
        }
        prop_assert!(form.bytes().all(|byte| byte.is_ascii_graphic()));
        let read = query::take(form.as_bytes(), ["a", "b&=", "c"]).unwrap();
        prop_assert_eq!(Vec::from(read.map(Option::unwrap)), values);
    }
}

#[test]
fn the_identity_is_not_a_place_to_hide_things_in() {
    // Fields are read with their lengths: none runs into the next.
    let mut gateway = Gateway::new();
    let mut one = session();
    one.identity.issuer = "a".into();
    one.identity.client_id = "bc".into();
    let mut other = session();
    other.identity.issuer = "ab".into();
    other.identity.client_id = "c".into();
    for sealed in [one, other] {
        let cookie = gateway.cookie(&sealed);
        let (found, _) = opened(gateway.open(&Asked::get("/").cookie(&cookie))).unwrap();
        assert_eq!(found.identity, sealed.identity);
        assert_ne!(found.identity, identity());
    }
}
