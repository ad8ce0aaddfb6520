//! The portal's own registration endpoint: as the server behind the bridge, and called by the
//! portal's own client of RFC 7591; and the portal at both ends.

use core::time::Duration;
use std::time::Instant;

use gatekey_dcr::{
    Adapter, Event, FailureKind, Job, Kind, Metadata, Next, Provider, Settled, State,
};
use gatekey_portal::config::Config;
use gatekey_portal::server::Server;
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::running::{Bridge, folder, issued, metadata, send};

const PATIENCE: Duration = Duration::from_secs(30);

/// A portal with an authorization server.
struct Portal {
    base: String,
    admin_token: String,
    server_id: String,
    issuer: String,
    task: JoinHandle<()>,
    data_dir: TempDir,
}

impl Drop for Portal {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Portal {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let listen = listener.local_addr().unwrap();
        let data_dir = TempDir::new().unwrap();
        let data = data_dir.path().to_owned();
        let config = Config { data_dir: data.clone(), listen, ..Config::default() };
        let server = Server::open(config).await.unwrap();
        let admin_token = std::fs::read_to_string(data.join("admin-token")).unwrap();
        let task = tokio::spawn(async move {
            let _ = server.serve(listener, core::future::pending()).await;
        });
        let mut portal = Self {
            base: format!("http://{listen}"),
            admin_token: admin_token.trim().to_owned(),
            server_id: String::new(),
            issuer: String::new(),
            task,
            data_dir,
        };
        let new = json!({ "name": "people", "audience": "orders" });
        let made = portal.admin("POST", "/v1/auth-servers", new, 201).await;
        portal.server_id = made["id"].as_str().unwrap().to_owned();
        portal.issuer = made["issuer"].as_str().unwrap().to_owned();
        let scope = json!({ "name": "orders", "description": "Orders" });
        let scopes = format!("/v1/auth-servers/{}/scopes", portal.server_id);
        portal.admin("POST", &scopes, scope, 201).await;
        portal
    }

