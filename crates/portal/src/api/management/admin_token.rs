//! `/v3/admin-tokens`: an extension to Konnect's API.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::EntityTrait;
use serde::Serialize;
use uuid::Uuid;

use crate::actor::Admin;
use crate::api::extension;
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::{AdminTokenPath, Instant};
use crate::app::App;
use crate::dcr::metadata::strings;
use crate::input::{Body, Ids};
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::admin_token::{self, Column};
use crate::usecase::admin_token::{self as usecase, NewAdminToken};

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Text "name" = Column::Name;
        Time "expires_at" = Column::ExpiresAt;
    },
    sorts: attributes! {
        Text "name" = Column::Name;
        Time "created_at" = Column::CreatedAt;
        Time "expires_at" = Column::ExpiresAt;
        Time "last_used_at" = Column::LastUsedAt;
    },
    order: || vec![sea_orm::ColumnTrait::into_expr(Column::Id)],
};

/// A token of an administrator, without the token.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AdminToken")]
struct View {
    id: Uuid,
    name: String,
    scopes: Vec<String>,
    /// The only portals that it is for, if it is not for all.
    portal_ids: Option<Vec<String>>,
    expires_at: Option<Instant>,
    /// To the minute.
    last_used_at: Option<Instant>,
    created_at: Instant,
}

/// A token as it is shown once.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "NewAdminTokenShown")]
struct Once {
    #[serde(flatten)]
    view: View,
    /// The token itself. Nobody will show it again.
    token: String,
}

impl From<admin_token::Model> for View {
    fn from(row: admin_token::Model) -> Self {
        Self {
            id: row.id,
            scopes: strings(&row.scopes),
            portal_ids: row.portal_ids.as_ref().map(strings),
            name: row.name,
            expires_at: row.expires_at.map(Instant),
            last_used_at: row.last_used_at.map(Instant),
            created_at: Instant(row.created_at),
        }
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/v3/admin-tokens",
            get_with(list, |op| {
                LIST.document(extension(op).id("list-admin-tokens").tag("Admin tokens"))
            })
            .post_with(create, |op| {
                extension(op)
                    .id("create-admin-token")
                    .tag("Admin tokens")
                    .summary("Make a token; nobody can make one that may do more than theirs")
            }),
        )
        .api_route(
            "/v3/admin-tokens/{adminTokenId}",
            get_with(show, |op| extension(op).id("get-admin-token").tag("Admin tokens"))
                .delete_with(revoke, |op| {
                    extension(op).id("revoke-admin-token").tag("Admin tokens")
                }),
        )
}

async fn list(
    _: Admin,
    State(app): State<App>,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let page = query.read(&LIST)?.fetch(app.store.db(), admin_token::Entity::find()).await?;
    Ok(Shown(page.show(View::from)))
}

async fn create(
    admin: Admin,
    State(app): State<App>,
    body: Body<NewAdminToken>,
) -> Result<Created<Once>, Problem> {
    let (made, token) = usecase::create(&app, &admin.permission, body.0).await?;
    Ok(Created(Once { view: made.into(), token: token.expose().clone() }))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<AdminTokenPath>,
) -> Result<Shown<View>, Problem> {
    let found = usecase::find(app.store.db(), ids.admin_token_id).await?;
    Ok(Shown(found.into()))
}

async fn revoke(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<AdminTokenPath>,
) -> Result<NoContent, Problem> {
    usecase::revoke(&app, ids.admin_token_id).await?;
    Ok(NoContent)
}
