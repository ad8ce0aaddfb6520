//! `/v3/portals/{portalId}/teams/{teamId}/assigned-roles`, and `/v3/portal-roles`.

use aide::axum::ApiRouter;
use aide::axum::routing::{delete_with, get_with};
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use uuid::Uuid;

use crate::actor::Admin;
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::{TeamPath, TeamRolePath};
use crate::app::App;
use crate::input::{Body, Ids};
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::team_role::{self, Column};
use crate::usecase::team;
use crate::usecase::team::role::{self as usecase, NewRole, RoleName};

const TAG: &str = "Portal team roles";

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Text "role_name" = Column::RoleName;
        Text "entity_type_name" = Column::EntityTypeName;
        Id "entity_id" = Column::EntityId;
    },
    sorts: attributes! {},
    order: || vec![Column::CreatedAt.into_expr(), Column::Id.into_expr()],
};

/// What a team may do with an API.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PortalTeamRole")]
struct View {
    id: Uuid,
    role_name: String,
    entity_id: Uuid,
    entity_type_name: String,
    entity_region: String,
}

impl From<team_role::Model> for View {
    fn from(row: team_role::Model) -> Self {
        Self {
            id: row.id,
            role_name: row.role_name,
            entity_id: row.entity_id,
            entity_type_name: row.entity_type_name,
            entity_region: row.entity_region,
        }
    }
}

/// The roles that there are.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PortalRoles")]
struct Catalogue {
    services: Services,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PortalRolesOfServices")]
struct Services {
    name: &'static str,
    roles: Roles,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PortalRolesByKey")]
struct Roles {
    apiviewer: Described,
    apiconsumer: Described,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PortalRole")]
struct Described {
    name: RoleName,
    description: &'static str,
}

pub(super) fn routes() -> ApiRouter<App> {
    const BASE: &str = "/v3/portals/{portalId}/teams/{teamId}/assigned-roles";
    ApiRouter::new()
        .api_route(
            BASE,
            get_with(list, |op| LIST.document(op.id("list-portal-team-roles").tag(TAG)))
                .post_with(assign, |op| op.id("assign-role-to-portal-teams").tag(TAG)),
        )
        .api_route(
            &format!("{BASE}/{{roleId}}"),
            delete_with(remove, |op| op.id("remove-role-from-portal-team").tag(TAG)),
        )
        .api_route(
            "/v3/portal-roles",
            get_with(catalogue, |op| op.id("list-portal-roles").tag(TAG)),
        )
}

async fn list(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<TeamPath>,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let db = app.store.db();
    let team = team::find(db, ids.portal_id, ids.team_id).await?;
    let select = team_role::Entity::find().filter(Column::TeamId.eq(team.id));
    Ok(Shown(query.read(&LIST)?.fetch(db, select).await?.show(View::from)))
}

async fn assign(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<TeamPath>,
    body: Body<NewRole>,
) -> Result<Created<View>, Problem> {
    Ok(Created(usecase::assign(&app, ids.portal_id, ids.team_id, body.0).await?.into()))
}

async fn remove(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<TeamRolePath>,
) -> Result<NoContent, Problem> {
    usecase::remove(&app, ids.portal_id, ids.team_id, ids.role_id).await?;
    Ok(NoContent)
}

/// Names and descriptions are Konnect's, word for word: its clients compare them.
async fn catalogue(_: Admin) -> Shown<Catalogue> {
    Shown(Catalogue {
        services: Services {
            name: "Services",
            roles: Roles {
                apiviewer: Described {
                    name: RoleName::Viewer,
                    description: "API Viewers have read-only access to the documentation of a \
                                  service in a portal",
                },
                apiconsumer: Described {
                    name: RoleName::Consumer,
                    description: "API Consumers can make calls to the given service",
                },
            },
        },
    })
}
