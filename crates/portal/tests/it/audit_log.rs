//! The audit log: who did what, and whether it shows when it was changed.

use std::io::Read;
use std::process::{Command, Output};
use std::time::Duration;

use axum::http::StatusCode;
use flate2::read::GzDecoder;
use gatekey_portal::server::Server;
use sea_orm::{ConnectionTrait, DatabaseConnection};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::receiver::{Heard, Receiver, eventually};
use crate::support::{PASSWORD, TestPortal, unique};

async fn entries(portal: &TestPortal, query: &str) -> Vec<Value> {
    let path = format!("/v3/audit-log?page[size]=1000{query}");
    let list = portal.admin().get(&path).await.expect(StatusCode::OK).json();
    list["data"].as_array().unwrap().clone()
}

/// `gatekey audit ...` on the portal's database.
fn audit(portal: &TestPortal, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatekey"));
    command.env_clear().current_dir(portal.data_dir.path()).arg("audit").args(arguments);
    command.arg("--data-dir").arg(portal.data_dir.path());
    if let Some(url) = &portal.config.database_url {
        command.arg("--database-url").arg(url.expose());
    }
    command.output().unwrap()
}

fn says(output: &Output) -> String {
    let both = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8(both).unwrap()
}

#[track_caller]
fn whole(portal: &TestPortal, more: &[&str]) {
    let output = audit(portal, &[&["verify"], more].concat());
    assert!(output.status.success(), "{}", says(&output));
    assert!(says(&output).starts_with("ok: "), "{}", says(&output));
}

#[track_caller]
fn broken(portal: &TestPortal, more: &[&str], at: &str) {
    let output = audit(portal, &[&["verify"], more].concat());
    assert!(!output.status.success());
    assert!(says(&output).contains(at), "{at}: {}", says(&output));
}

async fn run(db: &DatabaseConnection, sql: &str) {
    db.execute_unprepared(sql).await.unwrap();
}

#[tokio::test]
async fn every_write_leaves_an_entry_that_says_who_and_what() {
    let portal = TestPortal::start().await;
    let admin = portal.admin().with("x-request-id", "request-0001").with("user-agent", "curl/9");
    let id = admin.post("/v3/portals", json!({"name": "p"})).await.id();
    let found = entries(&portal, "").await;
    assert_eq!(found.len(), 1, "{found:?}");
    let entry = &found[0];
    for (name, value) in [
        ("kind", "change"),
        ("action", "POST /v3/portals"),
        ("outcome", "success"),
        ("actor", "admin:root"),
        ("method", "POST"),
        ("path", "/v3/portals"),
        ("request_id", "request-0001"),
        ("user_agent", "curl/9"),
        ("address", "0.0.0.0"),
    ] {
        assert_eq!(entry[name], value, "{entry}");
    }
    assert_eq!(entry["sequence"], 1);
    assert_eq!(entry["previous"], "0".repeat(64));
    // What is refused, or only shown, is no write.
    admin.post("/v3/portals", json!({"name": "p"})).await.expect(StatusCode::CONFLICT);
    admin.post("/v3/portals", json!({})).await.expect(StatusCode::BAD_REQUEST);
    admin.get("/v3/portals").await.expect(StatusCode::OK);
    assert_eq!(entries(&portal, "").await.len(), 1);
    let body = json!({"name": "reader", "scopes": ["portals:write"]});
    let token = admin.post("/v3/admin-tokens", body).await.expect(StatusCode::CREATED).json();
    let bearer = format!("Bearer {}", token["token"].as_str().unwrap());
    let other = portal.anyone().with("authorization", &bearer);
    let path = format!("/v3/portals/{id}");
    other.patch(&path, json!({"name": "q"})).await.expect(StatusCode::OK);
    let last = entries(&portal, &format!("&filter[portal_id]={id}")).await.pop().unwrap();
    assert_eq!(last["actor"], format!("admin:{}:reader", token["id"].as_str().unwrap()));
    assert_eq!((&last["path"], &last["portal_id"]), (&path.into(), &id.into()));
    let text = serde_json::to_string(&entries(&portal, "").await).unwrap();
    assert!(!text.contains(token["token"].as_str().unwrap()));
    whole(&portal, &[]);
}

