//! What gateways ask of the portal: snapshots, changes, and a place to report.
//!
//! A gateway takes a snapshot once and then follows the change log. Both are made of the same
//! records (see `revision::record`), read in one transaction, and signed. What a gateway says of
//! itself with each poll, the revision it applied and what it counted, is kept in tables of its
//! own: nothing a gateway says alters the policy.

use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};
use tokio::sync::watch;
use uuid::Uuid;

use crate::input::is_uuid;
use crate::problem::Problem;
use crate::store::entity::gateway;

pub(crate) mod delta;
pub(crate) mod receipts;
pub(crate) mod snapshot;
pub(crate) mod upkeep;
pub(crate) mod usage;

/// What the portal remembers about gateways between two requests.
#[derive(Debug)]
pub(crate) struct Gateways {
    /// Snapshots that were built lately.
    pub(crate) snapshots: snapshot::Shelves,
    /// Changes whenever a receipt came in.
    received: watch::Sender<()>,
    /// Changes when the portal stops: nobody is to wait any longer.
    stopping: watch::Sender<bool>,
}

impl Default for Gateways {
    fn default() -> Self {
        Self {
            snapshots: snapshot::Shelves::default(),
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
