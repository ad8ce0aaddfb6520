//! `/v3/portals/{portalId}/email-config`, its older spelling `email-delivery`, `/v3/portals/email-domains`,
//! and the outbox, `/v3/emails`, which is an extension to Konnect's API.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait, ModelTrait};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::actor::Admin;
use crate::api::extension;
use crate::api::reply::{Accepted, Created, NoContent, Shown};
use crate::api::shape::{Instant, PortalPath};
use crate::app::App;
use crate::input::{Body, Ids};
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::mail;
use crate::problem::Problem;
use crate::store::entity::outbox::{self, Column};
use crate::store::entity::{mail_config, portal};
use crate::usecase::email::{self as usecase, DeliveryEdit, SenderEdit};

const TAG: &str = "Portal emails";

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Text "state" = Column::State;
        Text "to" = Column::Recipient;
        Text "template" = Column::Template;
        Id "portal_id" = Column::PortalId;
        Time "created_at" = Column::CreatedAt;
    },
    sorts: attributes! {
        Time "created_at" = Column::CreatedAt;
        Time "due_at" = Column::DueAt;
    },
    order: || vec![Column::Id.into_expr()],
};

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct EmailPath {
    email_id: Uuid,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "it is there for the description")]
struct DomainPath {
    email_domain: String,
}

/// Who a portal's e-mails are from.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PortalEmailConfig")]
struct ConfigView {
    id: Uuid,
    domain_name: Option<String>,
    from_name: Option<String>,
    from_email: Option<String>,
    reply_to_email: Option<String>,
    created_at: Instant,
    updated_at: Instant,
}

impl From<mail_config::Model> for ConfigView {
    fn from(row: mail_config::Model) -> Self {
        Self {
            id: row.id,
            domain_name: row.domain_name,
            from_name: row.from_name,
            from_email: row.from_email,
            reply_to_email: row.reply_to_email,
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    }
}

/// The older spelling of the same.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "EmailDelivery")]
struct DeliveryView {
    enabled: bool,
    from_email: Option<String>,
    reply_to_email: Option<String>,
    created_at: Instant,
    updated_at: Instant,
}

impl From<mail_config::Model> for DeliveryView {
    fn from(row: mail_config::Model) -> Self {
        Self {
            enabled: row.enabled,
            from_email: row.from_email,
            reply_to_email: row.reply_to_email,
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    }
}

impl From<portal::Model> for DeliveryView {
    fn from(row: portal::Model) -> Self {
        Self {
            enabled: false,
            from_email: None,
            reply_to_email: None,
            created_at: Instant(row.created_at),
            updated_at: Instant(row.created_at),
        }
    }
}

/// An e-mail that is not delivered, without what it says.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OutboxEmail")]
struct View {
    id: Uuid,
    portal_id: Option<Uuid>,
    to: String,
    template: String,
    /// `waiting` or `failed`.
    state: String,
    attempts: i32,
    /// When it is tried next, while it waits.
    due_at: Option<Instant>,
    /// Why the last try failed.
    fault: Option<String>,
    created_at: Instant,
}

impl From<outbox::Model> for View {
    fn from(row: outbox::Model) -> Self {
        let waits = row.state == mail::WAITING;
        Self {
            id: row.id,
            portal_id: row.portal_id,
            to: row.recipient,
            template: row.template,
            state: row.state,
            attempts: row.attempts,
            due_at: waits.then_some(Instant(row.due_at)),
            fault: row.fault,
            created_at: Instant(row.created_at),
        }
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new().merge(senders()).merge(domains()).merge(outbox_routes())
}

fn senders() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/v3/portals/{portalId}/email-config",
            get_with(config, |op| op.id("get-email-config").tag(TAG))
                .post_with(create_config, |op| op.id("create-portal-email-config").tag(TAG))
                .patch_with(update_config, |op| op.id("update-portal-email-config").tag(TAG))
                .delete_with(delete_config, |op| op.id("delete-portal-email-config").tag(TAG)),
        )
        .api_route(
            "/v3/portals/{portalId}/email-delivery",
            get_with(delivery, |op| op.id("get-email-delivery").tag(TAG))
                .patch_with(update_delivery, |op| op.id("update-email-delivery").tag(TAG))
                .delete_with(delete_delivery, |op| op.id("delete-email-delivery").tag(TAG)),
        )
}

fn domains() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/v3/portals/email-domains",
            get_with(async |_: Admin| no_domains(), |op| op.id("list-email-domains").tag(TAG))
                .post_with(
                    async |_: Admin| no_domains(),
                    |op| op.id("create-email-domain").tag(TAG),
                ),
        )
        .api_route(
            "/v3/portals/email-domains/{emailDomain}",
            get_with(
                async |_: Admin, _: Ids<DomainPath>| no_domains(),
                |op| op.id("get-email-domain").tag(TAG),
            )
            .delete_with(
                async |_: Admin, _: Ids<DomainPath>| no_domains(),
                |op| op.id("delete-email-domain").tag(TAG),
            ),
        )
}

