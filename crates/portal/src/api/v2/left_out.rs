//! What Konnect's v2 has and this portal leaves out: it says so.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;

use super::named;
use crate::actor::Admin;
use crate::api::reply::NoContent;
use crate::api::shape::{PortalPath, ProductPath};
use crate::app::App;
use crate::input::Ids;
use crate::problem::Problem;
use crate::usecase::{portal, product};

const TAG: &str = "Left out of v2";

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/v2/portals/appearance-defaults",
            get_with(defaults, |op| named(op, "get-portal-appearance-defaults", TAG)),
        )
        .api_route(
            "/v2/portals/{portalId}/appearance",
            get_with(appearance, |op| named(op, "get-portal-appearance", TAG))
                .patch_with(appearance, |op| named(op, "update-portal-appearance", TAG)),
        )
        .api_route(
            "/v2/portals/{portalId}/appearance/logo",
            get_with(appearance, |op| named(op, "get-portal-logo", TAG)),
        )
        .api_route(
            "/v2/portals/{portalId}/appearance/catalog-cover",
            get_with(appearance, |op| named(op, "get-portal-catalog-cover", TAG)),
        )
        .api_route(
            "/v2/api-products/{apiProductId}/documents",
            get_with(documents, |op| op.id("get-many-api-product-document").tag(TAG))
                .post_with(documents, |op| op.id("create-api-product-document").tag(TAG)),
        )
        .api_route(
            "/v2/api-products/{apiProductId}/documents/{documentId}",
            get_with(document, |op| op.id("get-api-product-document").tag(TAG))
                .patch_with(document, |op| op.id("update-api-product-document").tag(TAG))
                .delete_with(document, |op| op.id("delete-api-product-document").tag(TAG)),
        )
        .api_route(
            "/v2/portals/{portalId}/verify-domain",
            post_with(domain, |op| named(op, "verify-portal-domains", TAG)),
        )
}

fn no_appearance() -> Problem {
    Problem::not_implemented(
        "The appearance of v2 is left out: see the customization and the assets under /v3",
    )
}

async fn defaults(_: Admin) -> Result<NoContent, Problem> {
    Err(no_appearance())
}

async fn appearance(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
) -> Result<NoContent, Problem> {
    portal::find(app.store.db(), ids.portal_id).await?;
    Err(no_appearance())
}

async fn domain(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
) -> Result<NoContent, Problem> {
    portal::find(app.store.db(), ids.portal_id).await?;
    Err(Problem::not_implemented("Custom domains of v2 are left out: see those under /v3"))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "which document it is makes no difference")]
struct DocumentPath {
    api_product_id: Uuid,
    document_id: Uuid,
}

/// A document of v2 is shown as a tree of what its Markdown means, and is a product's.
fn no_documents() -> Problem {
    Problem::not_implemented(
        "Documents of products are left out: an API has its documents under /v3",
    )
}

async fn documents(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ProductPath>,
) -> Result<NoContent, Problem> {
    product::find(app.store.db(), ids.api_product_id).await?;
    Err(no_documents())
}

async fn document(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<DocumentPath>,
) -> Result<NoContent, Problem> {
    product::find(app.store.db(), ids.api_product_id).await?;
    Err(no_documents())
}
