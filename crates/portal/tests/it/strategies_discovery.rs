//! Issuers: entered as people enter them, discovered in the background, compared exactly.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sea_orm::{ConnectionTrait, DbBackend};
use serde_json::{Value, json};
use uuid::Uuid;

use super::edge::Edge;
use super::strategies_openid::openid_connect;
use super::support::{NOBODY, TestPortal};

const PATH: &str = "/v2/application-auth-strategies";

/// An identity provider on this machine that only knows its discovery document.
#[derive(Clone)]
struct Provider {
    url: String,
    says: Arc<Mutex<Says>>,
}

struct Says {
    status: StatusCode,
    place: &'static str,
    issuer: String,
    asked: Vec<String>,
}

impl Provider {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let says = Says {
            status: StatusCode::OK,
            place: "/.well-known/openid-configuration",
            issuer: format!("{url}/"),
            asked: Vec::new(),
        };
        let provider = Self { url, says: Arc::new(Mutex::new(says)) };
        let router = Router::new().fallback(answer).with_state(provider.clone());
        tokio::spawn(async { axum::serve(listener, router).await });
        provider
    }

    fn change(&self, change: impl FnOnce(&mut Says)) {
        change(&mut self.says.lock().unwrap());
    }
}

async fn answer(State(provider): State<Provider>, request: Request) -> impl IntoResponse {
    let mut says = provider.says.lock().unwrap();
    let path = request.uri().path().to_owned();
    let status = if path == says.place { says.status } else { StatusCode::NOT_FOUND };
    says.asked.push(path);
    let jwks_uri = format!("{}/jwks", provider.url);
    (status, Json(json!({"issuer": says.issuer, "jwks_uri": jwks_uri})))
}

/// A portal with an API that is published under a strategy with this issuer.
struct World {
    portal: TestPortal,
    strategy: String,
    edge: Edge,
}

impl World {
    async fn new(issuer: &str) -> Self {
        Self::with(TestPortal::start().await, json!({"issuer": issuer})).await
    }

    async fn with(portal: TestPortal, settings: Value) -> Self {
        let admin = portal.admin();
        let strategy = admin.post(PATH, openid_connect(settings)).await.id();
        let (id, api) = (portal.new_portal(json!({})).await, portal.new_api().await);
        let (gateway, service) = portal.new_service().await;
        let path = format!("/v2/control-planes/{gateway}/core-entities/routes");
        let route = json!({"paths": ["/flights"], "service": {"id": service}});
        admin.post(&path, route).await.expect(StatusCode::CREATED);
        let link = json!({"service": {"control_plane_id": gateway, "id": service}});
        let path = format!("/v3/apis/{api}/implementations");
        admin.post(&path, link).await.expect(StatusCode::CREATED);
        portal.publish(&api, &id, json!({"auth_strategy_ids": [strategy]})).await;
        let edge = Edge::new(&portal, &gateway);
        Self { portal, strategy, edge }
    }

    fn path(&self, end: &str) -> String {
        format!("{PATH}/{}{end}", self.strategy)
    }

    async fn discovery(&self) -> Value {
        let reply = self.portal.admin().get(&self.path("/discovery")).await;
        reply.expect(StatusCode::OK).json()
    }

