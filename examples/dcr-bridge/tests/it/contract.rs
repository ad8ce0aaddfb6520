//! The bridge before a server of RFC 7591, called by the portal's own client of bridges.

use core::time::Duration;
use std::io::Read as _;
use std::process::{Command, Stdio};

use gatekey_dcr::{Body, Event, FailureKind, Job, Metadata, State};
use gatekey_dcr_fakes::rfc7591::{Quirks, Rfc7591, start};
use gatekey_dcr_fakes::{Answer, Fake, Fault};
use serde_json::{Value, json};

use crate::running::{Bridge, KEYS, PROGRAM, folder, issued, metadata};

/// A server that wants the bridge's initial access token.
async fn server(quirks: Quirks) -> Fake<Rfc7591> {
    start(Quirks { initial_access_token: Some("iat".into()), ..quirks }).await.unwrap()
}

/// Whether the server gives the client a token.
async fn works(server: &Fake<Rfc7591>, state: &State, secret: &str) -> bool {
    let id = state.remote.client_id.clone().unwrap();
    let form =
        [("grant_type", "client_credentials"), ("client_id", &id), ("client_secret", secret)];
    let Body::Form(form) = Body::form(form) else { panic!() };
    let request = reqwest::Client::new().post(format!("{}/token", server.origin()));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    request.body(form.expose().clone()).send().await.unwrap().status() == 200
}

fn clients(server: &Fake<Rfc7591>) -> usize {
    server.look(|server| server.clients.len())
}

#[tokio::test]
async fn a_client_lives_and_dies_through_the_bridge() {
    let renews = ["--update-renews-secret", "--default-redirect-uri", "https://none.invalid/"];
    for (name, quirks) in Quirks::all() {
        let options: &[&str] = if name == "glewlwyd" { &renews } else { &[] };
        // Curity replaces the secret with every use, so its updates are not passed on either.
        let options = if name == "curity" { &renews[..1] } else { options };
        let server = server(quirks).await;
        let (_folder, path) = folder();
        let bridge = Bridge::start(server.origin(), "iat", &path, options);
        let mut state = State::default();
        bridge.job(Job::Verify, &mut state).await.unwrap();
        assert_eq!(state.found.warnings, Vec::<String>::new());

        bridge.job(Job::Register(metadata()), &mut state).await.unwrap();
        let mut secret = issued(&state);
        assert!(works(&server, &state, &secret).await, "{name}");
        let made = server.look(|server| server.clients.values().next().unwrap().metadata.clone());
        assert_eq!(made["grant_types"], json!(["client_credentials"]));
        assert_eq!(made["scope"], "orders");

        let event = |event| Job::Notify(Metadata { name: "Renamed".into(), ..metadata() }, event);
        let api_id = metadata().origin.portal_id;
        for event in [
            event(Event::Updated),
            event(Event::Registered { api_id: api_id.clone(), audience: Some("orders".into()) }),
            event(Event::Unregistered { api_id, audience: None }),
        ] {
            bridge.job(event, &mut state).await.unwrap();
            assert!(works(&server, &state, &secret).await, "{name}: an event takes no secret away");
        }
        let shown = server.look(|server| server.clients.values().next().unwrap().metadata.clone());
        let expected = if options.is_empty() { "Renamed" } else { "An app" };
        assert_eq!(shown["client_name"], expected, "{name}");

        let rotated = bridge.job(Job::RotateSecret(metadata()), &mut state).await;
        if options.is_empty() {
            assert_eq!(rotated.unwrap_err().kind, FailureKind::Refused, "{name}");
        } else {
            rotated.unwrap();
            assert!(!works(&server, &state, &secret).await, "{name}");
            secret = issued(&state);
        }
        assert!(works(&server, &state, &secret).await, "{name}");

        let remote = state.remote.clone();
        for _ in 0..2 {
            state.remote = remote.clone();
            bridge.job(Job::Unregister, &mut state).await.unwrap();
            assert_eq!(clients(&server), 0, "{name}");
        }
    }
}

#[tokio::test]
async fn every_key_is_taken_and_no_other() {
    let server = server(Quirks::default()).await;
    let (_folder, path) = folder();
    let bridge = Bridge::start(server.origin(), "iat", &path, &[]);
    for key in ["first_key_of_two", "second_key_of_two"] {
        assert_eq!(bridge.raw("DELETE", "/nobody", Some(key), Value::Null).await.0, 204);
    }
    for key in [None, Some(""), Some("first_key_of_tw"), Some(KEYS)] {
        for (method, path) in
            [("POST", "/"), ("DELETE", "/c"), ("POST", "/c/event-hook"), ("GET", "/c/secrets")]
        {
            let (status, body) = bridge.raw(method, path, key, json!({})).await;
            assert_eq!((status, &body["error"]), (401, &json!("Wrong API-Key")), "{key:?}");
            assert!(body["error_description"].is_string());
        }
    }
    assert_eq!(server.calls(), Vec::<String>::new());
}

