//! `/v3/portals/{portalId}/teams`, with their developers, and the teams of a developer.

use aide::axum::ApiRouter;
use aide::axum::routing::{delete_with, get_with};
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use uuid::Uuid;

use crate::actor::Admin;
use crate::api::reply::{Created, Made, NoContent, Shown};
use crate::api::shape::{DeveloperPath, Instant, PortalPath, TeamMemberPath, TeamPath};
use crate::app::App;
use crate::input::{Body, Ids};
use crate::list::{Attribute, Kind, ListQuery, ListSpec, Paged, attribute, attributes};
use crate::problem::Problem;
use crate::store::entity::developer;
use crate::store::entity::team::{self, Column};
use crate::usecase::team::{self as usecase, NewMember, NewTeam, TeamEdit};
use crate::usecase::{self as usecases, portal};

const TAG: &str = "Portal teams";
const APPROVED: &str = "approved";

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Id "id" = Column::Id;
        Text "name" = Column::Name;
        Flag "can_own_applications" = Column::CanOwnApplications;
    },
    sorts: attributes! {
        Text "name" = Column::Name;
        Time "created_at" = Column::CreatedAt;
        Time "updated_at" = Column::UpdatedAt;
    },
    order: || vec![Column::CreatedAt.into_expr(), Column::Id.into_expr()],
};

const OF_DEVELOPER: ListSpec = ListSpec {
    filters: attributes! {
        Flag "can_own_applications" = Column::CanOwnApplications;
    },
    ..LIST
};

const MEMBERS: ListSpec = ListSpec {
    filters: &[
        attribute!(Text "email" = developer::Column::Email),
        attribute!(Text "full_name" = developer::Column::FullName),
        // Developers have no attributes of their own here.
        Attribute { name: "attributes", kind: Kind::Text, column: || Expr::val("") },
        Attribute {
            name: "active",
            kind: Kind::Flag,
            column: || developer::Column::Status.eq(APPROVED),
        },
    ],
    sorts: attributes! {
        Text "email" = developer::Column::Email;
        Text "full_name" = developer::Column::FullName;
        Time "created_at" = developer::Column::CreatedAt;
    },
    order: || vec![developer::Column::CreatedAt.into_expr(), developer::Column::Id.into_expr()],
};

/// A team, as administrators see it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PortalTeam")]
struct View {
    id: Uuid,
    name: String,
    /// The name, if none was given.
    description: String,
    can_own_applications: bool,
    created_at: Instant,
    updated_at: Instant,
}

impl From<team::Model> for View {
    fn from(row: team::Model) -> Self {
        Self {
            id: row.id,
            description: row.description.unwrap_or_else(|| row.name.clone()),
            name: row.name,
            can_own_applications: row.can_own_applications,
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    }
}

/// A member of a team, as administrators see them.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PortalTeamDeveloper")]
struct Member {
    id: Uuid,
    email: String,
    full_name: String,
    /// Whether the account is approved.
    active: bool,
    created_at: Instant,
    updated_at: Instant,
}

impl From<developer::Model> for Member {
    fn from(row: developer::Model) -> Self {
        Self {
            id: row.id,
            email: row.email,
            full_name: row.full_name,
            active: row.status == APPROVED,
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    const BASE: &str = "/v3/portals/{portalId}/teams";
    ApiRouter::new()
        .api_route(
            BASE,
            get_with(list, |op| LIST.document(op.id("list-portal-teams").tag(TAG)))
                .post_with(create, |op| op.id("create-portal-team").tag(TAG)),
        )
        .api_route(
            &format!("{BASE}/{{teamId}}"),
            get_with(show, |op| op.id("get-portal-team").tag(TAG))
                .patch_with(update, |op| op.id("update-portal-team").tag(TAG))
                .delete_with(delete, |op| op.id("delete-portal-team").tag(TAG)),
        )
        .api_route(
            &format!("{BASE}/{{teamId}}/developers"),
            get_with(members, |op| MEMBERS.document(op.id("list-portal-team-developers").tag(TAG)))
                .post_with(add_member, |op| op.id("add-developer-to-portal-team").tag(TAG)),
        )
        .api_route(
            &format!("{BASE}/{{teamId}}/developers/{{developerId}}"),
            delete_with(remove_member, |op| op.id("remove-developer-from-portal-team").tag(TAG)),
        )
        .api_route(
            "/v3/portals/{portalId}/developers/{developerId}/teams",
            get_with(of_developer, |op| {
                OF_DEVELOPER.document(op.id("list-portal-developer-teams").tag(TAG))
            }),
        )
}

async fn list(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let db = app.store.db();
    portal::find(db, ids.portal_id).await?;
    let select = team::Entity::find().filter(Column::PortalId.eq(ids.portal_id));
    Ok(Shown(query.read(&LIST)?.fetch(db, select).await?.show(View::from)))
}

async fn create(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    body: Body<NewTeam>,
) -> Result<Created<View>, Problem> {
    Ok(Created(usecase::create(&app, ids.portal_id, body.0).await?.into()))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<TeamPath>,
) -> Result<Shown<View>, Problem> {
    Ok(Shown(usecase::find(app.store.db(), ids.portal_id, ids.team_id).await?.into()))
}

async fn update(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<TeamPath>,
    body: Body<TeamEdit>,
) -> Result<Shown<View>, Problem> {
    Ok(Shown(usecase::update(&app, ids.portal_id, ids.team_id, body.0).await?.into()))
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<TeamPath>,
) -> Result<NoContent, Problem> {
    usecase::delete(&app, ids.portal_id, ids.team_id).await?;
    Ok(NoContent)
}

async fn members(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<TeamPath>,
    query: ListQuery,
) -> Result<Shown<Paged<Member>>, Problem> {
    let db = app.store.db();
    let team = usecase::find(db, ids.portal_id, ids.team_id).await?;
    let members = developer::Column::Id.in_subquery(usecase::developers_of(team.id));
    let select = developer::Entity::find().filter(members);
    Ok(Shown(query.read(&MEMBERS)?.fetch(db, select).await?.show(Member::from)))
}

async fn add_member(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<TeamPath>,
    body: Body<NewMember>,
) -> Result<Made, Problem> {
    usecase::add_member(&app, ids.portal_id, ids.team_id, body.0).await?;
    Ok(Made)
}

async fn remove_member(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<TeamMemberPath>,
) -> Result<NoContent, Problem> {
    usecase::remove_member(&app, ids.portal_id, ids.team_id, ids.developer_id).await?;
    Ok(NoContent)
}

async fn of_developer(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<DeveloperPath>,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let db = app.store.db();
    let developer = usecases::developer::find(db, ids.portal_id, ids.developer_id).await?;
    let own = Column::Id.in_subquery(usecase::of_developer(developer.id));
    let select = team::Entity::find().filter(own);
    Ok(Shown(query.read(&OF_DEVELOPER)?.fetch(db, select).await?.show(View::from)))
}
