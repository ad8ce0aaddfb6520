//! Usage over time, as administrators and developers ask for it.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::edge::World;
use crate::support::{NOBODY, TestPortal};

const HOUR: Duration = Duration::from_secs(3_600);

impl World {
    fn usage(&self) -> String {
        format!("/v3/portals/{}/applications/{}/usage", self.id, self.application)
    }

    /// A gateway reports how requests of the application ended.
    async fn count(&self, id: Option<&str>, usage: Value) {
        let mut usage = usage;
        for item in usage.as_array_mut().unwrap() {
            item["application"] = self.application.clone().into();
            item["api"] = self.api.clone().into();
        }
        let mut body = json!({"usage": usage});
        if let Some(id) = id {
            body["id"] = id.into();
        }
        let path = format!("/gateway/v1/changes?gateway={}&since=0", self.gateway);
        let body = Some(body.to_string().into_bytes());
        self.portal.gateway().send(Method::POST, &path, body).await.expect(StatusCode::OK);
    }

    async fn data(&self, path: &str) -> Value {
        self.portal.admin().get(path).await.expect(StatusCode::OK).json()["data"].clone()
    }

    async fn total(&self) -> Value {
        self.data(&format!("{}?granularity=total", self.usage())).await[0]["count"].clone()
    }

    async fn stats(&self, query: Value) -> Value {
        self.developer.caller.post("/stats", query).await.expect(StatusCode::OK).json()
    }
}

/// The members of points that are compared.
fn members(data: &Value, names: &[&str]) -> Vec<Vec<Value>> {
    let mut points: Vec<Vec<Value>> = data
        .as_array()
        .unwrap()
        .iter()
        .map(|point| names.iter().map(|name| point[*name].clone()).collect())
        .collect();
    points.sort_by_key(|point| Value::from(point.clone()).to_string());
    points
}

#[tokio::test]
async fn a_report_that_comes_twice_counts_once() {
    let world = World::new(TestPortal::start().await).await;
    let usage = json!([{"class": "allowed", "count": 3}]);
    for _ in 0..3 {
        world.count(Some("edge-1.7"), usage.clone()).await;
    }
    assert_eq!(world.total().await, 3);
    world.count(Some("edge-1.8"), usage.clone()).await;
    world.count(None, usage.clone()).await;
    world.count(None, usage.clone()).await;
    assert_eq!(world.total().await, 12);
    let at_once: Vec<_> = (0..10)
        .map(|_| {
            let body = json!({"id": "edge-2.1", "usage": [{
                "application": world.application, "class": "allowed", "count": 1
            }]});
            let path = format!("/gateway/v1/changes?gateway={}&since=0", world.gateway);
            let gateway = world.portal.gateway();
            tokio::spawn(async move {
                let body = Some(body.to_string().into_bytes());
                gateway.send(Method::POST, &path, body).await.expect(StatusCode::OK);
            })
        })
        .collect();
    for report in at_once {
        report.await.unwrap();
    }
    assert_eq!(world.total().await, 13);
}

