//! Why a call was refused, by the id that its client was told: an extension to Konnect's API.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::BASE;
use crate::actor::SignedIn;
use crate::api::extension;
use crate::api::reply::Shown;
use crate::api::shape::{ApplicationPath, Instant};
use crate::app::App;
use crate::input::Ids;
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::refusal::{self, Column};
use crate::usecase::application;
use crate::usecase::refusal::{self as usecase, Named, Refusal};

const TAG: &str = "Refused calls";

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Text "request_id" = Column::RequestId;
        Text "reason" = Column::Reason;
        Id "api_id" = Column::ApiId;
        Time "at" = Column::At;
    },
    sorts: attributes! {
        Time "at" = Column::At;
    },
    order: || vec![Column::At.into_expr(), Column::Id.into_expr()],
};

/// A call of one's own that was refused.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OwnRefusedCall")]
struct View {
    /// The id that the client was told. Clients may choose it, where gateways take theirs over.
    request_id: String,
    at: Instant,
    /// Whose key or token it was; absent where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    application: Option<NamedView>,
    /// What was called; absent where that is not known, or not to be seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    api: Option<NamedView>,
    /// The code of the refusal.
    reason: String,
    /// What the client was answered with.
    status: i32,
    /// Absent where it is not known whose call it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    /// Without a query. Absent where it is not known whose call it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// What happened, in words.
    explanation: String,
    /// What can be done, in words.
    remedy: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OwnRefusedCallOf")]
struct NamedView {
    id: Uuid,
    name: String,
}

impl From<Refusal> for View {
    fn from(seen: Refusal) -> Self {
        let named = |named: Named| Some(NamedView { id: named.id, name: named.name? });
        let (method, path) = seen.call.map(|call| (call.method, call.path)).unzip();
        Self {
            request_id: seen.request_id,
            at: Instant(seen.at),
            application: seen.application.and_then(named),
            api: seen.api.and_then(named),
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
#[allow(dead_code, reason = "ids that an actor has read are there for the description")]
struct RequestPath {
    portal_id: Uuid,
    request_id: String,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "ids that an actor has read are there for the description")]
struct OwnRequestPath {
    portal_id: Uuid,
    application_id: Uuid,
    request_id: String,
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            &format!("{BASE}/applications/{{applicationId}}/refusals"),
            get_with(list, |op| {
                LIST.document(extension(op).id("list-own-application-refusals").tag(TAG))
                    .summary("Refused calls of an application, the newest first")
            }),
        )
        .api_route(
            &format!("{BASE}/applications/{{applicationId}}/refusals/{{requestId}}"),
            get_with(show_of_application, |op| {
                extension(op)
                    .id("get-own-application-refusal")
                    .tag(TAG)
                    .summary("Why a call of an application was refused")
            }),
        )
        .api_route(
            &format!("{BASE}/refusals/{{requestId}}"),
            get_with(show, |op| {
                extension(op)
                    .id("get-own-refusal")
                    .tag(TAG)
                    .summary("Why a call was refused")
                    .description(
                        "A call of one of one's own applications. Where it is not known whose call \
                         it was, because it held no key or one that nobody has: when it was and why \
                         it was refused, if one sees the API.",
                    )
            }),
        )
}

async fn list(
    State(app): State<App>,
    SignedIn { portal, developer }: SignedIn,
    Ids(ids): Ids<ApplicationPath>,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let db = app.store.db();
    let found = application::find_own(db, &developer, ids.application_id).await?;
    let select = refusal::Entity::find().filter(Column::ApplicationId.eq(found.id));
    let listing = query.or_sorted_by("at desc").read(&LIST)?;
    let (rows, page) = listing.fetch(db, select).await?.split();
    let seen = usecase::for_developer(db, &portal, &developer, rows).await?;
    Ok(Shown(page.with(seen.into_iter().map(View::from).collect())))
}

async fn show_of_application(
    State(app): State<App>,
    SignedIn { portal, developer }: SignedIn,
    Ids(ids): Ids<OwnRequestPath>,
) -> Result<Shown<View>, Problem> {
    let db = app.store.db();
    let found = application::find_own(db, &developer, ids.application_id).await?;
    let seen = usecase::find_of(db, &portal, &developer, &found, &ids.request_id).await?;
    Ok(Shown(seen.into()))
}

async fn show(
    State(app): State<App>,
    SignedIn { portal, developer }: SignedIn,
    Ids(ids): Ids<RequestPath>,
) -> Result<Shown<View>, Problem> {
    let seen = usecase::find_for(app.store.db(), &portal, &developer, &ids.request_id).await?;
    Ok(Shown(seen.into()))
}
