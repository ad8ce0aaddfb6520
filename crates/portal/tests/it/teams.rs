//! Teams and their roles: who sees an API, and who registers for it.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Developer, NOBODY, TestPortal, unique};

/// A team of a portal.
pub(crate) async fn new_team(portal: &TestPortal, id: &str, fields: Value) -> String {
    let mut body = json!({"name": unique("team")});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    portal.admin().post(&format!("/v3/portals/{id}/teams"), body).await.id()
}

/// Makes a developer a member of a team.
pub(crate) async fn join(portal: &TestPortal, team: &str, developer: &Developer) {
    let path = format!("/v3/portals/{}/teams/{team}/developers", developer.portal);
    let added = portal.admin().post(&path, json!({"id": developer.id})).await;
    assert_eq!(added.expect(StatusCode::CREATED).text(), "");
}

/// Takes a developer out of a team.
pub(crate) async fn leave(portal: &TestPortal, team: &str, developer: &Developer) {
    let of = &developer.portal;
    let path = format!("/v3/portals/{of}/teams/{team}/developers/{}", developer.id);
    portal.admin().delete(&path).await.expect(StatusCode::NO_CONTENT);
}

/// Gives a team a role for an API.
pub(crate) async fn assign(
    portal: &TestPortal,
    id: &str,
    team: &str,
    role: &str,
    api: &str,
) -> String {
    let path = format!("/v3/portals/{id}/teams/{team}/assigned-roles");
    portal.admin().post(&path, role_body(role, api)).await.id()
}

fn role_body(role: &str, api: &str) -> Value {
    json!({
        "role_name": role,
        "entity_id": api,
        "entity_type_name": "Services",
        "entity_region": "*"
    })
}

/// What a visitor finds wherever an API is shown.
async fn sees(caller: &crate::support::Caller, api: &str, slug: &str, version: &str) -> bool {
    let listed = caller.get("/apis").await.ids().contains(&api.to_owned());
    for path in [
        format!("/apis/{api}"),
        format!("/apis/{slug}"),
        format!("/apis/{api}/versions"),
        format!("/apis/{api}/versions/{version}"),
        format!("/apis/{api}/versions/{version}/raw"),
    ] {
        let expected = if listed { StatusCode::OK } else { StatusCode::NOT_FOUND };
        assert_eq!(caller.get(&path).await.status, expected, "{path}");
    }
    listed
}

#[tokio::test]
async fn roles_decide_who_sees_and_who_registers() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let strategy = portal.new_strategy(json!({})).await;
    let api = portal.new_api().await;
    let slug = admin.get(&format!("/v3/apis/{api}")).await.json()["slug"].clone();
    let body = json!({"version": "1", "spec": {"content": crate::support::SPEC}});
    let version = admin.post(&format!("/v3/apis/{api}/versions"), body).await.id();
    let other_api = portal.new_api().await;
    let slug = slug.as_str().unwrap();
    for rbac in [false, true] {
        let id = portal.new_portal(json!({"rbac_enabled": rbac})).await;
        let anyone = portal.visitor(&id);
        let elsewhere = portal.new_portal(json!({"rbac_enabled": true})).await;
        for visibility in ["public", "private"] {
            let terms = json!({"auth_strategy_ids": [strategy], "visibility": visibility});
            portal.publish(&api, &id, terms).await;
            let public = visibility == "public";
            assert_eq!(sees(&anyone, &api, slug, &version).await, public);
            for roles in
                [&[][..], &["API Viewer"], &["API Consumer"], &["API Viewer", "API Consumer"]]
            {
                let name = format!("{rbac}-{visibility}-{}", roles.len() + roles.join("").len());
                let ann = portal.developer(&id, &name).await;
                let app = ann.new_application(&strategy).await;
                // Roles for another API, and of a team that the developer does not belong to.
                let idle = new_team(&portal, &id, json!({})).await;
                join(&portal, &idle, &ann).await;
                assign(&portal, &id, &idle, "API Consumer", &other_api).await;
                let strangers = new_team(&portal, &id, json!({})).await;
                assign(&portal, &id, &strangers, "API Consumer", &api).await;
                let eve = new_team(&portal, &elsewhere, json!({})).await;
                assign(&portal, &elsewhere, &eve, "API Consumer", &api).await;
                for role in roles {
                    let team = new_team(&portal, &id, json!({})).await;
                    join(&portal, &team, &ann).await;
                    assign(&portal, &id, &team, role, &api).await;
                }
                let open = public || !rbac;
                let seen = open || !roles.is_empty();
                let registers = open || roles.contains(&"API Consumer");
                let case = format!("rbac {rbac}, {visibility}, {roles:?}");
                assert_eq!(sees(&ann.caller, &api, slug, &version).await, seen, "{case}");
                let actions = ann.caller.get(&format!("/apis/{api}/actions")).await;
                let apps = ann.caller.get(&format!("/apis/{api}/applications")).await;
                let asked = ann.ask(&app, &api).await;
                if !seen {
                    actions.expect(StatusCode::NOT_FOUND);
                    apps.expect(StatusCode::NOT_FOUND);
                    let blamed = [("api_id".to_owned(), "missing_reference".to_owned())];
                    assert_eq!(asked.blamed(), blamed, "{case}");
                    continue;
                }
                let expected =
                    json!({"view": true, "register": registers, "view_documentation": true});
                assert_eq!(actions.json()["actions"], expected, "{case}");
                let shown = if registers { vec![app.clone()] } else { vec![] };
                assert_eq!(apps.ids(), shown, "{case}");
                let status = if registers { StatusCode::CREATED } else { StatusCode::FORBIDDEN };
                asked.expect(status);
            }
        }
    }
}