#[tokio::test]
async fn bodies_are_as_the_contract_has_them_or_refused() {
    let server = server(Quirks::default()).await;
    let (_folder, path) = folder();
    let bridge = Bridge::start(server.origin(), "iat", &path, &[]);
    let id = metadata().origin.portal_id;
    let whole = json!({
        "redirect_uris": [], "client_name": "a", "grant_types": ["bearer"], "scopes": [],
        "token_endpoint_auth_method": "client_secret_basic", "application_description": "",
        "portal_id": id, "organization_id": id, "developer_id": id, "auth_strategy_id": id,
        "dcr_provider_id": id,
    });
    let key = Some("first_key_of_two");
    let mut odd = vec![json!([]), json!("text"), json!({})];
    for member in whole.as_object().unwrap().keys() {
        let mut without = whole.clone();
        without.as_object_mut().unwrap().remove(member);
        odd.push(without);
        let mut wrong = whole.clone();
        wrong[member] = json!(7);
        odd.push(wrong);
    }
    let mut more = whole.clone();
    more["client_id"] = json!("mine");
    odd.push(more);
    let mut no_id = whole.clone();
    no_id["portal_id"] = json!("portal");
    odd.push(no_id);
    for body in odd {
        let (status, answer) = bridge.raw("POST", "/", key, body.clone()).await;
        assert_eq!(status, 400, "{body}");
        assert_eq!(answer["error"], "Bad Request");
        assert!(answer["error_description"].is_string());
    }
    assert_eq!(clients(&server), 0);

    let (status, made) = bridge.raw("POST", "/", key, whole).await;
    assert_eq!(status, 201, "{made}");
    assert!(made["client_id_issued_at"].as_str().unwrap().ends_with('Z'));
    let client = made["client_id"].as_str().unwrap();
    let event = json!({
        "event_type": "update_application", "client_id": client, "application_id": id,
        "application_name": "b", "application_description": "", "portal_id": id,
        "organization_id": id, "developer_id": id, "auth_strategy_id": id, "dcr_provider_id": id,
        "redirect_uris": [],
    });
    let path = format!("/{}/event-hook", client.replace(' ', "%20"));
    assert_eq!(bridge.raw("POST", &path, key, event.clone()).await.0, 200);
    for (member, value) in [
        ("event_type", json!("remove_application")),
        ("event_type", json!("add_registration")),
        ("client_id", json!("another")),
        ("redirect_uris", Value::Null),
        ("api_product_version_id", json!(id)),
        ("audience", json!("a")),
        ("api_id", json!(id)),
    ] {
        let mut odd = event.clone();
        odd[member] = value;
        assert_eq!(bridge.raw("POST", &path, key, odd).await.0, 400, "{member}");
    }
    for (method, path) in [("GET", "/c/secrets"), ("PUT", "/"), ("GET", "/a/b/c/d")] {
        let (status, answer) = bridge.raw(method, path, key, Value::Null).await;
        assert_eq!(status, 404, "{method} {path}");
        assert!(answer["error"].is_string());
    }
}

#[tokio::test]
async fn what_was_made_survives_the_bridge() {
    let server = server(Quirks::keycloak()).await;
    let (_folder, path) = folder();
    let mut state = State::default();
    let mut bridge = Bridge::start(server.origin(), "iat", &path, &[]);
    bridge.job(Job::Register(metadata()), &mut state).await.unwrap();
    let secret = issued(&state);
    let remote = state.remote.clone();
    for _ in 0..2 {
        bridge.child.kill().unwrap();
        bridge.child.wait().unwrap();
        let kept = std::fs::read_to_string(&path).unwrap();
        assert!(!kept.contains(&secret), "client secrets are not kept");
        bridge = Bridge::start(server.origin(), "iat", &path, &[]);
        let renamed = Metadata { name: "Renamed".into(), ..metadata() };
        bridge.job(Job::Notify(renamed, Event::Updated), &mut state).await.unwrap();
    }
    state.remote = remote;
    bridge.job(Job::Unregister, &mut state).await.unwrap();
    assert_eq!(clients(&server), 0);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "{}");
}

