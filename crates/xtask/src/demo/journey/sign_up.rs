//! Step 2: a developer's account.

use anyhow::Result;
use serde_json::{Value, json};

use super::super::admin::Admin;
use super::super::developer::{Developer, EMAIL, PASSWORD};
use super::super::{Stage, ensure};
use super::catalogue::Catalogue;

pub(super) fn join(stage: &Stage, catalogue: &Catalogue) -> Result<(Developer, String)> {
    let http = &stage.http;
    let mut developer = account(stage, catalogue, EMAIL, "Ada Lovelace")?;
    let post = |path: &str, body: Value| developer.call(http, "POST", path, Some(&body));
    let credentials = json!({ "username": EMAIL, "password": PASSWORD });
    let early = post("/developer/authenticate", credentials.clone())?.expect(401)?;
    let title = early.text("/title")?;
    ensure(title == "Approval Required", || format!("the title is `{title}`"))?;

    let admin = Admin::of(&stage.portal, http)?;
    let id = admin.developer_by_email(&catalogue.portal, EMAIL)?;
    admin.decide_on_developer(&catalogue.portal, &id, "approved")?;
    let reply = post("/developer/authenticate", credentials)?.expect(204)?;
    developer.remember(http, &reply)?;
    let me = developer.call(http, "GET", "/developer/me", None)?.expect(200)?;
    ensure(me.text("/email")? == EMAIL, || "the session is somebody else's".to_owned())?;
    Ok((developer, id))
}

/// An account with a proven address and a password, which waits for approval.
pub(super) fn account(
    stage: &Stage,
    catalogue: &Catalogue,
    email: &str,
    name: &str,
) -> Result<Developer> {
    let http = &stage.http;
    http.hide(PASSWORD);
    let developer = Developer::visiting(&stage.portal.url(""), &catalogue.portal);
    let post = |path: &str, body: Value| developer.call(http, "POST", path, Some(&body));
    post("/developer", json!({ "email": email, "full_name": name }))?.expect(201)?;
    let token = stage.portal.token_from_mail(email, "confirm-email-address")?;
    http.hide(&token);
    let verified = post("/developer/verify-email", json!({ "token": token }))?.expect(202)?;
    let token = verified.text("/token")?;
    http.hide(&token);
    let password = json!({ "token": token, "password": PASSWORD });
    post("/developer/reset-password", password)?.expect(204)?;
    Ok(developer)
}