#[tokio::test]
async fn attempts_to_prove_who_one_is_are_noted() {
    let portal = TestPortal::start().await;
    let id = portal.new_portal(json!({})).await;
    let mut ann = portal.developer(&id, "ann").await;
    let of = async |action: &str| {
        let filter = format!("&filter[kind]=authentication&filter[action]={action}");
        entries(&portal, &filter).await
    };
    let sign_in = of("sign-in").await;
    assert_eq!(sign_in.len(), 1);
    assert_eq!(sign_in[0]["actor"], format!("developer:{}", ann.id));
    assert_eq!(
        (&sign_in[0]["portal_id"], &sign_in[0]["outcome"]),
        (&id.clone().into(), &"success".into())
    );
    let wrong = json!({"username": ann.email, "password": "wrong-canary-1"});
    ann.caller.post("/developer/authenticate", wrong).await.expect(StatusCode::UNAUTHORIZED);
    let refused = of("sign-in").await.pop().unwrap();
    assert_eq!(
        (&refused["outcome"], &refused["actor"]),
        (&"refused".into(), &format!("developer:{}", ann.id).into())
    );
    let nobody = json!({"username": "secret-as-name@x.test", "password": "x"});
    portal
        .visitor(&id)
        .post("/developer/authenticate", nobody)
        .await
        .expect(StatusCode::UNAUTHORIZED);
    assert_eq!(of("sign-in").await.pop().unwrap()["actor"], "anonymous");
    let refreshed = ann.caller.post("/developer/refresh", json!({})).await;
    ann.caller.keep(&refreshed.expect(StatusCode::NO_CONTENT));
    assert_eq!(of("refresh").await.len(), 1);
    let out = ann.caller.post("/developer/logout", json!({})).await;
    assert!(out.status.is_success());
    assert_eq!(of("sign-out").await[0]["actor"], format!("developer:{}", ann.id));
    assert_eq!(of("set-password").await.len(), 1);
    let bad = portal.anyone().with("authorization", "Bearer admin-canary");
    bad.get("/v3/portals").await.expect(StatusCode::UNAUTHORIZED);
    assert_eq!(of("admin-token").await[0]["outcome"], "refused");
    bad.get("/gateway/v1/changes").await.expect(StatusCode::UNAUTHORIZED);
    assert_eq!(of("gateway-token").await.len(), 1);
    let body = json!({"name": "reader", "scopes": ["read"]});
    let token = portal.admin().post("/v3/admin-tokens", body).await.json();
    let bearer = format!("Bearer {}", token["token"].as_str().unwrap());
    let reader = portal.anyone().with("authorization", &bearer);
    reader.post("/v3/portals", json!({"name": "x"})).await.expect(StatusCode::FORBIDDEN);
    let scope = of("admin-scope").await;
    assert_eq!(scope[0]["actor"], format!("admin:{}:reader", token["id"].as_str().unwrap()));
    let text = serde_json::to_string(&entries(&portal, "").await).unwrap();
    for secret in ["wrong-canary-1", "admin-canary", "secret-as-name", PASSWORD] {
        assert!(!text.contains(secret), "{secret}");
    }
    // Whoever is refused cannot fill the log, and what is left out is counted.
    for _ in 0..60 {
        bad.get("/v3/portals").await.expect(StatusCode::UNAUTHORIZED);
    }
    assert!(of("admin-token").await.len() <= 60);
    whole(&portal, &[]);
}

/// A portal with some entries and a checkpoint of the last.
async fn with_entries() -> (TestPortal, DatabaseConnection, Value) {
    let portal = TestPortal::start().await;
    for _ in 0..6 {
        portal.new_portal(json!({})).await;
    }
    let checkpoint = portal.admin().post("/v3/audit-log-checkpoints", json!({})).await;
    let checkpoint = checkpoint.expect(StatusCode::CREATED).json();
    assert_eq!(checkpoint["sequence"], 6);
    let db = portal.database().await;
    // The portal makes some by itself, at its own times.
    run(&db, "DELETE FROM audit_checkpoints WHERE sequence < 6").await;
    whole(&portal, &[]);
    (portal, db, checkpoint)
}

