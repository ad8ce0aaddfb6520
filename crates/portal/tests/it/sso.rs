//! Developers who sign in at an identity provider, here one on this machine.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, LOCATION, SET_COOKIE};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Caller, Developer, Reply, TestPortal};
use crate::teams::{join, new_team};

const CLIENT: &str = "portal";
const SECRET: &str = "a secret of & the client";

/// An identity provider.
#[derive(Clone)]
struct Provider {
    url: String,
    state: Arc<Mutex<Told>>,
    key: Arc<EcdsaKeyPair>,
}

#[derive(Default)]
struct Told {
    /// What each code stands for: the parameters of the request, and the claims of the person.
    codes: HashMap<String, (HashMap<String, String>, Value)>,
    /// What the userinfo endpoint tells.
    userinfo: Value,
    /// What ID tokens say that they should not.
    lie: Value,
    /// Another key than the published one signs.
    forged: bool,
}

impl Provider {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let provider = Self { url, state: Arc::default(), key: Arc::new(new_key()) };
        let router = Router::new().fallback(answer).with_state(provider.clone());
        tokio::spawn(async { axum::serve(listener, router).await });
        provider
    }

    fn change(&self, change: impl FnOnce(&mut Told)) {
        change(&mut self.state.lock().unwrap());
    }

    /// Somebody agrees at the provider: the query that the browser is sent back with.
    fn agree(&self, location: &str, person: Value) -> String {
        let query = location.strip_prefix(&format!("{}/authorize?", self.url)).unwrap();
        let asked = form(query);
        let mut told = self.state.lock().unwrap();
        let code = format!("code-{}", told.codes.len());
        let state = asked["state"].clone();
        told.codes.insert(code.clone(), (asked, person));
        format!("code={code}&state={state}")
    }

    fn id_token(&self, asked: &HashMap<String, String>, person: &Value, access: &str) -> String {
        let told = self.state.lock().unwrap();
        let now = jiff_seconds();
        let mut claims = json!({
            "iss": self.url,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 60,
            "nonce": asked["nonce"],
            "at_hash": URL_SAFE_NO_PAD.encode(&Sha256::digest(access)[..16]),
        });
        for more in [person, &told.lie] {
            let more = more.as_object().into_iter().flatten();
            claims.as_object_mut().unwrap().extend(more.map(|(k, v)| (k.clone(), v.clone())));
        }
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let input = format!("{}.{}", part(&json!({"alg": "ES256", "kid": "k"})), part(&claims));
        let other = new_key();
        let key = if told.forged { &other } else { &*self.key };
        let signature = key.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}

fn new_key() -> EcdsaKeyPair {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap()
}

fn jiff_seconds() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

fn form(text: &str) -> HashMap<String, String> {
    let url = reqwest::Url::parse(&format!("http://x/?{text}")).unwrap();
    url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

async fn answer(State(provider): State<Provider>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 65_536).await.unwrap();
    let url = &provider.url;
    match parts.uri.path() {
        "/.well-known/openid-configuration" => Json(json!({
            "issuer": url,
            "authorization_endpoint": format!("{url}/authorize"),
            "token_endpoint": format!("{url}/token"),
            "userinfo_endpoint": format!("{url}/userinfo"),
            "jwks_uri": format!("{url}/jwks"),
        }))
        .into_response(),
        "/jwks" => {
            let point = provider.key.public_key().as_ref();
            let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
            let (x, y) = (number(&point[1..33]), number(&point[33..]));
            let key = json!({"kty": "EC", "crv": "P-256", "kid": "k", "x": x, "y": y});
            Json(json!({"keys": [key]})).into_response()
        }
        "/token" => {
            let sent = form(core::str::from_utf8(&body).unwrap());
            let basic = STANDARD.encode("portal:a+secret+of+%26+the+client");
            let found = provider.state.lock().unwrap().codes.remove(&sent["code"]);
            let refused = StatusCode::BAD_REQUEST.into_response();
            let Some((asked, person)) = found else { return refused };
            let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&sent["code_verifier"]));
            let fits = parts.headers[AUTHORIZATION] == format!("Basic {basic}")
                && challenge == asked["code_challenge"]
                && asked["code_challenge_method"] == "S256"
                && sent["redirect_uri"] == asked["redirect_uri"]
                && asked["client_id"] == CLIENT
                && sent["grant_type"] == "authorization_code";
            if !fits {
                return refused;
            }
            let id_token = provider.id_token(&asked, &person, "access");
            Json(json!({"access_token": "access", "token_type": "Bearer", "id_token": id_token}))
                .into_response()
        }
        "/userinfo" => Json(provider.state.lock().unwrap().userinfo.clone()).into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A portal whose developers sign in at a provider.
