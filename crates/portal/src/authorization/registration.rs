//! Clients that register themselves (RFC 7591) and look after their registration (RFC 7592).
//!
//! The token that allows a registration also says what it may not go beyond. That is kept with the
//! client, so that no later change goes beyond it either. Nothing is fetched from any URL that a
//! client names.

use core::net::IpAddr;

use gatekey_core::secret::Secret;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, Set};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::grant::{AUTHORIZATION_CODE, CLIENT_CREDENTIALS, GRANT_TYPES, REFRESH_TOKEN};
use super::known::{ServerView, servers};
use super::metadata::AUTH_METHODS;
use super::redirect;
use super::refusal::{Code, Refusal};
use super::scope::{About, split, texts};
use crate::app::App;
use crate::entropy::{self, digest_of};
use crate::identity::client::{self, AuthMethod, GrantType, NewClient, ResponseType};
use crate::identity::initial_access_token::{Policy, consume};
use crate::identity::secret;
use crate::problem::Problem;
use crate::store::entity::{auth_client, auth_secret};
use crate::throttle::{Act, By};

/// The most redirect URIs of a client.
const MOST_REDIRECT_URIS: usize = 50;
/// The longest name, and the longest redirect URI.
const LONGEST_NAME: usize = 200;
const LONGEST_URI: usize = 2_048;

/// A registration as its client sees it.
#[derive(Debug)]
pub(crate) struct Registered {
    /// The client's metadata.
    pub(crate) metadata: Map<String, Value>,
    /// Its secret, if it has just got one.
    pub(crate) secret: Option<Secret<String>>,
    /// The token with which it looks after its registration.
    pub(crate) token: Secret<String>,
    /// Where it does so.
    pub(crate) uri: String,
}

/// Registers a client.
pub(crate) async fn register(
    app: &App,
    server: Uuid,
    token: Option<&str>,
    asked: &Map<String, Value>,
    address: IpAddr,
) -> Result<Registered, Refusal> {
    app.throttles.count(Act::Registration, By::Address(address), app.clock.now()).await?;
    let token = token.ok_or_else(Refusal::token)?;
    let tx = app.store.begin().await?;
    let server = servers(&tx, &[server]).await?.remove(&server).ok_or_else(Problem::not_found)?;
    let policy = consume(app, &tx, server.row.id, token).await?.ok_or_else(Refusal::token)?;
    let wanted = Wanted::read(asked, &policy, &server)?;
    let management = entropy::token()?;
    let name = free_name(&tx, server.row.id, wanted.name.as_deref(), None).await?;
    let new = NewClient {
        grant_types: grant_types(&wanted),
        response_types: response_types(&wanted),
        redirect_uris: wanted.redirect_uris.clone(),
        scope_ids: wanted.scope_ids.clone(),
        auth_method: auth_method(&wanted),
        registration_digest: Some(digest_of(management.expose()).as_bytes().to_vec()),
        registration_policy: Some(serde_json::to_value(&policy).map_err(Problem::internal)?),
        ..NewClient::named(name)
    };
    let (made, secret) = client::create(app, &tx, &server.row, new).await?;
    tx.commit().await?;
    let secret = Some(secret).filter(|_| wanted.auth_method != "none");
    Ok(shown(app, &server, &made, secret, management))
}

/// What is registered, to the client itself.
pub(crate) async fn read(
    app: &App,
    server: Uuid,
    id: &str,
    token: Option<&str>,
) -> Result<Registered, Refusal> {
    let db = app.store.db();
    let (server, client, token) = own(app, server, id, token).await?;
    let server = servers(db, &[server]).await?.remove(&server).ok_or_else(Problem::not_found)?;
    Ok(shown(app, &server, &client, None, token))
}

