//! A portal to test, and those who call it.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use gatekey_core::secret::Secret;
use gatekey_portal::config::{Config, Throttle};
use gatekey_portal::server::Server;
use sea_orm::{ConnectionTrait, DatabaseConnection};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;
use uuid::Uuid;

/// An id that nothing has.
pub(crate) const NOBODY: &str = "00000000-0000-4000-8000-000000000000";
/// A small specification.
pub(crate) const SPEC: &str =
    r#"{"openapi": "3.0.3", "info": {"title": "T", "version": "1"}, "paths": {}}"#;
/// The password of every developer here.
pub(crate) const PASSWORD: &str = "Correct-Horse-9!";

/// A portal with a data directory, and a database, of its own.
pub(crate) struct TestPortal {
    pub(crate) config: Config,
    pub(crate) server: Server,
    pub(crate) data_dir: TempDir,
    router: Router,
}

impl TestPortal {
    pub(crate) async fn start() -> Self {
        Self::start_as(|_| ()).await
    }

    pub(crate) async fn start_with(throttle: Throttle) -> Self {
        Self::start_as(|config| config.throttle = throttle).await
    }

    /// A portal with something in its configuration that differs.
    pub(crate) async fn start_as(change: impl FnOnce(&mut Config)) -> Self {
        let generous = 100_000;
        let throttle = Throttle {
            sign_ups: generous,
            sign_ins: generous,
            failed_sign_ins: generous,
            resets: generous,
            keys: generous,
            failed_clients: generous,
            client_tokens: generous,
            client_registrations: generous,
        };
        let data_dir = tempfile::tempdir().unwrap();
        let mut config = Config {
            data_dir: data_dir.path().to_owned(),
            database_url: database().await,
            throttle,
            ..Config::default()
        };
        change(&mut config);
        Self::open(config, data_dir).await
    }

    async fn open(config: Config, data_dir: TempDir) -> Self {
        let server = Server::open(config.clone()).await.unwrap();
        let router = server.router();
        Self { config, server, data_dir, router }
    }

    /// The same portal, after another start.
    pub(crate) async fn restart(self) -> Self {
        let Self { config, server, data_dir, router } = self;
        drop((server, router));
        Self::open(config, data_dir).await
    }

    /// The portal's database, behind its back.
    pub(crate) async fn database(&self) -> DatabaseConnection {
        let file = self.data_dir.path().join("gatekey.db");
        let url = self.config.database_url.as_ref().map(|url| url.expose().clone());
        let url = url.unwrap_or_else(|| format!("sqlite:{}", file.display()));
        sea_orm::Database::connect(url).await.unwrap()
    }

    /// A gateway.
    pub(crate) fn gateway(&self) -> Caller {
        let token = std::fs::read_to_string(self.data_dir.path().join("gateway-token")).unwrap();
        self.caller("").with("authorization", &format!("Bearer {}", token.trim()))
    }

    pub(crate) fn admin(&self) -> Caller {
        let token = std::fs::read_to_string(self.data_dir.path().join("admin-token")).unwrap();
        self.caller("").with("authorization", &format!("Bearer {}", token.trim()))
    }

    pub(crate) fn anyone(&self) -> Caller {
        self.caller("")
    }

    /// Somebody who looks at a portal's developer API.
    pub(crate) fn visitor(&self, portal: &str) -> Caller {
        self.caller(&format!("/portals/{portal}/api/v3"))
    }

    fn caller(&self, base: &str) -> Caller {
        Caller {
            router: self.router.clone(),
            base: base.into(),
            headers: HeaderMap::new(),
            cookies: Vec::new(),
        }
    }

    pub(crate) fn mailbox(&self) -> PathBuf {
        self.data_dir.path().join("mailbox")
    }

    /// Every e-mail to an address so far, oldest first.
    pub(crate) fn mails(&self, to: &str) -> Vec<Value> {
        let files = std::fs::read_dir(self.mailbox()).unwrap().map(|file| file.unwrap().path());
        let mut files: Vec<_> =
            files.filter(|file| file.extension().is_some_and(|end| end == "json")).collect();
        files.sort();
        let mails = files.into_iter().map(|file| std::fs::read_to_string(file).unwrap());
        mails
            .map(|mail| serde_json::from_str(&mail).unwrap())
            .filter(|m: &Value| m["to"] == to)
            .collect()
    }

