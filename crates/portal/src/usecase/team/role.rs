//! Roles of teams: who may see an API, and register applications for it, where a portal asks.

use gatekey_core::lifecycle::role::{Role, Roles};
use schemars::JsonSchema;
use sea_orm::sea_query::{Query, SelectStatement};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter, QuerySelect,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::of_developer;
use crate::app::App;
use crate::problem::{Invalid, Problem};
use crate::store::entity::{api, team_role};

/// What a role lets its team do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(crate) enum RoleName {
    /// See the API.
    #[serde(rename = "API Viewer")]
    Viewer,
    /// See the API, and register applications for it.
    #[serde(rename = "API Consumer")]
    Consumer,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Viewer => Self::Viewer,
            RoleName::Consumer => Self::Consumer,
        }
    }
}

/// What a role is for. All of them name APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(crate) enum EntityType {
    /// What Konnect calls them here.
    Services,
    /// An API.
    #[serde(rename = "APIs")]
    Apis,
    /// What they were called once.
    #[serde(rename = "API Products")]
    ApiProducts,
}

impl EntityType {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Services => "Services",
            Self::Apis => "APIs",
            Self::ApiProducts => "API Products",
        }
    }
}

/// Where Konnect keeps an entity. Here there is one place: a role counts whatever its region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum Region {
    /// The United States.
    Us,
    /// The European Union.
    Eu,
    /// Australia.
    Au,
    /// The Middle East.
    Me,
    /// India.
    In,
    /// Singapore.
    Sg,
    /// Everywhere.
    #[serde(rename = "*")]
    Any,
}

impl Region {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Us => "us",
            Self::Eu => "eu",
            Self::Au => "au",
            Self::Me => "me",
            Self::In => "in",
            Self::Sg => "sg",
            Self::Any => "*",
        }
    }
}

/// A role to give to a team.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRole {
    role_name: RoleName,
    /// The API.
    entity_id: Uuid,
    entity_type_name: EntityType,
    entity_region: Region,
}

/// Gives a team a role.
pub(crate) async fn assign(
    app: &App,
    portal: Uuid,
    team: Uuid,
    new: NewRole,
) -> Result<team_role::Model, Problem> {
    let now = app.clock.now();
    let tx = app.store.begin().await?;
    let team = super::find(&tx, portal, team).await?;
    if api::Entity::find_by_id(new.entity_id).one(&tx).await?.is_none() {
        let fault = Invalid::body("entity_id", "missing_reference", "API not found");
        return Err(Problem::one_invalid(fault));
    }
    let (name, region) = (Role::from(new.role_name).as_str(), new.entity_region.as_str());
    let twin = team_role::Entity::find()
        .filter(team_role::Column::TeamId.eq(team.id))
        .filter(team_role::Column::RoleName.eq(name))
        .filter(team_role::Column::EntityId.eq(new.entity_id))
        .filter(team_role::Column::EntityRegion.eq(region))
        .one(&tx)
        .await?;
    if twin.is_some() {
        return Err(Problem::conflict("The team has the role already"));
    }
    let made = team_role::Model {
        id: Uuid::now_v7(),
        team_id: team.id,
        role_name: name.into(),
        entity_id: new.entity_id,
        entity_type_name: new.entity_type_name.as_str().into(),
        entity_region: region.into(),
        created_at: now,
        updated_at: now,
    };
    let made = made.into_active_model().insert(&tx).await?;
    tx.commit().await?;
    Ok(made)
}

/// Takes a role from a team. Registrations that it made possible stay: they are the
/// administrator's to revoke.
pub(crate) async fn remove(app: &App, portal: Uuid, team: Uuid, id: Uuid) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    let team = super::find(&tx, portal, team).await?;
    let removed = team_role::Entity::delete_many()
        .filter(team_role::Column::Id.eq(id))
        .filter(team_role::Column::TeamId.eq(team.id))
        .exec(&tx)
        .await?;
    if removed.rows_affected == 0 {
        return Err(Problem::not_found());
    }
    tx.commit().await?;
    Ok(())
}

/// Takes every role for an API that is going away.
pub(crate) async fn forget_api(db: &impl ConnectionTrait, api: Uuid) -> Result<(), DbErr> {
    let of_api = team_role::Column::EntityId.eq(api);
    team_role::Entity::delete_many().filter(of_api).exec(db).await.map(|_| ())
}

/// The APIs that a developer has a role for, as part of a query.
pub(crate) fn apis_of(developer: Uuid) -> SelectStatement {
    Query::select()
        .column(team_role::Column::EntityId)
        .from(team_role::Entity)
        .and_where(team_role::Column::TeamId.in_subquery(of_developer(developer)))
        .take()
}

/// The teams of a developer whose applications can be registered for an API, as part of a query.
pub(crate) fn consumers_of(developer: Uuid, api: Uuid) -> SelectStatement {
    Query::select()
        .column(team_role::Column::TeamId)
        .from(team_role::Entity)
        .and_where(team_role::Column::TeamId.in_subquery(of_developer(developer)))
        .and_where(team_role::Column::EntityId.eq(api))
        .and_where(team_role::Column::RoleName.eq(Role::Consumer.as_str()))
        .take()
}

/// What a developer may do with an API, by way of all of their teams.
pub(crate) async fn of_member(
    db: &impl ConnectionTrait,
    developer: Uuid,
    api: Uuid,
) -> Result<Roles, DbErr> {
    let held = team_role::Column::TeamId.in_subquery(of_developer(developer));
    roles(db, team_role::Entity::find().filter(held), api).await
}

/// What a team may do with an API.
pub(crate) async fn of_team(
    db: &impl ConnectionTrait,
    team: Uuid,
    api: Uuid,
) -> Result<Roles, DbErr> {
    roles(db, team_role::Entity::find().filter(team_role::Column::TeamId.eq(team)), api).await
}

async fn roles(
    db: &impl ConnectionTrait,
    select: sea_orm::Select<team_role::Entity>,
    api: Uuid,
) -> Result<Roles, DbErr> {
    let names: Vec<String> = select
        .select_only()
        .column(team_role::Column::RoleName)
        .filter(team_role::Column::EntityId.eq(api))
        .into_tuple()
        .all(db)
        .await?;
    Ok(names.iter().filter_map(|name| Role::parse(name)).collect())
}
