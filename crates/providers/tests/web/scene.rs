//! Where journeys begin: a portal, and the people who come to it.

use std::fs;
use std::path::PathBuf;

use gatekey_providers::{Admin, PASSWORD, Person, Portal, Tools, Way};

/// A portal program that runs, and what is needed to start browsers.
pub(crate) struct Scene {
    pub(crate) tools: Tools,
    pub(crate) portal: Portal,
    files: PathBuf,
}

impl Scene {
    /// Nothing, where the tools are not named.
    pub(crate) fn set() -> Option<Self> {
        let tools = Tools::find()?;
        let portal = Portal::start(&tools);
        let name = portal.authority().replace(['.', ':'], "-");
        let files = std::env::temp_dir().join(format!("gatekey-web-{name}"));
        fs::create_dir_all(&files).unwrap();
        Some(Self { tools, portal, files })
    }

    pub(crate) fn admin(&self) -> Admin {
        self.portal.admin()
    }

    /// The address of a page of a portal.
    pub(crate) fn page(&self, portal: &str, page: &str) -> String {
        format!("{}/portals/{portal}/{page}", self.portal.pages())
    }

    /// A file that somebody has on their computer.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.files.join(name);
        fs::write(&path, text).unwrap();
        path
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
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.files);
    }
}
