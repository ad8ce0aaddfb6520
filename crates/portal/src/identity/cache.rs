//! What a process remembers of authorization servers, so that issuing a token does not read it
//! again.
//!
//! What this process changes, it forgets at once. What another one changed is seen when what is
//! remembered is older than [`FRESH`].

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::claim::Ready;
use super::key::Keys;
use crate::app::App;
use crate::problem::Problem;
use crate::store::entity::{auth_claim, auth_key, auth_server};

/// How long something is remembered without a look at the database.
const FRESH: Duration = Duration::from_secs(2);
/// More servers than this are not remembered.
const MOST: usize = 1_000;

/// A server with what it needs to answer, as of one moment.
#[derive(Debug)]
pub(super) struct Known {
    /// The server.
    pub(super) server: auth_server::Model,
    /// Its claims, ready to be rendered.
    pub(super) claims: Vec<Ready>,
    /// Its keys.
    pub(super) keys: Keys,
}

/// What is remembered.
#[derive(Debug, Default)]
pub(crate) struct Identity {
    servers: Mutex<HashMap<Uuid, (Instant, Arc<Known>)>>,
    /// Counts what was forgotten: what was read before is not remembered after.
    forgotten: AtomicU64,
}

impl Identity {
    /// Forgets a server, after something of it changed.
    pub(crate) fn forget(&self, server: Uuid) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        servers.remove(&server);
    }

    fn remembered(&self, server: Uuid) -> (Option<Arc<Known>>, bool) {
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((read, known)) = servers.get_mut(&server) else { return (None, false) };
        let fresh = read.elapsed() < FRESH;
        if !fresh {
            // One request reads again; the others go on with what there is until it has.
            *read = Instant::now();
        }
        (Some(Arc::clone(known)), fresh)
    }

    fn remember(&self, known: &Arc<Known>, forgotten: u64) {
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        if self.forgotten.load(Ordering::SeqCst) != forgotten {
            return;
        }
        if servers.len() >= MOST {
            servers.clear();
        }
        servers.insert(known.server.id, (Instant::now(), Arc::clone(known)));
    }
}

/// A server with what it needs to answer; 404 if there is none of that id.
pub(super) async fn known(app: &App, server: Uuid) -> Result<Arc<Known>, Problem> {
    let (remembered, fresh) = app.identity.remembered(server);
    if let Some(known) = remembered.as_ref().filter(|_| fresh) {
        return Ok(Arc::clone(known));
    }
    let forgotten = app.identity.forgotten.load(Ordering::SeqCst);
    let read = read(app, server, remembered.as_deref()).await;
    match read {
        Ok(known) => {
            let known = Arc::new(known);
            app.identity.remember(&known, forgotten);
            Ok(known)
        }
        Err(problem) => {
            // Whatever went wrong, what is remembered is old by now.
            app.identity.forget(server);
            Err(problem)
        }
    }
}

async fn read(app: &App, server: Uuid, before: Option<&Known>) -> Result<Known, Problem> {
    let tx = app.store.read().await?;
    let found = super::server::find(&tx, server).await?;
    let keys = auth_key::Entity::find()
        .filter(auth_key::Column::ServerId.eq(server))
        .order_by_asc(auth_key::Column::CreatedAt)
        .all(&tx)
        .await?;
    let claims = auth_claim::Entity::find()
        .filter(auth_claim::Column::ServerId.eq(server))
        .filter(auth_claim::Column::Enabled.eq(true))
        .order_by_asc(auth_claim::Column::CreatedAt)
        .order_by_asc(auth_claim::Column::Id)
        .all(&tx)
        .await?;
    Ok(Known {
        keys: Keys::read(app, &keys, before.map(|before| &before.keys))?,
        claims: claims.into_iter().map(Ready::of).collect(),
        server: found,
    })
}
