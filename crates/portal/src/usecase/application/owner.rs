//! Who owns an application: a developer, or a team, whose members all have it.

use gatekey_core::lifecycle::APPLICATIONS_PER_DEVELOPER;
use gatekey_core::lifecycle::application::{self as lifecycle, ApplicationStatus};
use gatekey_core::lifecycle::developer::{DeveloperStatus, Unapproved};
use schemars::JsonSchema;
use sea_orm::sea_query::{SimpleExpr, UnionType};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter, QuerySelect, QueryTrait, Set,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::problem::{Invalid, Problem};
use crate::revision::ChangeSet;
use crate::store::entity::{application, developer, portal, publication, registration};
use crate::usecase::{self, catalogue, team};

/// Who can own an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum OwnerType {
    /// A developer.
    Developer,
    /// A team.
    Team,
}

/// The owner of an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ApplicationOwner")]
pub(crate) struct Owner {
    /// Whether it is a person or a team.
    #[serde(rename = "type")]
    pub(crate) kind: OwnerType,
    /// Which.
    pub(crate) id: Uuid,
}

impl Owner {
    /// A developer as owner.
    pub(crate) const fn developer(id: Uuid) -> Self {
        Self { kind: OwnerType::Developer, id }
    }

    /// A team as owner.
    pub(crate) const fn team(id: Uuid) -> Self {
        Self { kind: OwnerType::Team, id }
    }

    /// Who owns it.
    pub(crate) fn of(application: &application::Model) -> Self {
        match application.team_id {
            Some(id) => Self::team(id),
            None => Self::developer(application.developer_id.unwrap_or_default()),
        }
    }
}

/// A developer's own applications and those of their teams, each found by its own index: PostgreSQL
/// reads every application to find those for which one of two is true.
pub(crate) fn own(developer: Uuid) -> Condition {
    let ids = |which: SimpleExpr| {
        let found = application::Entity::find().select_only().column(application::Column::Id);
        found.filter(which).into_query()
    };
    let of_teams = application::Column::TeamId.in_subquery(team::of_developer(developer));
    let mut own = ids(application::Column::DeveloperId.eq(developer));
    own.union(UnionType::All, ids(of_teams));
    Condition::any().add(application::Column::Id.in_subquery(own))
}

/// The developer, or one of their teams.
pub(super) async fn own_team(
    db: &impl ConnectionTrait,
    developer: &developer::Model,
    team: Option<Uuid>,
) -> Result<Owner, Problem> {
    let Some(team) = team else { return Ok(Owner::developer(developer.id)) };
    match team::is_member(db, team, developer.id).await? {
        true => Ok(Owner::team(team)),
        false => Err(no_such_team("team_id")),
    }
}

/// Who moves an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mover {
    /// One of its developers: the new owner has to be let by roles.
    Developer,
    /// An administrator, who hands out roles.
    Admin,
}

/// Whether an application may go to an owner; who that is.
pub(super) async fn check_move(
    db: &impl ConnectionTrait,
    application: &application::Model,
    to: Owner,
    field: &str,
    mover: Mover,
) -> Result<Heir, Problem> {
    let portal = usecase::portal::find(db, application.portal_id).await?;
    let heir = Heir::find(db, &portal, to, field).await?;
    if to != Owner::of(application) {
        let registers = match mover {
            Mover::Developer => Some(registers_for_all(db, &portal, application, to).await?),
            Mover::Admin => None,
        };
        let owning = heir.owning(db).await?;
        lifecycle::hand_over(owning, registers).map_err(|refused| refusal(refused, field))?;
    }
    Ok(heir)
}

