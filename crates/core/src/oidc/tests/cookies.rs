use alloc::format;
use alloc::vec::Vec;

use super::super::cookie::{Upstream, deletion, find, set, without};
use super::super::settings::{SameSite, Settings};
use super::fixture::{Asked, settings};
use crate::check::Denial;

fn with(change: impl FnOnce(&mut Settings)) -> Settings {
    let mut settings = settings();
    change(&mut settings);
    settings
}

fn plain() -> Settings {
    with(|settings| settings.session_cookie = "gatekey_session".into())
}

#[test]
fn a_cookie_is_set_with_all_its_attributes() {
    let line = |settings: &Settings| {
        let same_site = settings.session_cookie_same_site;
        set(settings, same_site, "value", 900).unwrap().expose().clone()
    };
    assert_eq!(
        line(&settings()),
        "__Host-gatekey_session=value; Path=/; Max-Age=900; SameSite=Lax; HttpOnly; Secure"
    );
    let other = with(|s| {
        s.session_cookie = "__Secure-s".into();
        s.session_cookie_path = "/api".into();
        s.session_cookie_domain = Some("app.test".into());
        s.session_cookie_same_site = SameSite::None;
        s.session_cookie_http_only = false;
    });
    assert_eq!(
        line(&other),
        "__Secure-s=value; Path=/api; Domain=app.test; Max-Age=900; SameSite=None; Secure"
    );
    assert_eq!(
        deletion(&other).unwrap().expose(),
        "__Secure-s=; Path=/api; Domain=app.test; Max-Age=0; SameSite=None; Secure"
    );
}

#[test]
fn a_cookie_has_4096_bytes_at_most() {
    let settings = settings();
    let length = |value: usize| {
        set(&settings, SameSite::Lax, &"v".repeat(value), 900).map(|line| line.expose().len())
    };
    let room = 4096 - length(0).unwrap();
    assert_eq!(length(room), Some(4096));
    assert_eq!(length(room + 1), None);
}

#[test]
fn the_one_cookie_of_the_name_is_found_among_others() {
    let settings = plain();
    let found = |headers: &[&str]| {
        let mut asked = Asked::get("/").field("x-cookie", "gatekey_session=other-header");
        for (at, header) in headers.iter().enumerate() {
            asked = asked.field(["cookie", "Cookie", "COOKIE"][at % 3], header);
        }
        let headers = asked.headers();
        find(&headers, &settings.session_cookie).map(|value| value.map(<[u8]>::to_vec))
    };
    let is = |value: &str| Ok(Some(Vec::from(value)));
    for (headers, expected) in [
        (&[][..], Ok(None)),
        (&["gatekey_session=v"], is("v")),
        (&["a=1; gatekey_session=v; b=2"], is("v")),
        (&["a=1;gatekey_session=v;b=2"], is("v")),
        (&["a=1", "gatekey_session=v"], is("v")),
        (&["gatekey_session = v "], is("v")),
        (&["gatekey_session="], is("")),
        (&["gatekey_session=a=b"], is("a=b")),
        (&["gatekey_session=\"v\""], is("\"v\"")),
        // None of these is it.
        (&["gatekey_session"], Ok(None)),
        (&["Gatekey_Session=v"], Ok(None)),
        (&["xgatekey_session=v"], Ok(None)),
        (&["gatekey_session2=v"], Ok(None)),
        (&["__Host-gatekey_session=v"], Ok(None)),
        (&["a=gatekey_session=v"], Ok(None)),
        (&["a=1, gatekey_session=v"], Ok(None)),
        (&["=gatekey_session=v;;; ;="], Ok(None)),
        // Which of two is meant cannot be known, not even when they are equal.
        (&["gatekey_session=v; gatekey_session=v"], Err(Denial::AmbiguousToken)),
        (&["gatekey_session=v", "gatekey_session="], Err(Denial::AmbiguousToken)),
    ] {
        assert_eq!(found(headers), expected, "{headers:?}");
    }
}

#[test]
fn more_cookies_than_are_looked_at_are_refused() {
    let settings = plain();
    let find = |asked: Asked| {
        let headers = asked.headers();
        find(&headers, &settings.session_cookie).map(|value| value.is_some())
    };
    let many = |count| (0..count).fold(Asked::get("/"), |asked, _| asked.cookie("a=1"));
    assert_eq!(find(many(63).cookie("gatekey_session=v")), Ok(true));
    assert_eq!(find(many(64).cookie("gatekey_session=v")), Err(Denial::OversizedRequest));
    let long = |bytes: usize| Asked::get("/").cookie(&"a".repeat(bytes));
    assert_eq!(find(long(64 * 1024)), Ok(false));
    assert_eq!(find(long(64 * 1024 + 1)), Err(Denial::OversizedRequest));
}

#[test]
fn the_upstream_gets_the_other_cookies_byte_for_byte() {
    let settings = plain();
    let left = |headers: &[&str]| {
        let asked =
            headers.iter().fold(Asked::get("/"), |asked, header| asked.field("cookie", header));
        let headers = asked.headers();
        without(&headers, &settings.session_cookie)
    };
    let rest = |text: &str| Upstream::Rest(text.into());
    for (headers, expected) in [
        (&[][..], Upstream::Unchanged),
        (&["a=1"], Upstream::Unchanged),
        (&["gatekey_session"], Upstream::Unchanged),
        (&["gatekey_session=v"], Upstream::Nothing),
        (&[" gatekey_session = v ;"], Upstream::Nothing),
        (&["gatekey_session=v; gatekey_session=w"], Upstream::Nothing),
        (&["a=1; gatekey_session=v; b=2"], rest("a=1; b=2")),
        (&["gatekey_session=v; b=2"], rest("b=2")),
        (&["a=1; gatekey_session=v"], rest("a=1")),
        (&["a=1;gatekey_session=v;b =\"2\" ;c"], rest("a=1;b =\"2\" ;c")),
        (&["a=1", "gatekey_session=v", "b=2"], rest("a=1; b=2")),
        (&["a=1; gatekey_session=v", "b=2; c=3"], rest("a=1; b=2; c=3")),
        (&["gatekey_session=v", "b=2; gatekey_session=w; c=3"], rest("b=2; c=3")),
    ] {
        assert_eq!(left(headers), expected, "{headers:?}");
    }
    assert_eq!(format!("{:?}", rest("secret")), "Rest(..)");
}
