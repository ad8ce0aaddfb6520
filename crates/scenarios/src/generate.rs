//! Random scenarios for property tests.
//!
//! The names are few, so that things meet: a random key is often a known one, a random route
//! often leads somewhere, and a random delta often hits what the next request needs.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use std::collections::BTreeMap;

use crate::cast::Cast;
use crate::document::{
    Application, Change, Consumer, Credential, Expect, Gateway, HeaderValue, KeySource, Limit,
    LimitKind, Policy, Publication, Record, Registration, RegistrationStatus, Request, Route,
    Scheme, Service, Snapshot, Staleness, Step, Strategy as AuthStrategy, StrategyMethod,
    UnknownRoute, WhenStale,
};
use crate::scenario::Scenario;

const APIS: &[&str] = &["flights", "hotels", "cars"];
const APPLICATIONS: &[&str] = &["trips", "tours", "rival"];
const CREDENTIALS: &[&str] = &["c1", "c2", "c3", "c4", "c5", "c6"];
const PORTALS: &[&str] = &["main", "partners"];
const ROUTES: &[&str] = &["r1", "r2", "r3", "r4"];
const SERVICES: &[&str] = &["s1", "s2", "s3"];
const STRATEGIES: &[&str] = &["keys", "other-keys", "tokens"];
const KEY_NAMES: &[&str] = &["apikey", "X-API-Key", "x-key"];
const NETWORKS: &[&str] = &["192.0.2.0/24", "192.0.2.7", "2001:db8::/32", "::/0", "0.0.0.0/0"];
const ADDRESSES: &[&str] =
    &["192.0.2.7", "192.0.2.8", "203.0.113.1", "2001:db8::1", "2001:db9::1", "::ffff:192.0.2.7"];
const HEADER_NAMES: &[&str] = &[
    "apikey",
    "APIKEY",
    "x-api-key",
    "x_api_key",
    "x-key",
    "X-Key",
    "x-consumer-id",
    "X_API_ID",
    "x-note",
    "x-version",
    "authorization",
];
const HOSTS: &[&str] = &["a.test", "b.test", "x.a.test", "A.Test:80", "a.test.", "test", "a.org"];
const PATTERNS: &[&str] = &["a.test", "*.test", "*.a.test", "a.*", "b.test:443", "*"];
const PATHS: &[&str] = &[
    "/", "/a", "/a/b", "/ab", "/a/../b", "/a//b", "/%61", "/a%2fb", "/a?x=/b", "/b;v=1", "/..;/a",
    "*", "", "/a%", "/a\\b", "/;", "/a/;x",
];
const PREFIXES: &[&str] = &["/", "/a", "/a/", "/a/b", "/b", "~/a"];

fn one(names: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(names).prop_map(String::from)
}

/// Three times out of four the first.
fn often(first: &'static str, others: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop_oneof![3 => Just(first.to_owned()), 1 => one(others)]
}

fn some(names: &'static [&'static str], most: usize) -> impl Strategy<Value = Vec<String>> {
    vec(one(names), 0..=most)
}

fn strategy() -> impl Strategy<Value = AuthStrategy> {
    let method = prop_oneof![
        4 => some(KEY_NAMES, 2).prop_map(StrategyMethod::KeyAuth),
        1 => Just(StrategyMethod::Other("openid-connect".into())),
    ];
    (one(STRATEGIES), method).prop_map(|(name, method)| AuthStrategy { name, method })
}

fn service() -> impl Strategy<Value = Service> {
    let shown = option::weighted(0.3, one(&["twin", "s2"]));
    (one(SERVICES), shown).prop_map(|(name, shown_as)| Service { name, shown_as })
}

fn route() -> impl Strategy<Value = Route> {
    let headers = vec((one(&["x-version", "X-Note"]), some(&["1", "2"], 2)), 0..2);
    (
        one(ROUTES),
        one(SERVICES),
        prop_oneof![1 => Just(Vec::new()), 1 => some(PATTERNS, 2)],
        prop_oneof![1 => Just(Vec::new()), 2 => some(PREFIXES, 2)],
        prop_oneof![2 => Just(Vec::new()), 1 => some(&["GET", "POST"], 1)],
        prop_oneof![4 => Just(Vec::new()), 1 => headers],
    )
        .prop_map(|(name, service, hosts, paths, methods, headers)| Route {
            name,
            service,
            hosts,
            paths,
            methods,
            headers,
        })
}

fn publication() -> impl Strategy<Value = Publication> {
    let strategy = option::weighted(0.9, one(STRATEGIES));
    (one(APIS), one(PORTALS), one(SERVICES), strategy, prop::bool::weighted(0.3)).prop_map(
        |(api, portal, service, strategy, consumers_too)| Publication {
            api,
            portal,
            service,
            strategy,
            consumers_too,
        },
    )
}

