//! Every call of every job goes wrong in every way.

use core::time::Duration;

use gatekey_dcr::{FailureKind, Job};
use gatekey_dcr_fakes::{Answer, Fault};
use serde_json::json;

use crate::bed::{Bed, Which, metadata};
use crate::driver::{Driver, End, Kept, Kill};

const SLOW: Duration = Duration::from_millis(700);

/// A driver that does not wait for a slow answer.
fn driver(fault: &str) -> Driver {
    if fault == "slow" { Driver::patient_for(SLOW / 2) } else { Driver::default() }
}

fn broken(bed: &Bed) -> Vec<(&'static str, Fault)> {
    let oops = || Answer::json(500, json!({"message": "oops"}));
    vec![
        ("busy", Fault::Instead(bed.busy())),
        ("away", Fault::Instead(Answer::empty(503).with("retry-after", 3))),
        ("dropped before", Fault::Drop),
        ("dropped after", Fault::DropAfter),
        ("500 after", Fault::After(oops())),
        ("502 before", Fault::Instead(Answer::empty(502))),
        ("slow", Fault::Slow(SLOW)),
    ]
}

/// Registers while the call of a number goes wrong once, then removes.
async fn registration(which: Which) {
    for number in 0.. {
        let mut fewer = 0;
        let names: Vec<_> =
            broken(&Bed::start(which).await).into_iter().map(|(name, _)| name).collect();
        for (index, name) in names.iter().enumerate() {
            let bed = Bed::start(which).await;
            let adapter = bed.adapter();
            let what = format!("{which:?}, call {number} {name}");
            let fault = broken(&bed).swap_remove(index).1;
            bed.fault("*", number, 1, fault);
            let mut kept = Kept::default();
            let job = Job::Register(metadata("tag-1"));
            let end = driver(name).run(&*adapter, &job, &mut kept, Kill::Never).await;
            if bed.calls().len() <= number {
                fewer += 1;
                continue;
            }
            bed.mend();
            match end {
                End::Done(state) => {
                    let id = state.remote.client_id.unwrap();
                    let Some(issued) = state.issued else { panic!("{what}: no secret") };
                    assert!(bed.works(&id, issued.secret.expose()).await, "{what}");
                    assert_eq!(bed.clients(), 1, "{what}: {:?}", bed.calls());
                }
                End::Failed(failure) => {
                    assert_eq!(failure.kind, FailureKind::Uncertain, "{what}: {failure}");
                    assert!(!adapter.capabilities().find, "{what}: {failure}");
                    continue;
                }
                other => panic!("{what}: {other:?}"),
            }
            let mut kept = kept.fresh();
            Driver::default().run(&*adapter, &Job::Unregister, &mut kept, Kill::Never).await.done();
            assert!(bed.is_empty(), "{what} leaves {:?}", bed.holds());
        }
        if fewer == names.len() {
            assert!(number > 1);
            return;
        }
    }
}

/// Removes while the call of a number goes wrong once.
async fn removal(which: Which) {
    for number in 0.. {
        let mut fewer = 0;
        let names: Vec<_> =
            broken(&Bed::start(which).await).into_iter().map(|(name, _)| name).collect();
        for (index, name) in names.iter().enumerate() {
            let bed = Bed::start(which).await;
            let adapter = bed.adapter();
            let what = format!("{which:?}, call {number} {name}");
            let mut kept = Kept::default();
            let job = Job::Register(metadata("tag-1"));
            Driver::default().run(&*adapter, &job, &mut kept, Kill::Never).await.done();
            let before = bed.calls().len();
            bed.fault("*", number, 1, broken(&bed).swap_remove(index).1);
            let mut kept = kept.fresh();
            let end = driver(name).run(&*adapter, &Job::Unregister, &mut kept, Kill::Never).await;
            if bed.calls().len() - before <= number {
                fewer += 1;
                continue;
            }
            assert!(matches!(end, End::Done(_)), "{what}: {end:?}");
            assert!(bed.is_empty(), "{what} leaves {:?}", bed.holds());
        }
        if fewer == names.len() {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_survives_every_fault() {
    for which in Which::ALL {
        registration(which).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_survives_every_fault() {
    for which in Which::ALL {
        removal(which).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_stays_away_is_given_up() {
    for which in Which::ALL {
        let bed = Bed::start(which).await;
        bed.fault("*", 0, usize::MAX, Fault::Instead(Answer::empty(503)));
        let job = Job::Register(metadata("tag-1"));
        let mut kept = Kept::default();
        let end = Driver::default().run(&*bed.adapter(), &job, &mut kept, Kill::Never).await;
        assert!(matches!(end, End::GaveUp), "{which:?}: {end:?}");
        assert!(kept.remote().is_empty() && bed.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_names_provider_and_step_and_no_secret() {
    for which in Which::ALL {
        let bed = Bed::start(which).await;
        let adapter = bed.adapter();
        let provider = bed.provider();
        let secrets: Vec<String> = provider
            .secrets
            .values()
            .filter_map(|value| value.as_str())
            .map(str::to_owned)
            .collect();
        let said = secrets.join(" and ");
        let body = json!({"error": "odd", "error_description": format!("not with {said}"),
            "message": format!("not with {said}")});
        for skip in 0..3 {
            bed.fault("POST", skip, 1, Fault::Instead(Answer::json(400, body.clone())));
            let job = Job::Register(metadata("tag-1"));
            let mut kept = Kept::default();
            let end = Driver::default().run(&*adapter, &job, &mut kept, Kill::Never).await;
            bed.mend();
            let (mut kept, undo) = (kept.fresh(), Job::Unregister);
            Driver::default().run(&*adapter, &undo, &mut kept, Kill::Never).await.done();
            assert!(bed.is_empty(), "{which:?} leaves {:?}", bed.holds());
            let End::Failed(failure) = end else { continue };
            let told = failure.to_string();
            assert!(told.contains(provider.kind.title()), "{told}");
            assert!(told.contains(failure.step) && told.contains("odd"), "{told}");
            assert!(secrets.iter().all(|secret| !told.contains(secret)), "{told}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_busy_says_how_long() {
    for which in Which::ALL {
        let bed = Bed::start(which).await;
        let job = Job::Register(metadata("tag-1"));
        let mut plain = Driver::default();
        plain.run(&*bed.adapter(), &job, &mut Kept::default(), Kill::Never).await.done();
        bed.fault("POST", 0, 1, Fault::Instead(bed.busy()));
        let mut busy = Driver::default();
        busy.run(&*bed.adapter(), &job, &mut Kept::default(), Kill::Never).await.done();
        let waited = busy.now - plain.now;
        assert!((18..=21).contains(&waited), "{which:?}: {waited} seconds");
    }
}
