//! Why a call was refused: what gateways tell, who may see it, and for how long.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use gatekey_core::check::Denial;
use serde_json::{Value, json};

use crate::edge::World;
use crate::support::{Developer, NOBODY, Reply, TestPortal};

impl World {
    /// A gateway tells of refused calls.
    async fn tell(&self, refusals: Value) -> Reply {
        self.tell_as(json!({"refusals": refusals})).await
    }

    async fn tell_as(&self, report: Value) -> Reply {
        let path = format!("/gateway/v1/changes?gateway={}&since=0", self.gateway);
        let body = Some(report.to_string().into_bytes());
        self.portal.gateway().send(Method::POST, &path, body).await
    }

    /// A call of the application for the API.
    fn refused(&self, request: &str, reason: Denial, ago_ms: i64) -> Value {
        json!({
            "request_id": request, "at": now() - ago_ms, "reason": reason.code(),
            "status": reason.status(), "application": self.application, "api": self.api,
            "method": "GET", "path": "/flights/7"
        })
    }

    /// A call of somebody who is not known.
    fn stranger(&self, request: &str, reason: Denial) -> Value {
        let mut refused = self.refused(request, reason, 0);
        refused.as_object_mut().unwrap().remove("application");
        refused
    }

    fn of_application(&self) -> String {
        format!("/applications/{}/refusals", self.application)
    }

    async fn listed(&self, query: &str) -> Vec<String> {
        let path = format!("/v3/portals/{}/refusals?page[size]=1000{query}", self.id);
        requests(&self.portal.admin().get(&path).await.expect(StatusCode::OK).json())
    }
}

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

fn requests(list: &Value) -> Vec<String> {
    let items = list["data"].as_array().unwrap().iter();
    items.map(|item| item["request_id"].as_str().unwrap().to_owned()).collect()
}

async fn look_up(developer: &Developer, request: &str) -> Reply {
    developer.caller.get(&format!("/refusals/{request}")).await
}

#[tokio::test]
async fn a_developer_learns_why_a_call_was_refused() {
    let world = World::new(TestPortal::start().await).await;
    let told = json!([
        world.refused("r-1", Denial::RegistrationPending, 3_000),
        world.refused("r-2", Denial::RateLimited, 1_000),
        world.refused("r-3", Denial::NotRegistered, 2_000),
    ]);
    world.tell(told).await.expect(StatusCode::OK);
    let ann = &world.developer.caller;
    let list = ann.get(&world.of_application()).await.expect(StatusCode::OK).json();
    assert_eq!(requests(&list), ["r-2", "r-3", "r-1"], "the newest first");
    assert_eq!(list["meta"]["page"]["total"], 3);
    let item = &list["data"][2];
    for path in [format!("{}/r-1", world.of_application()), "/refusals/r-1".into()] {
        assert_eq!(&ann.get(&path).await.expect(StatusCode::OK).json(), item);
    }
    assert_eq!(item["reason"], "registration_pending");
    assert_eq!((&item["status"], &item["method"]), (&json!(403), &json!("GET")));
    assert_eq!(item["path"], "/flights/7");
    assert_eq!(item["api"]["id"], json!(world.api));
    assert_eq!(item["application"]["id"], json!(world.application));
    let api = item["api"]["name"].as_str().unwrap();
    let expected = format!("The request for access to {api} waits for approval.");
    assert_eq!(item["explanation"], json!(expected));
    assert!(item["remedy"].as_str().unwrap().contains("approves"));

    let query = |query: &str| format!("{}?{query}", world.of_application());
    let asked =
        async |text: &str| requests(&ann.get(&query(text)).await.expect(StatusCode::OK).json());
    assert_eq!(asked("filter[request_id]=r-3").await, ["r-3"]);
    assert_eq!(asked("filter[reason]=rate_limited").await, ["r-2"]);
    assert_eq!(asked("sort=at").await, ["r-1", "r-3", "r-2"]);
    assert_eq!(asked("page[size]=1&page[number]=2").await, ["r-3"]);
    assert_eq!(ann.get(&query("filter[path]=x")).await.blamed()[0].0, "filter[path]");
    for path in ["/refusals/r-4", "/refusals/r%001", "/refusals/%20", "/refusals/ä"] {
        ann.get(path).await.expect(StatusCode::NOT_FOUND);
    }
    ann.get(&format!("{}/r-4", world.of_application())).await.expect(StatusCode::NOT_FOUND);

    // Of two calls with one id it is the later one.
    let again = world.refused("r-1", Denial::ExpiredCredential, 0);
    world.tell(json!([again])).await.expect(StatusCode::OK);
    assert_eq!(look_up(&world.developer, "r-1").await.json()["reason"], "expired_credential");
    // A gateway may be newer than the portal.
    let mut unknown = world.refused("r-5", Denial::RateLimited, 0);
    unknown["reason"] = "moon_phase".into();
    world.tell(json!([unknown])).await.expect(StatusCode::OK);
    let item = look_up(&world.developer, "r-5").await.expect(StatusCode::OK).json();
    assert!(item["explanation"].as_str().unwrap().contains("does not know"), "{item}");
}