fn consumer() -> impl Strategy<Value = Consumer> {
    let told = || option::of(one(&["ada", " Ada L\u{f6}ve"]));
    (one(&["ada", "bob"]), told(), told()).prop_map(|(name, username, custom_id)| Consumer {
        name,
        username,
        custom_id,
    })
}

fn limit() -> impl Strategy<Value = Limit> {
    let kinds = [(LimitKind::Rate, 20), (LimitKind::Rate, 86_400), (LimitKind::Quota, 3_600)];
    let api = option::weighted(0.3, one(APIS));
    (select(kinds.to_vec()), 1..3_u32, api).prop_map(|((kind, window_seconds), requests, api)| {
        Limit { kind, requests, window_seconds, apis: api.into_iter().collect() }
    })
}

fn application() -> impl Strategy<Value = Application> {
    let shown = option::of(one(&["Trips & Tours", " é%\n", ""]));
    let networks = prop_oneof![6 => Just(Vec::new()), 1 => some(NETWORKS, 2)];
    let limits = prop_oneof![3 => Just(Vec::new()), 1 => vec(limit(), 1..3)];
    let team = option::weighted(0.2, one(&["planners"]));
    let rare = (team, limits, networks, option::weighted(0.2, consumer()));
    (one(APPLICATIONS), one(PORTALS), one(STRATEGIES), shown, prop::bool::weighted(0.15), rare)
        .prop_map(|(name, portal, strategy, shown_as, suspended, rare)| {
            let (team, limits, networks, consumer) = rare;
            Application {
                name,
                portal,
                strategy,
                developer: "ann".into(),
                team,
                shown_as,
                suspended,
                limits,
                networks,
                consumer,
            }
        })
}

fn registration() -> impl Strategy<Value = Registration> {
    let status = prop_oneof![
        2 => Just(RegistrationStatus::Approved),
        1 => Just(RegistrationStatus::Pending),
        1 => Just(RegistrationStatus::Rejected),
        1 => Just(RegistrationStatus::Revoked),
    ];
    let consumer = option::weighted(0.2, consumer());
    (one(APPLICATIONS), one(APIS), status, consumer).prop_map(
        |(application, api, status, consumer)| Registration { application, api, status, consumer },
    )
}

/// The key belongs to the credential's name, so that no two credentials have one digest.
fn credential() -> impl Strategy<Value = Credential> {
    let end = option::weighted(0.3, select(&[-5_i64, 0, 20, 1_000_000][..]));
    (one(CREDENTIALS), one(APPLICATIONS), 0..6_u8, one(&["p1", "p1", "p2"]), end).prop_map(
        |(name, application, form, pepper, expires_in_seconds)| {
            let (key, scheme) = match form {
                0 => (KeySource::Raw(format!("raw {name}")), Scheme::HmacSha256),
                1 => (KeySource::Raw(format!("raw {name}")), Scheme::Sha256),
                2 => (KeySource::Issue(name.clone()), Scheme::Sha256),
                _ => (KeySource::Issue(name.clone()), Scheme::HmacSha256),
            };
            Credential { name, application, key, scheme, pepper, expires_in_seconds }
        },
    )
}

fn record() -> impl Strategy<Value = Record> {
    prop_oneof![
        1 => strategy().prop_map(Record::Strategy),
        1 => service().prop_map(Record::Service),
        2 => route().prop_map(Record::Route),
        2 => publication().prop_map(Record::Publication),
        2 => application().prop_map(Record::Application),
        3 => registration().prop_map(Record::Registration),
        3 => credential().prop_map(Record::Credential),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        3 => record().prop_map(Change::Put),
        1 => record().prop_map(|record| Change::Delete(record.name())),
    ]
}

/// A policy in which most things fit together, disturbed by random changes.
fn policy() -> impl Strategy<Value = Policy> {
    let likely = vec(record(), 20..50);
    let sound = [
        r#"{"put": {"strategy": {"name": "keys", "method": {"key_auth": ["apikey"]}}}}"#,
        r#"{"put": {"service": {"name": "s1"}}}"#,
        r#"{"put": {"route": {"name": "r1", "service": "s1", "hosts": ["a.test"], "paths": ["/a"]}}}"#,
        r#"{"put": {"publication": {"api": "flights", "portal": "main", "service": "s1", "strategy": "keys"}}}"#,
        r#"{"put": {"application": {"name": "trips", "portal": "main", "strategy": "keys", "developer": "ann"}}}"#,
        r#"{"put": {"registration": {"application": "trips", "api": "flights", "status": "approved"}}}"#,
        r#"{"put": {"credential": {"name": "c1", "application": "trips", "key": {"issue": "c1"}}}}"#,
    ];
    let sound: Vec<Change> =
        sound.iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
    // The application that gets furthest is often held up by these.
    let limits = prop_oneof![1 => Just(Vec::new()), 1 => vec(limit(), 1..3)];
    let networks = prop_oneof![3 => Just(Vec::new()), 1 => some(NETWORKS, 2)];
    (likely, prop::bool::weighted(0.8), vec(change(), 0..4), (limits, networks)).prop_map(
        move |(records, begin_sound, disturbances, (limits, networks))| {
            let mut policy = Policy::default();
            records.into_iter().for_each(|record| policy.change(&Change::Put(record)));
            if begin_sound {
                sound.iter().for_each(|change| policy.change(change));
                if let Some(trips) = policy.applications.iter_mut().find(|a| a.name == "trips") {
                    (trips.limits, trips.networks) = (limits, networks);
                }
            }
            disturbances.iter().for_each(|change| policy.change(change));
            policy
        },
    )
}