/// Whether an owner could register for everything that an application is registered for.
async fn registers_for_all(
    db: &impl ConnectionTrait,
    portal: &portal::Model,
    application: &application::Model,
    owner: Owner,
) -> Result<bool, Problem> {
    let registrations = registration::Entity::find()
        .filter(registration::Column::ApplicationId.eq(application.id))
        .all(db)
        .await?;
    for registration in registrations {
        let id = (registration.api_id, portal.id);
        let publication = publication::Entity::find_by_id(id).one(db).await?;
        if let Some(publication) = publication
            && !catalogue::may_register(db, portal, &publication, owner).await?
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Somebody who is to own an application.
pub(super) struct Heir {
    owner: Owner,
    can_own: bool,
    /// The developer is not approved, and the portal stops those.
    suspended: bool,
}

impl Heir {
    /// The developer or team of a portal whom `field` of a body names.
    pub(super) async fn find(
        db: &impl ConnectionTrait,
        portal: &portal::Model,
        owner: Owner,
        field: &str,
    ) -> Result<Self, Problem> {
        match owner.kind {
            OwnerType::Developer => {
                let found = usecase::developer::find(db, portal.id, owner.id).await;
                let found = found.map_err(|_| no_such("Developer", field))?;
                Ok(Self { owner, can_own: true, suspended: suspends(portal, &found) })
            }
            OwnerType::Team => {
                let found = team::find(db, portal.id, owner.id).await;
                let found = found.map_err(|_| no_such_team(field))?;
                Ok(Self { owner, can_own: found.can_own_applications, suspended: false })
            }
        }
    }

    async fn owning(&self, db: &impl ConnectionTrait) -> Result<lifecycle::Heir, DbErr> {
        let column = match self.owner.kind {
            OwnerType::Developer => application::Column::DeveloperId,
            OwnerType::Team => application::Column::TeamId,
        };
        let owned = application::Entity::find().filter(column.eq(self.owner.id)).count(db).await?;
        let owned = usize::try_from(owned).unwrap_or(usize::MAX);
        Ok(lifecycle::Heir { owned, can_own: self.can_own })
    }

    pub(super) async fn may_create(
        &self,
        db: &impl ConnectionTrait,
        field: &str,
    ) -> Result<ApplicationStatus, Problem> {
        lifecycle::create(self.owning(db).await?).map_err(|refused| refusal(refused, field))
    }

    pub(super) fn take(&self, application: &mut application::Model) {
        let id = Some(self.owner.id);
        (application.developer_id, application.team_id) = match self.owner.kind {
            OwnerType::Developer => (id, None),
            OwnerType::Team => (None, id),
        };
        application.suspended = self.suspended;
    }
}

/// Whether the applications of a developer are suspended.
fn suspends(portal: &portal::Model, developer: &developer::Model) -> bool {
    // What is none of ours lets nothing through.
    let status = DeveloperStatus::parse(&developer.status).unwrap_or(DeveloperStatus::Revoked);
    let rule = Unapproved::parse(&portal.revoked_developers).unwrap_or(Unapproved::Stop);
    gatekey_core::lifecycle::developer::suspends(status, rule)
}

/// Suspends the applications of developers, or lets them work again, as their status and the portal's
/// setting say. It is part of the change that altered one of the two.
pub(crate) async fn suspend(
    tx: &mut ChangeSet,
    portal: &portal::Model,
    developers: &[developer::Model],
) -> Result<(), Problem> {
    for developer in developers {
        let suspended = suspends(portal, developer);
        let changed = application::Entity::find()
            .filter(application::Column::DeveloperId.eq(developer.id))
            .filter(application::Column::Suspended.eq(!suspended))
            .all(&**tx)
            .await?;
        for application in changed {
            let mut row = application.into_active_model();
            row.suspended = Set(suspended);
            let after = row.update(&**tx).await?;
            tx.put_application(&after).await?;
        }
    }
    Ok(())
}

/// The developers whom an application belongs to: its owner, or the members of the team that owns it.
pub(crate) async fn developers(
    db: &impl ConnectionTrait,
    application: &application::Model,
) -> Result<Vec<developer::Model>, DbErr> {
    match (application.team_id, application.developer_id) {
        (Some(team), _) => team::members(db, team).await,
        (None, Some(developer)) => {
            let found = developer::Entity::find_by_id(developer).one(db).await?;
            Ok(found.into_iter().collect())
        }
        (None, None) => Ok(Vec::new()),
    }
}

fn refusal(refusal: lifecycle::Refusal, field: &str) -> Problem {
    match refusal {
        lifecycle::Refusal::TooManyApplications => Problem::forbidden(format!(
            "A developer or team can have at most {APPLICATIONS_PER_DEVELOPER} applications"
        )),
        lifecycle::Refusal::TeamCannotOwn => {
            let reason = "the team may not own applications";
            Problem::one_invalid(Invalid::body(field, "invalid", reason))
        }
        lifecycle::Refusal::NotAConsumer => Problem::conflict(
            "The new owner is not an API Consumer of everything that the application is registered \
             for",
        ),
        lifecycle::Refusal::StrategyIsFixed => {
            Problem::conflict("The auth strategy of an application cannot be changed")
        }
    }
}

fn no_such_team(field: &str) -> Problem {
    no_such("Team", field)
}

fn no_such(what: &str, field: &str) -> Problem {
    Problem::one_invalid(Invalid::body(field, "missing_reference", format!("{what} not found")))
}
