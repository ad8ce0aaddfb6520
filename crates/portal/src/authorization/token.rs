//! Tokens: what they say, and how they are signed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatekey_core::secret::Secret;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::known::{ClientView, ServerView};
use super::scope::Granted;
use crate::app::App;
use crate::identity::claim::{self, Place};
use crate::identity::key::{self, Signer};
use crate::problem::Problem;
use crate::store::entity::{auth_token, developer};

/// The kind of the row of an access token.
pub(crate) const ACCESS: &str = "access";
/// The kind of the row of a refresh token.
pub(crate) const REFRESH: &str = "refresh";
/// The kind of the row of a refresh token that was used.
pub(crate) const SPENT: &str = "spent";

/// The word before a developer's id in `sub`. Client ids have no colon, so no client can be called
/// what a person is called.
const PERSON: &str = "developer:";

/// What `sub` calls a developer.
pub(crate) fn subject_of(developer: Uuid) -> String {
    format!("{PERSON}{developer}")
}

/// The developer whom `sub` means, if it means one.
pub(crate) fn developer_of(subject: &str) -> Option<Uuid> {
    Uuid::try_parse(subject.strip_prefix(PERSON)?).ok()
}

/// An access token, and the row that has to be written before it leaves.
#[derive(Debug)]
pub(crate) struct Access {
    /// The token.
    pub(crate) token: Secret<String>,
    /// Its row.
    pub(crate) row: auth_token::Model,
    /// Its life in seconds.
    pub(crate) expires_in: i32,
}

/// Whom an access token is for, beside its client.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Grant {
    /// The developer who agreed; nobody if the client acts for itself.
    pub(crate) developer: Option<Uuid>,
    /// What all tokens of one sign-in have in common.
    pub(crate) family: Option<Uuid>,
}

/// Makes an access token.
pub(crate) async fn access(
    app: &App,
    server: &ServerView,
    client: &ClientView,
    granted: &Granted,
    grant: Grant,
) -> Result<Access, Problem> {
    let signer = key::signer(app, &server.row).await?;
    let now = app.clock.now();
    let lifetime = client.row.access_token_duration;
    let ends = now / 1_000 + i64::from(lifetime);
    let jti = Uuid::now_v7();
    let subject = grant.developer.map_or_else(|| client.row.id.clone(), subject_of);
    let (ids, asked) = (&granted.ids, granted.asked);
    let mut claims =
        claim::render(app, &server.row, &client.row, ids, asked, Place::InToken).await?;
    // What the standards define comes last: no template can say something else.
    claims.insert("iss".into(), server.row.issuer(app).into());
    claims.insert("sub".into(), subject.as_str().into());
    claims.insert("aud".into(), server.row.audience.as_str().into());
    claims.insert("client_id".into(), client.row.id.as_str().into());
    claims.insert("iat".into(), (now / 1_000).into());
    claims.insert("exp".into(), ends.into());
    claims.insert("jti".into(), jti.to_string().into());
    match granted.joined() {
        Some(scope) => claims.insert("scope".into(), scope.into()),
        None => claims.remove("scope"),
    };
    let typ = if server.row.token_profile == "rfc9068" { "at+jwt" } else { "JWT" };
    let token = sign(&signer, typ, &claims)?;
    let row = auth_token::Model {
        id: jti,
        server_id: server.row.id,
        client_id: client.row.id.clone(),
        subject,
        kind: ACCESS.into(),
        scopes: json!(granted.names),
        digest: None,
        family: grant.family,
        details: granted.asked.then(|| json!({"asked": true})),
        expires_at: ends * 1_000,
        created_at: now,
    };
    Ok(Access { token, row, expires_in: lifetime })
}

/// What an ID token says beside who signed in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SignIn<'s> {
    /// Who signed in.
    pub(crate) developer: &'s developer::Model,
    /// When.
    pub(crate) auth_time: i64,
    /// What the client gave along.
    pub(crate) nonce: Option<&'s str>,
    /// The access token that comes with it.
    pub(crate) access: &'s str,
}

/// Makes an ID token. It tells who signed in and when; the rest is asked for with the access token.
pub(crate) async fn id_token(
    app: &App,
    server: &ServerView,
    client: &ClientView,
    sign_in: SignIn<'_>,
) -> Result<Secret<String>, Problem> {
    let signer = key::signer(app, &server.row).await?;
    let now = app.clock.now() / 1_000;
    let mut claims = Map::new();
    claims.insert("iss".into(), server.row.issuer(app).into());
    claims.insert("sub".into(), subject_of(sign_in.developer.id).into());
    claims.insert("aud".into(), client.row.id.as_str().into());
    claims.insert("iat".into(), now.into());
    claims.insert("exp".into(), (now + i64::from(client.row.id_token_duration)).into());
    claims.insert("auth_time".into(), (sign_in.auth_time / 1_000).into());
    if let Some(nonce) = sign_in.nonce {
        claims.insert("nonce".into(), nonce.into());
    }
    let at_hash = half_hash(signer.algorithm.jws_name(), sign_in.access);
    claims.insert("at_hash".into(), at_hash.into());
    sign(&signer, "JWT", &claims)
}

/// The left half of a token's hash (OpenID Connect Core, 3.1.3.6), by the hash of the algorithm.
fn half_hash(algorithm: &str, token: &str) -> String {
    use aws_lc_rs::digest::{SHA256, SHA384, SHA512, digest};
    let hash = match algorithm.get(2..).unwrap_or_default() {
        "256" => &SHA256,
        "384" => &SHA384,
        // Ed25519 hashes with SHA-512.
        _ => &SHA512,
    };
    let hash = digest(hash, token.as_bytes());
    let half = hash.as_ref().get(..hash.as_ref().len() / 2).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(half)
}

/// Signs claims: a JSON Web Signature in compact form.
fn sign(
    signer: &Signer,
    typ: &str,
    claims: &Map<String, Value>,
) -> Result<Secret<String>, Problem> {
    let header = json!({"alg": signer.algorithm.jws_name(), "kid": signer.kid, "typ": typ});
    let header = serde_json::to_vec(&header).map_err(Problem::internal)?;
    let claims = serde_json::to_vec(claims).map_err(Problem::internal)?;
    let mut token = String::with_capacity(1_024);
    URL_SAFE_NO_PAD.encode_string(header, &mut token);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(claims, &mut token);
    let signature = signer.sign(token.as_bytes())?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(Secret::new(token))
}
