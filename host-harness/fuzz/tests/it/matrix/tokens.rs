//! The filter for OpenID Connect: keys at hand, keys that are fetched, and tokens that are asked about.

use gatekey_core::id::{
    ApiId, ApplicationId, CredentialId, DeveloperId, PortalId, Revision, RouteId, ServiceId,
    StrategyId,
};
use gatekey_core::lifecycle::registration::RegistrationStatus;
use gatekey_core::oidc::client_digest;
use gatekey_core::snapshot::SnapshotWriter;
use gatekey_core::snapshot::record::{
    Application, Credential, Owner, Publication, Record, Registration, Route, Scheme, Service,
    Strategy, StrategyMethod,
};
use gatekey_harness_fuzz::gate::{self, Source};
use gatekey_scenarios::forge;
use serde_json::{Value, json};

use super::{HOSTS, Host, assert_closed, assert_committed, assert_same, folder, profiles, told};
use crate::built;

const ISSUER: &str = "https://idp.test";
const ADDRESS: &str = "idp.test:8080";
const STRATEGY: StrategyId = StrategyId::from_bytes(*b"gatekey strategy");
const SERVICE: ServiceId = ServiceId::from_bytes(*b"gatekey service.");
const API: ApiId = ApiId::from_bytes(*b"gatekey api.....");
const PORTAL: PortalId = PortalId::from_bytes(*b"gatekey portal..");
const DEVELOPER: DeveloperId = DeveloperId::from_bytes(*b"gatekey dev.....");
const GOOD: ApplicationId = ApplicationId::from_bytes(*b"gatekey app.....");
const IDLE: ApplicationId = ApplicationId::from_bytes(*b"gatekey idle....");

/// How tokens are proven.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The strategy has the keys.
    Inline,
    /// They are fetched from the provider.
    Fetched,
    /// The provider is asked about each token.
    Introspected,
}

fn bundle(settings: &Value) -> Vec<u8> {
    let method = StrategyMethod::OpenIdConnect { settings: settings.to_string().into_bytes() };
    let application =
        |id, name: &str| Application::new(id, PORTAL, STRATEGY, Owner::Developer(DEVELOPER), name);
    let client = |id: u8, application, name| Credential {
        id: CredentialId::from_bytes([id; 16]),
        application,
        digest: client_digest(STRATEGY, ISSUER, name),
        scheme: Scheme::Client,
        expires_at: None,
    };
    let registration = |application, status| Registration::new(application, API, status);
    let mut records: Vec<Record> = vec![
        Strategy { id: STRATEGY, method }.into(),
        Service { id: SERVICE, name: "flights".into() }.into(),
        Route {
            id: RouteId::from_bytes(*b"gatekey route..."),
            service: SERVICE,
            hosts: vec!["a.test".into()],
            paths: vec!["/a".into()],
            methods: Vec::new(),
            headers: Vec::new(),
        }
        .into(),
        Publication::new(API, PORTAL, SERVICE, Some(STRATEGY)).into(),
        application(GOOD, "trips").into(),
        application(IDLE, "idle").into(),
        registration(GOOD, RegistrationStatus::Approved).into(),
        registration(IDLE, RegistrationStatus::Pending).into(),
        client(1, GOOD, "trips").into(),
        client(2, IDLE, "idle").into(),
    ];
    records.sort_by_key(Record::key);
    let mut writer = SnapshotWriter::new(gate::GATEWAY, Revision(1), gate::START);
    records.iter().for_each(|record| writer.push(record).unwrap());
    writer.finish(&gate::signing_key()).bundle()
}

/// A token, signed with this key of the forge.
fn token(key: &str, more: &Value) -> String {
    let now = gate::START.0 / 1000;
    let mut claims =
        json!({"iss": ISSUER, "sub": "trips", "iat": now - 60, "exp": now + 10_000_000});
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    // The name of a key that is known, whoever signs.
    let header = json!({"alg": "EdDSA", "kid": "ed25519-a"}).to_string();
    forge::token(&header, claims.to_string().as_bytes(), key, "EdDSA").unwrap()
}

impl Way {
    fn settings(self) -> Value {
        let mut settings = json!({"issuer": ISSUER, "auth_methods": ["bearer"]});
        match self {
            Self::Inline => settings["jwks"] = forge::key_set(["ed25519-a"]).unwrap(),
            Self::Fetched => {}
            Self::Introspected => {
                settings["auth_methods"] = json!(["introspection"]);
                settings["client_id"] = "gateway".into();
                settings["introspection_endpoint"] = format!("{ISSUER}/introspect").into();
            }
        }
        settings
    }

    /// The token of this application.
    fn token(self, client: &str) -> String {
        match self {
            Self::Introspected => format!("opaque-of-{client}"),
            _ => token("ed25519-a", &json!({"sub": client})),
        }
    }

    /// Tokens that must be refused, and how.
    fn refused(self) -> Vec<(String, u16)> {
        let past = gate::START.0 / 1000 - 10;
        let signed = match self {
            Self::Introspected => vec![(token("ed25519-a", &json!({})), 401)],
            _ => vec![
                (token("ed25519-b", &json!({})), 401),
                (token("ed25519-a", &json!({"exp": past})), 401),
                (token("ed25519-a", &json!({"iss": "https://rival.test"})), 401),
                ("opaque".to_owned(), 401),
            ],
        };
        let own = [("stranger", 401), ("idle", 403)];
        own.into_iter().map(|(client, status)| (self.token(client), status)).chain(signed).collect()
    }
}

