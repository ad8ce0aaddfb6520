//! Every provider whose registration the portal knows, and every way to call with what it issues: an
//! access token that the application got itself, id and secret at the gateway, and the session that
//! comes of either. The providers are fakes; the portal, Envoy and the filter are real.

use core::time::Duration;

use gatekey_dcr_fakes::{Fake, auth0, curity, entra, okta};
use gatekey_providers::{Answer, Application, Portal, Tools, World, basic, post};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{assert_refused, await_status, eventually};

/// How long a gateway may take to hear of something and fetch what it needs.
const PATIENCE: Duration = Duration::from_secs(10);
const SERVICE: &str = "orders";
const PATH: &str = "/orders";

/// A provider, and what is particular about it.
struct Flow<'f> {
    /// What fakes call themselves.
    origin: &'f str,
    /// The issuer, as an administrator enters it.
    issuer: String,
    kind: &'f str,
    config: Value,
    /// What the strategy says beside issuer and methods.
    settings: Value,
    /// The token endpoint below the origin.
    token_path: String,
    /// What the application asks for there beside `grant_type`.
    parameters: &'f [(&'f str, &'f str)],
    /// What comes of an application that leaves those parameters out.
    without: Without,
}

/// What comes of a token request as the table in Konnect's documentation has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Without {
    /// It is refused.
    Refused,
    /// It brings a token that only the provider can read.
    Opaque,
    /// It is good: nothing more is needed.
    Good,
}

impl Flow<'_> {
    fn request(&self, application: &Application, parameters: &[(&str, &str)]) -> Answer {
        let authorization = basic(&application.client_id, &application.client_secret);
        let fields = [&[("grant_type", "client_credentials")], parameters].concat();
        let url = format!("{}{}", self.origin, self.token_path);
        post(&url, &[("authorization", &authorization)], &fields)
    }

    fn walk(&self, tools: &Tools) {
        let portal = Portal::start(tools);
        let admin = portal.admin();
        let gateway = admin.gateway("edge");
        let people = admin.portal("people");
        let api = admin.api(&gateway, SERVICE);
        let provider = admin.dcr_provider(self.kind, self.kind, &self.issuer, &self.config);
        let mut settings = json!({
            "issuer": self.issuer,
            "auth_methods": ["session", "bearer", "client_credentials"],
        });
        settings.as_object_mut().unwrap().extend(self.settings.as_object().unwrap().clone());
        let strategy = admin.strategy("strategy", &settings, Some(&provider));
        admin.publish(&api, &people, &strategy);
        let world = World::plan(tools)
            .following(&portal, &gateway, &[(PATH, SERVICE)])
            .upstream(self.origin.trim_start_matches("http://"))
            .start();

        let developer = portal.developer(&people, "ada");
        let application = developer.create("Timetable", &strategy, None);
        developer.register(&application.id, &api);
        let told = |answer: &Answer| {
            assert_eq!(answer.status, 200, "{}: {answer:?}\n{}", self.kind, world.log());
            assert_eq!(answer.upstream_got("x-application-id"), Some(application.id.clone()));
            answer.headers("set-cookie").next().map(|cookie| {
                let pair = cookie.split(';').next();
                pair.unwrap_or_default().to_owned()
            })
        };

        // The application asks the provider itself and presents what it gets.
        let issued = self.request(&application, self.parameters);
        assert_eq!(issued.status, 200, "{}: {issued:?}", self.kind);
        let token = issued.json()["access_token"].as_str().unwrap().to_owned();
        await_status(200, PATIENCE, || world.bearer(PATH, &token));
        let answer = world.bearer(PATH, &token);
        let by_bearer = told(&answer).expect("a session");
        assert_eq!(answer.upstream_got("authorization"), None);
        let plain = self.request(&application, &[]);
        match self.without {
            Without::Refused => assert!((400..500).contains(&plain.status), "{plain:?}"),
            Without::Opaque => {
                let opaque = plain.json()["access_token"].as_str().unwrap().to_owned();
                assert_eq!(world.bearer(PATH, &opaque).status, 401, "{}", self.kind);
            }
            Without::Good => assert_eq!(plain.status, 200, "{plain:?}"),
        }

        // It leaves that to the gateway.
        let with = |secret: &str| {
            world.get(PATH, &[("authorization", &basic(&application.client_id, secret))])
        };
        let answer = with(&application.client_secret);
        let by_secret = told(&answer).expect("a session");
        let handed_on = answer.upstream_got("authorization").unwrap();
        assert!(handed_on.starts_with("Bearer ") && handed_on.len() > 100, "{handed_on}");
        assert_refused(&with("wrong"), 401, "credentials_refused");

        // From then on it shows the session alone.
        let sessions = [by_bearer, by_secret];
        for session in &sessions {
            told(&world.get(PATH, &[("cookie", session)]));
        }
        assert_eq!(world.get(PATH, &[]).status, 401);

        // All of that ends with the application.
        developer.delete(&application.id);
        assert_refused(&world.bearer(PATH, &token), 401, "unknown_client");
        assert_refused(&with(&application.client_secret), 401, "unknown_client");
        for session in &sessions {
            assert_eq!(world.get(PATH, &[("cookie", session)]).status, 401, "{}", self.kind);
        }
        let secret = &application.client_secret;
        for log in [world.log(), portal.log()] {
            assert!(
                !log.contains(secret) && !log.contains(&token),
                "a secret is in the log:\n{log}"
            );
        }
    }
}

/// Fakes live on a runtime of their own.
fn runtime() -> Runtime {
    Runtime::new().unwrap()
}

