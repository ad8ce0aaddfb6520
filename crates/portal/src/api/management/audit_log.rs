//! `/v3/audit-log` and where logs are sent: extensions to Konnect's API, except what portals have.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, put_with};
use aide::openapi::{MediaType, ReferenceOr, Response as ApiResponse, StatusCode as ApiStatus};
use axum::body::Body as AxumBody;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::actor::Admin;
use crate::api::extension;
use crate::api::reply::{Accepted, Created, NoContent, Shown};
use crate::api::shape::{Instant, PortalPath};
use crate::app::App;
use crate::audit::checkpoint::{self, Checkpoint};
use crate::audit::entry::{Entry, hex};
use crate::audit::read::{self, ExportFormat};
use crate::input::{Body, Ids};
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::{Invalid, Problem};
use crate::store::entity::audit_entry::{self, Column};
use crate::store::entity::{audit_checkpoint, audit_destination, audit_webhook};
use crate::usecase::audit_log::{
    self as usecase, DestinationEdit, NewDestination, Replay, WebhookEdit,
};

const TAG: &str = "Audit log";
const PORTAL_TAG: &str = "Portal audit logs";

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Time "at" = Column::At;
        Text "kind" = Column::Kind;
        Text "action" = Column::Action;
        Text "outcome" = Column::Outcome;
        Text "actor" = Column::Actor;
        Id "portal_id" = Column::PortalId;
    },
    sorts: attributes! {
        Time "sequence" = Column::Sequence;
        Time "at" = Column::At;
    },
    order: || vec![Column::Sequence.into_expr()],
};

const CHECKPOINTS: ListSpec = ListSpec {
    filters: attributes! {
        Time "at" = audit_checkpoint::Column::At;
    },
    sorts: attributes! {
        Time "sequence" = audit_checkpoint::Column::Sequence;
    },
    order: || vec![audit_checkpoint::Column::Sequence.into_expr()],
};

const DESTINATIONS: ListSpec = ListSpec {
    filters: attributes! {
        Text "name" = audit_destination::Column::Name;
    },
    sorts: attributes! {
        Text "name" = audit_destination::Column::Name;
        Time "created_at" = audit_destination::Column::CreatedAt;
    },
    order: || vec![audit_destination::Column::Id.into_expr()],
};

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct DestinationPath {
    destination_id: Uuid,
}

/// An entry of the audit log.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AuditLogEntry")]
struct EntryView {
    #[serde(flatten)]
    entry: Entry,
    /// SHA-256 of the entry's canonical text, in hexadecimal.
    hash: String,
}

/// A destination, without what it is called with.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AuditLogDestination")]
struct DestinationView {
    id: Uuid,
    name: String,
    endpoint: String,
    log_format: String,
    skip_ssl_verification: bool,
    created_at: Instant,
    updated_at: Instant,
}

