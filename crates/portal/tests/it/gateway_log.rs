//! The change log.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use gatekey_core::snapshot::manifest::split_bundle;
use gatekey_core::snapshot::record::read_page;
use gatekey_core::snapshot::{Change, MAX_PAGE_BYTES, Record, RecordKey};
use gatekey_core::sync::{Document, Settled};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use serde_json::json;
use uuid::Uuid;

use crate::edge::World;
use crate::support::TestPortal;

type Records = BTreeMap<RecordKey, Record>;

/// What a gateway holds that applied every change there ever was.
async fn by_changes(database: &DatabaseConnection, gateway: &str) -> Records {
    let gateway: Uuid = gateway.parse().unwrap();
    let query = "SELECT gateway_id, body FROM changes ORDER BY revision, sequence";
    let query = Statement::from_string(database.get_database_backend(), query);
    let mut records = Records::new();
    for row in database.query_all_raw(query).await.unwrap() {
        let scope: Option<Uuid> = row.try_get("", "gateway_id").unwrap();
        if scope.is_some_and(|scope| scope != gateway) {
            continue;
        }
        let body: Vec<u8> = row.try_get("", "body").unwrap();
        match Change::decode(&body).unwrap() {
            Change::Put(record) => {
                records.insert(record.key(), record);
            }
            Change::Delete(key) => {
                assert!(records.remove(&key).is_some(), "{key:?} was not known");
            }
        }
    }
    records
}

/// What a gateway holds that took a snapshot.
async fn by_snapshot(portal: &TestPortal, gateway: &str) -> Records {
    let path = format!("/gateway/v1/snapshot?gateway={gateway}");
    let bundle = portal.gateway().get(&path).await.expect(StatusCode::OK).body;
    let (_, pages) = split_bundle(&bundle).unwrap();
    let records = pages.into_iter().flat_map(|page| read_page(page).unwrap());
    records.map(|record| record.unwrap()).map(|record| (record.key(), record)).collect()
}

/// Snapshots and the log must say the same, whatever happened.
#[tokio::test]
async fn the_log_and_the_snapshot_lead_to_the_same_policy() {
    let world = World::new(TestPortal::start().await).await;
    let (portal, admin) = (&world.portal, world.portal.admin());
    let database = portal.database().await;
    let (other_gateway, other_service) = portal.new_service().await;
    let agree = async |what: &str| {
        for gateway in [&world.gateway, &other_gateway] {
            let by_changes = by_changes(&database, gateway).await;
            let by_snapshot = by_snapshot(portal, gateway).await;
            assert_eq!(by_changes, by_snapshot, "{what}");
        }
    };
    agree("an API is published").await;
    world.new_key().await;
    let (_, second) = world.new_key().await;
    let registration = world.ask().await;
    world.set(&registration, "approved").await;
    agree("a key and a registration").await;
    let own = &world.developer.caller;
    let application = format!("/applications/{}", world.application);
    own.patch(&application, json!({"name": "renamed"})).await.expect(StatusCode::OK);
    own.delete(&format!("{application}/credentials/{second}")).await.expect(StatusCode::NO_CONTENT);
    world.set(&registration, "revoked").await;
    agree("changes of an application").await;
    let strategy = format!("/v2/application-auth-strategies/{}", world.strategy);
    let edit = json!({"configs": {"key-auth": {"key_names": ["x-key", "apikey"]}}});
    admin.patch(&strategy, edit).await.expect(StatusCode::OK);
    agree("a strategy is changed").await;
    let entities = format!("/v2/control-planes/{}/core-entities", world.gateway);
    let routes = admin.get(&format!("{entities}/routes")).await.ids();
    let route = format!("{entities}/routes/{}", routes[0]);
    let body = json!({"paths": ["/elsewhere"], "service": {"id": world.service}});
    admin.put(&route, body).await.expect(StatusCode::OK);
    let body = json!({"name": "renamed", "host": "up.test"});
    admin.put(&format!("{entities}/services/{}", world.service), body).await.expect(StatusCode::OK);
    agree("a route and a service are changed").await;
    let implementations = format!("/v3/apis/{}/implementations", world.api);
    let query = format!("/v3/api-implementations?filter[api_id][eq]={}", world.api);
    let linked = admin.get(&query).await.ids();
    admin.delete(&format!("{implementations}/{}", linked[0])).await.expect(StatusCode::NO_CONTENT);
    agree("an API without a service").await;
    let link = json!({"service": {"control_plane_id": other_gateway, "id": other_service}});
    admin.post(&implementations, link).await.expect(StatusCode::CREATED);
    agree("an API at another gateway").await;
    portal.publish(&world.api, &world.id, json!({"auth_strategy_ids": null})).await;
    agree("an open API").await;
    admin.delete(&route).await.expect(StatusCode::NO_CONTENT);
    admin
        .delete(&format!("{entities}/services/{}", world.service))
        .await
        .expect(StatusCode::NO_CONTENT);
    agree("a service is deleted").await;
    own.delete(&registration_path(&world, &registration)).await.expect(StatusCode::NO_CONTENT);
    agree("a registration is deleted").await;
    portal.publish(&world.api, &world.id, json!({"auth_strategy_ids": [world.strategy]})).await;
    world.ask().await;
    admin
        .delete(&format!("/v3/apis/{}/publications/{}", world.api, world.id))
        .await
        .expect(StatusCode::NO_CONTENT);
    agree("an API is withdrawn").await;
    portal.publish(&world.api, &world.id, json!({"auth_strategy_ids": [world.strategy]})).await;
    admin.delete(&format!("/v3/apis/{}", world.api)).await.expect(StatusCode::NO_CONTENT);
    agree("an API is deleted").await;
    admin
        .delete(&format!("/v3/portals/{}/developers/{}", world.id, world.developer.id))
        .await
        .expect(StatusCode::NO_CONTENT);
    agree("a developer is deleted").await;
    admin
        .delete(&format!("/v3/portals/{}?force=true", world.id))
        .await
        .expect(StatusCode::NO_CONTENT);
    admin.delete(&strategy).await.expect(StatusCode::NO_CONTENT);
    agree("portal and strategy are deleted").await;
}

