//! A developer signs in by way of an identity provider of their organisation.

use gatekey_providers::{OidcProvider, Way, id_of, jwks};
use serde_json::json;

use crate::scene::Scene;

#[test]
fn a_developer_signs_in_with_their_organisation() {
    let Some(scene) = Scene::set() else { return };
    let admin = scene.admin();
    let portal = id_of(&admin.create(
        "/v3/portals",
        &json!({
            "name": "airport",
            "auto_approve_developers": true,
        }),
    ));
    let callback = scene.page(&portal, "api/v3/developer/authenticate/sso/callback");
    let keys = jwks(&scene.tools, "one", &["RS256"]);
    let provider = OidcProvider::start(&scene.tools, &keys, &[&callback], "urn:gatekey:RS256:600");
    let idp = json!({
        "type": "oidc",
        "enabled": true,
        "config": {
            "issuer_url": provider.issuer(),
            "client_id": "gateway",
            "client_secret": "secret-of-gateway",
        },
    });
    admin.create(&format!("/v3/portals/{portal}/identity-providers"), &idp);
    let person = scene.somebody(Way::Mouse);
    person.visit(&scene.page(&portal, ""));
    person.follow("Sign in");
    person.follow("Sign in with your organisation");
    person.is_at(&format!("{}/sign-in/", provider.issuer()));
    person.browser().type_into("login", "ada");
    person.browser().click("enter");
    person.is_at(&scene.page(&portal, ""));
    person.sees("Sign out");
}
