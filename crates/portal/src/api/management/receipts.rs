//! `/v2/control-planes/{controlPlaneId}/gatekey-receipts`: an extension to Konnect's API.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;

use crate::actor::Admin;
use crate::api::extension;
use crate::api::reply::Shown;
use crate::api::shape::{GatewayPath, Instant};
use crate::app::App;
use crate::gateway::receipts;
use crate::input::Ids;
use crate::problem::Problem;
use crate::store::entity::receipt;
use crate::usecase::gateway;

/// What the instances of a gateway said they applied.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "GatewayReceipts")]
struct View {
    /// The newest revision of the policy.
    revision: u64,
    /// How many instances run.
    live: usize,
    /// How many of those enforce the newest revision.
    enforced: usize,
    /// Every instance that reported lately.
    instances: Vec<Instance>,
}

/// One instance of a gateway.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "GatewayReceipt")]
struct Instance {
    /// The name it gave itself.
    instance: String,
    /// The revision it applied.
    applied_revision: i64,
    /// When it last asked for changes.
    seen_at: Instant,
    /// Whether it runs, as far as can be known: its next poll is not overdue.
    live: bool,
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new().api_route(
        "/v2/control-planes/{controlPlaneId}/gatekey-receipts",
        get_with(show, |op| {
            extension(op)
                .id("get-gatekey-receipts")
                .tag("Control planes")
                .summary("Which revision the instances of a gateway enforce (extension)")
        }),
    )
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<GatewayPath>,
) -> Result<Shown<View>, Problem> {
    gateway::find(app.store.db(), ids.control_plane_id).await?;
    let revision = app.store.look().await?.0;
    let now = app.clock.now();
    let rows = receipts::of_gateway(&app, ids.control_plane_id).await?;
    let live = |row: &&receipt::Model| row.live_until > now;
    let newest = |row: &&receipt::Model| u64::try_from(row.revision).unwrap_or(0) >= revision;
    Ok(Shown(View {
        revision,
        live: rows.iter().filter(live).count(),
        enforced: rows.iter().filter(live).filter(newest).count(),
        instances: rows
            .iter()
            .map(|row| Instance {
                instance: row.instance.clone(),
                applied_revision: row.revision,
                seen_at: Instant(row.seen_at),
                live: live(&row),
            })
            .collect(),
    }))
}
