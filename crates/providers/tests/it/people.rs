//! People who sign in at the portal's own authorization servers: through an application, and through
//! the gateway in a real browser.

use core::time::Duration;

use gatekey_providers::{
    Admin, AuthServer, Browser, Developer, PASSWORD, Plan, Portal, Tools, World, basic, form, post,
    sign_in,
};
use serde_json::{Value, json};

use crate::{assert_refused, await_status};

const PATIENCE: Duration = Duration::from_secs(10);
/// Where an application has people sent back to. Nobody listens there.
const CALLBACK: &str = "http://127.0.0.1:9/callback";
const SERVICE: &str = "flights";

/// A portal with an authorization server of its own that makes applications' clients.
struct Scene {
    portal: Portal,
    admin: Admin,
    developer: Developer,
    server: AuthServer,
    gateway: String,
    api: String,
    people: String,
}

impl Scene {
    fn set(tools: &Tools) -> Self {
        let portal = Portal::start(tools);
        let admin = portal.admin();
        let gateway = admin.gateway("edge");
        let people = admin.portal("people");
        let api = admin.api(&gateway, SERVICE);
        let server = admin.auth_server("appointments", "ES256", "jwt");
        let developer = portal.developer(&people, "ada");
        Self { portal, admin, developer, server, gateway, api, people }
    }

    /// A strategy under which the API is published.
    fn publish(&self, methods: &[&str], more: &Value) -> String {
        let issuer = &self.server.issuer;
        let provider = self.admin.dcr_provider("own", "kongIdentity", issuer, &json!({}));
        let mut settings = json!({
            "issuer": issuer,
            "credential_claim": ["client_id"],
            "scopes": ["openid", "offline_access"],
            "audience_required": [self.server.audience],
            "auth_methods": methods,
        });
        settings.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        let strategy = self.admin.strategy("strategy", &settings, Some(&provider));
        self.admin.publish(&self.api, &self.people, &strategy);
        strategy
    }

    fn follow(&self, plan: Plan) -> Plan {
        plan.following(&self.portal, &self.gateway, &[("/flights", SERVICE)])
    }
}

/// The cookie that an answer sets, as it is sent back.
#[track_caller]
fn session_of(world: &World, answer: &gatekey_providers::Answer) -> String {
    let cookie = answer.headers("set-cookie").next();
    let cookie = cookie.unwrap_or_else(|| panic!("no session: {answer:?}\n{}", world.log()));
    cookie.split(';').next().unwrap().to_owned()
}

/// The application has the person sign in and calls with the token it gets; from then on its session
/// at the gateway is enough.
#[test]
fn an_application_calls_with_the_token_of_somebody_who_signed_in() {
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let Some(tools) = Tools::find() else { return };
    let scene = Scene::set(&tools);
    let strategy = scene.publish(&["session", "bearer"], &Value::Null);
    let world = scene.follow(World::plan(&tools)).start();
    let application = scene.developer.create("Timetable", &strategy, Some(CALLBACK));
    scene.developer.register(&application.id, &scene.api);

    let issuer = &scene.server.issuer;
    let query = form(&[
        ("response_type", "code"),
        ("client_id", &application.client_id),
        ("redirect_uri", CALLBACK),
        ("scope", "openid"),
        ("state", "of-the-application"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]);
    let given = json!({
        "url": format!("{issuer}/oauth/authorize?{query}"),
        "redirect_uri": CALLBACK,
        "login": scene.developer.email,
        "password": PASSWORD,
    });
    let returned = sign_in(&tools, &given);
    let parameters = returned.split_once('?').unwrap().1.split('&');
    let parameter = |name: &str| {
        let found = parameters.clone().find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        found.unwrap_or_else(|| panic!("no {name} in {returned}"))
    };
    assert_eq!(parameter("state"), "of-the-application");
    let authorization = basic(&application.client_id, &application.client_secret);
    let exchanged = post(
        &format!("{issuer}/oauth/token"),
        &[("authorization", &authorization)],
        &[
            ("grant_type", "authorization_code"),
            ("code", parameter("code")),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ],
    );
    assert_eq!(exchanged.status, 200, "{exchanged:?}");
    let exchanged = exchanged.json();
    let token = exchanged["access_token"].as_str().unwrap();

    await_status(200, PATIENCE, || world.bearer("/flights", token));
    let answer = world.bearer("/flights", token);
    assert_eq!(answer.upstream_got("x-application-id"), Some(application.id.clone()));
    let session = session_of(&world, &answer);
    let by_session = || world.get("/flights", &[("cookie", &session)]);
    let answer = by_session();
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.upstream_got("x-application-id"), Some(application.id.clone()));
    // What proves who signed in is no key to an API.
    let id_token = exchanged["id_token"].as_str().unwrap();
    assert_refused(&world.bearer("/flights", id_token), 401, "wrong_token_type");

    scene.developer.delete(&application.id);
    assert_refused(&world.bearer("/flights", token), 401, "unknown_client");
    assert_eq!(by_session().status, 401);
}

/// The gateway sends people to the portal's authorization server itself.
#[test]
fn the_gateway_signs_people_in_at_the_portal() {
    let Some(tools) = Tools::find() else { return };
    let scene = Scene::set(&tools);
    let plan = World::plan(&tools);
    let callback = plan.site("/flights/callback");
    let methods = ["session", "refresh_token", "authorization_code"];
    let more = json!({ "redirect_uri": [callback], "client_id": "not-yet-made" });
    let strategy = scene.publish(&methods, &more);
    // The gateway's own client is that of an application, as which everybody calls.
    let application = scene.developer.create("The site", &strategy, Some(&callback));
    scene.developer.register(&application.id, &scene.api);
    let edit = json!({
        "configs": { "openid-connect": { "client_id": application.client_id } },
    });
    let path = format!("/v2/application-auth-strategies/{strategy}");
    let answer = scene.admin.call("PATCH", &path, &edit);
    assert_eq!(answer.status, 200, "{answer:?}");

    let site = plan.site("");
    let (id, secret) = (&application.client_id, &application.client_secret);
    let plan = scene.follow(plan).own_client(&scene.server.issuer, id, secret);
    let world = plan.start();
    let program = || world.get("/flights/data", &[("accept", "application/json")]);
    await_status(401, PATIENCE, program);
    assert_refused(&program(), 401, "login_required");

    let browser = Browser::open(&tools);
    browser.go(&format!("{site}/flights/start?page=1"));
    // Developers sign in to their portal.
    let sign_in = format!("{}/portals/{}/", scene.portal.base(), scene.people);
    browser.await_url(&sign_in);
    browser.type_into("username", &scene.developer.email);
    browser.type_into("password", PASSWORD);
    browser.press("sign-in");
    // Somebody who is signed in is asked whether the site may.
    browser.await_text("Allow The site");
    browser.press("allow");
    browser.await_url(&format!("{site}/flights/"));
    assert_eq!(browser.url(), format!("{site}/flights/start?page=1"), "{}", world.log());
    let page = browser.upstream_page();
    assert_eq!(page["headers"]["x-application-id"], json!(application.id));
    let (status, text) = browser.fetch(&format!("{site}/flights/data"), &json!({}));
    assert_eq!(status, 200, "{text}");
    for log in [world.log(), scene.portal.log()] {
        assert!(!log.contains(PASSWORD) && !log.contains(secret.as_str()), "{log}");
    }
}
