//! Applications of teams, and what becomes of them and of their owners.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::edge::World;
use crate::support::{NOBODY, TestPortal, unique};
use crate::teams::{assign, join, leave, new_team};

#[tokio::test]
async fn every_member_has_full_control_and_nobody_else_any() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let id = portal.new_portal(json!({})).await;
    let strategy = portal.new_strategy(json!({})).await;
    let api = portal.new_api().await;
    portal.publish(&api, &id, json!({"auth_strategy_ids": [strategy]})).await;
    let (ann, bob) = (portal.developer(&id, "ann").await, portal.developer(&id, "bob").await);
    let team = new_team(&portal, &id, json!({})).await;
    let body = json!({"name": "shared", "auth_strategy_id": strategy, "team_id": team});
    let blamed = ann.caller.post("/applications", body.clone()).await.blamed();
    assert_eq!(blamed, [("team_id".into(), "missing_reference".into())]);
    join(&portal, &team, &ann).await;
    let blamed = ann.caller.post("/applications", body.clone()).await.blamed();
    assert_eq!(blamed, [("team_id".into(), "invalid".into())]);
    let path = format!("/v3/portals/{id}/teams/{team}");
    admin.patch(&path, json!({"can_own_applications": true})).await.expect(StatusCode::OK);
    let made = ann.caller.post("/applications", body).await.expect(StatusCode::CREATED).json();
    assert_eq!(made["team_id"], team);
    let app = made["id"].as_str().unwrap().to_owned();
    let own = ann.new_application(&strategy).await;
    let show = format!("/applications/{app}");
    bob.caller.get(&show).await.expect(StatusCode::NOT_FOUND);
    join(&portal, &team, &bob).await;
    let change = json!({"description": "Bob's"});
    bob.caller.patch(&show, change).await.expect(StatusCode::OK);
    bob.caller.post(&format!("{show}/credentials"), json!({})).await.id();
    assert_eq!(ann.caller.get(&format!("{show}/credentials")).await.ids().len(), 1);
    let registration = bob.ask(&app, &api).await.id();
    ann.caller.get(&format!("{show}/registrations/{registration}")).await.expect(StatusCode::OK);
    let of_api = bob.caller.get(&format!("/apis/{api}/applications")).await.json();
    assert_eq!(of_api["data"][0]["registration_id"], registration);
    for (query, expected) in [
        (format!("?filter[team_id]={team}"), vec![&app]),
        ("?filter[team_id]=null".into(), vec![&own]),
        ("?filter[team_id][neq]=null".into(), vec![&app]),
        (format!("?filter[team_id][neq]={team}"), vec![&own]),
        (format!("?filter[team_id][oeq]={team},{NOBODY}"), vec![&app]),
        (String::new(), vec![&app, &own]),
    ] {
        let listed = ann.caller.get(&format!("/applications{query}")).await.ids();
        assert_eq!(listed.iter().collect::<Vec<_>>(), expected, "{query}");
    }
    let base = format!("/v3/portals/{id}/applications");
    assert_eq!(admin.get(&format!("{base}?filter[team_id]={team}")).await.ids(), [app.clone()]);
    let owner = json!({"type": "team", "id": team});
    assert_eq!(admin.get(&format!("{base}/{app}")).await.json()["owner"], owner);
    let developers = admin.get(&format!("{base}/{app}/developers")).await.ids();
    assert_eq!(developers, [ann.id.clone(), bob.id.clone()]);
    // A decision about it is told to all of them.
    let path = format!("{base}/{app}/registrations/{registration}");
    admin.patch(&path, json!({"status": "approved"})).await.expect(StatusCode::OK);
    portal.mail(&ann.email, "app-registration-approved").await;
    portal.mail(&bob.email, "app-registration-approved").await;
    leave(&portal, &team, &bob).await;
    for path in [
        show.clone(),
        format!("{show}/credentials"),
        format!("{show}/registrations"),
        format!("{show}/granted-scopes"),
    ] {
        bob.caller.get(&path).await.expect(StatusCode::NOT_FOUND);
    }
    bob.caller.delete(&show).await.expect(StatusCode::NOT_FOUND);
    assert!(bob.caller.get("/applications").await.ids().is_empty());
    assert_eq!(admin.get(&format!("{base}/{app}/developers")).await.ids(), [ann.id.clone()]);
    // A member who goes takes nothing along; the team does.
    let gone = format!("/v3/portals/{id}/developers/{}", ann.id);
    admin.delete(&gone).await.expect(StatusCode::NO_CONTENT);
    admin.get(&format!("{base}/{own}")).await.expect(StatusCode::NOT_FOUND);
    admin.get(&format!("{base}/{app}")).await.expect(StatusCode::OK);
    let team = format!("/v3/portals/{id}/teams/{team}");
    admin.delete(&team).await.expect(StatusCode::NO_CONTENT);
    admin.get(&format!("{base}/{app}")).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_application_moves_between_its_developers_and_their_teams() {
    let portal = TestPortal::start().await;
    let id = portal.new_portal(json!({})).await;
    let strategy = portal.new_strategy(json!({})).await;
    let (ann, bob) = (portal.developer(&id, "ann").await, portal.developer(&id, "bob").await);
    let owning = json!({"can_own_applications": true});
    let red = new_team(&portal, &id, owning.clone()).await;
    let blue = new_team(&portal, &id, owning).await;
    let bobs = new_team(&portal, &id, json!({"can_own_applications": true})).await;
    let poor = new_team(&portal, &id, json!({})).await;
    for team in [&red, &blue, &poor] {
        join(&portal, team, &ann).await;
    }
    for team in [&red, &bobs] {
        join(&portal, team, &bob).await;
    }
    let app = ann.new_application(&strategy).await;
    let path = format!("/applications/{app}");
    let refused = |rule: &str| [("team_id".to_owned(), rule.to_owned())];
    let to = async |team: Value| ann.caller.patch(&path, json!({"team_id": team})).await;
    assert_eq!(to(json!(bobs)).await.blamed(), refused("missing_reference"));
    assert_eq!(to(json!(NOBODY)).await.blamed(), refused("missing_reference"));
    assert_eq!(to(json!(poor)).await.blamed(), refused("invalid"));
    assert_eq!(to(Value::Null).await.expect(StatusCode::OK).json()["team_id"], Value::Null);
    assert_eq!(to(json!(red)).await.expect(StatusCode::OK).json()["team_id"], red);
    bob.caller.get(&path).await.expect(StatusCode::OK);
    assert_eq!(to(json!(blue)).await.expect(StatusCode::OK).json()["team_id"], blue);
    bob.caller.get(&path).await.expect(StatusCode::NOT_FOUND);
    to(json!(red)).await.expect(StatusCode::OK);
    // Another member makes it their own: the first one has lost it.
    let taken = bob.caller.patch(&path, json!({"team_id": null})).await;
    assert_eq!(taken.expect(StatusCode::OK).json()["team_id"], Value::Null);
    ann.caller.get(&path).await.expect(StatusCode::NOT_FOUND);
    let admin = portal.admin();
    let path = format!("/v3/portals/{id}/applications/{app}");
    for owner in [
        json!({"type": "team", "id": blue}),
        json!({"type": "developer", "id": ann.id}),
        json!({"type": "team", "id": bobs}),
    ] {
        let moved = admin.patch(&path, json!({"owner": owner})).await;
        assert_eq!(moved.expect(StatusCode::OK).json()["owner"], owner);
    }
    let blamed = admin.patch(&path, json!({"owner": {"type": "team", "id": poor}})).await.blamed();
    assert_eq!(blamed, [("owner.id".into(), "invalid".into())]);
    let body = json!({"name": "x", "owner": {"type": "team", "id": poor}});
    let blamed = admin.post(&format!("/v3/portals/{id}/applications"), body).await.blamed();
    assert_eq!(blamed, [("owner.id".into(), "invalid".into())]);
}

