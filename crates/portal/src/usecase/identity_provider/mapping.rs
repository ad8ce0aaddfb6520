//! Which groups of an identity provider make somebody a member of which teams.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{find, of_portal};
use crate::app::App;
use crate::input::Given;
use crate::problem::{Invalid, Problem};
use crate::store::entity::{identity_provider, team_group_mapping, team_member};
use crate::usecase::{portal, team};

/// A group of one provider.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMapping {
    team_id: Uuid,
    #[schemars(length(min = 1, max = 255))]
    group: String,
}

/// The groups of a team.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TeamGroups")]
pub(crate) struct TeamGroups {
    /// The team.
    pub(crate) team_id: Uuid,
    /// All of its groups.
    #[schemars(length(max = 1_000), inner(length(min = 1, max = 255)))]
    pub(crate) groups: Vec<String>,
}

/// The groups of some teams, each list a replacement.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MappingsEdit {
    #[serde(default)]
    #[schemars(length(max = 1_000))]
    data: Given<Vec<TeamGroups>>,
}

/// A mapping of a provider.
pub(crate) async fn find_one(
    db: &impl ConnectionTrait,
    provider: Uuid,
    id: Uuid,
) -> Result<team_group_mapping::Model, Problem> {
    let found = team_group_mapping::Entity::find_by_id(id).one(db).await?;
    found.filter(|found| found.provider_id == provider).ok_or_else(Problem::not_found)
}

/// Maps a group to a team.
pub(crate) async fn create(
    app: &App,
    portal: Uuid,
    provider: Uuid,
    new: NewMapping,
) -> Result<team_group_mapping::Model, Problem> {
    let tx = app.store.begin().await?;
    let provider = find(&tx, portal, provider).await?;
    exists(&tx, portal, new.team_id, "team_id").await?;
    let known = of_provider(&tx, provider.id).await?;
    if known.iter().any(|one| one.team_id == new.team_id && one.group_name == new.group) {
        return Err(Problem::conflict("The group is mapped to the team already"));
    }
    let made = insert(app, &tx, provider.id, new.team_id, new.group).await?;
    tx.commit().await?;
    Ok(made)
}

/// Unmaps a group.
pub(crate) async fn delete(
    app: &App,
    portal: Uuid,
    provider: Uuid,
    id: Uuid,
) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    let provider = find(&tx, portal, provider).await?;
    let mapping = find_one(&tx, provider.id, id).await?;
    team_group_mapping::Entity::delete_by_id(mapping.id).exec(&tx).await?;
    tx.commit().await?;
    Ok(())
}

/// The groups of each team, at the provider that a portal has.
pub(crate) async fn by_team(
    db: &impl ConnectionTrait,
    portal: Uuid,
) -> Result<Vec<TeamGroups>, Problem> {
    let provider = only(db, portal).await?;
    let mut teams: BTreeMap<Uuid, Vec<String>> = BTreeMap::new();
    for mapping in of_provider(db, provider.id).await? {
        teams.entry(mapping.team_id).or_default().push(mapping.group_name);
    }
    let groups = teams.into_iter().map(|(team_id, groups)| TeamGroups { team_id, groups });
    Ok(groups.collect())
}

/// Replaces the groups of some teams.
pub(crate) async fn replace(app: &App, portal: Uuid, edit: MappingsEdit) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    let provider = only(&tx, portal).await?;
    for (at, team) in edit.data.or(Vec::new()).into_iter().enumerate() {
        exists(&tx, portal, team.team_id, &format!("data.{at}.team_id")).await?;
        team_group_mapping::Entity::delete_many()
            .filter(team_group_mapping::Column::ProviderId.eq(provider.id))
            .filter(team_group_mapping::Column::TeamId.eq(team.team_id))
            .exec(&tx)
            .await?;
        for group in team.groups.into_iter().collect::<BTreeSet<_>>() {
            insert(app, &tx, provider.id, team.team_id, group).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

async fn exists(
    db: &impl ConnectionTrait,
    portal: Uuid,
    id: Uuid,
    field: &str,
) -> Result<(), Problem> {
    if team::find(db, portal, id).await.is_ok() {
        return Ok(());
    }
    Err(Problem::one_invalid(Invalid::body(field, "missing_reference", "Team not found")))
}

async fn insert(
    app: &App,
    db: &impl ConnectionTrait,
    provider: Uuid,
    team: Uuid,
    group: String,
) -> Result<team_group_mapping::Model, DbErr> {
    let now = app.clock.now();
    let made = team_group_mapping::Model {
        id: Uuid::now_v7(),
        provider_id: provider,
        team_id: team,
        group_name: group,
        created_at: now,
        updated_at: now,
    };
    made.into_active_model().insert(db).await
}

async fn of_provider(
    db: &impl ConnectionTrait,
    provider: Uuid,
) -> Result<Vec<team_group_mapping::Model>, DbErr> {
    team_group_mapping::Entity::find()
        .filter(team_group_mapping::Column::ProviderId.eq(provider))
        .order_by_asc(team_group_mapping::Column::Id)
        .all(db)
        .await
}

/// The provider that is meant where none is named: the one that is enabled, or else the oldest.
async fn only(
    db: &impl ConnectionTrait,
    portal: Uuid,
) -> Result<identity_provider::Model, Problem> {
    portal::find(db, portal).await?;
    let providers = of_portal(db, portal).await?;
    let enabled = providers.iter().position(|provider| provider.enabled).unwrap_or_default();
    providers.into_iter().nth(enabled).ok_or_else(|| {
        let reason = "the portal has no identity provider yet";
        Problem::one_invalid(Invalid::body("portal_id", "missing_reference", reason))
    })
}

/// Gives a developer who signs in the teams that their groups stand for, and takes those away whose
/// groups they have left. Teams without a group are an administrator's to give, if anybody's.
pub(crate) async fn apply(
    app: &App,
    db: &impl ConnectionTrait,
    provider: Uuid,
    developer: Uuid,
    groups: &[String],
    keep_others: bool,
) -> Result<(), DbErr> {
    let mappings = of_provider(db, provider).await?;
    let managed: BTreeSet<Uuid> = mappings.iter().map(|mapping| mapping.team_id).collect();
    let wanted: BTreeSet<Uuid> = mappings
        .iter()
        .filter(|mapping| groups.contains(&mapping.group_name))
        .map(|mapping| mapping.team_id)
        .collect();
    let held: BTreeSet<Uuid> = team_member::Entity::find()
        .filter(team_member::Column::DeveloperId.eq(developer))
        .all(db)
        .await?
        .into_iter()
        .map(|member| member.team_id)
        .collect();
    for team in wanted.difference(&held) {
        team::join(app, db, *team, developer).await?;
    }
    for team in held.difference(&wanted) {
        if managed.contains(team) || !keep_others {
            team_member::Entity::delete_by_id((*team, developer)).exec(db).await?;
        }
    }
    Ok(())
}
