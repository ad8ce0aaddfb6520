//! `/v3/portals/{portalId}/ip-allow-list`.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use uuid::Uuid;

use crate::actor::Admin;
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::{NetworksPath, PortalPath};
use crate::app::App;
use crate::cursor::{Cursor, CursorMeta};
use crate::dcr::metadata::strings;
use crate::input::{Body, Ids};
use crate::list::ListQuery;
use crate::problem::Problem;
use crate::store::entity::portal_network::{self, Column};
use crate::usecase::network::{self as usecase, NetworksEdit, NewNetworks};
use crate::usecase::portal;

const TAG: &str = "Portal IP allow list";

/// Addresses and networks from which the portal may be used.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PortalIpAllowList")]
struct View {
    id: Uuid,
    allowed_ips: Vec<String>,
}

impl From<portal_network::Model> for View {
    fn from(row: portal_network::Model) -> Self {
        Self { id: row.id, allowed_ips: strings(&row.allowed_ips) }
    }
}

/// A page of lists.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PortalIpAllowLists")]
struct Lists {
    meta: CursorMeta,
    data: Vec<View>,
}

pub(super) fn routes() -> ApiRouter<App> {
    const BASE: &str = "/v3/portals/{portalId}/ip-allow-list";
    ApiRouter::new()
        .api_route(
            BASE,
            get_with(list, |op| op.id("list-portal-ip-allow-list").tag(TAG))
                .post_with(create, |op| op.id("create-portal-ip-allow-list").tag(TAG)),
        )
        .api_route(
            &format!("{BASE}/{{id}}"),
            get_with(show, |op| op.id("get-portal-ip-allow-list").tag(TAG))
                .put_with(replace, |op| op.id("put-portal-ip-allow-list").tag(TAG))
                .patch_with(update, |op| op.id("update-portal-ip-allow-list").tag(TAG))
                .delete_with(delete, |op| op.id("delete-portal-ip-allow-list").tag(TAG)),
        )
}

async fn list(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    mut query: ListQuery,
) -> Result<Shown<Lists>, Problem> {
    let db = app.store.db();
    let cursor = Cursor::take(&mut query)?;
    query.nothing_else()?;
    portal::find(db, ids.portal_id).await?;
    let select = portal_network::Entity::find().filter(Column::PortalId.eq(ids.portal_id));
    let path = format!("/v3/portals/{}/ip-allow-list", ids.portal_id);
    let (rows, meta) = cursor.fetch(db, select, Column::Id, |row| row.id, (&path, &[])).await?;
    Ok(Shown(Lists { meta, data: rows.into_iter().map(View::from).collect() }))
}

async fn create(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    body: Body<NewNetworks>,
) -> Result<Created<View>, Problem> {
    Ok(Created(usecase::create(&app, ids.portal_id, body.0).await?.into()))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<NetworksPath>,
) -> Result<Shown<View>, Problem> {
    Ok(Shown(usecase::find(app.store.db(), ids.portal_id, ids.id).await?.into()))
}

async fn replace(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<NetworksPath>,
    body: Body<NewNetworks>,
) -> Result<Shown<View>, Problem> {
    Ok(Shown(usecase::replace(&app, ids.portal_id, ids.id, body.0).await?.into()))
}

async fn update(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<NetworksPath>,
    body: Body<NetworksEdit>,
) -> Result<Shown<View>, Problem> {
    Ok(Shown(usecase::update(&app, ids.portal_id, ids.id, body.0).await?.into()))
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<NetworksPath>,
) -> Result<NoContent, Problem> {
    usecase::delete(&app, ids.portal_id, ids.id).await?;
    Ok(NoContent)
}
