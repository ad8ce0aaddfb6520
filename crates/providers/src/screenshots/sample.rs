//! A portal as it is after a year: many developers, names long and short, what waits and what was
//! refused.

use core::time::Duration;
use std::time::Instant;

use gatekey_providers::{Admin, Developer, PASSWORD, Person, Portal, Tools, World, id_of};
use serde_json::{Value, json};

/// How long a gateway may take to learn of something, or to report it.
const PATIENCE: Duration = Duration::from_secs(60);

/// APIs: name, version, what is said of it, and whether a document describes it.
const APIS: &[(&str, &str, &str, bool)] = &[
    ("Flights", "2.1.0", "Where planes are, and where they will be.", true),
    ("Passengers", "1.0", "Who sits where.", true),
    ("X", "0", "", false),
    (
        "The complete timetable of all regional, long-distance and replacement services",
        "2026-11-21.3-release-candidate",
        "Every connection between every two stops, on every day of the year, with the platforms, \
         the changes and the time that is left for each of them, also where a service is replaced \
         by a bus. Asks no more than it needs.",
        true,
    ),
    (
        "Wetterdienst f\u{fc}r Flugh\u{e4}fen",
        "3.0",
        "Wind, Sicht und B\u{f6}en je Landebahn.",
        false,
    ),
    ("Baggage", "1.4.2", "Belts and lost suitcases.", false),
    ("Crew planning", "5.0", "Who flies when, and who rests.", false),
];

/// Applications of the developer who is looked at.
const APPLICATIONS: &[&str] = &[
    "Timetable",
    "A",
    "Departure-board-of-the-central-station-in-the-capital-city-second-floor-north-hall",
    "Lost suitcases",
];

const DEVELOPERS: usize = 500;
const FIRST: &[&str] =
    &["Ada", "Grace", "Jean-Baptiste", "O", "Wolfgang-Amadeus", "Yuki", "Zo\u{eb}"];
const LAST: &[&str] =
    &["Lovelace", "Hopper", "de La Fontaine-Beauharnais", "Li", "M\u{fc}ller", "Ng"];

/// The sample, and how to get into it.
#[derive(Debug)]
pub(crate) struct Sample {
    base: String,
    admin_token: String,
    email: String,
    names: Vec<(&'static str, String)>,
    _gateway: World,
}

impl Sample {
    /// Makes it.
    pub(crate) fn make(tools: &Tools, portal: &Portal) -> Self {
        let admin = portal.admin();
        let empty = id_of(&admin.create("/v3/portals", &json!({ "name": "empty" })));
        let people = json!({
            "name": "airport",
            "display_name": "Airport developers",
            "description": "What the airport knows, for those who build on it.",
            "auto_approve_developers": true,
        });
        let people = id_of(&admin.create("/v3/portals", &people));
        let keys = admin.create(
            "/v2/application-auth-strategies",
            &json!({
                "name": "keys",
                "display_name": "API key",
                "strategy_type": "key_auth",
                "configs": { "key-auth": { "key_names": ["apikey"] } },
            }),
        );
        let keys = id_of(&keys);
        let gateway = admin.gateway("edge");
        let apis: Vec<_> = APIS
            .iter()
            .enumerate()
            .map(|(index, api)| publish(&admin, &people, &gateway, &keys, index, api))
            .collect();
        let ada = portal.developer(&people, "ada");
        let (application, key) = applications(&ada, &keys, &apis);
        crowd(&admin, &people);
        let routes = [("/flights", "service-0"), ("/passengers", "service-1")];
        let world =
            World::plan(tools).every_strategy().following(portal, &gateway, &routes).start();
        calls(&world, &key);
        let request = refused(&admin, &people);
        let first = apis.first().cloned().unwrap_or_default();
        Self {
            base: portal.pages(),
            admin_token: portal.admin_token(),
            email: ada.email.clone(),
            names: vec![
                ("{portal}", people),
                ("{empty}", empty),
                ("{api}", first),
                ("{application}", application),
                ("{strategy}", keys),
                ("{gateway}", gateway),
                ("{request}", request),
            ],
            _gateway: world,
        }
    }