fn outbox_routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/v3/emails",
            get_with(list, |op| {
                LIST.document(extension(op).id("list-undelivered-emails").tag(TAG))
            }),
        )
        .api_route(
            "/v3/emails/{emailId}",
            get_with(show, |op| extension(op).id("get-undelivered-email").tag(TAG)).delete_with(
                discard,
                |op| {
                    extension(op)
                        .id("discard-undelivered-email")
                        .tag(TAG)
                        .summary("Take an e-mail out of the outbox")
                },
            ),
        )
        .api_route(
            "/v3/emails/{emailId}/retry",
            post_with(retry, |op| {
                extension(op)
                    .id("retry-undelivered-email")
                    .tag(TAG)
                    .summary("Try an e-mail again at once, one that was given up too")
            }),
        )
}

async fn config(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
) -> Result<Shown<ConfigView>, Problem> {
    let found = usecase::config(app.store.db(), ids.portal_id).await?;
    Ok(Shown(found.ok_or_else(Problem::not_found)?.into()))
}

async fn create_config(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    body: Body<SenderEdit>,
) -> Result<Created<ConfigView>, Problem> {
    Ok(Created(usecase::create_config(&app, ids.portal_id, body.0).await?.into()))
}

async fn update_config(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    body: Body<SenderEdit>,
) -> Result<Shown<ConfigView>, Problem> {
    Ok(Shown(usecase::update_config(&app, ids.portal_id, body.0).await?.into()))
}

async fn delete_config(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
) -> Result<NoContent, Problem> {
    usecase::delete_config(&app, ids.portal_id).await?;
    Ok(NoContent)
}

async fn delivery(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
) -> Result<Shown<DeliveryView>, Problem> {
    let portal = crate::usecase::portal::find(app.store.db(), ids.portal_id).await?;
    let found = usecase::config(app.store.db(), ids.portal_id).await?;
    Ok(Shown(found.map_or_else(|| portal.into(), DeliveryView::from)))
}

async fn update_delivery(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    body: Body<DeliveryEdit>,
) -> Result<Shown<DeliveryView>, Problem> {
    Ok(Shown(usecase::update_delivery(&app, ids.portal_id, body.0).await?.into()))
}

async fn delete_delivery(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
) -> Result<NoContent, Problem> {
    usecase::delete_config(&app, ids.portal_id).await?;
    Ok(NoContent)
}

fn no_domains() -> Result<NoContent, Problem> {
    Err(Problem::not_implemented(
        "The portal verifies no e-mail domains: the mail server of its configuration decides which \
         senders it takes",
    ))
}

async fn list(
    _: Admin,
    State(app): State<App>,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let page = query.read(&LIST)?.fetch(app.store.db(), outbox::Entity::find()).await?;
    Ok(Shown(page.show(View::from)))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(path): Ids<EmailPath>,
) -> Result<Shown<View>, Problem> {
    let found = outbox::Entity::find_by_id(path.email_id).one(app.store.db()).await?;
    Ok(Shown(found.ok_or_else(Problem::not_found)?.into()))
}

async fn retry(
    _: Admin,
    State(app): State<App>,
    Ids(path): Ids<EmailPath>,
) -> Result<Accepted<View>, Problem> {
    Ok(Accepted(mail::retry(&app, path.email_id).await?.into()))
}

async fn discard(
    _: Admin,
    State(app): State<App>,
    Ids(path): Ids<EmailPath>,
) -> Result<NoContent, Problem> {
    let tx = app.store.begin().await?;
    let found = outbox::Entity::find_by_id(path.email_id).one(&tx).await?;
    found.ok_or_else(Problem::not_found)?.delete(&tx).await?;
    tx.commit().await?;
    Ok(NoContent)
}