#[tokio::test]
async fn a_team_registers_by_its_own_roles_alone() {
    let portal = TestPortal::start().await;
    let fields = json!({"rbac_enabled": true, "auto_approve_applications": true});
    let id = portal.new_portal(fields).await;
    let strategy = portal.new_strategy(json!({})).await;
    let api = portal.new_api().await;
    let terms = json!({"auth_strategy_ids": [strategy], "visibility": "private"});
    portal.publish(&api, &id, terms).await;
    let ann = portal.developer(&id, "ann").await;
    let mine = new_team(&portal, &id, json!({})).await;
    let owner = new_team(&portal, &id, json!({"can_own_applications": true})).await;
    join(&portal, &mine, &ann).await;
    join(&portal, &owner, &ann).await;
    assign(&portal, &id, &mine, "API Consumer", &api).await;
    let new_app = async |team: &Value| {
        let name = unique("app");
        let body = json!({"name": name, "auth_strategy_id": strategy, "team_id": team});
        ann.caller.post("/applications", body).await.id()
    };
    let shared = new_app(&json!(owner)).await;
    let own = new_app(&Value::Null).await;
    ann.ask(&shared, &api).await.expect(StatusCode::FORBIDDEN);
    ann.ask(&own, &api).await.expect(StatusCode::CREATED);
    let fitting = ann.caller.get(&format!("/apis/{api}/applications")).await.ids();
    assert_eq!(fitting, [own.clone()]);
    // It cannot get there in a roundabout way either.
    let path = format!("/applications/{own}");
    ann.caller.patch(&path, json!({"team_id": owner})).await.expect(StatusCode::CONFLICT);
    assign(&portal, &id, &owner, "API Viewer", &api).await;
    ann.ask(&shared, &api).await.expect(StatusCode::FORBIDDEN);
    let role = assign(&portal, &id, &owner, "API Consumer", &api).await;
    ann.ask(&shared, &api).await.expect(StatusCode::CREATED);
    ann.caller.patch(&path, json!({"team_id": owner})).await.expect(StatusCode::OK);
    // A role that is taken away leaves what was registered.
    let roles = format!("/v3/portals/{id}/teams/{owner}/assigned-roles/{role}");
    portal.admin().delete(&roles).await.expect(StatusCode::NO_CONTENT);
    let kept = ann.caller.get(&format!("/applications/{shared}/registrations")).await.json();
    assert_eq!(kept["data"][0]["status"], "approved");
}