#[tokio::test]
async fn a_role_ends_with_its_assignment_its_team_its_membership_and_its_api() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let id = portal.new_portal(json!({"rbac_enabled": true})).await;
    let api = portal.new_api().await;
    portal.publish(&api, &id, json!({"visibility": "private"})).await;
    let ann = portal.developer(&id, "ann").await;
    let sees = async || ann.caller.get("/apis").await.ids().contains(&api);
    let team = new_team(&portal, &id, json!({})).await;
    let roles = format!("/v3/portals/{id}/teams/{team}/assigned-roles");
    join(&portal, &team, &ann).await;
    let role = assign(&portal, &id, &team, "API Viewer", &api).await;
    assert!(sees().await);
    admin.delete(&format!("{roles}/{role}")).await.expect(StatusCode::NO_CONTENT);
    admin.delete(&format!("{roles}/{role}")).await.expect(StatusCode::NOT_FOUND);
    assert!(!sees().await);
    assign(&portal, &id, &team, "API Viewer", &api).await;
    leave(&portal, &team, &ann).await;
    assert!(!sees().await);
    join(&portal, &team, &ann).await;
    assert!(sees().await);
    admin.delete(&format!("/v3/portals/{id}/teams/{team}")).await.expect(StatusCode::NO_CONTENT);
    assert!(!sees().await);
    let team = new_team(&portal, &id, json!({})).await;
    assign(&portal, &id, &team, "API Viewer", &api).await;
    admin.delete(&format!("/v3/apis/{api}")).await.expect(StatusCode::NO_CONTENT);
    let roles = format!("/v3/portals/{id}/teams/{team}/assigned-roles");
    assert!(admin.get(&roles).await.ids().is_empty());
}

