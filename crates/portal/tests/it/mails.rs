//! E-mails: a portal's own words, delivery to a mail server, and what happens when it is away.

use std::time::Duration;

use axum::http::StatusCode;
use gatekey_core::secret::Secret;
use gatekey_portal::config::{Smtp, Tls};
use gatekey_portal::server::Server;
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde_json::{Value, json};

use crate::receiver::eventually;
use crate::smtp::MailServer;
use crate::support::{NOBODY, TestPortal, unique};

fn through(server: &MailServer) -> Smtp {
    Smtp {
        host: "localhost".into(),
        port: server.port,
        tls: Tls::None,
        username: Some("portal".into()),
        password: Some(Secret::new("smtp-canary-password".into())),
        from: "portal@mail.test".into(),
        from_name: None,
        reply_to: Some("help@mail.test".into()),
        timeout: Duration::from_secs(5),
        ca_file: None,
    }
}

async fn sign_up(portal: &TestPortal, id: &str, email: &str, name: &str) {
    let body = json!({"email": email, "full_name": name});
    portal.visitor(id).post("/developer", body).await.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn an_e_mail_reaches_the_server_in_the_portals_words_and_name() {
    let server = MailServer::start().await;
    let smtp = through(&server);
    let portal = TestPortal::start_as(|config| config.smtp = Some(smtp)).await;
    let admin = portal.admin();
    let id = portal.new_portal(json!({"display_name": "Ports & Ways"})).await;
    let path = format!("/v3/portals/{id}/email-templates/confirm-email-address");
    let words = json!({
        "subject": "{{developer_fullname}}, confirm",
        "body": "Dear **{{ developer_fullname }}**,\n\nwelcome to {{ portal_display_name }}.",
    });
    admin.patch(&path, json!({"content": words})).await.expect(StatusCode::OK);
    let config = json!({"from_name": "The Ports", "reply_to_email": "ports@x.test"});
    let path = format!("/v3/portals/{id}/email-config");
    admin.post(&path, config).await.expect(StatusCode::CREATED);
    sign_up(&portal, &id, "ann@example.com", "Ann <i>\r\nBcc: x@y.test").await;
    let mail = server.receives(1).await.remove(0);
    assert_eq!(mail.from, "portal@mail.test");
    assert_eq!(mail.to, ["ann@example.com"]);
    assert_eq!(mail.user, "portal");
    let (head, body) = mail.text.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("From: \"The Ports\" <portal@mail.test>"), "{head}");
    assert!(head.contains("Reply-To: ports@x.test"), "{head}");
    assert!(head.contains("Auto-Submitted: auto-generated"), "{head}");
    assert!(head.contains("Subject: Ann <i>  Bcc: x@y.test, confirm"), "{head}");
    assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
    assert!(body.contains("welcome to Ports & Ways."), "{body}");
    assert!(body.contains("<strong>Ann &lt;i&gt;"), "{body}");
    assert!(body.contains("/verify-email?token="), "{body}");
    // Nothing is left behind, and the mailbox folder is not used.
    eventually("the outbox is empty", async || {
        let list = admin.get("/v3/emails").await.expect(StatusCode::OK).json();
        (list["meta"]["page"]["total"] == 0).then_some(())
    })
    .await;
    assert!(portal.mails("ann@example.com").is_empty());
}

