//! People sign in and out.

use gatekey_providers::{PASSWORD, Person, Way};

use crate::scene::Scene;

fn a_developer_signs_in(way: Way) {
    let Some(scene) = Scene::set() else { return };
    let portal = scene.admin().portal("airport");
    let ada = scene.portal.developer(&portal, "ada");
    let person = scene.somebody(way);
    person.visit(&scene.page(&portal, ""));
    person.follow("Sign in");
    person.fill("E-mail", &ada.email);
    person.fill("Password", "not the password");
    person.press("Sign in");
    person.sees("password is wrong");
    assert_eq!(person.reads("E-mail address"), ada.email);
    assert_eq!(person.reads("Password"), "");
    person.fill("Password", PASSWORD);
    person.press("Sign in");
    person.sees("ada");
    person.press("Sign out");
    person.sees("You are signed out");
}

#[test]
fn a_developer_signs_in_with_a_mouse() {
    a_developer_signs_in(Way::Mouse);
}

#[test]
fn a_developer_signs_in_with_the_keyboard() {
    a_developer_signs_in(Way::Keyboard);
}

#[test]
fn a_developer_signs_in_without_scripts() {
    a_developer_signs_in(Way::NoScripts);
}

#[test]
fn an_administrator_signs_in() {
    let Some(scene) = Scene::set() else { return };
    let person = scene.somebody(Way::Mouse);
    person.visit(&format!("{}/manager/portals", scene.portal.pages()));
    person.fill("Administrator token", "not-a-token");
    person.press("Sign in");
    person.sees("This token is not valid");
    person.fill("Administrator token", &scene.portal.admin_token());
    person.press("Sign in");
    person.is_at(&format!("{}/manager/portals", scene.portal.pages()));
    // What is secret is in no address.
    assert!(!person.url().contains(&scene.portal.admin_token()));
    person.press("Sign out");
    person.sees("Sign in to the console");
    person.browser().back();
    person.browser().reload();
    person.sees("Sign in to the console");
}

/// A portal and the console are for different people.
#[test]
fn a_developer_is_no_administrator() {
    let Some(scene) = Scene::set() else { return };
    let portal = scene.admin().portal("airport");
    let email = scene.portal.developer(&portal, "ada").email;
    let ada = scene.somebody(Way::Mouse);
    scene.sign_in(&ada, &portal, &email);
    ada.sees("Sign out");
    ada.visit(&format!("{}/manager/portals", scene.portal.pages()));
    ada.sees("Sign in to the console");
    let root = scene.administrator(Way::Mouse);
    root.visit(&scene.page(&portal, ""));
    root.sees("Sign up");
    root.sees_no("Sign out");
}

#[test]
fn somebody_reads_german() {
    let Some(scene) = Scene::set() else { return };
    let portal = scene.admin().portal("flughafen");
    let person = Person::who(&scene.tools, Way::Mouse, "de-CH,de,en");
    person.visit(&scene.page(&portal, "sign-in"));
    person.sees("Anmelden");
    person.fill("E-Mail", "niemand@example.com");
    person.fill("Passwort", "nicht das Passwort");
    person.press("Anmelden");
    person.sees_no("Sign in");
}

/// What a first look costs, for somebody whose browser has nothing of it yet.
#[test]
fn a_first_view_is_small() {
    const LIMIT: u64 = 100 * 1024;
    let Some(scene) = Scene::set() else { return };
    let portal = scene.admin().portal("airport");
    for page in [scene.page(&portal, ""), format!("{}/manager/", scene.portal.pages())] {
        let person = scene.somebody(Way::Mouse);
        person.visit(&page);
        let bytes = person.transferred();
        assert!((1_000..LIMIT).contains(&bytes), "{page}: {bytes} bytes");
    }
}
