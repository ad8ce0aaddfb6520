//! Writes the rows of tokens, many in one transaction.
//!
//! A token must be in the database before it leaves, or it could not be listed and revoked; and
//! a commit that survives a crash costs a write to the disk. So one task writes for all requests
//! of the process: whatever arrives during one commit goes into the next.
//!
//! The same transaction looks whether the server and the client are still what the request was
//! judged by ([`super::known`]). If not, nothing is written for it, and it is judged again.

use core::fmt;
use core::time::Duration;
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use sea_orm::{DbErr, EntityTrait, IntoActiveModel};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::known::{self, ClientView, Known, ServerView};
use crate::problem::Problem;
use crate::store::Store;
use crate::store::entity::auth_token;

/// The most rows of one transaction.
const MOST_ROWS: usize = 256;
/// Requests that wait for their turn; more wait for a place.
const WAITING: usize = 4_096;
/// How long other writers may have the database, between two transactions.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(10);

/// Whether a row was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// It is in the database.
    Written,
    /// It is not: what the request was judged by has changed.
    Outdated,
}

struct Entry {
    row: auth_token::Model,
    server: Arc<ServerView>,
    client: Arc<ClientView>,
    done: oneshot::Sender<Result<Kept, String>>,
}

impl Entry {
    fn client_key(&self) -> (Uuid, String) {
        (self.client.row.server_id, self.client.row.id.clone())
    }
}

/// Where rows are handed in.
pub(crate) struct Ledger {
    store: Store,
    known: Arc<Known>,
    entries: OnceLock<mpsc::Sender<Entry>>,
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ledger(..)")
    }
}

impl Ledger {
    /// A ledger whose task starts with the first row, and ends with the ledger.
    pub(super) fn new(store: Store, known: Arc<Known>) -> Self {
        Self { store, known, entries: OnceLock::new() }
    }

    /// Writes a row; it was judged by `server` and `client`.
    pub(crate) async fn keep(
        &self,
        row: auth_token::Model,
        server: Arc<ServerView>,
        client: Arc<ClientView>,
    ) -> Result<Kept, Problem> {
        let entries = self.entries.get_or_init(|| {
            let (sender, receiver) = mpsc::channel(WAITING);
            tokio::spawn(write_forever(self.store.clone(), Arc::clone(&self.known), receiver));
            sender
        });
        let (done, written) = oneshot::channel();
        let entry = Entry { row, server, client, done };
        let gone = |_| Problem::unavailable("the writer of tokens has stopped");
        entries.send(entry).await.map_err(|_| gone(()))?;
        written.await.map_err(|_| gone(()))?.map_err(Problem::unavailable)
    }
}

async fn write_forever(store: Store, known: Arc<Known>, mut entries: mpsc::Receiver<Entry>) {
    let mut batch = Vec::new();
    while entries.recv_many(&mut batch, MOST_ROWS).await > 0 {
        let started = Instant::now();
        let mut written = write(&store, &known, &batch).await;
        if written.is_err() {
            // A client that goes between the look and the write fails the whole transaction; the
            // next look sees that it is gone.
            written = write(&store, &known, &batch).await;
        }
        let written = written.map_err(|error| error.to_string());
        for (at, entry) in batch.drain(..).enumerate() {
            let told = match &written {
                Ok(kept) => Ok(kept.get(at).copied().unwrap_or(Kept::Outdated)),
                Err(error) => Err(error.clone()),
            };
            // Whoever asked may have gone; the row stays and ends with its time.
            let _ = entry.done.send(told);
        }
        if !entries.is_empty() {
            // SQLite has one writer at a time and no queue for the others: without a pause they
            // would never find the door open.
            let pause = (started.elapsed() / 4).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
            tokio::time::sleep(pause).await;
        }
    }
}

/// Writes what is still judged by the truth, and tells of each whether it is.
async fn write(store: &Store, known: &Known, batch: &[Entry]) -> Result<Vec<Kept>, DbErr> {
    let ids: BTreeSet<_> = batch.iter().map(|entry| entry.server.row.id).collect();
    let keys: BTreeSet<_> = batch.iter().map(Entry::client_key).collect();
    let (ids, keys) = (Vec::from_iter(ids), Vec::from_iter(keys));
    let tx = store.begin().await?;
    let servers = known::servers(&tx, &ids).await?;
    let clients = known::clients(&tx, &keys).await?;
    let is_current = |entry: &Entry| {
        servers.get(&entry.server.row.id) == Some(&*entry.server)
            && clients.get(&entry.client_key()) == Some(&*entry.client)
    };
    let kept: Vec<_> = batch
        .iter()
        .map(|entry| if is_current(entry) { Kept::Written } else { Kept::Outdated })
        .collect();
    let rows: Vec<_> = batch
        .iter()
        .zip(&kept)
        .filter(|(_, kept)| **kept == Kept::Written)
        .map(|(entry, _)| entry.row.clone().into_active_model())
        .collect();
    let outdated = rows.len() < batch.len();
    if !rows.is_empty() {
        auth_token::Entity::insert_many(rows).exec_without_returning(&tx).await?;
    }
    tx.commit().await?;
    if outdated {
        let (mut servers, mut clients) = (servers, clients);
        for id in ids {
            known.note_server(id, servers.remove(&id).map(Arc::new));
        }
        for key in keys {
            let newest = clients.remove(&key).map(Arc::new);
            known.note_client(key, newest);
        }
    }
    Ok(kept)
}
