//! The runtime of the embedded authorization servers, below `/auth/{authServerId}`: what clients,
//! gateways and browsers ask them. What they are made of is [`crate::identity`]'s.
//!
//! Three grants: `client_credentials`, `authorization_code` with PKCE, and `refresh_token`. An
//! access token is a JWT whose `jti` is the id of its row; a token without a row is revoked. Who
//! signs in is a developer of the portal that the client's application belongs to.

use std::sync::Arc;

use self::known::Known;
use self::ledger::Ledger;
use crate::store::Store;

pub(crate) mod client_auth;
pub(crate) mod code;
pub(crate) mod form;
pub(crate) mod grant;
pub(crate) mod introspection;
pub(crate) mod known;
mod ledger;
pub(crate) mod metadata;
pub(crate) mod people;
mod pkce;
pub(crate) mod redirect;
mod refresh;
pub(crate) mod refusal;
pub(crate) mod registration;
pub(crate) mod request;
mod scope;
mod token;
pub(crate) mod upkeep;
pub(crate) mod userinfo;

/// What the process remembers of authorization servers while it runs.
#[derive(Debug)]
pub(crate) struct Authorization {
    known: Arc<Known>,
    ledger: Ledger,
}

impl Authorization {
    /// Nothing is known yet.
    pub(crate) fn new(store: &Store) -> Self {
        let known = Arc::new(Known::default());
        Self { ledger: Ledger::new(store.clone(), Arc::clone(&known)), known }
    }
}
