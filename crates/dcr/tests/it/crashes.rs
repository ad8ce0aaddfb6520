//! The driver is killed before and after every single call of every job, and the job taken up again
//! from what was kept.

use gatekey_dcr::{Adapter, FailureKind, Job};

use crate::bed::{Bed, Which, metadata};
use crate::driver::{Driver, End, Kept, Kill};

/// Makes a client, and gives its secret.
async fn made(bed: &Bed, adapter: &dyn Adapter) -> (Kept, String) {
    let mut kept = Kept::default();
    let job = Job::Register(metadata("tag-1"));
    let end = Driver::default().run(adapter, &job, &mut kept, Kill::Never).await;
    let secret = end.done().issued.unwrap().secret.expose().clone();
    assert_eq!(bed.clients(), 1);
    (kept.fresh(), secret)
}

/// Removes what is known, and says whether anything was left.
async fn removed(bed: &Bed, adapter: &dyn Adapter, kept: &Kept, what: &str) {
    let mut kept = kept.fresh();
    Driver::default().run(adapter, &Job::Unregister, &mut kept, Kill::Never).await.done();
    assert!(bed.is_empty(), "{what} leaves {:?}: {:?}", bed.holds(), bed.calls());
}

/// Every place to kill a job, until there is none.
fn places(number: usize) -> [Kill; 2] {
    [Kill::Before(number), Kill::After(number)]
}

async fn registration(which: Which) {
    for number in 0.. {
        let mut killed = false;
        for kill in places(number) {
            for undo in [false, true] {
                let bed = Bed::start(which).await;
                let adapter = bed.adapter();
                let mut kept = Kept::default();
                let job = Job::Register(metadata("tag-1"));
                let mut driver = Driver::default();
                let end = driver.run(&*adapter, &job, &mut kept, kill).await;
                let what = format!("{which:?}, {kill:?}, undo {undo}");
                if !matches!(end, End::Killed) {
                    continue;
                }
                killed = true;
                driver.only_look = undo;
                match driver.run(&*adapter, &job, &mut kept, Kill::Never).await {
                    End::Done(_) => {
                        assert!(undo || kept.remote().client_id.is_some(), "{what}");
                        assert!(undo || bed.clients() == 1, "{what}: {:?}", bed.holds());
                        removed(&bed, &*adapter, &kept, &what).await;
                    }
                    End::Failed(failure) => {
                        // Where nothing can be looked for, the ledger has to say so.
                        assert_eq!(failure.kind, FailureKind::Uncertain, "{what}");
                        assert!(!adapter.capabilities().find, "{what}: {failure}");
                    }
                    other => panic!("{what}: {other:?}"),
                }
            }
        }
        if !killed {
            assert!(number > 1, "{which:?}: the job was never killed");
            return;
        }
    }
}

/// Kills a registration twice, after calls of two numbers.
async fn registration_killed_twice(which: Which) {
    for first in 0.. {
        for second in 0.. {
            let bed = Bed::start(which).await;
            let adapter = bed.adapter();
            let mut kept = Kept::default();
            let job = Job::Register(metadata("tag-1"));
            let mut driver = Driver::default();
            let end = driver.run(&*adapter, &job, &mut kept, Kill::After(first)).await;
            if !matches!(end, End::Killed) {
                return;
            }
            let what = format!("{which:?}, after {first}, after {second}");
            match driver.run(&*adapter, &job, &mut kept, Kill::After(second)).await {
                End::Killed => {}
                End::Failed(failure) if failure.kind == FailureKind::Uncertain => {
                    assert!(!adapter.capabilities().find, "{what}: {failure}");
                    break;
                }
                _ => break,
            }
            match driver.run(&*adapter, &job, &mut kept, Kill::Never).await {
                End::Done(_) => {
                    assert_eq!(bed.clients(), 1, "{what}: {:?}", bed.calls());
                    removed(&bed, &*adapter, &kept, &what).await;
                }
                End::Failed(failure) => {
                    assert_eq!(failure.kind, FailureKind::Uncertain, "{what}");
                    assert!(!adapter.capabilities().find, "{what}: {failure}");
                }
                other => panic!("{what}: {other:?}"),
            }
        }
    }
}

async fn other_jobs(which: Which) {
    let jobs = |can: gatekey_dcr::Capabilities| {
        let mut jobs = vec![Job::Update(metadata("tag-1")), Job::RotateSecret(metadata("tag-1"))];
        if can.secrets > 1 {
            jobs.push(Job::AddSecret { display_name: Some("second".into()) });
        }
        jobs.push(Job::Unregister);
        jobs
    };
    let all = jobs(Bed::start(which).await.adapter().capabilities());
    for job in all {
        for number in 0.. {
            let mut killed = false;
            for kill in places(number) {
                let bed = Bed::start(which).await;
                let adapter = bed.adapter();
                let (mut kept, old) = made(&bed, &*adapter).await;
                let id = kept.remote().client_id.unwrap();
                let mut driver = Driver::default();
                let end = driver.run(&*adapter, &job, &mut kept, kill).await;
                let what = format!("{which:?}, {}, {kill:?}", job.name());
                if !matches!(end, End::Killed) {
                    continue;
                }
                killed = true;
                let state = driver.run(&*adapter, &job, &mut kept, Kill::Never).await;
                let state = match state {
                    End::Done(state) => *state,
                    other => panic!("{what}: {other:?}"),
                };
                match &job {
                    Job::Unregister => assert!(bed.is_empty(), "{what}: {:?}", bed.holds()),
                    Job::AddSecret { .. } => {
                        assert!(bed.works(&id, &old).await, "{what}");
                        if let Some(issued) = &state.issued {
                            assert!(bed.works(&id, issued.secret.expose()).await, "{what}");
                        }
                        let known = kept.remote().secrets.len();
                        assert_eq!(bed.secrets(), known, "{what}: a secret nobody knows");
                    }
                    _ => {
                        if let Some(issued) = &state.issued {
                            assert!(bed.works(&id, issued.secret.expose()).await, "{what}");
                        }
                    }
                }
                removed(&bed, &*adapter, &kept, &what).await;
            }
            if !killed {
                break;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_registration_leaves_nothing_that_nobody_knows() {
    for which in Which::ALL {
        registration(which).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_job_is_taken_up_again() {
    for which in Which::ALL {
        other_jobs(which).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_killed_twice_leaves_nothing_that_nobody_knows() {
    for which in Which::ALL {
        registration_killed_twice(which).await;
    }
}
