//! The adapter for servers of RFC 7591 and RFC 7592, against servers that differ.

use gatekey_dcr::{Adapter, FailureKind, Job, Kind, Metadata, Method, Provider};
use gatekey_dcr_fakes::rfc7591::{Quirks, Replaced, Rfc7591};
use gatekey_dcr_fakes::{Answer, Asked, World};
use serde_json::{Value, json};

use crate::ledger::{
    Dice, End, Kept, Way, Weather, drive, in_weather, issued, metadata, on_the_way,
};

const ORIGIN: &str = "https://idp.test";

fn adapter(config: Value, token: Option<&str>) -> Box<dyn Adapter> {
    let mut secrets = serde_json::Map::new();
    if let Some(token) = token {
        secrets.insert("initial_access_token".into(), token.into());
    }
    let config = config.as_object().cloned().unwrap();
    let provider = Provider { kind: Kind::Rfc7591, issuer: ORIGIN.into(), config, secrets };
    provider.adapter().unwrap().unwrap()
}

/// The configuration that fits a server.
fn fitting(quirks: &Quirks) -> Value {
    let mut config = json!({
        "rotate": if quirks.secret == Replaced::Never { "reregister" } else { "update" },
        "read": match quirks.token {
            Replaced::OnUse => "rotating",
            _ => "safe",
        },
    });
    if quirks.wants_redirect_uri {
        config["default_redirect_uri"] = "https://none.invalid/".into();
    }
    config
}

fn server(quirks: Quirks) -> Rfc7591 {
    Rfc7591::new(ORIGIN, quirks)
}

/// Whether the server gives a token for the secret.
fn works(server: &mut Rfc7591, id: &str, secret: &str) -> bool {
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("grant_type", "client_credentials"),
            ("client_id", id),
            ("client_secret", secret),
        ])
        .finish();
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    server.answer(&Asked::new("POST", "/token", kind, form.into())).status == 200
}

fn renamed() -> Metadata {
    Metadata {
        name: "Another name".into(),
        redirect_uris: vec!["https://app.test/cb".into()],
        ..metadata()
    }
}

#[test]
fn a_client_lives_and_dies_at_every_server() {
    for (name, quirks) in Quirks::all() {
        let adapter = adapter(fitting(&quirks), None);
        let mut server = server(quirks.clone());
        let mut kept = Kept::default();

        let state =
            drive(adapter.as_ref(), &mut server, &Job::Register(metadata()), &mut kept).done();
        let id = state.remote.client_id.clone().unwrap();
        let mut secret = issued(&state);
        assert!(works(&mut server, &id, &secret), "{name}");
        assert_eq!(server.clients[&id].metadata["software_id"], metadata().origin.tag);
        assert_eq!(state.found.warnings, Vec::<String>::new(), "{name}");

        for round in 0..3 {
            kept.begin();
            let job = Job::Update(renamed());
            let state = drive(adapter.as_ref(), &mut server, &job, &mut kept).done();
            // Only a secret that is another one is told.
            assert_eq!(state.issued.is_some(), quirks.secret != Replaced::Never, "{name} {round}");
            if state.issued.is_some() {
                assert!(!works(&mut server, &id, &secret), "{name}");
                secret = issued(&state);
            }
            assert!(works(&mut server, &id, &secret), "{name}");
            let shown = &server.clients[&id].metadata;
            assert_eq!(shown["client_name"], "Another name");
            assert_eq!(shown["redirect_uris"], json!(["https://app.test/cb"]));
        }

        kept.begin();
        let rotated =
            drive(adapter.as_ref(), &mut server, &Job::RotateSecret(metadata()), &mut kept);
        if quirks.secret == Replaced::Never {
            assert_eq!(rotated.failed().kind, FailureKind::Unsupported);
        } else {
            let new = issued(&rotated.done());
            assert!(works(&mut server, &id, &new) && !works(&mut server, &id, &secret), "{name}");
        }

        for _ in 0..2 {
            kept.begin();
            drive(adapter.as_ref(), &mut server, &Job::Unregister, &mut kept).done();
            assert!(server.clients.is_empty(), "{name}");
        }
    }
}

