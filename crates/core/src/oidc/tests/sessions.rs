use alloc::format;
use alloc::string::String;

use super::super::login::begin;
use super::super::sealed::{Jar, Presented, Sealer, Useless};
use super::super::session::{Age, Freshness, Session, Tokens, TooLarge};
use super::super::settings::Settings;
use super::super::{Probe, Probed, SessionKeys};
use super::fixture::{
    Asked, Gateway, NOW, TestCrypto, identity, opened, parameter, sent_back, session, token, url,
};
use crate::check::Denial;
use crate::crypto::{NoCrypto, NoEntropy};
use crate::id::StrategyId;
use crate::time::UnixTime;

#[allow(clippy::needless_pass_by_value, reason = "what it is given is looked at once")]
fn useless(presented: Result<Presented, Denial>) -> Option<Useless> {
    match presented {
        Ok(Presented::Useless(why)) => Some(why),
        _ => None,
    }
}

#[test]
fn a_session_comes_back_as_it_was_sealed() {
    let mut gateway = Gateway::new();
    let cookie = gateway.cookie(&session());
    let (found, reissue) = opened(gateway.open(&Asked::get("/").cookie(&cookie))).unwrap();
    assert!(!reissue, "it was sealed a moment ago");
    assert_eq!(found.identity, identity());
    assert_eq!(found.tokens.expires_at, Some(UnixTime(NOW.0 + 300)));
    let exposed =
        |found: &Option<crate::secret::Secret<String>>| found.as_ref().unwrap().expose().clone();
    assert_eq!(exposed(&found.tokens.refresh), "refresh-me");
    assert_eq!(exposed(&found.tokens.access), "access-me");
    assert_eq!(exposed(&found.tokens.id), "id-me");
    assert_eq!((found.created_at, found.renewed_at, found.used_at), (NOW, NOW, NOW));
    // And with nothing in it.
    let bare = Session::begin(identity(), Tokens::default(), NOW);
    let cookie = gateway.cookie(&bare);
    let (found, _) = opened(gateway.open(&Asked::get("/").cookie(&cookie))).unwrap();
    assert!(found.tokens.expires_at.is_none() && found.tokens.refresh.is_none());
    assert!(found.tokens.access.is_none() && found.tokens.id.is_none());
}

#[test]
fn a_request_without_the_cookie_has_no_session_and_one_with_two_is_refused() {
    let mut gateway = Gateway::new();
    assert!(matches!(gateway.open(&Asked::get("/").cookie("a=1")), Ok(Presented::Nothing)));
    let cookie = gateway.cookie(&session());
    let twice = Asked::get("/").cookie(&cookie).cookie(&cookie);
    assert_eq!(gateway.open(&twice).unwrap_err(), Denial::AmbiguousToken);
}

