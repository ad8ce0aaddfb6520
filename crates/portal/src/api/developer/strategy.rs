//! `application-auth-strategies`: the strategies that a developer can make applications with.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};

use super::BASE;
use crate::actor::SignedIn;
use crate::api::reply::Shown;
use crate::api::view::{StrategySummary, summaries};
use crate::app::App;
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::publication;
use crate::store::entity::strategy::{self, Column};

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Text "name" = Column::DisplayName;
        Text "credential_type" = Column::Kind;
    },
    sorts: attributes! {},
    order: || vec![Column::DisplayName.into_expr(), Column::Id.into_expr()],
};

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new().api_route(
        &format!("{BASE}/application-auth-strategies"),
        get_with(list, |op| {
            let op = op.id("list-application-auth-strategies").tag("Application auth strategies");
            LIST.document(op)
        }),
    )
}

/// What APIs of the portal are published with, and what the portal uses by default.
async fn list(
    State(app): State<App>,
    SignedIn { portal, .. }: SignedIn,
    query: ListQuery,
) -> Result<Shown<Paged<StrategySummary>>, Problem> {
    let published = Query::select()
        .column(publication::Column::StrategyId)
        .from(publication::Entity)
        .and_where(publication::Column::PortalId.eq(portal.id))
        .and_where(publication::Column::StrategyId.is_not_null())
        .and_where(crate::usecase::publication::live())
        .take();
    let mut used = Condition::any().add(Column::Id.in_subquery(published));
    if let Some(default) = portal.default_strategy_id {
        used = used.add(Column::Id.eq(default));
    }
    let select = strategy::Entity::find().filter(used);
    let db = app.store.db();
    let (rows, page) = query.read(&LIST)?.fetch(db, select).await?.split();
    Ok(Shown(page.with(summaries(&app, db, &rows).await?)))
}