#[test]
fn a_server_that_keeps_the_secret_cannot_rotate_by_update_and_that_is_said() {
    let adapter = adapter(json!({ "rotate": "update" }), None);
    let mut server = server(Quirks::oidc_provider());
    let mut kept = Kept::default();
    let state = drive(adapter.as_ref(), &mut server, &Job::Register(metadata()), &mut kept).done();
    kept.begin();
    let rotated = drive(adapter.as_ref(), &mut server, &Job::RotateSecret(metadata()), &mut kept);
    let failure = rotated.failed();
    assert_eq!(failure.kind, FailureKind::Unsupported);
    assert!(failure.detail.contains("rotate"), "{failure}");
    // The update replaced the token all the same.
    kept.begin();
    drive(adapter.as_ref(), &mut server, &Job::Update(renamed()), &mut kept).done();
    let id = state.remote.client_id.clone().unwrap();
    assert!(works(&mut server, &id, &issued(&state)));
}

#[test]
fn a_client_that_somebody_else_removed_is_removed_already() {
    for (name, quirks) in Quirks::all() {
        let adapter = adapter(fitting(&quirks), None);
        let mut server = server(quirks);
        let mut kept = Kept::default();
        drive(adapter.as_ref(), &mut server, &Job::Register(metadata()), &mut kept).done();
        server.clients.clear();
        kept.begin();
        let updated = drive(adapter.as_ref(), &mut server, &Job::Update(metadata()), &mut kept);
        assert_eq!(updated.failed().kind, FailureKind::Unauthorized, "{name}");

        let mut kept = Kept::default();
        drive(adapter.as_ref(), &mut server, &Job::Register(metadata()), &mut kept).done();
        server.clients.clear();
        kept.begin();
        let mut calls = Vec::new();
        let job = Job::Unregister;
        on_the_way(adapter.as_ref(), &mut server, &job, &mut kept, |call| {
            calls.push(call.method);
            Way::Through
        })
        .done();
        assert_eq!(calls, [Method::Delete, Method::Get], "{name}: confirmed by a read");
        assert!(kept.remote().is_empty());
    }
}

#[test]
fn a_refused_token_that_may_be_old_proves_nothing() {
    let adapter = adapter(json!({ "rotate": "none", "read": "rotating" }), None);
    let mut server = server(Quirks::keycloak());
    let mut kept = Kept::default();
    drive(adapter.as_ref(), &mut server, &Job::Register(metadata()), &mut kept).done();

    // The answer that held the new token is lost.
    kept.begin();
    let mut first = true;
    let updated =
        on_the_way(adapter.as_ref(), &mut server, &Job::Update(renamed()), &mut kept, |_| {
            if core::mem::take(&mut first) { Way::LostAfter } else { Way::Through }
        });
    assert_eq!(updated.failed().kind, FailureKind::Unauthorized);
    kept.begin();
    let removed = drive(adapter.as_ref(), &mut server, &Job::Unregister, &mut kept);
    assert_eq!(removed.failed().kind, FailureKind::Uncertain);
    assert_eq!(server.clients.len(), 1);
    assert!(!kept.remote().is_empty());
}

#[test]
fn a_server_that_shows_a_client_it_just_denied_gives_a_token_away() {
    let adapter = adapter(json!({}), None);
    let mut server = server(Quirks::keycloak());
    let mut kept = Kept::default();
    drive(adapter.as_ref(), &mut server, &Job::Register(metadata()), &mut kept).done();
    kept.begin();
    let denied = Answer::json(401, json!({ "error": "invalid_token" }));
    let mut first = true;
    on_the_way(adapter.as_ref(), &mut server, &Job::Unregister, &mut kept, |_| {
        if core::mem::take(&mut first) { Way::Instead(denied.clone()) } else { Way::Through }
    })
    .done();
    assert!(server.clients.is_empty());
}

#[test]
fn a_management_uri_at_another_server_is_refused_and_never_called() {
    let adapter = adapter(json!({}), None);
    let quirks = Quirks { manages_at: Some("https://evil.test".into()), ..Quirks::default() };
    let mut server = server(quirks);
    let mut kept = Kept::default();
    let made = drive(adapter.as_ref(), &mut server, &Job::Register(metadata()), &mut kept);
    let failure = made.failed();
    assert_eq!(failure.kind, FailureKind::Unexpected);
    assert!(failure.detail.contains("evil.test"), "{failure}");
    assert!(!kept.remote().is_empty(), "the client is known");
    kept.begin();
    let removed = on_the_way(adapter.as_ref(), &mut server, &Job::Unregister, &mut kept, |call| {
        panic!("called {}", call.url)
    });
    assert_eq!(removed.failed().kind, FailureKind::Unsupported);
}

