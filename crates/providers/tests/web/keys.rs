//! A developer finds an API, gets a key for it and calls it through a real Envoy, until the access
//! is taken, and sees why.

use core::time::Duration;
use std::time::Instant;

use gatekey_providers::{Admin, Answer, PASSWORD, Way, World, id_of};
use serde_json::json;

use crate::console;
use crate::scene::{OPENAPI, Scene};

const PATIENCE: Duration = Duration::from_secs(10);
/// Gateways report what they refused within half a minute.
const REPORTED: Duration = Duration::from_secs(60);
const ADA: &str = "ada@example.com";

/// A portal where an API is published that takes keys; everything is approved by hand. The ids of
/// the portal and of the gateway.
fn published(admin: &Admin) -> (String, String) {
    let portal = id_of(&admin.create("/v3/portals", &json!({ "name": "airport" })));
    let gateway = admin.gateway("edge");
    let api = admin.api_of("Flights", &gateway, "flights");
    let described = json!({ "version": "1.0", "spec": { "content": OPENAPI } });
    admin.create(&format!("/v3/apis/{api}/versions"), &described);
    let strategy = json!({
        "name": "keys",
        "display_name": "API key",
        "strategy_type": "key_auth",
        "configs": { "key-auth": { "key_names": ["apikey"] } },
    });
    let strategy = id_of(&admin.create("/v2/application-auth-strategies", &strategy));
    let publication = json!({ "auth_strategy_ids": [strategy], "visibility": "private" });
    let path = format!("/v3/apis/{api}/publications/{portal}");
    let answer = admin.call("PUT", &path, &publication);
    assert_eq!(answer.status, 200, "{answer:?}");
    (portal, gateway)
}

#[track_caller]
fn until(status: u16, call: impl Fn() -> Answer) {
    let started = Instant::now();
    while call().status != status {
        assert!(started.elapsed() < PATIENCE, "never {status}: {:?}", call());
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn a_developer_gets_a_key(way: Way) {
    let Some(scene) = Scene::set() else { return };
    let root = scene.administrator(way);
    console::everything(&root);
    let portal = scene.id_of_portal("airport");
    let world = World::plan(&scene.tools).every_strategy();
    let world = world.following(&scene.portal, "edge", &[("/flights", "flights")]).start();

    let ada = scene.somebody(way);
    scene.sign_up(&ada, &portal, "Ada Lovelace", ADA);
    scene.sign_in(&ada, &portal, ADA);
    ada.sees("Your account waits for approval");
    root.follow("Requests");
    root.press_near("Ada Lovelace", "Approve");
    ada.follow("Try to sign in again");
    ada.fill("E-mail", ADA);
    ada.fill("Password", PASSWORD);
    ada.press("Sign in");

    ada.follow("APIs");
    ada.follow("Flights");
    ada.follow("Use this API");
    ada.fill("Application name", "Timetable");
    ada.press("Create and use API");
    ada.sees("waits for approval");
    let key = ada.reads("API key");
    assert!(key.len() > 30, "`{key}` is no key");
    assert!(!ada.url().contains(&key));
    ada.follow("Show the application");
    ada.sees("Pending");
    ada.sees_no(&key);

    let call = || world.get("/flights", &[("apikey", &key)]);
    until(403, call);
    root.follow("Requests");
    root.press_near("Timetable", "Approve");
    until(200, call);
    ada.visit(&scene.page(&portal, "applications"));
    ada.follow("Timetable");
    ada.sees("Approved");

    root.follow("Applications");
    root.follow("Timetable");
    root.press_near("Flights", "Revoke");
    // What it will cut off is told before.
    root.sees("Revoke access?");
    root.press("Revoke");
    until(403, call);
    let refused = call().json();
    let request = refused["request_id"].as_str().unwrap();
    let started = Instant::now();
    loop {
        ada.visit(&scene.page(&portal, "applications"));
        ada.follow("Timetable");
        ada.sees("Revoked");
        ada.follow("Why was my call refused?");
        ada.fill("Request id", request);
        ada.press("Look up");
        if !ada.shows("No refused call with this id") {
            break;
        }
        assert!(started.elapsed() < REPORTED, "the gateway tells nothing of {request}");
        std::thread::sleep(Duration::from_secs(1));
    }
    ada.sees(request);
    ada.sees("revoked");
}

#[test]
fn a_developer_gets_a_key_with_a_mouse() {
    a_developer_gets_a_key(Way::Mouse);
}

#[test]
fn a_developer_gets_a_key_with_the_keyboard() {
    a_developer_gets_a_key(Way::Keyboard);
}

#[test]
fn a_developer_gets_a_key_without_scripts() {
    a_developer_gets_a_key(Way::NoScripts);
}

/// The renderer shows the document, and nothing of it comes from elsewhere.
#[test]
fn somebody_reads_the_reference() {
    let Some(scene) = Scene::set() else { return };
    let admin = scene.admin();
    let (portal, _) = published(&admin);
    let settings = json!({ "auto_approve_developers": true });
    let answer = admin.call("PATCH", &format!("/v3/portals/{portal}"), &settings);
    assert_eq!(answer.status, 200, "{answer:?}");
    let email = scene.portal.developer(&portal, "ada").email;
    let ada = scene.somebody(Way::Mouse);
    scene.sign_in(&ada, &portal, &email);
    ada.follow("APIs");
    ada.follow("Flights");
    ada.follow("Reference");
    ada.sees("All flights");
    ada.press("GET/flights");
    ada.sees("No key, or a wrong one");
    ada.silent_console();
    ada.no_violations();
    ada.fits_a_phone();

    let without = scene.somebody(Way::NoScripts);
    scene.sign_in(&without, &portal, &email);
    without.visit(&ada.url());
    without.sees("Download document");
}
