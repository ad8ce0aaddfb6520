//! Step 8: an application that gets its client and its tokens from the portal's own authorization
//! server.

use core::time::Duration;
use std::process::Command;

use anyhow::{Context as _, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::admin::Admin;
use super::super::http::{Http, Reply};
use super::super::{ensure, envoy};
use super::{World, timed, until};

/// The name of the service, which the route in Envoy's configuration refers to.
const SERVICE: &str = "example-service";
const PATH: &str = "/anything";

/// How soon a change holds at the gateway.
const ENFORCED: Duration = Duration::from_secs(1);
/// How long the gateway may take to discover an issuer it never heard of.
const DISCOVERED: Duration = Duration::from_secs(10);

/// How a developer asks for a token.
const TOKEN: &str = r#"curl -s -H "Content-Type: application/x-www-form-urlencoded" \
  -d "grant_type=client_credentials" -d "client_id=$CLIENT_ID" \
  -d "client_secret=$CLIENT_SECRET" -d "scope=openid" "$ISSUER_URL/oauth/token""#;

/// What the administrator made.
struct Server {
    id: String,
    issuer: String,
}

/// The application's client at the authorization server.
struct Client {
    application: String,
    id: String,
    secret: String,
}

impl Client {
    fn basic(&self) -> String {
        format!("Basic {}", STANDARD.encode(format!("{}:{}", self.id, self.secret)))
    }
}

pub(super) fn walked(world: &mut World) -> Result<()> {
    let world = &*world;
    let http = &world.stage.http;
    let (server, api, strategy) = publish(world)?;
    let client = register(world, &api, &strategy)?;
    let token = by_curl(world, &server, &client)?;

    let bearer = format!("Bearer {token}");
    let took = until(DISCOVERED, "the gateway takes the token", || {
        Ok(http.quietly(|| call(http, &bearer))?.status == 200)
    })?;
    crate::say::line(format_args!("  * the gateway fetched the keys: {} ms", took.as_millis()));
    let reply = call(http, &bearer)?.expect(200)?;
    let seen = reply.json()?.to_string();
    ensure(seen.contains(&client.application), || "the upstream does not see who calls".into())?;
    ensure(!seen.contains(&token), || "the upstream sees the token".into())?;
    call(http, &client.basic())?.expect(200)?;
    call(http, "Bearer not-a-token")?.expect(401)?;

    let active = introspect(http, &server, &client, &token)?;
    ensure(active, || "the token is not active".into())?;
    let admin = Admin::of(&world.stage.portal, http)?;
    let tokens = format!("/v1/auth-servers/{}/clients/{}/tokens", server.id, client.id);
    admin.call("DELETE", &tokens, None)?.expect(204)?;
    let active = introspect(http, &server, &client, &token)?;
    ensure(!active, || "a revoked token is active".into())?;

    let path = format!("/applications/{}", client.application);
    world.developer.call(http, "DELETE", &path, None)?.expect(204)?;
    let took = until(DISCOVERED, "the deleted application is refused", || {
        Ok(http.quietly(|| call(http, &bearer))?.status == 401)
    })?;
    timed("from deletion to the first call refused", took, ENFORCED)?;
    call(http, &bearer)?.expect(401)?;
    call(http, &client.basic())?.expect(401)?;
    Ok(())
}

/// An authorization server, a provider, a strategy, and an API that is published with it.
fn publish(world: &World) -> Result<(Server, String, String)> {
    let http = &world.stage.http;
    let admin = Admin::of(&world.stage.portal, http)?;
    let body = json!({
        "name": "Appointments Dev",
        "audience": "http://myhttpbin.dev",
        "description": "Auth server for the Appointment dev environment",
    });
    let made = admin.call("POST", "/v1/auth-servers", Some(&body))?.expect(201)?;
    let server = Server { id: made.text("/id")?, issuer: made.text("/issuer")? };
    let provider = admin.create(
        "/v2/dcr-providers",
        &json!({
            "name": "Kong Identity",
            "provider_type": "kongIdentity",
            "issuer": server.issuer,
            "dcr_config": {},
        }),
    )?;
    let strategy = admin.create(
        "/v3/application-auth-strategies",
        &json!({
            "name": "Kong Identity",
            "display_name": "Kong Identity",
            "strategy_type": "openid_connect",
            "configs": { "openid-connect": {
                "issuer": server.issuer,
                "credential_claim": ["sub"],
                "scopes": ["openid"],
                "auth_methods": ["client_credentials", "bearer"],
            } },
            "dcr_provider_id": provider,
        }),
    )?;
    let gateway = &world.catalogue.gateway;
    let entities = format!("/v2/control-planes/{gateway}/core-entities");
    let service = json!({ "name": SERVICE, "host": "127.0.0.1", "port": 8181 });
    let service = admin.create(&format!("{entities}/services"), &service)?;
    let api = admin.create("/v3/apis", &json!({ "name": "test-kong-identity-dcr" }))?;
    let implementation = json!({ "service": { "control_plane_id": gateway, "id": service } });
    admin
        .call("POST", &format!("/v3/apis/{api}/implementations"), Some(&implementation))?
        .expect(201)?;
    let publication = json!({
        "auth_strategy_ids": [strategy],
        "auto_approve_registrations": true,
        "visibility": "private",
    });
    let path = format!("/v3/apis/{api}/publications/{}", world.catalogue.portal);
    admin.call("PUT", &path, Some(&publication))?.expect(200)?;
    Ok((server, api, strategy))
}

/// An application with its client, whose secret no later answer shows.
fn register(world: &World, api: &str, strategy: &str) -> Result<Client> {
    let http = &world.stage.http;
    let body = json!({ "name": "test-dcr", "auth_strategy_id": strategy });
    let post = |path: &str, body: &Value| world.developer.call(http, "POST", path, Some(body));
    // The answer holds the secret, which is known as one only after it was read.
    let made = http.quietly(|| post("/applications", &body))?.expect(201)?;
    let client = Client {
        application: made.text("/id")?,
        id: made.text("/client_id")?,
        secret: made.text("/client_secret")?,
    };
    http.hide(&client.secret);
    http.hide(client.basic().trim_start_matches("Basic "));
    http.show_exchange("POST", "/applications", &made);
    let path = format!("/applications/{}", client.application);
    let shown = world.developer.call(http, "GET", &path, None)?.expect(200)?;
    let again = shown.json()?.to_string().contains(&client.secret);
    ensure(!again, || "the client secret is shown again".into())?;
    let registration = json!({ "api_id": api });
    let asked = post(&format!("{path}/registrations"), &registration)?.expect(201)?;
    let status = asked.text("/status")?;
    ensure(status == "approved", || format!("the registration is `{status}`"))?;
    Ok(client)
}

/// A token as a developer gets it, from a shell.
fn by_curl(world: &World, server: &Server, client: &Client) -> Result<String> {
    crate::say::line(format_args!("  $ {TOKEN}"));
    let output = Command::new("sh")
        .args(["-c", TOKEN])
        .env("ISSUER_URL", &server.issuer)
        .env("CLIENT_ID", &client.id)
        .env("CLIENT_SECRET", &client.secret)
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .context("curl is needed to ask for a token")?;
    let answer: Value = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("curl printed `{}`", String::from_utf8_lossy(&output.stdout)))?;
    let token = answer.get("access_token").and_then(Value::as_str).context("there is no token")?;
    world.stage.http.hide(token);
    let seconds = answer.get("expires_in").and_then(Value::as_u64).unwrap_or_default();
    crate::say::line(format_args!("  * a token that lives for {seconds} s"));
    Ok(token.to_owned())
}

fn call(http: &Http, authorization: &str) -> Result<Reply> {
    http.send("GET", &envoy::url(PATH), &[("authorization", authorization)], None)
}

/// Whether the server says that a token is active.
fn introspect(http: &Http, server: &Server, client: &Client, token: &str) -> Result<bool> {
    let url = format!("{}/introspect", server.issuer);
    let reply = http.form(&url, &[("authorization", &client.basic())], &[("token", token)])?;
    let answer = reply.expect(200)?.json()?;
    answer.get("active").and_then(Value::as_bool).context("there is no `active`")
}
