//! What administrators click, from an empty portal to one where an API can be had.

use std::path::Path;

use gatekey_providers::{Person, Way};

use crate::scene::Scene;

/// What describes an API, on the administrator's computer.
const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/web/flights.json");

/// A portal with accounts; everything in it is approved by hand.
pub(crate) fn portal(root: &Person, name: &str) {
    root.follow("Portals");
    root.follow("New portal");
    root.fill("Name", name);
    root.press("Create");
    root.sees("The portal was created");
}

/// A gateway with a service and a route to it.
pub(crate) fn gateway(root: &Person, name: &str, service: &str) {
    root.follow("Gateways");
    root.follow("New gateway");
    root.fill("Name", name);
    root.press("Create");
    root.follow("New service");
    root.fill("Name", service);
    root.fill("Address", "http://127.0.0.1:9");
    root.press("Create");
    root.sees(service);
}

/// An API that a service of a gateway implements, with a document from a file.
pub(crate) fn api(root: &Person, name: &str, gateway: &str, service: &str) {
    root.follow("APIs");
    root.follow("New API");
    root.fill("API name", name);
    root.fill("Version", "1.0");
    root.attach("From a file", Path::new(DOCUMENT));
    root.press("Create");
    root.sees("The API was created");
    root.follow("Gateway service");
    root.choose("Control plane", gateway);
    root.press("Choose");
    root.choose("Gateway Service", service);
    root.press("Link Gateway Service");
    root.sees("Linked");
}

/// A strategy of keys.
pub(crate) fn keys(root: &Person, name: &str) {
    root.follow("Auth strategies");
    root.follow("New Auth Strategy");
    root.choose("Authentication type", "Key Auth");
    root.press("Choose");
    root.fill("Name", name);
    root.fill("Display name", "API key");
    root.press("Create");
    root.sees(name);
}

/// An API in a portal under a strategy.
pub(crate) fn publish(root: &Person, api: &str, portal: &str, strategy: &str, automatic: bool) {
    root.follow("APIs");
    root.follow(api);
    root.follow("Publish API");
    root.choose("Portal", portal);
    root.choose("Authentication strategy", strategy);
    root.choose("Visibility", "Private");
    root.tick("Accept application registrations");
    if automatic {
        root.tick("Auto approve registrations");
    }
    root.press("Publish API");
    root.sees("Published");
}

/// Everything that applications can be registered for: a portal, a gateway, an API, a strategy.
pub(crate) fn everything(root: &Person) {
    portal(root, "airport");
    gateway(root, "edge", "flights");
    api(root, "Flights", "edge", "flights");
    keys(root, "keys");
    publish(root, "Flights", "airport", "keys", false);
}

#[test]
fn an_administrator_publishes_an_api() {
    let Some(scene) = Scene::set() else { return };
    let root = scene.administrator(Way::Mouse);
    everything(&root);
    // What developers read of it is edited where it is published.
    root.follow_near("airport", "airport");
    root.fill("Display name", "Flights of the airport");
    root.fill("Description for developers", "All of *them*.");
    root.tick("Show issuer");
    root.press("Save");
    root.sees("Saved");
}
