//! Entra ID, through Microsoft Graph.
//!
//! A client is an application object, its service principal, and passwords: three calls. The
//! directory may not see for a while what it was told, so a 404 shortly after a change is no news
//! but a reason to wait. An application carries our tag among its tags.

mod body;
mod cloud;
mod job;
mod policy;

use gatekey_core::secret::Secret;

use self::cloud::Cloud;
use crate::adapter::{Adapter, Next, Settled, State, Step};
use crate::call::Outcome;
use crate::capability::{Capabilities, Read, Rotate};
use crate::job::Job;
use crate::provider::{Fault, Provider};
use crate::vendor;

/// How long the directory may take to see its own changes.
const CONSISTENCY_SECONDS: u32 = 90;
/// How many secrets an application of ours may have: Entra has no small limit of its own.
const MOST_SECRETS: u32 = 10;

/// A tenant of Entra ID.
#[derive(Debug)]
pub struct Entra {
    cloud: Cloud,
    client_id: String,
    client_secret: Secret<String>,
    /// The scope of Graph's tokens.
    scope: String,
    /// How long a secret is to last, in seconds; as long as Entra likes when there is none.
    lifetime: Option<u64>,
}

impl Entra {
    /// The tenant of a provider's configuration: its issuer, `initial_client_id`,
    /// `initial_client_secret`, and, as extensions, `login_url` and `graph_url` for clouds whose
    /// endpoints do not follow from the issuer, and `secret_lifetime_days`.
    ///
    /// # Errors
    ///
    /// When the issuer names no tenant, or the client is missing.
    pub fn new(provider: &Provider) -> Result<Self, Fault> {
        let (client_id, client_secret) = vendor::initial_client(provider)?;
        let cloud = Cloud::of(provider)?;
        let scope = format!("{}/.default", cloud.graph.text());
        let days = provider.config.get("secret_lifetime_days").and_then(serde_json::Value::as_u64);
        let lifetime = days.filter(|days| *days > 0).map(|days| days.saturating_mul(86_400));
        Ok(Self { cloud, client_id, client_secret, scope, lifetime })
    }
}

impl Adapter for Entra {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            read: Read::Safe,
            secrets: MOST_SECRETS,
            rotate: Rotate::Call,
            find: true,
            named_secrets: true,
            consistency_seconds: CONSISTENCY_SECONDS,
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
