//! Okta, through its registration API.
//!
//! Clients are registered at the org, also when tokens come from a custom authorization server. The
//! registration API knows no tags, so ours stands behind the client's name. A client has up to two
//! secrets; they are an API of their own, whose lists hold the values.

mod body;
mod hint;
mod job;

use gatekey_core::secret::Secret;

use crate::adapter::{Adapter, Next, Settled, State, Step};
use crate::call::Outcome;
use crate::capability::{Capabilities, Read, Rotate};
use crate::job::Job;
use crate::provider::{Fault, Provider};
use crate::vendor::{self, Base};

/// An org of Okta.
#[derive(Debug)]
pub struct Okta {
    org: Base,
    /// The id of the custom authorization server; none for the org's own.
    server: Option<String>,
    token: Secret<String>,
}

impl Okta {
    /// The org of a provider's configuration: its issuer and `dcr_token`.
    ///
    /// # Errors
    ///
    /// When the issuer is no URL, or the token is missing.
    pub fn new(provider: &Provider) -> Result<Self, Fault> {
        let issuer = Base::issuer(&provider.issuer)?;
        let token = provider.secret("dcr_token").filter(|token| !token.is_empty());
        let token = token.ok_or_else(|| Fault {
            field: "dcr_config.dcr_token".into(),
            rule: "required".into(),
        })?;
        let server = match issuer.path().as_slice() {
            ["oauth2", server, ..] => Some((*server).to_owned()),
            _ => None,
        };
        Ok(Self { org: issuer.origin(), server, token: Secret::new(token.to_owned()) })
    }
}

impl Adapter for Okta {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            read: Read::Safe,
            secrets: 2,
            rotate: Rotate::Call,
            find: true,
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
