//! What an identity provider says: where its endpoints are, and who somebody is.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gatekey_core::jose::parse_set;
use gatekey_core::oidc::SignIn;
use gatekey_core::oidc::documents::{Discovery, TokenReply};
use gatekey_core::secret::Secret;
use gatekey_core::time::UnixTime;
use gatekey_dcr::{Body, Call, Method, Outcome, Reply};
use gatekey_jwt::JWT;
use reqwest::Url;
use schemars::JsonSchema;
use serde_json::{Value, json};

use super::refused;
use crate::app::App;
use crate::dcr::metadata::strings;
use crate::input::check_part;
use crate::problem::Problem;
use crate::store::entity::identity_provider;
use crate::usecase::identity_provider::{ClaimMappings, secret};
use crate::usecase::issuer::Entered;

/// What a provider says of itself.
#[derive(Debug)]
pub(super) struct Provider {
    pub(super) issuer: String,
    pub(super) authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    /// The secret goes into the form: the provider does not take `Basic`.
    secret_in_form: bool,
}

/// A code to be exchanged.
#[derive(Debug)]
pub(super) struct Exchange<'e> {
    pub(super) code: Secret<String>,
    pub(super) verifier: Secret<String>,
    pub(super) nonce: Secret<String>,
    pub(super) redirect_uri: &'e str,
}

/// Who somebody is, as the provider says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) subject: String,
    pub(super) email: String,
    pub(super) full_name: String,
    pub(super) groups: Vec<String>,
}

/// What a developer must be like; the rules are those of sign-up.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema is used")]
struct Account {
    #[schemars(length(max = 250), extend("format" = "email"))]
    email: String,
    #[schemars(length(min = 1, max = 250))]
    full_name: String,
}

impl Provider {
    /// Asks the provider what it is.
    pub(super) async fn discover(
        app: &App,
        row: &identity_provider::Model,
    ) -> Result<Self, Problem> {
        let entered = Entered::read(&row.issuer).map_err(Problem::provider_failed)?;
        let mut told = String::from("has no discovery document");
        for place in entered.places() {
            let reply = match call(app, Call::new(Method::Get, place)).await {
                Ok(reply) if reply.status == 200 => reply,
                Ok(reply) => {
                    told = format!("answers with status {}", reply.status);
                    continue;
                }
                Err(cause) => {
                    told = cause;
                    continue;
                }
            };
            return Self::read(app, &entered, &reply);
        }
        Err(Problem::provider_unavailable(format!("The identity provider {told}")))
    }

    fn read(app: &App, entered: &Entered, reply: &Reply) -> Result<Self, Problem> {
        let failed = |what: &str| {
            Problem::provider_failed(format!("The identity provider's document {what}"))
        };
        let document = reply.json();
        let issuer = document.get("issuer").and_then(Value::as_str);
        let issuer = issuer.filter(|said| entered.is_meant(said));
        let issuer = issuer.ok_or_else(|| failed("is another issuer's"))?.to_owned();
        let read = Discovery::parse(reply.body.expose(), &issuer)
            .map_err(|fault| failed(&fault.to_string()))?;
        let place = |url: Option<gatekey_core::oidc::url::Url>, name: &str| {
            let url = url.map(|url| url.to_string());
            let url = url.filter(|url| app.outbound.check_url(url).is_ok());
            url.ok_or_else(|| failed(&format!("has no `{name}` that may be used")))
        };
        let methods = document.get("token_endpoint_auth_methods_supported").map(strings);
        let takes = |method: &str| {
            // Without a word it is `Basic` (OpenID Connect Discovery 3).
            methods.as_ref().map_or(method == "client_secret_basic", |methods| {
                methods.iter().any(|one| one == method)
            })
        };
        let userinfo = document.get("userinfo_endpoint").and_then(Value::as_str);
        Ok(Self {
            authorization_endpoint: place(read.authorization_endpoint, "authorization_endpoint")?,
            token_endpoint: place(read.token_endpoint, "token_endpoint")?,
            jwks_uri: place(read.jwks_uri, "jwks_uri")?,
            userinfo_endpoint: userinfo.map(str::to_owned),
            secret_in_form: !takes("client_secret_basic") && takes("client_secret_post"),
            issuer,
        })
    }

