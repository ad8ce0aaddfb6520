//! What the portal is told of refused calls: enough to say why, never a secret, and no more than there
//! is room for.

use std::collections::BTreeSet;

use gatekey_core::lifecycle::registration::RegistrationStatus;
use gatekey_host_harness::{Outcome, Request, WorkerId, World};
use serde_json::{Value, json};

use crate::filter::{
    NGINX, configuration, nginx_builder, nginx_configuration, start, status, wait, world,
};
use crate::portal::{API, APPLICATION, Mood, Portal, START, key};

/// The most that the portal takes.
const MOST_REFUSALS: usize = 1_024;
/// The most bytes of a report that are about refused calls.
const MOST_BYTES: usize = 4 * 16 * 1_024 + 100;

/// A worker that has the policy, and nothing to report.
fn serving(portal: &Portal) -> (World, WorkerId) {
    let mut world = world(portal);
    let worker = start(&mut world, &configuration(portal));
    wait(&mut world, 2_000);
    portal.take_reports();
    (world, worker)
}

fn ask(world: &mut World, worker: WorkerId, id: &str, key: &str) -> u16 {
    let path = "/flights/\"7\"?apikey=in-the-query&token=hunter2";
    let request = Request::get(path).header("x-request-id", id).header("apikey", key);
    match world.request(worker, request).outcome {
        Outcome::Local { status, .. } => status,
        _ => 200,
    }
}

