//! Where audit logs are sent.

use gatekey_core::secret::Secret;
use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait,
    QueryFilter,
};
use serde::Deserialize;
use uuid::Uuid;

use super::portal;
use crate::app::App;
use crate::audit::format::LogFormat;
use crate::audit::webhook::{ACCEPTED, DESTINATIONS, RUNNING, UNCONFIGURED};
use crate::audit::{ORGANISATION, chain};
use crate::clock;
use crate::input::Given;
use crate::problem::{Invalid, Problem};
use crate::store::entity::{audit_destination, audit_webhook};
use crate::vault::Place;

/// How far back a log can be sent again.
const REPLAY_MS: i64 = 7 * 86_400_000;

/// A destination to make.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDestination {
    #[schemars(length(min = 1, max = 255))]
    name: String,
    #[schemars(length(min = 1, max = 2_048))]
    endpoint: String,
    /// The value of the header `Authorization`. It is not shown again.
    #[serde(default)]
    #[schemars(length(min = 1, max = 4_096))]
    authorization: Given<String>,
    #[serde(default)]
    log_format: Given<LogFormat>,
    /// Only false: certificates are always checked.
    #[serde(default)]
    skip_ssl_verification: Given<bool>,
}

/// What to change of a destination.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DestinationEdit {
    #[serde(default)]
    #[schemars(length(min = 1, max = 255))]
    name: Given<String>,
    #[serde(default)]
    #[schemars(length(min = 1, max = 2_048))]
    endpoint: Given<String>,
    #[serde(default)]
    #[schemars(length(min = 1, max = 4_096))]
    authorization: Given<Option<String>>,
    #[serde(default)]
    log_format: Given<LogFormat>,
    #[serde(default)]
    skip_ssl_verification: Given<bool>,
}

/// What to change of where an audit log is sent.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookEdit {
    #[serde(default)]
    enabled: Given<bool>,
    #[serde(default)]
    audit_log_destination_id: Given<Uuid>,
}

/// What of an audit log to send again.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Replay {
    #[schemars(extend("format" = "date-time"))]
    start_at: String,
    #[schemars(extend("format" = "date-time"))]
    end_at: String,
}

/// The destination of that id.
pub(crate) async fn find_destination(
    db: &impl ConnectionTrait,
    id: Uuid,
) -> Result<audit_destination::Model, Problem> {
    audit_destination::Entity::find_by_id(id).one(db).await?.ok_or_else(Problem::not_found)
}

/// Makes a destination.
pub(crate) async fn create_destination(
    app: &App,
    new: NewDestination,
) -> Result<audit_destination::Model, Problem> {
    let (id, now) = (Uuid::now_v7(), app.clock.now());
    check(app, Some(&new.endpoint), &new.log_format, &new.skip_ssl_verification)?;
    let made = audit_destination::Model {
        id,
        name: new.name,
        endpoint: new.endpoint,
        authorization: seal(app, id, new.authorization.value())?,
        log_format: new.log_format.or(LogFormat::Cef).name().into(),
        created_at: now,
        updated_at: now,
    };
    let tx = app.store.begin().await?;
    let made = made.into_active_model().insert(&tx).await?;
    crate::call::detail("destination_id", id.to_string());
    tx.commit().await?;
    Ok(made)
}

/// Changes a destination.
pub(crate) async fn update_destination(
    app: &App,
    id: Uuid,
    edit: DestinationEdit,
) -> Result<audit_destination::Model, Problem> {
    let endpoint = edit.endpoint.clone().value();
    check(app, endpoint.as_deref(), &edit.log_format, &edit.skip_ssl_verification)?;
    let tx = app.store.begin().await?;
    let mut after = find_destination(&tx, id).await?;
    edit.name.put(&mut after.name);
    edit.endpoint.put(&mut after.endpoint);
    if let Given::Yes(format) = edit.log_format {
        after.log_format = format.name().into();
    }
    if let Given::Yes(authorization) = edit.authorization {
        after.authorization = seal(app, id, authorization)?;
    }
    after.updated_at = app.clock.now().max(after.updated_at + 1);
    let after = after.into_active_model().reset_all().update(&tx).await?;
    tx.commit().await?;
    Ok(after)
}

/// Deletes a destination. One that something is sent to stays.
pub(crate) async fn delete_destination(app: &App, id: Uuid) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    let destination = find_destination(&tx, id).await?;
    let used = audit_webhook::Entity::find()
        .filter(audit_webhook::Column::DestinationId.eq(id))
        .one(&tx)
        .await?;
    if used.is_some() {
        return Err(Problem::conflict("An audit log is sent to the destination"));
    }
    destination.delete(&tx).await?;
    tx.commit().await?;
    Ok(())
}

fn check(
    app: &App,
    endpoint: Option<&str>,
    format: &Given<LogFormat>,
    unverified: &Given<bool>,
) -> Result<(), Problem> {
    let blame =
        |field: &str, reason: String| Problem::one_invalid(Invalid::body(field, "invalid", reason));
    if let Some(endpoint) = endpoint {
        let checked = app.outbound.check_url(endpoint);
        checked.map_err(|fault| blame("endpoint", fault.to_string()))?;
    }
    if *format == Given::Yes(LogFormat::Cps) {
        return Err(Problem::not_implemented("The log format `cps` is left out"));
    }
    if *unverified == Given::Yes(true) {
        let reason = "must be false: certificates are always checked".to_owned();
        return Err(blame("skip_ssl_verification", reason));
    }
    Ok(())
}

