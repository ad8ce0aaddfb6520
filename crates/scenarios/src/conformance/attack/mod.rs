//! The attack corpus: every attempt with what must come of it.

mod claims;
mod forgery;
mod place;
mod sets;
mod shape;

use serde_json::{Map, Value, json};

use super::{Batch, Plan, Set, allow, bearer, deny, members};
use crate::document::{Expect, Request};
use crate::forge;

const ISSUER: &str = "https://idp.test";

/// An attempt in the making.
struct Attempt {
    id: &'static str,
    name: String,
    request: Request,
}

/// Attempts against one service.
#[derive(Default)]
struct Attempts(Vec<Attempt>);

impl Attempts {
    fn token(&mut self, id: &'static str, name: &str, token: impl AsRef<[u8]>, code: &str) {
        self.request(id, name, bearer("/", token, deny(code)));
    }

    fn pass(&mut self, id: &'static str, name: &str, token: impl AsRef<[u8]>) {
        self.request(id, name, bearer("/", token, passes()));
    }

    fn request(&mut self, id: &'static str, name: &str, request: Request) {
        self.0.push(Attempt { id, name: name.into(), request });
    }

    fn into(self, plan: &mut Plan) {
        for Attempt { id, name, request } in self.0 {
            plan.try_row(Set::Attacks, id, name, request);
        }
    }
}

fn passes() -> Expect {
    allow("trips-idp", "flights")
}

pub(super) fn batches(start: u64) -> Result<Vec<Batch>, String> {
    let forge = Forge { start };
    let mut tokens = plain_plan("attack-tokens")?;
    let mut attempts = Attempts::default();
    forgery::add(&mut attempts, &forge)?;
    shape::add(&mut attempts, &forge)?;
    claims::add(&mut attempts, &forge)?;
    place::add(&mut attempts, &forge)?;
    attempts.into(&mut tokens);
    let mut batches = vec![tokens.finish(start)?];
    batches.extend(claims::other_batches(&forge)?);
    batches.extend(place::other_batches(&forge)?);
    batches.push(sets::batch(&forge)?);
    Ok(batches)
}

/// One API behind every path, called with tokens of `ISSUER` signed by one of three keys.
fn plain_plan(name: &'static str) -> Result<Plan, String> {
    let mut plan = Plan::new(name);
    plan.api("flights", "/", "idp");
    plan.strategy("idp", settings(&forge::key_set(["rsa-a", "p256-a", "ed25519-a"])?));
    plan.application("trips", "idp");
    plan.registered("trips", "flights");
    plan.client("trips", "idp", ISSUER, "trips-client");
    Ok(plan)
}

fn settings(jwks: &Value) -> Map<String, Value> {
    members(json!({"issuer": ISSUER, "auth_methods": ["bearer"], "jwks": jwks}))
}

/// An API of its own behind a path, with a strategy, an application and a client of its own. What
/// comes of a request that passes.
fn stand(plan: &mut Plan, name: &str, settings: Map<String, Value>) -> Expect {
    let application = format!("{name}-app");
    plan.api(name, &format!("/{name}/"), name);
    plan.strategy(name, settings);
    plan.application(&application, name);
    plan.registered(&application, name);
    plan.client(&application, name, ISSUER, "trips-client");
    allow(&format!("{application}-{name}"), name)
}

/// Makes tokens for a start at some second.
struct Forge {
    start: u64,
}

impl Forge {
    /// Claims with which a token passes.
    fn claims(&self) -> Map<String, Value> {
        members(json!({"iss": ISSUER, "sub": "trips-client", "exp": self.start + 3_600}))
    }

    /// The same, but for these.
    fn claims_with(&self, more: Value) -> String {
        let mut claims = self.claims();
        claims.extend(members(more));
        claims.retain(|_, value| !value.is_null());
        Value::Object(claims).to_string()
    }

    fn payload(&self) -> String {
        Value::Object(self.claims()).to_string()
    }

    /// A token with which one passes.
    fn good(&self) -> Result<String, String> {
        self.signed(&header("RS256", "rsa-a"))
    }

    /// A token with this header, signed with the RSA key.
    fn signed(&self, header: &str) -> Result<String, String> {
        forge::token(header, self.payload().as_bytes(), "rsa-a", "RS256")
    }

    /// A token with these claims, signed with the RSA key.
    fn saying(&self, payload: &str) -> Result<String, String> {
        forge::token(&header("RS256", "rsa-a"), payload.as_bytes(), "rsa-a", "RS256")
    }

    /// A token with these claims besides the usual ones.
    fn with(&self, more: Value) -> Result<String, String> {
        self.saying(&self.claims_with(more))
    }
}

/// The usual header.
fn header(algorithm: &str, kid: &str) -> String {
    json!({"alg": algorithm, "kid": kid}).to_string()
}

/// The usual header with more members.
fn header_with(more: Value) -> String {
    let mut header = members(json!({"alg": "RS256", "kid": "rsa-a"}));
    header.extend(members(more));
    header.retain(|_, value| !value.is_null());
    Value::Object(header).to_string()
}

/// An object with these members before its own.
fn before(members: &str, object: &str) -> String {
    format!("{{{members}{}", object.trim_start_matches('{'))
}

/// The parts of a token.
fn parts(token: &str) -> Result<[&str; 3], String> {
    let parts: Vec<_> = token.split('.').collect();
    parts.try_into().map_err(|_| "a token has three parts".into())
}