fn ids(report: &Value) -> BTreeSet<String> {
    let refusals = report["refusals"].as_array().unwrap().iter();
    refusals.map(|refused| refused["request_id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_portal_is_told_of_each_refused_call() {
    let portal = Portal::new();
    let one = portal.issue(1);
    portal.register(RegistrationStatus::Pending);
    let (mut world, worker) = serving(&portal);
    assert_eq!(ask(&mut world, worker, "of-application", &one), 403);
    assert_eq!(ask(&mut world, worker, "unknown", &key(2).0), 401);
    assert_eq!(ask(&mut world, worker, "not \"plain\"", &one), 403);
    wait(&mut world, 3_000);
    let reports = portal.take_reports();
    assert_eq!(reports.len(), 1, "{reports:?}");
    let refusals = reports[0]["refusals"].as_array().unwrap();
    assert_eq!(refusals.len(), 3);
    let at = refusals[0]["at"].as_u64().unwrap();
    assert!((START.0..START.0 + 3_000).contains(&at), "{at}");
    let expected = json!({
        "request_id": "of-application", "at": at, "reason": "registration_pending", "status": 403,
        "application": APPLICATION.to_string(), "api": API.to_string(), "method": "GET",
        "path": "/flights/\"7\""
    });
    assert_eq!(refusals[0], expected);
    let made_up = refusals[1]["request_id"].as_str().unwrap();
    assert!(made_up.len() == 16 && made_up.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let stranger = &refusals[2];
    assert_eq!((&stranger["request_id"], &stranger["status"]), (&json!("unknown"), &json!(401)));
    assert_eq!(stranger["application"], Value::Null, "nobody knows whose it was");
    assert_eq!(stranger["api"], json!(API.to_string()), "there is but one");
    let text = reports[0].to_string();
    for secret in [&one, &key(2).0, "hunter2", "in-the-query"] {
        assert!(!text.contains(secret), "{text}");
    }
    assert_eq!(reports[0]["refusals_dropped"], 0);
    // What is counted says why as well, under a name of the report.
    let usage = &reports[0]["usage"];
    assert_eq!(usage.as_array().unwrap().len(), 1, "{usage}");
    assert_eq!(
        (&usage[0]["reason"], &usage[0]["status"]),
        (&json!("registration_pending"), &json!(403))
    );
    assert_eq!((&usage[0]["class"], &usage[0]["count"]), (&json!("forbidden"), &json!(2)));
    assert!(!reports[0]["id"].as_str().unwrap().is_empty());
    wait(&mut world, 5_000);
    assert!(portal.take_reports().is_empty(), "everything is told once");
}

#[test]
fn an_expired_key_is_its_applications() {
    let portal = Portal::new();
    let mut credential = key(1).1;
    credential.expires_at = Some(START.seconds());
    portal.put(credential);
    let (mut world, worker) = serving(&portal);
    assert_eq!(ask(&mut world, worker, "late", &key(1).0), 401);
    wait(&mut world, 3_000);
    let reports = portal.take_reports();
    let refused = &reports[0]["refusals"][0];
    assert_eq!(refused["reason"], "expired_credential");
    assert_eq!(refused["application"], json!(APPLICATION.to_string()));
    assert_eq!(reports[0]["usage"][0]["reason"], "expired_credential");
}

#[test]
fn no_more_is_kept_than_there_is_room_for() {
    let portal = Portal::new();
    let one = portal.issue(1);
    portal.register(RegistrationStatus::Revoked);
    let (mut world, worker) = serving(&portal);
    // Strangers do not crowd out applications.
    for at in 0..10 {
        ask(&mut world, worker, &format!("application-{at}"), &one);
    }
    let mut before = 0;
    for at in 0..20_000 {
        let path = format!("/{}", "\u{1}".repeat(at % 500));
        let id = format!("stranger-{at}");
        let request = Request::get(path).header("x-request-id", &id).header("apikey", "nonsense");
        world.request(worker, request);
        if at == 5_000 {
            before = world.memory_bytes(worker);
        }
    }
    assert_eq!(world.memory_bytes(worker), before);
    wait(&mut world, 3_000);
    let reports = portal.take_reports();
    assert_eq!(reports.len(), 1);
    let (told, dropped) = (ids(&reports[0]), &reports[0]["refusals_dropped"]);
    assert_eq!(told.iter().filter(|id| id.starts_with("application-")).count(), 10);
    assert!(told.contains("stranger-19999"), "the newest are kept");
    assert_eq!(told.len() as u64 + dropped.as_u64().unwrap(), 20_010, "nothing goes unsaid");
    let bytes = reports[0]["refusals"].to_string().len();
    assert!(told.len() <= MOST_REFUSALS && bytes < MOST_BYTES, "{} in {bytes} bytes", told.len());
    // However short they are.
    for _ in 0..5_000 {
        world.request(worker, Request::get("/").header("x-request-id", "x"));
    }
    wait(&mut world, 3_000);
    let count = portal.take_reports()[0]["refusals"].as_array().unwrap().len();
    assert!((100..=MOST_REFUSALS).contains(&count), "{count}");
}

#[test]
fn a_report_that_nobody_answered_comes_again_under_its_name() {
    let portal = Portal::new();
    let one = portal.issue(1);
    portal.register(RegistrationStatus::Pending);
    for mood in [Mood::Silent, Mood::Away, Mood::Breaking, Mood::Status(503)] {
        let (mut world, worker) = serving(&portal);
        portal.mood(mood);
        assert_eq!(ask(&mut world, worker, "first", &one), 403);
        wait(&mut world, 20_000);
        assert_eq!(ask(&mut world, worker, "second", &one), 403);
        portal.mood(Mood::Honest);
        wait(&mut world, 20_000);
        let reports = portal.take_reports();
        let told: BTreeSet<_> = reports.iter().flat_map(ids).collect();
        assert_eq!(told.len(), 2, "{mood:?}: {reports:?}");
        let names: BTreeSet<_> = reports.iter().map(|report| report["id"].to_string()).collect();
        assert_eq!(names.len(), reports.len(), "{mood:?}: {reports:?}");
        let counted = |report: &Value| report["usage"][0]["count"].as_u64().unwrap();
        assert_eq!(reports.iter().map(counted).sum::<u64>(), 2, "{mood:?}");
    }
}

/// Whatever the portal makes of reports, the policy arrives.
#[test]
fn no_report_stands_in_the_way_of_the_policy() {
    for status_of_reports in [400, 413, 500, 503] {
        let portal = Portal::new();
        let one = portal.issue(1);
        let (mut world, worker) = serving(&portal);
        portal.mood(Mood::Choking(status_of_reports));
        assert_eq!(ask(&mut world, worker, "lost", "nonsense"), 401);
        for (registration, expected) in
            [(RegistrationStatus::Revoked, 403), (RegistrationStatus::Approved, 200)]
        {
            portal.register(registration);
            wait(&mut world, 15_000);
            assert_eq!(status(&mut world, worker, &one), expected, "{status_of_reports}");
        }
        portal.mood(Mood::Honest);
        wait(&mut world, 30_000);
        portal.take_reports();
        assert_eq!(ask(&mut world, worker, "told", "nonsense"), 401);
        wait(&mut world, 5_000);
        let reports = portal.take_reports();
        assert_eq!(reports.iter().flat_map(ids).collect::<Vec<_>>(), ["told"]);
    }
}

#[test]
fn on_nginx_and_kong_it_is_the_same() {
    for profile in NGINX {
        let portal = Portal::new();
        let one = portal.issue(1);
        portal.register(RegistrationStatus::Rejected);
        let mut world = nginx_builder(profile, &portal).build();
        let worker = start(&mut world, &nginx_configuration(&portal, profile));
        wait(&mut world, 2_500);
        portal.take_reports();
        assert_eq!(ask(&mut world, worker, "on-nginx", &one), 403, "{profile}");
        wait(&mut world, 5_000);
        let reports = portal.take_reports();
        let refused = &reports[0]["refusals"][0];
        assert_eq!(refused["request_id"], "on-nginx", "{profile}");
        assert_eq!(refused["path"], "/flights/\"7\"", "{profile}");
        assert!(world.failure(worker).is_none(), "{profile}");
    }
}
