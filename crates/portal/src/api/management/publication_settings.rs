//! `/v3/apis/{apiId}/publications/{portalId}/settings`, which Konnect's v3 does not have: its
//! publication takes no further member.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;

use crate::actor::Admin;
use crate::api::reply::Shown;
use crate::api::shape::{Instant, PublicationPath};
use crate::app::App;
use crate::dcr::metadata::strings;
use crate::input::{Body, Ids};
use crate::problem::Problem;
use crate::store::entity::publication;
use crate::usecase::publication::find_any;
use crate::usecase::publication_settings::{self as usecase, SettingsEdit};

/// What a publication says beyond its strategy and who sees it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PublicationSettings")]
struct View {
    display_name: Option<String>,
    description: Option<String>,
    tags: Vec<String>,
    auto_approve: bool,
    show_issuer: bool,
    enable_proxy_with_consumer_credential: bool,
    published: bool,
    /// False while the API product is not published to the portal: that holds back this API.
    product_published: bool,
    application_registration_enabled: bool,
    deprecated: bool,
    created_at: Instant,
    updated_at: Instant,
}

impl From<publication::Model> for View {
    fn from(row: publication::Model) -> Self {
        Self {
            display_name: row.display_name,
            description: row.description,
            tags: strings(&row.tags),
            auto_approve: row.auto_approve,
            show_issuer: row.show_issuer,
            enable_proxy_with_consumer_credential: row.consumer_credentials,
            published: row.published,
            product_published: row.product_published,
            application_registration_enabled: row.registration_enabled,
            deprecated: row.deprecated,
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new().api_route(
        "/v3/apis/{apiId}/publications/{portalId}/settings",
        get_with(show, |op| {
            crate::api::extension(op.id("fetch-publication-settings").tag("Publications"))
        })
        .patch_with(update, |op| {
            crate::api::extension(op.id("update-publication-settings").tag("Publications"))
        }),
    )
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PublicationPath>,
) -> Result<Shown<View>, Problem> {
    Ok(Shown(find_any(app.store.db(), ids.api_id, ids.portal_id).await?.into()))
}

async fn update(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PublicationPath>,
    body: Body<SettingsEdit>,
) -> Result<Shown<View>, Problem> {
    Ok(Shown(usecase::update(&app, ids.api_id, ids.portal_id, body.0).await?.into()))
}
