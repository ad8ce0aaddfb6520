//! `/v3/portals/{portalId}/custom-domain`.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;

use crate::actor::Admin;
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::{Instant, PortalPath};
use crate::app::App;
use crate::input::{Body, Ids};
use crate::problem::Problem;
use crate::store::entity::portal_domain;
use crate::usecase::domain::{self as usecase, DomainEdit, NewDomain};

const TAG: &str = "Portal custom domain";

/// A host name of a portal's own.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PortalCustomDomain")]
struct View {
    hostname: String,
    enabled: bool,
    ssl: Ssl,
    /// `verified` once a request has arrived under the name, `pending` until then.
    cname_status: &'static str,
    created_at: Instant,
    updated_at: Instant,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PortalCustomDomainSsl")]
struct Ssl {
    domain_verification_method: &'static str,
    /// As `cname_status`: TLS ends in front of the portal.
    verification_status: &'static str,
}

impl From<portal_domain::Model> for View {
    fn from(row: portal_domain::Model) -> Self {
        let status = if row.seen_at.is_some() { "verified" } else { "pending" };
        Self {
            hostname: row.hostname,
            enabled: row.enabled,
            ssl: Ssl { domain_verification_method: "http", verification_status: status },
            cname_status: status,
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new().api_route(
        "/v3/portals/{portalId}/custom-domain",
        get_with(show, |op| op.id("get-portal-custom-domain").tag(TAG))
            .post_with(create, |op| op.id("create-portal-custom-domain").tag(TAG))
            .patch_with(update, |op| op.id("update-portal-custom-domain").tag(TAG))
            .delete_with(delete, |op| op.id("delete-portal-custom-domain").tag(TAG)),
    )
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
) -> Result<Shown<View>, Problem> {
    Ok(Shown(usecase::find(app.store.db(), ids.portal_id).await?.into()))
}

async fn create(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    body: Body<NewDomain>,
) -> Result<Created<View>, Problem> {
    Ok(Created(usecase::create(&app, ids.portal_id, body.0).await?.into()))
}

async fn update(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    body: Body<DomainEdit>,
) -> Result<Shown<View>, Problem> {
    Ok(Shown(usecase::update(&app, ids.portal_id, body.0).await?.into()))
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
) -> Result<NoContent, Problem> {
    usecase::delete(&app, ids.portal_id).await?;
    Ok(NoContent)
}
