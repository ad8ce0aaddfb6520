//! The portal's own registration endpoint: as the server behind the bridge, and called by the
//! portal's own client of RFC 7591.

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

/// A portal with an authorization server.
struct Portal {
    base: String,
    admin_token: String,
    server_id: String,
    issuer: String,
    task: JoinHandle<()>,
    _data_dir: TempDir,
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
            _data_dir: data_dir,
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
