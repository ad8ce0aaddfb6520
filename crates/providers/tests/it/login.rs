//! People who sign in, in a real browser.

use core::time::Duration;
use std::collections::BTreeMap;

use gatekey_providers::{
    Answer, Browser, OidcProvider, Plan, Registration, Service, Tools, World, exchange, get, jwks,
};
use serde_json::{Value, json};

use crate::assert_refused;

/// A gateway that signs people in, and the provider where they do.
struct Scene {
    provider: OidcProvider,
    world: World,
    site: String,
    browser: Browser,
}

impl Scene {
    /// Access tokens live for so many seconds.
    fn set(tools: &Tools, token_seconds: u32, more: &Value) -> Self {
        let plan = World::plan(tools);
        let site = Plan::site(&plan, "");
        let callback = format!("{site}/app/callback");
        let keys = jwks(tools, "one", &["RS256"]);
        let resource = format!("urn:gatekey:RS256:{token_seconds}");
        let provider = OidcProvider::start(tools, &keys, &[&callback], &resource);
        let mut settings = json!({
            "issuer": provider.issuer(),
            "auth_methods": ["session", "bearer", "refresh_token", "authorization_code"],
            "client_id": "gateway",
            "credential_claim": ["client_id"],
            "redirect_uri": [callback],
            "logout_uri_suffix": "/logout",
            "logout_methods": ["GET"],
        });
        settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let service = Service::new("app", settings).client("gateway", Registration::Approved);
        let world = plan.provider(&provider.authority()).service(service).start();
        Self { provider, world, site, browser: Browser::open(tools) }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.site)
    }

    /// Goes to a page without being signed in, signs in, and gets the page.
    fn sign_in(&self, path: &str) -> Value {
        self.browser.go(&self.url(path));
        self.browser.await_url(&format!("{}/sign-in/", self.provider.issuer()));
        self.browser.type_into("login", "ada");
        self.browser.click("enter");
        self.browser.await_url(&self.url("/app/"));
        assert_eq!(self.browser.url(), self.url(path), "{}", self.world.log());
        self.browser.upstream_page()
    }

    fn page(&self, path: &str) -> Value {
        self.browser.go(&self.url(path));
        assert_eq!(self.browser.url(), self.url(path), "{}", self.world.log());
        self.browser.upstream_page()
    }
}

#[test]
fn a_person_signs_in_works_and_signs_out() {
    let Some(tools) = Tools::find() else { return };
    let scene = Scene::set(&tools, 600, &json!({}));
    let (browser, provider) = (&scene.browser, &scene.provider);

    // Nobody is signed in: a program is told so, a person is asked who they are.
    let program = get(&scene.url("/app/data"), &[("accept", "application/json")]);
    assert_refused(&program, 401, "login_required");
    let page = scene.sign_in("/app/start?page=1&of=2");
    assert_eq!(page["path"], "/app/start?page=1&of=2");
    assert_eq!(page["headers"]["x-application-name"], "gateway");
    let asked = provider.count("/auth");

    // From here on the provider is not needed.
    let page = scene.page("/app/next");
    assert_eq!(page["headers"]["x-application-name"], "gateway");
    let (status, text) = browser.fetch(&scene.url("/app/data"), &json!({}));
    assert_eq!(status, 200, "{text}");
    assert_eq!(provider.count("/auth"), asked);
    assert_eq!(provider.count("/token"), 1);

    // The upstream does not get the session, and neither do scripts.
    let sent: Value = serde_json::from_str(&text).unwrap();
    let cookie = sent["headers"]["cookie"].as_str().unwrap_or_default();
    assert!(!cookie.contains("session"), "{cookie}");
    assert_eq!(browser.script("return document.cookie", &[]), "");
    let cookies = browser.cookies();
    let session = cookies.iter().find(|c| c["name"].as_str().unwrap().contains("session"));
    let session = session.unwrap_or_else(|| panic!("no session among {cookies:?}"));
    assert_eq!((&session["httpOnly"], &session["secure"]), (&true.into(), &true.into()));
    assert_eq!(session["sameSite"], "Lax");

    // A program without the cookie is refused, and so is one whose cookie was changed.
    let (status, _) = browser.fetch(&scene.url("/app/data"), &json!({"credentials": "omit"}));
    assert_eq!(status, 401);
    let (name, value) = (session["name"].as_str().unwrap(), session["value"].as_str().unwrap());
    let ask = |value: &str| {
        let cookie = format!("other=1; {name}={value}");
        get(&scene.url("/app/data"), &[("accept", "application/json"), ("cookie", &cookie)])
    };
    assert_eq!(ask(value).status, 200);
    let last = if value.ends_with('A') { "B" } else { "A" };
    for forged in ["", "x", &value[1..], &format!("{}{last}", &value[..value.len() - 1])] {
        assert_eq!(ask(forged).status, 401, "{forged}");
    }

    // Signing out ends both sessions, here and at the provider, which asks first.
    browser.go(&scene.url("/app/logout"));
    browser.await_url(&format!("{}/session/end", provider.issuer()));
    browser.script("document.querySelector('[value=yes]').click()", &[]);
    browser.await_url(&format!("{}/session/end/success", provider.issuer()));
    browser.go(&scene.url("/app/next"));
    browser.await_url(&format!("{}/sign-in/", provider.issuer()));
    let log = scene.world.log();
    assert!(!log.contains(value) && !log.contains("secret-of-"), "a secret is in the log:\n{log}");
}

