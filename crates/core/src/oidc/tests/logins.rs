use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::super::login::{
    CodeExchange, Returned, begin, callback, finish, is_callback, is_navigation,
};
use super::super::sealed::{Presented, Useless};
use super::super::session::Age;
use super::super::settings::{SameSite, Settings};
use super::fixture::{Asked, Gateway, NOW, opened, parameter, sent_back, session, settings, url};
use crate::check::{Denial, Redirect};
use crate::id::StrategyId;
use crate::time::UnixTime;

/// What a browser holds after it was sent to sign in.
#[derive(Clone, Debug)]
struct Begun {
    location: String,
    set_cookie: String,
}

impl Begun {
    fn state(&self) -> String {
        parameter(&self.location, "state").unwrap()
    }

    fn cookie(&self) -> String {
        sent_back(&self.set_cookie)
    }

    /// The return with this query.
    fn back(&self, query: &str) -> Asked {
        Asked::page(&format!("/callback?{query}")).cookie(&self.cookie())
    }
}

fn begun(gateway: &mut Gateway, asked: &Asked) -> Result<Begun, Denial> {
    let endpoint = url("https://idp.test/auth");
    let redirect = gateway.serve(asked, |jar, sealer| begin(jar, sealer, &endpoint))?;
    Ok(Begun {
        location: redirect.location.expose().clone(),
        set_cookie: redirect.set_cookie.unwrap().expose().clone(),
    })
}

fn returned(gateway: &mut Gateway, asked: &Asked) -> Result<Returned, Denial> {
    gateway.serve(asked, |jar, sealer| {
        let presented = jar.open(sealer)?;
        callback(jar, &presented)
    })
}

fn exchange(gateway: &mut Gateway, asked: &Asked) -> Result<CodeExchange, Denial> {
    match returned(gateway, asked)? {
        Returned::Exchange(exchange) => Ok(exchange),
        Returned::SignedIn(redirect) => panic!("{redirect:?}"),
    }
}

#[test]
fn the_whole_way_works_with_one_cookie() {
    let mut gateway = Gateway::new();
    let begun = begun(&mut gateway, &Asked::page("/orders?page=2")).unwrap();
    assert!(begun.set_cookie.starts_with("__Host-gatekey_session="));
    assert!(begun.set_cookie.ends_with("; Path=/; Max-Age=600; SameSite=Lax; HttpOnly; Secure"));

    let get = |name: &str| parameter(&begun.location, name);
    assert!(begun.location.starts_with("https://idp.test/auth?"));
    assert_eq!(get("response_type").as_deref(), Some("code"));
    assert_eq!(get("client_id").as_deref(), Some("gateway"));
    assert_eq!(get("redirect_uri").as_deref(), Some("https://app.test/callback"));
    assert_eq!(get("scope").as_deref(), Some("openid email"));
    assert_eq!(get("code_challenge_method").as_deref(), Some("S256"));
    assert_eq!(get("audience"), None, "nothing is said that was not configured");

    let back = begun.back(&format!("code=c-1&state={}&iss=https%3A%2F%2Fidp.test", begun.state()));
    assert!(gateway.serve(&back, |jar, _| is_callback(jar.settings, jar.request)));
    let exchange = exchange(&mut gateway, &back).unwrap();
    assert_eq!(exchange.code.expose(), "c-1");
    assert_eq!(exchange.verifier.expose().len(), 43);
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(exchange.verifier.expose()));
    assert_eq!(get("code_challenge"), Some(challenge));
    assert_eq!(get("nonce").as_ref(), Some(exchange.nonce.expose()));
    assert_eq!(&*exchange.return_to, "/orders?page=2");
    // Nothing that proves something to the provider can be read off what the provider is told.
    let values = [exchange.verifier.expose(), exchange.nonce.expose(), &begun.state()];
    assert!(values.iter().enumerate().all(|(at, value)| !values[at + 1..].contains(value)));
    assert!(!begun.location.contains(exchange.verifier.expose()));

    let (redirect, sealed) = gateway
        .serve(&back, |jar, sealer| finish(jar, sealer, &session(), &exchange.return_to))
        .unwrap();
    assert_eq!(redirect.location.expose(), "/orders?page=2");
    let set_cookie = redirect.set_cookie.unwrap();
    assert_eq!(set_cookie.expose(), sealed.set_cookie.expose());
    let cookie = sent_back(set_cookie.expose());
    let name = |cookie: &str| cookie.split('=').next().unwrap().to_string();
    assert_eq!(name(&cookie), name(&begun.cookie()), "the session takes the sign-in's place");
    opened(gateway.open(&Asked::page("/orders?page=2").cookie(&cookie))).unwrap();
}