fn seal(app: &App, id: Uuid, text: Option<String>) -> Result<Option<Vec<u8>>, Problem> {
    let Some(text) = text.map(Secret::new) else { return Ok(None) };
    if !text.expose().bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
        let reason = "must be printable ASCII";
        return Err(Problem::one_invalid(Invalid::body("authorization", "invalid", reason)));
    }
    let place = Place { table: DESTINATIONS, row: &id.to_string() };
    app.secrets.vault.seal(place, text.expose().as_bytes()).map(Some)
}

/// Where the log of a portal, or of the organisation, is sent, and how far.
pub(crate) async fn webhook(
    db: &impl ConnectionTrait,
    portal: Option<Uuid>,
) -> Result<audit_webhook::Model, Problem> {
    Ok(stored(db, portal).await?.unwrap_or_else(|| fresh(portal)))
}

async fn stored(
    db: &impl ConnectionTrait,
    portal: Option<Uuid>,
) -> Result<Option<audit_webhook::Model>, Problem> {
    if let Some(portal) = portal {
        portal::find(db, portal).await?;
    }
    let of = match portal {
        Some(portal) => audit_webhook::Column::PortalId.eq(portal),
        None => audit_webhook::Column::Id.eq(ORGANISATION),
    };
    Ok(audit_webhook::Entity::find().filter(of).one(db).await?)
}

fn fresh(portal: Option<Uuid>) -> audit_webhook::Model {
    audit_webhook::Model {
        id: if portal.is_some() { Uuid::now_v7() } else { ORGANISATION },
        portal_id: portal,
        enabled: false,
        active: true,
        destination_id: None,
        sent: 0,
        attempts: 0,
        due_at: 0,
        lease_until: 0,
        last_attempt_at: None,
        last_response_code: None,
        last_response_message: None,
        replay: UNCONFIGURED.into(),
        replay_start: None,
        replay_end: None,
        replay_sent: 0,
        replay_updated_at: None,
    }
}

/// Changes where a log is sent. What happens from then on is sent; what was before is for a replay.
pub(crate) async fn update_webhook(
    app: &App,
    portal: Option<Uuid>,
    edit: WebhookEdit,
) -> Result<audit_webhook::Model, Problem> {
    let tx = app.store.begin().await?;
    let before = stored(&tx, portal).await?;
    let (is_new, mut row) = (before.is_none(), before.unwrap_or_else(|| fresh(portal)));
    let was_enabled = row.enabled;
    if let Given::Yes(id) = edit.audit_log_destination_id {
        if audit_destination::Entity::find_by_id(id).one(&tx).await?.is_none() {
            let reason = "audit log destination not found";
            let fault = Invalid::body("audit_log_destination_id", "missing_reference", reason);
            return Err(Problem::one_invalid(fault));
        }
        row.destination_id = Some(id);
    }
    edit.enabled.put(&mut row.enabled);
    if row.enabled && row.destination_id.is_none() {
        let reason = "is required while the webhook is enabled";
        let fault = Invalid::body("audit_log_destination_id", "required", reason);
        return Err(Problem::one_invalid(fault));
    }
    if row.enabled && !was_enabled {
        row.sent = chain::head(&tx).await?.sequence;
    }
    (row.active, row.attempts, row.due_at) = (true, 0, 0);
    let row = save(&tx, row, is_new).await?;
    tx.commit().await?;
    Ok(row)
}

/// Sends a log nowhere.
pub(crate) async fn delete_webhook(app: &App, portal: Option<Uuid>) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    if let Some(mut row) = stored(&tx, portal).await? {
        (row.enabled, row.destination_id) = (false, None);
        save(&tx, row, false).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Sends a part of a log again.
pub(crate) async fn replay(
    app: &App,
    portal: Uuid,
    replay: Replay,
) -> Result<audit_webhook::Model, Problem> {
    let now = app.clock.now();
    let read = |field: &str, text: &str| {
        let fault = |rule, reason: &str| Problem::one_invalid(Invalid::body(field, rule, reason));
        let at = clock::parse(text)
            .ok_or_else(|| fault("is_date_time", "must be a date and time of RFC 3339"))?;
        if (now - REPLAY_MS..=now).contains(&at) {
            Ok(at)
        } else {
            Err(fault("invalid", "must be within the last 7 days"))
        }
    };
    let (start, end) = (read("start_at", &replay.start_at)?, read("end_at", &replay.end_at)?);
    if start >= end {
        let fault = Invalid::body("end_at", "invalid", "must be after start_at");
        return Err(Problem::one_invalid(fault));
    }
    let tx = app.store.begin().await?;
    let row = stored(&tx, Some(portal)).await?.filter(|row| row.enabled);
    let Some(mut row) = row else {
        return Err(Problem::conflict("The portal's audit log webhook is not enabled"));
    };
    if [ACCEPTED, RUNNING].contains(&row.replay.as_str()) {
        return Err(Problem::conflict("A replay job is running"));
    }
    row.replay = ACCEPTED.into();
    (row.replay_start, row.replay_end) = (Some(start), Some(end));
    row.replay_sent = 0;
    row.replay_updated_at = Some(now);
    (row.active, row.attempts, row.due_at) = (true, 0, 0);
    let row = save(&tx, row, false).await?;
    tx.commit().await?;
    Ok(row)
}

async fn save(
    db: &impl ConnectionTrait,
    row: audit_webhook::Model,
    is_new: bool,
) -> Result<audit_webhook::Model, Problem> {
    let row = row.into_active_model();
    Ok(if is_new { row.insert(db).await? } else { row.reset_all().update(db).await? })
}
