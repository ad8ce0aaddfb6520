//! Applications whose clients are made at real registration servers (RFC 7591 and RFC 7592).

use gatekey_providers::{Admin, Canaille, Developer, OidcProvider, Portal, Tools, jwks};
use serde_json::{Value, json};

use crate::eventually;

const PROVIDER: &str = "provider";
const INITIAL_ACCESS_TOKEN: &str = "may-register-clients";

/// A portal where applications get their clients at a provider.
struct Scene {
    portal: Portal,
    admin: Admin,
    developer: Developer,
    provider: String,
    strategy: String,
}

impl Scene {
    fn set(tools: &Tools, issuer: &str, config: &Value) -> Self {
        let portal = Portal::start(tools);
        let admin = portal.admin();
        let developer = portal.developer(&admin.portal("people"), "ada");
        let provider = admin.dcr_provider(PROVIDER, "rfc7591", issuer, config);
        let settings = json!({
            "issuer": issuer,
            "credential_claim": ["client_id"],
            "scopes": [],
            "auth_methods": ["client_credentials", "bearer"],
        });
        let strategy = admin.strategy("strategy", &settings, Some(&provider));
        Self { portal, admin, developer, provider, strategy }
    }

    fn verify(&self) -> Value {
        let path = format!("/v2/dcr-providers/{}/verify", self.provider);
        let answer = self.admin.call("POST", &path, &Value::Null);
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// The answer to a developer who wants an application renamed.
    #[track_caller]
    fn rename(&self, application: &str, name: &str) {
        let path = format!("/applications/{application}");
        let answer = self.developer.call("PATCH", &path, &json!({ "name": name }));
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    fn regenerate(&self, application: &str) -> gatekey_providers::Answer {
        let path = format!("/applications/{application}/regenerate-secret");
        self.developer.call("POST", &path, &Value::Null)
    }

    #[track_caller]
    fn delete(&self, application: &str) {
        let path = format!("/applications/{application}");
        let answer = self.developer.call("DELETE", &path, &Value::Null);
        assert_eq!(answer.status, 204, "{answer:?}");
        assert_eq!(self.developer.call("GET", &path, &Value::Null).status, 404);
    }

    fn applications(&self) -> u64 {
        let answer = self.developer.call("GET", "/applications", &Value::Null);
        answer.json()["meta"]["page"]["total"].as_u64().unwrap()
    }

    /// Nobody has to look at anything, and there is nothing left to do.
    fn at_rest(&self) -> bool {
        let (agrees, said) = self.portal.dcr_status(PROVIDER);
        let clients = said["clients"].as_array().unwrap();
        agrees && clients.iter().all(|client| client["state"] == "live" && client["job"].is_null())
    }
}

fn ids(registered: &Value) -> Vec<String> {
    registered.as_object().unwrap().keys().cloned().collect()
}

fn registrar(tools: &Tools) -> OidcProvider {
    OidcProvider::registrar(tools, &jwks(tools, "one", &["RS256"]), INITIAL_ACCESS_TOKEN)
}

fn config(rotate: &str) -> Value {
    json!({ "initial_access_token": INITIAL_ACCESS_TOKEN, "rotate": rotate, "read": "rotating" })
}

#[test]
fn of_oidc_provider() {
    let Some(tools) = Tools::find() else { return };
    let provider = registrar(&tools);
    let scene = Scene::set(&tools, &provider.issuer(), &config("reregister"));
    assert_eq!(scene.verify(), json!({ "status": "success", "errors": [] }));
    assert_eq!(provider.registered(), json!({}), "a check leaves nothing behind");

    let made = scene.developer.create("Timetable", &scene.strategy, None);
    assert_eq!(ids(&provider.registered()), [made.client_id.as_str()]);
    assert_eq!(provider.registered()[&made.client_id]["client_name"], "Timetable");
    assert_eq!(provider.try_token(&made.client_id, &made.client_secret).status, 200);
    let shown = scene.developer.call("GET", &format!("/applications/{}", made.id), &Value::Null);
    assert_eq!(shown.json()["client_id"], json!(made.client_id));
    assert!(!shown.body.contains(&made.client_secret));

    // The registration token changes with each update: two in a row need what the first one told.
    for name in ["Departures", "Arrivals"] {
        scene.rename(&made.id, name);
        let told = || provider.registered()[&made.client_id]["client_name"].clone();
        eventually("renamed there", || told() == name, || scene.portal.log());
    }
    assert_eq!(provider.try_token(&made.client_id, &made.client_secret).status, 200);

    // It keeps a client's secret for good, so a new secret takes a new client.
    let answer = scene.regenerate(&made.id);
    assert_eq!(answer.status, 201, "{answer:?}");
    let renewed = answer.json();
    let text = |name: &str| renewed[name].as_str().unwrap();
    let (id, secret) = (text("client_id"), text("client_secret"));
    assert_eq!(provider.try_token(id, secret).status, 200);
    let alone = || ids(&provider.registered()) == [id];
    eventually("only the new client is left", alone, || provider.registered().to_string());
    assert_eq!(provider.try_token(&made.client_id, &made.client_secret).status, 401);

    scene.delete(&made.id);
    eventually("removed", || provider.registered() == json!({}), || scene.portal.log());
    assert_eq!(provider.try_token(id, secret).status, 401);
    let log = scene.portal.log();
    for hidden in [made.client_secret.as_str(), secret, INITIAL_ACCESS_TOKEN] {
        assert!(!log.contains(hidden), "a secret is in the log:\n{log}");
    }
}

#[test]
fn of_canaille() {
    let Some(tools) = Tools::find() else { return };
    let provider = Canaille::registrar(&tools, &jwks(&tools, "one", &["RS256"]));
    let config = json!({ "rotate": "none" });
    let scene = Scene::set(&tools, &provider.issuer(), &config);
    assert_eq!(scene.verify(), json!({ "status": "success", "errors": [] }));

    let made = scene.developer.create("Timetable", &scene.strategy, None);
    assert_eq!(provider.registered(), json!({ &made.client_id: "Timetable" }));
    assert_eq!(provider.try_token(&made.client_id, &made.client_secret).status, 200);
    for name in ["Departures", "Arrivals"] {
        scene.rename(&made.id, name);
        let renamed = || provider.registered()[&made.client_id] == name;
        eventually("renamed there", renamed, || scene.portal.log());
    }
    assert_eq!(provider.try_token(&made.client_id, &made.client_secret).status, 200);
    let refused = scene.regenerate(&made.id);
    assert!((400..500).contains(&refused.status), "{refused:?}");
    assert_eq!(provider.try_token(&made.client_id, &made.client_secret).status, 200);

    scene.delete(&made.id);
    eventually("removed", || provider.registered() == json!({}), || scene.portal.log());
    assert_ne!(provider.try_token(&made.client_id, &made.client_secret).status, 200);
}

/// With a provider that keeps the secret, `update` cannot rotate: that is told, and the old secret
/// goes on.
#[test]
fn a_secret_that_stays_the_same_is_not_told_as_new() {
    let Some(tools) = Tools::find() else { return };
    let provider = registrar(&tools);
    let scene = Scene::set(&tools, &provider.issuer(), &config("update"));
    let made = scene.developer.create("Timetable", &scene.strategy, None);
    let refused = scene.regenerate(&made.id);
    assert!((400..600).contains(&refused.status), "{refused:?}");
    assert!(!refused.body.contains(&made.client_secret));
    assert_eq!(provider.try_token(&made.client_id, &made.client_secret).status, 200);
    scene.delete(&made.id);
    eventually("removed", || provider.registered() == json!({}), || scene.portal.log());
}

#[test]
fn a_provider_that_is_away_or_refuses_leaves_no_application() {
    let Some(tools) = Tools::find() else { return };
    let mut provider = registrar(&tools);
    let wrong = json!({ "initial_access_token": "of-somebody-else" });
    let scene = Scene::set(&tools, &provider.issuer(), &wrong);
    let told = scene.verify();
    assert_eq!(told["status"], "failed", "{told}");
    let refused = scene.developer.try_create("Timetable", &scene.strategy, &Value::Null);
    assert_eq!(refused.status, 502, "{refused:?}");
    assert!(refused.header("content-type").starts_with("application/problem+json"));
    assert_eq!((scene.applications(), provider.registered()), (0, json!({})));

    let path = format!("/v2/dcr-providers/{}", scene.provider);
    let edit = json!({ "dcr_config": { "initial_access_token": INITIAL_ACCESS_TOKEN } });
    assert_eq!(scene.admin.call("PATCH", &path, &edit).status, 200);
    provider.kill();
    let refused = scene.developer.try_create("Timetable", &scene.strategy, &Value::Null);
    assert!(matches!(refused.status, 502 | 503), "{refused:?}");
    assert_eq!(scene.applications(), 0);

    provider.restart();
    let made = scene.developer.create("Timetable", &scene.strategy, None);
    assert_eq!(ids(&provider.registered()), [made.client_id]);
}

/// It did what it was asked, and died before it could say so.
#[test]
fn a_provider_that_dies_during_a_registration_leaves_an_orphan_that_is_known() {
    let Some(tools) = Tools::find() else { return };
    let mut provider = registrar(&tools);
    let scene = Scene::set(&tools, &provider.issuer(), &config("none"));
    provider.crash_on("POST", "/reg", "after");
    let refused = scene.developer.try_create("Timetable", &scene.strategy, &Value::Null);
    assert!(matches!(refused.status, 502 | 503), "{refused:?}");
    assert_eq!(scene.applications(), 0);
    provider.restart();
    assert_eq!(ids(&provider.registered()).len(), 1, "the client without an application");
    // Nothing tells it from others there. The ledger says that there may be one, and the
    // administrator who has removed it says so.
    let uncertain = || {
        let (agrees, said) = scene.portal.dcr_status(PROVIDER);
        !agrees && said["clients"][0]["job"]["state"] == "uncertain"
    };
    eventually("the ledger says so", uncertain, || {
        format!("{:?}", scene.portal.dcr_status(PROVIDER))
    });
    let (_, said) = scene.portal.dcr_status(PROVIDER);
    let _ = scene.portal.command(&["dcr", "forget", said["clients"][0]["id"].as_str().unwrap()]);
    assert!(scene.at_rest(), "{:?}", scene.portal.dcr_status(PROVIDER));

    let made = scene.developer.create("Timetable", &scene.strategy, None);
    assert_eq!(provider.try_token(&made.client_id, &made.client_secret).status, 200);
    assert!(scene.at_rest(), "{:?}", scene.portal.dcr_status(PROVIDER));
}

/// Removals go on until they are done, over crashes of the provider before it does anything and
/// after it has done it.
#[test]
fn a_removal_survives_crashes_of_the_provider() {
    let Some(tools) = Tools::find() else { return };
    let mut provider = registrar(&tools);
    let scene = Scene::set(&tools, &provider.issuer(), &config("none"));
    for when in ["before", "after"] {
        let made = scene.developer.create("Timetable", &scene.strategy, None);
        provider.crash_on("DELETE", "/reg", when);
        scene.delete(&made.id);
        let crashed = || !provider.is_running();
        eventually("the provider has crashed", crashed, || scene.portal.log());
        provider.restart();
        let removed = || provider.registered() == json!({}) && scene.at_rest();
        eventually("removed", removed, || scene.portal.log());
        assert_eq!(provider.try_token(&made.client_id, &made.client_secret).status, 401);
    }
}

/// What the provider could not be told is told after a crash of the portal.
#[test]
fn a_removal_survives_a_crash_of_the_portal() {
    let Some(tools) = Tools::find() else { return };
    let mut provider = registrar(&tools);
    let mut scene = Scene::set(&tools, &provider.issuer(), &config("none"));
    let made = scene.developer.create("Timetable", &scene.strategy, None);
    provider.kill();
    scene.delete(&made.id);
    let postponed = || {
        let (_, said) = scene.portal.dcr_status(PROVIDER);
        said["clients"][0]["job"]["state"] == "due"
    };
    eventually("put off", postponed, || format!("{:?}", scene.portal.dcr_status(PROVIDER)));
    scene.portal.kill();
    provider.restart();
    assert_eq!(ids(&provider.registered()), [made.client_id.as_str()]);
    scene.portal.restart();
    let removed = || provider.registered() == json!({}) && scene.at_rest();
    eventually("removed", removed, || scene.portal.log());
    assert_eq!(provider.try_token(&made.client_id, &made.client_secret).status, 401);
}