struct World {
    portal: TestPortal,
    provider: Provider,
    id: String,
    idp: String,
}

impl World {
    async fn new(fields: Value) -> Self {
        let (portal, provider) = (TestPortal::start().await, Provider::start().await);
        let id = portal.new_portal(fields).await;
        let body = json!({"type": "oidc", "enabled": true, "config": config(&provider)});
        let path = format!("/v3/portals/{id}/identity-providers");
        let idp = portal.admin().post(&path, body).await.id();
        Self { portal, provider, id, idp }
    }

    fn path(&self, rest: &str) -> String {
        format!("/v3/portals/{}{rest}", self.id)
    }

    /// A browser that went to the provider, and where it was sent.
    async fn begin(&self) -> (Caller, String) {
        let mut browser = self.portal.visitor(&self.id);
        let begun = browser.get("/developer/authenticate/sso").await.expect(StatusCode::FOUND);
        browser.keep(&begun);
        (browser, begun.headers[LOCATION].to_str().unwrap().to_owned())
    }

    async fn sign_in(&self, person: Value) -> (Caller, Reply) {
        let (mut browser, location) = self.begin().await;
        let query = self.provider.agree(&location, person);
        let back = browser.get(&format!("/developer/authenticate/sso/callback?{query}")).await;
        browser.keep(&back);
        (browser, back)
    }
}

fn config(provider: &Provider) -> Value {
    json!({"issuer_url": provider.url, "client_id": CLIENT, "client_secret": SECRET})
}

fn ann() -> Value {
    json!({"sub": "1", "email": "Ann@example.com", "name": "Ann", "email_verified": true})
}

#[tokio::test]
async fn who_is_new_gets_an_account_and_is_signed_in_once_approved() {
    let world = World::new(json!({})).await;
    let context = world.portal.visitor(&world.id).get("/portal").await.json();
    assert_eq!(context["oidc_auth_enabled"], true);
    let (browser, refused) = world.sign_in(ann()).await;
    assert_eq!(refused.expect(StatusCode::UNAUTHORIZED).json()["title"], "Approval Required");
    browser.get("/developer/me").await.expect(StatusCode::UNAUTHORIZED);
    let admin = world.portal.admin();
    let listed = admin.get(&world.path("/developers")).await.json();
    let known = &listed["data"][0];
    assert_eq!((&known["status"], &known["full_name"]), (&json!("pending"), &json!("Ann")));
    let path = world.path(&format!("/developers/{}", known["id"].as_str().unwrap()));
    admin.patch(&path, json!({"status": "approved"})).await.expect(StatusCode::OK);
    let (browser, back) = world.sign_in(ann()).await;
    let back = back.expect(StatusCode::FOUND);
    assert_eq!(back.headers[LOCATION], format!("/portals/{}/", world.id));
    assert_eq!(back.headers.get_all(SET_COOKIE).iter().count(), 3);
    let me = browser.get("/developer/me").await.expect(StatusCode::OK).json();
    assert_eq!((&me["id"], &me["email"]), (&known["id"], &json!("Ann@example.com")));
    // Another address, the same subject: the same person.
    let mut moved = ann();
    moved["email"] = json!("ann@elsewhere.example");
    let (browser, _) = world.sign_in(moved).await;
    assert_eq!(browser.get("/developer/me").await.json()["id"], known["id"]);
    // Another subject with this address is not.
    let mut other = ann();
    other["sub"] = json!("2");
    world.sign_in(other).await.1.expect(StatusCode::UNAUTHORIZED);
    admin.patch(&path, json!({"status": "revoked"})).await.expect(StatusCode::OK);
    world.sign_in(ann()).await.1.expect(StatusCode::UNAUTHORIZED);
    assert_eq!(admin.get(&world.path("/developers")).await.ids().len(), 1);
}