#[tokio::test]
async fn usage_is_told_apart_by_time_and_reason() {
    let world = World::new(TestPortal::start().await).await;
    let usage = json!([
        {"class": "allowed", "count": 5},
        {"class": "forbidden", "reason": "registration_not_approved", "count": 2},
        {"class": "limited", "reason": "quota", "count": 4},
    ]);
    world.count(None, usage.clone()).await;
    world.portal.server.advance_clock(2 * HOUR);
    world.count(None, usage).await;
    let by_class = world.data(&format!("{}?granularity=total&group_by=class", world.usage())).await;
    assert_eq!(
        members(&by_class, &["class", "count"]),
        [
            vec![json!("allowed"), json!(10)],
            vec![json!("forbidden"), json!(4)],
            vec![json!("limited"), json!(8)],
        ]
    );
    let query = "?granularity=hour&group_by=reason,status,api";
    let by_reason = world.data(&format!("{}{query}", world.usage())).await;
    assert_eq!(by_reason.as_array().unwrap().len(), 6);
    let limited: Vec<_> =
        by_reason.as_array().unwrap().iter().filter(|p| p["reason"] == "quota").collect();
    assert_eq!(limited.len(), 2);
    assert!(limited[0]["at"].as_str() < limited[1]["at"].as_str());
    assert_eq!((&limited[0]["status"], &limited[0]["count"]), (&json!(429), &json!(4)));
    assert_eq!(limited[0]["api"], json!(world.api));
    let minutes = world.data(&format!("{}?granularity=minute", world.usage())).await;
    assert_eq!(
        minutes.as_array().unwrap().iter().map(|p| p["count"].as_i64().unwrap()).sum::<i64>(),
        22
    );

    let of_api = format!("/v3/apis/{}/usage?granularity=day&group_by=application", world.api);
    let of_api = world.data(&of_api).await;
    assert!(
        of_api.as_array().unwrap().iter().all(|p| p["application"] == json!(world.application))
    );

    // What is kept by the minute is forgotten first.
    world.portal.server.advance_clock(23 * HOUR);
    world.portal.server.tidy().await.unwrap();
    let minutes = world.data(&format!("{}?granularity=minute", world.usage())).await;
    let counted = |points: &Value| {
        points.as_array().unwrap().iter().map(|p| p["count"].as_i64().unwrap()).sum::<i64>()
    };
    assert_eq!(counted(&minutes), 11);
    world.portal.server.advance_clock(24 * HOUR);
    world.portal.server.tidy().await.unwrap();
    let now = jiff::Timestamp::now();
    let from = now - Duration::from_secs(86_400);
    let to = now + Duration::from_secs(3 * 86_400);
    let time = format!("from={from:.3}&to={to:.3}");
    let hours = world.data(&format!("{}?{time}&granularity=hour", world.usage())).await;
    assert_eq!(counted(&hours), 22);
    world.portal.server.advance_clock(90 * 24 * HOUR);
    world.portal.server.tidy().await.unwrap();
    let hours = world.data(&format!("{}?{time}&granularity=day", world.usage())).await;
    assert_eq!(counted(&hours), 0);
}

