//! Auth0, through its Management API.
//!
//! A client gets no token for an API before it was granted it, so a registration is two calls: the
//! client, then a client grant for each audience of the strategy. A client is found again by
//! `client_metadata`; its secret cannot be read with the permissions asked for, so a client whose
//! creation's answer was lost gets a new one.

mod body;
mod job;

use gatekey_core::secret::Secret;

use crate::adapter::{Adapter, Next, Settled, State, Step};
use crate::call::Outcome;
use crate::capability::{Capabilities, Read, Rotate};
use crate::job::Job;
use crate::provider::{Fault, Provider};
use crate::vendor::{self, Base};

/// A tenant of Auth0.
#[derive(Debug)]
pub struct Auth0 {
    base: Base,
    audience: String,
    client_id: String,
    client_secret: Secret<String>,
    developer_managed_scopes: bool,
}

impl Auth0 {
    /// The tenant of a provider's configuration: `initial_client_id`, `initial_client_secret`,
    /// `initial_client_audience`, `use_developer_managed_scopes`.
    ///
    /// # Errors
    ///
    /// When the issuer is no URL, or the client is missing.
    pub fn new(provider: &Provider) -> Result<Self, Fault> {
        let (client_id, client_secret) = vendor::initial_client(provider)?;
        let base = Base::issuer(&provider.issuer)?;
        let audience = provider.text("initial_client_audience").filter(|text| !text.is_empty());
        // Auth0 compares the audience as a text, slash and all.
        let audience = audience.map_or_else(|| format!("{}/api/v2/", base.text()), str::to_owned);
        let developer_managed_scopes = provider.flag("use_developer_managed_scopes");
        Ok(Self { base, audience, client_id, client_secret, developer_managed_scopes })
    }
}

impl Adapter for Auth0 {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            read: Read::Safe,
            rotate: Rotate::Call,
            find: true,
            granted_scopes: true,
            ..Capabilities::PLAIN
        }
    }

    fn next(&self, job: &Job, state: &State) -> Next {
        vendor::next(self, job, state)
    }

    fn settle(&self, job: &Job, state: &mut State, step: Step, outcome: &Outcome) -> Settled {
        vendor::settle(self, job, state, step, outcome)
    }
}