#[test]
fn a_cookie_of_elsewhere_does_not_open() {
    let here = Gateway::new;
    let cookie = here().cookie(&session());
    let elsewhere = |change: &dyn Fn(&mut Gateway), authority: &str| {
        let mut gateway = here();
        change(&mut gateway);
        // The browser would not send it under another name: an attacker does.
        let (_, value) = cookie.split_once('=').unwrap();
        let cookie = format!("{}={value}", gateway.cookie_name());
        gateway.open(&Asked::get("/").authority(authority).cookie(&cookie))
    };
    opened(elsewhere(&|_| {}, "app.test")).unwrap();
    opened(elsewhere(&|_| {}, "APP.test")).unwrap();
    let rename =
        |change: fn(&mut Settings)| move |gateway: &mut Gateway| change(&mut gateway.settings);
    type Change<'c> = &'c dyn Fn(&mut Gateway);
    let refused: [(&str, Change<'_>, &str); 8] = [
        ("another host", &|_| {}, "other.test"),
        ("another port", &|_| {}, "app.test:8443"),
        ("no host", &|_| {}, ""),
        ("another strategy", &|g| g.strategy = StrategyId::from_bytes([8; 16]), "app.test"),
        ("another name", &rename(|s| s.session_cookie = "other".into()), "app.test"),
        ("no prefix", &rename(|s| s.session_cookie = "gatekey_session".into()), "app.test"),
        ("another domain", &rename(|s| s.session_cookie_domain = Some("test".into())), "app.test"),
        (
            "another secret",
            &|g| g.keys = SessionKeys::from_secret(&[2; 32], None).unwrap(),
            "app.test",
        ),
    ];
    for (case, change, authority) in refused {
        let presented = elsewhere(change, authority);
        assert_eq!(useless(presented), Some(Useless::Unreadable), "{case}");
    }
}

#[test]
fn a_cookie_of_a_domain_opens_on_all_its_hosts() {
    let mut gateway = Gateway::with(|s| s.session_cookie_domain = Some("test".into()));
    let cookie = gateway.cookie(&session());
    opened(gateway.open(&Asked::get("/").authority("other.test").cookie(&cookie))).unwrap();
}

#[test]
fn a_previous_secret_still_opens_and_the_session_moves_to_the_current_one() {
    let mut gateway = Gateway::new();
    let old = gateway.cookie(&session());
    gateway.keys = SessionKeys::from_secret(&[2; 32], Some(&[1; 32])).unwrap();
    let (found, reissue) = opened(gateway.open(&Asked::get("/").cookie(&old))).unwrap();
    assert!(reissue);
    let new = gateway.cookie(&found);
    gateway.keys = SessionKeys::from_secret(&[2; 32], None).unwrap();
    assert_eq!(useless(gateway.open(&Asked::get("/").cookie(&old))), Some(Useless::Unreadable));
    let (_, reissue) = opened(gateway.open(&Asked::get("/").cookie(&new))).unwrap();
    assert!(!reissue);
}

#[test]
fn every_altered_byte_is_noticed() {
    let mut gateway = Gateway::new();
    let cookie = gateway.cookie(&session());
    let from = cookie.find('=').unwrap() + 1;
    for at in from..cookie.len() {
        for other in ['A', 'B', '_', '=', '+', ' ', '\u{7f}'] {
            if cookie.as_bytes()[at] == other as u8 {
                continue;
            }
            let mut altered = cookie.clone();
            altered.replace_range(at..=at, other.encode_utf8(&mut [0; 4]));
            // White space at the end is not of the value.
            if altered.trim_end().len() < altered.len() {
                continue;
            }
            let presented = gateway.open(&Asked::get("/").cookie(&altered));
            assert_eq!(useless(presented), Some(Useless::Unreadable), "{at} {other}");
        }
        let cut = Asked::get("/").field("cookie", &cookie.as_bytes()[..at]);
        assert_eq!(useless(gateway.open(&cut)), Some(Useless::Unreadable), "cut at {at}");
    }
    let longer = Asked::get("/").cookie(&format!("{cookie}AAAA"));
    assert_eq!(useless(gateway.open(&longer)), Some(Useless::Unreadable));
}

#[test]
fn the_three_limits_hold_to_the_second() {
    let old = |age: u64, renewed: u64, used: u64| Session {
        created_at: UnixTime(NOW.0 - age),
        renewed_at: UnixTime(NOW.0 - renewed),
        used_at: UnixTime(NOW.0 - used),
        ..session()
    };
    let settings = super::fixture::settings();
    for (session, expected) in [
        (old(0, 0, 0), Ok(false)),
        (old(89, 89, 89), Ok(false)),
        (old(90, 90, 90), Ok(true)),
        (old(900, 900, 900), Ok(true)),
        (old(901, 901, 901), Err(Age::Idle)),
        (old(2699, 2699, 10), Ok(false)),
        (old(2700, 2700, 10), Ok(true)),
        (old(3600, 3600, 10), Ok(true)),
        (old(3601, 3601, 10), Err(Age::NotRenewed)),
        (old(86_400, 10, 10), Ok(false)),
        (old(86_401, 10, 10), Err(Age::Absolute)),
    ] {
        assert_eq!(session.age(&settings, NOW), expected, "{session:?}");
    }
    // Each can be switched off, alone.
    let mut unlimited = settings;
    unlimited.session_idling_timeout_seconds = 0;
    assert_eq!(old(3600, 3600, 3600).age(&unlimited, NOW), Ok(true));
    unlimited.session_rolling_timeout_seconds = 0;
    assert_eq!(old(86_400, 86_400, 86_400).age(&unlimited, NOW), Ok(false));
    assert_eq!(old(86_401, 0, 0).age(&unlimited, NOW), Err(Age::Absolute));
    unlimited.session_absolute_timeout_seconds = 0;
    assert_eq!(old(NOW.0, NOW.0, NOW.0).age(&unlimited, NOW), Ok(false));
    // A limit too short to have a tenth is honoured too.
    let mut short = super::fixture::settings();
    short.session_idling_timeout_seconds = 5;
    assert_eq!(old(0, 0, 0).age(&short, NOW), Ok(false));
    assert_eq!(old(1, 1, 1).age(&short, NOW), Ok(true));
}

#[test]
fn a_clock_that_was_set_back_prolongs_nothing() {
    let settings = super::fixture::settings();
    let session = session();
    assert_eq!(session.age(&settings, UnixTime(NOW.0 - 60)), Ok(false));
    assert_eq!(session.age(&settings, UnixTime(NOW.0 - 61)), Err(Age::Future));
    assert_eq!(session.age(&settings, UnixTime(0)), Err(Age::Future));
    assert_eq!(session.age(&settings, UnixTime(u64::MAX)), Err(Age::Absolute));
    // Sealed by a gateway whose clock is a little behind, its times do not go back.
    let mut gateway = Gateway::new();
    gateway.now = UnixTime(NOW.0 - 30);
    let cookie = gateway.cookie(&session);
    let (found, _) = opened(gateway.open(&Asked::get("/").cookie(&cookie))).unwrap();
    assert_eq!((found.created_at, found.renewed_at, found.used_at), (NOW, NOW, NOW));
}

#[test]
fn sealing_counts_as_use_and_renews_when_it_is_time() {
    let mut gateway = Gateway::new();
    let mut at = |seconds: u64, session: &Session| {
        gateway.now = UnixTime(NOW.0 + seconds);
        let line = gateway.seal(session).unwrap().set_cookie.expose().clone();
        let max_age = line.split("Max-Age=").nth(1).unwrap().split(';').next().unwrap();
        let max_age: u64 = max_age.parse().unwrap();
        let cookie = sent_back(&line);
        (opened(gateway.open(&Asked::get("/").cookie(&cookie))).unwrap().0, max_age)
    };
    let (session, max_age) = at(0, &session());
    assert_eq!(max_age, 900, "the idling time is the nearest limit");
    let (session, max_age) = at(800, &session);
    assert_eq!((session.used_at, session.renewed_at), (UnixTime(NOW.0 + 800), NOW));
    assert_eq!(max_age, 900);
    let (session, _) = at(1600, &session);
    let (session, _) = at(2400, &session);
    let (session, max_age) = at(2699, &session);
    assert_eq!((session.renewed_at, max_age), (NOW, 900));
    let (session, max_age) = at(2700, &session);
    assert_eq!((session.renewed_at, max_age), (UnixTime(NOW.0 + 2700), 900));
    assert_eq!(session.created_at, NOW);
    let late = Session { renewed_at: UnixTime(NOW.0 + 86_000), ..session };
    assert_eq!(at(86_300, &late).1, 100, "what is left of the greatest age");
}

#[test]
fn what_finds_no_room_is_left_out_and_a_session_that_never_fits_is_refused() {
    let mut gateway = Gateway::new();
    let long = |bytes: usize| token(&"t".repeat(bytes));
    for (refresh, access, id, expected) in [
        (1000, 900, 800, Ok((false, false))),
        (1000, 900, 1800, Ok((true, false))),
        (1000, 1900, 10, Ok((true, true))),
        (1000, 1900, 1000, Ok((true, true))),
        (3000, 10, 10, Err(TooLarge)),
        (70_000, 10, 10, Err(TooLarge)),
    ] {
        let mut session = session();
        session.tokens =
            Tokens { expires_at: None, refresh: long(refresh), access: long(access), id: long(id) };
        let sealed = gateway.seal(&session);
        let left = sealed.as_ref().map(|s| (s.without_id_token, s.without_access_token));
        assert_eq!(left.map_err(|why| *why), expected, "{refresh} {access} {id}");
        let Ok(sealed) = sealed else { continue };
        assert!(sealed.set_cookie.expose().len() <= 4096);
        let cookie = sent_back(sealed.set_cookie.expose());
        let (found, _) = opened(gateway.open(&Asked::get("/").cookie(&cookie))).unwrap();
        assert_eq!(found.tokens.refresh.unwrap().expose().len(), refresh);
        assert_eq!(found.tokens.access.is_none(), sealed.without_access_token);
        assert_eq!(found.tokens.id.is_none(), sealed.without_id_token);
    }
    let mut wide = session();
    wide.identity.scopes = "s".repeat(5000).into();
    assert_eq!(gateway.seal(&wide).unwrap_err(), TooLarge);
}

#[test]
fn without_a_cipher_nothing_is_sealed_and_nothing_opens() {
    let mut gateway = Gateway::new();
    let cookie = gateway.cookie(&session());
    let asked = Asked::get("/").cookie(&cookie);
    let headers = asked.headers();
    let request = asked.request(&headers);
    let jar = Jar { settings: &gateway.settings, strategy: gateway.strategy, request: &request };
    let mut sealer = Sealer {
        keys: &gateway.keys,
        crypto: &NoCrypto,
        entropy: &NoEntropy,
        drbg: &mut gateway.drbg,
        now: NOW,
    };
    assert_eq!(session().seal(&jar, &mut sealer).unwrap_err(), TooLarge);
    assert_eq!(useless(jar.open(&sealer)), Some(Useless::Unreadable));
}

#[test]
fn a_token_is_refreshed_shortly_before_its_end() {
    let with = |expires_at: Option<u64>, refresh: bool| Session {
        tokens: Tokens {
            expires_at: expires_at.map(|end| UnixTime(NOW.0 + end)),
            refresh: refresh.then(|| token("r")).flatten(),
            ..Tokens::default()
        },
        ..session()
    };
    for (end, refresh, fresh, current) in [
        (None, true, Freshness::Fresh, true),
        (Some(11), true, Freshness::Fresh, true),
        (Some(10), true, Freshness::Refresh, true),
        (Some(0), true, Freshness::Refresh, false),
        (Some(1), false, Freshness::Fresh, true),
        (Some(0), false, Freshness::Ended, false),
    ] {
        let session = with(end, refresh);
        assert_eq!(session.freshness(NOW), fresh, "{end:?} {refresh}");
        assert_eq!(session.is_current(NOW), current, "{end:?} {refresh}");
    }
}

#[test]
fn a_refresh_keeps_what_the_provider_does_not_replace() {
    let old = session();
    let text =
        |token: &Option<crate::secret::Secret<String>>| token.as_ref().map(|t| t.expose().clone());
    let same = old.refreshed(identity(), Tokens { access: token("new"), ..Tokens::default() });
    assert_eq!(text(&same.tokens.refresh).as_deref(), Some("refresh-me"));
    assert_eq!(text(&same.tokens.id).as_deref(), Some("id-me"));
    assert_eq!(text(&same.tokens.access).as_deref(), Some("new"));
    assert_eq!(same.tokens.expires_at, None, "the old token's end is not the new one's");
    let turned = old.refreshed(identity(), Tokens { refresh: token("r2"), ..Tokens::default() });
    assert_eq!(text(&turned.tokens.refresh).as_deref(), Some("r2"));
    assert_eq!(text(&turned.tokens.access), None, "an old access token is not handed on");
    assert_eq!((turned.created_at, turned.renewed_at), (old.created_at, old.renewed_at));
}

#[test]
fn debug_shows_no_token() {
    let mut gateway = Gateway::new();
    let sealed = gateway.seal(&session()).unwrap();
    let cookie = sent_back(sealed.set_cookie.expose());
    let presented = gateway.open(&Asked::get("/").cookie(&cookie));
    for shown in [format!("{:?}", session()), format!("{sealed:?}"), format!("{presented:?}")] {
        for secret in ["refresh-me", "access-me", "id-me", cookie.split_once('=').unwrap().1] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

#[test]
fn a_probe_sees_what_a_gateway_sees() {
    let mut gateway = Gateway::new();
    let begun = gateway
        .serve(&Asked::page("/"), |jar, sealer| begin(jar, sealer, &url("https://idp.test/auth")))
        .unwrap();
    let login = sent_back(begun.set_cookie.unwrap().expose());
    let state = parameter(begun.location.expose(), "state").unwrap();
    let probe = |asked: &Asked, now: u64| {
        let headers = asked.headers();
        let probe = Probe {
            settings: &gateway.settings,
            strategy: gateway.strategy,
            keys: &gateway.keys,
            crypto: &TestCrypto,
            now: UnixTime(now),
        };
        let request = asked.request(&headers);
        (probe.open(&request), probe.session(&request, "token").unwrap())
    };
    let (nothing, session) = probe(&Asked::get("/"), NOW.0);
    assert_eq!(nothing, Probed::Nothing);
    let with_session = Asked::get("/").cookie(&session);
    assert_eq!(probe(&with_session, NOW.0).0, Probed::Session { current: true });
    assert_eq!(probe(&with_session, NOW.0 + 90).0, Probed::Session { current: false });
    assert_eq!(probe(&with_session, NOW.0 + 901).0, Probed::Nothing);
    let back = |state: &str| Asked::get(&format!("/callback?code=c&state={state}")).cookie(&login);
    assert_eq!(probe(&back(&state), NOW.0).0, Probed::Login { returned: true });
    assert_eq!(probe(&back("x"), NOW.0).0, Probed::Login { returned: false });
}