    /// The variables of the newest e-mail of a template to an address, once it arrives.
    pub(crate) async fn mail(&self, to: &str, template: &str) -> Value {
        let patience = Instant::now() + Duration::from_secs(10);
        loop {
            let found = self.mails(to).into_iter().rfind(|mail| mail["template"] == template);
            if let Some(found) = found {
                return found["variables"].clone();
            }
            assert!(Instant::now() < patience, "no {template} to {to}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub(crate) async fn new_portal(&self, fields: Value) -> String {
        let mut body = json!({"name": unique("portal")});
        merge(&mut body, fields);
        self.admin().post("/v3/portals", body).await.id()
    }

    pub(crate) async fn new_api(&self) -> String {
        let body = json!({"name": unique("api"), "version": "1.0"});
        self.admin().post("/v3/apis", body).await.id()
    }

    pub(crate) async fn new_strategy(&self, settings: Value) -> String {
        let mut key_auth = json!({"key_names": ["apikey"]});
        merge(&mut key_auth, settings);
        let body = json!({
            "name": unique("strategy"),
            "display_name": "Keys",
            "strategy_type": "key_auth",
            "configs": {"key-auth": key_auth}
        });
        self.admin().post("/v2/application-auth-strategies", body).await.id()
    }

    pub(crate) async fn publish(&self, api: &str, portal: &str, body: Value) {
        let path = format!("/v3/apis/{api}/publications/{portal}");
        self.admin().put(&path, body).await.expect(StatusCode::OK);
    }

    /// A gateway with one service.
    pub(crate) async fn new_service(&self) -> (String, String) {
        let admin = self.admin();
        let body = json!({"name": unique("gateway")});
        let gateway = admin.post("/v2/control-planes", body).await.id();
        let path = format!("/v2/control-planes/{gateway}/core-entities/services");
        let service = admin.post(&path, json!({"name": "s", "host": "up.test"})).await.id();
        (gateway, service)
    }

    /// A developer who signed up, was approved and signed in.
    pub(crate) async fn developer(&self, portal: &str, name: &str) -> Developer {
        let mut developer = self.sign_up(portal, name).await;
        developer.become_(self, "approved").await;
        developer.sign_in().await.expect(StatusCode::NO_CONTENT);
        developer
    }

    /// A developer who signed up and chose a password.
    pub(crate) async fn sign_up(&self, portal: &str, name: &str) -> Developer {
        let email = format!("{name}@example.com");
        let mut caller = self.visitor(portal);
        let body = json!({"email": email, "full_name": name});
        caller.post("/developer", body).await.expect(StatusCode::CREATED);
        let token = self.mail(&email, "confirm-email-address").await["token"].clone();
        let reply = caller.post("/developer/verify-email", json!({"token": token})).await;
        let token = reply.expect(StatusCode::ACCEPTED).json()["token"].clone();
        let body = json!({"token": token, "password": PASSWORD});
        caller.post("/developer/reset-password", body).await.expect(StatusCode::NO_CONTENT);
        let query = format!("/v3/portals/{portal}/developers?filter[email][eq]={email}");
        let found = self.admin().get(&query).await;
        let id = found.json()["data"][0]["id"].as_str().unwrap().to_owned();
        caller.cookies.clear();
        Developer { caller, id, email, portal: portal.to_owned() }
    }
}

/// A person with an account.
pub(crate) struct Developer {
    pub(crate) caller: Caller,
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) portal: String,
}

impl Developer {
    pub(crate) async fn sign_in(&mut self) -> Reply {
        let body = json!({"username": self.email, "password": PASSWORD});
        self.caller.sign_in(body).await
    }

    pub(crate) async fn become_(&self, portal: &TestPortal, status: &str) {
        let path = format!("/v3/portals/{}/developers/{}", self.portal, self.id);
        portal.admin().patch(&path, json!({"status": status})).await.expect(StatusCode::OK);
    }

    pub(crate) async fn new_application(&self, strategy: &str) -> String {
        let body = json!({"name": unique("app"), "auth_strategy_id": strategy});
        self.caller.post("/applications", body).await.id()
    }

    pub(crate) async fn ask(&self, application: &str, api: &str) -> Reply {
        let path = format!("/applications/{application}/registrations");
        self.caller.post(&path, json!({"api_id": api})).await
    }
}

/// Somebody who calls.
#[derive(Clone)]
pub(crate) struct Caller {
    router: Router,
    base: String,
    headers: HeaderMap,
    pub(crate) cookies: Vec<(String, String)>,
}

impl Caller {
    /// The same caller at another process of the portal.
    pub(crate) fn at(mut self, router: Router) -> Self {
        self.router = router;
        self
    }

