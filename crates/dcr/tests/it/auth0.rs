//! What is Auth0's own.

use gatekey_dcr::{FailureKind, Job};
use gatekey_dcr_fakes::{Answer, Fault};
use serde_json::json;

use crate::bed::{Bed, Which, metadata};
use crate::driver::{Kept, run};

#[tokio::test(flavor = "multi_thread")]
async fn verifying_names_what_the_initial_client_lacks() {
    let bed = Bed::start(Which::Auth0).await;
    bed.auth0().look(|world| world.permissions.retain(|name| name != "delete:clients"));
    let failure = run(&*bed.adapter(), &Job::Verify, &mut Kept::default()).await.failure();
    assert_eq!(failure.kind, FailureKind::Refused);
    assert!(failure.detail.contains("delete:clients"), "{failure}");
    let mut provider = bed.provider();
    provider.secrets.insert("initial_client_secret".into(), json!("another-secret"));
    let adapter = provider.adapter().unwrap().unwrap();
    let failure = run(&*adapter, &Job::Verify, &mut Kept::default()).await.failure();
    assert_eq!(failure.kind, FailureKind::Unauthorized);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_got_once_and_once_more_when_it_is_refused() {
    for (refusals, tokens) in [(0, 1), (1, 2)] {
        let bed = Bed::start(Which::Auth0).await;
        let refused = Answer::json(401, json!({"statusCode": 401, "message": "Expired token"}));
        bed.fault("POST /api/v2/clients", 0, refusals, Fault::Instead(refused));
        let job = Job::Register(metadata("tag-1"));
        run(&*bed.adapter(), &job, &mut Kept::default()).await.done();
        assert_eq!(bed.auth0().look(|world| world.issued), tokens);
    }
    let bed = Bed::start(Which::Auth0).await;
    bed.fault("POST /api/v2/clients", 0, 9, Fault::Instead(Answer::empty(401)));
    let job = Job::Register(metadata("tag-1"));
    let failure = run(&*bed.adapter(), &job, &mut Kept::default()).await.failure();
    assert_eq!(failure.kind, FailureKind::Unauthorized);
    assert_eq!(bed.auth0().look(|world| world.issued), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn scopes_that_developers_choose_have_to_be_the_apis() {
    let bed = Bed::start(Which::Auth0).await;
    let mut provider = bed.provider();
    provider.config.insert("use_developer_managed_scopes".into(), json!(true));
    let adapter = provider.adapter().unwrap().unwrap();
    let mut chosen = metadata("tag-1");
    chosen.scopes = vec!["openid".into(), "drop:tables".into()];
    let job = Job::Register(chosen.clone());
    let failure = run(&*adapter, &job, &mut Kept::default()).await.failure();
    assert!(failure.detail.contains("drop:tables"), "{failure}");
    assert!(bed.is_empty(), "something was made first");

    let scopes = |bed: &Bed| {
        let grants = bed.auth0().look(|world| world.grants.clone());
        grants.values().map(|grant| grant["scope"].clone()).collect::<Vec<_>>()
    };
    let mut kept = Kept::default();
    chosen.scopes = vec!["openid".into(), "write:orders".into()];
    run(&*adapter, &Job::Register(chosen.clone()), &mut kept).await.done();
    assert_eq!(scopes(&bed), [json!(["write:orders"])]);
    chosen.scopes = vec!["read:orders".into()];
    run(&*adapter, &Job::Update(chosen), &mut kept).await.done();
    assert_eq!(scopes(&bed), [json!(["read:orders"])]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_whose_grant_fails_can_be_undone() {
    let bed = Bed::start(Which::Auth0).await;
    let mut wanted = metadata("tag-1");
    wanted.audiences.push("https://unknown.test/".into());
    let mut kept = Kept::default();
    let failure = run(&*bed.adapter(), &Job::Register(wanted), &mut kept).await.failure();
    assert!(failure.detail.contains("inexistent_resource_server"), "{failure}");
    assert_eq!(bed.holds(), [("clients", 1), ("grants", 1)]);
    run(&*bed.adapter(), &Job::Unregister, &mut kept).await.done();
    assert!(bed.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_are_found_on_every_page_and_only_ours() {
    let bed = Bed::start(Which::Auth0).await;
    for number in 0..5 {
        let job = Job::Register(metadata(&format!("tag-{number}")));
        run(&*bed.adapter(), &job, &mut Kept::default()).await.done();
    }
    bed.auth0().look(|world| {
        world.page = 2;
        let foreign = json!({"client_id": "foreign", "client_metadata": {"tag": "tag-1"}});
        world.clients.insert("foreign".into(), foreign);
    });
    for (tag, count) in [("", 5), ("tag-3", 1), ("tag", 0)] {
        let job = Job::Find { tag: tag.into() };
        let state = run(&*bed.adapter(), &job, &mut Kept::default()).await.done();
        assert_eq!(state.found.clients.len(), count, "{tag}");
    }
}