#[test]
fn a_sign_in_can_be_resumed_with_the_same_request() {
    // A check runs again from the start when its call was answered.
    let mut gateway = Gateway::new();
    let begun = begun(&mut gateway, &Asked::page("/")).unwrap();
    let back = begun.back(&format!("code=c&state={}", begun.state()));
    let first = exchange(&mut gateway, &back).unwrap();
    let again = exchange(&mut gateway, &back).unwrap();
    assert_eq!(first.verifier.expose(), again.verifier.expose());
    assert_eq!(first.nonce.expose(), again.nonce.expose());
}

#[test]
fn only_navigations_are_sent_to_sign_in() {
    let plain = || Asked::get("/");
    let html = || plain().field("accept", "application/xml;q=0.9, TEXT/html ;q=0.8");
    let mode = |value: &str| plain().field("Sec-Fetch-Mode", value);
    for (asked, expected) in [
        (Asked::page("/"), true),
        (mode("navigate"), true),
        (plain().field("sec-fetch-dest", "document"), true),
        (html(), true),
        (plain(), false),
        (plain().field("accept", "*/*"), false),
        (plain().field("accept", "application/json"), false),
        (plain().field("accept", "text/html5, xtext/html"), false),
        (html().field("x-requested-with", "XMLHttpRequest"), false),
        (html().field("sec-fetch-mode", "cors"), false),
        (html().field("sec-fetch-dest", "empty"), false),
        (mode("navigate").field("sec-fetch-dest", "iframe"), false),
        (mode("same-origin").field("sec-fetch-dest", "document"), false),
        (mode("websocket"), false),
        (mode("navigate").field("sec-fetch-mode", "navigate"), false),
        (Asked::page("/").field("sec-purpose", "prefetch;prerender"), false),
        (Asked::page("/").method("POST"), false),
        (Asked::page("/").method("HEAD"), false),
        (Asked::page("/").method("get"), false),
    ] {
        let mut gateway = Gateway::new();
        assert_eq!(
            gateway.serve(&asked, |jar, _| is_navigation(jar.request)),
            expected,
            "{asked:?}"
        );
        let begun = begun(&mut gateway, &asked);
        assert_eq!(begun.is_ok(), expected, "{asked:?}");
        if let Err(denial) = begun {
            assert_eq!(denial, Denial::LoginRequired);
        }
    }
}

#[test]
fn nobody_is_sent_to_sign_in_who_could_not_come_back() {
    let refused = |change: fn(&mut Settings), authority: &str| {
        let mut gateway = Gateway::with(change);
        begun(&mut gateway, &Asked::page("/").authority(authority)).is_err()
    };
    assert!(!refused(|_| {}, "app.test"));
    assert!(!refused(|_| {}, "APP.TEST:443"));
    assert!(!refused(|s| s.redirect_uri = Some(url("https://app.test:443/cb")), "app.test"));
    assert!(!refused(|s| s.redirect_uri = Some(url("http://localhost:80/cb")), "localhost"));
    assert!(refused(|s| s.redirect_uri = Some(url("https://app.test:80/cb")), "app.test"));
    assert!(refused(|_| {}, "app.test:8443"));
    assert!(refused(|_| {}, "other.test"));
    assert!(refused(|_| {}, ""));
    // The session's cookie would not come with what was asked for: a circle.
    assert!(refused(|s| s.session_cookie_path = "/api".into(), "app.test"));
    assert!(refused(|s| s.redirect_uri = None, "app.test"));
    assert!(refused(|s| s.client_id = None, "app.test"));
    assert!(refused(|s| s.session_cookie = "n".repeat(4096).into(), "app.test"));
}

#[test]
fn a_cookie_of_a_path_is_for_what_lies_below() {
    for (cookie_path, path, below) in [
        ("/api", "/api", true),
        ("/api", "/api/a", true),
        ("/api", "/api?a=b", true),
        ("/api/", "/api/a", true),
        ("/api/", "/api", false),
        ("/api", "/apis", false),
        ("/api", "/?/api", false),
        ("/", "/", true),
        ("/", "*", false),
    ] {
        let mut gateway = Gateway::with(|s| s.session_cookie_path = cookie_path.into());
        let begun = begun(&mut gateway, &Asked::page(path));
        assert_eq!(begun.is_ok(), below, "{cookie_path} {path}");
    }
}