#[tokio::test]
async fn a_known_address_is_the_same_account_and_the_session_changes() {
    let world = World::new(json!({"auto_approve_developers": true})).await;
    let known = world.portal.developer(&world.id, "ann").await;
    let (mut browser, location) = world.begin().await;
    browser.cookies.extend(known.caller.cookies.clone());
    let query = world.provider.agree(&location, ann());
    let back = browser.get(&format!("/developer/authenticate/sso/callback?{query}")).await;
    browser.keep(&back.expect(StatusCode::FOUND));
    assert_eq!(browser.get("/developer/me").await.json()["id"], known.id);
    known.caller.get("/developer/me").await.expect(StatusCode::UNAUTHORIZED);
    // Userinfo completes what the ID token leaves out; of somebody else it is not believed.
    let bob = json!({"sub": "2"});
    world.provider.change(|told| {
        told.userinfo = json!({"sub": "2", "email": "bob@example.com", "name": "Bob"});
    });
    let (browser, back) = world.sign_in(bob.clone()).await;
    back.expect(StatusCode::FOUND);
    assert_eq!(browser.get("/developer/me").await.json()["full_name"], "Bob");
    world.provider.change(|told| told.userinfo["sub"] = json!("3"));
    let stranger = json!({"sub": "4"});
    world.sign_in(stranger).await.1.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_is_not_this_sign_in_is_refused() {
    let world = World::new(json!({"auto_approve_developers": true})).await;
    let callback = "/developer/authenticate/sso/callback";
    let visitor = world.portal.visitor(&world.id);
    visitor.get(callback).await.expect(StatusCode::UNAUTHORIZED);
    let (browser, location) = world.begin().await;
    let query = world.provider.agree(&location, ann());
    // Another browser, another state, no code, an error, another issuer, another portal.
    visitor.get(&format!("{callback}?{query}")).await.expect(StatusCode::UNAUTHORIZED);
    let state = query.split("state=").nth(1).unwrap();
    for wrong in [
        "code=code-0&state=x".to_owned(),
        format!("state={state}"),
        format!("error=access_denied&state={state}"),
        format!("{query}&iss=https://evil.test"),
    ] {
        let refused = browser.get(&format!("{callback}?{wrong}")).await;
        refused.expect(StatusCode::UNAUTHORIZED);
    }
    let other = world.portal.new_portal(json!({})).await;
    let mut elsewhere = world.portal.visitor(&other);
    elsewhere.cookies = browser.cookies.clone();
    elsewhere.get(&format!("{callback}?{query}")).await.expect(StatusCode::UNAUTHORIZED);
    // The right one works once.
    browser.get(&format!("{callback}?{query}")).await.expect(StatusCode::FOUND);
    browser.get(&format!("{callback}?{query}")).await.expect(StatusCode::UNAUTHORIZED);
    for lie in [
        json!({"iss": "https://evil.test"}),
        json!({"aud": "another"}),
        json!({"aud": [CLIENT, "another"]}),
        json!({"nonce": "x"}),
        json!({"exp": 1}),
        json!({"at_hash": "x"}),
        json!({"email_verified": false}),
        json!({"email": "nobody"}),
        json!({"sub": ""}),
    ] {
        world.provider.change(|told| told.lie = lie.clone());
        let refused = world.sign_in(ann()).await.1;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{lie}");
    }
    world.provider.change(|told| (told.lie, told.forged) = (Value::Null, true));
    world.sign_in(ann()).await.1.expect(StatusCode::UNAUTHORIZED);
    world.provider.change(|told| told.forged = false);
    world.sign_in(ann()).await.1.expect(StatusCode::FOUND);
    let begin = "/developer/authenticate/sso";
    for path in ["//evil.test", "https://evil.test", "x"] {
        let blamed = visitor.get(&format!("{begin}?return_to={path}")).await.blamed();
        assert_eq!(blamed, [("return_to".into(), "invalid".into())]);
    }
    let plain = world.portal.visitor(&other).get(begin).await.blamed();
    assert_eq!(plain, [("portal".into(), "missing_reference".into())]);
    let (late, location) = world.begin().await;
    let query = world.provider.agree(&location, ann());
    world.portal.server.advance_clock(std::time::Duration::from_secs(601));
    late.get(&format!("{callback}?{query}")).await.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn groups_give_teams_at_each_sign_in() {
    let world = World::new(json!({"auto_approve_developers": true})).await;
    let admin = world.portal.admin();
    let [red, blue, own] = [
        new_team(&world.portal, &world.id, json!({})).await,
        new_team(&world.portal, &world.id, json!({})).await,
        new_team(&world.portal, &world.id, json!({})).await,
    ];
    let mappings = world.path(&format!("/identity-providers/{}/team-group-mappings", world.idp));
    for (team, group) in [(&red, "reds"), (&blue, "blues"), (&blue, "all")] {
        let body = json!({"team_id": team, "group": group});
        admin.post(&mappings, body).await.expect(StatusCode::CREATED);
    }
    let person = |groups: Value| {
        let mut person = ann();
        person["groups"] = groups;
        person
    };
    let teams = async |groups: Value| {
        let (browser, back) = world.sign_in(person(groups)).await;
        back.expect(StatusCode::FOUND);
        let mut ids = browser.get("/developer/teams").await.ids();
        ids.sort();
        ids
    };
    let sorted = |mut ids: Vec<&String>| {
        ids.sort();
        ids.into_iter().cloned().collect::<Vec<_>>()
    };
    assert!(teams(json!(["reds"])).await.is_empty());
    let settings = world.path("/authentication-settings");
    let on = json!({"idp_mapping_enabled": true});
    admin.patch(&settings, on).await.expect(StatusCode::OK);
    assert_eq!(teams(json!(["reds", "all", "none"])).await, sorted(vec![&red, &blue]));
    let listed = admin.get(&world.path("/developers")).await.ids().remove(0);
    let ann = Developer {
        caller: world.portal.visitor(&world.id),
        id: listed,
        email: String::new(),
        portal: world.id.clone(),
    };
    join(&world.portal, &own, &ann).await;
    assert_eq!(teams(json!("blues")).await, sorted(vec![&blue, &own]));
    assert_eq!(teams(json!([])).await, sorted(vec![&own]));
    let off = json!({"konnect_mapping_enabled": false});
    admin.patch(&settings, off).await.expect(StatusCode::OK);
    assert_eq!(teams(json!(["reds"])).await, sorted(vec![&red]));
}

#[tokio::test]
async fn providers_and_settings_are_managed() {
    let world = World::new(json!({})).await;
    let admin = world.portal.admin();
    let base = world.path("/identity-providers");
    let one = format!("{base}/{}", world.idp);
    let shown = admin.get(&one).await.expect(StatusCode::OK);
    assert!(!shown.text().contains("secret"));
    let shown = shown.json();
    assert_eq!(shown["config"]["scopes"], json!(["email", "openid", "profile"]));
    assert_eq!(shown["config"]["claim_mappings"]["groups"], "groups");
    assert_eq!(admin.get(&base).await.json(), json!([shown]));
    assert_eq!(admin.get(&format!("{base}?filter[type][eq]=saml")).await.json(), json!([]));
    for (body, field, rule) in [
        (json!({"type": "oidc"}), "config", "required"),
        (json!({"type": "ldap", "config": {}}), "type", "enum"),
        (json!({"config": {"client_id": "c"}}), "config.issuer_url", "required"),
        (
            json!({"config": {"issuer_url": "ftp://x", "client_id": "c"}}),
            "config.issuer_url",
            "invalid",
        ),
        (
            json!({"config": {"issuer_url": "https://10.0.0.1", "client_id": "c"}}),
            "config.issuer_url",
            "invalid",
        ),
        (
            json!({"config": {"issuer_url": "https://a.test", "client_id": "c", "x": 1}}),
            "config.x",
            "unknown_property",
        ),
    ] {
        let blamed = admin.post(&base, body.clone()).await.blamed();
        assert_eq!(blamed, [(field.into(), rule.into())], "{body}");
    }
    let saml = json!({"type": "saml", "config": {"idp_metadata_url": "https://a.test"}});
    let left_out = admin.post(&base, saml).await;
    assert_eq!(left_out.status, StatusCode::NOT_IMPLEMENTED);
    assert!(left_out.json()["detail"].as_str().unwrap().contains("SAML"));
    let second = json!({"enabled": true, "config": config(&world.provider)});
    admin.post(&base, second).await.expect(StatusCode::CONFLICT);
    let second = admin.post(&base, json!({"config": config(&world.provider)})).await.id();
    let on = json!({"enabled": true});
    admin.patch(&format!("{base}/{second}"), on.clone()).await.expect(StatusCode::CONFLICT);
    admin.patch(&one, json!({"enabled": false})).await.expect(StatusCode::OK);
    admin.patch(&format!("{base}/{second}"), on).await.expect(StatusCode::OK);
    admin.delete(&format!("{base}/{second}")).await.expect(StatusCode::NO_CONTENT);
    admin.get(&format!("{base}/{second}")).await.expect(StatusCode::NOT_FOUND);
    let elsewhere = world.portal.new_portal(json!({})).await;
    let wrong = format!("/v3/portals/{elsewhere}/identity-providers/{}", world.idp);
    admin.get(&wrong).await.expect(StatusCode::NOT_FOUND);
    let settings = world.path("/authentication-settings");
    let seen = admin.get(&settings).await.json();
    assert_eq!(
        (&seen["basic_auth_enabled"], &seen["oidc_auth_enabled"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(seen["oidc_config"]["client_id"], CLIENT);
    let change = json!({"oidc_auth_enabled": true, "basic_auth_enabled": false});
    let changed = admin.patch(&settings, change).await.expect(StatusCode::OK).json();
    assert_eq!(changed["oidc_auth_enabled"], true);
    let saml = admin.patch(&settings, json!({"saml_auth_enabled": true})).await;
    assert_eq!(saml.status, StatusCode::NOT_IMPLEMENTED);
    let visitor = world.portal.visitor(&world.id);
    assert_eq!(visitor.get("/portal").await.json()["basic_auth_enabled"], false);
    let sign_up = json!({"email": "a@example.com", "full_name": "A"});
    visitor.post("/developer", sign_up).await.expect(StatusCode::FORBIDDEN);
    let attempt = json!({"username": "a@example.com", "password": "x"});
    visitor.post("/developer/authenticate", attempt).await.expect(StatusCode::FORBIDDEN);
    // The secret goes with its issuer.
    let path = format!("/v3/portals/{elsewhere}/authentication-settings");
    let lacking = json!({"oidc_auth_enabled": true, "oidc_client_id": "c"});
    let blamed = admin.patch(&path, lacking).await.blamed();
    assert_eq!(blamed, [("oidc_issuer".into(), "required".into())]);
    let whole = json!({
        "oidc_auth_enabled": true,
        "oidc_issuer": world.provider.url,
        "oidc_client_id": "c",
        "oidc_claim_mappings": {"email": "mail"}
    });
    let made = admin.patch(&path, whole).await.expect(StatusCode::OK).json();
    assert_eq!(made["oidc_config"]["claim_mappings"]["email"], "mail");
    assert_eq!(made["oidc_auth_enabled"], true);
}

#[tokio::test]
async fn mappings_are_paged_by_cursor() {
    let world = World::new(json!({})).await;
    let admin = world.portal.admin();
    let team = new_team(&world.portal, &world.id, json!({})).await;
    let mappings = world.path(&format!("/identity-providers/{}/team-group-mappings", world.idp));
    let mut ids = Vec::new();
    for n in 0..5 {
        let body = json!({"team_id": team, "group": format!("g{n}")});
        ids.push(admin.post(&mappings, body).await.id());
    }
    let again = json!({"team_id": team, "group": "g0"});
    admin.post(&mappings, again).await.expect(StatusCode::CONFLICT);
    let nobody = json!({"team_id": crate::support::NOBODY, "group": "g"});
    let blamed = admin.post(&mappings, nobody).await.blamed();
    assert_eq!(blamed, [("team_id".into(), "missing_reference".into())]);
    let mut seen = Vec::new();
    let mut next = format!("{mappings}?page[size]=2");
    let mut pages = Vec::new();
    loop {
        pages.push(next.clone());
        let page = admin.get(&next).await;
        let meta = page.json()["meta"]["page"].clone();
        assert_eq!(meta["size"], 2);
        seen.extend(page.ids());
        match meta["next"].as_str() {
            Some(path) => next = path.to_owned(),
            None => break,
        }
    }
    assert_eq!((&seen, pages.len()), (&ids, 3));
    let last = admin.get(pages.last().unwrap()).await.json();
    let previous = last["meta"]["page"]["previous"].as_str().unwrap().to_owned();
    assert_eq!(admin.get(&previous).await.ids(), ids[2..4]);
    let end = last["meta"]["page"]["last"].as_str().unwrap().to_owned();
    let end = admin.get(&end).await;
    assert_eq!(end.json()["meta"]["page"]["next"], Value::Null);
    assert_eq!(end.ids(), ids[3..]);
    let both = format!("{mappings}?filter[group][eq]=g3&filter[team_id][eq]={team}");
    let one = admin.get(&both);
    assert_eq!(one.await.ids(), [ids[3].clone()]);
    for (query, field, rule) in [
        ("page[size]=0", "page[size]", "min"),
        ("page[after]=x", "page[after]", "invalid"),
        ("page[number]=1", "page[number]", "unknown_property"),
        ("filter[team_id]=x", "filter[team_id]", "is_uuid"),
    ] {
        let blamed = admin.get(&format!("{mappings}?{query}")).await.blamed();
        assert_eq!(blamed, [(field.into(), rule.into())]);
    }
    let single = format!("{mappings}/{}", ids[0]);
    assert_eq!(admin.get(&single).await.json()["group"], "g0");
    admin.delete(&single).await.expect(StatusCode::NO_CONTENT);
    admin.delete(&single).await.expect(StatusCode::NOT_FOUND);
    let all = world.path("/identity-provider/team-group-mappings");
    let groups = admin.get(&all).await.json();
    assert_eq!(groups["data"][0]["groups"], json!(["g1", "g2", "g3", "g4"]));
    let edit = json!({"data": [{"team_id": team, "groups": ["x", "x"]}]});
    let changed = admin.patch(&all, edit).await.expect(StatusCode::OK).json();
    assert_eq!(changed["data"], json!([{"team_id": team, "groups": ["x"]}]));
    let gone = json!({"data": [{"team_id": team, "groups": []}]});
    assert_eq!(admin.patch(&all, gone).await.json()["data"], json!([]));
    let plain = world.portal.new_portal(json!({})).await;
    let none = format!("/v3/portals/{plain}/identity-provider/team-group-mappings");
    admin.get(&none).await.expect(StatusCode::BAD_REQUEST);
}
