//! Portals under host names of their own, and portals that not everybody may use.

use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use serde_json::json;

use crate::support::{Caller, PASSWORD, TestPortal};

/// The portal under its own host name: paths without the prefix.
fn at(portal: &TestPortal, host: &str) -> Caller {
    portal.anyone().with("host", host)
}

#[tokio::test]
async fn a_portal_is_reached_under_its_own_host_names() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let id = portal.new_portal(json!({})).await;
    let other = portal.new_portal(json!({})).await;
    let ann = portal.developer(&id, "ann").await;
    let base = format!("/v3/portals/{id}");
    let domain = admin.get(&base).await.json()["default_domain"].as_str().unwrap().to_owned();
    for host in
        [domain.clone(), format!("{domain}:8443"), domain.to_uppercase(), format!("{domain}.")]
    {
        let context = at(&portal, &host).get("/api/v3/portal").await.expect(StatusCode::OK).json();
        assert_eq!(context["portal_id"], id, "{host}");
    }
    // Both cookies are for the whole host: a page of the portal may renew a session.
    let mut own = at(&portal, &domain);
    let body = json!({"username": ann.email, "password": PASSWORD});
    let signed_in = own.post("/api/v3/developer/authenticate", body.clone()).await;
    let signed_in = signed_in.expect(StatusCode::NO_CONTENT);
    own.keep(&signed_in);
    let cookies: Vec<_> =
        signed_in.headers.get_all(SET_COOKIE).iter().map(|line| line.to_str().unwrap()).collect();
    assert!(cookies[0].contains("; Path=/;") && cookies[0].starts_with("portalaccesstoken="));
    assert!(cookies[1].contains("; Path=/;") && cookies[1].starts_with("portalrefreshtoken="));
    own.get("/api/v3/developer/me").await.expect(StatusCode::OK);
    let refreshed = own.post("/api/v3/developer/refresh", json!({})).await;
    own.keep(&refreshed.expect(StatusCode::NO_CONTENT));
    let shared = ann.caller.post("/developer/authenticate", body).await;
    let line = shared.headers[SET_COOKIE].to_str().unwrap();
    assert!(line.contains(&format!("; Path=/portals/{id};")), "{line}");
    // Nothing else of the portal is there, and no other portal.
    let token = std::fs::read_to_string(portal.data_dir.path().join("admin-token")).unwrap();
    let there = at(&portal, &domain).with("authorization", &format!("Bearer {}", token.trim()));
    for path in
        ["/v3/portals", "/openapi.json", "/healthz", &format!("/portals/{other}/api/v3/portal")]
    {
        // What is no page of the portal is a page that says so.
        let none = there.get(path).await;
        assert_eq!(none.status, StatusCode::NOT_FOUND, "{path}");
        assert!(none.text().starts_with("<!DOCTYPE html>"), "{path}: {}", none.text());
    }
    let logged_out = own.post("/api/v3/developer/logout", json!({})).await;
    assert!(logged_out.headers[SET_COOKIE].to_str().unwrap().contains("; Path=/;"));
    own.get("/api/v3/developer/me").await.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_custom_domain_counts_while_it_is_enabled() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let id = portal.new_portal(json!({})).await;
    let other = portal.new_portal(json!({})).await;
    let path = format!("/v3/portals/{id}/custom-domain");
    admin.get(&path).await.expect(StatusCode::NOT_FOUND);
    admin.delete(&path).await.expect(StatusCode::NOT_FOUND);
    let body = |hostname: &str| {
        let ssl = json!({"domain_verification_method": "http"});
        json!({"hostname": hostname, "enabled": true, "ssl": ssl})
    };
    let taken = format!("x.{}", "localhost");
    for (hostname, rule) in
        [("nodot", "is_fqdn"), ("a_b.test", "is_fqdn"), (taken.as_str(), "invalid")]
    {
        let blamed = admin.post(&path, body(hostname)).await.blamed();
        assert_eq!(blamed, [("hostname".into(), rule.into())]);
    }
    let certificate = json!({
        "hostname": "apis.example.com",
        "enabled": true,
        "ssl": {
            "domain_verification_method": "custom_certificate",
            "custom_certificate": "c",
            "custom_private_key": "k"
        }
    });
    assert_eq!(admin.post(&path, certificate).await.status, StatusCode::NOT_IMPLEMENTED);
    let made = admin.post(&path, body("APIs.example.com")).await.expect(StatusCode::CREATED).json();
    assert_eq!(
        (&made["hostname"], &made["cname_status"]),
        (&json!("apis.example.com"), &json!("pending"))
    );
    admin.post(&path, body("b.example.com")).await.expect(StatusCode::CONFLICT);
    let elsewhere = format!("/v3/portals/{other}/custom-domain");
    admin.post(&elsewhere, body("apis.example.com")).await.expect(StatusCode::CONFLICT);
    let there = at(&portal, "apis.example.com");
    let context = there.get("/api/v3/portal").await.expect(StatusCode::OK).json();
    assert_eq!(
        (&context["portal_id"], &context["canonical_domain"]),
        (&json!(id), &json!("apis.example.com"))
    );
    assert_eq!(admin.get(&path).await.json()["cname_status"], "verified");
    let seen = admin.get(&format!("/v3/portals/{id}")).await.json();
    assert_eq!(seen["canonical_domain"], "apis.example.com");
    admin.patch(&path, json!({"enabled": false})).await.expect(StatusCode::OK);
    there.get("/api/v3/portal").await.expect(StatusCode::NOT_FOUND);
    let seen = admin.get(&format!("/v3/portals/{id}")).await.json();
    assert_eq!(seen["canonical_domain"], seen["default_domain"]);
    admin.delete(&path).await.expect(StatusCode::NO_CONTENT);
    admin.post(&elsewhere, body("apis.example.com")).await.expect(StatusCode::CREATED);
    let context = there.get("/api/v3/portal").await.expect(StatusCode::OK).json();
    assert_eq!(context["portal_id"], other);
}