#[tokio::test]
async fn limits_hold_for_teams_and_for_what_administrators_make() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let id = portal.new_portal(json!({})).await;
    let ann = portal.developer(&id, "ann").await;
    let team = new_team(&portal, &id, json!({"can_own_applications": true})).await;
    join(&portal, &team, &ann).await;
    let base = format!("/v3/portals/{id}/applications");
    let owner = json!({"type": "team", "id": team});
    for n in 0..500 {
        let body = json!({"name": format!("app {n}"), "owner": owner});
        admin.post(&base, body).await.expect(StatusCode::CREATED);
    }
    let body = json!({"name": "one more", "owner": owner});
    let refused = admin.post(&base, body).await.expect(StatusCode::FORBIDDEN).json();
    assert!(refused["detail"].as_str().unwrap().contains("500"));
    let body = json!({"name": "one more", "team_id": team});
    ann.caller.post("/applications", body).await.expect(StatusCode::FORBIDDEN);
    let own = ann.caller.post("/applications", json!({"name": "own"})).await.id();
    let path = format!("/applications/{own}");
    ann.caller.patch(&path, json!({"team_id": team})).await.expect(StatusCode::FORBIDDEN);
    let path = format!("{base}/{own}");
    admin.patch(&path, json!({"owner": owner})).await.expect(StatusCode::FORBIDDEN);
    let shared = ann.caller.get(&format!("/applications?filter[team_id]={team}")).await.ids();
    let keys = format!("/applications/{}/credentials", shared[0]);
    for _ in 0..20 {
        ann.caller.post(&keys, json!({})).await.id();
    }
    let refused = ann.caller.post(&keys, json!({})).await.expect(StatusCode::FORBIDDEN).json();
    assert!(refused["detail"].as_str().unwrap().contains("20"));
}

#[tokio::test]
async fn keys_of_a_developer_who_is_not_approved_stop_unless_the_portal_keeps_them() {
    let world = World::new(TestPortal::start().await).await;
    let admin = world.portal.admin();
    let developer = &world.developer;
    let (key, _) = world.new_key().await;
    let registration = world.ask().await;
    world.set(&registration, "approved").await;
    let mut edge = world.edge();
    edge.catch_up(&world.portal).await;
    assert_eq!(edge.check(&key), "allowed");
    let path = format!("/v3/portals/{}/developer-settings", developer.portal);
    assert_eq!(admin.get(&path).await.json(), json!({"revoked_developers": "stop"}));
    for status in ["revoked", "approved", "pending", "approved", "rejected"] {
        developer.become_(&world.portal, status).await;
        edge.catch_up(&world.portal).await;
        let expected = if status == "approved" { "allowed" } else { "application_suspended" };
        assert_eq!(edge.check(&key), expected, "{status}");
    }
    for (rule, expected) in
        [("keep", "allowed"), ("stop", "application_suspended"), ("keep", "allowed")]
    {
        let changed = admin.patch(&path, json!({"revoked_developers": rule})).await;
        assert_eq!(changed.expect(StatusCode::OK).json(), json!({"revoked_developers": rule}));
        edge.catch_up(&world.portal).await;
        assert_eq!(edge.check(&key), expected, "{rule}");
    }
    let blamed = admin.patch(&path, json!({"revoked_developers": "burn"})).await.blamed();
    assert_eq!(blamed, [("revoked_developers".into(), "enum".into())]);
    admin.patch(&path, json!({"revoked_developers": "stop"})).await.expect(StatusCode::OK);
    // What a team owns has no one developer to stop it, and what comes back is stopped again.
    let team = new_team(&world.portal, &developer.portal, json!({"can_own_applications": true}));
    let team = json!({"owner": {"type": "team", "id": team.await}});
    let back = json!({"owner": {"type": "developer", "id": developer.id}});
    let path = format!("/v3/portals/{}/applications/{}", developer.portal, world.application);
    for (owner, expected) in [(team, "allowed"), (back, "application_suspended")] {
        admin.patch(&path, owner).await.expect(StatusCode::OK);
        edge.catch_up(&world.portal).await;
        assert_eq!(edge.check(&key), expected);
    }
}
