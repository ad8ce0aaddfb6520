//! Developers who sign in to a client: the request, the pages, the code, and the tokens that come
//! of it.

use std::time::Duration;

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatekey_core::digest::Digest;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::authorization::{AuthServer, BASE, Client, encoded, post_form, read, refused};
use crate::support::{Caller, Developer, PASSWORD, Reply, TestPortal};

const CALLBACK: &str = "https://app.test/callback?tenant=1";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A client of an application, and somebody to sign in to it.
struct World {
    portal: TestPortal,
    server: AuthServer,
    client: Client,
    ann: Developer,
}

impl World {
    async fn new(fields: Value) -> Self {
        let portal = TestPortal::start().await;
        let id = portal.new_portal(json!({"display_name": "Sky & Co"})).await;
        let strategy = portal.new_strategy(json!({})).await;
        let ann = portal.developer(&id, "ann").await;
        let application = ann.new_application(&strategy).await;
        let server = AuthServer::new(&portal, json!({})).await;
        let mut body = json!({
            "name": "<b>Flights</b>",
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "redirect_uris": [CALLBACK, "https://app.test/other"],
        });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let client = server.client(body).await;
        let world = Self { portal, server, client, ann };
        world.belongs_to(Some(&application)).await;
        world
    }

    /// Makes the client an application's, as registering it would.
    async fn belongs_to(&self, application: Option<&str>) {
        let application = application.map(|id| Uuid::parse_str(id).unwrap());
        let update = Query::update()
            .table("auth_clients")
            .value("application_id", application)
            .and_where(Expr::col("id").eq(self.client.id.as_str()))
            .to_owned();
        let done = self.portal.database().await.execute(&update).await.unwrap();
        assert_eq!(done.rows_affected(), 1);
    }

    fn request(&self, changes: &[(&str, &str)]) -> String {
        let mut pairs = vec![
            ("response_type", "code"),
            ("client_id", self.client.id.as_str()),
            ("redirect_uri", CALLBACK),
            ("scope", "openid profile email"),
            ("state", "s&1"),
            ("nonce", "n1"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in changes {
            pairs.retain(|(known, _)| known != name);
            pairs.push((name, value));
        }
        let text: Vec<_> = pairs.iter().map(|(n, v)| format!("{n}={}", encoded(v))).collect();
        self.server.path(&format!("/oauth/authorize?{}", text.join("&")))
    }

    /// Opens a request; the path of the page that it leads to.
    async fn page(&self, browser: &Caller, changes: &[(&str, &str)]) -> String {
        let reply = browser.get(&self.request(changes)).await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.text());
        let location = reply.headers["location"].to_str().unwrap();
        location.strip_prefix(BASE).unwrap_or_else(|| panic!("{location}")).to_owned()
    }

    /// Where a request leads that is refused.
    async fn sent_back(&self, changes: &[(&str, &str)]) -> Vec<(String, String)> {
        let reply = self.portal.anyone().get(&self.request(changes)).await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.text());
        answer(&reply)
    }

    /// Somebody signs in and agrees; the code.
    async fn code(&self, changes: &[(&str, &str)]) -> String {
        let mut browser = self.portal.anyone();
        browser.cookies = self.ann.caller.cookies.clone();
        let page = self.page(&browser, changes).await;
        let shown = browser.get(&page).await;
        browser.keep(&shown);
        let form = [("token", token_in(&shown)), ("action", "allow".into())];
        let form: Vec<_> = form.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let reply = post_form(&browser, &page, &form).await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.text());
        value(&answer(&reply), "code")
    }

    async fn redeem(&self, client: &Client, code: &str, changes: &[(&str, &str)]) -> Reply {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        for (name, value) in changes {
            form.retain(|(known, _)| known != name);
            form.push((name, value));
        }
        self.server.post_as(client, "/oauth/token", &form).await
    }

    async fn refresh(&self, token: &str, more: &[(&str, &str)]) -> Reply {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.server.post_as(&self.client, "/oauth/token", &[&form, more].concat()).await
    }

    async fn info(&self, token: &str) -> Reply {
        let caller = self.portal.anyone().with("authorization", &format!("Bearer {token}"));
        caller.get(&self.server.path("/userinfo")).await
    }
}

