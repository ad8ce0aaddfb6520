//! `/v3/portals/{portalId}/webhooks` and `/v3/webhooks`: extensions to Konnect's API.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::actor::Admin;
use crate::api::extension;
use crate::api::reply::{Accepted, Created, NoContent, Shown};
use crate::api::shape::{Instant, PortalPath};
use crate::app::App;
use crate::input::{Body, Ids, Optional};
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::{delivery, delivery_attempt, webhook};
use crate::usecase::portal;
use crate::webhook::delivery as deliveries;
use crate::webhook::{self as usecase, NewWebhook, Rotation, WebhookEdit};

const TAG: &str = "Webhooks";

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Text "name" = webhook::Column::Name;
        Flag "enabled" = webhook::Column::Enabled;
    },
    sorts: attributes! {
        Text "name" = webhook::Column::Name;
        Time "created_at" = webhook::Column::CreatedAt;
    },
    order: || vec![webhook::Column::Id.into_expr()],
};

const DELIVERIES: ListSpec = ListSpec {
    filters: attributes! {
        Text "state" = delivery::Column::State;
        Text "event" = delivery::Column::Event;
        Text "message_id" = delivery::Column::Message;
        Time "created_at" = delivery::Column::CreatedAt;
    },
    sorts: attributes! {
        Time "created_at" = delivery::Column::CreatedAt;
    },
    order: || vec![delivery::Column::Id.into_expr()],
};

/// Where webhooks are: in a portal, or in the organisation.
trait Place: DeserializeOwned + JsonSchema + Send + 'static {
    fn portal(&self) -> Option<Uuid>;
}

/// A webhook in its place.
trait One: Place {
    fn webhook(&self) -> Uuid;
}

/// A delivery of a webhook.
trait Delivery: One {
    fn delivery(&self) -> Uuid;
}

macro_rules! places {
    ($($name:ident { $($field:ident),* };)*) => {$(
        #[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase")]
        struct $name {
            $($field: Uuid,)*
        }
    )*};
}

places! {
    Organisation {};
    OfOrganisation { webhook_id };
    DeliveryOfOrganisation { webhook_id, delivery_id };
    OfPortal { portal_id, webhook_id };
    DeliveryOfPortal { portal_id, webhook_id, delivery_id };
}

impl Place for Organisation {
    fn portal(&self) -> Option<Uuid> {
        None
    }
}

impl Place for PortalPath {
    fn portal(&self) -> Option<Uuid> {
        Some(self.portal_id)
    }
}

macro_rules! located {
    ($($name:ident: $own:ident => $portal:expr;)*) => {$(
        impl Place for $name {
            fn portal(&self) -> Option<Uuid> {
                let $own = self;
                $portal
            }
        }

        impl One for $name {
            fn webhook(&self) -> Uuid {
                self.webhook_id
            }
        }
    )*};
}

located! {
    OfOrganisation: _own => None;
    DeliveryOfOrganisation: _own => None;
    OfPortal: own => Some(own.portal_id);
    DeliveryOfPortal: own => Some(own.portal_id);
}

impl Delivery for DeliveryOfOrganisation {
    fn delivery(&self) -> Uuid {
        self.delivery_id
    }
}

impl Delivery for DeliveryOfPortal {
    fn delivery(&self) -> Uuid {
        self.delivery_id
    }
}

/// A webhook, without its secret.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Webhook")]
struct View {
    id: Uuid,
    /// The portal whose events are told; those of all portals, if it is null.
    portal_id: Option<Uuid>,
    name: String,
    url: String,
    enabled: bool,
    events: Vec<String>,
    /// Until when the secret before this one signs as well.
    old_secret_until: Option<Instant>,
    created_at: Instant,
    updated_at: Instant,
}

/// A webhook with its secret, which is shown once.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "NewWebhookShown")]
struct Once {
    #[serde(flatten)]
    view: View,
    /// What messages are signed with. Nobody will show it again.
    secret: String,
}

