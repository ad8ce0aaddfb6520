//! The pages of an authorization server, where people sign in to a client.

use gatekey_providers::{PASSWORD, Person, Portal, Tools, Way, form};
use serde_json::json;

/// Nobody listens there.
const CALLBACK: &str = "http://127.0.0.1:9/callback";

fn somebody_signs_in(way: Way) {
    let Some(tools) = Tools::find() else { return };
    let portal = Portal::start(&tools);
    let admin = portal.admin();
    let server = admin.auth_server("appointments", "ES256", "jwt");
    let people = admin.portal("people");
    let ada = portal.developer(&people, "ada");
    let provider = admin.dcr_provider("own", "kongIdentity", &server.issuer, &json!({}));
    let settings = json!({
        "issuer": server.issuer,
        "credential_claim": ["client_id"],
        "scopes": ["openid"],
        "auth_methods": ["bearer"],
    });
    let strategy = admin.strategy("strategy", &settings, Some(&provider));
    let application = ada.create("Timetable", &strategy, Some(CALLBACK));
    let query = form(&[
        ("response_type", "code"),
        ("client_id", &application.client_id),
        ("redirect_uri", CALLBACK),
        ("scope", "openid"),
        ("state", "of-the-application"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ]);

    let person = Person::who(&tools, way, "en");
    person.visit(&format!("{}/oauth/authorize?{query}", server.issuer));
    person.sees("wants to know who you are");
    person.fill("E-mail", &ada.email);
    person.fill("Password", "not the password");
    person.press("Sign in");
    assert_eq!(person.reads("E-mail"), ada.email);
    assert_eq!(person.reads("Password"), "");
    person.fill("Password", PASSWORD);
    person.press("Sign in");
    person.sees("Allow Timetable");
    person.press("Allow");
    person.is_at(CALLBACK);
    assert!(person.url().contains("state=of-the-application"), "{}", person.url());
}

#[test]
fn somebody_signs_in_with_a_mouse() {
    somebody_signs_in(Way::Mouse);
}

#[test]
fn somebody_signs_in_with_the_keyboard() {
    somebody_signs_in(Way::Keyboard);
}

#[test]
fn somebody_signs_in_without_scripts() {
    somebody_signs_in(Way::NoScripts);
}
