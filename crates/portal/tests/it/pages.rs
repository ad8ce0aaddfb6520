//! The web pages as a part of the portal: sessions, forms, and what browsers are told. What a
//! person does with them is in the journeys, with a real browser.

use axum::http::header::{CONTENT_SECURITY_POLICY, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, Method, StatusCode};
use serde_json::json;

use crate::support::{Caller, PASSWORD, Reply, TestPortal, unique};

/// A form of some fields, as a browser sends it.
async fn submit(person: &Caller, path: &str, fields: &[(&str, &str)]) -> Reply {
    let fields = fields.iter().map(|(name, value)| format!("{name}={}", escaped(value)));
    let body = fields.collect::<Vec<_>>().join("&").into_bytes();
    let person = person.clone().with("content-type", "application/x-www-form-urlencoded");
    person.send(Method::POST, path, Some(body)).await
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// What proves that the forms of a page are ours.
fn token(page: &Reply) -> String {
    let text = page.text();
    let (_, rest) = text
        .split_once("name=\"form_token\" value=\"")
        .unwrap_or_else(|| panic!("there is no form: {text}"));
    rest.split('"').next().unwrap().to_owned()
}

fn location(reply: &Reply) -> &str {
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.text());
    reply.headers[LOCATION].to_str().unwrap()
}

fn set(headers: &HeaderMap, name: &str) -> String {
    let set = headers.get_all(SET_COOKIE).iter().map(|set| set.to_str().unwrap());
    let mut set = set.filter(|set| set.starts_with(&format!("{name}=")));
    set.next().unwrap_or_else(|| panic!("{name} is not set")).to_owned()
}

