//! Calls that gateways refused lately: `/v3/portals/{portalId}/refusals` and `/v3/refusals`. An
//! extension to Konnect's API.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::actor::Admin;
use crate::api::extension;
use crate::api::reply::Shown;
use crate::api::shape::{Instant, PortalPath};
use crate::app::App;
use crate::input::Ids;
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::refusal::{self, Column};
use crate::usecase::portal;
use crate::usecase::refusal::{self as usecase, Named, Refusal};

const TAG: &str = "Refused calls";

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Id "application_id" = Column::ApplicationId;
        Id "api_id" = Column::ApiId;
        Id "control_plane_id" = Column::GatewayId;
        Text "request_id" = Column::RequestId;
        Text "reason" = Column::Reason;
        Time "at" = Column::At;
    },
    sorts: attributes! {
        Time "at" = Column::At;
    },
    order: || vec![Column::At.into_expr(), Column::Id.into_expr()],
};

/// A call that was refused.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RefusedCallDetails")]
struct View {
    /// The id that the client was told. Clients may choose it, where gateways take theirs over.
    request_id: String,
    at: Instant,
    /// The gateway that refused it.
    control_plane_id: Uuid,
    /// Whose key or token it was; absent where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    application: Option<NamedView>,
    /// What was called; absent where it did not get as far as an API.
    #[serde(skip_serializing_if = "Option::is_none")]
    api: Option<NamedView>,
    /// The code of the refusal.
    reason: String,
    /// What the client was answered with.
    status: i32,
    method: String,
    /// Without a query.
    path: String,
    /// What happened, as developers are told.
    explanation: String,
    /// What developers can do.
    remedy: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RefusedCallOf")]
struct NamedView {
    id: Uuid,
    /// Null when it is gone.
    name: Option<String>,
}

impl From<Refusal> for View {
    fn from(seen: Refusal) -> Self {
        let named = |named: Named| NamedView { id: named.id, name: named.name };
        let call = seen.call.map(|call| (call.method, call.path));
        let (method, path) = call.unwrap_or_default();
        Self {
            request_id: seen.request_id,
            at: Instant(seen.at),
            control_plane_id: seen.gateway,
            application: seen.application.map(named),
            api: seen.api.map(named),
            reason: seen.reason,
            status: seen.status,
            method,
            path,
            explanation: seen.explanation,
            remedy: seen.remedy,
        }
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RequestPath {
    request_id: String,
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/v3/portals/{portalId}/refusals",
            get_with(list, |op| {
                LIST.document(extension(op).id("list-portal-refusals").tag(TAG))
                    .summary("Refused calls, the newest first")
                    .description(
                        "Those of applications of the portal, and those for its APIs of which it is \
                         not known whose they were.",
                    )
            }),
        )
        .api_route(
            "/v3/refusals/{requestId}",
            get_with(show, |op| {
                extension(op)
                    .id("get-refusal")
                    .tag(TAG)
                    .summary("Why a call was refused")
                    .description("The newest one, where several had the same id.")
            }),
        )
}

async fn list(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let db = app.store.db();
    let found = portal::find(db, ids.portal_id).await?;
    let select = refusal::Entity::find().filter(usecase::in_portal(found.id));
    let listing = query.or_sorted_by("at desc").read(&LIST)?;
    let (rows, page) = listing.fetch(db, select).await?.split();
    let seen = usecase::for_admin(db, rows).await?;
    Ok(Shown(page.with(seen.into_iter().map(View::from).collect())))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<RequestPath>,
) -> Result<Shown<View>, Problem> {
    Ok(Shown(usecase::find(app.store.db(), &ids.request_id).await?.into()))
}
