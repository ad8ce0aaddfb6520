//! Curity, by RFC 7591 and 7592 as its server has them.
//!
//! A registration takes an initial access token, which is good for one use. From then on a client
//! is managed with its own registration access token; reading and updating replace that token and
//! the client's secret, so nothing is read without need, and what an answer holds is kept before
//! anything else. When that token is lost or has ended, a token with the scope `dcrm` takes its
//! place, if the initial client may have one. A client cannot be looked for.

mod body;
mod job;

use gatekey_core::secret::Secret;

use crate::adapter::{Adapter, Next, Settled, State, Step};
use crate::call::Outcome;
use crate::capability::{Capabilities, Read, Rotate};
use crate::job::Job;
use crate::provider::{Fault, Provider};
use crate::vendor::{self, Base};

/// Where the metadata is, below an issuer.
const WELL_KNOWN: [&str; 2] = [".well-known", "openid-configuration"];

/// A Curity Identity Server.
#[derive(Debug)]
pub struct Curity {
    origin: Base,
    metadata: String,
    client_id: String,
    client_secret: Secret<String>,
}

impl Curity {
    /// The server of a provider's configuration: the URL of its metadata or the issuer above it,
    /// `initial_client_id`, `initial_client_secret`.
    ///
    /// # Errors
    ///
    /// When the issuer is no URL, or the client is missing.
    pub fn new(provider: &Provider) -> Result<Self, Fault> {
        let (client_id, client_secret) = vendor::initial_client(provider)?;
        let issuer = Base::parse("issuer", &provider.issuer)?;
        let whole = issuer.path().ends_with(&WELL_KNOWN);
        let metadata = if whole { issuer.at(&[]) } else { issuer.at(&WELL_KNOWN) };
        Ok(Self { origin: issuer.origin(), metadata, client_id, client_secret })
    }
}

impl Adapter for Curity {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            read: Read::Rotating,
            rotate: Rotate::Update,
            update_rotates: true,
            ..Capabilities::PLAIN
        }
    }

    fn next(&self, job: &Job, state: &State) -> Next {
        self.wanted(job, state)
    }

    fn settle(&self, job: &Job, state: &mut State, step: Step, outcome: &Outcome) -> Settled {
        self.take(job, state, step, outcome)
    }
}
