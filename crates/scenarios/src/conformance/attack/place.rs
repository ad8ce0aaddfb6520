//! AT-17 to AT-19: who says who calls, credentials in several places, and time.

use super::{Attempts, Forge, passes, plain_plan};
use crate::conformance::{Batch, Plan, Set, allow, deny, request};
use crate::document::{
    Change, Credential, Expect, KeySource, Record, RecordName, Registration, RegistrationStatus,
    Scheme, Snapshot, Step, Strategy, StrategyMethod,
};
use crate::expect::IDENTITY;
use crate::forge;

pub(super) fn add(attempts: &mut Attempts, forge: &Forge) -> Result<(), String> {
    let good = forge.good()?;
    let token = |scheme: &str| ("authorization".to_owned(), format!("{scheme}{good}").into_bytes());
    let evil = |name: String| (name, b"evil".to_vec());
    let capital = |name: &str| -> String {
        let words = name.split('-').map(|word| {
            let (first, rest) = word.split_at_checked(1).unwrap_or_default();
            format!("{}{rest}", first.to_uppercase())
        });
        words.collect::<Vec<_>>().join("-")
    };
    for name in IDENTITY {
        let headers = vec![
            evil(name.into()),
            evil(name.to_uppercase()),
            evil(capital(name)),
            token("Bearer "),
            evil(name.into()),
        ];
        attempts.request(
            "AT-17",
            &format!("`{name}` in three cases and twice"),
            request("/", headers, passes()),
        );
        let headers =
            vec![evil(name.replace('-', "_")), token("Bearer "), evil(name.replacen('-', "_", 1))];
        // Hosts other than Envoy drop such headers before anybody sees them.
        attempts.request(
            "AT-17",
            &format!("`{name}` with underscores"),
            request("/", headers, passes()),
        );
    }
    let all = IDENTITY.map(|name| evil(name.into())).to_vec();
    attempts.request(
        "AT-17",
        "all of them without a token",
        request("/", all, deny("no_credential")),
    );

    let one = |value: &str| vec![("authorization".to_owned(), value.as_bytes().to_vec())];
    for scheme in ["bearer ", "BEARER ", "bEaReR "] {
        attempts.request(
            "AT-18",
            &format!("`{scheme}`"),
            request("/", vec![token(scheme)], passes()),
        );
    }
    for (name, value, code) in [
        ("no scheme", good.clone(), "no_credential"),
        ("another scheme", format!("Token {good}"), "no_credential"),
        ("`Basic`", format!("Basic {good}"), "no_credential"),
        ("no blank after the scheme", format!("Bearer{good}"), "no_credential"),
        ("a colon after the scheme", format!("Bearer: {good}"), "no_credential"),
        ("the scheme alone", "Bearer".into(), "malformed_token"),
        ("two blanks after the scheme", format!("Bearer  {good}"), "malformed_token"),
        ("two tokens, a comma between", format!("Bearer {good},{good}"), "malformed_token"),
        (
            "two tokens, comma and blank between",
            format!("Bearer {good}, Bearer {good}"),
            "ambiguous_token",
        ),
        ("two tokens, a blank between", format!("Bearer {good} {good}"), "malformed_token"),
        ("a parameter", format!("Bearer token=\"{good}\""), "malformed_token"),
        ("the empty value", String::new(), "no_credential"),
    ] {
        attempts.request("AT-18", name, request("/", one(&value), deny(code)));
    }
    for (name, first, second) in [
        ("two `Authorization`, the same token", format!("Bearer {good}"), format!("Bearer {good}")),
        ("two `Authorization`, two tokens", format!("Bearer {good}"), "Bearer a.b.c".into()),
        (
            "two `Authorization`, `Basic` and `Bearer`",
            "Basic YTpi".into(),
            format!("Bearer {good}"),
        ),
    ] {
        let headers = [one(&first), one(&second)].concat();
        attempts.request("AT-18", name, request("/", headers, deny("ambiguous_token")));
    }
    let headers =
        vec![token("Bearer "), ("AUTHORIZATION".into(), format!("Bearer {good}").into_bytes())];
    let twice = request("/", headers, deny("ambiguous_token"));
    attempts.request("AT-18", "two `Authorization` in two cases", twice);
    let path = format!("/?access_token={good}");
    let query = request(&path, Vec::new(), deny("no_credential"));
    attempts.request("AT-18", "in the query, where no token is looked for", query);
    let cookie = vec![("cookie".to_owned(), format!("access_token={good}").into_bytes())];
    let cookie = request("/", cookie, deny("no_credential"));
    attempts.request("AT-18", "in a cookie, where no token is looked for", cookie);
    let proxy = vec![("proxy-authorization".to_owned(), format!("Bearer {good}").into_bytes())];
    let proxy = request("/", proxy, deny("no_credential"));
    attempts.request("AT-18", "in `Proxy-Authorization`", proxy);
    Ok(())
}

