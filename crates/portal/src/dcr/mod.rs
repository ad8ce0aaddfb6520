//! Applications' clients at identity providers, made by dynamic client registration.
//!
//! What to send is `gatekey-dcr`'s to know. Here is the **ledger**: a row for each client that was
//! made, or may have been made (`dcr_clients`), and a row for each thing that is asked of a provider
//! until it is over (`dcr_jobs`). A job is written before its first call leaves; before a call that
//! must not be made twice the ledger says so; what an answer tells of the client is written, sealed,
//! before the next call. So the portal can be killed at any moment: the [`worker`] finds the job, and
//! finishes or undoes it.
//!
//! A registration that has nobody waiting for it any more is undone, never finished: its secret could
//! be shown to nobody. An application and its client become visible in one transaction.

use core::fmt;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use gatekey_core::secret::Secret;
use gatekey_dcr::{Adapter, Capabilities, Kind, Provider, Session};
use serde_json::{Map, Value};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::app::App;
use crate::problem::Problem;
use crate::store::entity::dcr_provider;
use crate::vault::Place;

pub(crate) mod driver;
pub(crate) mod ledger;
pub(crate) mod metadata;
pub(crate) mod notice;
pub(crate) mod reconcile;
pub(crate) mod register;
#[cfg(test)]
mod tests;
pub(crate) mod worker;

/// The table of the providers' sealed members.
pub(crate) const PROVIDERS: &str = "dcr_providers";

/// What is remembered of providers while the portal runs, and what wakes the worker.
#[derive(Default)]
pub(crate) struct Dcr {
    sessions: Mutex<HashMap<Uuid, Session>>,
    abandoned: Mutex<Vec<Uuid>>,
    waiting: Notify,
}

impl fmt::Debug for Dcr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dcr(..)")
    }
}

impl Dcr {
    /// Tells the worker that a job is due.
    pub(crate) fn wake(&self) {
        self.waiting.notify_one();
    }

    /// Forgets tokens and endpoints of a provider, because its configuration changed.
    pub(crate) fn forget(&self, provider: Uuid) {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).remove(&provider);
    }

    fn session(&self, provider: Uuid) -> Session {
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.get(&provider).cloned().unwrap_or_default()
    }

    fn keep(&self, provider: Uuid, session: Session) {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.insert(provider, session);
    }

    /// A job that nobody works on any more, though its lease has not ended.
    fn abandon(&self, job: Uuid) {
        self.abandoned.lock().unwrap_or_else(PoisonError::into_inner).push(job);
        self.wake();
    }

    fn take_abandoned(&self) -> Vec<Uuid> {
        core::mem::take(&mut *self.abandoned.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The kind of a stored provider.
pub(crate) fn kind(row: &dcr_provider::Model) -> Result<Kind, Problem> {
    Kind::parse(&row.kind).ok_or_else(|| Problem::internal("a provider is of no known kind"))
}

/// The provider of a row, with its secrets opened.
pub(crate) fn provider(app: &App, row: &dcr_provider::Model) -> Result<Provider, Problem> {
    let members = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let secrets: Map<String, Value> = match &row.secret {
        None => Map::new(),
        Some(sealed) => {
            let place = Place { table: PROVIDERS, row: &row.id.to_string() };
            let opened: Secret<Vec<u8>> = app.secrets.vault.open(place, sealed)?;
            serde_json::from_slice(opened.expose()).map_err(Problem::internal)?
        }
    };
    Ok(Provider {
        kind: kind(row)?,
        issuer: row.issuer.clone(),
        config: members(&row.config),
        secrets,
    })
}

/// The adapter of a row; none for an authorization server of the portal's own.
pub(crate) fn adapter(
    app: &App,
    row: &dcr_provider::Model,
) -> Result<Option<Box<dyn Adapter>>, Problem> {
    let adapter = provider(app, row)?.adapter();
    adapter.map_err(|fault| Problem::internal(format!("{}: {}", fault.field, fault.rule)))
}

/// What the provider can do.
pub(crate) fn capabilities(app: &App, row: &dcr_provider::Model) -> Result<Capabilities, Problem> {
    Ok(adapter(app, row)?.map_or(OWN, |adapter| adapter.capabilities()))
}

/// What the portal's own authorization servers can do.
const OWN: Capabilities = Capabilities {
    read: gatekey_dcr::Read::Safe,
    find: true,
    granted_scopes: true,
    ..Capabilities::PLAIN
};
