//! An authorization server of the portal makes the clients of applications: every click from the
//! server to a call with a token.

use core::time::Duration;
use std::time::Instant;

use gatekey_providers::{PASSWORD, Person, Way, World, post};

use crate::console;
use crate::scene::Scene;

const PATIENCE: Duration = Duration::from_secs(10);
const ADA: &str = "ada@example.com";
const PORTAL: &str = "Test Kong Identity DCR";
const API: &str = "test-kong-identity-dcr";

/// A server, a provider of clients, and a strategy. The issuer.
fn strategy(root: &Person) -> String {
    root.follow("Authorization servers");
    root.follow("New auth server");
    root.fill("Name", "Appointments Dev");
    root.fill("Audience", "http://myhttpbin.dev");
    root.fill("Description", "Auth server for the Appointment dev environment");
    root.press("Create");
    let issuer = root.reads("Issuer URL");

    root.follow("DCR providers");
    root.follow("New provider");
    root.choose("Provider type", "Kong Identity");
    root.press("Choose");
    root.fill("Name", "Kong Identity");
    root.choose("Auth server", "Appointments Dev");
    root.press("Save");
    root.sees("Kong Identity");

    root.follow("Auth strategies");
    root.follow("New Auth Strategy");
    root.choose("Authentication type", "DCR");
    root.press("Choose");
    root.fill("Name", "Kong Identity");
    root.fill("Display name", "Kong Identity");
    root.choose("DCR provider", "Kong Identity");
    root.fill("Scopes", "openid");
    root.fill("Credential claims", "sub");
    root.tick("client_credentials");
    root.tick("bearer");
    root.press("Create");
    root.sees("Kong Identity");
    issuer
}

#[test]
fn an_application_gets_a_client() {
    let Some(scene) = Scene::set() else { return };
    let root = scene.administrator(Way::Mouse);
    console::portal(&root, PORTAL);
    console::gateway(&root, "quickstart", "example_service");
    console::api(&root, API, "quickstart", "example_service");
    let portal = scene.id_of_portal(PORTAL);
    let ada = scene.somebody(Way::Mouse);
    scene.sign_up(&ada, &portal, "Ada Lovelace", ADA);
    root.follow("Developers");
    root.follow("Ada Lovelace");
    root.press("Approve");
    let issuer = strategy(&root);
    console::publish(&root, API, PORTAL, "Kong Identity", true);
    let world = World::plan(&scene.tools)
        .following(&scene.portal, "quickstart", &[("/anything", "example_service")])
        .start();

    ada.visit(&scene.page(&portal, "sign-in"));
    ada.fill("E-mail", ADA);
    ada.fill("Password", PASSWORD);
    ada.press("Sign in");
    ada.follow("APIs");
    ada.follow(API);
    ada.follow("Use this API");
    ada.fill("Application name", "test-dcr");
    ada.press("Create and use API");
    let (id, secret) = (ada.reads("Client ID"), ada.reads("Client secret"));
    assert!(!ada.url().contains(&secret));
    ada.follow("Show the application");
    ada.sees_no(&secret);

    let token = |secret: &str| {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", id.as_str()),
            ("client_secret", secret),
            ("scope", "openid"),
        ];
        post(&format!("{issuer}/oauth/token"), &[], &fields)
    };
    let answer = token(&secret);
    assert_eq!(answer.status, 200, "{answer:?}");
    let bearer = answer.json()["access_token"].as_str().unwrap().to_owned();
    let started = Instant::now();
    while world.bearer("/anything", &bearer).status != 200 {
        let refused = world.bearer("/anything", &bearer);
        assert!(started.elapsed() < PATIENCE, "{refused:?}\n{}", world.log());
        std::thread::sleep(Duration::from_millis(100));
    }

    // Another secret takes the place of the first.
    ada.follow("Client and secrets");
    ada.follow("Regenerate secret");
    ada.press("Regenerate secret");
    let new = ada.reads("Client secret");
    assert_ne!(new, secret);
    assert_eq!(token(&new).status, 200);
    assert_eq!(token(&secret).status, 401);
}