pub(super) fn other_batches(forge: &Forge) -> Result<Vec<Batch>, String> {
    let mut batches = vec![blanks(forge)?, keys_and_tokens(forge)?];
    batches.extend(time(forge)?);
    Ok(batches)
}

/// Blanks around a value belong to the syntax of HTTP: a host takes them away. What has no host
/// sees them.
fn blanks(forge: &Forge) -> Result<Batch, String> {
    let mut plan = plain_plan("attack-blanks")?;
    let why = "Envoy takes blanks and empty values away before any filter sees them";
    plan.skip.insert("envoy".into(), why.into());
    let good = forge.good()?;
    let twice = vec![
        ("authorization".to_owned(), Vec::new()),
        ("authorization".to_owned(), format!("Bearer {good}").into_bytes()),
    ];
    let twice = request("/", twice, deny("ambiguous_token"));
    plan.try_row(Set::Attacks, "AT-18", "two `Authorization`, the first empty", twice);
    for (name, value, code) in [
        ("a blank before the scheme", format!(" Bearer {good}"), "no_credential"),
        ("a blank after the token", format!("Bearer {good} "), "malformed_token"),
        ("a tab after the scheme", format!("Bearer\t{good}"), "no_credential"),
    ] {
        let headers = vec![("authorization".to_owned(), value.into_bytes())];
        plan.try_row(Set::Attacks, "AT-18", name, request("/", headers, deny(code)));
    }
    plan.finish(forge.start)
}

/// Keys and tokens on one service.
fn keys_and_tokens(forge: &Forge) -> Result<Batch, String> {
    let mut plan = plain_plan("attack-keys-and-tokens")?;
    let service = plan.policy.services.first().map(|service| service.name.clone());
    plan.api("hotels", "/", "keys");
    plan.policy.services.truncate(1);
    plan.policy.routes.truncate(1);
    if let (Some(publication), Some(service)) = (plan.policy.publications.last_mut(), service) {
        publication.service = service;
    }
    let method = StrategyMethod::KeyAuth(vec!["apikey".into(), "x-api-key".into()]);
    plan.policy.strategies.push(Strategy { name: "keys".into(), method });
    plan.application("tours", "keys");
    plan.registered("tours", "hotels");
    plan.policy.credentials.push(Credential {
        name: "alice".into(),
        application: "tours".into(),
        key: KeySource::Issue("alice".into()),
        scheme: Scheme::default(),
        pepper: "p1".into(),
        expires_in_seconds: None,
    });
    let good = forge.good()?;
    let key = crate::names::key("alice", "gk", "live").ok_or("no key")?;
    let bearer = format!("Bearer {good}");
    let (token, key) = (bearer.as_str(), key.as_str());
    let keyed = Expect::Allow {
        caller: Some(crate::document::CallerName {
            credential: "alice".into(),
            api: "hotels".into(),
        }),
        upstream_headers: None,
        present: Vec::new(),
        absent: vec!["apikey".into()],
    };
    let rows = vec![
        ("the token alone", vec![("authorization", token)], allow("trips-idp", "flights")),
        ("the key alone", vec![("apikey", key)], keyed),
        ("key and token", vec![("apikey", key), ("authorization", token)], deny("ambiguous_token")),
        (
            "token and an unknown key",
            vec![("authorization", token), ("apikey", "x")],
            deny("ambiguous_token"),
        ),
        (
            "key and a token that is none",
            vec![("apikey", key), ("authorization", "Bearer x")],
            deny("ambiguous_token"),
        ),
        (
            "two keys in two places",
            vec![("apikey", key), ("x-api-key", key)],
            deny("ambiguous_credential"),
        ),
        (
            "two keys in one place",
            vec![("apikey", key), ("apikey", key)],
            deny("duplicate_credential"),
        ),
        ("the key as a bearer token", vec![("authorization", key)], deny("no_credential")),
        ("the token as a key", vec![("apikey", good.as_str())], deny("malformed_credential")),
        ("nothing", Vec::new(), deny("no_credential")),
    ];
    for (name, headers, expect) in rows {
        let headers = headers.into_iter();
        let headers = headers.map(|(name, value)| (name.into(), value.as_bytes().to_vec()));
        plan.try_row(Set::Attacks, "AT-18", name, request("/", headers.collect(), expect));
    }
    let both = format!("{key},{key}");
    let headers = vec![("apikey".to_owned(), both.into_bytes())];
    plan.try_row(
        Set::Attacks,
        "AT-18",
        "two keys, a comma between",
        request("/", headers, deny("malformed_credential")),
    );
    plan.finish(forge.start)
}