#[test]
fn the_browser_returns_to_a_path_of_the_same_origin_only() {
    let long = format!("/{}", "a".repeat(1023));
    let longer = format!("/{}", "a".repeat(1024));
    for (path, expected) in [
        ("/", "/"),
        ("/a/b?c=d&e=%2F", "/a/b?c=d&e=%2F"),
        ("/a//b", "/a//b"),
        ("/.//evil.test", "/.//evil.test"),
        (&long, &long),
        (&longer, "/"),
        ("//evil.test", "/"),
        ("///evil.test", "/"),
        ("/\\evil.test", "/"),
        ("/a\\b", "/"),
        ("/\t/evil.test", "/"),
        ("/a\r\nset-cookie: x=y", "/"),
        ("/a b", "/"),
        ("/a#b", "/"),
        ("/\u{e9}", "/"),
        ("/callback?code=old", "/"),
        ("/callback?other=1", "/callback?other=1"),
    ] {
        let mut gateway = Gateway::new();
        let begun = begun(&mut gateway, &Asked::page(path)).unwrap();
        let back = begun.back(&format!("code=c&state={}", begun.state()));
        assert_eq!(&*exchange(&mut gateway, &back).unwrap().return_to, expected, "{path}");
    }
    for path in ["\\\\evil.test", "https://evil.test/", "evil.test", "*", ""] {
        let begun = begun(&mut Gateway::new(), &Asked::page(path));
        assert_eq!(begun.unwrap_err(), Denial::LoginRequired, "{path}");
    }
    let mut gateway = Gateway::with(|s| {
        s.session_cookie_path = "/app".into();
        s.redirect_uri = Some(url("https://app.test/app/callback"));
    });
    let begun = begun(&mut gateway, &Asked::page(&format!("/app/{longer}"))).unwrap();
    let state = begun.state();
    let back = Asked::page(&format!("/app/callback?code=c&state={state}")).cookie(&begun.cookie());
    assert_eq!(&*exchange(&mut gateway, &back).unwrap().return_to, "/app");
}