/// The parameters that a redirect takes to the client.
fn answer(reply: &Reply) -> Vec<(String, String)> {
    let location = reply.headers["location"].to_str().unwrap();
    let query = location.strip_prefix(CALLBACK).unwrap_or_else(|| panic!("{location}"));
    let url =
        reqwest::Url::parse(&format!("https://x/?{}", query.trim_start_matches('?'))).unwrap();
    url.query_pairs().map(|(name, value)| (name.into(), value.into())).collect()
}

#[track_caller]
fn value(pairs: &[(String, String)], name: &str) -> String {
    let found = pairs.iter().find(|(known, _)| known == name);
    found.unwrap_or_else(|| panic!("no {name} in {pairs:?}")).1.clone()
}

/// The token of the form on a page.
fn token_in(page: &Reply) -> String {
    let text = page.text();
    let (_, rest) = text.split_once("name=\"token\" value=\"").unwrap_or_else(|| panic!("{text}"));
    rest.split_once('"').unwrap().0.to_owned()
}

fn text(reply: &Reply, name: &str) -> String {
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    reply.json()[name].as_str().unwrap_or_else(|| panic!("no {name}: {}", reply.text())).to_owned()
}

#[tokio::test]
async fn somebody_signs_in_agrees_and_the_client_learns_who_it_is() {
    let world = World::new(json!({})).await;
    let mut browser = world.portal.anyone();
    let page = world.page(&browser, &[]).await;
    let shown = browser.get(&page).await;
    assert_eq!(shown.status, StatusCode::OK);
    let policy = shown.headers["content-security-policy"].to_str().unwrap().to_owned();
    for part in
        ["default-src 'none'", "frame-ancestors 'none'", "form-action 'self' https://app.test"]
    {
        assert!(policy.contains(part), "{policy}");
    }
    let html = shown.text();
    assert!(html.contains("Sky &amp; Co") && html.contains("&lt;b&gt;Flights&lt;/b&gt;"), "{html}");
    assert!(!html.contains("<script") && !html.contains("<b>"), "{html}");
    browser.keep(&shown);
    // What was typed stays, what was secret does not.
    let wrong = [
        ("token", token_in(&shown)),
        ("username", "\"ann@example.com".to_owned()),
        ("password", "Wrong-Horse-9!".to_owned()),
    ];
    let wrong: Vec<_> = wrong.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let again = post_form(&browser, &page, &wrong).await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED);
    let html = again.text();
    assert!(html.contains("value=\"&quot;ann@example.com\"") && !html.contains("Wrong-Horse"));
    let token = token_in(&again);
    let right =
        [("token", token.as_str()), ("username", "Ann@example.com"), ("password", PASSWORD)];
    let consent = post_form(&browser, &page, &right).await;
    assert_eq!(consent.status, StatusCode::OK, "{}", consent.text());
    browser.keep(&consent);
    let html = consent.text();
    assert!(html.contains("ann@example.com") && html.contains("https://app.test"), "{html}");
    let token = token_in(&consent);
    let reply = post_form(&browser, &page, &[("token", &token), ("action", "allow")]).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.text());
    let back = answer(&reply);
    assert_eq!(value(&back, "state"), "s&1");
    assert_eq!(value(&back, "iss"), world.server.issuer());
    let tokens = world.redeem(&world.client, &value(&back, "code"), &[]).await;
    assert_eq!(text(&tokens, "scope"), "openid profile email");
    let (access, id) = (text(&tokens, "access_token"), text(&tokens, "id_token"));
    let (_, claims) = read(&access);
    let subject = format!("developer:{}", world.ann.id);
    assert_eq!(claims["sub"], subject);
    assert_eq!(claims["client_id"], world.client.id);
    let (_, claims) = read(&id);
    assert_eq!((&claims["sub"], &claims["aud"]), (&json!(subject), &json!(world.client.id)));
    assert_eq!((&claims["iss"], &claims["nonce"]), (&json!(world.server.issuer()), &json!("n1")));
    let number = |name: &str| claims[name].as_i64().unwrap();
    assert_eq!(number("exp") - number("iat"), 300);
    assert!(number("auth_time") <= number("iat"));
    let hash = Digest::sha256(access.as_bytes());
    assert_eq!(claims["at_hash"], URL_SAFE_NO_PAD.encode(&hash.as_bytes()[..16]));
    let info = world.info(&access).await.json();
    assert_eq!(info["sub"], subject);
    assert_eq!((&info["name"], &info["email"]), (&json!("ann"), &json!("ann@example.com")));
    assert_eq!(info["email_verified"], true);
    // An ID token is no access token.
    assert!(!world.server.is_active(&world.client, &id).await);
    refused(&world.info(&id).await, 401, "invalid_token");
    // Whoever is signed in is asked only whether the client may.
    let page = world.page(&browser, &[]).await;
    assert!(browser.get(&page).await.text().contains("value=\"allow\""));
    let page = world.page(&browser, &[("prompt", "login"), ("login_hint", "x@y.test")]).await;
    let shown = browser.get(&page).await;
    let html = shown.text();
    assert!(html.contains("type=\"password\"") && html.contains("value=\"x@y.test\""));
    // Signing in again ends the session that the browser had.
    let before = browser.clone();
    let token = token_in(&shown);
    let right =
        [("token", token.as_str()), ("username", "ann@example.com"), ("password", PASSWORD)];
    browser.keep(&post_form(&browser, &page, &right).await);
    let me = format!("/portals/{}/api/v3/developer/me", world.ann.portal);
    browser.get(&me).await.expect(StatusCode::OK);
    before.get(&me).await.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_code_is_good_once_for_its_client_and_for_a_minute() {
    let world = World::new(json!({})).await;
    let fields = json!({
        "grant_types": ["authorization_code"], "response_types": ["code"],
        "redirect_uris": [CALLBACK],
    });
    let stranger = world.server.client(fields).await;
    let code = world.code(&[]).await;
    refused(&world.redeem(&stranger, &code, &[]).await, 400, "invalid_grant");
    let other = "x".repeat(43);
    refused(
        &world.redeem(&world.client, &code, &[("code_verifier", &other)]).await,
        400,
        "invalid_grant",
    );
    let uri = [("redirect_uri", "https://app.test/other")];
    refused(&world.redeem(&world.client, &code, &uri).await, 400, "invalid_grant");
    refused(
        &world.redeem(&world.client, &code, &[("code_verifier", "")]).await,
        400,
        "invalid_request",
    );
    refused(&world.redeem(&world.client, "nope", &[]).await, 400, "invalid_grant");
    let tokens = world.redeem(&world.client, &code, &[]).await;
    let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    assert!(world.server.is_active(&world.client, &access).await);
    // A second use means that somebody else has the code: what came of it is taken back.
    refused(&world.redeem(&world.client, &code, &[]).await, 400, "invalid_grant");
    assert!(!world.server.is_active(&world.client, &access).await);
    refused(&world.refresh(&refresh, &[]).await, 400, "invalid_grant");
    let late = world.code(&[]).await;
    world.portal.server.advance_clock(Duration::from_secs(61));
    refused(&world.redeem(&world.client, &late, &[]).await, 400, "invalid_grant");
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_a_copy_ends_them_all() {
    let world = World::new(json!({})).await;
    let tokens = world.redeem(&world.client, &world.code(&[]).await, &[]).await;
    let (access, first) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    let told =
        world.server.post_as(&world.client, "/introspect", &[("token", &first)]).await.json();
    assert_eq!((&told["active"], &told["client_id"]), (&json!(true), &json!(world.client.id)));
    refused(&world.refresh(&first, &[("scope", "openid read")]).await, 400, "invalid_scope");
    let renewed = world.refresh(&first, &[("scope", "openid email")]).await;
    assert_eq!(text(&renewed, "scope"), "openid email");
    let (second, newer) = (text(&renewed, "refresh_token"), text(&renewed, "access_token"));
    let (_, id) = read(&text(&renewed, "id_token"));
    assert_eq!(id["sub"], format!("developer:{}", world.ann.id));
    // The scope was narrowed for the one token only.
    let renewed = world.refresh(&second, &[]).await;
    assert_eq!(text(&renewed, "scope"), "openid profile email");
    let third = text(&renewed, "refresh_token");
    for token in [&access, &newer] {
        assert!(world.server.is_active(&world.client, token).await);
    }
    refused(&world.refresh(&first, &[]).await, 400, "invalid_grant");
    for token in [&access, &newer] {
        assert!(!world.server.is_active(&world.client, token).await);
    }
    refused(&world.refresh(&third, &[]).await, 400, "invalid_grant");
    // Taking back a refresh token takes back what came of it.
    let tokens = world.redeem(&world.client, &world.code(&[]).await, &[]).await;
    let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    let reply = world.server.post_as(&world.client, "/oauth/revoke", &[("token", &refresh)]).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert!(!world.server.is_active(&world.client, &access).await);
    refused(&world.refresh(&refresh, &[]).await, 400, "invalid_grant");
}

#[tokio::test]
async fn who_may_not_be_signed_in_any_longer_has_no_tokens() {
    let world = World::new(json!({})).await;
    let tokens = world.redeem(&world.client, &world.code(&[]).await, &[]).await;
    let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    let code = world.code(&[]).await;
    world.ann.become_(&world.portal, "revoked").await;
    refused(&world.redeem(&world.client, &code, &[]).await, 400, "invalid_grant");
    refused(&world.refresh(&refresh, &[]).await, 400, "invalid_grant");
    refused(&world.info(&access).await, 401, "invalid_token");
    assert!(!world.server.is_active(&world.client, &access).await);
}

#[tokio::test]
async fn a_request_that_is_not_the_clients_leads_nowhere() {
    let world = World::new(json!({})).await;
    for changes in [
        &[("client_id", "nobody")][..],
        &[("client_id", "")],
        &[("redirect_uri", "https://evil.test/callback")],
        &[("redirect_uri", "https://app.test/callback")],
        &[("redirect_uri", "https://app.test/callback?tenant=1&x")],
        &[("redirect_uri", "")],
    ] {
        let reply = world.portal.anyone().get(&world.request(changes)).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{changes:?}");
        assert!(!reply.headers.contains_key("location"));
        assert!(reply.headers["content-type"].to_str().unwrap().starts_with("text/html"));
    }
    let twice = format!("{}&client_id=x", world.request(&[]));
    assert_eq!(world.portal.anyone().get(&twice).await.status, StatusCode::BAD_REQUEST);
    for (changes, error) in [
        (&[("response_type", "token")][..], "unsupported_response_type"),
        (&[("response_type", "")], "invalid_request"),
        (&[("response_mode", "fragment")], "invalid_request"),
        (&[("code_challenge", "")], "invalid_request"),
        (&[("code_challenge_method", "plain")], "invalid_request"),
        (&[("code_challenge_method", "")], "invalid_request"),
        (&[("code_challenge", "short")], "invalid_request"),
        (&[("scope", "nope")], "invalid_scope"),
        (&[("resource", "https://other.test")], "invalid_target"),
        (&[("request", "a.b.c")], "request_not_supported"),
        (&[("request_uri", "urn:x")], "request_uri_not_supported"),
        (&[("prompt", "none login")], "invalid_request"),
        (&[("max_age", "soon")], "invalid_request"),
    ] {
        let back = world.sent_back(changes).await;
        assert_eq!(value(&back, "error"), error, "{changes:?}");
        assert_eq!(value(&back, "state"), "s&1");
        assert_eq!(value(&back, "iss"), world.server.issuer());
        assert!(!back.iter().any(|(name, _)| name == "code"));
    }
    world.belongs_to(None).await;
    assert_eq!(value(&world.sent_back(&[]).await, "error"), "unauthorized_client");
}

#[tokio::test]
async fn nobody_answers_for_somebody_else() {
    let world = World::new(json!({})).await;
    let mut browser = world.portal.anyone();
    browser.cookies = world.ann.caller.cookies.clone();
    let page = world.page(&browser, &[]).await;
    let shown = browser.get(&page).await;
    let token = token_in(&shown);
    let allow = [("token", token.as_str()), ("action", "allow")];
    // Without the cookie that came with the form, with another form's token, or from another site.
    assert_eq!(post_form(&browser, &page, &allow).await.status, StatusCode::BAD_REQUEST);
    browser.keep(&shown);
    let forged = [("token", "0"), ("action", "allow")];
    assert_eq!(post_form(&browser, &page, &forged).await.status, StatusCode::BAD_REQUEST);
    let elsewhere = page.replace("s%261", "other");
    assert_ne!(elsewhere, page);
    assert_eq!(post_form(&browser, &elsewhere, &allow).await.status, StatusCode::BAD_REQUEST);
    let foreign = browser.clone().with("origin", "https://evil.test");
    assert_eq!(post_form(&foreign, &page, &allow).await.status, StatusCode::FORBIDDEN);
    // Another developer's session makes the form worthless.
    let bob = world.portal.developer(&world.ann.portal, "bob").await;
    let mut swapped = browser.clone();
    swapped.cookies.retain(|(name, _)| !name.starts_with("portala") || name == "portalauthorize");
    swapped.cookies.extend(bob.caller.cookies.clone());
    assert_eq!(post_form(&swapped, &page, &allow).await.status, StatusCode::BAD_REQUEST);
    // A page of another portal is no page of this request.
    let other = world.portal.new_portal(json!({})).await;
    let misled = page.replace(&world.ann.portal, &other);
    assert_eq!(browser.get(&misled).await.status, StatusCode::NOT_FOUND);
    // Saying no is an answer too.
    let reply = post_form(&browser, &page, &[("token", &token), ("action", "deny")]).await;
    assert_eq!(value(&answer(&reply), "error"), "access_denied");
    let reply = post_form(&browser, &page, &allow).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.text());
}