impl Host {
    fn provider(&self) -> &'static str {
        if self.removes { "idp" } else { ADDRESS }
    }

    fn chain(&self, way: Way) -> Value {
        let mut configuration = self.configuration(Source::Inline(&bundle(&way.settings())));
        let upstream = match self.removes {
            true => json!({"envoy_cluster": "idp", "authority": "idp.test"}),
            false => json!({"address": ADDRESS, "authority": "idp.test"}),
        };
        configuration["upstreams"] = json!({"idp.test": upstream});
        configuration["providers"] = json!([{
            "issuer": ISSUER, "client_id": "gateway", "client_secret": "own-client-secret",
        }]);
        let entry = |configuration: &Value| json!({"name": "openid-connect", "configuration": {"json": configuration}});
        if self.removes || way != Way::Introspected {
            return json!([entry(&configuration)]);
        }
        // Here a request that waits goes on by itself when the filter fails: a gate stands behind.
        configuration["request_calls"] = true.into();
        configuration["gate"] = true.into();
        let gate = json!({"version": 1, "role": "gate", "host": configuration["host"]});
        json!([entry(&configuration), entry(&gate)])
    }

    /// What the provider says.
    fn world(&self) -> Value {
        let json = |value: Value| json!({"after_ms": 20, "body": {"json": value}});
        let says = |client: &str| {
            let told = json!({"active": true, "sub": client});
            json!({"body": {"contains": Way::Introspected.token(client)}, "reply": json(told)})
        };
        let at = |path: &str, value: Value| json!({"path": path, "reply": json(value)});
        json!({"upstreams": {self.provider(): {
            "routes": [
                at("/.well-known/openid-configuration", json!({
                    "issuer": ISSUER, "jwks_uri": format!("{ISSUER}/jwks"),
                })),
                at("/jwks", forge::key_set(["ed25519-a"]).unwrap()),
                says("trips"),
                says("idle"),
                says("stranger"),
                at("/introspect", json!({"active": false})),
            ],
        }}})
    }

    fn token_requests(&self, way: Way) -> Vec<Value> {
        let refused =
            |status: u16| json!({"outcome": "local", "status": status, "upstream": false});
        let mut headers = json!({"x-application-name": "trips"});
        if self.removes {
            headers["authorization"] = json!({"absent": true});
        }
        let identity = json!({"outcome": "upstream", "upstream": {"headers": headers}});
        let bearer = |token: &str| format!("Bearer {token}");
        let good = bearer(&way.token("trips"));
        let good = [("authorization", good.as_str())];
        let mut forged = vec![("x-consumer-id", "admin"), ("X_Api_Id", "1")];
        forged.extend(good);
        forged.extend([("x-application-name", "rival"), ("x-consumer-username", "root")]);
        let corrected = if self.removes { &identity } else { &refused(400) };
        let mut requests = vec![
            super::request(&good, &identity),
            super::request(&forged, corrected),
            super::request(&[], &refused(401)),
            super::request(&[good[0], good[0]], &refused(400)),
        ];
        for (token, status) in way.refused() {
            requests.push(super::request(&[("authorization", &bearer(&token))], &refused(status)));
        }
        requests.push(super::request(&good, &identity));
        requests
    }

    fn token_case(&self, way: Way) -> Value {
        let mut steps = Vec::new();
        // On Envoy the first request waits for the keys.
        if way == Way::Fetched && !self.removes {
            steps.push(json!({"advance_ms": 2000}));
        }
        steps.extend(self.token_requests(way));
        let name = match way {
            Way::Inline => "inline keys",
            Way::Fetched => "fetched keys",
            Way::Introspected => "introspection",
        };
        json!({
            "name": format!("{name} on {}", self.name),
            "profiles": self.profiles,
            "secrets": [way.token("trips"), "own-client-secret"],
            "allow": {"logs": [{"level": "warn"}], "secrets_to": [self.provider()]},
            "world": self.world(),
            "chain": self.chain(way),
            "steps": steps,
        })
    }
}

fn cases() -> Value {
    let ways = [Way::Inline, Way::Fetched, Way::Introspected];
    let cases = HOSTS.iter().flat_map(|host| ways.map(|way| host.token_case(way)));
    json!({
        "version": 1,
        "name": "faults",
        "about": "What the fail-closed matrix of the filter is made from.",
        "world": {"clock": gate::START.0, "fuel_limit": 2_000_000_000_u64},
        "cases": cases.collect::<Vec<_>>(),
    })
}

#[test]
fn the_cases_are_the_committed_ones() {
    assert_committed(&folder("openid-connect"), &cases());
}

#[test]
fn the_filter_is_closed_under_every_fault() {
    let Some(filter) = built(gate::module("openid_connect")) else { return };
    assert_closed(&folder("openid-connect"), &filter);
}

/// What the filter with all methods does with tokens is no other code.
#[test]
fn the_filter_with_all_methods_is_as_closed() {
    let Some(filter) = built(gate::module("application_auth")) else { return };
    let folder = folder("openid-connect");
    let outcome = told(&filter, &[folder.join("faults/cases.json")], &profiles());
    assert!(outcome.breaches.is_empty(), "{:?}", outcome.breaches.first());
    assert_same(&outcome.table, &folder.join("faults.json"));
}
