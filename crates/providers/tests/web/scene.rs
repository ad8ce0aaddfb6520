//! Where journeys begin: a portal, and the people who come to it.

use gatekey_providers::{Admin, PASSWORD, Person, Portal, Tools, Way, id_of};
use serde_json::Value;

/// What describes an API.
pub(crate) const OPENAPI: &str = include_str!("flights.json");

/// A portal program that runs, and what is needed to start browsers.
pub(crate) struct Scene {
    pub(crate) tools: Tools,
    pub(crate) portal: Portal,
}

impl Scene {
    /// Nothing, where the tools are not named.
    pub(crate) fn set() -> Option<Self> {
        let tools = Tools::find()?;
        let portal = Portal::start(&tools);
        Some(Self { tools, portal })
    }

    pub(crate) fn admin(&self) -> Admin {
        self.portal.admin()
    }

    /// The address of a page of a portal.
    pub(crate) fn page(&self, portal: &str, page: &str) -> String {
        format!("{}/portals/{portal}/{page}", self.portal.pages())
    }

    /// The id of the portal of this name.
    pub(crate) fn id_of_portal(&self, name: &str) -> String {
        let portals = self.admin().call("GET", "/v3/portals", &Value::Null).json();
        let mut all = portals["data"].as_array().unwrap().iter();
        id_of(all.find(|portal| portal["name"] == name).unwrap())
    }

    /// Somebody who has not signed in.
    pub(crate) fn somebody(&self, way: Way) -> Person {
        Person::who(&self.tools, way, "en")
    }

    /// An administrator at the first page of the console.
    pub(crate) fn administrator(&self, way: Way) -> Person {
        let person = self.somebody(way);
        person.visit(&format!("{}/manager/", self.portal.pages()));
        person.fill("Administrator token", &self.portal.admin_token());
        person.press("Sign in");
        person
    }

    /// Signs in on the page where a portal asks for it.
    pub(crate) fn sign_in(&self, person: &Person, portal: &str, email: &str) {
        person.visit(&self.page(portal, "sign-in"));
        person.fill("E-mail", email);
        person.fill("Password", PASSWORD);
        person.press("Sign in");
    }

    /// Signs up, proves the address, and chooses a password.
    pub(crate) fn sign_up(&self, person: &Person, portal: &str, name: &str, email: &str) {
        person.visit(&self.page(portal, ""));
        person.follow("Sign up");
        person.fill("Full name", name);
        person.fill("E-mail address", email);
        person.press("Create account");
        person.sees("We have sent you an e-mail");
        let kind = "confirm-email-address";
        person.visit(&self.portal.link_from_mail(portal, email, kind, "verify-email"));
        person.fill("New password", PASSWORD);
        person.press("Set password");
        person.sees("Your password is set");
    }
}