/// AT-19.
fn time(forge: &Forge) -> Result<Vec<Batch>, String> {
    let good = forge.good()?;
    let send = |expect: Expect| {
        let headers = vec![("authorization".to_owned(), format!("Bearer {good}").into_bytes())];
        request("/", headers, expect)
    };
    let row = |plan: &mut Plan, name: &str, expect: Expect| {
        plan.try_row(Set::Attacks, "AT-19", name, send(expect));
    };
    let mut stale = plain_plan("attack-stale")?;
    stale.snapshot = Snapshot { issued_seconds_ago: 90_000, missing: false };
    row(&mut stale, "a good token, the portal silent for more than a day", deny("stale_policy"));

    let mut missing = plain_plan("attack-missing")?;
    missing.snapshot.missing = true;
    row(&mut missing, "a good token before the first word of the portal", deny("no_policy"));

    let mut jump = plain_plan("attack-jump")?;
    jump.skip.insert("envoy".into(), "no time goes by in a real Envoy".into());
    row(&mut jump, "a good token", passes());
    jump.steps.push(Step::Advance(3_601));
    row(&mut jump, "the same token an hour later", deny("expired_token"));
    jump.steps.push(Step::Advance(200_000));
    row(&mut jump, "the same token days later", deny("stale_policy"));

    let mut changes = plain_plan("attack-changes")?;
    changes.skip.insert("envoy".into(), "the portal of this Envoy is silent".into());
    let registration = |status| Registration {
        application: "trips".into(),
        api: "flights".into(),
        status,
        consumer: None,
    };
    let put = |record: Record| Step::Delta(vec![Change::Put(record)]);
    row(&mut changes, "a good token that is remembered", passes());
    changes.steps.push(put(Record::Registration(registration(RegistrationStatus::Revoked))));
    row(&mut changes, "the same token, registration revoked", deny("registration_revoked"));
    changes.steps.push(put(Record::Registration(registration(RegistrationStatus::Approved))));
    row(&mut changes, "the same token, registration approved again", passes());
    let strategy = |keys: &[&str]| {
        let settings = super::settings(&forge::key_set(keys)?);
        let method = crate::document::OpenIdConnect { settings, keys: Vec::new() };
        let method = StrategyMethod::OpenIdConnect(method);
        Ok::<_, String>(Record::Strategy(Strategy { name: "idp".into(), method }))
    };
    changes.steps.push(put(strategy(&["rsa-b"])?));
    row(&mut changes, "the same token, its key withdrawn", deny("unknown_key"));
    changes.steps.push(put(strategy(&["rsa-a"])?));
    row(&mut changes, "the same token, its key back", passes());
    let gone = Change::Delete(RecordName::Credential("trips-idp".into()));
    changes.steps.push(Step::Delta(vec![gone]));
    row(&mut changes, "the same token, its client withdrawn", deny("unknown_client"));
    [stale, missing, jump, changes].into_iter().map(|plan| plan.finish(forge.start)).collect()
}
