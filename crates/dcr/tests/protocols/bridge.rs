//! The adapter for bridges, against a bridge of Konnect's contract.

use gatekey_dcr::{Adapter, Event, FailureKind, Job, Kind, Provider};
use gatekey_dcr_fakes::Answer;
use gatekey_dcr_fakes::bridge::{API_KEY, Bridge};
use serde_json::{Value, json};

use crate::ledger::{
    Dice, End, Kept, Way, Weather, drive, in_weather, issued, metadata, on_the_way,
};

fn adapter(more: Value, key: &str) -> Box<dyn Adapter> {
    let mut config = json!({ "dcr_base_url": "https://bridge.test" });
    let members = config.as_object_mut().unwrap();
    members.extend(more.as_object().cloned().unwrap());
    let config = members.clone();
    let secrets = json!({ "api_key": key }).as_object().cloned().unwrap();
    let issuer = "https://idp.test".into();
    let provider = Provider { kind: Kind::Http, issuer, config, secrets };
    provider.adapter().unwrap().unwrap()
}

fn plain() -> Box<dyn Adapter> {
    adapter(json!({}), API_KEY)
}

fn several() -> Box<dyn Adapter> {
    adapter(json!({ "allow_multiple_credentials": true }), API_KEY)
}

fn secrets(bridge: &Bridge) -> Vec<String> {
    bridge.clients.values().flat_map(|secrets| secrets.values().cloned()).collect()
}

#[test]
fn a_client_lives_and_dies() {
    for numbers in [false, true] {
        let (adapter, mut kept) = (plain(), Kept::default());
        let mut bridge = Bridge { numbers, ..Bridge::default() };
        let job = Job::Register(metadata());
        let state = drive(adapter.as_ref(), &mut bridge, &job, &mut kept).done();
        assert_eq!(secrets(&bridge), [issued(&state)]);
        assert_eq!(state.remote.client_secret_expires_at.is_some(), !numbers);

        for event in [
            Event::Updated,
            Event::Registered { api_id: "a".into(), audience: Some("x".into()) },
            Event::Unregistered { api_id: "a".into(), audience: None },
        ] {
            kept.begin();
            let job = Job::Notify(metadata(), event);
            drive(adapter.as_ref(), &mut bridge, &job, &mut kept).done();
        }
        assert_eq!(bridge.events.len(), 3);

        kept.begin();
        let job = Job::RotateSecret(metadata());
        let state = drive(adapter.as_ref(), &mut bridge, &job, &mut kept).done();
        assert_eq!(secrets(&bridge), [issued(&state)]);

        for _ in 0..2 {
            kept.begin();
            drive(adapter.as_ref(), &mut bridge, &Job::Unregister, &mut kept).done();
            assert!(bridge.clients.is_empty());
        }
    }
}

#[test]
fn secrets_are_added_beside_each_other() {
    let (adapter, mut bridge, mut kept) = (several(), Bridge::default(), Kept::default());
    let job = Job::Register(metadata());
    drive(adapter.as_ref(), &mut bridge, &job, &mut kept).done();
    kept.begin();
    let job = Job::AddSecret { display_name: Some("second".into()) };
    let added = drive(adapter.as_ref(), &mut bridge, &job, &mut kept).done();
    let id = added.issued.as_ref().unwrap().id.clone().unwrap();
    assert_eq!(secrets(&bridge).len(), 2);
    assert!(secrets(&bridge).contains(&issued(&added)));
    kept.begin();
    let listed = drive(adapter.as_ref(), &mut bridge, &Job::ListSecrets, &mut kept).done();
    assert_eq!(listed.found.secrets.len(), 2);
    for _ in 0..2 {
        kept.begin();
        let job = Job::RemoveSecret { id: id.clone() };
        drive(adapter.as_ref(), &mut bridge, &job, &mut kept).done();
        assert_eq!(secrets(&bridge).len(), 1);
    }
    kept.begin();
    let plain = drive(plain().as_ref(), &mut bridge, &Job::ListSecrets, &mut kept);
    assert_eq!(plain.failed().kind, FailureKind::Unsupported);
}

#[test]
fn a_wrong_key_is_told_and_leaves_nothing() {
    let (adapter, mut bridge) = (adapter(json!({}), "another_key_1"), Bridge::default());
    for job in [Job::Verify, Job::Register(metadata())] {
        let failure = drive(adapter.as_ref(), &mut bridge, &job, &mut Kept::default()).failed();
        assert_eq!(failure.kind, FailureKind::Unauthorized);
        assert!(failure.detail.contains("Wrong API-Key"), "{failure}");
    }
    assert!(bridge.clients.is_empty());
    let verified = drive(plain().as_ref(), &mut bridge, &Job::Verify, &mut Kept::default()).done();
    assert_eq!(verified.found.warnings, Vec::<String>::new());
}

