//! What is Entra's own.

use gatekey_dcr::{FailureKind, Job};
use gatekey_dcr_fakes::entra::{Policy, TENANT};
use serde_json::json;

use crate::bed::{Bed, Which, metadata};
use crate::driver::{Driver, End, Kept, Kill, START, run};

#[tokio::test(flavor = "multi_thread")]
async fn the_directorys_delay_is_waited_for_up_to_a_deadline() {
    let bed = Bed::start(Which::Entra).await;
    bed.entra().look(|world| world.lag = 6);
    let job = Job::Register(metadata("tag-1"));
    let mut kept = Kept::default();
    let state = run(&*bed.adapter(), &job, &mut kept).await.done();
    let id = state.remote.client_id.unwrap();
    assert!(bed.works(&id, state.issued.unwrap().secret.expose()).await);

    let bed = Bed::start(Which::Entra).await;
    bed.entra().look(|world| world.lag = usize::MAX);
    let mut driver = Driver::default();
    let end = driver.run(&*bed.adapter(), &job, &mut Kept::default(), Kill::Never).await;
    let failure = end.failure();
    assert_eq!(failure.kind, FailureKind::Unavailable, "{failure}");
    assert!(driver.now - START >= 60, "it gave up after {} seconds", driver.now - START);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_of_the_tenant_is_told_as_one() {
    for (policy, word) in
        [(Policy::Addition, "forbids"), (Policy::Lifetime, "secret_lifetime_days")]
    {
        let bed = Bed::start(Which::Entra).await;
        bed.entra().look(|world| {
            world.policy = policy;
            world.policy_readable = true;
        });
        let mut kept = Kept::default();
        let state = run(&*bed.adapter(), &Job::Verify, &mut kept).await.done();
        assert!(state.found.warnings.join("").contains(word), "{:?}", state.found.warnings);
        let job = Job::Register(metadata("tag-1"));
        let failure = run(&*bed.adapter(), &job, &mut kept).await.failure();
        assert_eq!(failure.kind, FailureKind::Refused);
        assert!(failure.detail.contains(word), "{failure}");
        run(&*bed.adapter(), &Job::Unregister, &mut kept).await.done();
        assert!(bed.is_empty());
        let mut provider = bed.provider();
        provider.config.insert("secret_lifetime_days".into(), json!(30));
        let adapter = provider.adapter().unwrap().unwrap();
        let end = run(&*adapter, &job, &mut Kept::default()).await;
        assert_eq!(matches!(end, End::Done(_)), policy == Policy::Lifetime, "{end:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn verifying_asks_for_consent() {
    let bed = Bed::start(Which::Entra).await;
    bed.entra().look(|world| world.consented = false);
    let failure = run(&*bed.adapter(), &Job::Verify, &mut Kept::default()).await.failure();
    assert!(failure.detail.contains("Application.ReadWrite.OwnedBy"), "{failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_that_nobody_saw_keeps_the_old_secret() {
    let bed = Bed::start(Which::Entra).await;
    let adapter = bed.adapter();
    let mut kept = Kept::default();
    let made = run(&*adapter, &Job::Register(metadata("tag-1")), &mut kept).await.done();
    let (id, old) = (made.remote.client_id.unwrap(), made.issued.unwrap());
    kept = kept.fresh();
    let rotate = Job::RotateSecret(metadata("tag-1"));
    // Killed before the old secret is removed: the third call, after a token and the new secret.
    let end = Driver::default().run(&*adapter, &rotate, &mut kept, Kill::Before(2)).await;
    assert!(matches!(end, End::Killed));
    assert_eq!(bed.secrets(), 2);
    let state = Driver::default().run(&*adapter, &rotate, &mut kept, Kill::Never).await.done();
    assert!(state.issued.is_none() && bed.works(&id, old.secret.expose()).await);
    assert_eq!((bed.secrets(), kept.remote().secrets.len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn issuers_of_both_versions_are_the_same_tenant() {
    let bed = Bed::start(Which::Entra).await;
    for end in ["", "/", "/v2.0"] {
        let mut provider = bed.provider();
        provider.issuer = format!("{}/{TENANT}{end}", bed.entra().origin());
        let adapter = provider.adapter().unwrap().unwrap();
        run(&*adapter, &Job::Verify, &mut Kept::default()).await.done();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_are_found_on_every_page() {
    let bed = Bed::start(Which::Entra).await;
    for number in 0..5 {
        let job = Job::Register(metadata(&format!("tag-{number}")));
        run(&*bed.adapter(), &job, &mut Kept::default()).await.done();
    }
    bed.entra().look(|world| world.page = 2);
    for (tag, count) in [("", 5), ("tag-3", 1), ("tag", 0)] {
        let job = Job::Find { tag: tag.into() };
        let state = run(&*bed.adapter(), &job, &mut Kept::default()).await.done();
        assert_eq!(state.found.clients.len(), count, "{tag}");
    }
}