#[test]
fn a_server_without_management_is_told_of() {
    let adapter = adapter(json!({}), None);
    let mut server = server(Quirks { manages: false, ..Quirks::default() });
    let mut kept = Kept::default();
    let state = drive(adapter.as_ref(), &mut server, &Job::Register(metadata()), &mut kept).done();
    assert_eq!(state.found.warnings.len(), 1);
    kept.begin();
    let removed = drive(adapter.as_ref(), &mut server, &Job::Unregister, &mut kept).failed();
    assert_eq!(removed.kind, FailureKind::Unsupported);
    assert!(removed.detail.contains(&state.remote.client_id.unwrap()), "{removed}");
}

#[test]
fn the_tag_is_left_out_where_it_is_refused() {
    for quirks in [
        Quirks { refuses_software_id: true, ..Quirks::glewlwyd() },
        Quirks { refuses_software_id: true, ..Quirks::keycloak() },
    ] {
        let adapter = adapter(fitting(&quirks), None);
        let mut server = server(quirks);
        let mut kept = Kept::default();
        drive(adapter.as_ref(), &mut server, &Job::Register(metadata()), &mut kept).done();
        let (_, client) = server.clients.first_key_value().unwrap();
        assert!(!client.metadata.contains_key("software_id"));
        kept.begin();
        drive(adapter.as_ref(), &mut server, &Job::Update(renamed()), &mut kept).done();
    }
}

#[test]
fn the_endpoint_is_found_where_the_issuer_says() {
    let oauth = "/.well-known/oauth-authorization-server";
    for (document, config, works) in [
        (Some("/.well-known/openid-configuration"), json!({}), true),
        (Some(oauth), json!({}), true),
        (None, json!({}), false),
        (None, json!({ "registration_endpoint": format!("{ORIGIN}/reg") }), true),
    ] {
        let adapter = adapter(config, None);
        let mut server = server(Quirks { document, ..Quirks::default() });
        let mut kept = Kept::default();
        let made = drive(adapter.as_ref(), &mut server, &Job::Register(metadata()), &mut kept);
        match works {
            true => drop(made.done()),
            false => assert_eq!(made.failed().kind, FailureKind::Refused),
        }
    }
}

#[test]
fn a_configuration_is_verified_and_nothing_stays_behind() {
    let asks = || Quirks { initial_access_token: Some("iat".into()), ..Quirks::default() };
    let anything = || Quirks { registers_anything: true, ..Quirks::keycloak() };
    for (quirks, token, kind) in [
        (Quirks::default(), None, None),
        (asks(), Some("iat"), None),
        (asks(), Some("other"), Some(FailureKind::Unauthorized)),
        (asks(), None, Some(FailureKind::Unauthorized)),
        (anything(), None, None),
        (Quirks { document: None, ..Quirks::default() }, None, Some(FailureKind::Refused)),
    ] {
        let registers = quirks.registers_anything;
        let adapter = adapter(json!({}), token);
        let mut server = server(quirks);
        let end = drive(adapter.as_ref(), &mut server, &Job::Verify, &mut Kept::default());
        match kind {
            Some(kind) => assert_eq!(end.failed().kind, kind),
            None => assert_eq!(end.done().found.warnings, Vec::<String>::new()),
        }
        assert_eq!(server.registered, usize::from(registers));
        assert!(server.clients.is_empty());
    }
    let away = on_the_way(
        adapter(json!({}), None).as_ref(),
        &mut server(Quirks::default()),
        &Job::Verify,
        &mut Kept::default(),
        |_| Way::NotSent,
    );
    assert_eq!(away.failed().kind, FailureKind::Unavailable);
}

#[test]
fn faults_of_a_registration_are_told_apart() {
    let busy = |status| Way::Instead(Answer::empty(status));
    for (way, kind) in [
        (Way::LostAfter, Some(FailureKind::Uncertain)),
        (Way::LostBefore, Some(FailureKind::Uncertain)),
        (Way::After(Answer::empty(500)), Some(FailureKind::Uncertain)),
        (busy(502), Some(FailureKind::Uncertain)),
        (busy(400), Some(FailureKind::Refused)),
        (busy(403), Some(FailureKind::Unauthorized)),
        (busy(302), Some(FailureKind::Unexpected)),
        (Way::After(Answer::json(201, json!({}))), Some(FailureKind::Unexpected)),
        (Way::NotSent, None),
        (busy(429), None),
        (busy(503), None),
    ] {
        let adapter = adapter(json!({}), None);
        let mut server = server(Quirks::default());
        let mut kept = Kept::default();
        let job = Job::Register(metadata());
        let mut times = 2;
        let end = on_the_way(adapter.as_ref(), &mut server, &job, &mut kept, |call| {
            if call.method == Method::Post && times > 0 {
                times -= 1;
                return way.clone();
            }
            Way::Through
        });
        match kind {
            Some(kind) => assert_eq!(end.failed().kind, kind, "{way:?}"),
            None => assert!(end.done().issued.is_some(), "{way:?}"),
        }
    }
}