impl From<audit_destination::Model> for DestinationView {
    fn from(row: audit_destination::Model) -> Self {
        Self {
            id: row.id,
            name: row.name,
            endpoint: row.endpoint,
            log_format: row.log_format,
            skip_ssl_verification: false,
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    }
}

/// Where a log is sent.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AuditLogWebhook")]
struct WebhookView {
    enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    audit_log_destination_id: Option<Uuid>,
}

impl From<audit_webhook::Model> for WebhookView {
    fn from(row: audit_webhook::Model) -> Self {
        Self { enabled: row.enabled, audit_log_destination_id: row.destination_id }
    }
}

/// Whether a log arrives.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AuditLogWebhookStatus")]
struct StatusView {
    /// `active`, or `inactive` after too many tries that failed.
    webhook_status: &'static str,
    webhook_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_attempt_at: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_response_code: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_response_message: Option<String>,
}

impl From<audit_webhook::Model> for StatusView {
    fn from(row: audit_webhook::Model) -> Self {
        Self {
            webhook_status: if row.active && row.enabled { "active" } else { "inactive" },
            webhook_enabled: row.enabled,
            last_attempt_at: row.last_attempt_at.map(Instant),
            last_response_code: row.last_response_code,
            last_response_message: row.last_response_message,
        }
    }
}

/// What of a log is sent again.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AuditLogReplayJob")]
struct ReplayView {
    start_at: Instant,
    end_at: Instant,
    /// `unconfigured`, `accepted`, `running`, `completed` or `failed`.
    status: String,
    updated_at: Instant,
}

impl From<audit_webhook::Model> for ReplayView {
    fn from(row: audit_webhook::Model) -> Self {
        // What was never set is the first instant of the first year.
        let or_origin = |at: Option<i64>| Instant(at.unwrap_or(-62_135_596_800_000));
        Self {
            start_at: or_origin(row.replay_start),
            end_at: or_origin(row.replay_end),
            status: row.replay,
            updated_at: or_origin(row.replay_updated_at),
        }
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new().merge(log()).merge(destinations()).merge(of_portals())
}

fn log() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/v3/audit-log",
            get_with(list, |op| LIST.document(extension(op).id("list-audit-log").tag(TAG))),
        )
        .api_route(
            "/v3/audit-log/export",
            get_with(export, |op| {
                let mut op = extension(op).id("export-audit-log").tag(TAG);
                let lines = ["application/jsonl", "text/plain"];
                let content = lines.map(|kind| (kind.to_owned(), MediaType::default()));
                let shown = ApiResponse {
                    description: "The entries, one a line.".into(),
                    content: content.into_iter().collect(),
                    ..ApiResponse::default()
                };
                let responses = op.inner_mut().responses.get_or_insert_default();
                responses.responses.insert(ApiStatus::Code(200), ReferenceOr::Item(shown));
                op.summary("The whole log, or what filters let through, as lines of text")
                    .parameter_untyped("format", |parameter| {
                        parameter.description("jsonl (if absent), or cef.")
                    })
            }),
        )
        .api_route(
            "/v3/audit-log-checkpoints",
            get_with(checkpoints, |op| {
                CHECKPOINTS.document(extension(op).id("list-audit-log-checkpoints").tag(TAG))
            })
            .post_with(make_checkpoint, |op| {
                extension(op)
                    .id("create-audit-log-checkpoint")
                    .tag(TAG)
                    .summary("Sign how far the log goes; to be kept elsewhere")
            }),
        )
        .api_route(
            "/v3/audit-log-webhook",
            get_with(webhook, |op| extension(op).id("get-audit-log-webhook").tag(TAG))
                .patch_with(update_webhook, |op| {
                    extension(op).id("update-audit-log-webhook").tag(TAG)
                })
                .delete_with(delete_webhook, |op| {
                    extension(op).id("delete-audit-log-webhook").tag(TAG)
                }),
        )
        .api_route(
            "/v3/audit-log-webhook/status",
            get_with(status, |op| extension(op).id("get-audit-log-webhook-status").tag(TAG)),
        )
}

fn destinations() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/v3/audit-log-destinations",
            get_with(list_destinations, |op| {
                DESTINATIONS.document(extension(op).id("list-audit-log-destinations").tag(TAG))
            })
            .post_with(create_destination, |op| {
                extension(op).id("create-audit-log-destination").tag(TAG)
            }),
        )
        .api_route(
            "/v3/audit-log-destinations/{destinationId}",
            get_with(show_destination, |op| extension(op).id("get-audit-log-destination").tag(TAG))
                .patch_with(update_destination, |op| {
                    extension(op).id("update-audit-log-destination").tag(TAG)
                })
                .delete_with(delete_destination, |op| {
                    extension(op).id("delete-audit-log-destination").tag(TAG)
                }),
        )
}

fn of_portals() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/v3/portals/{portalId}/audit-log-webhook",
            get_with(portal_webhook, |op| op.id("get-portal-audit-log-webhook").tag(PORTAL_TAG))
                .patch_with(update_portal_webhook, |op| {
                    op.id("update-portal-audit-log-webhook").tag(PORTAL_TAG)
                })
                .delete_with(delete_portal_webhook, |op| {
                    op.id("delete-portal-audit-log-webhook").tag(PORTAL_TAG)
                }),
        )
        .api_route(
            "/v3/portals/{portalId}/audit-log-webhook/status",
            get_with(portal_status, |op| {
                op.id("get-portal-audit-log-webhook-status").tag(PORTAL_TAG)
            }),
        )
        .api_route(
            "/v3/portals/{portalId}/audit-log-replay-job",
            put_with(replay, |op| op.id("update-portal-audit-log-replay-job").tag(PORTAL_TAG))
                .get_with(show_replay, |op| {
                    op.id("get-portal-audit-log-replay-job").tag(PORTAL_TAG)
                }),
        )
}

async fn list(
    _: Admin,
    State(app): State<App>,
    query: ListQuery,
) -> Result<Shown<Paged<EntryView>>, Problem> {
    let page = query.read(&LIST)?.fetch(app.store.db(), audit_entry::Entity::find()).await?;
    Ok(Shown(page.show(|row| {
        let entry = serde_json::from_str(&row.entry).unwrap_or_else(|_| Entry::unreadable(&row));
        EntryView { entry, hash: hex(&row.hash) }
    })))
}