    /// The same caller, below no portal.
    pub(crate) fn at_root(mut self) -> Self {
        self.base.clear();
        self
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().unwrap());
        self
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(Method::POST, path, Some(body.to_string().into())).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Reply {
        self.send(Method::PUT, path, Some(body.to_string().into())).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send(Method::PATCH, path, Some(body.to_string().into())).await
    }

    /// Signs in and keeps the cookies.
    pub(crate) async fn sign_in(&mut self, body: Value) -> Reply {
        let reply = self.post("/developer/authenticate", body).await;
        self.keep(&reply);
        reply
    }

    /// Keeps the cookies of an answer.
    pub(crate) fn keep(&mut self, reply: &Reply) {
        for cookie in reply.headers.get_all(SET_COOKIE) {
            let first = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = first.split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.into(), value.into()));
            }
        }
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Reply {
        let path = path.replace('[', "%5B").replace(']', "%5D").replace(' ', "%20");
        let mut request =
            Request::builder().method(method.clone()).uri(format!("{}{path}", self.base));
        let headers = request.headers_mut().unwrap();
        headers.insert("host", "portal.test".parse().unwrap());
        if body.is_some() {
            headers.insert(CONTENT_TYPE, "application/json".parse().unwrap());
        }
        headers.extend(self.headers.clone());
        if !self.cookies.is_empty() {
            let pairs: Vec<_> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
            headers.insert(COOKIE, pairs.join("; ").parse().unwrap());
        }
        let request = request.body(body.map_or_else(Body::empty, Body::from)).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Reply {
            what: format!("{method} {path}"),
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    what: String,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("{}: {}", self.what, self.text()))
    }

    #[track_caller]
    pub(crate) fn expect(self, status: StatusCode) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.what, self.text());
        if status.is_client_error() {
            assert_eq!(self.headers[CONTENT_TYPE], "application/problem+json", "{}", self.what);
            let problem = self.json();
            assert_eq!(problem["status"], status.as_u16());
            assert!(problem["instance"].as_str().unwrap().starts_with("kong:trace:"));
            let blamed = problem["invalid_parameters"].as_array().is_some_and(|l| !l.is_empty());
            assert_eq!(blamed, status == StatusCode::BAD_REQUEST, "{}: {problem}", self.what);
        }
        self
    }

    /// The id of what was made.
    #[track_caller]
    pub(crate) fn id(self) -> String {
        self.expect(StatusCode::CREATED).json()["id"].as_str().unwrap().to_owned()
    }

    /// The blamed fields and their rules, of a 400.
    #[track_caller]
    pub(crate) fn blamed(self) -> Vec<(String, String)> {
        let problem = self.expect(StatusCode::BAD_REQUEST).json();
        let blamed = problem["invalid_parameters"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        blamed.map(|fault| (text(&fault["field"]), text(&fault["rule"]))).collect()
    }

    /// The ids of a list.
    #[track_caller]
    pub(crate) fn ids(self) -> Vec<String> {
        let list = self.expect(StatusCode::OK).json();
        let items = list["data"].as_array().unwrap().iter();
        items.map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    }
}

/// A name that nothing else has.
pub(crate) fn unique(label: &str) -> String {
    format!("{label}-{}", Uuid::now_v7().simple())
}

fn merge(into: &mut Value, from: Value) {
    let Value::Object(from) = from else { panic!("not an object") };
    into.as_object_mut().unwrap().extend(from);
}

/// A schema of its own on PostgreSQL; nothing, which means a file of its own, on SQLite.
pub(crate) async fn database() -> Option<Secret<String>> {
    let url = std::env::var("GATEKEY_TEST_POSTGRES_URL").ok()?;
    let schema = unique("test").replace('-', "_");
    let db = sea_orm::Database::connect(&url).await.unwrap();
    db.execute_unprepared(&format!("CREATE SCHEMA {schema}")).await.unwrap();
    db.close().await.unwrap();
    let separator = if url.contains('?') { '&' } else { '?' };
    Some(Secret::new(format!("{url}{separator}options[search_path]={schema}")))
}

/// The authorization header, for those who try another.
pub(crate) const BEARER: &str = "authorization";
