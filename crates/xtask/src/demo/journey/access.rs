//! Steps 5 and 6: access to an API, given and taken.

use core::time::Duration;
use std::time::Instant;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::super::admin::Admin;
use super::super::http::Reply;
use super::super::{ensure, envoy};
use super::calls::{self, NOT_REGISTERED, UNAUTHORIZED, refusal};
use super::{World, keys, timed, until};

/// How soon a decision of the administrator holds at the gateway.
const ENFORCED: Duration = Duration::from_secs(1);
/// How long to wait before that is called a failure.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a client may try to be taken for somebody else.
const FORGED: &[(&str, &str)] = &[
    ("x-consumer-id", "forged"),
    ("X-Consumer-Id", "forged again"),
    ("x-consumer-custom-id", "forged"),
    ("x-consumer-username", "forged"),
    ("x-credential-identifier", "forged"),
    ("x-application-id", "forged"),
    ("x-application-name", "forged"),
    ("x-developer-id", "forged"),
    ("x-api-id", "forged"),
];

pub(super) fn asked_and_approved(world: &mut World) -> Result<()> {
    let http = &world.stage.http;
    let path = format!("/applications/{}/registrations", world.application.id);
    let body = json!({ "api_id": world.catalogue.api });
    let asked = world.developer.call(http, "POST", &path, Some(&body))?.expect(201)?;
    let status = asked.text("/status")?;
    ensure(status == "pending", || format!("the registration is `{status}`"))?;
    world.registration = asked.text("/id")?;
    let world = &*world;
    refusal(&calls::with_key(http, &world.key.text)?, 403, NOT_REGISTERED)?;
    let took = decide(world, "approved", 200)?;
    timed("from approval to the first call allowed", took, ENFORCED)?;

    let mut headers = vec![("apikey", world.key.text.as_str())];
    headers.extend(FORGED);
    let reply = calls::call(http, &headers)?.expect(200)?;
    upstream_saw(world, &reply)?;
    // Envoy refuses the other spelling of a header name before any filter sees it.
    let underscores = [("apikey", world.key.text.as_str()), ("x_consumer_id", "forged")];
    let reply = http.send("GET", &envoy::url("/flights"), &underscores, None)?;
    ensure(reply.status == 400, || format!("an underscore was answered with {}", reply.status))
}

pub(super) fn rotated_and_revoked(world: &mut World) -> Result<()> {
    let second = keys::make(&world.stage, &world.developer, &world.application, "second")?;
    let first = core::mem::replace(&mut world.key, second);
    keys::delete(&world.stage, &world.developer, &world.application, &first)?;
    let gone = first.text.clone();
    world.retired.push(first);
    let world = &*world;
    let http = &world.stage.http;
    let took = until(PATIENCE, "the first key is refused and the second is not", || {
        Ok(calls::status(http, &gone)? == 401 && calls::status(http, &world.key.text)? == 200)
    })?;
    timed("from the change of keys to its enforcement", took, ENFORCED)?;
    refusal(&calls::with_key(http, &gone)?, 401, UNAUTHORIZED)?;
    calls::with_key(http, &world.key.text)?.expect(200)?;
    let took = decide(world, "revoked", 403)?;
    timed("from revocation to the first call refused", took, ENFORCED)?;
    refusal(&calls::with_key(http, &world.key.text)?, 403, NOT_REGISTERED)
}

/// The administrator decides; how long it takes, from sending the decision on, until the
/// gateway answers with this status.
pub(super) fn decide(world: &World, status: &str, then: u16) -> Result<Duration> {
    let http = &world.stage.http;
    let admin = Admin::of(&world.stage.portal, http)?;
    let start = Instant::now();
    admin.decide_on_registration(
        &world.catalogue.portal,
        &world.application.id,
        &world.registration,
        status,
    )?;
    until(PATIENCE, &format!("calls are answered with {then}"), || {
        Ok(calls::status(http, &world.key.text)? == then)
    })?;
    Ok(start.elapsed())
}

/// The upstream received who calls, once, and neither the key nor what the client made up.
pub(super) fn upstream_saw(world: &World, reply: &Reply) -> Result<()> {
    let expected = [
        ("x-consumer-id", &world.application.id),
        ("x-consumer-custom-id", &world.developer_id),
        ("x-consumer-username", &world.application.name),
        ("x-credential-identifier", &world.key.id),
        ("x-application-id", &world.application.id),
        ("x-application-name", &world.application.name),
        ("x-developer-id", &world.developer_id),
        ("x-api-id", &world.catalogue.api),
    ];
    let mut expected: Vec<_> =
        expected.map(|(name, value)| (name.to_owned(), value.clone())).into();
    expected.sort();
    let all = received(reply)?;
    let mut identity: Vec<_> = all.iter().filter(|(name, _)| is_identity(name)).cloned().collect();
    identity.sort();
    ensure(identity == expected, || {
        format!("the upstream saw {identity:?} where {expected:?} was to be seen")
    })?;
    let leaked = all.iter().find(|(name, value)| {
        name == "apikey" || value.contains(&world.key.text) || value.contains("forged")
    });
    ensure(leaked.is_none(), || format!("the upstream saw `{}`", leaked.map_or("", |l| &l.0)))
}

fn is_identity(name: &str) -> bool {
    let name = name.replace('_', "-");
    ["x-consumer-", "x-credential-", "x-application-", "x-developer-", "x-api-", "x-anonymous-"]
        .iter()
        .any(|start| name.starts_with(start))
}

fn received(reply: &Reply) -> Result<Vec<(String, String)>> {
    let body = reply.json()?;
    let headers = body.get("headers").and_then(Value::as_array).context("no list of headers")?;
    headers
        .iter()
        .map(|pair| {
            let text = |index: usize| pair.get(index).and_then(Value::as_str);
            let (name, value) = text(0).zip(text(1)).context("a header is not a pair")?;
            Ok((name.to_ascii_lowercase(), value.to_owned()))
        })
        .collect()
}
