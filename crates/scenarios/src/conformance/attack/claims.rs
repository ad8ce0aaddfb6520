//! AT-14 (numbers) and AT-15: claims that are not for us.

use serde_json::{Value, json};

use super::{Attempts, Forge, before, header, header_with};
use crate::conformance::{Batch, Plan, Set, allow, bearer, deny, members};
use crate::document::Expect;
use crate::forge;

pub(super) fn add(attempts: &mut Attempts, forge: &Forge) -> Result<(), String> {
    dates(attempts, forge)?;
    kinds(attempts, forge)
}

fn dates(attempts: &mut Attempts, forge: &Forge) -> Result<(), String> {
    let (missing, expired) = ("missing_claim", "expired_token");
    for (exp, code) in [
        ("1e400", missing),
        ("1e300", missing),
        ("-1e400", missing),
        ("18446744073709551616", missing),
        ("9223372036854775808", missing),
        ("253402300800", missing),
        ("-1", missing),
        ("0", expired),
        ("-0", expired),
        ("1e-400", expired),
        ("0.0000000000000000000000000000000000000000000000000001", expired),
        ("\"253402300799\"", missing),
        ("null", missing),
        ("true", missing),
        ("[253402300799]", missing),
        ("{}", missing),
    ] {
        let payload = forge.claims_with(json!({"exp": null}));
        let token = forge.saying(&before(&format!("\"exp\":{exp},"), &payload))?;
        attempts.token("AT-14", &format!("`exp` {exp}"), token, code);
    }
    attempts.token("AT-14", "no `exp`", forge.with(json!({"exp": null}))?, missing);
    for (name, exp) in
        [("a fraction", "4e9"), ("a fraction", "4000000000.5"), ("an exponent", "0.4E+10")]
    {
        let payload = forge.claims_with(json!({"exp": null}));
        let token = forge.saying(&before(&format!("\"exp\":{exp},"), &payload))?;
        attempts.pass("AT-14", &format!("`exp` {exp}: {name} is a date"), token);
    }
    let ago = forge.start - 100;
    attempts.token("AT-14", "expired", forge.with(json!({"exp": ago}))?, expired);
    let soon = forge.start + 1_800;
    attempts.token(
        "AT-14",
        "`nbf` in half an hour",
        forge.with(json!({"nbf": soon}))?,
        "premature_token",
    );
    attempts.token(
        "AT-14",
        "`iat` in half an hour",
        forge.with(json!({"iat": soon}))?,
        "premature_token",
    );
    attempts.token("AT-14", "`nbf` a text", forge.with(json!({"nbf": "0"}))?, missing);
    attempts.token(
        "AT-14",
        "`iat` 1e400",
        forge.saying(&before("\"iat\":1e400,", &forge.payload()))?,
        missing,
    );
    Ok(())
}