#[test]
fn scopes_are_read_only_where_that_is_safe() {
    for (read, works) in [("safe", true), ("rotating", false), ("none", false)] {
        let adapter = adapter(json!({ "read": read }), None);
        assert_eq!(adapter.capabilities().granted_scopes, works);
        let mut server = server(Quirks::canaille());
        let mut kept = Kept::default();
        drive(adapter.as_ref(), &mut server, &Job::Register(metadata()), &mut kept).done();
        kept.begin();
        let end = drive(adapter.as_ref(), &mut server, &Job::GrantedScopes, &mut kept);
        match works {
            true => assert_eq!(end.done().found.scopes, ["orders"]),
            false => assert_eq!(end.failed().kind, FailureKind::Unsupported),
        }
    }
}

/// What the ledger believes of a client in the end.
#[derive(Debug, PartialEq, Eq)]
enum Believed {
    Gone,
    Open,
}

/// A life of a client, in which the portal is killed now and then.
fn life(server: &mut Rfc7591, adapter: &dyn Adapter, dice: &mut Dice) -> Believed {
    let odds = 3 + dice.below(12);
    let mut kept = Kept::default();
    let mut chance = Dice(dice.below(u64::MAX - 1) + 1);
    let mut run = |job: &Job, kept: &mut Kept, server: &mut Rfc7591, learn: bool| {
        let mut way = |_: &gatekey_dcr::Call| Way::Through;
        let mut dies = || chance.below(odds) == 0;
        let weather = Weather { dies: &mut dies, way: &mut way };
        in_weather(adapter, server, job, kept, weather, learn)
    };
    let register = Job::Register(metadata());
    match run(&register, &mut kept, server, false) {
        End::Done(state) => {
            let id = state.remote.client_id.clone().unwrap();
            assert!(works(server, &id, &issued(&state)), "a lost secret");
            let mut acknowledged = Some(issued(&state));
            for _ in 0..dice.below(4) {
                kept.begin();
                let job = match dice.below(2) {
                    0 => Job::Update(renamed()),
                    _ => Job::RotateSecret(metadata()),
                };
                match run(&job, &mut kept, server, false) {
                    End::Done(state) if state.issued.is_some() => {
                        acknowledged = Some(issued(&state));
                    }
                    End::Done(_) => {}
                    // It may have replaced the secret, and nobody was told that it did not.
                    _ => acknowledged = None,
                }
                run(&job, &mut kept, server, true);
                if let Some(secret) = &acknowledged {
                    assert!(works(server, &id, secret), "a lost secret");
                }
            }
        }
        _ => match run(&register, &mut kept, server, true) {
            // A call whose answer is missing: nobody knows.
            End::Failed(failure) => {
                assert_eq!(failure.kind, FailureKind::Uncertain);
                return Believed::Open;
            }
            _ if kept.remote().is_empty() => return Believed::Gone,
            _ => {}
        },
    }
    kept.begin();
    for _ in 0..200 {
        match run(&Job::Unregister, &mut kept, server, false) {
            End::Done(_) => return Believed::Gone,
            End::Failed(_) => return Believed::Open,
            End::Died | End::Later => {}
        }
    }
    panic!("never removed");
}

#[test]
fn wherever_the_portal_is_killed_the_ledger_knows_of_every_client() {
    let mut dice = Dice(0x5eed);
    for (name, quirks) in Quirks::all() {
        let adapter = adapter(fitting(&quirks), None);
        let (mut gone, mut open) = (0, 0);
        for _ in 0..600 {
            let mut server = server(quirks.clone());
            match life(&mut server, adapter.as_ref(), &mut dice) {
                Believed::Gone => {
                    assert!(server.clients.is_empty(), "{name}: an orphan nobody knows of");
                    gone += 1;
                }
                Believed::Open => open += 1,
            }
        }
        assert!(gone > 100 && open > 0, "{name}: {gone} gone, {open} open");
    }
}
