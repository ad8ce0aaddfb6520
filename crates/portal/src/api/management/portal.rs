//! `/v3/portals`.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait};
use serde::Serialize;
use uuid::Uuid;

use crate::actor::Admin;
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::{Force, Instant, Labels, PortalPath, members};
use crate::app::App;
use crate::input::{Body, Ids};
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::portal::{self, Column};
use crate::usecase::domain;
use crate::usecase::portal::{self as usecase, NewPortal, PortalEdit};

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Id "id" = Column::Id;
        Text "name" = Column::Name;
        Text "description" = Column::Description;
        Flag "authentication_enabled" = Column::AuthenticationEnabled;
        Flag "rbac_enabled" = Column::RbacEnabled;
        Text "default_api_visibility" = Column::DefaultApiVisibility;
        Text "default_page_visibility" = Column::DefaultPageVisibility;
        Id "default_application_auth_strategy_id" = Column::DefaultStrategyId;
        Flag "auto_approve_developers" = Column::AutoApproveDevelopers;
        Flag "auto_approve_applications" = Column::AutoApproveApplications;
        Text "default_domain" = Column::DefaultDomain;
        Text "canonical_domain" = Column::DefaultDomain;
    },
    sorts: attributes! {
        Text "name" = Column::Name;
        Text "description" = Column::Description;
        Flag "authentication_enabled" = Column::AuthenticationEnabled;
        Flag "rbac_enabled" = Column::RbacEnabled;
        Flag "auto_approve_applications" = Column::AutoApproveApplications;
        Flag "auto_approve_developers" = Column::AutoApproveDevelopers;
        Text "default_domain" = Column::DefaultDomain;
        Text "canonical_domain" = Column::DefaultDomain;
        Time "created_at" = Column::CreatedAt;
        Time "updated_at" = Column::UpdatedAt;
    },
    order: || vec![Column::CreatedAt.into_expr(), Column::Id.into_expr()],
};

/// A portal, as administrators see it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Portal")]
struct View {
    id: Uuid,
    name: String,
    display_name: String,
    description: Option<String>,
    authentication_enabled: bool,
    rbac_enabled: bool,
    sipr_enabled: bool,
    default_api_visibility: String,
    default_page_visibility: String,
    default_application_auth_strategy_id: Option<Uuid>,
    auto_approve_developers: bool,
    auto_approve_applications: bool,
    notifications_developer_pii_visibility_enabled: bool,
    default_domain: String,
    canonical_domain: String,
    labels: Labels,
    created_at: Instant,
    updated_at: Instant,
}

impl View {
    /// `domain` is the host name of its own that is enabled, if it has one.
    fn of(row: portal::Model, domain: Option<String>) -> Self {
        Self {
            id: row.id,
            name: row.name,
            display_name: row.display_name,
            description: row.description,
            authentication_enabled: row.authentication_enabled,
            rbac_enabled: row.rbac_enabled,
            sipr_enabled: row.sipr_enabled,
            default_api_visibility: row.default_api_visibility,
            default_page_visibility: row.default_page_visibility,
            default_application_auth_strategy_id: row.default_strategy_id,
            auto_approve_developers: row.auto_approve_developers,
            auto_approve_applications: row.auto_approve_applications,
            notifications_developer_pii_visibility_enabled: row.developer_pii_visible,
            canonical_domain: domain.unwrap_or_else(|| row.default_domain.clone()),
            default_domain: row.default_domain,
            labels: members(row.labels),
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/v3/portals",
            get_with(list, |op| LIST.document(op.id("list-portals").tag("Portals")))
                .post_with(create, |op| op.id("create-portal").tag("Portals")),
        )
        .api_route(
            "/v3/portals/{portalId}",
            get_with(show, |op| op.id("get-portal").tag("Portals"))
                .patch_with(update, |op| op.id("update-portal").tag("Portals"))
                .delete_with(delete, |op| op.id("delete-portal").tag("Portals")),
        )
}

async fn view(app: &App, row: portal::Model) -> Result<View, Problem> {
    let rows = core::slice::from_ref(&row);
    let domain = domain::canonical(app.store.db(), rows).await?.remove(&row.id);
    Ok(View::of(row, domain))
}

async fn list(
    _: Admin,
    State(app): State<App>,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let db = app.store.db();
    let (rows, page) = query.read(&LIST)?.fetch(db, portal::Entity::find()).await?.split();
    let mut domains = domain::canonical(db, &rows).await?;
    let views = rows.into_iter().map(|row| {
        let domain = domains.remove(&row.id);
        View::of(row, domain)
    });
    Ok(Shown(page.with(views.collect())))
}

async fn create(
    _: Admin,
    State(app): State<App>,
    body: Body<NewPortal>,
) -> Result<Created<View>, Problem> {
    Ok(Created(view(&app, usecase::create(&app, body.0).await?).await?))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
) -> Result<Shown<View>, Problem> {
    let found = usecase::find(app.store.db(), ids.portal_id).await?;
    Ok(Shown(view(&app, found).await?))
}

async fn update(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    body: Body<PortalEdit>,
) -> Result<Shown<View>, Problem> {
    let updated = usecase::update(&app, ids.portal_id, body.0).await?;
    Ok(Shown(view(&app, updated).await?))
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    Force(force): Force,
) -> Result<NoContent, Problem> {
    usecase::delete(&app, ids.portal_id, force).await?;
    Ok(NoContent)
}