#[tokio::test]
async fn a_question_that_cannot_be_answered_is_refused() {
    let world = World::new(TestPortal::start().await).await;
    let admin = world.portal.admin();
    for (query, field, rule) in [
        ("from=yesterday", "from", "is_date_time"),
        ("from=2024-01-02T00:00:00Z&to=2024-01-01T00:00:00Z", "from", "max"),
        ("granularity=second", "granularity", "enum"),
        ("granularity=minute&from=2024-01-01T00:00:00Z", "granularity", "invalid"),
        ("granularity=hour&from=2001-01-01T00:00:00Z", "granularity", "invalid"),
        ("group_by=weather", "group_by", "enum"),
        ("group_by=application", "group_by", "enum"),
        ("page[size]=1", "page[size]", "unknown_property"),
    ] {
        let blamed = admin.get(&format!("{}?{query}", world.usage())).await.blamed();
        assert_eq!((blamed[0].0.as_str(), blamed[0].1.as_str()), (field, rule), "{query}");
    }
    let unknown = format!("/v3/apis/{NOBODY}/usage");
    admin.get(&unknown).await.expect(StatusCode::NOT_FOUND);
    world.portal.anyone().get(&world.usage()).await.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn developers_ask_about_their_own_applications() {
    let world = World::new(TestPortal::start().await).await;
    let measured = json!({
        "count": 4, "latency_ms": 100, "request_bytes": 40, "response_bytes": 400
    });
    world
        .count(
            None,
            json!([
                {"class": "allowed", "status": 200, "count": 4, "measured": measured},
                {"class": "allowed", "count": 1},
                {"class": "forbidden", "count": 5},
            ]),
        )
        .await;
    let all = world.stats(json!({})).await;
    assert_eq!(all["meta"]["metric_names"], json!(["request_count"]));
    assert_eq!(all["meta"]["metric_units"], json!({"request_count": "count"}));
    assert_eq!(all["meta"]["display"], json!({}));
    assert_eq!(all["data"][0]["event"], json!({"request_count": 10}));
    assert_eq!(all["data"][0]["timestamp"], all["meta"]["start"]);

    let query = json!({
        "metrics": ["request_count"], "dimensions": ["application", "status_code_grouped"]
    });
    let grouped = world.stats(query).await;
    let events: Vec<_> =
        grouped["data"].as_array().unwrap().iter().map(|point| point["event"].clone()).collect();
    let events = Value::from(events);
    assert_eq!(
        members(&events, &["status_code_grouped", "request_count"]),
        [
            vec![json!("2XX"), json!(4)],
            vec![json!("4XX"), json!(5)],
            vec![json!("empty"), json!(1)],
        ]
    );
    assert_eq!(
        grouped["meta"]["display"]["application"][&world.application]["deleted"],
        json!(false)
    );
    assert_eq!(grouped["meta"]["display"]["status_code_grouped"]["4XX"]["name"], "4XX");

    for (metric, expected) in [
        ("response_latency_average", json!(25.0)),
        ("response_size_average", json!(100.0)),
        ("response_size_sum", json!(400)),
        ("request_size_average", json!(10.0)),
        ("request_size_sum", json!(40)),
    ] {
        let answer = world.stats(json!({"metrics": [metric]})).await;
        assert_eq!(answer["data"][0]["event"][metric], expected, "{metric}");
    }
    let over_time = world
        .stats(json!({
            "dimensions": ["time", "api"],
            "granularity": "tenSecondly",
            "time_range": {"type": "relative", "time_range": "15m", "tz": "Europe/Berlin"},
            "filters": [{"field": "status_code", "operator": "not_in", "value": [403]}],
        }))
        .await;
    assert_eq!(over_time["meta"]["granularity_ms"], 60_000);
    assert_eq!(over_time["data"][0]["event"]["request_count"], 5);
    assert_eq!(over_time["data"][0]["event"]["api"], json!(world.api));
    let filter = |field: &str, value: Value| json!({"filters": [{"field": field, "operator": "in", "value": [value]}]});
    for (filter, expected) in [
        (filter("status_code_grouped", json!("4XX")), json!(5)),
        (filter("api", json!(world.api)), json!(10)),
        (filter("application", json!(world.application)), json!(10)),
    ] {
        let answer = world.stats(filter.clone()).await;
        assert_eq!(answer["data"][0]["event"]["request_count"], expected, "{filter}");
    }
    assert_eq!(world.stats(filter("api", json!(NOBODY))).await["data"], json!([]));

    // Somebody else sees nothing of it, even when they ask for it by name.
    let bob = world.portal.developer(&world.id, "bob").await;
    for query in [json!({}), filter("application", json!(world.application))] {
        let answer = bob.caller.post("/stats", query).await.expect(StatusCode::OK).json();
        assert_eq!(answer["data"], json!([]));
    }
    let config = bob.caller.get("/stats/config").await.expect(StatusCode::OK).json();
    let retention_ms = 90 * 86_400_000_i64;
    assert_eq!(config, json!({"analytics": {"percentiles": false, "retention_ms": retention_ms}}));
    let visitor = world.portal.visitor(&world.id);
    visitor.post("/stats", json!({})).await.expect(StatusCode::UNAUTHORIZED);
    visitor.get("/stats/config").await.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_query_that_is_none_of_the_contract_is_refused() {
    let world = World::new(TestPortal::start().await).await;
    let filter = |field: &str, value: Value| json!({"filters": [{"field": field, "operator": "in", "value": [value]}]});
    for (query, field, rule) in [
        (json!({"metrics": []}), "metrics", "min_items"),
        (json!({"metrics": ["request_count", "request_count"]}), "metrics", "max_items"),
        (json!({"metrics": ["errors"]}), "metrics.0", "enum"),
        (json!({"dimensions": ["time", "api", "application"]}), "dimensions", "max_items"),
        (json!({"dimensions": ["api", "api"]}), "dimensions", "invalid"),
        (json!({"granularity": "daily"}), "granularity", "invalid"),
        (json!({"dimensions": ["time"], "granularity": "yearly"}), "granularity", "enum"),
        (json!({"time_range": {"type": "relative"}}), "time_range.time_range", "required"),
        (json!({"time_range": {"type": "absolute"}}), "time_range.start", "required"),
        (
            json!({"time_range": {"type": "relative", "time_range": "1h", "tz": "Mars/Base"}}),
            "time_range.tz",
            "invalid",
        ),
        (filter("api", json!("x")), "filters.0.value.0", "is_uuid"),
        (filter("status_code", json!(99)), "filters.0.value.0", "is_integer"),
        (filter("status_code_grouped", json!("4YY")), "filters.0.value.0", "matches_regex"),
        (filter("weather", json!("x")), "filters.0.field", "enum"),
        (json!({"api_product": "x"}), "api_product", "unknown_property"),
    ] {
        let blamed = world.developer.caller.post("/stats", query.clone()).await.blamed();
        assert_eq!((blamed[0].0.as_str(), blamed[0].1.as_str()), (field, rule), "{query}");
    }
}
