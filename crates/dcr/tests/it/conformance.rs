//! What every adapter has to be able to do, as far as its capabilities say.

use gatekey_dcr::{FailureKind, Job, Rotate};

use crate::bed::{Bed, Which, metadata};
use crate::driver::{Driver, Kept, Kill};

async fn whole_life(which: Which) {
    let bed = Bed::start(which).await;
    let adapter = bed.adapter();
    let can = adapter.capabilities();
    let mut driver = Driver::default();
    let mut kept = Kept::default();

    driver.run(&*adapter, &Job::Verify, &mut Kept::default(), Kill::Never).await.done();
    assert!(bed.is_empty(), "{which:?}: verifying leaves {:?}", bed.holds());

    let register = Job::Register(metadata("tag-1"));
    let state = driver.run(&*adapter, &register, &mut kept, Kill::Never).await.done();
    let id = state.remote.client_id.clone().unwrap();
    let first = state.issued.unwrap();
    let first_secret = first.secret.expose().clone();
    assert!(bed.works(&id, &first_secret).await, "{which:?}: the secret does not work");
    assert!(!bed.works(&id, "another").await);
    assert!(!format!("{:?}", kept).contains(&first_secret), "{which:?}: a secret is kept");

    let mut secret = first_secret.clone();
    if can.update {
        let mut changed = metadata("tag-1");
        changed.name = "Another name".into();
        changed.redirect_uris = vec!["https://app.test/cb".into()];
        kept = kept.fresh();
        let update = Job::Update(changed);
        let state = driver.run(&*adapter, &update, &mut kept, Kill::Never).await.done();
        assert_eq!(state.remote.client_id.as_deref(), Some(id.as_str()));
        assert_eq!(state.issued.is_some(), can.update_rotates, "{which:?}");
        if let Some(issued) = state.issued {
            assert!(!bed.works(&id, &secret).await);
            secret = issued.secret.expose().clone();
        }
        assert!(bed.works(&id, &secret).await, "{which:?}: the update broke the secret");
    }

    if can.rotate != Rotate::Never {
        kept = kept.fresh();
        let rotate = Job::RotateSecret(metadata("tag-1"));
        let state = driver.run(&*adapter, &rotate, &mut kept, Kill::Never).await.done();
        let new = state.issued.unwrap().secret.expose().clone();
        assert!(bed.works(&id, &new).await && !bed.works(&id, &secret).await, "{which:?}");
        secret = new;
    }

    let add = Job::AddSecret { display_name: Some("second".into()) };
    kept = kept.fresh();
    if can.secrets > 1 {
        let state = driver.run(&*adapter, &add, &mut kept, Kill::Never).await.done();
        let issued = state.issued.unwrap();
        let second = issued.secret.expose().clone();
        assert!(bed.works(&id, &second).await && bed.works(&id, &secret).await, "{which:?}");
        kept = kept.fresh();
        let state = driver.run(&*adapter, &Job::ListSecrets, &mut kept, Kill::Never).await.done();
        let ids: Vec<_> = state.found.secrets.iter().map(|secret| &secret.id).collect();
        let second_id = issued.id.unwrap();
        assert!(ids.len() == 2 && ids.contains(&&second_id), "{which:?}: {ids:?}");
        let remove = Job::RemoveSecret { id: second_id };
        for _ in 0..2 {
            // The second time there is nothing left to remove.
            kept = kept.fresh();
            driver.run(&*adapter, &remove, &mut kept, Kill::Never).await.done();
            assert!(!bed.works(&id, &second).await && bed.works(&id, &secret).await, "{which:?}");
        }
    } else {
        let failure = driver.run(&*adapter, &add, &mut kept, Kill::Never).await.failure();
        assert_eq!(failure.kind, FailureKind::Unsupported, "{which:?}");
    }

    if can.granted_scopes {
        let job = Job::GrantedScopes;
        let state = driver.run(&*adapter, &job, &mut kept.fresh(), Kill::Never).await.done();
        assert_eq!(state.found.scopes, ["read:orders"]);
    }

    if can.find {
        for tag in ["tag-1", ""] {
            let job = Job::Find { tag: tag.into() };
            let state = driver.run(&*adapter, &job, &mut Kept::default(), Kill::Never).await.done();
            let found: Vec<_> = state
                .found
                .clients
                .iter()
                .map(|(tag, remote)| (tag.as_str(), remote.client_id.as_deref()))
                .collect();
            assert_eq!(found, [("tag-1", Some(id.as_str()))], "{which:?}");
        }
        let job = Job::Find { tag: "tag".into() };
        let state = driver.run(&*adapter, &job, &mut Kept::default(), Kill::Never).await.done();
        assert!(state.found.clients.is_empty(), "{which:?}");
    }

    for _ in 0..2 {
        // The second time there is nothing left to remove.
        let mut again = kept.fresh();
        driver.run(&*adapter, &Job::Unregister, &mut again, Kill::Never).await.done();
        assert!(bed.is_empty(), "{which:?} leaves {:?}", bed.holds());
    }
    assert!(!bed.works(&id, &secret).await, "{which:?}: a removed client gets a token");
    let update = Job::Update(metadata("tag-1"));
    if can.update {
        let failure = driver.run(&*adapter, &update, &mut kept.fresh(), Kill::Never).await;
        let kind = failure.failure().kind;
        assert!(
            matches!(kind, FailureKind::Gone | FailureKind::Unauthorized),
            "{which:?}: {kind:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_lives_and_leaves_nothing_behind() {
    for which in Which::ALL {
        whole_life(which).await;
    }
}