fn registration_path(world: &World, registration: &str) -> String {
    let id = registration.rsplit('/').next().unwrap();
    format!("/applications/{}/registrations/{id}", world.application)
}

#[tokio::test]
async fn a_delta_that_would_be_too_long_ends_at_a_revision() {
    let world = World::new(TestPortal::start().await).await;
    let mut edge = world.edge();
    edge.catch_up(&world.portal).await;
    let before = edge.held();
    world.add_bulk(23).await;
    let path = format!("/gateway/v1/changes?gateway={}&since={before}", world.gateway);
    let delta = world.portal.gateway().get(&path).await.expect(StatusCode::OK);
    assert_eq!(delta.headers["content-type"], "application/vnd.gatekey.delta");
    let length = delta.body.len();
    assert!((MAX_PAGE_BYTES * 9 / 10..=MAX_PAGE_BYTES).contains(&length), "{length}");
    let seen = edge.catch_up(&world.portal).await;
    assert_eq!(seen, [Document::Delta, Document::Delta, Document::Delta]);
    assert_eq!(edge.held().0, before.0 + 23);
}

#[tokio::test]
async fn a_revision_that_is_too_long_for_a_delta_costs_a_snapshot() {
    let world = World::new(TestPortal::start().await).await;
    let mut edge = world.edge();
    edge.catch_up(&world.portal).await;
    let database = world.portal.database().await;
    let next = i64::try_from(edge.held().0 + 1).unwrap();
    // Another process commits: a portal alone would not make one revision as long as this.
    let backend = database.get_database_backend();
    for sequence in 0..17 {
        let values = [next.into(), sequence.into(), vec![0_u8; 65_000].into()];
        let insert = "INSERT INTO changes (revision, sequence, body) VALUES ($1, $2, $3)";
        let insert = Statement::from_sql_and_values(backend, insert, values);
        database.execute_raw(insert).await.unwrap();
    }
    database.execute_unprepared("UPDATE revisions SET value = value + 1").await.unwrap();
    assert_eq!(edge.step(&world.portal.gateway()).await, Settled::Outdated);
    let seen = edge.catch_up(&world.portal).await;
    assert_eq!(seen, [Document::Manifest, Document::Page(0)]);
}

#[tokio::test]
async fn a_gateway_hears_only_what_concerns_it_and_is_in_step_all_the_same() {
    let world = World::new(TestPortal::start().await).await;
    let (other, _) = world.portal.new_service().await;
    let mut edge = world.edge();
    edge.catch_up(&world.portal).await;
    let before = edge.held();
    let path = format!("/v2/control-planes/{other}/core-entities/services");
    let service = json!({"name": "theirs", "host": "up.test"});
    world.portal.admin().post(&path, service).await.expect(StatusCode::CREATED);
    let path = format!("/gateway/v1/changes?gateway={}&since={before}", world.gateway);
    let delta = world.portal.gateway().get(&path).await.expect(StatusCode::OK).body;
    assert!(!delta.windows(6).any(|window| window == b"theirs"));
    edge.catch_up(&world.portal).await;
    assert_eq!(edge.held().0, before.0 + 1);
}

#[tokio::test]
async fn what_changes_nothing_for_gateways_wakes_nobody() {
    let world = World::new(TestPortal::start().await).await;
    let mut edge = world.edge();
    edge.catch_up(&world.portal).await;
    let before = edge.held();
    let path = format!("/v3/portals/{}", world.id);
    let edit = json!({"description": "another"});
    world.portal.admin().patch(&path, edit).await.expect(StatusCode::OK);
    let started = Instant::now();
    let path = format!("/gateway/v1/changes?gateway={}&since={before}&wait=1", world.gateway);
    world.portal.gateway().get(&path).await.expect(StatusCode::OK);
    assert!(started.elapsed() >= Duration::from_secs(1));
}
