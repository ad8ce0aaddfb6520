//! OpenID Connect strategies, clients and access tokens as documents.

use gatekey_core::id::Revision;
use gatekey_core::oidc::settings::Settings;
use gatekey_core::oidc::{access_token_digest, client_digest};
use gatekey_core::snapshot::record::{Credential, Record, Scheme, Strategy, StrategyMethod};
use gatekey_core::snapshot::{Change, record};
use gatekey_core::sync::Progress;
use proptest::prelude::*;
use proptest::strategy::Strategy as _;
use serde_json::{Map, Value, json};

use crate::fixture::{
    APPLICATION, STRATEGY, catalogue, credential, delta, key, pepper, replica, snapshot_of, verdict,
};

fn strategy(settings: &str) -> Record {
    let method = StrategyMethod::OpenIdConnect { settings: settings.into() };
    Strategy { id: STRATEGY, method }.into()
}

fn clients() -> Vec<Record> {
    let client = client_digest(STRATEGY, "https://idp.test", "trips");
    let token = access_token_digest(&pepper(), b"token");
    [(client, Scheme::Client), (token, Scheme::AccessToken)]
        .into_iter()
        .map(|(digest, scheme)| Credential { digest, scheme, ..credential(2, APPLICATION) }.into())
        .collect()
}

#[test]
fn strategies_and_clients_come_back_as_they_were_written() {
    let mut records = vec![strategy(r#"{"issuer": "https://idp.test"}"#)];
    records.extend(clients());
    let mut page = b"GKP1".to_vec();
    records.iter().for_each(|record| record.encode(&mut page));
    let read: Result<Vec<_>, _> = record::read_page(&page).unwrap().collect();
    assert_eq!(read.unwrap(), records);
}

#[test]
fn a_client_is_no_key_and_a_broken_strategy_refuses() {
    let mut records = catalogue();
    let mut credentials = clients();
    credentials.extend(records.pop());
    credentials.sort_by_key(|record| match record {
        Record::Credential(credential) => Some(credential.digest),
        _ => None,
    });
    records.extend(credentials);
    let mut replica = replica();
    replica.load_bundle(&snapshot_of(1, &records).bundle()).unwrap();
    let policy = replica.policy().unwrap();
    assert_eq!(policy.credentials(), 3);
    assert_eq!(verdict(policy, &key(1).0), "allowed");
    for presented in ["trips", "token", &key(2).0] {
        assert_ne!(verdict(policy, presented), "allowed", "{presented}");
    }
    let changes = [Change::Put(strategy("{}"))];
    let changed = replica.accept_delta(&delta(1, 2, &changes));
    assert_eq!(changed, Ok(Progress::Applied(Revision(2))));
    assert_eq!(verdict(replica.policy().unwrap(), &key(1).0), "method_absent");
}

/// A value for each setting that fits, or nearly.
fn value() -> impl proptest::strategy::Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..100_000).prop_map(Value::from),
        prop_oneof![
            Just("https://idp.test/x?y=%20"),
            Just("http://[::1]:1"),
            Just("x-access-token"),
            Just("authorization:bearer"),
            Just("openid"),
            Just("bearer"),
            Just("session"),
            Just("/a"),
            Just("a b"),
            Just("Ed25519"),
            Just("Lax"),
        ]
        .prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map("[a-z]{1,4}|keys|kty", inner, 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// The names of all settings, from the page about them.
fn names() -> Vec<&'static str> {
    let page = include_str!("../../../../docs/openid-connect-settings.md");
    page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect()
}

fn document(members: Map<String, Value>) -> Value {
    let mut document = json!({"issuer": "https://idp.test", "auth_methods": ["bearer"]});
    document.as_object_mut().unwrap().extend(members);
    document
}

proptest! {
    #[test]
    fn no_bytes_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        if let Err(fault) = Settings::parse(&bytes) {
            prop_assert!(!fault.rule.is_empty());
        }
    }

    #[test]
    fn what_is_refused_names_a_setting_that_is_there(
        picked in proptest::collection::vec((0_usize..200, value()), 0..5),
    ) {
        let names = names();
        let members: Map<_, _> = picked
            .into_iter()
            .map(|(at, value)| (names[at % names.len()].to_owned(), value))
            .collect();
        let document = document(members);
        let text = document.to_string();
        match Settings::parse(text.as_bytes()) {
            Ok(settings) => {
                // What is accepted says the same however it is written.
                let pretty = serde_json::to_string_pretty(&document).unwrap();
                let again = Settings::parse(pretty.as_bytes()).unwrap();
                prop_assert_eq!(format!("{settings:?}"), format!("{again:?}"));
            }
            Err(fault) => {
                let field = fault.field.split('[').next().unwrap();
                prop_assert!(field.is_empty() || names.contains(&field), "{}", fault);
                prop_assert!(!fault.rule.is_empty());
            }
        }
    }
}
