//! What is Curity's own.

use gatekey_dcr::{FailureKind, Job};
use gatekey_dcr_fakes::{Answer, Fault};
use serde_json::json;

use crate::bed::{Bed, Which, metadata};
use crate::driver::{Driver, Kept, Kill, START, run};

async fn made(bed: &Bed) -> (Kept, String) {
    let mut kept = Kept::default();
    let state = run(&*bed.adapter(), &Job::Register(metadata("tag-1")), &mut kept).await.done();
    (kept, state.remote.client_id.unwrap())
}

/// Another holder of the registration access token used it.
fn lose_token(bed: &Bed) {
    bed.curity().look(|world| {
        for client in world.clients.values_mut() {
            client.token = "another".into();
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn every_registration_takes_a_token_of_its_own() {
    let bed = Bed::start(Which::Curity).await;
    for _ in 0..2 {
        made(&bed).await;
    }
    assert_eq!(bed.curity().look(|world| (world.reused, world.initial.len())), (0, 0));
    let tokens = bed.calls().iter().filter(|call| call.ends_with("oauth-token")).count();
    assert_eq!(tokens, 2);
    // One that is refused is replaced once.
    for (refusals, done) in [(1, true), (2, false)] {
        let bed = Bed::start(Which::Curity).await;
        let refused = Answer::json(401, json!({"error": "invalid_token"}));
        bed.fault("POST /token-service", 0, refusals, Fault::Instead(refused));
        let job = Job::Register(metadata("tag-1"));
        let end = run(&*bed.adapter(), &job, &mut Kept::default()).await;
        assert_eq!(matches!(end, crate::driver::End::Done(_)), done, "{end:?}");
        assert_eq!(bed.curity().look(|world| world.reused), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_registration_token_is_replaced_by_one_that_manages_all() {
    let jobs =
        [Job::Update(metadata("tag-1")), Job::RotateSecret(metadata("tag-1")), Job::Unregister];
    for job in jobs {
        for may_manage in [true, false] {
            let bed = Bed::start(Which::Curity).await;
            let (mut kept, id) = made(&bed).await;
            lose_token(&bed);
            bed.curity().look(|world| world.may_manage = may_manage);
            let end = run(&*bed.adapter(), &job, &mut kept).await;
            if !may_manage {
                assert_eq!(end.failure().kind, FailureKind::Unauthorized);
                assert_eq!(bed.clients(), 1);
                continue;
            }
            let state = end.done();
            if job == Job::Unregister {
                assert!(bed.is_empty());
                continue;
            }
            assert!(bed.works(&id, state.issued.unwrap().secret.expose()).await);
            // The next job has a registration token again.
            bed.curity().look(|world| world.may_manage = false);
            run(&*bed.adapter(), &Job::Unregister, &mut kept).await.done();
            assert!(bed.is_empty());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_token_that_ended_is_not_tried() {
    let bed = Bed::start(Which::Curity).await;
    let (kept, _) = made(&bed).await;
    let mut driver = Driver::default();
    driver.now = START + 31_536_000 + 60;
    let before = bed.calls().len();
    driver.run(&*bed.adapter(), &Job::Unregister, &mut kept.fresh(), Kill::Never).await.done();
    assert!(bed.is_empty());
    let calls = bed.calls().split_off(before);
    assert_eq!(calls.len(), 3, "metadata, token, removal: {calls:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_whose_answer_was_lost_is_done_also_without_the_right_to_manage() {
    for fault in [Fault::DropAfter, Fault::After(Answer::empty(500))] {
        let bed = Bed::start(Which::Curity).await;
        let (mut kept, _) = made(&bed).await;
        bed.curity().look(|world| world.may_manage = false);
        bed.fault("DELETE", 0, 1, fault);
        run(&*bed.adapter(), &Job::Unregister, &mut kept).await.done();
        assert!(bed.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_managed_at_the_server_and_nowhere_else() {
    let elsewhere = Bed::start(Which::Curity).await;
    let bed = Bed::start(Which::Curity).await;
    let origin = elsewhere.curity().origin().to_owned();
    bed.curity().look(|world| world.elsewhere = Some(origin.clone()));
    let (mut kept, _) = made(&bed).await;
    run(&*bed.adapter(), &Job::Update(metadata("tag-1")), &mut kept).await.done();
    run(&*bed.adapter(), &Job::Unregister, &mut kept).await.done();
    assert!(bed.is_empty() && elsewhere.calls().is_empty());
    let document = json!({"token_endpoint": format!("{origin}/oauth/v2/oauth-token"),
        "registration_endpoint": format!("{origin}/token-service/oauth-registration")});
    bed.fault("GET /oauth", 0, 1, Fault::Instead(Answer::json(200, document)));
    let failure = run(&*bed.adapter(), &Job::Verify, &mut Kept::default()).await.failure();
    assert_eq!(failure.kind, FailureKind::Unexpected);
    assert!(elsewhere.calls().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn verifying_says_what_is_missing() {
    let bed = Bed::start(Which::Curity).await;
    let state = run(&*bed.adapter(), &Job::Verify, &mut Kept::default()).await.done();
    assert!(state.found.warnings.is_empty());
    bed.curity().look(|world| world.may_manage = false);
    let state = run(&*bed.adapter(), &Job::Verify, &mut Kept::default()).await.done();
    assert!(state.found.warnings.join("").contains("`dcrm`"));
    let document = json!({"token_endpoint": format!("{}/t", bed.curity().origin())});
    bed.fault("GET /oauth", 0, 1, Fault::Instead(Answer::json(200, document)));
    let failure = run(&*bed.adapter(), &Job::Verify, &mut Kept::default()).await.failure();
    assert!(failure.detail.contains("registration_endpoint"), "{failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_whose_answer_was_lost_is_uncertain() {
    let bed = Bed::start(Which::Curity).await;
    bed.fault("POST /token-service", 0, 1, Fault::DropAfter);
    let job = Job::Register(metadata("tag-1"));
    let failure = run(&*bed.adapter(), &job, &mut Kept::default()).await.failure();
    assert_eq!(failure.kind, FailureKind::Uncertain);
    assert_eq!(bed.clients(), 1, "it was not made twice");
}