#[test]
fn whatever_a_bridge_says_for_a_client_it_does_not_have_the_client_is_gone() {
    let error = |text: &str| json!({ "error": "Bad Request", "error_description": text });
    for (unknown, gone) in [
        (Answer::empty(404), true),
        (Answer::empty(410), true),
        (Answer::json(400, error("Client not found")), true),
        (Answer::json(400, error("busy")), false),
    ] {
        let (adapter, mut bridge, mut kept) = (plain(), Bridge::default(), Kept::default());
        let job = Job::Register(metadata());
        drive(adapter.as_ref(), &mut bridge, &job, &mut kept).done();
        bridge.clients.clear();
        bridge.unknown = Some(unknown);
        kept.begin();
        match drive(adapter.as_ref(), &mut bridge, &Job::Unregister, &mut kept) {
            End::Done(_) => assert!(gone),
            other => assert!(!gone && other.failed().kind == FailureKind::Refused),
        }
    }
}

#[test]
fn a_lost_answer_is_asked_for_again_where_that_does_no_harm() {
    let (adapter, mut bridge, mut kept) = (plain(), Bridge::default(), Kept::default());
    let lose_first = |job: &Job, kept: &mut Kept, bridge: &mut Bridge| {
        let mut first = true;
        kept.begin();
        on_the_way(adapter.as_ref(), bridge, job, kept, |_| {
            if core::mem::take(&mut first) { Way::LostAfter } else { Way::Through }
        })
    };
    let lost = lose_first(&Job::Register(metadata()), &mut kept, &mut bridge);
    assert_eq!(lost.failed().kind, FailureKind::Uncertain);
    assert_eq!(bridge.clients.len(), 1, "no second client was made");
    bridge.clients.clear();

    kept.begin();
    drive(plain().as_ref(), &mut bridge, &Job::Register(metadata()), &mut kept).done();
    let rotated = lose_first(&Job::RotateSecret(metadata()), &mut kept, &mut bridge).done();
    assert_eq!(secrets(&bridge), [issued(&rotated)]);
    lose_first(&Job::Unregister, &mut kept, &mut bridge).done();
    assert!(bridge.clients.is_empty());
}

#[test]
fn wherever_the_portal_is_killed_the_ledger_knows_of_every_client() {
    let mut dice = Dice(0xb41d6e);
    let (mut gone, mut open) = (0, 0);
    for _ in 0..1_500 {
        let (adapter, mut bridge, mut kept) = (several(), Bridge::default(), Kept::default());
        let odds = 3 + dice.below(10);
        let mut chance = Dice(dice.below(u64::MAX - 1) + 1);
        let mut run = |job: &Job, kept: &mut Kept, bridge: &mut Bridge, learn: bool| {
            let mut way = |_: &gatekey_dcr::Call| Way::Through;
            let mut dies = || chance.below(odds) == 0;
            let weather = Weather { dies: &mut dies, way: &mut way };
            in_weather(adapter.as_ref(), bridge, job, kept, weather, learn)
        };
        let register = Job::Register(metadata());
        let mut believed_gone = match run(&register, &mut kept, &mut bridge, false) {
            End::Done(state) => {
                assert_eq!(secrets(&bridge), [issued(&state)]);
                for job in [Job::RotateSecret(metadata()), Job::AddSecret { display_name: None }] {
                    kept.begin();
                    if let End::Done(state) = run(&job, &mut kept, &mut bridge, false) {
                        assert!(secrets(&bridge).contains(&issued(&state)), "a lost secret");
                    }
                }
                false
            }
            _ => match run(&register, &mut kept, &mut bridge, true) {
                End::Failed(failure) => {
                    assert_eq!(failure.kind, FailureKind::Uncertain);
                    open += 1;
                    continue;
                }
                _ => kept.remote().is_empty(),
            },
        };
        kept.begin();
        while !believed_gone {
            match run(&Job::Unregister, &mut kept, &mut bridge, false) {
                End::Done(_) => believed_gone = true,
                End::Died | End::Later => {}
                End::Failed(failure) => panic!("{failure}"),
            }
        }
        assert!(bridge.clients.is_empty(), "an orphan nobody knows of");
        gone += 1;
    }
    assert!(gone > 500 && open > 50, "{gone} gone, {open} open");
}