/// Puts other metadata in the place of what is registered. The token is another from then on.
pub(crate) async fn replace(
    app: &App,
    server: Uuid,
    id: &str,
    token: Option<&str>,
    asked: &Map<String, Value>,
) -> Result<Registered, Refusal> {
    let (server, _, token) = own(app, server, id, token).await?;
    let tx = app.store.begin().await?;
    let server = servers(&tx, &[server]).await?.remove(&server).ok_or_else(Problem::not_found)?;
    // Another use of the token may have come before.
    let mut client = holder(&tx, server.row.id, &token).await?.ok_or_else(Refusal::token)?;
    for member in [
        "registration_access_token",
        "registration_client_uri",
        "client_secret_expires_at",
        "client_id_issued_at",
    ] {
        if asked.contains_key(member) {
            let reason = format!("`{member}` is the server's to say");
            return Err(Refusal::request(reason));
        }
    }
    if asked.get("client_id").and_then(Value::as_str) != Some(client.id.as_str()) {
        return Err(Refusal::request("`client_id` has to be the client's"));
    }
    if let Some(given) = asked.get("client_secret") {
        let held = auth_secret::Entity::find()
            .filter(auth_secret::Column::ServerId.eq(server.row.id))
            .filter(auth_secret::Column::ClientId.eq(client.id.as_str()))
            .all(&tx)
            .await?;
        if !given.as_str().is_some_and(|text| secret::matches(app, &held, text)) {
            return Err(Refusal::request("`client_secret` is not the client's"));
        }
    }
    let policy = client.registration_policy.clone().unwrap_or_else(|| json!({}));
    let policy: Policy = serde_json::from_value(policy).map_err(Problem::internal)?;
    let wanted = Wanted::read(asked, &policy, &server)?;
    let management = entropy::token()?;
    client.name = free_name(&tx, server.row.id, wanted.name.as_deref(), Some(&client)).await?;
    client.grant_types = json!(wanted.grant_types);
    client.response_types = json!(wanted.response_types());
    client.redirect_uris = json!(wanted.redirect_uris);
    client.scope_ids = json!(wanted.scope_ids);
    let had_no_secret = client.auth_method == "none";
    client.auth_method = wanted.auth_method.clone();
    client.registration_digest = Some(digest_of(management.expose()).as_bytes().to_vec());
    let client = client::store(app, &tx, client).await?;
    let secret = if had_no_secret && wanted.auth_method != "none" {
        Some(client::rotate_secret(app, &tx, server.row.id, &client.id).await?.1)
    } else {
        None
    };
    tx.commit().await?;
    Ok(shown(app, &server, &client, secret, management))
}

/// Ends a registration: the client is gone, and all it holds.
pub(crate) async fn remove(
    app: &App,
    server: Uuid,
    id: &str,
    token: Option<&str>,
) -> Result<(), Refusal> {
    let (server, client, _) = own(app, server, id, token).await?;
    let tx = app.store.begin().await?;
    client::delete(&tx, server, &client.id).await?;
    tx.commit().await?;
    Ok(())
}

/// The client whose token it is. A token that is shown for another client has leaked: it is worth
/// nothing from then on.
async fn own(
    app: &App,
    server: Uuid,
    id: &str,
    token: Option<&str>,
) -> Result<(Uuid, auth_client::Model, Secret<String>), Refusal> {
    let token = Secret::new(token.ok_or_else(Refusal::token)?.to_owned());
    let db = app.store.db();
    let client = holder(db, server, &token).await?.ok_or_else(Refusal::token)?;
    if client.id == id {
        return Ok((server, client, token));
    }
    auth_client::Entity::update_many()
        .set(auth_client::ActiveModel { registration_digest: Set(None), ..Default::default() })
        .filter(auth_client::Column::ServerId.eq(server))
        .filter(auth_client::Column::Id.eq(client.id))
        .filter(auth_client::Column::RegistrationDigest.eq(client.registration_digest))
        .exec(db)
        .await?;
    Err(Refusal::token())
}

async fn holder(
    db: &impl ConnectionTrait,
    server: Uuid,
    token: &Secret<String>,
) -> Result<Option<auth_client::Model>, Problem> {
    let digest = digest_of(token.expose()).as_bytes().to_vec();
    Ok(auth_client::Entity::find()
        .filter(auth_client::Column::ServerId.eq(server))
        .filter(auth_client::Column::RegistrationDigest.eq(digest))
        .one(db)
        .await?)
}

/// A name that no other client has: clients do not know of each other.
async fn free_name(
    tx: &impl ConnectionTrait,
    server: Uuid,
    wanted: Option<&str>,
    own: Option<&auth_client::Model>,
) -> Result<String, Problem> {
    let word = || entropy::word(8);
    let Some(wanted) = wanted else {
        return match own {
            Some(own) => Ok(own.name.clone()),
            None => Ok(format!("client {}", word()?)),
        };
    };
    let twins = auth_client::Entity::find()
        .filter(auth_client::Column::ServerId.eq(server))
        .filter(auth_client::Column::Name.eq(wanted))
        .filter(auth_client::Column::Id.ne(own.map(|own| own.id.as_str()).unwrap_or_default()));
    match twins.count(tx).await? {
        0 => Ok(wanted.to_owned()),
        _ => Ok(format!("{wanted} {}", word()?)),
    }
}

