//! How somebody gets an account, and what they do with it.

use gatekey_providers::{PASSWORD, Way, id_of};
use serde_json::{Value, json};

use crate::scene::Scene;

const ADA: &str = "ada@example.com";
const NEW: &str = "Another-long-way-from-Turin";

/// Signs up, waits, is approved, and signs in.
fn somebody_joins(way: Way) {
    let Some(scene) = Scene::set() else { return };
    let admin = scene.admin();
    let portal = id_of(&admin.create("/v3/portals", &json!({ "name": "airport" })));
    let ada = scene.somebody(way);
    scene.sign_up(&ada, &portal, "Ada Lovelace", ADA);
    scene.sign_in(&ada, &portal, ADA);
    ada.sees("Your account waits for approval");
    let path = format!("/v3/portals/{portal}/developers");
    let developers = admin.call("GET", &path, &Value::Null).json();
    let id = id_of(&developers["data"][0]);
    let approved = admin.call("PATCH", &format!("{path}/{id}"), &json!({ "status": "approved" }));
    assert_eq!(approved.status, 200, "{approved:?}");
    ada.follow("Try to sign in again");
    ada.fill("E-mail", ADA);
    ada.fill("Password", PASSWORD);
    ada.press("Sign in");
    ada.follow("Ada Lovelace");
    ada.sees(ADA);
}

#[test]
fn somebody_joins_with_a_mouse() {
    somebody_joins(Way::Mouse);
}

#[test]
fn somebody_joins_with_the_keyboard() {
    somebody_joins(Way::Keyboard);
}

#[test]
fn somebody_joins_without_scripts() {
    somebody_joins(Way::NoScripts);
}

/// What was typed stays, and what is wrong with it stands at the field.
#[test]
fn a_form_keeps_what_was_typed() {
    let Some(scene) = Scene::set() else { return };
    let portal = scene.admin().portal("airport");
    let ada = scene.somebody(Way::NoScripts);
    ada.visit(&scene.page(&portal, "sign-up"));
    let long = "A".repeat(240);
    ada.fill("Full name", &long);
    ada.fill("E-mail address", "ada@.example.com");
    ada.press("Create account");
    assert_eq!(ada.reads("E-mail address"), "ada@.example.com");
    assert_eq!(ada.reads("Full name"), long);
}

/// A link is good once, and a new password ends the sessions that were.
#[test]
fn somebody_forgets_a_password() {
    let Some(scene) = Scene::set() else { return };
    let portal = scene.admin().portal("airport");
    let email = scene.portal.developer(&portal, "ada").email;
    let before = scene.somebody(Way::Mouse);
    scene.sign_in(&before, &portal, &email);
    let ada = scene.somebody(Way::Mouse);
    ada.visit(&scene.page(&portal, "sign-in"));
    ada.follow("Forgot your password?");
    ada.fill("E-mail address", &email);
    ada.press("Send link");
    ada.sees("If there is an account with this address");
    let link = scene.portal.link_from_mail(&portal, &email, "reset-password", "reset-password");
    ada.visit(&link);
    ada.fill("New password", "short");
    ada.press("Set password");
    ada.sees("at least 8 characters");
    ada.fill("New password", NEW);
    ada.press("Set password");
    ada.visit(&link);
    ada.fill("New password", "A-third-way-from-Turin");
    ada.press("Set password");
    ada.sees("This link cannot be used any more");
    ada.visit(&scene.page(&portal, "sign-in"));
    ada.fill("E-mail", &email);
    ada.fill("Password", NEW);
    ada.press("Sign in");
    ada.sees("Sign out");
    before.visit(&scene.page(&portal, "account"));
    before.sees("Forgot your password?");
}

/// Sees where they are signed in, and ends that.
#[test]
fn somebody_ends_a_session() {
    let Some(scene) = Scene::set() else { return };
    let portal = scene.admin().portal("airport");
    let email = scene.portal.developer(&portal, "ada").email;
    let (here, there) = (scene.somebody(Way::Mouse), scene.somebody(Way::Mouse));
    scene.sign_in(&here, &portal, &email);
    scene.sign_in(&there, &portal, &email);
    here.follow("ada");
    here.follow("Sessions");
    here.sees("This session");
    here.press("End all other sessions");
    here.sees("All other sessions have ended");
    there.visit(&scene.page(&portal, "account"));
    there.sees("Forgot your password?");
}