#[tokio::test]
async fn nobody_learns_of_calls_that_are_not_theirs() {
    let world = World::new(TestPortal::start().await).await;
    let bob = world.portal.developer(&world.id, "bob").await;
    let there = world.portal.new_portal(json!({})).await;
    let eve = world.portal.developer(&there, "eve").await;
    let hidden = world.portal.new_api().await;
    let mut elsewhere = world.refused("of-hidden", Denial::NotRegistered, 0);
    elsewhere["api"] = hidden.clone().into();
    let mut nowhere = world.stranger("nowhere", Denial::UnknownRoute);
    nowhere.as_object_mut().unwrap().remove("api");
    let mut of_hidden = world.stranger("stranger-hidden", Denial::NoCredential);
    of_hidden["api"] = hidden.clone().into();
    let mut of_gone = world.refused("of-gone", Denial::RateLimited, 0);
    of_gone["application"] = NOBODY.into();
    let told = json!([
        world.refused("of-ann", Denial::RegistrationPending, 0),
        elsewhere,
        world.stranger("stranger", Denial::UnknownCredential),
        nowhere,
        of_hidden,
        of_gone,
    ]);
    world.tell(told).await.expect(StatusCode::OK);

    for developer in [&bob, &eve] {
        let path = world.of_application();
        developer.caller.get(&path).await.expect(StatusCode::NOT_FOUND);
        developer.caller.get(&format!("{path}/of-ann")).await.expect(StatusCode::NOT_FOUND);
        look_up(developer, "of-ann").await.expect(StatusCode::NOT_FOUND);
    }
    let at_this_portal = world.portal.visitor(&world.id);
    at_this_portal.get("/refusals/stranger").await.expect(StatusCode::UNAUTHORIZED);
    at_this_portal.get(&world.of_application()).await.expect(StatusCode::UNAUTHORIZED);

    // Whoever knows the id of a call that is nobody's learns why, if they see the API.
    for developer in [&world.developer, &bob] {
        let item = look_up(developer, "stranger").await.expect(StatusCode::OK).json();
        assert_eq!(item["reason"], "unknown_credential");
        assert_eq!(item["api"]["id"], json!(world.api));
        for name in ["path", "method", "application"] {
            assert!(item.get(name).is_none(), "{item}");
        }
        for request in ["nowhere", "stranger-hidden", "of-gone"] {
            look_up(developer, request).await.expect(StatusCode::NOT_FOUND);
        }
    }
    look_up(&eve, "stranger").await.expect(StatusCode::NOT_FOUND);
    // An API that one does not see is not named.
    let item = look_up(&world.developer, "of-hidden").await.expect(StatusCode::OK).json();
    assert!(item.get("api").is_none(), "{item}");
    assert!(item["explanation"].as_str().unwrap().contains("this API"), "{item}");

    // Administrators see what belongs to the portal, and by its id everything.
    let mut listed = world.listed("").await;
    listed.sort();
    assert_eq!(listed, ["of-ann", "of-hidden", "stranger"]);
    let by_application = format!("&filter[application_id]={}", world.application);
    assert_eq!(world.listed(&by_application).await.len(), 2);
    assert_eq!(world.listed(&format!("&filter[api_id]={hidden}")).await, ["of-hidden"]);
    assert_eq!(world.listed("&filter[reason]=unknown_credential").await, ["stranger"]);
    assert_eq!(world.listed("&filter[request_id]=of-ann").await, ["of-ann"]);
    let admin = world.portal.admin();
    let other = admin.get(&format!("/v3/portals/{there}/refusals")).await;
    assert_eq!(requests(&other.expect(StatusCode::OK).json()), [""; 0]);
    admin.get(&format!("/v3/portals/{NOBODY}/refusals")).await.expect(StatusCode::NOT_FOUND);
    let item = admin.get("/v3/refusals/nowhere").await.expect(StatusCode::OK).json();
    assert_eq!((&item["path"], &item["api"]), (&json!("/flights/7"), &Value::Null));
    assert_eq!(item["control_plane_id"], json!(world.gateway));
    let item = admin.get("/v3/refusals/of-gone").await.expect(StatusCode::OK).json();
    assert_eq!(item["application"], json!({"id": NOBODY, "name": null}));
    admin.get("/v3/refusals/none").await.expect(StatusCode::NOT_FOUND);
    let viewer = world.portal.anyone().get("/v3/refusals/of-ann").await;
    viewer.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_call_of_a_team_is_its_members_own() {
    let world = World::new(TestPortal::start().await).await;
    let bob = world.portal.developer(&world.id, "bob").await;
    let admin = world.portal.admin();
    let teams = format!("/v3/portals/{}/teams", world.id);
    let body = json!({"name": "gold", "can_own_applications": true});
    let team = admin.post(&teams, body).await.id();
    let members = format!("{teams}/{team}/developers");
    for developer in [&bob, &world.developer] {
        let added = admin.post(&members, json!({"id": developer.id})).await;
        added.expect(StatusCode::CREATED);
    }
    let new = json!({"name": "ours", "auth_strategy_id": world.strategy, "team_id": team});
    let application = world.developer.caller.post("/applications", new).await.id();
    let mut refused = world.refused("of-team", Denial::NotRegistered, 0);
    refused["application"] = application.clone().into();
    world.tell(json!([refused])).await.expect(StatusCode::OK);
    let item = look_up(&bob, "of-team").await.expect(StatusCode::OK).json();
    assert_eq!(item["path"], "/flights/7");
    let list = bob.caller.get(&format!("/applications/{application}/refusals")).await;
    assert_eq!(requests(&list.expect(StatusCode::OK).json()), ["of-team"]);
}

#[tokio::test]
async fn what_is_kept_is_bounded() {
    let portal = TestPortal::start_as(|config| config.usage.most_refusals = 5).await;
    let world = World::new(portal).await;
    let many = |strangers: bool| -> Vec<Value> {
        let call = |at: i64| {
            let (mut call, name) = match strangers {
                true => (world.stranger("", Denial::NoCredential), "s"),
                false => (world.refused("", Denial::NotRegistered, 0), "a"),
            };
            call["request_id"] = format!("{name}-{at}").into();
            call["at"] = (now() - 10_000 + at).into();
            call
        };
        (0..9).map(call).collect()
    };
    world.tell(many(false).into()).await.expect(StatusCode::OK);
    world.tell(many(true).into()).await.expect(StatusCode::OK);
    assert_eq!(world.listed("").await.len(), 18);
    world.portal.server.tidy().await.unwrap();
    let mut left = world.listed("").await;
    left.sort();
    let expected = ["a-4", "a-5", "a-6", "a-7", "a-8", "s-4", "s-5", "s-6", "s-7", "s-8"];
    assert_eq!(left, expected, "strangers crowd out nobody");
    world.portal.server.advance_clock(Duration::from_secs(86_400 - 60));
    world.portal.server.tidy().await.unwrap();
    assert_eq!(world.listed("").await.len(), 10);
    world.portal.server.advance_clock(Duration::from_secs(60));
    world.portal.server.tidy().await.unwrap();
    assert_eq!(world.listed("").await.len(), 0);
    // What comes too late is not kept at all.
    world.tell(many(false).into()).await.expect(StatusCode::OK);
    assert_eq!(world.listed("").await.len(), 0);
}

#[tokio::test]
async fn a_report_that_comes_twice_tells_once_and_a_bad_one_nothing() {
    let world = World::new(TestPortal::start().await).await;
    let good = world.refused("r-1", Denial::NotRegistered, 0);
    let report = json!({"id": "edge-1", "refusals": [good], "refusals_dropped": 7});
    for _ in 0..2 {
        world.tell_as(report.clone()).await.expect(StatusCode::OK);
    }
    assert_eq!(world.listed("").await, ["r-1"]);
    let with = |name: &str, value: Value| {
        let mut item = good.clone();
        item[name] = value;
        json!({"refusals": [good, item]})
    };
    for (body, field, rule) in [
        (with("request_id", json!("")), "refusals.1.request_id", "min_length"),
        (with("request_id", json!("a b")), "refusals.1.request_id", "matches_regex"),
        (with("request_id", json!("a".repeat(65))), "refusals.1.request_id", "max_length"),
        (with("at", json!(-1)), "refusals.1.at", "min"),
        (with("reason", json!("Because")), "refusals.1.reason", "matches_regex"),
        (with("status", json!(99)), "refusals.1.status", "min"),
        (with("application", json!("x")), "refusals.1.application", "is_uuid"),
        (with("key", json!("secret")), "refusals.1.key", "unknown_property"),
        (json!({"refusals": vec![good.clone(); 1025]}), "refusals", "max_items"),
        (json!({"refusals_dropped": -1}), "refusals_dropped", "min"),
    ] {
        let blamed = world.tell_as(body).await.blamed();
        assert_eq!((blamed[0].0.as_str(), blamed[0].1.as_str()), (field, rule));
    }
    assert_eq!(world.listed("").await, ["r-1"]);
    // Whatever a gateway says of a path: no query is kept, and nothing that a database refuses.
    let mut odd = world.refused("r-2", Denial::NotRegistered, -1_000_000);
    odd["path"] = format!("/a\u{1}{}?key=secret#x", "b".repeat(300)).into();
    world.tell(json!([odd])).await.expect(StatusCode::OK);
    let item = look_up(&world.developer, "r-2").await.expect(StatusCode::OK).json();
    let path = item["path"].as_str().unwrap();
    assert!(path.starts_with("/a\u{fffd}b") && path.chars().count() == 256, "{path}");
    assert!(!item.to_string().contains("secret"));
    let at: jiff::Timestamp = item["at"].as_str().unwrap().parse().unwrap();
    assert!(at.as_millisecond() <= now(), "no call is in the future");
}
