//! `portal`, which says how to sign in, and what is left out.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::BASE;
use crate::actor::{SignedIn, Visitor};
use crate::api::reply::{NoContent, Shown};
use crate::app::App;
use crate::problem::Problem;

const TAG: &str = "Portal of v2";

/// A portal as Konnect's older developer API shows it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PortalContextV2")]
struct PortalContext {
    portal_id: Uuid,
    /// There is one organisation; its id is nil.
    org_id: Uuid,
    name: String,
    canonical_domain: String,
    is_public: bool,
    basic_auth_enabled: bool,
    oidc_auth_enabled: bool,
    rbac_enabled: bool,
    /// Providers stand with the strategies.
    dcr_provider_ids: Vec<Uuid>,
    featureset_id: &'static str,
    allowed_time_period: &'static str,
}

pub(super) fn routes() -> ApiRouter<App> {
    let mut router = ApiRouter::new()
        .api_route(
            &format!("{BASE}/portal"),
            get_with(context, |op| op.id("get-portal-context-v2").tag(TAG)),
        )
        .api_route(
            &format!("{BASE}/stats"),
            post_with(stats, |op| op.id("query-application-analytics-v2").tag(TAG)),
        );
    for (path, id) in [
        ("portal/appearance", "get-catalogue-appearance-v2"),
        ("portal/catalog-cover", "get-catalogue-cover-v2"),
        ("portal/logo", "get-catalogue-logo-v2"),
    ] {
        router = router.api_route(
            &format!("{BASE}/{path}"),
            get_with(appearance, move |op| op.id(id).tag(TAG)),
        );
    }
    router
        .api_route(
            &format!("{BASE}/products/{{productId}}/documents"),
            get_with(documents, |op| op.id("list-product-documents-v2").tag(TAG)),
        )
        .api_route(
            &format!("{BASE}/products/{{productId}}/documents/{{documentId}}"),
            get_with(documents, |op| op.id("get-product-document-v2").tag(TAG)),
        )
        .api_route(
            &format!("{BASE}/products/{{productId}}/versions/{{productVersionId}}/spec/operations"),
            get_with(documents, |op| op.id("get-product-version-spec-operations-v2").tag(TAG)),
        )
        .api_route(
            &format!("{BASE}/search/{{indices}}"),
            get_with(search, |op| op.id("search-portal-entities-v2").tag(TAG)),
        )
}

async fn context(Visitor { portal, .. }: Visitor) -> Shown<PortalContext> {
    Shown(PortalContext {
        portal_id: portal.id,
        org_id: Uuid::nil(),
        name: portal.display_name,
        canonical_domain: portal.default_domain,
        is_public: !portal.authentication_enabled,
        basic_auth_enabled: portal.authentication_enabled,
        oidc_auth_enabled: false,
        rbac_enabled: portal.rbac_enabled,
        dcr_provider_ids: Vec::new(),
        featureset_id: "default",
        allowed_time_period: "all",
    })
}

async fn appearance(_: Visitor) -> Result<NoContent, Problem> {
    Err(Problem::not_implemented("The appearance of v2 is left out"))
}

async fn documents(_: Visitor) -> Result<NoContent, Problem> {
    Err(Problem::not_implemented("Left out of v2: see the same of the API below /api/v3"))
}

async fn search(_: Visitor) -> Result<NoContent, Problem> {
    Err(Problem::not_implemented("The search of v2 is left out: see the one below /api/v3"))
}

async fn stats(_: SignedIn) -> Result<NoContent, Problem> {
    Err(Problem::not_implemented("The statistics of v2 are left out: see those below /api/v3"))
}