#[tokio::test]
async fn an_entry_that_was_changed_shows() {
    let (portal, db, _) = with_entries().await;
    run(&db, "UPDATE audit_entries SET entry = REPLACE(entry, 'admin:root', 'admin:mike') WHERE sequence = 3").await;
    broken(&portal, &[], "broken at entry 3: it was changed");
    run(&db, "UPDATE audit_entries SET entry = REPLACE(entry, 'admin:mike', 'admin:root') WHERE sequence = 3").await;
    whole(&portal, &[]);
    run(&db, "UPDATE audit_entries SET actor = 'admin:mike' WHERE sequence = 4").await;
    broken(&portal, &[], "broken at entry 4: what it is found by");
}

#[tokio::test]
async fn an_entry_that_is_missing_or_moved_shows() {
    let (portal, db, _) = with_entries().await;
    run(&db, "UPDATE audit_entries SET sequence = 100 WHERE sequence = 2").await;
    broken(&portal, &[], "broken at entry 2");
    run(&db, "UPDATE audit_entries SET sequence = 2 WHERE sequence = 3").await;
    run(&db, "UPDATE audit_entries SET sequence = 3 WHERE sequence = 100").await;
    broken(&portal, &[], "broken at entry 2");
    let (portal, db, _) = with_entries().await;
    run(&db, "DELETE FROM audit_entries WHERE sequence = 1").await;
    broken(&portal, &[], "the beginning is missing");
    // Not even up to a checkpoint: that nothing before it is kept is signed too.
    portal.new_portal(json!({})).await;
    run(&db, "DELETE FROM audit_entries WHERE sequence <= 6").await;
    broken(&portal, &[], "broken at entry 7");
    let (portal, db, _) = with_entries().await;
    run(&db, "DELETE FROM audit_entries WHERE sequence = 4").await;
    broken(&portal, &[], "broken at entry 4");
}

#[tokio::test]
async fn an_end_that_was_cut_off_shows() {
    let (portal, db, checkpoint) = with_entries().await;
    run(&db, "DELETE FROM audit_entries WHERE sequence > 4").await;
    broken(&portal, &[], "broken at entry 5: it is missing");
    // The end of the chain is changed with it, and the checkpoint taken out.
    run(&db, "DELETE FROM audit_checkpoints").await;
    run(&db, "UPDATE audit_heads SET sequence = 4, hash = (SELECT hash FROM audit_entries WHERE sequence = 4)").await;
    whole(&portal, &[]);
    // A checkpoint that was kept elsewhere tells.
    let kept = portal.data_dir.path().join("kept.json");
    std::fs::write(&kept, checkpoint.to_string()).unwrap();
    broken(&portal, &["--checkpoint", kept.to_str().unwrap()], "broken at entry 5");
}

/// The hash of a text, as the documentation describes it.
fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(format!("gatekey-audit-entry-v1\n{text}").as_bytes()).into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_chain_that_was_written_anew_shows() {
    let (portal, db, _) = with_entries().await;
    let list = entries(&portal, "").await;
    let mut previous = "0".repeat(64);
    let blob = |hash: &str| match db.get_database_backend() {
        sea_orm::DbBackend::Postgres => format!("decode('{hash}', 'hex')"),
        _ => format!("X'{hash}'"),
    };
    for mut entry in list {
        let sequence = entry["sequence"].as_i64().unwrap();
        entry.as_object_mut().unwrap().remove("hash");
        entry["actor"] = "admin:mike".into();
        entry["previous"] = previous.into();
        let sorted: std::collections::BTreeMap<String, Value> =
            serde_json::from_value(entry).unwrap();
        let text = serde_json::to_string(&sorted).unwrap();
        previous = hex(&hash(&text));
        let hash = blob(&previous);
        run(&db, &format!("UPDATE audit_entries SET entry = '{text}', actor = 'admin:mike', hash = {hash} WHERE sequence = {sequence}")).await;
    }
    let head = blob(&previous);
    run(&db, &format!("UPDATE audit_heads SET hash = {head}")).await;
    broken(&portal, &[], "broken at entry 6: it is not what its checkpoint states");
    // Whoever changes the checkpoint too cannot sign it.
    run(&db, &format!("UPDATE audit_checkpoints SET hash = {head}")).await;
    broken(&portal, &[], "not signed by a key that is believed");
    // Without any checkpoint the chain is one, which is why they are kept elsewhere too.
    run(&db, "DELETE FROM audit_checkpoints").await;
    whole(&portal, &[]);
}

