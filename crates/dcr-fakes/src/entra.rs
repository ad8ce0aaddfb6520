//! Entra ID: a tenant's token endpoints, and the applications of Microsoft Graph v1.0, both at one
//! origin.
//!
//! Follows learn.microsoft.com, *Microsoft Graph REST API v1.0*: *Create application* (`POST
//! /applications`, no secrets in the body), *Create servicePrincipal*, *application: addPassword*
//! (200 with `keyId`, `secretText`, `hint`, and two years by default), *removePassword*, *Update*
//! and *Delete application* (204; what is deleted stays for 30 days among `directory/deletedItems`),
//! *List applications* (`$filter=tags/any(…)`, `@odata.nextLink`), *Get tenantAppManagementPolicy*
//! (`passwordAddition`, `passwordLifetime`), *Microsoft Graph error responses*, *throttling guidance*
//! (429 with `Retry-After`); *OAuth 2.0 client credentials flow on the Microsoft identity platform*
//! and its v1 predecessor (`resource`), *Access token claims* (v1: `appid`, v2: `azp`). That a new
//! application is not seen for a while (404 `Request_ResourceNotFound`, 400
//! `NoBackingApplicationObject`) and that a client without a service principal gets no token
//! (AADSTS7000229) is from reports: msgraph-sdk-dotnet 3108, msgraph-sdk-powershell 1191,
//! openshift-azure 1534.

use std::collections::BTreeMap;
use std::io;

use serde_json::{Value, json};

use crate::clock;
use crate::message::{Answer, Asked};
use crate::patch::merge;
use crate::server::{Fake, World};
use crate::signer;

/// The tenant.
pub const TENANT: &str = "9c1b4f0e-7d3a-4a53-8f6e-3f5d2b1a0c9d";
/// The administrator's application.
pub const ADMIN_ID: &str = "5e0d9c1a-1111-4222-8333-944445555666";
/// Its secret.
pub const ADMIN_SECRET: &str = "admin~secret-of-the-tenant";
/// The identifier of an API, for which v2 tokens are issued.
pub const API: &str = "api://orders";

/// What a policy of the tenant forbids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// Nothing.
    #[default]
    None,
    /// Secrets.
    Addition,
    /// Secrets that last longer than 90 days.
    Lifetime,
}

/// A secret of an application.
#[derive(Clone, Debug)]
pub struct Password {
    /// Its id.
    pub key_id: String,
    /// Its value.
    pub value: String,
    /// What it is called.
    pub display_name: Option<String>,
    /// When it ends.
    pub end: String,
}

/// An application.
#[derive(Clone, Debug)]
pub struct Application {
    /// Its members, without secrets.
    pub members: Value,
    /// Its secrets.
    pub passwords: Vec<Password>,
    /// So many calls do not see it yet.
    pub unseen: usize,
}

/// A tenant.
#[derive(Debug)]
pub struct Entra {
    origin: String,
    /// The applications, by object id.
    pub applications: BTreeMap<String, Application>,
    /// The service principals: the application of each, by id.
    pub principals: BTreeMap<String, String>,
    /// The ids of deleted applications.
    pub deleted: Vec<String>,
    /// The administrator's tokens that are good.
    pub tokens: Vec<String>,
    /// The policy.
    pub policy: Policy,
    /// Whether the policy may be read.
    pub policy_readable: bool,
    /// Whether the administrator's application may manage applications.
    pub consented: bool,
    /// So many calls that need it do not see a new application.
    pub lag: usize,
    /// How many entries a page holds at most.
    pub page: usize,
}

/// Starts a tenant. Its issuers are `{origin}/{TENANT}/` and `{origin}/{TENANT}/v2.0`.
///
/// # Errors
///
/// When no port can be had.
pub async fn start() -> io::Result<Fake<Entra>> {
    Fake::start(|origin| Entra {
        origin: origin.to_owned(),
        applications: BTreeMap::new(),
        principals: BTreeMap::new(),
        deleted: Vec::new(),
        tokens: Vec::new(),
        policy: Policy::None,
        policy_readable: false,
        consented: true,
        lag: 2,
        page: 100,
    })
    .await
}

fn refuse(status: u16, code: &str, message: &str) -> Answer {
    let inner =
        json!({"date": "2026-03-01T12:00:00", "request-id": "fake", "client-request-id": "fake"});
    let body = json!({"error": {"code": code, "message": message, "innerError": inner}});
    Answer::json(status, body)
}