#[tokio::test]
async fn a_portal_may_be_for_some_networks_only() {
    let portal = TestPortal::start_as(|config| config.trusted_proxies = 1).await;
    let admin = portal.admin();
    let id = portal.new_portal(json!({})).await;
    let from = |address: &str| portal.visitor(&id).with("x-forwarded-for", address);
    let path = format!("/v3/portals/{id}/ip-allow-list");
    for (networks, field, rule) in [
        (json!([]), "allowed_ips", "min_items"),
        (json!(["here"]), "allowed_ips.0", "invalid"),
        (json!(["10.0.0.0/33"]), "allowed_ips.0", "invalid"),
        (json!(["10.0.0.1", "10.0.0.1"]), "allowed_ips.1", "invalid"),
        (json!(vec!["::1"; 26]), "allowed_ips", "max_items"),
    ] {
        let blamed = admin.post(&path, json!({"allowed_ips": networks})).await.blamed();
        assert_eq!(blamed, [(field.into(), rule.into())]);
    }
    let networks = json!({"allowed_ips": ["10.1.0.0/16", "2001:db8::/32"]});
    let list = admin.post(&path, networks.clone()).await.expect(StatusCode::CREATED).json();
    let one = format!("{path}/{}", list["id"].as_str().unwrap());
    // A list alone asks nothing of anybody.
    from("192.0.2.1").get("/portal").await.expect(StatusCode::OK);
    let on = json!({"sipr_enabled": true});
    admin.patch(&format!("/v3/portals/{id}"), on).await.expect(StatusCode::OK);
    for (address, status) in [
        ("10.1.2.3", StatusCode::OK),
        ("::ffff:10.1.2.3", StatusCode::OK),
        ("10.2.0.1", StatusCode::FORBIDDEN),
        ("2001:db8::1", StatusCode::OK),
        ("2001:db9::1", StatusCode::FORBIDDEN),
        ("192.0.2.1, 10.2.0.1", StatusCode::FORBIDDEN),
        ("10.1.2.3, 192.0.2.1", StatusCode::FORBIDDEN),
    ] {
        for path in ["/portal", "/apis"] {
            from(address).get(path).await.expect(status);
        }
    }
    let body = json!({"username": "a@example.com", "password": "x"});
    let refused = from("192.0.2.1").post("/developer/authenticate", body).await;
    refused.expect(StatusCode::FORBIDDEN);
    let more = admin.post(&path, json!({"allowed_ips": ["192.0.2.1"]})).await.id();
    from("192.0.2.1").get("/portal").await.expect(StatusCode::OK);
    let listed = admin.get(&format!("{path}?page[size]=1")).await.json();
    assert_eq!(listed["data"], json!([list]));
    let next = listed["meta"]["next"].as_str().unwrap().to_owned();
    assert_eq!(admin.get(&next).await.ids(), [more.clone()]);
    admin.delete(&format!("{path}/{more}")).await.expect(StatusCode::NO_CONTENT);
    let moved = json!({"allowed_ips": ["10.2.0.0/16"]});
    admin.put(&one, moved.clone()).await.expect(StatusCode::OK);
    from("10.1.2.3").get("/portal").await.expect(StatusCode::FORBIDDEN);
    admin.patch(&one, json!({})).await.expect(StatusCode::OK);
    assert_eq!(admin.get(&one).await.json()["allowed_ips"], moved["allowed_ips"]);
    let elsewhere = portal.new_portal(json!({})).await;
    let wrong = one.replace(&id, &elsewhere);
    admin.get(&wrong).await.expect(StatusCode::NOT_FOUND);
    // Without a list nobody is let in.
    admin.delete(&one).await.expect(StatusCode::NO_CONTENT);
    from("10.2.0.1").get("/portal").await.expect(StatusCode::FORBIDDEN);
}