#[test]
fn an_expired_session_is_renewed_by_its_refresh_token() {
    let Some(tools) = Tools::find() else { return };
    let scene = Scene::set(&tools, 12, &json!({}));
    scene.sign_in("/app/start");
    let provider = &scene.provider;
    let (asked, tokens) = (provider.count("/auth"), provider.count("/token"));
    // Before the token has expired, and after.
    for (round, wait) in [(1, 4), (2, 4), (3, 13)] {
        std::thread::sleep(Duration::from_secs(wait));
        // Also without a page that could send a person anywhere.
        let (status, text) = scene.browser.fetch(&scene.url("/app/data"), &json!({}));
        assert_eq!(status, 200, "{text}\n{}", scene.world.log());
        assert_eq!(provider.count("/token"), tokens + round);
    }
    scene.page("/app/next");
    assert_eq!(provider.count("/auth"), asked, "nobody had to sign in again");
}

#[test]
fn a_session_that_nobody_used_ends() {
    let Some(tools) = Tools::find() else { return };
    let scene = Scene::set(&tools, 600, &json!({"session_idling_timeout": 5}));
    scene.sign_in("/app/start");
    let asked = scene.provider.count("/auth");
    scene.page("/app/next");
    assert_eq!(scene.provider.count("/auth"), asked);
    std::thread::sleep(Duration::from_secs(7));
    let (status, _) = scene.browser.fetch(&scene.url("/app/data"), &json!({}));
    assert_eq!(status, 401);
    // The provider remembers who it is: the page comes without a question.
    scene.page("/app/next");
    assert!(scene.provider.count("/auth") > asked);
}

/// A visitor who keeps cookies and stops before each redirect.
#[derive(Default)]
struct Visitor(BTreeMap<String, String>);

impl Visitor {
    fn visit(&mut self, method: &str, url: &str, body: &str) -> Answer {
        let cookies: Vec<_> =
            self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = cookies.join("; ");
        let mut headers = vec![
            ("accept", "text/html"),
            ("sec-fetch-mode", "navigate"),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        if !cookies.is_empty() {
            headers.push(("cookie", &cookies));
        }
        let answer = exchange(method, url, &headers, body);
        for cookie in answer.headers("set-cookie") {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.0.insert(name.to_owned(), value.to_owned());
        }
        answer
    }
}

#[test]
fn a_callback_that_nobody_asked_for_signs_nobody_in() {
    let Some(tools) = Tools::find() else { return };
    let scene = Scene::set(&tools, 600, &json!({}));
    let provider = &scene.provider;
    let unasked = scene.url("/app/callback?code=abc&state=def");
    let unasked = get(&unasked, &[("accept", "text/html")]);
    assert_refused(&unasked, 401, "login_failed");

    // Somebody signs in and keeps the address of the last redirect.
    let mut somebody = Visitor::default();
    let begun = somebody.visit("GET", &scene.url("/app/start"), "");
    assert!(matches!(begun.status, 302 | 303), "{begun:?}");
    assert_eq!(begun.headers("set-cookie").count(), 1);
    let mut next = begun.header("location").to_owned();
    while !next.starts_with(&scene.site) {
        if next.starts_with('/') {
            next.insert_str(0, &provider.issuer());
        }
        let answer = if next.contains("/sign-in/") {
            somebody.visit("POST", &next, "login=mallory")
        } else {
            somebody.visit("GET", &next, "")
        };
        assert!(matches!(answer.status, 302 | 303), "{answer:?}");
        next = answer.header("location").to_owned();
    }

    // Another person's browser that is led there is not signed in as somebody.
    scene.browser.go(&next);
    assert!(scene.browser.text().contains("Unauthorized"), "{}", scene.browser.text());
    assert_eq!(provider.count("/token"), 0);
    for parameter in ["state", "code"] {
        let other = next.replacen(&format!("{parameter}="), &format!("{parameter}=x"), 1);
        let answer = Visitor(somebody.0.clone()).visit("GET", &other, "");
        assert_eq!(answer.status, 401, "{answer:?}");
    }

    // Where it began it ends.
    let signed_in = somebody.visit("GET", &next, "");
    assert!(matches!(signed_in.status, 302 | 303), "{signed_in:?}\n{}", scene.world.log());
    assert_eq!(signed_in.header("location").trim_start_matches(&scene.site), "/app/start");
    assert_eq!(signed_in.headers("set-cookie").count(), 1);
    assert_eq!(somebody.visit("GET", &scene.url("/app/start"), "").status, 200);
}