fn missing(id: &str) -> Answer {
    let text = format!(
        "Resource '{id}' does not exist or one of its queried reference-property objects are not \
         present."
    );
    refuse(404, "Request_ResourceNotFound", &text)
}

fn no_token(status: u16, error: &str, code: u32, text: &str) -> Answer {
    let body = json!({"error": error, "error_description": format!("AADSTS{code}: {text}"),
        "error_codes": [code], "timestamp": "2026-03-01 12:00:00Z", "trace_id": "fake",
        "correlation_id": "fake"});
    Answer::json(status, body)
}

/// What Graph says when it is asked too often.
#[must_use]
pub fn limited(seconds: u64) -> Answer {
    refuse(429, "TooManyRequests", "Too many requests").with("Retry-After", seconds)
}

impl World for Entra {
    fn answer(&mut self, asked: &Asked) -> Answer {
        let (method, path) = asked.route();
        match (method, path.as_slice()) {
            ("GET", [TENANT, "v2.0", ".well-known", "openid-configuration"]) => self.discovery(2),
            ("GET", [TENANT, ".well-known", "openid-configuration"]) => self.discovery(1),
            ("GET", [TENANT, "discovery", "v2.0", "keys"]) => Answer::json(200, signer::jwks()),
            ("POST", [TENANT, "oauth2", "v2.0", "token"]) => self.token(asked, 2),
            ("POST", [TENANT, "oauth2", "token"]) => self.token(asked, 1),
            (_, ["v1.0", rest @ ..]) => self.graph(method, rest, asked),
            _ => refuse(404, "NotFound", "Not found"),
        }
    }
}

impl Entra {
    fn discovery(&self, version: u32) -> Answer {
        let tenant = format!("{}/{TENANT}", self.origin);
        let (issuer, token) = match version {
            1 => (format!("{tenant}/"), format!("{tenant}/oauth2/token")),
            _ => (format!("{tenant}/v2.0"), format!("{tenant}/oauth2/v2.0/token")),
        };
        Answer::json(
            200,
            json!({
                "issuer": issuer, "token_endpoint": token,
                "authorization_endpoint": format!("{tenant}/oauth2/v2.0/authorize"),
                "jwks_uri": format!("{tenant}/discovery/v2.0/keys"),
                "response_types_supported": ["code"], "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
            }),
        )
    }

    fn token(&mut self, asked: &Asked, version: u32) -> Answer {
        if asked.field("grant_type").as_deref() != Some("client_credentials") {
            return no_token(400, "unsupported_grant_type", 70_003, "The grant is not supported.");
        }
        let Some((id, secret)) = asked.client() else {
            return no_token(400, "invalid_request", 900_144, "The body must contain `client_id`.");
        };
        let resource = match version {
            1 => asked.field("resource"),
            _ => asked
                .field("scope")
                .and_then(|scope| Some(scope.strip_suffix("/.default")?.to_owned())),
        };
        let Some(resource) = resource else {
            return no_token(400, "invalid_scope", 1_002_012, "The scope is not valid.");
        };
        if id == ADMIN_ID && secret == ADMIN_SECRET {
            if resource != self.origin {
                return no_token(400, "invalid_resource", 500_011, "The resource was not found.");
            }
            let token = signer::random(24);
            self.tokens.push(token.clone());
            let body = json!({"access_token": token, "token_type": "Bearer", "expires_in": 3_599});
            return Answer::json(200, body);
        }
        let application = self.applications.values().find(|application| {
            application.members.get("appId").and_then(Value::as_str) == Some(&id)
        });
        let Some(application) = application else {
            let text = "Application was not found in the directory.";
            return no_token(400, "unauthorized_client", 700_016, text);
        };
        if !application.passwords.iter().any(|password| password.value == secret) {
            return no_token(401, "invalid_client", 7_000_215, "Invalid client secret provided.");
        }
        if !self.principals.values().any(|app| *app == id) {
            let text = "The client application is missing service principal in the tenant.";
            return no_token(401, "invalid_client", 7_000_229, text);
        }
        let now = clock::now();
        let tenant = format!("{}/{TENANT}", self.origin);
        let mut claims = json!({"aud": resource, "iat": now, "nbf": now, "exp": now + 3_600,
            "tid": TENANT, "sub": "principal", "oid": "principal", "uti": signer::random(9)});
        let of_version = match version {
            1 => json!({"iss": format!("{tenant}/"), "appid": id, "ver": "1.0"}),
            _ => json!({"iss": format!("{tenant}/v2.0"), "azp": id, "ver": "2.0"}),
        };
        merge(&mut claims, &of_version);
        let token = signer::sign("JWT", &claims);
        let body = json!({"access_token": token, "token_type": "Bearer", "expires_in": 3_599});
        Answer::json(200, body)
    }