#[tokio::test]
async fn an_exported_log_can_be_verified_without_the_database() {
    let (portal, _, _) = with_entries().await;
    let file = portal.data_dir.path().join("log.jsonl");
    let path = file.to_str().unwrap();
    let output = audit(&portal, &["export", "--output", path]);
    assert!(output.status.success(), "{}", says(&output));
    whole(&portal, &[path]);
    let text = std::fs::read_to_string(&file).unwrap();
    let served = portal.admin().get("/v3/audit-log/export").await.expect(StatusCode::OK);
    // Making the checkpoint left an entry of its own.
    assert!(served.text().starts_with(&text));
    assert_eq!(served.headers["content-type"], "application/jsonl");
    // Checkpoints may stand anywhere between them.
    let (stated, lines): (Vec<_>, Vec<_>) =
        text.lines().map(str::to_owned).partition(|line| line.starts_with("{\"checkpoint\""));
    let pick = |numbers: &[usize]| -> Vec<String> {
        let picked = numbers.iter().map(|number| lines[*number].clone());
        picked.chain(stated.iter().cloned()).collect()
    };
    let mut changed = pick(&[0, 1, 2, 3, 4, 5]);
    changed[3] = changed[3].replace("admin:root", "admin:mike");
    for (name, lines, at) in [
        ("changed", changed, "entry 4: it was changed"),
        ("missing", pick(&[0, 1, 3, 4, 5]), "entry 3: it follows entry 2"),
        ("cut", pick(&[0, 1, 2, 3]), "entry 5: it is missing"),
        ("swapped", pick(&[0, 2, 1, 3, 4, 5]), "entry 2"),
    ] {
        std::fs::write(&file, lines.join("\n")).unwrap();
        let output = audit(&portal, &["verify", path]);
        let told = says(&output);
        assert!(!output.status.success() && told.contains(at), "{name}: {told}");
    }
    std::fs::write(&file, &text).unwrap();
    let foreign = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    broken(&portal, &[path, "--key", foreign], "not signed by a key that is believed");
    let cef = portal.admin().get("/v3/audit-log/export?format=cef").await.text();
    assert!(
        cef.lines().all(|line| line.contains("CEF:0|Gatekey|Gatekey|1.0|change|POST")),
        "{cef}"
    );
    let some = portal.admin().get("/v3/audit-log/export?filter[actor]=nobody").await;
    assert_eq!(some.expect(StatusCode::OK).text(), "");
    let blamed = portal.admin().get("/v3/audit-log/export?format=xml").await.blamed();
    assert_eq!(blamed, [("format".to_owned(), "enum".to_owned())]);
}

#[tokio::test]
async fn two_processes_write_one_chain() {
    let portal = TestPortal::start().await;
    let other = Server::open(portal.config.clone()).await.unwrap();
    let callers = [portal.admin(), portal.admin().at(other.router())];
    let writes = (0..40).map(|number| {
        let caller = callers[number % 2].clone();
        async move {
            let body = json!({"name": unique("p")});
            caller.post("/v3/portals", body).await.expect(StatusCode::CREATED);
        }
    });
    futures_util::future::join_all(writes).await;
    let found = entries(&portal, "").await;
    let sequence: Vec<_> = found.iter().map(|entry| entry["sequence"].as_i64().unwrap()).collect();
    assert_eq!(sequence, (1..=40).collect::<Vec<_>>());
    whole(&portal, &[]);
}

