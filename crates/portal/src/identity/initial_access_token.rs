//! Tokens with which clients register themselves (RFC 7591). A token is shown once; only its
//! digest is kept.

use core::time::Duration;

use gatekey_core::secret::Secret;
use regex_lite::Regex;
use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::client::GrantType;
use super::server;
use crate::app::App;
use crate::clock::millis;
use crate::entropy;
use crate::input::Given;
use crate::problem::{Invalid, Problem};
use crate::store::entity::{initial_access_token, portal};

/// What registrations with a token may not go beyond. What is absent is not limited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(inline)]
pub(crate) struct Policy {
    /// Grant types that clients may register.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4))]
    pub(crate) grant_types: Option<Vec<GrantType>>,
    /// Names of scopes that clients may register.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100), inner(length(min = 1, max = 255)))]
    pub(crate) scopes: Option<Vec<String>>,
    /// Regular expressions; every redirect URI has to match one of them as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 20), inner(length(min = 1, max = 512)))]
    pub(crate) redirect_uri_patterns: Option<Vec<String>>,
    /// The portal whose developers may sign in to clients; nobody may if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) portal_id: Option<Uuid>,
}

impl Policy {
    /// Whether a redirect URI may be registered.
    pub(crate) fn allows_redirect_uri(&self, uri: &str) -> bool {
        let Some(patterns) = &self.redirect_uri_patterns else { return true };
        patterns.iter().filter_map(|pattern| whole(pattern)).any(|regex| regex.is_match(uri))
    }
}

/// The pattern, held to the whole of a text.
fn whole(pattern: &str) -> Option<Regex> {
    Regex::new(&format!("^(?:{pattern})$")).ok()
}

/// A token to make.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewInitialAccessToken {
    /// How many clients can be registered with it; 1 if absent, any number if null.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000_000))]
    uses: Given<Option<i32>>,
    /// How many seconds it lives; a day if absent, for ever if null.
    #[serde(default)]
    #[schemars(range(min = 1, max = 315_360_000))]
    expires_in: Given<Option<u32>>,
    #[serde(default)]
    policy: Given<Policy>,
}

/// A day.
const LIFETIME: u32 = 86_400;

/// The token of a server.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    server: Uuid,
    id: Uuid,
) -> Result<initial_access_token::Model, Problem> {
    let found = initial_access_token::Entity::find_by_id(id).one(db).await?;
    found.filter(|found| found.server_id == server).ok_or_else(Problem::not_found)
}

/// Makes a token. The answer holds it for the only time.
pub(crate) async fn create(
    app: &App,
    server: Uuid,
    new: NewInitialAccessToken,
) -> Result<(initial_access_token::Model, Secret<String>), Problem> {
    let policy = new.policy.or(Policy::default());
    for (index, pattern) in policy.redirect_uri_patterns.iter().flatten().enumerate() {
        if whole(pattern).is_none() {
            let field = format!("policy.redirect_uri_patterns.{index}");
            let reason = "must be a regular expression";
            return Err(Problem::one_invalid(Invalid::body(field, "invalid", reason)));
        }
    }
    let now = app.clock.now();
    let lifetime = new.expires_in.or(Some(LIFETIME));
    let lifetime = lifetime.map(|seconds| millis(Duration::from_secs(seconds.into())));
    let token = entropy::token()?;
    let tx = app.store.begin().await?;
    server::find(&tx, server).await?;
    if let Some(id) = policy.portal_id
        && portal::Entity::find_by_id(id).one(&tx).await?.is_none()
    {
        let invalid = Invalid::body("policy.portal_id", "invalid", "must be the id of a portal");
        return Err(Problem::one_invalid(invalid));
    }
    let made = initial_access_token::Model {
        id: Uuid::now_v7(),
        server_id: server,
        digest: entropy::digest_of(token.expose()).as_bytes().to_vec(),
        uses_left: new.uses.or(Some(1)),
        policy: serde_json::to_value(policy).map_err(Problem::internal)?,
        expires_at: lifetime.map(|lifetime| now.saturating_add(lifetime)),
        created_at: now,
    };
    let made = made.into_active_model().insert(&tx).await?;
    tx.commit().await?;
    Ok((made, token))
}

/// Deletes a token. Clients that were registered with it stay.
pub(crate) async fn delete(app: &App, server: Uuid, id: Uuid) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    find(&tx, server, id).await?;
    initial_access_token::Entity::delete_by_id(id).exec(&tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Uses a token once, inside the transaction that registers a client: what a registration with it
/// may not go beyond, or nothing when it cannot be used.
pub(crate) async fn consume(
    app: &App,
    tx: &impl ConnectionTrait,
    server: Uuid,
    token: &str,
) -> Result<Option<Policy>, Problem> {
    let digest = entropy::digest_of(token).as_bytes().to_vec();
    server::lock(tx, server).await?;
    let found = initial_access_token::Entity::find()
        .filter(initial_access_token::Column::Digest.eq(digest))
        .filter(initial_access_token::Column::ServerId.eq(server))
        .one(tx)
        .await?;
    let now = app.clock.now();
    let usable = found.filter(|token| {
        token.uses_left.is_none_or(|left| left > 0) && token.expires_at.is_none_or(|end| end > now)
    });
    let Some(mut token) = usable else { return Ok(None) };
    let policy = serde_json::from_value(token.policy.clone()).map_err(Problem::internal)?;
    if let Some(left) = token.uses_left {
        token.uses_left = Some(left - 1);
        token.into_active_model().reset_all().update(tx).await?;
    }
    Ok(Some(policy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_held_to_the_whole_uri() {
        let patterns = Some(vec!["https://a\\.example/.*|https://b\\.example/x".to_owned()]);
        let policy = Policy { redirect_uri_patterns: patterns, ..Policy::default() };
        assert!(policy.allows_redirect_uri("https://a.example/cb"));
        assert!(policy.allows_redirect_uri("https://b.example/x"));
        assert!(!policy.allows_redirect_uri("https://b.example/xy"));
        assert!(!policy.allows_redirect_uri("https://evil.example/?https://a.example/cb"));
        assert!(!policy.allows_redirect_uri("https://axexample/cb"));
        assert!(Policy::default().allows_redirect_uri("https://anything.example"));
    }
}