/// Its issuer ends with a slash, which administrators leave out; without an audience its tokens are
/// opaque; the client id is in `azp`.
#[test]
fn of_auth0() {
    let Some(tools) = Tools::find() else { return };
    let runtime = runtime();
    let fake: Fake<auth0::Auth0> = runtime.block_on(auth0::start()).unwrap();
    let flow = Flow {
        origin: fake.origin(),
        issuer: fake.origin().to_owned(),
        kind: "auth0",
        config: json!({
            "initial_client_id": auth0::ADMIN_ID,
            "initial_client_secret": auth0::ADMIN_SECRET,
        }),
        settings: json!({
            "credential_claim": ["azp"],
            "scopes": ["read:orders"],
            "audience": [auth0::API],
            "audience_required": [auth0::API],
            "scopes_required": ["read:orders"],
        }),
        token_path: "/oauth/token".into(),
        parameters: &[("audience", auth0::API)],
        without: Without::Opaque,
    };
    flow.walk(&tools);
    let left = || fake.look(|tenant| (tenant.clients.len(), tenant.grants.len()));
    eventually("removed there", || left() == (0, 0), || format!("{:?}", fake.calls()));
}

/// Clients are registered at the org and get tokens of a custom authorization server, with a custom
/// scope; the client id is in `cid`, the scopes are in `scp`.
#[test]
fn of_okta() {
    let Some(tools) = Tools::find() else { return };
    let runtime = runtime();
    let fake: Fake<okta::Okta> = runtime.block_on(okta::start()).unwrap();
    let flow = Flow {
        origin: fake.origin(),
        issuer: format!("{}/oauth2/default/", fake.origin()),
        kind: "okta",
        config: json!({ "dcr_token": okta::API_TOKEN }),
        settings: json!({
            "credential_claim": ["cid"],
            "scopes": ["read:orders"],
            "audience_required": ["api://default"],
            "scopes_required": ["read:orders"],
        }),
        token_path: "/oauth2/default/v1/token".into(),
        parameters: &[("scope", "read:orders")],
        without: Without::Refused,
    };
    flow.walk(&tools);
    let left = || fake.look(|org| org.clients.len());
    eventually("removed there", || left() == 0, || format!("{:?}", fake.calls()));
}

/// Its metadata is at another path than its registration endpoint, an administrator enters the whole
/// address of the metadata, and the client id is in `sub`.
#[test]
fn of_curity() {
    let Some(tools) = Tools::find() else { return };
    let runtime = runtime();
    let fake: Fake<curity::Curity> = runtime.block_on(curity::start()).unwrap();
    let issuer = format!("{}/oauth/v2/oauth-anonymous", fake.origin());
    let flow = Flow {
        origin: fake.origin(),
        issuer: format!("{issuer}/.well-known/openid-configuration"),
        kind: "curity",
        config: json!({
            "initial_client_id": curity::ADMIN_ID,
            "initial_client_secret": curity::ADMIN_SECRET,
        }),
        settings: json!({ "credential_claim": ["sub"], "scopes": [] }),
        token_path: "/oauth/v2/oauth-token".into(),
        parameters: &[],
        without: Without::Good,
    };
    flow.walk(&tools);
    let left = || fake.look(|server| (server.clients.len(), server.reused));
    eventually("removed there", || left() == (0, 0), || format!("{:?}", fake.calls()));
}

/// The endpoint of v1 wants a `resource`, the client id is in `appid`, and the issuer ends with a
/// slash.
#[test]
fn of_entra_v1() {
    of_entra(&EntraVersion {
        issuer: "",
        claim: "appid",
        token_path: "oauth2/token",
        parameter: ("resource", entra::API),
        settings: json!({
            "scopes": [],
            "token_post_args_names": ["resource"],
            "token_post_args_values": [entra::API],
        }),
    });
}

/// The endpoint of v2 wants the scope `.default` of the API; the client id is in `azp`.
#[test]
fn of_entra_v2() {
    const SCOPE: &str = "api://orders/.default";
    of_entra(&EntraVersion {
        issuer: "/v2.0",
        claim: "azp",
        token_path: "oauth2/v2.0/token",
        parameter: ("scope", SCOPE),
        settings: json!({ "scopes": [SCOPE] }),
    });
}

/// What differs between the two versions of Entra's endpoints and tokens.
struct EntraVersion {
    /// What follows the tenant, as an administrator enters it.
    issuer: &'static str,
    claim: &'static str,
    token_path: &'static str,
    parameter: (&'static str, &'static str),
    settings: Value,
}

fn of_entra(version: &EntraVersion) {
    let Some(tools) = Tools::find() else { return };
    let runtime = runtime();
    let fake: Fake<entra::Entra> = runtime.block_on(entra::start()).unwrap();
    let tenant = format!("{}/{}", fake.origin(), entra::TENANT);
    let mut settings = json!({
        "credential_claim": [version.claim],
        "audience_required": [entra::API],
    });
    settings.as_object_mut().unwrap().extend(version.settings.as_object().unwrap().clone());
    let flow = Flow {
        origin: fake.origin(),
        issuer: format!("{tenant}{}", version.issuer),
        kind: "azureAd",
        config: json!({
            "initial_client_id": entra::ADMIN_ID,
            "initial_client_secret": entra::ADMIN_SECRET,
        }),
        settings,
        token_path: format!("/{}/{}", entra::TENANT, version.token_path),
        parameters: &[version.parameter],
        without: Without::Refused,
    };
    flow.walk(&tools);
    let left = || fake.look(|tenant| tenant.applications.len());
    eventually("removed there", || left() == 0, || format!("{:?}", fake.calls()));
}
