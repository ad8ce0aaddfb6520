//! Teams: developers who share roles and applications.

use schemars::JsonSchema;
use sea_orm::sea_query::{Query, SelectStatement};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    ModelTrait, PaginatorTrait, QueryFilter, QueryOrder, Set,
};
use serde::Deserialize;
use uuid::Uuid;

use super::{application, developer, portal};
use crate::app::App;
use crate::input::Given;
use crate::problem::{Invalid, Problem};
use crate::store::entity::{self, team, team_member};

pub(crate) mod role;

/// A team to make.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTeam {
    #[schemars(length(min = 1, max = 250))]
    name: String,
    #[serde(default)]
    #[schemars(length(min = 1, max = 250))]
    description: Given<String>,
    /// Whether applications can belong to the team.
    #[serde(default)]
    can_own_applications: Given<bool>,
}

/// What to change of a team.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TeamEdit {
    #[serde(default)]
    #[schemars(length(min = 1, max = 250))]
    name: Given<String>,
    #[serde(default)]
    #[schemars(length(min = 1, max = 250))]
    description: Given<String>,
    /// What the team owns already stays its own.
    #[serde(default)]
    can_own_applications: Given<bool>,
}

/// A developer to add to a team.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMember {
    id: Uuid,
}

/// The team of a portal.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    portal: Uuid,
    id: Uuid,
) -> Result<team::Model, Problem> {
    let found = team::Entity::find_by_id(id).one(db).await?;
    found.filter(|found| found.portal_id == portal).ok_or_else(Problem::not_found)
}

/// A team that a developer belongs to. Others do not exist for them.
pub(crate) async fn find_own(
    db: &impl ConnectionTrait,
    developer: &entity::developer::Model,
    id: Uuid,
) -> Result<team::Model, Problem> {
    let found = find(db, developer.portal_id, id).await?;
    if is_member(db, found.id, developer.id).await? { Ok(found) } else { Err(Problem::not_found()) }
}

/// Whether a developer belongs to a team.
pub(crate) async fn is_member(
    db: &impl ConnectionTrait,
    team: Uuid,
    developer: Uuid,
) -> Result<bool, DbErr> {
    Ok(team_member::Entity::find_by_id((team, developer)).one(db).await?.is_some())
}

/// The ids of a developer's teams, as part of a query.
pub(crate) fn of_developer(developer: Uuid) -> SelectStatement {
    Query::select()
        .column(team_member::Column::TeamId)
        .from(team_member::Entity)
        .and_where(team_member::Column::DeveloperId.eq(developer))
        .take()
}

/// The ids of a team's developers, as part of a query.
pub(crate) fn developers_of(team: Uuid) -> SelectStatement {
    Query::select()
        .column(team_member::Column::DeveloperId)
        .from(team_member::Entity)
        .and_where(team_member::Column::TeamId.eq(team))
        .take()
}

/// The developers of a team.
pub(crate) async fn members(
    db: &impl ConnectionTrait,
    team: Uuid,
) -> Result<Vec<entity::developer::Model>, DbErr> {
    entity::developer::Entity::find()
        .filter(entity::developer::Column::Id.in_subquery(developers_of(team)))
        .order_by_asc(entity::developer::Column::Id)
        .all(db)
        .await
}

/// Makes a team.
pub(crate) async fn create(app: &App, portal: Uuid, new: NewTeam) -> Result<team::Model, Problem> {
    let now = app.clock.now();
    let tx = app.store.begin().await?;
    portal::find(&tx, portal).await?;
    let made = team::Model {
        id: Uuid::now_v7(),
        portal_id: portal,
        name: new.name,
        description: new.description.value(),
        can_own_applications: new.can_own_applications.or(false),
        created_at: now,
        updated_at: now,
    };
    check(&tx, &made).await?;
    let made = made.into_active_model().insert(&tx).await?;
    tx.commit().await?;
    Ok(made)
}

/// Changes a team.
pub(crate) async fn update(
    app: &App,
    portal: Uuid,
    id: Uuid,
    edit: TeamEdit,
) -> Result<team::Model, Problem> {
    let tx = app.store.begin().await?;
    let mut after = find(&tx, portal, id).await?;
    edit.name.put(&mut after.name);
    if let Given::Yes(description) = edit.description {
        after.description = Some(description);
    }
    edit.can_own_applications.put(&mut after.can_own_applications);
    check(&tx, &after).await?;
    after.updated_at = app.clock.now().max(after.updated_at + 1);
    let after = after.into_active_model().reset_all().update(&tx).await?;
    tx.commit().await?;
    Ok(after)
}

async fn check(db: &impl ConnectionTrait, team: &team::Model) -> Result<(), Problem> {
    let twins = team::Entity::find()
        .filter(team::Column::PortalId.eq(team.portal_id))
        .filter(team::Column::Name.eq(&team.name))
        .filter(team::Column::Id.ne(team.id))
        .count(db)
        .await?;
    if twins > 0 {
        return Err(Problem::conflict("Team with the given name already exists"));
    }
    Ok(())
}

/// Deletes a team with its roles and the applications that it owns. Its developers stay.
pub(crate) async fn delete(app: &App, portal: Uuid, id: Uuid) -> Result<(), Problem> {
    let mut tx = app.store.change().await?;
    let team = find(&*tx, portal, id).await?;
    let owned = entity::application::Entity::find()
        .filter(entity::application::Column::TeamId.eq(id))
        .all(&*tx)
        .await?;
    for application in &owned {
        application::forget(app, &mut tx, application).await?;
    }
    team.delete(&*tx).await?;
    tx.commit().await?;
    app.dcr.wake();
    Ok(())
}

/// Adds a developer of the same portal.
pub(crate) async fn add_member(
    app: &App,
    portal: Uuid,
    team: Uuid,
    new: NewMember,
) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    let team = find(&tx, portal, team).await?;
    if developer::find(&tx, portal, new.id).await.is_err() {
        let fault = Invalid::body("id", "missing_reference", "Developer not found");
        return Err(Problem::one_invalid(fault));
    }
    let known = || Problem::conflict("The developer is a member of the team already");
    if is_member(&tx, team.id, new.id).await? {
        return Err(known());
    }
    join(app, &tx, team.id, new.id).await?;
    tx.commit().await?;
    Ok(())
}

/// Makes a developer a member of a team that they do not belong to.
pub(crate) async fn join(
    app: &App,
    db: &impl ConnectionTrait,
    team: Uuid,
    developer: Uuid,
) -> Result<(), DbErr> {
    team_member::ActiveModel {
        team_id: Set(team),
        developer_id: Set(developer),
        created_at: Set(app.clock.now()),
    }
    .insert(db)
    .await
    .map(|_| ())
}

/// Takes a developer out of a team: with it goes whatever the team may do and owns.
pub(crate) async fn remove_member(
    app: &App,
    portal: Uuid,
    team: Uuid,
    developer: Uuid,
) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    let team = find(&tx, portal, team).await?;
    let removed = team_member::Entity::delete_by_id((team.id, developer)).exec(&tx).await?;
    if removed.rows_affected == 0 {
        return Err(Problem::not_found());
    }
    tx.commit().await?;
    Ok(())
}