    /// The discovery once it has this status.
    async fn becomes(&self, status: &str) -> Value {
        let patience = Instant::now() + Duration::from_secs(20);
        loop {
            let known = self.discovery().await;
            if known["status"] == status {
                return known;
            }
            assert!(Instant::now() < patience, "not {status}: {known}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn verify(&self) -> Value {
        let reply = self.portal.admin().post(&self.path("/verify"), json!({})).await;
        reply.expect(StatusCode::OK).json()
    }

    async fn edit(&self, settings: Value) {
        let edit = json!({"configs": {"openid-connect": settings}});
        self.portal.admin().patch(&self.path(""), edit).await.expect(StatusCode::OK);
    }

    /// What a gateway makes of a token of an issuer.
    async fn check(&mut self, issuer: &str) -> &'static str {
        self.edge.catch_up(&self.portal).await;
        let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = encode(json!({"alg": "RS256"}));
        self.edge.check_token(&format!("{header}.{}.AA", encode(json!({"iss": issuer}))))
    }
}

#[tokio::test]
async fn a_strategy_waits_for_its_provider_and_loses_nothing_to_it_later() {
    let provider = Provider::start().await;
    provider.change(|says| says.status = StatusCode::SERVICE_UNAVAILABLE);
    let (plain, issuer) = (provider.url.clone(), format!("{}/", provider.url));
    let mut world = World::new(&plain).await;
    let failed = world.becomes("failed").await;
    assert!(failed["error"].as_str().unwrap().contains("status 503"), "{failed}");
    assert_eq!((&failed["issuer"], &failed["entered_issuer"]), (&Value::Null, &json!(plain)));
    assert_eq!(world.check(&issuer).await, "issuer_undiscovered");

    provider.change(|says| says.status = StatusCode::OK);
    assert_eq!(world.verify().await, json!({"status": "success", "errors": []}));
    let known = world.discovery().await;
    assert_eq!((&known["status"], &known["issuer"]), (&json!("discovered"), &json!(issuer)));
    assert_eq!(known["jwks_uri"], format!("{plain}/jwks"));
    assert_eq!(known["error"], Value::Null);
    // What was entered is shown as it was; tokens are compared with what was discovered.
    let shown = world.portal.admin().get(&world.path("")).await.json();
    assert_eq!(shown["configs"]["openid-connect"]["issuer"], plain);
    assert_eq!(world.check(&issuer).await, "keys_unavailable");
    assert_eq!(world.check(&plain).await, "unknown_issuer");

    let held = world.edge.held();
    for (status, issuer) in [
        (StatusCode::SERVICE_UNAVAILABLE, issuer.clone()),
        (StatusCode::OK, "https://elsewhere.example.com".into()),
    ] {
        provider.change(|says| (says.status, says.issuer) = (status, issuer));
        let verified = world.verify().await;
        assert_eq!(verified["status"], "failed");
        let known = world.discovery().await;
        assert_eq!(known["status"], "discovered");
        assert_eq!(known["error"], verified["errors"][0]);
    }
    assert_eq!(world.check(&issuer).await, "keys_unavailable");
    assert_eq!(world.edge.held(), held, "gateways hear of nothing");
    // The provider chose the other spelling: that is something new.
    provider.change(|says| says.issuer = plain.clone());
    assert_eq!(world.verify().await["status"], "success");
    assert_eq!(world.check(&plain).await, "keys_unavailable");
    assert_eq!(world.check(&issuer).await, "unknown_issuer");
}

#[tokio::test]
async fn discovery_runs_by_itself_and_goes_on_after_a_restart() {
    let provider = Provider::start().await;
    let world = World::new(&provider.url).await;
    world.becomes("discovered").await;
    provider.change(|says| says.status = StatusCode::NOT_FOUND);
    let (strategy, edge) = (world.strategy, world.edge);
    let path = format!("{PATH}/{strategy}");
    let other = json!({"issuer": format!("{}/.well-known/openid-configuration", provider.url)});
    let other = json!({"configs": {"openid-connect": {"issuer": other["issuer"], "leeway": 1}}});
    let portal = world.portal;
    portal.admin().patch(&path, other).await.expect(StatusCode::OK);
    let world = World { portal, strategy, edge };
    // Another spelling of the same: what was discovered holds.
    assert_eq!(world.discovery().await["status"], "discovered");
    world.edit(json!({"issuer": format!("{}/tenant", provider.url)})).await;
    world.becomes("failed").await;
    let World { portal, strategy, edge } = world;
    let portal = portal.restart().await;
    provider.change(|says| {
        says.status = StatusCode::OK;
        says.place = "/.well-known/oauth-authorization-server/tenant";
        says.issuer = says.issuer.clone() + "tenant";
    });
    let mut world = World { portal, strategy, edge };
    let known = world.becomes("discovered").await;
    assert_eq!(known["issuer"], format!("{}/tenant", provider.url));
    assert_eq!(world.check(&format!("{}/tenant", provider.url)).await, "keys_unavailable");
}

#[tokio::test]
async fn a_document_of_another_issuer_is_explained_and_not_taken() {
    let provider = Provider::start().await;
    provider.change(|says| says.issuer = "https://login.example.com".into());
    let mut world = World::new(&provider.url).await;
    let failed = world.becomes("failed").await;
    let error = failed["error"].as_str().unwrap();
    assert!(error.contains("speaks for `https://login.example.com`"), "{error}");
    assert!(error.contains(&format!("not for `{}`", provider.url)), "{error}");
    assert!(error.contains("enter `https://login.example.com`"), "{error}");
    for issuer in ["https://login.example.com", &provider.url] {
        assert_eq!(world.check(issuer).await, "issuer_undiscovered");
    }
    let verified = world.verify().await;
    assert_eq!(verified, json!({"status": "failed", "errors": [error]}));
}

#[tokio::test]
async fn what_was_entered_decides_where_is_looked() {
    let provider = Provider::start().await;
    provider.change(|says| {
        says.place = "/oauth-anonymous/.well-known/openid-configuration";
        says.issuer = says.issuer.clone() + "oauth-anonymous";
    });
    let base = format!("{}/oauth-anonymous", provider.url);
    let world = World::new(&format!("{base}/.well-known/openid-configuration")).await;
    assert_eq!(world.becomes("discovered").await["issuer"], base);
    let asked = provider.says.lock().unwrap().asked.clone();
    assert_eq!(asked, ["/oauth-anonymous/.well-known/openid-configuration"]);
}

#[tokio::test]
async fn nothing_is_asked_where_the_settings_say_all() {
    let provider = Provider::start().await;
    let point = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let jwks = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": point}]});
    let settings = json!({"issuer": provider.url, "auth_methods": ["bearer"], "jwks": jwks});
    let mut world = World::with(TestPortal::start().await, settings).await;
    let known = world.discovery().await;
    assert_eq!((&known["status"], &known["issuer"]), (&json!("not_needed"), &json!(provider.url)));
    assert_eq!(world.verify().await["status"], "success");
    assert!(provider.says.lock().unwrap().asked.is_empty());
    let other = format!("{}/", provider.url);
    assert_eq!(world.check(&other).await, "unknown_issuer");
    assert_ne!(world.check(&provider.url).await, "unknown_issuer");
    // Without the keys there is something to ask for.
    world.edit(json!({"jwks": null})).await;
    assert_eq!(world.becomes("discovered").await["issuer"], other);
}

#[tokio::test]
async fn the_portals_own_issuers_are_known_at_once() {
    let portal = TestPortal::start().await;
    let (admin, base) = (portal.admin(), portal.config.public_url.clone());
    assert_eq!(base, None);
    let base = format!("http://{}/auth", portal.config.listen);
    let server = new_auth_server(&portal).await;
    let blamed = admin.post(PATH, openid_connect(json!({"issuer": format!("{base}/{NOBODY}")})));
    let blamed = blamed.await.blamed();
    assert_eq!(blamed, [("configs.openid-connect.issuer".into(), "missing_reference".into())]);
    let issuer = format!("{base}/{server}");
    let mut world = World::with(portal, json!({"issuer": format!("{issuer}/")})).await;
    let known = world.discovery().await;
    assert_eq!((&known["status"], &known["issuer"]), (&json!("discovered"), &json!(issuer)));
    assert_eq!(known["jwks_uri"], format!("{issuer}/.well-known/jwks"));
    assert_eq!(world.check(&issuer).await, "keys_unavailable");
    assert_eq!(world.verify().await["status"], "success");
}

#[tokio::test]
async fn key_auth_has_no_issuer() {
    let portal = TestPortal::start().await;
    let path = format!("{PATH}/{}", portal.new_strategy(json!({})).await);
    let admin = portal.admin();
    admin.get(&format!("{path}/discovery")).await.expect(StatusCode::NOT_FOUND);
    admin.post(&format!("{path}/verify"), json!({})).await.expect(StatusCode::NOT_FOUND);
}

/// An authorization server, made behind the portal's back.
pub(crate) async fn new_auth_server(portal: &TestPortal) -> Uuid {
    let (db, id) = (portal.database().await, Uuid::now_v7());
    let uuid = match db.get_database_backend() {
        DbBackend::Sqlite => format!("X'{}'", id.simple()),
        _ => format!("'{id}'"),
    };
    let sql = format!(
        "INSERT INTO auth_servers (id, name, audience, algorithm, labels, trusted_origins, \
         token_profile, builtin, created_at, updated_at) VALUES ({uuid}, '{id}', 'a', 'RS256', \
         '{{}}', '[]', 'jwt', FALSE, 1, 1)"
    );
    db.execute_unprepared(&sql).await.unwrap();
    id
}