impl From<webhook::Model> for View {
    fn from(row: webhook::Model) -> Self {
        let events = row.events.as_array().into_iter().flatten().filter_map(Value::as_str);
        Self {
            id: row.id,
            portal_id: row.portal_id,
            events: events.map(str::to_owned).collect(),
            name: row.name,
            url: row.url,
            enabled: row.enabled,
            old_secret_until: row.old_secret_until.map(Instant),
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    }
}

/// A delivery.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "WebhookDelivery")]
struct DeliveryView {
    id: Uuid,
    /// The value of `webhook-id`.
    message_id: String,
    event: String,
    /// `waiting`, `delivered` or `failed`.
    state: String,
    attempts: i32,
    /// When it is tried next, while it waits.
    due_at: Option<Instant>,
    /// The status of the last answer.
    response_status: Option<i32>,
    /// Why the last try failed.
    fault: Option<String>,
    finished_at: Option<Instant>,
    created_at: Instant,
}

impl From<delivery::Model> for DeliveryView {
    fn from(row: delivery::Model) -> Self {
        let waits = row.state == deliveries::WAITING;
        Self {
            id: row.id,
            message_id: row.message,
            event: row.event,
            state: row.state,
            attempts: row.attempts,
            due_at: waits.then_some(Instant(row.due_at)),
            response_status: row.response_status,
            fault: row.fault,
            finished_at: row.finished_at.map(Instant),
            created_at: Instant(row.created_at),
        }
    }
}

/// A delivery with what was sent, and every try.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "WebhookDeliveryDetails")]
struct DeliveryDetails {
    #[serde(flatten)]
    view: DeliveryView,
    payload: Value,
    tries: Vec<Try>,
}

/// One try to deliver.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "WebhookDeliveryTry")]
struct Try {
    at: Instant,
    duration_ms: i32,
    response_status: Option<i32>,
    fault: Option<String>,
}

impl From<delivery_attempt::Model> for Try {
    fn from(row: delivery_attempt::Model) -> Self {
        Self {
            at: Instant(row.at),
            duration_ms: row.duration_ms,
            response_status: row.response_status,
            fault: row.fault,
        }
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    base::<PortalPath, OfPortal, DeliveryOfPortal>("/v3/portals/{portalId}/webhooks", "portal-")
        .merge(base::<Organisation, OfOrganisation, DeliveryOfOrganisation>("/v3/webhooks", ""))
}

fn base<P: Place, O: One, D: Delivery>(path: &str, label: &str) -> ApiRouter<App> {
    let id = |name: &str| name.replace("PLACE-", label);
    ApiRouter::new()
        .api_route(
            path,
            get_with(list::<P>, |op| {
                LIST.document(extension(op).id(&id("list-PLACE-webhooks")).tag(TAG))
            })
            .post_with(create::<P>, |op| extension(op).id(&id("create-PLACE-webhook")).tag(TAG)),
        )
        .api_route(
            &format!("{path}/{{webhookId}}"),
            get_with(show::<O>, |op| extension(op).id(&id("get-PLACE-webhook")).tag(TAG))
                .patch_with(update::<O>, |op| {
                    extension(op).id(&id("update-PLACE-webhook")).tag(TAG)
                })
                .delete_with(delete::<O>, |op| {
                    extension(op).id(&id("delete-PLACE-webhook")).tag(TAG)
                }),
        )
        .api_route(
            &format!("{path}/{{webhookId}}/rotate-secret"),
            post_with(rotate::<O>, |op| {
                extension(op)
                    .id(&id("rotate-PLACE-webhook-secret"))
                    .tag(TAG)
                    .summary("Make another secret; both sign for a while")
            }),
        )
        .api_route(
            &format!("{path}/{{webhookId}}/test"),
            post_with(test::<O>, |op| {
                extension(op)
                    .id(&id("test-PLACE-webhook"))
                    .tag(TAG)
                    .summary("Send the event webhook.test")
            }),
        )
        .api_route(
            &format!("{path}/{{webhookId}}/deliveries"),
            get_with(history::<O>, |op| {
                DELIVERIES.document(extension(op).id(&id("list-PLACE-webhook-deliveries")).tag(TAG))
            }),
        )
        .api_route(
            &format!("{path}/{{webhookId}}/deliveries/{{deliveryId}}"),
            get_with(show_delivery::<D>, |op| {
                extension(op).id(&id("get-PLACE-webhook-delivery")).tag(TAG)
            }),
        )
        .api_route(
            &format!("{path}/{{webhookId}}/deliveries/{{deliveryId}}/redeliver"),
            post_with(redeliver::<D>, |op| {
                extension(op)
                    .id(&id("redeliver-PLACE-webhook-delivery"))
                    .tag(TAG)
                    .summary("Send the same message again, under its id")
            }),
        )
}

async fn list<P: Place>(
    _: Admin,
    State(app): State<App>,
    Ids(place): Ids<P>,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    if let Some(portal) = place.portal() {
        portal::find(app.store.db(), portal).await?;
    }
    let select = webhook::Entity::find().filter(usecase::of(place.portal()));
    let page = query.read(&LIST)?.fetch(app.store.db(), select).await?;
    Ok(Shown(page.show(View::from)))
}

async fn create<P: Place>(
    _: Admin,
    State(app): State<App>,
    Ids(place): Ids<P>,
    body: Body<NewWebhook>,
) -> Result<Created<Once>, Problem> {
    let (made, secret) = usecase::create(&app, place.portal(), body.0).await?;
    Ok(Created(Once { view: made.into(), secret: secret.expose().clone() }))
}

async fn show<O: One>(
    _: Admin,
    State(app): State<App>,
    Ids(place): Ids<O>,
) -> Result<Shown<View>, Problem> {
    let found = usecase::find(app.store.db(), place.portal(), place.webhook()).await?;
    Ok(Shown(found.into()))
}

async fn update<O: One>(
    _: Admin,
    State(app): State<App>,
    Ids(place): Ids<O>,
    body: Body<WebhookEdit>,
) -> Result<Shown<View>, Problem> {
    let after = usecase::update(&app, place.portal(), place.webhook(), body.0).await?;
    Ok(Shown(after.into()))
}

async fn delete<O: One>(
    _: Admin,
    State(app): State<App>,
    Ids(place): Ids<O>,
) -> Result<NoContent, Problem> {
    usecase::delete(&app, place.portal(), place.webhook()).await?;
    Ok(NoContent)
}

async fn rotate<O: One>(
    _: Admin,
    State(app): State<App>,
    Ids(place): Ids<O>,
    body: Body<Rotation, Optional>,
) -> Result<Shown<Once>, Problem> {
    let (row, secret) = usecase::rotate(&app, place.portal(), place.webhook(), body.0).await?;
    Ok(Shown(Once { view: row.into(), secret: secret.expose().clone() }))
}

async fn test<O: One>(
    _: Admin,
    State(app): State<App>,
    Ids(place): Ids<O>,
) -> Result<Accepted<DeliveryView>, Problem> {
    let webhook = usecase::find(app.store.db(), place.portal(), place.webhook()).await?;
    Ok(Accepted(deliveries::promise_test(&app, &webhook).await?.into()))
}

async fn history<O: One>(
    _: Admin,
    State(app): State<App>,
    Ids(place): Ids<O>,
    query: ListQuery,
) -> Result<Shown<Paged<DeliveryView>>, Problem> {
    let webhook = usecase::find(app.store.db(), place.portal(), place.webhook()).await?;
    let select = delivery::Entity::find().filter(delivery::Column::WebhookId.eq(webhook.id));
    let page = query.read(&DELIVERIES)?.fetch(app.store.db(), select).await?;
    Ok(Shown(page.show(DeliveryView::from)))
}

async fn show_delivery<D: Delivery>(
    _: Admin,
    State(app): State<App>,
    Ids(place): Ids<D>,
) -> Result<Shown<DeliveryDetails>, Problem> {
    let db = app.store.db();
    let webhook = usecase::find(db, place.portal(), place.webhook()).await?;
    let row = deliveries::find(db, webhook.id, place.delivery()).await?;
    let tries = delivery_attempt::Entity::find()
        .filter(delivery_attempt::Column::DeliveryId.eq(row.id))
        .order_by_asc(delivery_attempt::Column::Id)
        .all(db)
        .await?;
    let payload = serde_json::from_str(&row.payload).map_err(Problem::internal)?;
    let tries = tries.into_iter().map(Try::from).collect();
    Ok(Shown(DeliveryDetails { view: row.into(), payload, tries }))
}

async fn redeliver<D: Delivery>(
    _: Admin,
    State(app): State<App>,
    Ids(place): Ids<D>,
) -> Result<Accepted<DeliveryView>, Problem> {
    let db = app.store.db();
    let webhook = usecase::find(db, place.portal(), place.webhook()).await?;
    let again = deliveries::promise_again(&app, webhook.id, place.delivery()).await?;
    Ok(Accepted(again.into()))
}