fn kinds(attempts: &mut Attempts, forge: &Forge) -> Result<(), String> {
    let wrong = "wrong_token_type";
    for (name, more) in [
        ("an ID token: `nonce`", json!({"nonce": "n"})),
        ("an ID token: `at_hash`", json!({"at_hash": "h"})),
        ("an ID token: `c_hash`", json!({"c_hash": "h"})),
        ("a logout token: `events`", json!({"events": {}})),
        ("an ID token of Keycloak", json!({"typ": "ID"})),
        ("a refresh token of Keycloak", json!({"typ": "Refresh"})),
        ("an ID token of Cognito", json!({"token_use": "id"})),
    ] {
        attempts.token("AT-15", &format!("{name} as access token"), forge.with(more)?, wrong);
    }
    for typ in [
        "dpop+jwt",
        "logout+jwt",
        "secevent+jwt",
        "application/dpop+jwt",
        "oauth-authz-req+jwt",
        "JWE",
        "at+jwt ",
        "at",
        "",
    ] {
        let token = forge.signed(&header_with(json!({"typ": typ})))?;
        attempts.token("AT-15", &format!("`typ` `{typ}`"), token, wrong);
    }
    let token = forge.signed(&header_with(json!({"typ": ["at+jwt"]})))?;
    attempts.token("AT-15", "`typ` a list", token, "malformed_token");
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "JWT"] {
        let token = forge.signed(&header_with(json!({"typ": typ})))?;
        attempts.pass("AT-15", &format!("`typ` `{typ}` is an access token's"), token);
    }
    for (name, iss) in [
        ("another", json!("https://evil.test")),
        ("with a `/` at its end", json!("https://idp.test/")),
        ("in upper case", json!("HTTPS://IDP.TEST")),
        ("with its port", json!("https://idp.test:443")),
        ("that begins alike", json!("https://idp.test.evil.test")),
        ("a list", json!(["https://idp.test"])),
        ("empty", json!("")),
        ("missing", Value::Null),
    ] {
        attempts.token(
            "AT-15",
            &format!("issuer {name}"),
            forge.with(json!({"iss": iss}))?,
            "unknown_issuer",
        );
    }
    for (name, sub, code) in [
        ("missing", Value::Null, "missing_claim"),
        ("empty", json!(""), "missing_claim"),
        ("a number", json!(7), "missing_claim"),
        ("a list", json!(["trips-client"]), "missing_claim"),
        ("unknown", json!("rival-client"), "unknown_client"),
        ("in upper case", json!("TRIPS-CLIENT"), "unknown_client"),
        ("with a zero byte", json!("trips-client\0"), "unknown_client"),
        ("with a blank", json!("trips-client "), "unknown_client"),
    ] {
        attempts.token("AT-15", &format!("client {name}"), forge.with(json!({"sub": sub}))?, code);
    }
    Ok(())
}

pub(super) fn other_batches(forge: &Forge) -> Result<Vec<Batch>, String> {
    Ok(vec![two_issuers(forge)?, rules(forge)?])
}

/// Two issuers on one service, whose clients have the same name.
fn two_issuers(forge: &Forge) -> Result<Batch, String> {
    let mut plan = Plan::new("attack-issuers");
    plan.api("flights", "/", "a");
    plan.api("hotels", "/", "b");
    // Both are behind one service.
    let service = plan.policy.services.first().map(|service| service.name.clone());
    let service = service.ok_or("no service")?;
    plan.policy.services.truncate(1);
    plan.policy.routes.truncate(1);
    for publication in &mut plan.policy.publications {
        publication.service = service.clone();
    }
    for (name, key, api, application) in
        [("a", "rsa-a", "flights", "trips"), ("b", "rsa-b", "hotels", "tours")]
    {
        let issuer = format!("https://{name}.test");
        plan.strategy(
            name,
            members(json!({
                "issuer": issuer, "auth_methods": ["bearer"], "jwks": forge::key_set([key])?,
            })),
        );
        plan.application(application, name);
        plan.registered(application, api);
        plan.client(application, name, &issuer, "client");
    }
    let payload = |issuer: &str| {
        let iss = format!("https://{issuer}.test");
        json!({"iss": iss, "sub": "client", "exp": forge.start + 3_600}).to_string()
    };
    let mut attempt = |name: &str, iss: &str, kid: &str, key: &str, expect: Expect| {
        let token = forge::token(&header("RS256", kid), payload(iss).as_bytes(), key, "RS256")?;
        plan.try_row(Set::Attacks, "AT-15", name, bearer("/", token, expect));
        Ok::<(), String>(())
    };
    attempt("issuer A's own token", "a", "rsa-a", "rsa-a", allow("trips-a", "flights"))?;
    attempt("issuer B's own token", "b", "rsa-b", "rsa-b", allow("tours-b", "hotels"))?;
    attempt("issuer A's name, B's key and `kid`", "a", "rsa-b", "rsa-b", deny("unknown_key"))?;
    attempt("issuer B's name, A's key and `kid`", "b", "rsa-a", "rsa-a", deny("unknown_key"))?;
    attempt("issuer A's name and key, B's `kid`", "a", "rsa-b", "rsa-a", deny("unknown_key"))?;
    attempt("issuer A's name and `kid`, B's key", "a", "rsa-a", "rsa-b", deny("bad_signature"))?;
    plan.finish(forge.start)
}