#[test]
fn configured_parameters_are_added_and_none_replaces_one_of_ours() {
    for taken in ["state", "redirect_uri", "code_challenge_method", "response_mode", "nonce"] {
        let json = format!(
            r#"{{"issuer": "https://idp.test", "auth_methods": ["bearer"],
            "authorization_query_args_names": ["{taken}"],
            "authorization_query_args_values": ["x"]}}"#
        );
        let fault = Settings::parse(json.as_bytes()).unwrap_err();
        assert_eq!(fault.field, "authorization_query_args_names", "{taken}: {fault}");
    }
    let pair = |name: &str, value: &str| (Box::from(name), Box::from(value));
    let mut gateway = Gateway::with(|s| {
        s.audience = super::fixture::boxed(&["api-1", "api 2"]);
        s.authorization_query_args = Vec::from([pair("prompt", "login & consent")]);
    });
    let endpoint = url("https://idp.test/auth?tenant=t");
    let redirect = gateway.serve(&Asked::page("/"), |jar, sealer| begin(jar, sealer, &endpoint));
    let location = redirect.unwrap().location;
    let (base, query) = location.expose().split_once('?').unwrap();
    assert_eq!(base, "https://idp.test/auth");
    let parameters = super::fixture::parameters(query);
    let all = |name: &str| {
        let found = parameters.iter().filter(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(all("tenant"), ["t"]);
    assert_eq!(all("audience"), ["api-1 api 2"]);
    assert_eq!(all("prompt"), ["login & consent"]);
    assert_eq!(all("redirect_uri"), ["https://app.test/callback"]);
    assert_eq!(all("code_challenge_method"), ["S256"]);
    assert_eq!(all("state").len(), 1);
}

#[test]
fn a_return_is_told_by_path_and_parameters() {
    let is = |asked: &Asked| {
        Gateway::new().serve(asked, |jar, _| is_callback(jar.settings, jar.request))
    };
    for path in [
        "/callback?code=c&state=s",
        "/callback?error=access_denied",
        "/callback?state=s",
        "/callback?%63ode=c",
        "/callback?a=b&code",
    ] {
        assert!(is(&Asked::get(path)), "{path}");
    }
    for path in [
        "/callback",
        "/callback?",
        "/callback?other=code",
        "/callback/?code=c&state=s",
        "/Callback?code=c&state=s",
        "/x/callback?code=c&state=s",
        "/%63allback?code=c&state=s",
        "/?code=c&state=s",
        "",
    ] {
        assert!(!is(&Asked::get(path)), "{path}");
    }
    assert!(!is(&Asked::get("/callback?code=c&state=s").method("POST")));
    assert!(!is(&Asked::get("/callback?code=c&state=s").authority("other.test")));
    let without = Gateway::with(|s| s.redirect_uri = None)
        .serve(&Asked::get("/callback?code=c"), |jar, _| is_callback(jar.settings, jar.request));
    assert!(!without);
}

#[test]
fn a_return_that_is_not_of_this_sign_in_is_refused() {
    let mut gateway = Gateway::new();
    let begun = begun(&mut gateway, &Asked::page("/")).unwrap();
    let state = begun.state();
    let longest = "c".repeat(4096);
    let good = [
        format!("code=c&state={state}"),
        format!("state={state}&code=c&session_state=x&a=1&a=2"),
        format!("code=a%20b%2Bc&state={state}"),
        format!("code={longest}&state={state}"),
        format!("%63ode=c&state={state}&iss=https://idp.test"),
    ];
    for query in &good {
        exchange(&mut gateway, &begun.back(query)).unwrap_or_else(|why| panic!("{why:?} {query}"));
    }
    let mut shorter = state.clone();
    let last = shorter.pop();
    let other = if last == Some('A') { 'B' } else { 'A' };
    let bad = [
        "code=c".into(),
        format!("state={state}"),
        "code=c&state=".into(),
        format!("code=&state={state}"),
        format!("code=c{longest}&state={state}"),
        format!("code=c&state={shorter}{other}"),
        format!("code=c&state={}", state.to_ascii_uppercase()),
        format!("code=c&state={state}x"),
        format!("code=c&state={shorter}"),
        format!("code=c&state={state}&state={state}"),
        format!("code=c&code=c&state={state}"),
        format!("code=c&c%6fde=d&state={state}"),
        format!("code=c&state={state}&iss=https://other.test"),
        format!("code=c&state={state}&iss="),
        format!("code=c&state={state}&iss=https://idp.test&iss=https://idp.test"),
        format!("error=access_denied&state={state}"),
        format!("code=c&error=access_denied&state={state}"),
        format!("code=c&error=&state={state}"),
        format!("code=%&state={state}"),
        format!("code=%4&state={state}"),
        format!("code=%zz&state={state}"),
        format!("code=%+1&state={state}"),
        format!("code=c&state={state}&a=%"),
        format!("code=c&state={state}&a=\u{e9}"),
        format!("code=c&state={state}&a= "),
        format!("code=%00&state={state}"),
        format!("code=%0d%0a&state={state}"),
        format!("code=%ff&state={state}"),
        format!("code=\u{e9}&state={state}"),
        format!("code=c&state={state}&a={}", "a".repeat(16 * 1024)),
    ];
    for query in &bad {
        let denial = returned(&mut gateway, &begun.back(query)).err();
        assert_eq!(denial, Some(Denial::LoginFailed), "{query}");
    }
}

#[test]
fn a_return_without_a_sign_in_that_belongs_here_is_refused() {
    let mut gateway = Gateway::new();
    let begun = begun(&mut gateway, &Asked::page("/")).unwrap();
    let query = format!("code=c&state={}", begun.state());
    let failed = |gateway: &mut Gateway, asked: &Asked| {
        returned(gateway, asked).err() == Some(Denial::LoginFailed)
    };
    assert!(failed(&mut gateway, &Asked::page(&format!("/callback?{query}"))), "no cookie");
    let altered =
        Asked::page(&format!("/callback?{query}")).cookie(&format!("{}A", begun.cookie()));
    assert!(failed(&mut gateway, &altered));
    type Change = fn(&mut Gateway);
    let changes: [(&str, Change); 6] = [
        ("another strategy", |g| g.strategy = StrategyId::from_bytes([8; 16])),
        ("another issuer", |g| g.settings.issuer = "https://new.test".into()),
        ("another client", |g| g.settings.client_id = Some("new".into())),
        ("no client", |g| g.settings.client_id = None),
        ("another redirect URI", |g| g.settings.redirect_uri = Some(url("https://app.test/c2"))),
        ("too late", |g| g.now = UnixTime(NOW.0 + 601)),
    ];
    for (case, change) in changes {
        let mut changed = Gateway::new();
        change(&mut changed);
        assert!(failed(&mut changed, &begun.back(&query)), "{case}");
    }
    let elsewhere = begun.back(&query).authority("other.test");
    assert!(failed(&mut gateway, &elsewhere));
    gateway.now = UnixTime(NOW.0 + 600);
    exchange(&mut gateway, &begun.back(&query)).unwrap();
}

#[test]
fn a_sign_in_lasts_ten_minutes_and_does_not_come_from_the_future() {
    let mut gateway = Gateway::new();
    let begun = begun(&mut gateway, &Asked::page("/")).unwrap();
    let mut at = |now: u64| {
        gateway.now = UnixTime(now);
        match gateway.open(&Asked::get("/").cookie(&begun.cookie())).unwrap() {
            Presented::Login(_) => None,
            Presented::Useless(Useless::Over(age)) => Some(age),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(at(NOW.0 + 600), None);
    assert_eq!(at(NOW.0 + 601), Some(Age::Absolute));
    assert_eq!(at(NOW.0 - 60), None);
    assert_eq!(at(NOW.0 - 61), Some(Age::Future));
}

#[test]
fn of_several_tabs_the_newest_wins_and_the_others_follow_it() {
    let mut gateway = Gateway::new();
    let older = begun(&mut gateway, &Asked::page("/older")).unwrap();
    let newest = begun(&mut gateway, &Asked::page("/newest")).unwrap();
    assert_ne!(older.state(), newest.state());
    // The browser holds the newest cookie. The older tab comes back first: refused, no harm done.
    let early = newest.back(&format!("code=c&state={}", older.state()));
    assert_eq!(returned(&mut gateway, &early).unwrap_err(), Denial::LoginFailed);
    let back = newest.back(&format!("code=c&state={}", newest.state()));
    assert_eq!(&*exchange(&mut gateway, &back).unwrap().return_to, "/newest");
    // Now there is a session, and the older tab comes back.
    let cookie = gateway.cookie(&session());
    let late = Asked::page(&format!("/callback?code=c&state={}", older.state())).cookie(&cookie);
    let Returned::SignedIn(Redirect { location, set_cookie }) =
        returned(&mut gateway, &late).unwrap()
    else {
        panic!("a second exchange")
    };
    assert_eq!((location.expose().as_str(), set_cookie.is_none()), ("/", true));
}

#[test]
fn a_strict_session_begins_as_lax_so_that_the_next_request_has_it() {
    let finished = |same_site| {
        let mut gateway = Gateway::with(|s| s.session_cookie_same_site = same_site);
        let (redirect, _) = gateway
            .serve(&Asked::page("/"), |jar, sealer| finish(jar, sealer, &session(), "/a"))
            .unwrap();
        let later = gateway.seal(&session()).unwrap().set_cookie.expose().clone();
        (redirect.set_cookie.unwrap().expose().clone(), later)
    };
    for (same_site, first, then) in [
        (SameSite::Strict, "=Lax;", "=Strict;"),
        (SameSite::Lax, "=Lax;", "=Lax;"),
        (SameSite::None, "=None;", "=None;"),
    ] {
        let (now, later) = finished(same_site);
        assert!(now.contains(&format!("SameSite{first}")), "{now}");
        assert!(later.contains(&format!("SameSite{then}")), "{later}");
        let mut gateway = Gateway::with(|s| s.session_cookie_same_site = same_site);
        assert!(begun(&mut gateway, &Asked::page("/")).unwrap().set_cookie.contains("=Lax;"));
    }
}

#[test]
fn a_configured_place_replaces_the_path_to_return_to() {
    let mut gateway = Gateway::with(|s| s.login_redirect_uri = Some("/home".into()));
    let finished = gateway
        .serve(&Asked::page("/"), |jar, sealer| finish(jar, sealer, &session(), "/a"))
        .unwrap();
    assert_eq!(finished.0.location.expose(), "/home");
    assert!(settings().login_redirect_uri.is_none());
}

#[test]
fn debug_shows_nothing_of_a_sign_in() {
    let mut gateway = Gateway::new();
    let begun = begun(&mut gateway, &Asked::page("/private")).unwrap();
    let back = begun.back(&format!("code=c0de&state={}", begun.state()));
    let exchange = exchange(&mut gateway, &back).unwrap();
    let presented = gateway.open(&back).unwrap();
    let shown = format!("{exchange:?} {presented:?}");
    for secret in ["c0de", &begun.state(), exchange.verifier.expose(), exchange.nonce.expose()] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
