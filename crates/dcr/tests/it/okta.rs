//! What is Okta's own.

use gatekey_dcr::{FailureKind, Job};
use gatekey_dcr_fakes::{Answer, Fault};
use serde_json::json;

use crate::bed::{Bed, Which, metadata};
use crate::driver::{Driver, Kept, Kill, run};

async fn warnings(bed: &Bed, job: &Job) -> Vec<String> {
    run(&*bed.adapter(), job, &mut Kept::default()).await.done().found.warnings
}

#[tokio::test(flavor = "multi_thread")]
async fn verifying_warns_of_what_makes_client_credentials_fail() {
    let bed = Bed::start(Which::Okta).await;
    assert_eq!(warnings(&bed, &Job::Verify).await, Vec::<String>::new());
    bed.okta().look(|world| {
        world.policy = false;
        world.scopes.clear();
    });
    let told = warnings(&bed, &Job::Verify).await.join("\n");
    assert!(told.contains("policy") && told.contains("`openid`"), "{told}");
    let mut provider = bed.provider();
    provider.issuer = bed.okta().origin().to_owned();
    let org = provider.adapter().unwrap().unwrap();
    let told = run(&*org, &Job::Verify, &mut Kept::default()).await.done().found.warnings;
    assert!(told.join("").contains("custom"), "{told:?}");
    provider.secrets.insert("dcr_token".into(), json!("another-token"));
    let adapter = provider.adapter().unwrap().unwrap();
    let failure = run(&*adapter, &Job::Verify, &mut Kept::default()).await.failure();
    assert_eq!(failure.kind, FailureKind::Unauthorized);
    assert!(failure.detail.contains("E0000011"), "{failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn openid_with_client_credentials_is_warned_of() {
    let bed = Bed::start(Which::Okta).await;
    let mut wanted = metadata("tag-1");
    assert!(warnings(&bed, &Job::Register(wanted.clone())).await.is_empty());
    wanted.scopes.push("openid".into());
    let told = warnings(&bed, &Job::Register(wanted)).await;
    assert!(told.join("").contains("`openid`"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_has_one_secret_or_two() {
    let bed = Bed::start(Which::Okta).await;
    let adapter = bed.adapter();
    let mut kept = Kept::default();
    let made = run(&*adapter, &Job::Register(metadata("tag-1")), &mut kept).await.done();
    let first = made.issued.unwrap().id.unwrap();
    let remove = Job::RemoveSecret { id: first };
    let failure = run(&*adapter, &remove, &mut kept).await.failure();
    assert_eq!(failure.kind, FailureKind::Refused);
    assert!(failure.detail.contains("only active"), "{failure}");
    let add = Job::AddSecret { display_name: None };
    run(&*adapter, &add, &mut kept).await.done();
    let failure = run(&*adapter, &add, &mut kept).await.failure();
    assert!(failure.detail.contains("more than two"), "{failure}");
    run(&*adapter, &remove, &mut kept).await.done();
    assert_eq!(bed.secrets(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_nobody_read_does_not_stay() {
    let bed = Bed::start(Which::Okta).await;
    let adapter = bed.adapter();
    let mut kept = Kept::default();
    run(&*adapter, &Job::Register(metadata("tag-1")), &mut kept).await.done();
    let add = Job::AddSecret { display_name: None };
    run(&*adapter, &add, &mut kept).await.done();
    assert_eq!(bed.secrets(), 2);
    // The driver was killed after it kept what it knew: the job is taken up at its end.
    let state = Driver::default().run(&*adapter, &add, &mut kept, Kill::Never).await.done();
    assert!(state.issued.is_none());
    assert_eq!((bed.secrets(), kept.remote().secrets.len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_go_on_at_the_org_and_nowhere_else() {
    let bed = Bed::start(Which::Okta).await;
    for number in 0..5 {
        let job = Job::Register(metadata(&format!("tag-{number}")));
        run(&*bed.adapter(), &job, &mut Kept::default()).await.done();
    }
    bed.okta().look(|world| world.page = 2);
    let job = Job::Find { tag: String::new() };
    let state = run(&*bed.adapter(), &job, &mut Kept::default()).await.done();
    assert_eq!(state.found.clients.len(), 5);
    let elsewhere = Bed::start(Which::Okta).await;
    let next = format!("<{}/oauth2/v1/clients>; rel=\"next\"", elsewhere.okta().origin());
    let page = Answer::json(200, json!([])).with("link", next);
    bed.fault("GET /oauth2/v1/clients", 0, 1, Fault::Instead(page));
    let failure = run(&*bed.adapter(), &job, &mut Kept::default()).await.failure();
    assert_eq!(failure.kind, FailureKind::Unexpected);
    assert!(elsewhere.calls().is_empty(), "the token was sent elsewhere");
}