    fn graph(&mut self, method: &str, path: &[&str], asked: &Asked) -> Answer {
        let good = asked.authorization("bearer");
        if !good.is_some_and(|token| self.tokens.iter().any(|known| known == token)) {
            return refuse(
                401,
                "InvalidAuthenticationToken",
                "Access token has expired or is not yet valid.",
            );
        }
        if !self.consented {
            let text = "Insufficient privileges to complete the operation.";
            return refuse(403, "Authorization_RequestDenied", text);
        }
        let body = asked.json();
        match (method, path) {
            ("POST", ["applications"]) => self.create(&body),
            ("GET", ["applications"]) => self.list(asked),
            ("GET", ["policies", "defaultAppManagementPolicy"]) => self.tenant_policy(),
            ("POST", ["servicePrincipals"]) => self.principal(&body),
            ("GET", ["servicePrincipals"]) => {
                let wanted = asked.parameter("$filter").unwrap_or_default();
                let found: Vec<_> = self
                    .principals
                    .iter()
                    .filter(|(_, app)| wanted == format!("appId eq '{app}'"))
                    .map(|(id, app)| json!({"id": id, "appId": app}))
                    .collect();
                Answer::json(200, json!({"value": found}))
            }
            (_, ["applications", id, rest @ ..]) => self.application(method, id, rest, &body),
            _ => refuse(400, "BadRequest", "Resource not found for the segment."),
        }
    }

    fn create(&mut self, body: &Value) -> Answer {
        if body.get("displayName").and_then(Value::as_str).is_none_or(str::is_empty) {
            return refuse(
                400,
                "Request_BadRequest",
                "Invalid value specified for property 'displayName'.",
            );
        }
        if body.get("passwordCredentials").is_some() {
            let text = "New password credentials must be generated with service actions.";
            return refuse(400, "Request_BadRequest", text);
        }
        let id = signer::uuid();
        let mut members = body.clone();
        merge(&mut members, &json!({"id": id, "appId": signer::uuid()}));
        let application =
            Application { members: members.clone(), passwords: Vec::new(), unseen: self.lag };
        self.applications.insert(id, application);
        Answer::json(201, members)
    }

    fn principal(&mut self, body: &Value) -> Answer {
        let app = body.get("appId").and_then(Value::as_str).unwrap_or_default().to_owned();
        let application = self.applications.values_mut().find(|application| {
            application.members.get("appId").and_then(Value::as_str) == Some(&app)
        });
        let seen = application.is_some_and(seen);
        if !seen {
            let text = format!(
                "The appId '{app}' of the service principal does not reference a valid application \
                 object."
            );
            return refuse(400, "NoBackingApplicationObject", &text);
        }
        if self.principals.values().any(|known| *known == app) {
            let text = "The service principal cannot be created, updated, or restored because the \
                        service principal name is already in use.";
            return refuse(409, "Request_MultipleObjectsWithSameKeyValue", text);
        }
        let id = signer::uuid();
        self.principals.insert(id.clone(), app.clone());
        Answer::json(201, json!({"id": id, "appId": app}))
    }

    fn list(&self, asked: &Asked) -> Answer {
        let filter = asked.parameter("$filter").unwrap_or_default();
        let tag = filter
            .strip_prefix("tags/any(t:t eq '")
            .and_then(|rest| rest.strip_suffix("')"))
            .map(|tag| tag.replace("''", "'"));
        if tag.is_none() && !filter.is_empty() {
            return refuse(400, "Request_UnsupportedQuery", "Unsupported Query.");
        }
        let number = |name: &str| asked.parameter(name).and_then(|text| text.parse::<usize>().ok());
        let size = number("$top").unwrap_or(100).min(self.page);
        let skip = number("$skiptoken").unwrap_or(0);
        let tagged = |application: &&Application| {
            let tags = application.members.get("tags").and_then(Value::as_array);
            tag.as_ref().is_none_or(|tag| tags.is_some_and(|tags| tags.contains(&json!(tag))))
        };
        let all: Vec<_> = self.applications.values().filter(tagged).map(shown).collect();
        let page: Vec<_> = all.iter().skip(skip).take(size).collect();
        let mut body = json!({"value": page});
        if skip + size < all.len() {
            let filter: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
            let next = format!(
                "{}/v1.0/applications?$filter={filter}&$top={size}&$skiptoken={}",
                self.origin,
                skip + size
            );
            merge(&mut body, &json!({"@odata.nextLink": next}));
        }
        Answer::json(200, body)
    }