#[tokio::test]
async fn a_server_that_fails_is_told_of_and_leaves_nothing_unknown() {
    let server = server(Quirks::default()).await;
    let (_folder, path) = folder();
    let bridge = Bridge::start(server.origin(), "iat", &path, &[]);
    let refused = json!({ "error": "invalid_client_metadata", "error_description": "no orders" });
    for (fault, kind, kept) in [
        (Fault::Instead(Answer::json(400, refused)), FailureKind::Refused, "{}"),
        (Fault::Instead(Answer::empty(401)), FailureKind::Unavailable, "{}"),
        (Fault::Instead(Answer::empty(500)), FailureKind::Unavailable, "register the client"),
        (Fault::DropAfter, FailureKind::Unavailable, "register the client"),
    ] {
        server.fault("POST /reg", 0, 1, fault.clone());
        let mut state = State::default();
        let failure = bridge.job(Job::Register(metadata()), &mut state).await.unwrap_err();
        assert_eq!(failure.kind, kind, "{fault:?}: {failure}");
        let book = std::fs::read_to_string(&path).unwrap();
        assert!(book.contains(kept), "{fault:?}: {book}");
    }
    // An answer without a secret: the client is removed again.
    let odd = server.look(|server| server.clients.len());
    server.look(|server| server.quirks.manages_at = Some("https://evil.test".into()));
    let failure = bridge.job(Job::Register(metadata()), &mut State::default()).await.unwrap_err();
    assert!(failure.detail.contains("evil.test"), "{failure}");
    assert_eq!(clients(&server), odd + 1);
    let book = std::fs::read_to_string(&path).unwrap();
    assert!(book.contains("client "), "what cannot be removed stays in the book: {book}");
}

#[cfg(unix)]
#[tokio::test]
async fn what_was_begun_is_finished_before_the_bridge_stops() {
    let server = server(Quirks::default()).await;
    let (_folder, path) = folder();
    let mut bridge = Bridge::start(server.origin(), "iat", &path, &[]);
    server.fault("POST /reg", 0, 1, Fault::Slow(Duration::from_secs(1)));
    let mut state = State::default();
    let stop = async {
        while !server.calls().iter().any(|call| call == "POST /reg") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let pid = bridge.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    };
    let (made, ()) = tokio::join!(bridge.job(Job::Register(metadata()), &mut state), stop);
    made.unwrap();
    assert!(works(&server, &state, &issued(&state)).await);
    assert!(bridge.child.wait().unwrap().success());
}

#[test]
fn what_cannot_work_is_refused_at_the_start() {
    let (_folder, path) = folder();
    let state = path.to_str().unwrap();
    let run = |keys: &str, options: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command.args(["--listen", "127.0.0.1:0"]).args(options);
        command.env("DCR_BRIDGE_API_KEYS", keys).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut told = String::new();
        child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
        (child.wait().unwrap().success(), told)
    };
    let issuer = ["--issuer", "https://idp.test", "--state", state];
    let nowhere = ["--issuer", "https://idp.test", "--state", "/no/such/folder/x"];
    for (keys, options, expected) in [
        ("short", issuer.to_vec(), "DCR_BRIDGE_API_KEYS"),
        ("", issuer.to_vec(), "DCR_BRIDGE_API_KEYS"),
        (KEYS, vec!["--state", state], "--issuer"),
        (KEYS, vec!["--issuer", "idp", "--state", state], "issuer"),
        (KEYS, [&issuer[..], &["--token-endpoint-auth-method", "x"]].concat(), "not known"),
        (KEYS, nowhere.to_vec(), "/no/such/folder/x"),
    ] {
        let (fine, told) = run(keys, &options);
        assert!(!fine && told.contains(expected), "{options:?}: {told}");
    }
}

#[test]
fn the_readme_names_the_options_there_are() {
    let readme = include_str!("../../README.md");
    let help = Command::new(PROGRAM).arg("--help").output().unwrap().stdout;
    let help = String::from_utf8(help).unwrap();
    let names = |text: &str| {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
        let option = |word: &&str| word.starts_with("--") && !word.trim_matches('-').is_empty();
        let variable = |word: &&str| word.starts_with("DCR_BRIDGE_");
        let mut found: Vec<String> =
            words.filter(|word| option(word) || variable(word)).map(str::to_owned).collect();
        found.sort();
        found.dedup();
        found
    };
    let ours = |name: &String| name != "--help" && name != "--version";
    let documented: Vec<String> = names(readme);
    let there: Vec<String> = names(&help).into_iter().filter(ours).collect();
    assert_eq!(documented, there);
}
