//! Step 1: what the administrator sets up, and the gateway that enforces it.

use core::time::Duration;

use anyhow::Result;
use serde_json::json;

use super::super::admin::Admin;
use super::super::{Stage, ensure, envoy};
use super::until;

/// The name of the gateway service, which the route in Envoy's configuration refers to.
const SERVICE: &str = "flights";

const OPENAPI: &str = r#"{
  "openapi": "3.0.3",
  "info": { "title": "Flights", "version": "1.0" },
  "paths": { "/flights": { "get": { "responses": { "200": { "description": "All flights" } } } } }
}"#;

#[derive(Debug)]
pub(super) struct Catalogue {
    pub(super) portal: String,
    pub(super) api: String,
    pub(super) strategy: String,
    pub(super) gateway: String,
}

pub(super) fn publish(stage: &mut Stage) -> Result<Catalogue> {
    let admin = Admin::of(&stage.portal, &stage.http)?;
    let portal = admin.create("/v3/portals", &json!({ "name": "demo" }))?;
    let api = admin.create("/v3/apis", &json!({ "name": "Flights", "version": "1.0" }))?;
    let version = json!({ "version": "1.0", "spec": { "content": OPENAPI } });
    admin.create(&format!("/v3/apis/{api}/versions"), &version)?;
    let strategy = admin.create(
        "/v2/application-auth-strategies",
        &json!({
            "name": "keys",
            "display_name": "API key",
            "strategy_type": "key_auth",
            "configs": { "key-auth": { "key_names": ["apikey"] } },
        }),
    )?;
    let gateway = admin.create("/v2/control-planes", &json!({ "name": "edge" }))?;
    let entities = format!("/v2/control-planes/{gateway}/core-entities");
    let service = json!({ "name": SERVICE, "host": "127.0.0.1", "port": 8181 });
    let service = admin.create(&format!("{entities}/services"), &service)?;
    let route = json!({ "name": "flights", "paths": ["/flights"], "service": { "id": service } });
    admin.create(&format!("{entities}/routes"), &route)?;
    let implementation = json!({ "service": { "control_plane_id": gateway, "id": service } });
    admin
        .call("POST", &format!("/v3/apis/{api}/implementations"), Some(&implementation))?
        .expect(201)?;
    let publication = json!({
        "auth_strategy_ids": [strategy],
        "auto_approve_registrations": false,
        "visibility": "public",
    });
    admin
        .call("PUT", &format!("/v3/apis/{api}/publications/{portal}"), Some(&publication))?
        .expect(200)?;
    start_gateway(stage, &gateway)?;
    Ok(Catalogue { portal, api, strategy, gateway })
}

fn start_gateway(stage: &mut Stage, gateway: &str) -> Result<()> {
    let config = stage.portal.command(&["gateway", "filter-config", "--gateway", gateway])?;
    let http = &stage.http;
    stage.envoy.start(&config, http)?;
    let took = until(Duration::from_secs(10), "the gateway has its first snapshot", || {
        let reply = http.quietly(|| http.send("GET", &envoy::url("/flights"), &[], None))?;
        ensure(reply.status == 401 || reply.status == 503, || {
            format!("the gateway answered {} before anything was allowed", reply.status)
        })?;
        Ok(reply.status == 401)
    })?;
    crate::say::line(format_args!("  * Envoy has its first snapshot: {} ms", took.as_millis()));
    Ok(())
}
