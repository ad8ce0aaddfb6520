//! Step 9: the same portal in a browser, with an account for each role.

use anyhow::Result;

use super::super::developer::{EMAIL, PASSWORD};
use super::super::{GATEWAY, ensure};
use super::{World, sign_up};
use crate::say;

/// Who waits for the administrator.
const WAITING: (&str, &str) = ("grace@example.com", "Grace Hopper");

pub(super) fn shown(world: &mut World) -> Result<()> {
    let world = &*world;
    let (email, name) = WAITING;
    sign_up::account(&world.stage, &world.catalogue, email, name)?;
    let session = world.developer.session();
    page(world, &world.portal_path("/"), None, "Flights")?;
    page(world, &world.portal_path("/sign-in"), None, "Password")?;
    page(world, &world.portal_path("/applications"), session, &world.application.name)?;
    page(world, "/manager/sign-in", None, "Administrator token")
}

/// A page is one, says what it is there for, and lets nobody put a script into it.
fn page(world: &World, path: &str, session: Option<&str>, says: &str) -> Result<()> {
    let http = &world.stage.http;
    let headers: Vec<_> = session.iter().map(|session| ("cookie", *session)).collect();
    let url = world.stage.portal.url(path);
    let reply = http.quietly(|| http.send("GET", &url, &headers, None))?.expect(200)?;
    let kind = reply.header("content-type").unwrap_or_default();
    ensure(kind.starts_with("text/html"), || format!("{path} is `{kind}`"))?;
    ensure(reply.body.contains(says), || format!("{path} does not say `{says}`"))?;
    let policy = reply.header("content-security-policy").unwrap_or_default();
    let strict = policy.contains("default-src 'none'") && !policy.contains("unsafe");
    ensure(strict, || format!("the policy of {path} is `{policy}`"))?;
    say::line(format_args!("  * {path} says `{says}`"));
    Ok(())
}

impl World {
    fn portal_path(&self, page: &str) -> String {
        format!("/portals/{}{page}", self.catalogue.portal)
    }

    /// What a person needs to go on in a browser.
    pub(in crate::demo) fn tell(&self) -> Result<()> {
        let portal = self.stage.portal.url(&self.portal_path("/"));
        let console = self.stage.portal.url("/manager/");
        let token = self.stage.portal.secret("admin-token")?;
        let key = &self.key.text;
        let (waiting, _) = WAITING;
        say::line(format_args!("portal       {portal}"));
        say::line(format_args!("  developer  {EMAIL}  {PASSWORD}"));
        say::line("  try        sign in, open Flights, then Applications and Timetable");
        say::line(format_args!("console      {console}"));
        say::line(format_args!("  token      {token}"));
        say::line(format_args!("  try        sign in, open Requests: {waiting} waits"));
        say::line(format_args!("gateway      http://{GATEWAY}/flights"));
        say::line(format_args!("  try        curl -i -H 'apikey: {key}' http://{GATEWAY}/flights"));
        Ok(())
    }
}
