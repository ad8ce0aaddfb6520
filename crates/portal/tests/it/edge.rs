//! A gateway that follows a portal, as the filter does: the core's follower, in-process HTTP.

use axum::http::{Method, StatusCode};
use gatekey_core::METHODS;
use gatekey_core::check::{Decision, Env, Memory, Settings, Step};
use gatekey_core::digest::Pepper;
use gatekey_core::http::{Header, Request};
use gatekey_core::id::Revision;
use gatekey_core::snapshot::SigningKey;
use gatekey_core::sync::{
    self, Document, Follower, Progress, Purpose, Replica, Reply, Settled, Timing,
};
use gatekey_core::time::UnixMillis;
use serde_json::json;

use crate::support::{Caller, Developer, TestPortal};

/// A portal with all it takes to let one key through.
pub(crate) struct World {
    pub(crate) portal: TestPortal,
    /// The id of the portal.
    pub(crate) id: String,
    pub(crate) gateway: String,
    pub(crate) service: String,
    pub(crate) api: String,
    pub(crate) strategy: String,
    pub(crate) developer: Developer,
    pub(crate) application: String,
}

impl World {
    /// An API, published and served, an application, no key, no registration.
    pub(crate) async fn new(portal: TestPortal) -> Self {
        let (id, strategy, api) = (
            portal.new_portal(json!({})).await,
            portal.new_strategy(json!({})).await,
            portal.new_api().await,
        );
        let (gateway, service) = portal.new_service().await;
        let admin = portal.admin();
        let path = format!("/v2/control-planes/{gateway}/core-entities/routes");
        let route = json!({"paths": ["/flights"], "service": {"id": service}});
        admin.post(&path, route).await.expect(StatusCode::CREATED);
        let path = format!("/v3/apis/{api}/implementations");
        let link = json!({"service": {"control_plane_id": gateway, "id": service}});
        admin.post(&path, link).await.expect(StatusCode::CREATED);
        portal.publish(&api, &id, json!({"auth_strategy_ids": [strategy]})).await;
        let developer = portal.developer(&id, "ann").await;
        let application = developer.new_application(&strategy).await;
        Self { portal, id, gateway, service, api, strategy, developer, application }
    }

    pub(crate) async fn restart(mut self) -> Self {
        self.portal = self.portal.restart().await;
        let mut caller = self.portal.visitor(&self.id);
        caller.cookies = self.developer.caller.cookies;
        self.developer.caller = caller;
        self
    }

    /// A new key, and its credential.
    pub(crate) async fn new_key(&self) -> (String, String) {
        let path = format!("/applications/{}/credentials", self.application);
        let made = self.developer.caller.post(&path, json!({})).await;
        let made = made.expect(StatusCode::CREATED).json();
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        (text("credential"), text("id"))
    }

    /// Asks for access; the path of the registration.
    pub(crate) async fn ask(&self) -> String {
        let asked = self.developer.ask(&self.application, &self.api).await;
        let id = asked.id();
        format!("/v3/portals/{}/applications/{}/registrations/{id}", self.id, self.application)
    }

    pub(crate) async fn set(&self, registration: &str, status: &str) {
        let reply = self.portal.admin().patch(registration, json!({"status": status})).await;
        reply.expect(StatusCode::OK);
    }

    /// Adds routes of 100 KiB each.
    pub(crate) async fn add_bulk(&self, routes: usize) {
        let path = format!("/v2/control-planes/{}/core-entities/routes", self.gateway);
        for route in 0..routes {
            let path_of = |at: usize| format!("/bulk-{route}-{at}-{}", "x".repeat(1000));
            let paths: Vec<_> = (0..100).map(path_of).collect();
            let body = json!({"paths": paths, "service": {"id": self.service}});
            self.portal.admin().post(&path, body).await.expect(StatusCode::CREATED);
        }
    }

    /// A gateway with nothing yet.
    pub(crate) fn edge(&self) -> Edge {
        Edge::new(&self.portal, &self.gateway)
    }
}

/// What a portal signs with.
pub(crate) fn signing_key(portal: &TestPortal) -> SigningKey {
    use base64::Engine;
    let seed = std::fs::read_to_string(portal.data_dir.path().join("signing-key")).unwrap();
    let seed = base64::engine::general_purpose::STANDARD.decode(seed.trim()).unwrap();
    SigningKey::from_seed(seed.try_into().unwrap())
}

