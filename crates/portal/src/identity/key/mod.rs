//! Signing keys of authorization servers.
//!
//! A key goes through four states: pending (published, so that whoever verifies can learn it),
//! active (it signs), retiring (still published, while what it signed is valid) and removed. Its
//! private half is sealed by the vault; its name is its thumbprint.

use core::time::Duration;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::algorithm::Algorithm;
use super::cache::Known;
use crate::app::App;
use crate::problem::Problem;
use crate::store::entity::{auth_key, auth_server};
use crate::vault::Place;

mod material;
mod rotation;
mod schedule;
#[cfg(test)]
mod tests;

pub(crate) use self::material::Signer;
pub(crate) use self::rotation::{FirstKey, advance, rotate_due, rotate_forever};
pub(crate) use self::schedule::Urgency;

/// The longest token that is looked at.
const LONGEST_TOKEN: usize = 32 << 10;

/// What signs for a server now. A server that has no key yet gets one.
pub(crate) async fn signer(app: &App, server: &auth_server::Model) -> Result<Arc<Signer>, Problem> {
    let known = super::known(app, server.id).await?;
    if let Some(signer) = known.keys.signer() {
        return Ok(signer);
    }
    advance(app, server.id, Urgency::Scheduled).await?;
    let known = super::known(app, server.id).await?;
    known
        .keys
        .signer()
        .ok_or_else(|| Problem::internal("an authorization server has no key that can be used"))
}

/// The public halves of a server's keys, as its key set has them.
pub(crate) async fn published(app: &App, server: Uuid) -> Result<Vec<Value>, Problem> {
    let mut known = super::known(app, server).await?;
    if known.keys.signer().is_none() {
        advance(app, server, Urgency::Scheduled).await?;
        known = super::known(app, server).await?;
    }
    Ok(known.keys.published.clone())
}

/// How long a key set may be remembered: well below the time that a key is published ahead.
pub(crate) fn cache_age(app: &App) -> Duration {
    app.config.identity.publish_ahead / 2
}

/// The claims of a token that one of the server's keys signed; times are not looked at.
pub(crate) async fn verify(
    app: &App,
    server: Uuid,
    token: &str,
) -> Result<Option<Map<String, Value>>, Problem> {
    let known = super::known(app, server).await?;
    Ok(verified(&known, token))
}

fn verified(known: &Known, token: &str) -> Option<Map<String, Value>> {
    if token.len() > LONGEST_TOKEN {
        return None;
    }
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let header: Map<String, Value> =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
    let text = |name: &str| header.get(name).and_then(Value::as_str);
    let kid = text("kid")?;
    let key = known.keys.verifiers.iter().find(|key| key.kid == kid)?;
    if text("alg") != Some(key.algorithm.jws_name()) {
        return None;
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    if !key.verifies(signed.as_bytes(), &signature) {
        return None;
    }
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

/// The keys of a server, ready for use.
#[derive(Debug, Default)]
pub(super) struct Keys {
    signer: Option<Arc<Signer>>,
    published: Vec<Value>,
    verifiers: Vec<material::Verifier>,
}

impl Keys {
    /// Reads stored keys. What `before` has opened already is not opened again. A key that cannot
    /// be opened is published all the same: what it signed is valid.
    pub(super) fn read(
        app: &App,
        rows: &[auth_key::Model],
        before: Option<&Self>,
    ) -> Result<Self, Problem> {
        let mut keys = Self::default();
        for row in rows {
            let algorithm = Algorithm::of(&row.algorithm)?;
            keys.published.push(row.public_jwk.clone());
            keys.verifiers.extend(material::Verifier::read(&row.kid, algorithm, &row.public_jwk));
            if row.state == schedule::ACTIVE {
                let opened = before.and_then(Self::signer).filter(|known| known.kid == row.kid);
                keys.signer = opened.or_else(|| open(app, row, algorithm));
            }
        }
        Ok(keys)
    }

    fn signer(&self) -> Option<Arc<Signer>> {
        self.signer.clone()
    }
}

fn place(kid: &str) -> Place<'_> {
    Place { table: "auth_keys", row: kid }
}

fn open(app: &App, row: &auth_key::Model, algorithm: Algorithm) -> Option<Arc<Signer>> {
    let pkcs8 = app.secrets.vault.open(place(&row.kid), &row.private_key);
    let opened = pkcs8.and_then(|pkcs8| Signer::read(&row.kid, algorithm, pkcs8.expose()));
    opened
        .map(Arc::new)
        .inspect_err(|problem| {
            tracing::error!(kid = row.kid, cause = problem.cause(), "cannot open a signing key");
        })
        .ok()
}
