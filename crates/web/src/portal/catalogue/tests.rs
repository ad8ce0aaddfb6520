//! The pages on a stub of the API.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, Response, StatusCode, Uri};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::Config;

const PORTAL: &str = "01a1feb8-d943-7443-b9b2-8457854b776f";

fn list(data: &Value) -> Value {
    json!({"data": data, "meta": {"page": {"number": 1, "size": 25, "total": 1}}})
}

fn strategy(id: &str, name: &str) -> Value {
    json!({"id": id, "name": name, "credential_type": "client_credentials",
        "auth_methods": ["bearer"]})
}

fn api() -> Value {
    json!({"id": "a1", "name": "Flights", "slug": "flights", "description": null, "version": "1",
        "visibility": "public", "auth_strategies": [strategy("s1", "Identity")],
        "current_version_summary": null, "attributes": {}, "updated_at": "2026-01-01T00:00:00Z"})
}

/// What the API answers: it knows one API, and refuses registrations.
async fn answer(method: Method, uri: Uri, headers: axum::http::HeaderMap) -> (StatusCode, String) {
    let prefix = format!("/portals/{PORTAL}/api/v3");
    let path = uri.path().strip_prefix(&prefix).unwrap_or_default().to_owned();
    let signed_in = headers.contains_key("cookie");
    let ok = |value: Value| (StatusCode::OK, value.to_string());
    let refused = |status: u16, title: &str| {
        let status = StatusCode::from_u16(status).unwrap();
        (status, json!({"status": status.as_u16(), "title": title, "detail": title}).to_string())
    };
    match (method.as_str(), path.as_str()) {
        ("GET", "/portal") => ok(json!({"name": "Airport", "authentication_enabled": true,
            "basic_auth_enabled": true, "oidc_auth_enabled": false})),
        ("GET", "/customization") => ok(json!({})),
        ("GET", "/developer/me") if signed_in => {
            ok(json!({"email": "ada@example.com", "full_name": "Ada"}))
        }
        ("GET", "/apis") => ok(list(&json!([api()]))),
        ("GET", "/apis/flights") => ok(api()),
        ("GET", "/apis/flights/registration-settings") => ok(json!({"tags": [],
            "auto_approve": false, "application_registration_enabled": true, "deprecated": false,
            "issuer": null})),
        ("GET", "/apis/flights/documents" | "/pages") => ok(json!({"data": []})),
        ("GET", "/apis/a1/actions") => ok(json!({"actions": {"register": true}})),
        ("GET", "/apis/a1/applications") => ok(list(&json!([
            {"id": "p1", "name": "Asked", "registration_status": "pending"},
            {"id": "p2", "name": "Free", "registration_status": null},
        ]))),
        ("GET", "/applications") => ok(list(&json!([
            {"id": "p1", "name": "Asked", "auth_strategy": strategy("s1", "Identity")},
            {"id": "p3", "name": "Keyed", "auth_strategy": strategy("s2", "Keys")},
            {"id": "p4", "name": "Foreign", "auth_strategy": strategy("s1", "Identity")},
        ]))),
        ("GET", "/developer/teams") => ok(list(&json!([]))),
        ("POST", "/applications") => (
            StatusCode::CREATED,
            json!({"id": "p5", "name": "New", "client_id": "the-id", "client_secret": "the-secret"})
                .to_string(),
        ),
        ("POST", _) => refused(409, "Conflict"),
        _ => refused(404, "Not Found"),
    }
}

async fn visit(request: Request<Body>) -> Response<Body> {
    let config = Config {
        api: Router::new().fallback(answer),
        form_key: [1; 32],
        base_url: "http://gatekey.test".into(),
    };
    crate::routes(config).oneshot(request).await.unwrap()
}

async fn text(response: Response<Body>) -> String {
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn get(path: &str, cookie: &str) -> Request<Body> {
    let uri = format!("/portals/{PORTAL}{path}");
    Request::builder().uri(uri).header("cookie", cookie).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn a_portal_without_a_page_of_its_own_welcomes_with_its_apis() {
    let page = text(visit(get("/", "")).await).await;
    assert!(page.contains("Welcome to Airport") && page.contains("/apis/flights\""), "{page}");
    let missing = visit(get("/not/there", "")).await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn who_did_not_sign_in_is_told_what_it_gives() {
    let page = visit(get("/apis/flights/use", "")).await;
    assert_eq!(page.status(), StatusCode::OK);
    let page = text(page).await;
    assert!(page.contains("/sign-in?next=%2Fapis%2Fflights%2Fuse"), "{page}");
    assert!(!page.contains("Create and use API"), "{page}");
}

#[tokio::test]
async fn applications_that_cannot_be_used_are_named_with_why() {
    let page = text(visit(get("/apis/flights/use", "portalaccesstoken=x")).await).await;
    let (before, others) = page.split_once("Applications that cannot use this API").unwrap();
    assert!(before.contains("<option value=\"p2\">Free</option>"), "{before}");
    assert!(before.contains(">Asked</a>") && !before.contains("<option value=\"p1\""), "{before}");
    let rows: Vec<_> = others.split("<li>").skip(1).collect();
    assert!(rows[0].contains("Keyed") && rows[0].contains("“Keys”"), "{}", rows[0]);
    assert!(rows[1].contains("Foreign") && rows[1].contains("API Consumer"), "{}", rows[1]);
}

#[tokio::test]
async fn a_secret_is_shown_although_access_was_refused() {
    let shown = visit(get("/apis/flights/use", "portalaccesstoken=x")).await;
    let cookie = shown.headers()["set-cookie"].to_str().unwrap();
    let cookie = format!("portalaccesstoken=x; {}", cookie.split(';').next().unwrap());
    let page = text(shown).await;
    let (_, rest) = page.split_once("name=\"form_token\" value=\"").unwrap();
    let token = rest.split('"').next().unwrap();
    let request = Request::post(format!("/portals/{PORTAL}/apis/flights/use"))
        .header("cookie", cookie)
        .header("content-type", "application/x-www-form-urlencoded");
    let body = format!("form_token={token}&act=create&name=New");
    let made = visit(request.body(Body::from(body)).unwrap()).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    let page = text(made).await;
    assert!(page.contains("the-id") && page.contains("the-secret"), "{page}");
    assert!(page.contains("it has no access to the API"), "{page}");
}