    /// Exchanges a code for who somebody is.
    pub(super) async fn exchange(
        &self,
        app: &App,
        row: &identity_provider::Model,
        exchange: Exchange<'_>,
    ) -> Result<Person, Problem> {
        let reply = self.ask_for_tokens(app, row, &exchange).await?;
        let reply = TokenReply::parse(reply.body.expose())
            .map_err(|fault| unusable("token answer", fault))?;
        let id_token = reply.id_token.as_ref().ok_or_else(|| refused("There is no ID token"))?;
        let keys = call(app, Call::new(Method::Get, &self.jwks_uri)).await;
        let keys = keys.map_err(Problem::provider_unavailable)?;
        let keys = parse_set(keys.body.expose()).map_err(|fault| unusable("key set", fault))?;
        let now = u64::try_from(app.clock.now() / 1_000).unwrap_or_default();
        let expected = SignIn {
            issuer: &self.issuer,
            client_id: &row.client_id,
            nonce: exchange.nonce.expose(),
            access_token: reply.access_token.expose(),
            now: UnixTime(now),
        };
        let verified = expected.verify(id_token.expose().as_bytes(), &keys, &JWT);
        let (subject, payload) = verified.map_err(|denial| {
            tracing::warn!(provider = %row.id, denial = denial.code(), "refused an ID token");
            refused("The ID token cannot be trusted")
        })?;
        let mut claims: Value = serde_json::from_slice(&payload).map_err(Problem::internal)?;
        let mapped = row.claims();
        if at(&claims, &mapped.email).is_none() || at(&claims, &mapped.groups).is_none() {
            let more = self.userinfo(app, &subject, &reply.access_token).await;
            complete(&mut claims, more);
        }
        person(subject, &claims, &mapped)
    }

    async fn ask_for_tokens(
        &self,
        app: &App,
        row: &identity_provider::Model,
        exchange: &Exchange<'_>,
    ) -> Result<Reply, Problem> {
        let secret = secret(app, row)?;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", exchange.code.expose()),
            ("redirect_uri", exchange.redirect_uri),
            ("code_verifier", exchange.verifier.expose()),
        ];
        let mut ask = Call::new(Method::Post, &self.token_endpoint);
        match &secret {
            Some(secret) if !self.secret_in_form => {
                ask = ask.header("authorization", basic(&row.client_id, secret));
            }
            Some(secret) => {
                form.push(("client_id", &row.client_id));
                form.push(("client_secret", secret.expose()));
            }
            None => form.push(("client_id", &row.client_id)),
        }
        let reply = call(app, ask.with(Body::form(form))).await;
        let reply = reply.map_err(Problem::provider_unavailable)?;
        if reply.status == 200 {
            return Ok(reply);
        }
        let said = reply.json();
        let said = said.get("error").and_then(Value::as_str).unwrap_or_default();
        tracing::warn!(provider = %row.id, status = reply.status, error = said, "refused a code");
        Err(refused("The identity provider did not take the code"))
    }

    /// What the provider tells of somebody beyond the ID token: some tell addresses and groups only
    /// here. It is of nobody else, or nothing.
    async fn userinfo(&self, app: &App, subject: &str, token: &Secret<String>) -> Value {
        let Some(place) = &self.userinfo_endpoint else { return Value::Null };
        match call(app, Call::new(Method::Get, place).bearer(token)).await {
            Ok(reply) if reply.status == 200 => {
                let said = reply.json();
                let same = said.get("sub").and_then(Value::as_str) == Some(subject);
                if same { said } else { Value::Null }
            }
            _ => Value::Null,
        }
    }
}

async fn call(app: &App, call: Call) -> Result<Reply, String> {
    let now = u64::try_from(app.clock.now() / 1_000).unwrap_or_default();
    match app.outbound.send(&call, now).await {
        Outcome::Replied(reply) => Ok(reply),
        Outcome::NotSent(cause) | Outcome::Lost(cause) => {
            Err(format!("The identity provider cannot be asked: {cause}"))
        }
    }
}

fn unusable(what: &str, fault: impl core::fmt::Display) -> Problem {
    Problem::provider_failed(format!("The identity provider's {what} cannot be used: {fault}"))
}