#[tokio::test]
async fn where_nobody_may_be_asked_nobody_is() {
    let world = World::new(json!({})).await;
    let silent = [("prompt", "none")];
    let mut browser = world.portal.anyone();
    let page = world.page(&browser, &silent).await;
    assert_eq!(value(&answer(&browser.get(&page).await), "error"), "login_required");
    browser.cookies = world.ann.caller.cookies.clone();
    assert_eq!(value(&answer(&browser.get(&page).await), "error"), "consent_required");
    // A sign-in that is too old does not count.
    let page = world.page(&browser, &[("max_age", "60")]).await;
    assert!(browser.get(&page).await.text().contains("value=\"allow\""));
    world.portal.server.advance_clock(Duration::from_secs(90));
    assert!(browser.get(&page).await.text().contains("type=\"password\""));
}

#[tokio::test]
async fn a_client_without_a_secret_signs_people_in_as_well() {
    let public = json!({
        "token_endpoint_auth_method": "none", "grant_types": ["authorization_code"],
    });
    let world = World::new(public).await;
    let code = world.code(&[("scope", "")]).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", world.client.id.as_str()),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let reply = world.server.post("/oauth/token", &form).await;
    let access = text(&reply, "access_token");
    let answer = reply.json();
    assert!(answer.get("id_token").is_none() && answer.get("refresh_token").is_none());
    let refused_info = world.info(&access).await;
    refused(&refused_info, 403, "insufficient_scope");
    let form = [("token", access.as_str()), ("client_id", world.client.id.as_str())];
    assert_eq!(world.server.post("/oauth/revoke", &form).await.status, StatusCode::OK);
    refused(&world.info(&access).await, 401, "invalid_token");
}