fn value() -> impl Strategy<Value = HeaderValue> {
    let text = |text: String| HeaderValue::Text(text);
    prop_oneof![
        12 => Just(HeaderValue::from("{{stranger:c1}}")),
        12 => one(CREDENTIALS).prop_map(move |name| text(format!("{{{{stranger:{name}}}}}"))),
        3 => one(CREDENTIALS).prop_map(move |name| text(format!("raw {name}"))),
        1 => (one(CREDENTIALS), 0..52_usize)
            .prop_map(move |(name, at)| text(format!("{{{{stranger:{name}|swap:{at}}}}}"))),
        1 => one(&["", "1", "2", "x", "gk_live_", "Bearer {{stranger:c1}}"]).prop_map(text),
        1 => vec(any::<u8>(), 0..4).prop_map(|bytes| HeaderValue::Hex {
            hex: bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        }),
    ]
}

fn request() -> impl Strategy<Value = Request> {
    let first = (one(&["apikey", "apikey", "APIKEY", "x-api-key", "x-key"]), value());
    let more = vec((one(HEADER_NAMES), value()), 0..3);
    let headers = (option::weighted(0.9, first), prop_oneof![2 => Just(Vec::new()), 1 => more]);
    let metadata = option::weighted(0.1, one(&["s1", "s2", "twin", "{{service:s3}}", "none"]));
    (
        one(&["GET", "GET", "POST", "get"]),
        often("a.test", HOSTS),
        often("/a", PATHS),
        headers,
        metadata,
        option::weighted(0.8, one(ADDRESSES)),
    )
        .prop_map(
            |(method, authority, path, (first, more), route_metadata_service, client_address)| {
                Request {
                    method,
                    authority,
                    path,
                    headers: first.into_iter().chain(more).collect(),
                    more_headers: 0,
                    route_metadata_service,
                    client_address,
                    // Nobody knows what to expect: the subjects are held against each other.
                    expect: Expect::Allow {
                        caller: None,
                        upstream_headers: None,
                        present: Vec::new(),
                        absent: Vec::new(),
                    },
                }
            },
        )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => request().prop_map(Step::Request),
        2 => vec(change(), 1..4).prop_map(Step::Delta),
        1 => select(&[1_u64, 20, 100][..]).prop_map(Step::Advance),
    ]
}

fn gateway() -> impl Strategy<Value = Gateway> {
    let then = prop_oneof![
        Just(WhenStale::DenyAll),
        Just(WhenStale::DenyNew),
        Just(WhenStale::ServeKnown)
    ];
    let peppers = prop_oneof![
        3 => Just(vec!["p1".to_owned()]),
        1 => Just(vec!["p2".to_owned(), "p1".to_owned()]),
        1 => Just(Vec::new()),
    ];
    (
        peppers,
        option::weighted(0.3, often("s1", &["s2", "twin", "{{service:s1}}", "none"])),
        prop::bool::ANY,
        (select(&[10_u64, 1_000, 1_000][..]), then),
        prop::bool::ANY,
    )
        .prop_map(|(peppers, service, pass, (max_seconds, then), hide_credentials)| Gateway {
            peppers,
            service,
            unknown_route: if pass { UnknownRoute::Pass } else { UnknownRoute::Refuse },
            staleness: Staleness { max_seconds, then },
            hide_credentials,
            realm: None,
        })
}

/// Scenarios whose expectations mean nothing: run two subjects and compare them.
pub fn scenario() -> impl Strategy<Value = Scenario> {
    let snapshot = select(&[0_u64, 5, 15][..])
        .prop_map(|issued_seconds_ago| Snapshot { issued_seconds_ago, missing: false });
    (policy(), gateway(), snapshot, vec(step(), 1..24)).prop_map(
        |(policy, gateway, snapshot, steps)| Scenario {
            name: "generated".into(),
            cast: Cast::of(&policy, &BTreeMap::new(), &steps).unwrap_or_default(),
            policy,
            gateway,
            snapshot,
            steps,
            skip: BTreeMap::new(),
        },
    )
}