/// Both parts are form-encoded first (RFC 6749 2.3.1).
fn basic(id: &str, secret: &Secret<String>) -> String {
    let encoded = |text: &str| {
        let mut url = Url::parse("http://localhost/").ok()?;
        url.query_pairs_mut().append_key_only(text);
        url.query().map(str::to_owned)
    };
    let (id, secret) = (encoded(id).unwrap_or_default(), encoded(secret.expose()));
    format!("Basic {}", STANDARD.encode(format!("{id}:{}", secret.unwrap_or_default())))
}

/// Adds what is not there yet.
fn complete(claims: &mut Value, more: Value) {
    let (Some(claims), Value::Object(more)) = (claims.as_object_mut(), more) else { return };
    for (name, value) in more {
        claims.entry(name).or_insert(value);
    }
}

/// A claim by its name, or by a path of names with dots between them.
fn at<'c>(claims: &'c Value, path: &str) -> Option<&'c Value> {
    claims.get(path).or_else(|| path.split('.').try_fold(claims, |value, name| value.get(name)))
}

fn person(subject: String, claims: &Value, mapped: &ClaimMappings) -> Result<Person, Problem> {
    let text = |path: &str| at(claims, path).and_then(Value::as_str).map(str::trim);
    let email = text(&mapped.email).unwrap_or_default().to_owned();
    let full_name = text(&mapped.name).filter(|name| !name.is_empty()).unwrap_or(&email);
    let full_name: String = full_name.chars().take(250).collect();
    let account = json!({"email": email, "full_name": full_name});
    if check_part::<Account>(&account, "").is_err() {
        return Err(refused("The identity provider does not tell an e-mail address"));
    }
    let unverified = match claims.get("email_verified") {
        Some(Value::Bool(verified)) => !verified,
        Some(Value::String(verified)) => verified == "false",
        _ => false,
    };
    if unverified {
        return Err(refused("The identity provider has not verified the e-mail address"));
    }
    let groups = match at(claims, &mapped.groups) {
        Some(Value::String(group)) => vec![group.clone()],
        Some(list) => strings(list),
        None => Vec::new(),
    };
    Ok(Person { subject, email, full_name, groups })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "tests write values in place")]
    fn read(claims: Value) -> Result<Person, String> {
        let mapped = ClaimMappings { groups: "realm.groups".into(), ..ClaimMappings::default() };
        person("s".into(), &claims, &mapped).map_err(|problem| problem.detail().to_owned())
    }

    #[test]
    fn claims_become_a_person() {
        let claims = json!({"email": " ann@example.com", "realm": {"groups": ["a", 1, "b"]}});
        let ann = read(claims).unwrap();
        assert_eq!(
            (ann.email.as_str(), ann.full_name.as_str()),
            ("ann@example.com", "ann@example.com")
        );
        assert_eq!(ann.groups, ["a", "b"]);
        let one =
            json!({"email": "a@b.c", "name": "Ann", "realm.groups": "x", "email_verified": true});
        let one = read(one).unwrap();
        assert_eq!((one.full_name.as_str(), one.groups.as_slice()), ("Ann", &["x".to_owned()][..]));
    }

    #[test]
    fn an_address_must_be_there_and_not_doubted() {
        for claims in [
            json!({}),
            json!({"email": "ann"}),
            json!({"email": ["a@b.c"]}),
            json!({"email": "a@b.c", "email_verified": false}),
            json!({"email": "a@b.c", "email_verified": "false"}),
        ] {
            assert!(read(claims.clone()).is_err(), "{claims}");
        }
    }

    #[test]
    fn names_and_secrets_are_encoded_before_they_are_joined() {
        let sent = basic("a:b", &Secret::new("c d%".into()));
        assert_eq!(sent, format!("Basic {}", STANDARD.encode("a%3Ab:c+d%25")));
    }

    #[test]
    fn what_the_token_says_is_not_replaced() {
        let mut claims = json!({"email": "a@b.c"});
        complete(&mut claims, json!({"email": "x@y.z", "groups": ["g"]}));
        assert_eq!(claims, json!({"email": "a@b.c", "groups": ["g"]}));
        complete(&mut claims, Value::Null);
        assert_eq!(claims["groups"], json!(["g"]));
    }
}