#[tokio::test]
async fn what_is_older_than_it_may_be_is_forgotten_up_to_a_checkpoint() {
    let keep = Duration::from_secs(86_400);
    let portal = TestPortal::start_as(|config| config.audit_retention = Some(keep)).await;
    for _ in 0..3 {
        portal.new_portal(json!({})).await;
    }
    portal.server.tidy().await.unwrap();
    portal.new_portal(json!({})).await;
    assert_eq!(entries(&portal, "").await.len(), 4);
    portal.server.advance_clock(keep + Duration::from_secs(3_600));
    portal.server.tidy().await.unwrap();
    // All of it is old, and stated by checkpoints.
    assert_eq!(entries(&portal, "").await.len(), 0);
    whole(&portal, &[]);
    portal.new_portal(json!({})).await;
    let left = entries(&portal, "").await;
    assert_eq!(left[0]["sequence"], 5);
    whole(&portal, &[]);
    let db = portal.database().await;
    run(&db, "DELETE FROM audit_checkpoints").await;
    broken(&portal, &[], "the beginning is missing");
}

fn lines(heard: &Heard) -> Vec<String> {
    assert_eq!(heard.header("content-encoding"), "gzip");
    assert_eq!(heard.header("content-type"), "text/plain");
    let mut text = String::new();
    GzDecoder::new(heard.body.as_slice()).read_to_string(&mut text).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_portals_log_is_sent_as_konnect_sends_it_and_again_when_asked() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let receiver = Receiver::start().await;
    let id = portal.new_portal(json!({})).await;
    let mut ann = portal.developer(&id, "ann").await;
    let webhook = format!("/v3/portals/{id}/audit-log-webhook");
    assert_eq!(admin.get(&webhook).await.expect(StatusCode::OK).json(), json!({"enabled": false}));
    let blamed = admin.patch(&webhook, json!({"enabled": true})).await.blamed();
    assert_eq!(blamed[0].0, "audit_log_destination_id");
    let body =
        json!({"name": "siem", "endpoint": receiver.url, "authorization": "Bearer siem-canary"});
    let made = admin.post("/v3/audit-log-destinations", body).await;
    assert!(!made.text().contains("siem-canary"), "{}", made.text());
    let destination = made.id();
    let body = json!({"enabled": true, "audit_log_destination_id": destination});
    admin.patch(&webhook, body.clone()).await.expect(StatusCode::OK);
    assert_eq!(admin.get(&webhook).await.json(), body);
    ann.sign_in().await.expect(StatusCode::NO_CONTENT);
    let heard = receiver.hears(1).await.remove(0);
    assert_eq!(heard.header("authorization"), "Bearer siem-canary");
    let sent = lines(&heard);
    assert_eq!(sent.len(), 1, "{sent:?}");
    let start = "CEF:0|KongInc|Dev-Portal|1.0|AUTHENTICATION_TYPE_BASIC|AUTHENTICATION_OUTCOME_SUCCESS|0|rt=";
    assert!(sent[0].contains(start), "{sent:?}");
    assert!(sent[0].contains(&format!("portal_id={id} principal_id={} ", ann.id)), "{sent:?}");
    let status = eventually("the status is known", async || {
        let status = admin.get(&format!("{webhook}/status")).await.expect(StatusCode::OK).json();
        (status["last_response_code"] == 204).then_some(status)
    });
    assert_eq!(status.await["webhook_status"], "active");
    let replay = format!("/v3/portals/{id}/audit-log-replay-job");
    let shown = admin.get(&replay).await.expect(StatusCode::OK).json();
    assert_eq!(shown["status"], "unconfigured");
    assert_eq!(shown["start_at"], "0001-01-01T00:00:00.000Z");
    let all =
        entries(&portal, &format!("&filter[kind]=authentication&filter[portal_id]={id}")).await;
    let first = all[0]["at"].as_str().unwrap();
    let end = entries(&portal, "").await.pop().unwrap()["at"].as_str().unwrap().to_owned();
    let body = json!({"start_at": "2001-01-01T00:00:00Z", "end_at": end});
    assert_eq!(admin.put(&replay, body).await.blamed()[0].0, "start_at");
    portal.server.advance_clock(Duration::from_secs(1));
    let body = json!({"start_at": first, "end_at": end});
    let accepted = admin.put(&replay, body.clone()).await.expect(StatusCode::ACCEPTED).json();
    assert_eq!(accepted["status"], "accepted");
    let done = eventually("it is sent again", async || {
        let shown = admin.get(&replay).await.json();
        (shown["status"] == "completed").then_some(())
    });
    done.await;
    let again: Vec<_> = receiver.heard().iter().skip(1).flat_map(lines).collect();
    assert!(again.len() >= all.len() - 1 && !again.is_empty(), "{again:?}");
    let busy = admin.delete(&format!("/v3/audit-log-destinations/{destination}")).await;
    busy.expect(StatusCode::CONFLICT);
    admin.delete(&webhook).await.expect(StatusCode::NO_CONTENT);
    let gone = admin.delete(&format!("/v3/audit-log-destinations/{destination}")).await;
    gone.expect(StatusCode::NO_CONTENT);
    admin.put(&replay, body).await.expect(StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_log_that_is_not_taken_is_turned_off_and_goes_on_where_it_stopped() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let receiver = Receiver::start().await;
    let body = json!({"name": "siem", "endpoint": receiver.url, "log_format": "json"});
    let destination = admin.post("/v3/audit-log-destinations", body).await.id();
    receiver.answer(&[500; 5]);
    let body = json!({"enabled": true, "audit_log_destination_id": destination});
    admin.patch("/v3/audit-log-webhook", body.clone()).await.expect(StatusCode::OK);
    for count in 1..=5 {
        receiver.hears(count).await;
        portal.server.advance_clock(Duration::from_secs(31));
    }
    let off = eventually("it is turned off", async || {
        let status = admin.get("/v3/audit-log-webhook/status").await.json();
        (status["webhook_status"] == "inactive").then_some(())
    });
    off.await;
    admin.patch("/v3/audit-log-webhook", json!({"enabled": true})).await.expect(StatusCode::OK);
    let heard = receiver.hears(6).await.pop().unwrap();
    let first: Value = serde_json::from_str(&lines(&heard)[0]).unwrap();
    assert_eq!(first["action"], "PATCH /v3/audit-log-webhook");
    // What is sent can be verified like the log itself.
    let mut text = first.clone();
    let stated = text.as_object_mut().unwrap().remove("hash").unwrap();
    let sorted: std::collections::BTreeMap<String, Value> = serde_json::from_value(text).unwrap();
    assert_eq!(hex(&hash(&serde_json::to_string(&sorted).unwrap())), stated.as_str().unwrap());
}

#[tokio::test]
async fn no_secret_is_in_what_is_told_to_others() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let receiver = Receiver::start().await;
    let body = json!({"name": "all", "url": receiver.url});
    let webhook = admin.post("/v3/webhooks", body).await.json();
    let body =
        json!({"name": "siem", "endpoint": receiver.url, "authorization": "Bearer siem-canary"});
    admin.post("/v3/audit-log-destinations", body).await.expect(StatusCode::CREATED);
    let id = portal.new_portal(json!({"auto_approve_applications": true})).await;
    let strategy = portal.new_strategy(json!({})).await;
    let ann = portal.developer(&id, "ann").await;
    let app = ann.new_application(&strategy).await;
    let made = ann.caller.post(&format!("/applications/{app}/credentials"), json!({})).await;
    let key = made.expect(StatusCode::CREATED).json()["credential"].as_str().unwrap().to_owned();
    let mut secrets = vec![
        webhook["secret"].as_str().unwrap().to_owned(),
        "siem-canary".into(),
        PASSWORD.into(),
        key,
    ];
    secrets.extend(ann.caller.cookies.iter().map(|(_, token)| token.clone()));
    for mail in portal.mails("ann@example.com") {
        secrets.extend(mail["variables"]["token"].as_str().map(str::to_owned));
    }
    receiver.hears(4).await;
    let mut told: Vec<_> = receiver.heard().into_iter().map(|heard| heard.body).collect();
    told.push(admin.get("/v3/audit-log/export").await.body);
    told.push(admin.get("/v3/audit-log/export?format=cef").await.body);
    told.push(admin.get("/v3/webhooks").await.body);
    told.push(admin.get("/v3/audit-log-destinations").await.body);
    if portal.config.database_url.is_none() {
        for name in ["gatekey.db", "gatekey.db-wal"] {
            told.push(std::fs::read(portal.data_dir.path().join(name)).unwrap());
        }
    }
    for secret in secrets {
        for text in &told {
            let found = text.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret}");
        }
    }
}