    fn tenant_policy(&self) -> Answer {
        if !self.policy_readable {
            let text = "Insufficient privileges to complete the operation.";
            return refuse(403, "Authorization_RequestDenied", text);
        }
        let restrictions = match self.policy {
            Policy::None => json!([]),
            Policy::Addition => {
                json!([{"restrictionType": "passwordAddition", "state": "enabled",
                    "maxLifetime": null}])
            }
            Policy::Lifetime => {
                json!([{"restrictionType": "passwordLifetime", "state": "enabled",
                    "maxLifetime": "P90D"}])
            }
        };
        let restrictions = json!({"passwordCredentials": restrictions});
        let body = json!({"isEnabled": self.policy != Policy::None,
            "applicationRestrictions": restrictions});
        Answer::json(200, body)
    }

    fn application(&mut self, method: &str, id: &str, path: &[&str], body: &Value) -> Answer {
        let policy = self.policy;
        let Some(application) = self.applications.get_mut(id) else { return missing(id) };
        if !seen(application) {
            return missing(id);
        }
        match (method, path) {
            ("GET", []) => Answer::json(200, shown(application)),
            ("PATCH", []) => {
                merge(&mut application.members, body);
                Answer::empty(204)
            }
            ("DELETE", []) => {
                let app = application.members.get("appId").cloned();
                self.applications.remove(id);
                self.principals.retain(|_, known| app != Some(json!(known)));
                self.deleted.push(id.to_owned());
                Answer::empty(204)
            }
            ("POST", ["addPassword"]) => add_password(application, policy, body),
            ("POST", ["removePassword"]) => {
                let key = body.get("keyId").and_then(Value::as_str).unwrap_or_default();
                let before = application.passwords.len();
                application.passwords.retain(|password| password.key_id != key);
                if application.passwords.len() == before {
                    let text = format!("No password credential found with keyId '{key}'.");
                    return refuse(400, "Request_BadRequest", &text);
                }
                Answer::empty(204)
            }
            _ => refuse(405, "Request_BadRequest", "Specified HTTP method is not allowed."),
        }
    }
}

fn add_password(application: &mut Application, policy: Policy, body: &Value) -> Answer {
    let asked = body.get("passwordCredential").cloned().unwrap_or_default();
    let asked = |member: &str| asked.get(member).and_then(Value::as_str).map(str::to_owned);
    match (policy, asked("endDateTime")) {
        (Policy::Addition, _) => {
            let text = "Credential type not allowed as per assigned policy 'secrets'.";
            return refuse(403, "CredentialTypeNotAllowedAsPerAppPolicy", text);
        }
        (Policy::Lifetime, None) => {
            let text = "Credential lifetime exceeds the max value allowed as per assigned policy.";
            return refuse(403, "CredentialInvalidLifetimeAsPerAppPolicy", text);
        }
        _ => {}
    }
    let value = format!("{}~{}", signer::random(3), signer::random(24));
    let end = asked("endDateTime").unwrap_or_else(|| "2028-03-01T12:00:00Z".to_owned());
    let display_name = asked("displayName");
    let password = Password { key_id: signer::uuid(), value, display_name, end };
    let mut answer = shown_password(&password);
    let hint: String = password.value.chars().take(3).collect();
    merge(&mut answer, &json!({"secretText": password.value, "hint": hint}));
    application.passwords.push(password);
    Answer::json(200, answer)
}

/// Whether the application can be seen by now.
fn seen(application: &mut Application) -> bool {
    let unseen = application.unseen;
    application.unseen = unseen.saturating_sub(1);
    unseen == 0
}

fn shown_password(password: &Password) -> Value {
    json!({"keyId": password.key_id, "displayName": password.display_name,
        "startDateTime": "2026-03-01T12:00:00.1234567Z", "endDateTime": password.end,
        "secretText": null})
}

fn shown(application: &Application) -> Value {
    let passwords: Vec<_> = application.passwords.iter().map(shown_password).collect();
    let mut members = application.members.clone();
    merge(&mut members, &json!({"passwordCredentials": passwords}));
    members
}