/// What a client asks to be registered with, checked.
#[derive(Debug)]
struct Wanted {
    name: Option<String>,
    grant_types: Vec<&'static str>,
    redirect_uris: Vec<String>,
    auth_method: String,
    scope_ids: Vec<Uuid>,
}

impl Wanted {
    /// Reads metadata; what is not known is ignored.
    fn read(
        asked: &Map<String, Value>,
        policy: &Policy,
        server: &ServerView,
    ) -> Result<Self, Refusal> {
        if asked.contains_key("jwks") && asked.contains_key("jwks_uri") {
            return Err(bad("`jwks` and `jwks_uri` exclude each other"));
        }
        let auth_method = text(asked, "token_endpoint_auth_method")?;
        let auth_method = auth_method.unwrap_or("client_secret_basic").to_owned();
        if !AUTH_METHODS.contains(&auth_method.as_str()) {
            return Err(bad("`token_endpoint_auth_method` is not one of this server"));
        }
        let grant_types = grants(asked, policy)?;
        if auth_method == "none" && grant_types.contains(&CLIENT_CREDENTIALS) {
            return Err(bad("`client_credentials` takes a client with a secret"));
        }
        let signs_in = grant_types.contains(&AUTHORIZATION_CODE);
        if let Some(types) = list(asked, "response_types")? {
            let code_alone = types.iter().all(|kind| *kind == "code");
            if !code_alone || types.is_empty() == signs_in {
                let reason = "`response_types` has to be `code` for `authorization_code`, and \
                              empty without it";
                return Err(bad(reason));
            }
        }
        let name = text(asked, "client_name")?.map(str::trim).filter(|name| !name.is_empty());
        let readable = |name: &str| {
            name.chars().count() <= LONGEST_NAME && !name.chars().any(char::is_control)
        };
        if !name.is_none_or(readable) {
            return Err(bad("`client_name` is too long, or has control characters"));
        }
        let redirect_uris = redirect_uris(asked, policy)?;
        if signs_in && redirect_uris.is_empty() {
            let reason = "`authorization_code` takes a redirect URI";
            return Err(Refusal::new(Code::InvalidRedirectUri, reason));
        }
        let scope_ids = scopes(asked, policy, server)?;
        let name = name.map(str::to_owned);
        Ok(Self { name, grant_types, redirect_uris, auth_method, scope_ids })
    }

    fn response_types(&self) -> Vec<&'static str> {
        match self.grant_types.contains(&AUTHORIZATION_CODE) {
            true => vec!["code"],
            false => Vec::new(),
        }
    }
}

fn grants(asked: &Map<String, Value>, policy: &Policy) -> Result<Vec<&'static str>, Refusal> {
    let allowed = |grant: &str| {
        let limit = policy.grant_types.as_ref();
        limit.is_none_or(|limit| limit.iter().any(|known| name_of(*known) == grant))
    };
    let Some(types) = list(asked, "grant_types")? else {
        // The default of the standard, or what the token is for.
        return match allowed(AUTHORIZATION_CODE) {
            true => Ok(vec![AUTHORIZATION_CODE]),
            false => Ok(GRANT_TYPES.into_iter().filter(|grant| allowed(grant)).collect()),
        };
    };
    let mut grants = Vec::new();
    for asked in types {
        let known = GRANT_TYPES.into_iter().find(|known| *known == asked && allowed(known));
        let Some(known) = known else {
            return Err(bad("`grant_types` has one that may not be registered"));
        };
        if !grants.contains(&known) {
            grants.push(known);
        }
    }
    if grants.is_empty() {
        return Err(bad("`grant_types` is empty"));
    }
    if grants.contains(&REFRESH_TOKEN) && !grants.contains(&AUTHORIZATION_CODE) {
        return Err(bad("`refresh_token` takes `authorization_code`"));
    }
    Ok(grants)
}

fn redirect_uris(asked: &Map<String, Value>, policy: &Policy) -> Result<Vec<String>, Refusal> {
    let refuse = |reason: &str| Err(Refusal::new(Code::InvalidRedirectUri, reason.to_owned()));
    let uris = match list(asked, "redirect_uris") {
        Ok(uris) => uris.unwrap_or_default(),
        Err(_) => return refuse("`redirect_uris` must be a list of URIs"),
    };
    if uris.len() > MOST_REDIRECT_URIS || uris.iter().any(|uri| uri.len() > LONGEST_URI) {
        return refuse("There are too many redirect URIs, or one is too long");
    }
    for uri in &uris {
        if let Some(fault) = redirect::fault(uri) {
            return refuse(&format!("A redirect URI {fault}"));
        }
        if !policy.allows_redirect_uri(uri) {
            return refuse("A redirect URI is not among those that may be registered");
        }
    }
    Ok(uris.into_iter().map(str::to_owned).collect())
}

