//! The portal keeps to its own description, whatever it is asked.

use gatekey_providers::{Portal, Tools, check_description};

/// Asked by somebody who may do everything.
#[test]
fn the_management_api_answers_as_it_is_described() {
    let Some(tools) = Tools::find() else { return };
    let portal = Portal::start(&tools);
    let bearer = portal.admin().bearer();
    let header = ("Authorization", bearer.as_str());
    let found = check_description(&tools, &portal, "^/v[123]/", header, &[], &[]);
    assert!(found.is_ok(), "{}", found.unwrap_err());
    assert!(!portal.log().contains("ERROR"), "{}", portal.log());
}

/// Asked by a developer who is signed in.
#[test]
fn the_developer_api_answers_as_it_is_described() {
    let Some(tools) = Tools::find() else { return };
    let portal = Portal::start(&tools);
    let id = portal.admin().portal("people");
    let developer = portal.developer(&id, "ann");
    let header = ("Cookie", developer.cookie());
    let parameters = [("portalId", id.as_str())];
    // Whoever signs out is not signed in any more.
    let left_out = ["logout"];
    let found = check_description(&tools, &portal, "^/portals/", header, &parameters, &left_out);
    assert!(found.is_ok(), "{}", found.unwrap_err());
    assert!(!portal.log().contains("ERROR"), "{}", portal.log());
}