    async fn admin(&self, method: &str, path: &str, body: Value, expected: u16) -> Value {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = reqwest::Client::new()
            .request(method, format!("{}{path}", self.base))
            .header("authorization", format!("Bearer {}", self.admin_token));
        if !body.is_null() {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let body = answer.bytes().await.unwrap();
        assert_eq!(status, expected, "{path}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap_or_default()
    }

    /// A token with which so many clients can be registered.
    async fn initial_access_token(&self, uses: u32) -> String {
        let path = format!("/v1/auth-servers/{}/initial-access-tokens", self.server_id);
        let made = self.admin("POST", &path, json!({ "uses": uses }), 201).await;
        made["token"].as_str().unwrap().to_owned()
    }

    async fn clients(&self) -> Vec<Value> {
        let path = format!("/v1/auth-servers/{}/clients", self.server_id);
        let listed = self.admin("GET", &path, Value::Null, 200).await;
        listed["data"].as_array().unwrap().clone()
    }

    /// Whether a client gets a token with the secret.
    async fn works(&self, state: &State, secret: &str) -> bool {
        let id = state.remote.client_id.clone().unwrap();
        let basic = reqwest::Client::new()
            .post(format!("{}/oauth/token", self.issuer))
            .basic_auth(id, Some(secret))
            .header("content-type", "application/x-www-form-urlencoded");
        let answer = basic.body("grant_type=client_credentials").send().await.unwrap();
        answer.status() == 200
    }
}

/// The portal's client of RFC 7591, for the portal's own server.
fn adapter(portal: &Portal, token: &str) -> Box<dyn Adapter> {
    let config = json!({ "rotate": "reregister", "read": "safe" });
    let mut secrets = Map::new();
    secrets.insert("initial_access_token".into(), token.into());
    let provider = Provider {
        kind: Kind::Rfc7591,
        issuer: portal.issuer.clone(),
        config: config.as_object().cloned().unwrap(),
        secrets,
    };
    provider.adapter().unwrap().unwrap()
}

async fn job(
    adapter: &dyn Adapter,
    job: &Job,
    state: &mut State,
) -> Result<(), gatekey_dcr::Failure> {
    *state = State { remote: state.remote.clone(), ..State::default() };
    loop {
        let (step, call) = match adapter.next(job, state) {
            Next::Call(step, call) => (step, call),
            Next::Done => return Ok(()),
            Next::Failed(failure) => return Err(failure),
        };
        match adapter.settle(job, state, step, &send(&call).await) {
            Settled::Continue => {}
            Settled::Failed(failure) => return Err(failure),
            Settled::Retry { reason, .. } => panic!("{step}: {reason}"),
        }
    }
}

#[tokio::test]
async fn our_client_registers_at_our_server() {
    let portal = Portal::start().await;
    let adapter = adapter(&portal, &portal.initial_access_token(2).await);
    let adapter = adapter.as_ref();
    let mut state = State::default();
    // It uses nothing up.
    for _ in 0..5 {
        job(adapter, &Job::Verify, &mut state).await.unwrap();
        assert_eq!(state.found.warnings, Vec::<String>::new());
    }
    job(adapter, &Job::Register(metadata()), &mut state).await.unwrap();
    assert_eq!(state.found.warnings, Vec::<String>::new());
    let secret = issued(&state);
    assert!(portal.works(&state, &secret).await);
    job(adapter, &Job::GrantedScopes, &mut state).await.unwrap();
    assert_eq!(state.found.scopes, ["orders"]);

    for round in 0..3 {
        let token = state.remote.registration_access_token.clone().unwrap();
        let renamed = Metadata { name: format!("Name {round}"), ..metadata() };
        job(adapter, &Job::Update(renamed), &mut state).await.unwrap();
        assert!(state.issued.is_none(), "the secret stays");
        let new = state.remote.registration_access_token.clone().unwrap();
        assert_ne!(token.expose(), new.expose(), "the token does not");
        assert_eq!(portal.clients().await[0]["name"], format!("Name {round}"));
        assert!(portal.works(&state, &secret).await);
    }

    let remote = state.remote.clone();
    job(adapter, &Job::Unregister, &mut state).await.unwrap();
    assert_eq!(portal.clients().await, Vec::<Value>::new());
    let mut gone = State { remote, ..State::default() };
    assert!(!portal.works(&gone, &secret).await);
    job(adapter, &Job::Unregister, &mut gone).await.unwrap();

    // The token was good for two.
    let mut state = State::default();
    job(adapter, &Job::Register(metadata()), &mut state).await.unwrap();
    let used_up = job(adapter, &Job::Register(metadata()), &mut State::default()).await;
    assert_eq!(used_up.unwrap_err().kind, FailureKind::Unauthorized);
    assert_eq!(portal.clients().await.len(), 1);
}

#[tokio::test]
async fn a_token_that_is_too_old_is_found_out() {
    let portal = Portal::start().await;
    let adapter = adapter(&portal, &portal.initial_access_token(1).await);
    let adapter = adapter.as_ref();
    let mut state = State::default();
    job(adapter, &Job::Register(metadata()), &mut state).await.unwrap();
    let old = state.remote.clone();
    job(adapter, &Job::Update(metadata()), &mut state).await.unwrap();
    let mut behind = State { remote: old, ..State::default() };
    let refused = job(adapter, &Job::Update(metadata()), &mut behind).await.unwrap_err();
    assert_eq!(refused.kind, FailureKind::Unauthorized);
    let refused = job(adapter, &Job::Unregister, &mut behind).await.unwrap_err();
    assert_eq!(refused.kind, FailureKind::Uncertain);
    assert_eq!(portal.clients().await.len(), 1);
}

#[tokio::test]
async fn the_bridge_stands_before_our_server() {
    let portal = Portal::start().await;
    let (_folder, path) = folder();
    let token = portal.initial_access_token(1).await;
    let bridge = Bridge::start(&portal.issuer, &token, &path, &[]);
    let mut state = State::default();
    bridge.job(Job::Verify, &mut state).await.unwrap();
    bridge.job(Job::Register(metadata()), &mut state).await.unwrap();
    let secret = issued(&state);
    assert!(portal.works(&state, &secret).await);
    let renamed = Metadata {
        name: "Renamed".into(),
        redirect_uris: vec!["https://app.test/cb".into()],
        ..metadata()
    };
    bridge.job(Job::Notify(renamed, Event::Updated), &mut state).await.unwrap();
    let shown = portal.clients().await;
    assert_eq!(shown[0]["name"], "Renamed");
    assert_eq!(shown[0]["redirect_uris"], json!(["https://app.test/cb"]));
    assert!(portal.works(&state, &secret).await);
    bridge.job(Job::Unregister, &mut state).await.unwrap();
    assert_eq!(portal.clients().await, Vec::<Value>::new());
}

/// A developer who is signed in.
struct Developer {
    base: String,
    cookie: String,
}

impl Developer {
    /// Joins a new portal in which nobody has to be approved.
    async fn join(portal: &Portal) -> Self {
        let new = json!({
            "name": "applications",
            "auto_approve_developers": true,
            "auto_approve_applications": true,
        });
        let made = portal.admin("POST", "/v3/portals", new, 201).await;
        let id = made["id"].as_str().unwrap();
        let base = format!("{}/portals/{id}/api/v3", portal.base);
        let mut developer = Self { base, cookie: String::new() };
        let (email, password) = ("ada@example.com", "A-long-way-from-Turin-1842");
        let new = json!({ "email": email, "full_name": "Ada" });
        developer.call("POST", "/developer", new, 201).await;
        let token = portal.token_from_mail(email).await;
        let verified = developer.call("POST", "/developer/verify-email", token, 202).await;
        let token = json!({ "token": verified["token"], "password": password });
        developer.call("POST", "/developer/reset-password", token, 204).await;
        let credentials = json!({ "username": email, "password": password }).to_string();
        let request = reqwest::Client::new()
            .post(format!("{}/developer/authenticate", developer.base))
            .header("content-type", "application/json");
        let answer = request.body(credentials).send().await.unwrap();
        let cookies = answer.headers().get_all("set-cookie").iter();
        let cookies = cookies.map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap());
        let cookie = cookies.into_iter().find(|pair| pair.starts_with("portalaccesstoken="));
        developer.cookie = cookie.unwrap().to_owned();
        developer
    }

    async fn call(&self, method: &str, path: &str, body: Value, expected: u16) -> Value {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = reqwest::Client::new().request(method, format!("{}{path}", self.base));
        if !self.cookie.is_empty() {
            request = request.header("cookie", &self.cookie);
        }
        if !body.is_null() {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let body = answer.bytes().await.unwrap();
        assert_eq!(status, expected, "{path}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap_or_default()
    }
}

impl Portal {
    /// The body that confirms an address, once the e-mail is there.
    async fn token_from_mail(&self, to: &str) -> Value {
        let begun = Instant::now();
        loop {
            let mails = std::fs::read_dir(self.data_dir.path().join("mailbox"));
            for mail in mails.into_iter().flatten() {
                let text = std::fs::read(mail.unwrap().path()).unwrap();
                let mail: Value = serde_json::from_slice(&text).unwrap_or_default();
                if mail["to"] == to && mail["template"] == "confirm-email-address" {
                    return json!({ "token": mail["variables"]["token"] });
                }
            }
            assert!(begun.elapsed() < PATIENCE, "no e-mail to {to}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// A strategy whose clients a provider makes.
    async fn strategy(&self, kind: &str, config: Value) -> String {
        let new = json!({
            "name": kind, "provider_type": kind, "issuer": self.issuer, "dcr_config": config,
        });
        let provider = self.admin("POST", "/v2/dcr-providers", new, 201).await;
        let verify = format!("/v2/dcr-providers/{}/verify", provider["id"].as_str().unwrap());
        let verified = self.admin("POST", &verify, Value::Null, 200).await;
        assert_eq!(verified["status"], "success", "{verified}");
        let settings = json!({
            "issuer": self.issuer, "credential_claim": ["sub"], "scopes": ["orders"],
            "auth_methods": ["client_credentials", "bearer"],
        });
        let new = json!({
            "name": kind, "display_name": kind, "strategy_type": "openid_connect",
            "configs": { "openid-connect": settings }, "dcr_provider_id": provider["id"],
        });
        let made = self.admin("POST", "/v2/application-auth-strategies", new, 201).await;
        made["id"].as_str().unwrap().to_owned()
    }

    /// Waits until the server has exactly these clients.
    async fn names(&self, expected: &[&str]) {
        let begun = Instant::now();
        loop {
            let clients = self.clients().await;
            let names: Vec<_> =
                clients.iter().map(|client| client["name"].as_str().unwrap()).collect();
            let mut pairs = names.iter().zip(expected);
            // A name that another client has at the time gets a word more.
            if names.len() == expected.len() && pairs.all(|(name, wanted)| name.starts_with(wanted))
            {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{names:?}, not {expected:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Whether the client of an answer gets a token with the answer's secret.
    async fn serves(&self, answer: &Value) -> bool {
        let mut state = State::default();
        state.remote.client_id = answer["client_id"].as_str().map(str::to_owned);
        self.works(&state, answer["client_secret"].as_str().unwrap()).await
    }
}

#[tokio::test]
async fn the_portal_is_at_both_ends() {
    let portal = Portal::start().await;
    let developer = Developer::join(&portal).await;
    let (_folder, path) = folder();
    let token = portal.initial_access_token(10).await;
    let bridge = Bridge::start(&portal.issuer, &token, &path, &[]);
    let through_bridge = json!({
        "dcr_base_url": bridge.url,
        "api_key": "first_key_of_two",
        "disable_refresh_secret": true,
    });
    let direct = json!({ "initial_access_token": token, "rotate": "reregister" });
    for (kind, config, renews) in [("http", through_bridge, 409), ("rfc7591", direct, 201)] {
        let strategy = portal.strategy(kind, config).await;
        let new = json!({ "name": "An app", "auth_strategy_id": strategy });
        let mut app = developer.call("POST", "/applications", new, 201).await;
        let path = format!("/applications/{}", app["id"].as_str().unwrap());
        portal.names(&["An app"]).await;
        assert!(portal.serves(&app).await, "{kind}");

        developer.call("PATCH", &path, json!({ "name": "Renamed" }), 200).await;
        portal.names(&["Renamed"]).await;
        assert!(portal.serves(&app).await, "{kind}");

        let renew = format!("{path}/regenerate-secret");
        let renewed = developer.call("POST", &renew, Value::Null, renews).await;
        if renews == 201 {
            assert_ne!(renewed["client_id"], app["client_id"]);
            assert!(portal.serves(&renewed).await);
            portal.names(&["Renamed"]).await;
            assert!(!portal.serves(&app).await, "the old client is gone");
            app = renewed;
        }
        assert!(portal.serves(&app).await, "{kind}");

        developer.call("DELETE", &path, Value::Null, 204).await;
        portal.names(&[]).await;
        assert!(!portal.serves(&app).await, "{kind}");
    }
}
