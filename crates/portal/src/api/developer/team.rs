//! A developer's own teams: `developer/teams`.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use uuid::Uuid;

use super::BASE;
use crate::actor::SignedIn;
use crate::api::reply::Shown;
use crate::api::shape::{Instant, TeamPath};
use crate::app::App;
use crate::input::Ids;
use crate::list::{ListQuery, ListSpec, Paged};
use crate::problem::Problem;
use crate::store::entity::developer;
use crate::store::entity::team::{self, Column};
use crate::usecase::team as usecase;

const TAG: &str = "Own teams";

const LIST: ListSpec = ListSpec {
    filters: &[],
    sorts: &[],
    order: || vec![Column::CreatedAt.into_expr(), Column::Id.into_expr()],
};

const MATES: ListSpec = ListSpec {
    filters: &[],
    sorts: &[],
    order: || vec![developer::Column::CreatedAt.into_expr(), developer::Column::Id.into_expr()],
};

/// A team, as its members see it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OwnTeam")]
struct View {
    id: Uuid,
    name: String,
    description: Option<String>,
    created_at: Instant,
    updated_at: Instant,
}

impl From<team::Model> for View {
    fn from(row: team::Model) -> Self {
        Self {
            id: row.id,
            name: row.name,
            description: row.description,
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    }
}

/// A member of a team, as the other members see them.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TeamMate")]
struct Mate {
    id: Uuid,
    email: String,
    full_name: String,
    created_at: Instant,
    updated_at: Instant,
}

impl From<developer::Model> for Mate {
    fn from(row: developer::Model) -> Self {
        Self {
            id: row.id,
            email: row.email,
            full_name: row.full_name,
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            &format!("{BASE}/developer/teams"),
            get_with(list, |op| LIST.document(op.id("get-developer-teams").tag(TAG))),
        )
        .api_route(
            &format!("{BASE}/developer/teams/{{teamId}}"),
            get_with(show, |op| op.id("get-developer-team").tag(TAG)),
        )
        .api_route(
            &format!("{BASE}/developer/teams/{{teamId}}/developers"),
            get_with(mates, |op| MATES.document(op.id("get-developer-team-developers").tag(TAG))),
        )
}

async fn list(
    State(app): State<App>,
    SignedIn { developer, .. }: SignedIn,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let own = Column::Id.in_subquery(usecase::of_developer(developer.id));
    let select = team::Entity::find().filter(own);
    Ok(Shown(query.read(&LIST)?.fetch(app.store.db(), select).await?.show(View::from)))
}

async fn show(
    State(app): State<App>,
    SignedIn { developer, .. }: SignedIn,
    Ids(ids): Ids<TeamPath>,
) -> Result<Shown<View>, Problem> {
    Ok(Shown(usecase::find_own(app.store.db(), &developer, ids.team_id).await?.into()))
}

async fn mates(
    State(app): State<App>,
    SignedIn { developer, .. }: SignedIn,
    Ids(ids): Ids<TeamPath>,
    query: ListQuery,
) -> Result<Shown<Paged<Mate>>, Problem> {
    let db = app.store.db();
    let team = usecase::find_own(db, &developer, ids.team_id).await?;
    let members = developer::Column::Id.in_subquery(usecase::developers_of(team.id));
    let select = developer::Entity::find().filter(members);
    Ok(Shown(query.read(&MATES)?.fetch(db, select).await?.show(Mate::from)))
}
