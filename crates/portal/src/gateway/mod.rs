//! What gateways ask of the portal: snapshots, changes, and a place to report.
//!
//! A gateway takes a snapshot once and then follows the change log. Both are made of the same
//! records (see `revision::record`), read in one transaction, and signed. What a gateway says of
//! itself with each poll, the revision it applied and what it counted, is kept in tables of its
//! own: nothing a gateway says alters the policy.

use core::time::Duration;
use std::time::Instant;

use gatekey_core::id::Revision;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};
use tokio::sync::watch;
use uuid::Uuid;

use crate::app::App;
use crate::input::is_uuid;
use crate::problem::Problem;
use crate::store::entity::gateway;

pub(crate) mod delta;
pub(crate) mod image;
pub(crate) mod log;
pub(crate) mod past;
pub(crate) mod receipts;
pub(crate) mod refusals;
pub(crate) mod snapshot;
pub(crate) mod upkeep;
pub(crate) mod usage;

/// What the portal remembers about gateways between two requests.
#[derive(Debug)]
pub(crate) struct Gateways {
    /// The end of the change log.
    pub(crate) log: log::Log,
    /// Images of the policy that were used lately.
    pub(crate) shelf: snapshot::Shelf,
    /// Writes receipts.
    pub(crate) receipts: receipts::Writer,
    /// Changes whenever a receipt came in.
    received: watch::Sender<()>,
    /// Changes when the portal stops: nobody is to wait any longer.
    stopping: watch::Sender<bool>,
}

impl Default for Gateways {
    fn default() -> Self {
        Self {
            log: log::Log::default(),
            shelf: snapshot::Shelf::default(),
            receipts: receipts::Writer::default(),
            received: watch::Sender::new(()),
            stopping: watch::Sender::new(false),
        }
    }
}

impl Gateways {
    /// Ends every wait: the portal stops.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Tells when the portal stops.
    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }
}

/// The gateway of that id or name; 404 when there is none.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    id_or_name: &str,
) -> Result<gateway::Model, Problem> {
    look_up(db, id_or_name).await?.ok_or_else(Problem::not_found)
}

/// The gateway of that id or name, if there is one.
pub(crate) async fn look_up(
    db: &impl ConnectionTrait,
    id_or_name: &str,
) -> Result<Option<gateway::Model>, DbErr> {
    let query = match Uuid::try_parse(id_or_name) {
        Ok(id) if is_uuid(id_or_name) => gateway::Entity::find_by_id(id),
        _ => gateway::Entity::find().filter(gateway::Column::Name.eq(id_or_name)),
    };
    query.one(db).await
}

/// The newest revision.
pub(crate) async fn newest(app: &App) -> Result<Revision, DbErr> {
    app.gateways.log.read(app).await.map(|tail| tail.to)
}

/// Returns when the newest revision is another than the one that is held, when the time is over,
/// or when the portal stops.
pub(crate) async fn await_change(
    app: &App,
    mut newest: Revision,
    held: Revision,
    wait: Duration,
) -> Result<(), DbErr> {
    let deadline = Instant::now() + wait;
    let mut revisions = app.store.revisions();
    let mut stopping = app.gateways.stopping();
    loop {
        let known = *revisions.borrow_and_update();
        if known > newest {
            newest = known;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if newest != held || left.is_zero() || *stopping.borrow_and_update() {
            return Ok(());
        }
        tokio::select! {
            _ = revisions.changed() => {}
            _ = stopping.changed() => {}
            () = tokio::time::sleep(left) => {}
        }
    }
}