/// The scopes asked for; without a request those that the token allows, or the default ones.
fn scopes(
    asked: &Map<String, Value>,
    policy: &Policy,
    server: &ServerView,
) -> Result<Vec<Uuid>, Refusal> {
    let limit = policy.scopes.as_ref();
    let allowed = |name: &str| limit.is_none_or(|names| names.iter().any(|known| known == name));
    let Some(text) = text(asked, "scope")? else {
        let taken = |default: bool, name: &str| match limit {
            Some(_) => allowed(name),
            None => default,
        };
        let scopes = server.scopes.iter().filter(|scope| scope.enabled);
        return Ok(scopes
            .filter(|scope| taken(scope.is_default, &scope.name))
            .map(|scope| scope.id)
            .collect());
    };
    let mut ids = Vec::new();
    for name in split(text).map_err(|_| bad("`scope` is malformed"))? {
        let scope = server.scopes.iter().find(|scope| scope.name == name);
        match scope.filter(|scope| scope.enabled && allowed(&scope.name)) {
            Some(scope) => ids.push(scope.id),
            None if scope.is_none() && About::Person.built_in().contains(&name) => {}
            None => return Err(bad("`scope` has one that may not be registered")),
        }
    }
    Ok(ids)
}

fn text<'a>(asked: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Refusal> {
    match asked.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(bad(&format!("`{name}` must be a text"))),
    }
}

fn list<'a>(asked: &'a Map<String, Value>, name: &str) -> Result<Option<Vec<&'a str>>, Refusal> {
    let items = match asked.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Array(items)) => items.iter().map(Value::as_str).collect::<Option<Vec<_>>>(),
        Some(_) => None,
    };
    items.map(Some).ok_or_else(|| bad(&format!("`{name}` must be a list of texts")))
}

fn bad(reason: &str) -> Refusal {
    Refusal::new(Code::InvalidClientMetadata, reason.to_owned())
}

const fn name_of(grant: GrantType) -> &'static str {
    match grant {
        GrantType::Implicit => "implicit",
        GrantType::ClientCredentials => CLIENT_CREDENTIALS,
        GrantType::AuthorizationCode => AUTHORIZATION_CODE,
        GrantType::RefreshToken => REFRESH_TOKEN,
    }
}

fn grant_types(wanted: &Wanted) -> Vec<GrantType> {
    let known =
        [GrantType::ClientCredentials, GrantType::AuthorizationCode, GrantType::RefreshToken];
    let asked = |grant: &GrantType| wanted.grant_types.contains(&name_of(*grant));
    known.into_iter().filter(asked).collect()
}

fn response_types(wanted: &Wanted) -> Vec<ResponseType> {
    wanted.response_types().iter().map(|_| ResponseType::Code).collect()
}

fn auth_method(wanted: &Wanted) -> AuthMethod {
    match wanted.auth_method.as_str() {
        "none" => AuthMethod::None,
        "client_secret_post" => AuthMethod::ClientSecretPost,
        _ => AuthMethod::ClientSecretBasic,
    }
}

fn shown(
    app: &App,
    server: &ServerView,
    client: &auth_client::Model,
    secret: Option<Secret<String>>,
    token: Secret<String>,
) -> Registered {
    let ids = texts(&client.scope_ids);
    let names = server.scopes.iter().filter(|scope| ids.contains(&scope.id.to_string()));
    let names: Vec<_> = names.map(|scope| scope.name.as_str()).collect();
    let mut metadata = Map::new();
    metadata.insert("client_id".into(), client.id.as_str().into());
    metadata.insert("client_id_issued_at".into(), (client.created_at / 1_000).into());
    metadata.insert("client_name".into(), client.name.as_str().into());
    metadata.insert("grant_types".into(), client.grant_types.clone());
    metadata.insert("response_types".into(), client.response_types.clone());
    metadata.insert("redirect_uris".into(), client.redirect_uris.clone());
    metadata.insert("token_endpoint_auth_method".into(), client.auth_method.as_str().into());
    if !names.is_empty() {
        metadata.insert("scope".into(), names.join(" ").into());
    }
    let uri = format!("{}/register/{}", server.row.issuer(app), client.id);
    Registered { metadata, secret, token, uri }
}