    /// The address of a path with names of the sample.
    pub(crate) fn url(&self, path: &str) -> String {
        let path =
            self.names.iter().fold(path.to_owned(), |path, (name, id)| path.replace(name, id));
        assert!(!path.contains('{'), "a name in {path} is not of the sample");
        format!("{}{path}", self.base)
    }

    /// The developer signs in.
    pub(crate) fn sign_in(&self, person: &Person) {
        person.visit(&self.url("/portals/{portal}/sign-in"));
        person.fill("E-mail", &self.email);
        person.fill("Password", PASSWORD);
        person.press("Sign in");
    }

    /// The administrator signs in.
    pub(crate) fn sign_in_to_console(&self, person: &Person) {
        person.visit(&self.url("/manager/sign-in"));
        person.fill("Administrator token", &self.admin_token);
        person.press("Sign in");
    }
}

fn publish(
    admin: &Admin,
    portal: &str,
    gateway: &str,
    strategy: &str,
    index: usize,
    (name, version, description, described): &(&str, &str, &str, bool),
) -> String {
    let service = json!({ "name": format!("service-{index}"), "host": "127.0.0.1", "port": 9 });
    let entities = format!("/v2/control-planes/{gateway}/core-entities");
    let service = id_of(&admin.create(&format!("{entities}/services"), &service));
    let text = Some(*description).filter(|text| !text.is_empty());
    let api = json!({ "name": name, "version": version, "description": text });
    let api = id_of(&admin.create("/v3/apis", &api));
    if *described {
        let content = document(name, version, description).to_string();
        let specification = json!({ "version": version, "spec": { "content": content } });
        admin.create(&format!("/v3/apis/{api}/versions"), &specification);
        for (slug, title, content) in [
            ("start", "Getting started", START),
            ("limits", "Limits and fairness", "# Limits\n\nSixty calls a minute."),
        ] {
            let page = json!({
                "slug": slug, "title": title, "content": content, "status": "published",
            });
            admin.create(&format!("/v3/apis/{api}/documents"), &page);
        }
    }
    let link = json!({ "service": { "control_plane_id": gateway, "id": service } });
    admin.create(&format!("/v3/apis/{api}/implementations"), &link);
    let publication = json!({
        "auth_strategy_ids": [strategy],
        "auto_approve_registrations": index == 0,
        "visibility": "public",
    });
    let path = format!("/v3/apis/{api}/publications/{portal}");
    let answer = admin.call("PUT", &path, &publication);
    assert_eq!(answer.status, 200, "{}", answer.body);
    api
}

const START: &str = "# Getting started\n\nAsk for a key, then call:\n\n```sh\ncurl -H 'apikey: KEY' \
                     https://api.example.com/flights\n```\n\n| Code | What it means |\n| --- | --- |\n\
                     | 200 | All is well |\n| 429 | Too fast |\n";

/// Some applications of a developer: the id and a key of the first, which has access.
fn applications(ada: &Developer, strategy: &str, apis: &[String]) -> (String, String) {
    let (mut first, mut key) = (String::new(), String::new());
    for (index, name) in APPLICATIONS.iter().enumerate() {
        let more = json!({ "description": "Shows what leaves next." });
        let made = ada.try_create(name, strategy, &more);
        assert_eq!(made.status, 201, "{}", made.body);
        let id = id_of(&made.json());
        let wanted = if index == 0 { apis } else { apis.get(index..=index).unwrap_or_default() };
        for api in wanted {
            let path = format!("/applications/{id}/registrations");
            let asked = ada.call("POST", &path, &json!({ "api_id": api }));
            assert_eq!(asked.status, 201, "{}", asked.body);
        }
        if index == 0 {
            for name in ["production", "a-name-that-says-exactly-where-this-key-is-used-and-why"] {
                let path = format!("/applications/{id}/credentials");
                let made = ada.call("POST", &path, &json!({ "display_name": name }));
                assert_eq!(made.status, 201, "{}", made.body);
                let made = made.json();
                let text = made.get("credential").and_then(Value::as_str);
                key = text.expect("the key, this once").to_owned();
            }
            first = id;
        }
    }
    (first, key)
}

/// Calls of every kind: with access, without it, with a wrong key, with none.
fn calls(world: &World, key: &str) {
    let started = Instant::now();
    while world.get("/flights", &[("apikey", key)]).status != 200 {
        assert!(started.elapsed() < PATIENCE, "the gateway does not learn of the key");
        std::thread::sleep(Duration::from_millis(100));
    }
    for index in 0..60 {
        let _ = world.get("/flights", &[("apikey", key)]);
        if index % 3 == 0 {
            let _ = world.get("/passengers", &[("apikey", key)]);
        }
        if index % 10 == 0 {
            let _ = world.get("/flights", &[("apikey", "a-wrong-key")]);
            let _ = world.get("/flights", &[]);
        }
    }
}

/// The request id of a call that was refused, once the gateway has reported it.
fn refused(admin: &Admin, portal: &str) -> String {
    let started = Instant::now();
    loop {
        let told = admin.call("GET", &format!("/v3/portals/{portal}/refusals"), &Value::Null);
        let id =
            told.json().pointer("/data/0/request_id").and_then(Value::as_str).map(str::to_owned);
        if let Some(id) = id {
            return id;
        }
        assert!(started.elapsed() < PATIENCE, "no refusal is reported: {}", told.body);
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// Developers enough for several pages of a list, some of whom wait.
fn crowd(admin: &Admin, portal: &str) {
    let pick = |from: &'static [&'static str], index: usize| from.iter().cycle().nth(index);
    for index in 0..DEVELOPERS {
        let (first, last) = (pick(FIRST, index), pick(LAST, index / 3));
        let name = format!("{} {}", first.unwrap_or(&""), last.unwrap_or(&""));
        let status = match index % 25 {
            0 => "pending",
            1 => "rejected",
            2 => "revoked",
            _ => "approved",
        };
        let body = json!({
            "email": format!("developer-{index}@example.com"),
            "full_name": name,
            "status": status,
            "send_invitation_email": false,
        });
        admin.create(&format!("/v3/portals/{portal}/developers"), &body);
    }
}

/// A document that describes an API.
fn document(name: &str, version: &str, description: &str) -> Value {
    let flight = json!({ "$ref": "#/components/schemas/Flight" });
    let code = json!({
        "name": "from", "in": "query", "required": true, "description": "The code of an airport.",
        "schema": { "type": "string", "minLength": 3, "maxLength": 3 }, "example": "TRN",
    });
    let page = json!({
        "200": {
            "description": "A page of them",
            "content": { "application/json": { "schema": { "type": "array", "items": flight } } },
        },
        "401": { "description": "No key, or a wrong one" },
    });
    json!({
        "openapi": "3.1.0",
        "info": { "title": name, "version": version, "description": description },
        "servers": [{ "url": "https://api.example.com" }],
        "tags": [{ "name": "Flights", "description": "What leaves and what lands" }],
        "paths": {
            "/flights": {
                "get": {
                    "tags": ["Flights"], "summary": "All flights", "parameters": [code],
                    "responses": page,
                },
                "post": {
                    "tags": ["Flights"], "summary": "A new flight",
                    "requestBody": { "content": { "application/json": { "schema": flight } } },
                    "responses": { "201": { "description": "It is planned" } },
                },
            },
            "/flights/{id}": {
                "parameters": [
                    { "name": "id", "in": "path", "required": true, "schema": { "type": "string" } },
                ],
                "get": {
                    "tags": ["Flights"], "summary": "One flight",
                    "responses": { "200": {
                        "description": "The flight",
                        "content": { "application/json": { "schema": flight } },
                    } },
                },
                "delete": {
                    "tags": ["Flights"], "summary": "Cancels a flight", "deprecated": true,
                    "responses": { "204": { "description": "It stays on the ground" } },
                },
            },
        },
        "components": {
            "schemas": { "Flight": {
                "type": "object", "required": ["id"],
                "properties": {
                    "id": { "type": "string", "examples": ["AZ123"] },
                    "seats": { "type": "integer", "minimum": 0 },
                    "state": { "type": "string", "enum": ["planned", "boarding", "left"] },
                },
            } },
        },
    })
}