#[tokio::test]
async fn a_server_that_is_away_gets_everything_later_and_what_it_refuses_is_shown() {
    let server = MailServer::start().await;
    let smtp = through(&server);
    let portal = TestPortal::start_as(|config| config.smtp = Some(smtp)).await;
    let admin = portal.admin();
    let id = portal.new_portal(json!({})).await;
    server.answer_to_rcpt("451 later");
    sign_up(&portal, &id, "ann@example.com", "Ann").await;
    let waiting = eventually("the first try fails", async || {
        let list = admin.get("/v3/emails?filter[state]=waiting").await.json();
        let first = list["data"][0].clone();
        (first["attempts"] == 1).then_some(first)
    });
    let waiting = waiting.await;
    assert_eq!(waiting["to"], "ann@example.com");
    assert!(waiting["fault"].as_str().unwrap().contains("later"), "{waiting}");
    assert!(!waiting.to_string().contains("token"), "{waiting}");
    // A crash between the commit and the delivery loses nothing.
    let portal = portal.restart().await;
    server.answer_to_rcpt("250 ok");
    portal.server.advance_clock(Duration::from_secs(10));
    assert_eq!(server.receives(1).await[0].to, ["ann@example.com"]);
    let admin = portal.admin();
    server.answer_to_rcpt("550 nobody");
    sign_up(&portal, &id, "bob@example.com", "Bob").await;
    let failed = eventually("it is given up", async || {
        let list = admin.get("/v3/emails?filter[state]=failed").await.json();
        list["data"].get(0).cloned()
    });
    let failed = failed.await;
    let path = format!("/v3/emails/{}", failed["id"].as_str().unwrap());
    assert_eq!(
        admin.get(&path).await.expect(StatusCode::OK).json()["template"],
        "confirm-email-address"
    );
    let metrics = portal.anyone().get("/metrics").await.text();
    assert!(metrics.contains("gatekey_mails_total{outcome=\"failed\"} 1"), "{metrics}");
    server.answer_to_rcpt("250 ok");
    admin.post(&format!("{path}/retry"), json!({})).await.expect(StatusCode::ACCEPTED);
    assert_eq!(server.receives(2).await[1].to, ["bob@example.com"]);
    admin.get(&format!("/v3/emails/{NOBODY}")).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_e_mail_is_given_up_after_days() {
    let server = MailServer::start().await;
    let smtp = through(&server);
    let portal = TestPortal::start_as(|config| config.smtp = Some(smtp)).await;
    let id = portal.new_portal(json!({})).await;
    server.answer_to_rcpt("451 later");
    sign_up(&portal, &id, "ann@example.com", "Ann").await;
    let admin = portal.admin();
    eventually("the first try fails", async || {
        let list = admin.get("/v3/emails").await.json();
        (list["data"][0]["attempts"] == 1).then_some(())
    })
    .await;
    portal.server.advance_clock(Duration::from_secs(3 * 86_400));
    eventually("it is given up", async || {
        let list = admin.get("/v3/emails").await.json();
        (list["data"][0]["state"] == "failed").then_some(())
    })
    .await;
}

#[tokio::test]
async fn of_two_processes_one_sends() {
    let server = MailServer::start().await;
    let smtp = through(&server);
    let portal = TestPortal::start_as(|config| config.smtp = Some(smtp)).await;
    let other = Server::open(portal.config.clone()).await.unwrap();
    let id = portal.new_portal(json!({})).await;
    for number in 0..20 {
        let visitor = portal.visitor(&id);
        let visitor = if number % 2 == 0 { visitor.at(other.router()) } else { visitor };
        let body = json!({"email": format!("p{number}@example.com"), "full_name": "P"});
        visitor.post("/developer", body).await.expect(StatusCode::CREATED);
    }
    let mails = server.receives(20).await;
    let mut to: Vec<_> = mails.iter().flat_map(|mail| mail.to.clone()).collect();
    to.sort();
    to.dedup();
    assert_eq!((mails.len(), to.len()), (20, 20));
    eventually("the outbox is empty", async || {
        let list = portal.admin().get("/v3/emails").await.json();
        (list["meta"]["page"]["total"] == 0).then_some(())
    })
    .await;
    assert_eq!(server.received().len(), 20);
}

#[tokio::test]
async fn a_server_that_offers_no_tls_hears_neither_the_password_nor_an_e_mail() {
    let server = MailServer::start().await;
    let smtp = Smtp { tls: Tls::Starttls, ..through(&server) };
    let portal = TestPortal::start_as(|config| config.smtp = Some(smtp)).await;
    let id = portal.new_portal(json!({})).await;
    sign_up(&portal, &id, "ann@example.com", "Ann").await;
    eventually("the first try fails", async || {
        let list = portal.admin().get("/v3/emails").await.json();
        (list["data"][0]["attempts"] == 1).then_some(())
    })
    .await;
    assert_eq!(server.received().len(), 0);
    let verbs = server.verbs();
    assert!(
        !verbs.is_empty() && verbs.iter().all(|verb| verb == "EHLO" || verb == "QUIT"),
        "{verbs:?}"
    );
}

#[derive(Debug, FromQueryResult)]
struct Row {
    message: Value,
    sealed: Vec<u8>,
}

#[tokio::test]
async fn tokens_do_not_lie_open_in_the_outbox() {
    let server = MailServer::start().await;
    let smtp = through(&server);
    server.answer_to_rcpt("451 later");
    let portal = TestPortal::start_as(|config| config.smtp = Some(smtp)).await;
    let id = portal.new_portal(json!({})).await;
    sign_up(&portal, &id, "ann@example.com", "Ann Canary").await;
    let db = portal.database().await;
    let rows = db
        .query_all_raw(sea_orm::Statement::from_string(
            db.get_database_backend(),
            "SELECT message, sealed FROM outbox",
        ))
        .await
        .unwrap();
    let row = Row::from_query_result(&rows[0], "").unwrap();
    assert_eq!(row.message, json!({}));
    let text = String::from_utf8_lossy(&row.sealed).into_owned();
    assert!(!text.contains("token") && !text.contains("Canary"), "{text}");
    server.answer_to_rcpt("250 ok");
    portal.server.advance_clock(Duration::from_secs(10));
    assert!(server.receives(1).await[0].text.contains("token="));
}

#[tokio::test]
async fn templates_are_listed_changed_and_taken_back() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let defaults = admin.get("/v3/portals/email-templates").await.expect(StatusCode::OK).json();
    assert_eq!(defaults["data"].as_array().unwrap().len(), 11);
    let one = "/v3/portals/email-templates/api-key-expired";
    let one = admin.get(one).await.expect(StatusCode::OK).json();
    assert!(one["variables"].as_array().unwrap().contains(&"credential_name".into()), "{one}");
    admin.get("/v3/portals/email-templates/none").await.expect(StatusCode::NOT_FOUND);
    let variables = admin.get("/v3/portals/email-templates/variables").await;
    let variables = variables.expect(StatusCode::OK).json();
    assert_eq!(variables["data"].as_array().unwrap().len(), 12);
    let id = portal.new_portal(json!({})).await;
    let base = format!("/v3/portals/{id}/email-templates");
    let path = format!("{base}/account-access-approved");
    assert_eq!(admin.get(&base).await.expect(StatusCode::OK).json(), json!({"data": []}));
    admin.get(&path).await.expect(StatusCode::NOT_FOUND);
    let blamed = admin.patch(&path, json!({"content": {"subject": "{{ nothing }}"}})).await;
    assert_eq!(blamed.blamed(), [("content.subject".to_owned(), "enum".to_owned())]);
    let long = json!({"content": {"body": "x".repeat(4_097)}});
    let blamed = admin.patch(&path, long).await.blamed();
    assert_eq!(blamed, [("content.body".to_owned(), "max_length".to_owned())]);
    let body = json!({"content": {"subject": "Hi {{developer_fullname}}", "title": null}});
    let own = admin.patch(&path, body).await.expect(StatusCode::OK).json();
    assert_eq!(own["content"]["subject"], "Hi {{developer_fullname}}");
    assert_eq!((&own["enabled"], &own["name"]), (&true.into(), &"account-access-approved".into()));
    assert_eq!(admin.get(&path).await.expect(StatusCode::OK).json(), own);
    // One that is disabled is not sent.
    admin.patch(&path, json!({"enabled": false})).await.expect(StatusCode::OK);
    let ann = portal.developer(&id, "ann").await;
    ann.become_(&portal, "revoked").await;
    portal.mail("ann@example.com", "account-access-revoked").await;
    let sent = portal.mails("ann@example.com");
    assert!(sent.iter().all(|mail| mail["template"] != "account-access-approved"), "{sent:?}");
    admin.delete(&path).await.expect(StatusCode::NO_CONTENT);
    admin.delete(&path).await.expect(StatusCode::NOT_FOUND);
    let trial = json!({"content": {"subject": "s", "title": "t", "body": "b {{api_name}}"}});
    let test = format!("{base}/app-registration-approved/send-test-email");
    admin.post(&test, trial.clone()).await.expect(StatusCode::NO_CONTENT);
    portal.mail("admin@localhost", "app-registration-approved").await;
    let config = format!("/v3/portals/{id}/email-config");
    let body = json!({"reply_to_email": "me@x.test"});
    admin.post(&config, body).await.expect(StatusCode::CREATED);
    admin.post(&test, trial).await.expect(StatusCode::NO_CONTENT);
    let variables = portal.mail("me@x.test", "app-registration-approved").await;
    assert_eq!(variables["dev_portal_reply_to"], "me@x.test");
    assert_eq!(variables["api_name"], "Flights");
}