#[tokio::test]
async fn teams_are_managed_by_administrators_and_shown_to_members() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let id = portal.new_portal(json!({})).await;
    let elsewhere = portal.new_portal(json!({})).await;
    let base = format!("/v3/portals/{id}/teams");
    let made = admin.post(&base, json!({"name": "Gold"})).await.expect(StatusCode::CREATED).json();
    assert_eq!(made["description"], "Gold");
    assert_eq!(made["can_own_applications"], false);
    let team = made["id"].as_str().unwrap().to_owned();
    admin.post(&base, json!({"name": "Gold"})).await.expect(StatusCode::CONFLICT);
    admin.post(&format!("/v3/portals/{elsewhere}/teams"), json!({"name": "Gold"})).await.id();
    for (body, field, rule) in [
        (json!({}), "name", "required"),
        (json!({"name": ""}), "name", "min_length"),
        (json!({"name": "x".repeat(251)}), "name", "max_length"),
        (json!({"name": "x", "description": ""}), "description", "min_length"),
        (json!({"name": "x", "can_own_applications": "yes"}), "can_own_applications", "is_boolean"),
        (json!({"name": "x", "color": 1}), "color", "unknown_property"),
    ] {
        assert_eq!(admin.post(&base, body).await.blamed(), [(field.into(), rule.into())]);
    }
    let path = format!("{base}/{team}");
    let change = json!({"description": "The best", "can_own_applications": true});
    let changed = admin.patch(&path, change).await.expect(StatusCode::OK).json();
    assert_eq!(changed["description"], "The best");
    let silver = new_team(&portal, &id, json!({"name": "Silver"})).await;
    let taken = admin.patch(&format!("{base}/{silver}"), json!({"name": "Gold"})).await;
    taken.expect(StatusCode::CONFLICT);
    let owners = admin.get(&format!("{base}?filter[can_own_applications]=true")).await;
    assert_eq!(owners.ids(), [team.clone()]);
    let wrong = format!("/v3/portals/{elsewhere}/teams/{team}");
    admin.get(&wrong).await.expect(StatusCode::NOT_FOUND);
    admin.delete(&wrong).await.expect(StatusCode::NOT_FOUND);
    let (ann, bob) = (portal.developer(&id, "ann").await, portal.developer(&id, "bob").await);
    let eve = portal.developer(&elsewhere, "eve").await;
    join(&portal, &team, &ann).await;
    let members = format!("{path}/developers");
    let twice = admin.post(&members, json!({"id": ann.id})).await;
    twice.expect(StatusCode::CONFLICT);
    for stranger in [eve.id.as_str(), NOBODY] {
        let blamed = admin.post(&members, json!({"id": stranger})).await.blamed();
        assert_eq!(blamed, [("id".into(), "missing_reference".into())]);
    }
    bob.become_(&portal, "revoked").await;
    join(&portal, &team, &bob).await;
    let active = admin.get(&format!("{members}?filter[active]=true")).await;
    assert_eq!(active.ids(), [ann.id.clone()]);
    let inactive = admin.get(&format!("{members}?filter[active]=false")).await.json();
    assert_eq!(inactive["data"][0]["email"], bob.email);
    assert!(admin.get(&format!("{members}?filter[attributes]=x")).await.ids().is_empty());
    let teams = format!("/v3/portals/{id}/developers/{}/teams", ann.id);
    assert_eq!(admin.get(&teams).await.ids(), [team.clone()]);
    assert!(
        admin.get(&format!("{teams}?filter[can_own_applications]=false")).await.ids().is_empty()
    );
    assert_eq!(ann.caller.get("/developer/teams").await.ids(), [team.clone()]);
    let own = format!("/developer/teams/{team}");
    let seen = ann.caller.get(&own).await.json();
    assert_eq!((&seen["name"], &seen["can_own_applications"]), (&json!("Gold"), &Value::Null));
    assert_eq!(ann.caller.get(&format!("{own}/developers")).await.ids().len(), 2);
    ann.caller.get(&format!("/developer/teams/{silver}")).await.expect(StatusCode::NOT_FOUND);
    eve.caller.get(&own).await.expect(StatusCode::NOT_FOUND);
    eve.caller.get(&format!("{own}/developers")).await.expect(StatusCode::NOT_FOUND);
    leave(&portal, &team, &ann).await;
    let gone = admin.delete(&format!("{members}/{}", ann.id)).await;
    gone.expect(StatusCode::NOT_FOUND);
    ann.caller.get(&own).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn roles_are_checked_before_they_are_given() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let id = portal.new_portal(json!({})).await;
    let api = portal.new_api().await;
    let team = new_team(&portal, &id, json!({})).await;
    let path = format!("/v3/portals/{id}/teams/{team}/assigned-roles");
    for (member, value, rule) in [
        ("role_name", json!("API Owner"), "enum"),
        ("entity_id", json!("orders"), "is_uuid"),
        ("entity_id", json!(NOBODY), "missing_reference"),
        ("entity_type_name", json!("Boats"), "enum"),
        ("entity_region", json!("moon"), "enum"),
    ] {
        let mut body = role_body("API Viewer", &api);
        body[member] = value;
        assert_eq!(admin.post(&path, body).await.blamed(), [(member.into(), rule.into())]);
    }
    assign(&portal, &id, &team, "API Viewer", &api).await;
    let twice = admin.post(&path, role_body("API Viewer", &api)).await;
    twice.expect(StatusCode::CONFLICT);
    let mut regional = role_body("API Viewer", &api);
    regional["entity_region"] = json!("eu");
    admin.post(&path, regional).await.expect(StatusCode::CREATED);
    assert_eq!(admin.get(&path).await.ids().len(), 2);
    let roles = admin.get("/v3/portal-roles").await.json();
    assert_eq!(roles["services"]["roles"]["apiconsumer"]["name"], "API Consumer");
}
