//! Developers who sign in at the portal by way of an identity provider, in a real browser.

use gatekey_providers::{Browser, OidcProvider, Portal, Tools, jwks};
use serde_json::{Value, json};

/// The developer is new, gets an account and the teams of the groups, and goes on to the page they
/// came for; the next time the provider knows them and asks nothing.
#[test]
fn a_developer_signs_in_at_a_provider() {
    let Some(tools) = Tools::find() else { return };
    let portal = Portal::start(&tools);
    let admin = portal.admin();
    let id = admin.portal("people");
    let base = format!("/portals/{id}/api/v3");
    let sso = format!("{}{base}/developer/authenticate/sso", portal.base());
    let keys = jwks(&tools, "one", &["RS256"]);
    let callback = format!("{sso}/callback");
    let provider = OidcProvider::start(&tools, &keys, &[&callback], "urn:gatekey:RS256:600");
    let idp = json!({
        "type": "oidc",
        "enabled": true,
        "config": {
            "issuer_url": provider.issuer(),
            "client_id": "gateway",
            "client_secret": "secret-of-gateway",
        },
    });
    let idp = admin.create(&format!("/v3/portals/{id}/identity-providers"), &idp);
    let team = admin.create(&format!("/v3/portals/{id}/teams"), &json!({ "name": "Analysts" }));
    let mapping = json!({ "team_id": team["id"], "group": "people" });
    let mappings = format!(
        "/v3/portals/{id}/identity-providers/{}/team-group-mappings",
        idp["id"].as_str().unwrap()
    );
    admin.create(&mappings, &mapping);
    let settings = format!("/v3/portals/{id}/authentication-settings");
    let on = admin.call("PATCH", &settings, &json!({ "idp_mapping_enabled": true }));
    assert_eq!(on.status, 200, "{on:?}");
    let browser = Browser::open(&tools);
    let page = |path: &str| -> Value {
        browser.go(&format!("{sso}?return_to={base}/developer/{path}"));
        let text = browser.text();
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}\n{}", portal.log()))
    };
    browser.go(&format!("{sso}?return_to={base}/developer/me"));
    browser.await_url(&format!("{}/sign-in/", provider.issuer()));
    browser.type_into("login", "ada");
    browser.click("enter");
    browser.await_text("ada@example.com");
    assert_eq!(browser.url(), format!("{}{base}/developer/me", portal.base()));
    let me = page("me");
    assert_eq!(me["full_name"], "ada");
    let teams = page("teams");
    assert_eq!(teams["data"][0]["id"], team["id"], "{teams}");
    let developers = admin.call("GET", &format!("/v3/portals/{id}/developers"), &Value::Null);
    assert_eq!(developers.json()["data"].as_array().unwrap().len(), 1);
    assert!(provider.count("/token") >= 3);
}
