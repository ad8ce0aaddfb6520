//! What gateways report.

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use gatekey_core::check::UsageClass;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::edge::World;
use crate::support::{NOBODY, Reply, TestPortal};

async fn report(world: &World, body: impl Into<Vec<u8>>) -> Reply {
    let path = format!("/gateway/v1/changes?gateway={}&since=0", world.gateway);
    world.portal.gateway().send(Method::POST, &path, Some(body.into())).await
}

async fn counts(world: &World) -> BTreeMap<(Uuid, String), i64> {
    let database = world.portal.database().await;
    let query = "SELECT application_id, api_id, class, count FROM usage_points WHERE width = 60";
    let query = Statement::from_string(database.get_database_backend(), query);
    let rows = database.query_all_raw(query).await.unwrap();
    let mut counts = BTreeMap::new();
    for row in rows {
        let application: Uuid = row.try_get("", "application_id").unwrap();
        assert_eq!(application.to_string(), world.application);
        let place = (row.try_get("", "api_id").unwrap(), row.try_get("", "class").unwrap());
        *counts.entry(place).or_default() += row.try_get::<i64>("", "count").unwrap();
    }
    counts
}

#[tokio::test]
async fn counters_add_up() {
    let world = World::new(TestPortal::start().await).await;
    let (application, api) = (&world.application, &world.api);
    let count = |api: Option<&str>, class: UsageClass, count: u64| {
        let mut item = json!({"application": application, "class": class.as_str(), "count": count});
        if let Some(api) = api {
            item["api"] = api.into();
        }
        item
    };
    let usage = json!([
        count(Some(api), UsageClass::Allowed, 5),
        count(Some(api), UsageClass::Allowed, 2),
        count(Some(api), UsageClass::Unauthorized, 1),
        count(Some(api), UsageClass::Forbidden, 3),
        count(None, UsageClass::Unavailable, 4),
    ]);
    let body = json!({"usage": usage, "last_used": []}).to_string();
    for _ in 0..2 {
        report(&world, body.clone()).await.expect(StatusCode::OK);
    }
    let api = api.parse().unwrap();
    let expected = BTreeMap::from([
        ((api, "allowed".to_owned()), 14),
        ((api, "unauthorized".to_owned()), 2),
        ((api, "forbidden".to_owned()), 6),
        ((Uuid::nil(), "unavailable".to_owned()), 8),
    ]);
    assert_eq!(counts(&world).await, expected);
    report(&world, "").await.expect(StatusCode::OK);
    report(&world, "{}").await.expect(StatusCode::OK);
    assert_eq!(counts(&world).await, expected);
}

#[tokio::test]
async fn a_key_shows_when_it_was_last_used() {
    let world = World::new(TestPortal::start().await).await;
    let (_, credential) = world.new_key().await;
    let last_used = async || {
        let database = world.portal.database().await;
        let query = "SELECT last_used_at FROM credentials";
        let query = Statement::from_string(database.get_database_backend(), query);
        let row = database.query_one_raw(query).await.unwrap().unwrap();
        row.try_get::<Option<i64>>("", "last_used_at").unwrap()
    };
    assert_eq!(last_used().await, None);
    for (times, expected) in [
        (vec![1_700_000_000_i64], 1_700_000_000_000_i64),
        // An older report comes late.
        (vec![1_600_000_000], 1_700_000_000_000),
        (vec![1_700_000_100, 1_700_000_200, 1_700_000_150], 1_700_000_200_000),
    ] {
        let uses: Vec<_> =
            times.iter().map(|at| json!({"credential": credential, "at": at})).collect();
        let unknown = json!({"credential": NOBODY, "at": 1});
        let uses = [uses, vec![unknown]].concat();
        let body = json!({"last_used": uses}).to_string();
        report(&world, body).await.expect(StatusCode::OK);
        assert_eq!(last_used().await, Some(expected));
    }
    // A gateway whose clock is ahead cannot use a key in the future.
    let body = json!({"last_used": [{"credential": credential, "at": 253_402_300_799_i64}]});
    report(&world, body.to_string()).await.expect(StatusCode::OK);
    assert!(last_used().await.unwrap() < 200_000_000_000_000);
}

#[tokio::test]
async fn a_report_that_means_nothing_is_refused_and_counts_nothing() {
    let world = World::new(TestPortal::start().await).await;
    let good = json!({
        "application": world.application, "api": world.api, "class": "allowed", "count": 1
    });
    let with = |name: &str, value: Value| {
        let mut item = good.clone();
        item[name] = value;
        json!({"usage": [good, item]})
    };
    for (body, field, rule) in [
        (with("application", json!("x")), "usage.1.application", "is_uuid"),
        (with("api", json!(7)), "usage.1.api", "is_string"),
        (with("class", json!("2xx")), "usage.1.class", "enum"),
        (with("count", json!(0)), "usage.1.count", "min"),
        (with("count", json!(-1)), "usage.1.count", "min"),
        (with("count", json!(1.5)), "usage.1.count", "is_integer"),
        (with("count", json!(1_000_000_000_001_u64)), "usage.1.count", "max"),
        (with("more", json!(1)), "usage.1.more", "unknown_property"),
        (json!({"usage": [{}]}), "usage.0.application", "required"),
        (json!({"usage": {}}), "usage", "is_array"),
        (json!({"usage": vec![good.clone(); 4097]}), "usage", "max_items"),
        (json!({"used": []}), "used", "unknown_property"),
        (json!({"last_used": [{"credential": NOBODY, "at": -1}]}), "last_used.0.at", "min"),
        (json!({"last_used": [{"credential": NOBODY}]}), "last_used.0.at", "required"),
    ] {
        let blamed = report(&world, body.to_string()).await.blamed();
        assert_eq!((blamed[0].0.as_str(), blamed[0].1.as_str()), (field, rule));
    }
    for body in [&b"{"[..], b"[]", b"\xff{}", b"null"] {
        assert_eq!(report(&world, body).await.blamed()[0].0, "body");
    }
    let long = format!("{{\"usage\": []{}}}", " ".repeat(1 << 20));
    report(&world, long).await.expect(StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(counts(&world).await, BTreeMap::new());
}