/// An administrator in the console.
async fn administrator(portal: &TestPortal) -> Caller {
    let mut person = portal.anyone();
    let page = person.get("/manager/sign-in").await;
    person.keep(&page);
    let secret = std::fs::read_to_string(portal.data_dir.path().join("admin-token")).unwrap();
    let fields = [("form_token", token(&page)), ("token", secret.trim().to_owned())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    let signed_in = submit(&person, "/manager/sign-in", &fields).await;
    assert_eq!(location(&signed_in), "/manager/");
    let cookie = set(&signed_in.headers, "gatekeyconsole");
    for part in ["HttpOnly", "Secure", "SameSite=Strict", "Path=/manager"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains(secret.trim()), "the token itself is not kept");
    person.keep(&signed_in);
    person
}

#[tokio::test]
async fn the_console_is_for_those_with_a_token() {
    let portal = TestPortal::start().await;
    let stranger = portal.anyone();
    for path in ["/manager/", "/manager/portals", "/manager/portals/new", "/manager/nope"] {
        let sent = stranger.get(path).await;
        assert!(location(&sent).starts_with("/manager/sign-in?next="), "{path}");
    }
    let person = administrator(&portal).await;
    let shown = person.get("/manager/portals").await.expect(StatusCode::OK);
    let policy = shown.headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(shown.headers["cache-control"], "no-store");
    // The management API knows tokens, and no cookie.
    person.get("/v3/portals").await.expect(StatusCode::UNAUTHORIZED);

    let fields = [("form_token", &*token(&shown))];
    let out = submit(&person, "/manager/sign-out", &fields).await;
    assert_eq!(location(&out), "/manager/sign-in");
    let sent = person.get("/manager/portals").await;
    assert!(location(&sent).starts_with("/manager/sign-in"), "the session has ended");
}

#[tokio::test]
async fn a_form_that_is_not_ours_changes_nothing() {
    let portal = TestPortal::start().await;
    let person = administrator(&portal).await;
    let page = person.get("/manager/portals/new").await.expect(StatusCode::OK);
    let ours = token(&page);
    let name = unique("portal");
    let other = administrator(&portal).await;
    let theirs = token(&other.get("/manager/portals/new").await);
    for (browser, fields) in [
        (person.clone(), vec![("name", &*name)]),
        (person.clone(), vec![("name", &*name), ("form_token", "x")]),
        (person.clone(), vec![("name", &*name), ("form_token", &*theirs)]),
        (
            person.clone().with("sec-fetch-site", "cross-site"),
            vec![("name", &*name), ("form_token", &*ours)],
        ),
        (person.clone().with("origin", "null"), vec![("name", &*name), ("form_token", &*ours)]),
    ] {
        let refused = submit(&browser, "/manager/portals/new", &fields).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{fields:?}");
    }
    let found = format!("/v3/portals?filter[name][contains]={name}");
    assert_eq!(portal.admin().get(&found).await.ids(), [""; 0]);

    let fields = [("form_token", &*ours), ("name", &*name), ("authentication_enabled", "on")];
    let made = submit(&person, "/manager/portals/new", &fields).await;
    assert!(location(&made).ends_with("?said=portal-created"));
    assert_eq!(portal.admin().get(&found).await.ids().len(), 1);
}

#[tokio::test]
async fn what_was_typed_stays_and_faults_stand_at_their_fields() {
    let portal = TestPortal::start().await;
    let person = administrator(&portal).await;
    let page = person.get("/manager/portals/new").await;
    let long = "n".repeat(256);
    let fields = [
        ("form_token", &*token(&page)),
        ("name", &*long),
        ("display_name", "<script>alert(1)</script>"),
    ];
    let german = person.with("cookie-language", "de").with("accept-language", "de");
    let shown = submit(&german, "/manager/portals/new", &fields).await;
    assert_eq!(shown.status, StatusCode::BAD_REQUEST);
    let text = shown.text();
    assert!(text.contains("<html lang=\"de\""), "{text}");
    assert!(text.contains(&long) && text.contains("Darf höchstens 255 Zeichen haben."), "{text}");
    assert!(text.contains("aria-invalid=\"true\"") && text.contains("href=\"#f-name\""), "{text}");
    assert!(text.contains("&lt;script&gt;") && !text.contains("<script>alert"), "{text}");
}

#[tokio::test]
async fn a_developers_session_is_renewed_while_they_read() {
    let portal = TestPortal::start().await;
    let id = portal.new_portal(json!({"auto_approve_developers": true})).await;
    let developer = portal.developer(&id, "ada").await;
    let mut person = portal.anyone();
    let sign_in = format!("/portals/{id}/sign-in?next=%2Fapis");
    let page = person.get(&sign_in).await.expect(StatusCode::OK);
    person.keep(&page);
    let wrong =
        [("form_token", &*token(&page)), ("username", &*developer.email), ("password", "no")];
    let refused = submit(&person, &sign_in, &wrong).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert!(refused.text().contains(&developer.email), "what was typed stays");
    assert!(!refused.text().contains("value=\"no\""), "a password does not");

    let right = [wrong[0], wrong[1], ("password", PASSWORD)];
    let signed_in = submit(&person, &sign_in, &right).await;
    assert_eq!(location(&signed_in), format!("/portals/{id}/apis"));
    person.keep(&signed_in);
    let shown = person.get(&format!("/portals/{id}/apis")).await.expect(StatusCode::OK);
    assert!(shown.text().contains("Sign out"), "{}", shown.text());
    let old = person.cookies.clone();

    portal.server.advance_clock(portal.config.lifetimes.access);
    let shown = person.get(&format!("/portals/{id}/apis")).await.expect(StatusCode::OK);
    assert!(shown.text().contains("Sign out"), "{}", shown.text());
    person.keep(&shown);
    assert_ne!(person.cookies, old);
    // The next page is another site's only if somebody made it so.
    for next in ["//evil.test", "https://evil.test", "/\\evil.test", "%2F%2Fevil.test"] {
        let onward = person.get(&format!("/portals/{id}/sign-in?next={next}")).await;
        assert_eq!(location(&onward), format!("/portals/{id}/"), "{next}");
    }
}

#[tokio::test]
async fn a_portal_has_its_pages_under_its_own_host() {
    let portal = TestPortal::start().await;
    let id = portal.new_portal(json!({})).await;
    let path = format!("/v3/portals/{id}");
    let domain =
        portal.admin().get(&path).await.json()["default_domain"].as_str().unwrap().to_owned();
    let visitor = portal.anyone().with("host", &domain);
    let shown = visitor.get("/apis").await.expect(StatusCode::OK);
    assert!(shown.text().contains("href=\"/sign-in\""), "{}", shown.text());
    assert!(set(&shown.headers, "gatekeyform").contains("Path=/;"));
    let style =
        shown.text().split("href=\"").find(|part| part.contains(".css\"")).unwrap().to_owned();
    let style = style.split('"').next().unwrap().to_owned();
    let style = visitor.get(&style).await.expect(StatusCode::OK);
    assert!(style.headers["cache-control"].to_str().unwrap().contains("immutable"));
    // There is no console there.
    assert_ne!(visitor.get("/manager/").await.status, StatusCode::OK);
    let elsewhere = portal.anyone().get(&format!("/portals/{id}/apis")).await;
    assert!(elsewhere.expect(StatusCode::OK).text().contains(&format!("/portals/{id}/sign-in")));
}

#[tokio::test]
async fn what_pages_do_is_audited_as_the_api_operation_it_is() {
    let portal = TestPortal::start().await;
    let person = administrator(&portal).await;
    let page = person.get("/manager/portals/new").await;
    let (name, token) = (unique("portal"), token(&page));
    let fields = [("form_token", &*token), ("name", &*name)];
    let person = person.with("x-request-id", "page-request-1");
    location(&submit(&person, "/manager/portals/new", &fields).await);
    let log = portal.admin().get("/v3/audit-log?page[size]=100").await.json();
    let entries = log["data"].as_array().unwrap();
    let made = entries.iter().find(|entry| entry["action"] == "POST /v3/portals");
    let made = made.unwrap_or_else(|| panic!("{log}"));
    assert_eq!(made["request_id"], "page-request-1", "{made}");
    assert_eq!(made["actor"].as_str().unwrap().split(':').next(), Some("admin"), "{made}");
}

#[tokio::test]
async fn paths_that_are_no_pages_are_the_apis_to_refuse() {
    let portal = TestPortal::start().await;
    let id = portal.new_portal(json!({})).await;
    let anyone = portal.anyone();
    anyone.get(&format!("/portals/{id}/api/v3/nope")).await.expect(StatusCode::NOT_FOUND);
    anyone.get("/nope").await.expect(StatusCode::NOT_FOUND);
    let page = anyone.get(&format!("/portals/{id}/nope")).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.text().starts_with("<!DOCTYPE html>"), "{}", page.text());
    let none = anyone.get("/portals/00000000-0000-4000-8000-000000000000/").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
}
