//! How a registration came to where it stands, as administrators and developers see it. An extension
//! to Konnect's APIs.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use uuid::Uuid;

use super::extension;
use crate::actor::{Admin, SignedIn};
use crate::api::reply::Shown;
use crate::api::shape::{Instant, RegistrationPath};
use crate::app::App;
use crate::input::Ids;
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::registration_history::{Column, Entity};
use crate::usecase::registration_history::{self as usecase, By};
use crate::usecase::{application, registration};

const LIST: ListSpec = ListSpec {
    filters: attributes! {},
    sorts: attributes! { Time "at" = Column::At; },
    order: || vec![Column::At.into_expr(), Column::Id.into_expr()],
};

/// A status that a registration was given.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RegistrationHistoryEntry")]
struct View {
    status: String,
    at: Instant,
    by: By,
    /// The developer's name, or that of an administrator's token, which developers are not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// For whom it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    Administrator,
    Developer,
}

pub(super) fn routes() -> ApiRouter<App> {
    const OF_REGISTRATION: &str =
        "applications/{applicationId}/registrations/{registrationId}/history";
    ApiRouter::new()
        .api_route(
            &format!("/v3/portals/{{portalId}}/{OF_REGISTRATION}"),
            get_with(of_any, |op| {
                LIST.document(
                    extension(op).id("list-registration-history").tag("Application registrations"),
                )
            }),
        )
        .api_route(
            &format!("/portals/{{portalId}}/api/v3/{OF_REGISTRATION}"),
            get_with(of_own, |op| {
                LIST.document(
                    extension(op).id("list-own-registration-history").tag("Own registrations"),
                )
            }),
        )
}

async fn of_any(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<RegistrationPath>,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let db = app.store.db();
    let owner = application::find(db, ids.portal_id, ids.application_id).await?;
    let found = registration::find(db, owner.id, ids.registration_id).await?;
    listed(&app, found.id, query, Reader::Administrator).await
}

async fn of_own(
    State(app): State<App>,
    SignedIn { developer, .. }: SignedIn,
    Ids(ids): Ids<RegistrationPath>,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let db = app.store.db();
    let owner = application::find_own(db, &developer, ids.application_id).await?;
    let found = registration::find(db, owner.id, ids.registration_id).await?;
    listed(&app, found.id, query, Reader::Developer).await
}

async fn listed(
    app: &App,
    registration: Uuid,
    query: ListQuery,
    reader: Reader,
) -> Result<Shown<Paged<View>>, Problem> {
    let db = app.store.db();
    let select = Entity::find().filter(Column::RegistrationId.eq(registration));
    let (rows, page) = query.read(&LIST)?.fetch(db, select).await?.split();
    let people = usecase::people(db, &rows).await?;
    let views = rows.into_iter().map(|row| View {
        status: row.status,
        at: Instant(row.at),
        by: By::parse(&row.by),
        name: match row.developer_id {
            Some(id) => people.get(&id).cloned(),
            None => row.administrator.filter(|_| reader == Reader::Administrator),
        },
    });
    Ok(Shown(page.with(views.collect())))
}