/// Strategies that ask for more.
fn rules(forge: &Forge) -> Result<Batch, String> {
    let mut plan = Plan::new("attack-rules");
    let mut attempts: Vec<(&'static str, String, String, Value, Expect)> = Vec::new();
    let mut strategy = |name: &str, more: Value| -> Result<(), String> {
        let mut settings = super::settings(&forge::key_set(["rsa-a"])?);
        settings.extend(members(more));
        super::stand(&mut plan, name, settings);
        Ok(())
    };
    strategy("rfc9068", json!({"access_token_profile": "rfc9068"}))?;
    strategy("audience", json!({"audience_required": ["flights-api"]}))?;
    strategy("scoped", json!({"scopes_required": ["read write", "admin"]}))?;
    strategy("only-es", json!({"algorithms": ["ES256"]}))?;
    let mut add = |api: &str, name: &str, header: &str, claims: Value, code: Option<&str>| {
        let expect = match code {
            Some(code) => deny(code),
            None => allow(&format!("{api}-app-{api}"), api),
        };
        attempts.push(("AT-15", format!("{api}: {name}"), header.into(), claims, expect));
    };
    let (plain, typed) = (header("RS256", "rsa-a"), header_with(json!({"typ": "at+jwt"})));
    let whole = json!({"aud": "x", "client_id": "c", "iat": 1, "jti": "1"});
    add("rfc9068", "a whole access token", &typed, whole.clone(), None);
    add("rfc9068", "the same without `typ`", &plain, whole, Some("wrong_token_type"));
    for missing in ["aud", "client_id", "iat", "jti"] {
        let mut claims = members(json!({"aud": "x", "client_id": "c", "iat": 1, "jti": "1"}));
        claims.remove(missing);
        add(
            "rfc9068",
            &format!("no `{missing}`"),
            &typed,
            Value::Object(claims),
            Some("missing_claim"),
        );
    }
    let audience = "wrong_audience";
    add("audience", "ours", &plain, json!({"aud": "flights-api"}), None);
    add("audience", "ours among others", &plain, json!({"aud": ["x", "flights-api"]}), None);
    add("audience", "another", &plain, json!({"aud": "hotels-api"}), Some(audience));
    add(
        "audience",
        "ours as part of another",
        &plain,
        json!({"aud": "flights-api-2"}),
        Some(audience),
    );
    add("audience", "missing", &plain, json!({}), Some(audience));
    add("audience", "a number", &plain, json!({"aud": 7}), Some(audience));
    let scope = "insufficient_scope";
    add("scoped", "both of the first", &plain, json!({"scope": "write x read"}), None);
    add("scoped", "the second", &plain, json!({"scope": ["admin"]}), None);
    add("scoped", "half of the first", &plain, json!({"scope": "read"}), Some(scope));
    add("scoped", "none", &plain, json!({}), Some(scope));
    add(
        "scoped",
        "as part of others",
        &plain,
        json!({"scope": "administrator readwrite"}),
        Some(scope),
    );
    add("scoped", "in upper case", &plain, json!({"scope": "ADMIN"}), Some(scope));
    add("only-es", "RS256", &plain, json!({}), Some("refused_algorithm"));
    for (id, name, header, claims, expect) in attempts {
        let path = format!("/{}/", name.split(':').next().unwrap_or_default());
        let payload = forge.claims_with(claims);
        let token = forge::token(&header, payload.as_bytes(), "rsa-a", "RS256")?;
        plan.try_row(Set::Attacks, id, name, bearer(&path, token, expect));
    }
    plan.finish(forge.start)
}