pub(crate) fn peppers(portal: &TestPortal) -> Vec<Pepper> {
    use base64::Engine;
    let text = std::fs::read_to_string(portal.data_dir.path().join("pepper")).unwrap();
    let pepper = |line: &str| {
        let (id, secret) = line.split_once(':').unwrap();
        let secret = base64::engine::general_purpose::STANDARD.decode(secret).unwrap();
        Pepper::new(id, &secret).unwrap()
    };
    text.lines().map(pepper).collect()
}

/// A gateway that follows a portal.
pub(crate) struct Edge {
    pub(crate) follower: Follower,
    settings: Settings,
    now: UnixMillis,
}

impl Edge {
    pub(crate) fn new(portal: &TestPortal, gateway: &str) -> Self {
        Self::named(portal, gateway, "edge-1", 0)
    }

    /// A gateway whose polls wait.
    pub(crate) fn named(portal: &TestPortal, gateway: &str, instance: &str, wait: u32) -> Self {
        let key = signing_key(portal).verifying_key();
        let replica = Replica::new(gateway.parse().unwrap(), vec![key], METHODS);
        let timing = Timing { wait_seconds: wait, timeout_ms: 5_000 };
        Self {
            follower: Follower::new(replica, timing, instance),
            settings: Settings { peppers: peppers(portal), ..Settings::default() },
            now: UnixMillis(1_700_000_000_000),
        }
    }

    pub(crate) fn held(&self) -> Revision {
        self.follower.replica().policy().map(|policy| policy.revision()).unwrap_or_default()
    }

    /// One call, whatever it is; the pauses between calls pass at once.
    pub(crate) async fn step(&mut self, gateway: &Caller) -> Settled {
        self.now = self.now.plus(2_000);
        let purpose = Purpose::Follow { applied: self.held() };
        let (call, chore) = self.follower.upkeep(self.now, purpose, Vec::new).unwrap();
        let method = match call.method {
            sync::Method::Get => Method::GET,
            sync::Method::Post => Method::POST,
        };
        let reply = gateway.send(method, &call.path, Some(call.body)).await;
        let reply = Reply::Response { status: reply.status.as_u16(), body: &reply.body };
        self.follower.settle(self.now, chore, &reply)
    }

    /// Calls until the portal confirms that nothing is missing; the documents that led there.
    pub(crate) async fn catch_up(&mut self, portal: &TestPortal) -> Vec<Document> {
        let gateway = portal.gateway();
        let mut seen = Vec::new();
        for _ in 0..100 {
            match self.step(&gateway).await {
                Settled::Accepted { document, progress } => {
                    if let (Document::Delta, Progress::Confirmed(_)) = (document, progress) {
                        return seen;
                    }
                    seen.push(document);
                }
                Settled::Outdated => {}
                other => panic!("{other:?}"),
            }
        }
        panic!("never in step: {seen:?}");
    }

    /// What becomes of a request with a key: `allowed`, or why not.
    pub(crate) fn check(&self, key: &str) -> &'static str {
        self.check_with(Header { name: b"apikey", value: key.as_bytes() })
    }

    /// The same for a request with a token. No provider is asked.
    pub(crate) fn check_token(&self, token: &str) -> &'static str {
        let value = format!("Bearer {token}");
        self.check_with(Header { name: b"authorization", value: value.as_bytes() })
    }

    fn check_with(&self, header: Header<'_>) -> &'static str {
        let Some(policy) = self.follower.replica().policy() else { return "no_policy" };
        let request = Request {
            method: b"GET",
            authority: b"api.test",
            path: b"/flights/1",
            headers: &[header],
        };
        let now = policy.issued_at().seconds();
        let env = Env::new(now, &self.settings);
        match policy.check(&mut Memory::default(), &env, &request) {
            Step::Done(Decision::Allow(_)) => "allowed",
            Step::Done(Decision::Deny(refusal)) => refusal.code(),
            Step::Done(Decision::Redirect(_)) | Step::Wait(_) => "undecided",
        }
    }
}

#[tokio::test]
async fn no_answer_can_be_framed_or_load_anything() {
    let portal = TestPortal::start_as(|config| {
        config.public_url = Some("https://portal.example".into());
    })
    .await;
    for path in ["/healthz", "/v3/portals", "/openapi.json", "/nowhere"] {
        let reply = portal.anyone().get(path).await;
        for (name, value) in [
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("strict-transport-security", "max-age=31536000"),
        ] {
            assert_eq!(reply.headers[name], value, "{path}");
        }
    }
}