#[tokio::test]
async fn senders_are_kept_and_what_cannot_be_is_refused() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let id = portal.new_portal(json!({"name": unique("p")})).await;
    let path = format!("/v3/portals/{id}/email-config");
    admin.get(&path).await.expect(StatusCode::NOT_FOUND);
    admin.patch(&path, json!({})).await.expect(StatusCode::NOT_FOUND);
    for (body, field) in [
        (json!({"from_email": "no address"}), "from_email"),
        (json!({"domain_name": "x.test", "from_email": "a@y.test"}), "from_email"),
        (json!({"from_name": "A\r\nBcc: b"}), "from_name"),
        (json!({"more": 1}), "more"),
    ] {
        assert_eq!(admin.post(&path, body).await.blamed()[0].0, field);
    }
    let body = json!({"domain_name": "x.test", "from_name": "X", "from_email": "a@x.test"});
    let made = admin.post(&path, body).await.expect(StatusCode::CREATED).json();
    assert_eq!(made["reply_to_email"], Value::Null);
    admin.post(&path, json!({})).await.expect(StatusCode::CONFLICT);
    let delivery = format!("/v3/portals/{id}/email-delivery");
    let shown = admin.get(&delivery).await.expect(StatusCode::OK).json();
    assert_eq!((&shown["enabled"], &shown["from_email"]), (&true.into(), &"a@x.test".into()));
    admin.patch(&delivery, json!({"enabled": false})).await.expect(StatusCode::OK);
    admin.delete(&path).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(admin.get(&delivery).await.expect(StatusCode::OK).json()["enabled"], false);
    for path in ["/v3/portals/email-domains", "/v3/portals/email-domains/x.test"] {
        let refused = admin.get(path).await;
        assert_eq!(refused.status, StatusCode::NOT_IMPLEMENTED);
        assert_eq!(refused.json()["title"], "Not Implemented");
    }
}