async fn export(
    _: Admin,
    State(app): State<App>,
    mut query: ListQuery,
) -> Result<Response, Problem> {
    let format = match query.take("format").as_deref() {
        None | Some("jsonl") => ExportFormat::Jsonl,
        Some("cef") => ExportFormat::Cef,
        Some(_) => {
            let choices = vec!["jsonl".to_owned(), "cef".to_owned()];
            let fault = Invalid::query("format", "enum", "must be jsonl or cef");
            return Err(Problem::one_invalid(fault.one_of(choices)));
        }
    };
    let condition = query.read(&LIST)?.condition(app.store.db());
    let body = AxumBody::from_stream(read::export(&app.store, condition, format));
    let kind = match format {
        ExportFormat::Jsonl => "application/jsonl",
        ExportFormat::Cef => "text/plain; charset=utf-8",
    };
    Ok(([(CONTENT_TYPE, kind)], body).into_response())
}

async fn checkpoints(
    _: Admin,
    State(app): State<App>,
    query: ListQuery,
) -> Result<Shown<Paged<Checkpoint>>, Problem> {
    let select = audit_checkpoint::Entity::find();
    let page = query.read(&CHECKPOINTS)?.fetch(app.store.db(), select).await?;
    Ok(Shown(page.show(Checkpoint::from)))
}

async fn make_checkpoint(_: Admin, State(app): State<App>) -> Result<Created<Checkpoint>, Problem> {
    let made = checkpoint::make(&app).await?;
    made.map(Created).ok_or_else(|| Problem::conflict("The audit log has no entries"))
}

async fn webhook(_: Admin, State(app): State<App>) -> Result<Shown<WebhookView>, Problem> {
    Ok(Shown(usecase::webhook(app.store.db(), None).await?.into()))
}

async fn update_webhook(
    _: Admin,
    State(app): State<App>,
    body: Body<WebhookEdit>,
) -> Result<Shown<WebhookView>, Problem> {
    Ok(Shown(usecase::update_webhook(&app, None, body.0).await?.into()))
}

async fn delete_webhook(_: Admin, State(app): State<App>) -> Result<NoContent, Problem> {
    usecase::delete_webhook(&app, None).await?;
    Ok(NoContent)
}

async fn status(_: Admin, State(app): State<App>) -> Result<Shown<StatusView>, Problem> {
    Ok(Shown(usecase::webhook(app.store.db(), None).await?.into()))
}

async fn list_destinations(
    _: Admin,
    State(app): State<App>,
    query: ListQuery,
) -> Result<Shown<Paged<DestinationView>>, Problem> {
    let select = audit_destination::Entity::find();
    let page = query.read(&DESTINATIONS)?.fetch(app.store.db(), select).await?;
    Ok(Shown(page.show(DestinationView::from)))
}

async fn create_destination(
    _: Admin,
    State(app): State<App>,
    body: Body<NewDestination>,
) -> Result<Created<DestinationView>, Problem> {
    Ok(Created(usecase::create_destination(&app, body.0).await?.into()))
}

async fn show_destination(
    _: Admin,
    State(app): State<App>,
    Ids(path): Ids<DestinationPath>,
) -> Result<Shown<DestinationView>, Problem> {
    let found = usecase::find_destination(app.store.db(), path.destination_id).await?;
    Ok(Shown(found.into()))
}

async fn update_destination(
    _: Admin,
    State(app): State<App>,
    Ids(path): Ids<DestinationPath>,
    body: Body<DestinationEdit>,
) -> Result<Shown<DestinationView>, Problem> {
    let after = usecase::update_destination(&app, path.destination_id, body.0).await?;
    Ok(Shown(after.into()))
}

async fn delete_destination(
    _: Admin,
    State(app): State<App>,
    Ids(path): Ids<DestinationPath>,
) -> Result<NoContent, Problem> {
    usecase::delete_destination(&app, path.destination_id).await?;
    Ok(NoContent)
}

async fn portal_webhook(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
) -> Result<Shown<WebhookView>, Problem> {
    Ok(Shown(usecase::webhook(app.store.db(), Some(ids.portal_id)).await?.into()))
}

async fn update_portal_webhook(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    body: Body<WebhookEdit>,
) -> Result<Shown<WebhookView>, Problem> {
    Ok(Shown(usecase::update_webhook(&app, Some(ids.portal_id), body.0).await?.into()))
}

async fn delete_portal_webhook(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
) -> Result<NoContent, Problem> {
    usecase::delete_webhook(&app, Some(ids.portal_id)).await?;
    Ok(NoContent)
}

async fn portal_status(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
) -> Result<Shown<StatusView>, Problem> {
    Ok(Shown(usecase::webhook(app.store.db(), Some(ids.portal_id)).await?.into()))
}

async fn replay(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    body: Body<Replay>,
) -> Result<Accepted<ReplayView>, Problem> {
    Ok(Accepted(usecase::replay(&app, ids.portal_id, body.0).await?.into()))
}

async fn show_replay(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
) -> Result<Shown<ReplayView>, Problem> {
    Ok(Shown(usecase::webhook(app.store.db(), Some(ids.portal_id)).await?.into()))
}
