//! What somebody sees of a portal's APIs, and may register for: public ones everybody sees, private
//! ones those who signed in. Where roles decide (`rbac_enabled`), a private API is for those whose
//! teams have a role for it.
//!
//! The rule is [`gatekey_core::lifecycle::role`]'s; lists apply it as a part of their query.

use gatekey_core::lifecycle::role::{self as rule, Roles, Shown};
use sea_orm::sea_query::{Query, SelectStatement};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Select};
use uuid::Uuid;

use super::application::{Owner, OwnerType, own};
use super::portal::Visibility;
use super::team::role;
use crate::input::is_uuid;
use crate::problem::Problem;
use crate::store::entity::{api, application, developer, portal, publication};

/// The APIs that somebody sees.
pub(crate) fn visible(
    portal: &portal::Model,
    developer: Option<&developer::Model>,
) -> Select<api::Entity> {
    api::Entity::find().filter(api::Column::Id.in_subquery(published(portal, developer)))
}

/// Whether somebody sees an API.
pub(crate) async fn sees(
    db: &impl ConnectionTrait,
    portal: &portal::Model,
    developer: Option<&developer::Model>,
    api: Uuid,
) -> Result<bool, DbErr> {
    let found = visible(portal, developer).filter(api::Column::Id.eq(api)).one(db).await?;
    Ok(found.is_some())
}

/// Whether applications of an owner can be registered for a published API, as far as roles go.
pub(crate) async fn may_register(
    db: &impl ConnectionTrait,
    portal: &portal::Model,
    publication: &publication::Model,
    owner: Owner,
) -> Result<bool, DbErr> {
    let shown = shown(portal, publication);
    if rule::registers(shown, Roles::default()) {
        return Ok(true);
    }
    let roles = match owner.kind {
        OwnerType::Developer => role::of_member(db, owner.id, publication.api_id).await?,
        OwnerType::Team => role::of_team(db, owner.id, publication.api_id).await?,
    };
    Ok(rule::registers(shown, roles))
}

/// Those of a developer's applications, and of their teams', whose owner is let register for a published
/// API.
pub(crate) async fn registrants(
    db: &impl ConnectionTrait,
    portal: &portal::Model,
    publication: &publication::Model,
    developer: &developer::Model,
) -> Result<Condition, DbErr> {
    use application::Column;
    let shown = shown(portal, publication);
    if rule::registers(shown, Roles::default()) {
        return Ok(own(developer.id));
    }
    let teams = role::consumers_of(developer.id, publication.api_id);
    let mut some = Condition::any().add(Column::TeamId.in_subquery(teams));
    let roles = role::of_member(db, developer.id, publication.api_id).await?;
    if rule::registers(shown, roles) {
        some = some.add(Column::DeveloperId.eq(developer.id));
    }
    Ok(some)
}

fn shown(portal: &portal::Model, publication: &publication::Model) -> Shown {
    Shown {
        public: publication.visibility == Visibility::Public.as_str(),
        rbac: portal.rbac_enabled,
    }
}

/// An API that somebody sees, by id or slug, and how it is published. Others do not exist.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    portal: &portal::Model,
    developer: Option<&developer::Model>,
    id_or_slug: &str,
) -> Result<(api::Model, publication::Model), Problem> {
    let id = Some(id_or_slug).filter(|text| is_uuid(text));
    let named = match id.and_then(|id| Uuid::try_parse(id).ok()) {
        Some(id) => api::Column::Id.eq(id),
        None => api::Column::Slug.eq(id_or_slug),
    };
    let api = visible(portal, developer).filter(named).one(db).await?;
    let api = api.ok_or_else(Problem::not_found)?;
    let publication = publication::Entity::find_by_id((api.id, portal.id)).one(db).await?;
    Ok((api, publication.ok_or_else(Problem::not_found)?))
}

fn published(portal: &portal::Model, developer: Option<&developer::Model>) -> SelectStatement {
    let mut ids = Query::select();
    ids.column(publication::Column::ApiId)
        .from(publication::Entity)
        .and_where(publication::Column::PortalId.eq(portal.id))
        .and_where(super::publication::live());
    let public = publication::Column::Visibility.eq(Visibility::Public.as_str());
    match developer {
        None => {
            ids.and_where(public);
        }
        Some(developer) if portal.rbac_enabled => {
            let held = publication::Column::ApiId.in_subquery(role::apis_of(developer.id));
            ids.cond_where(Condition::any().add(public).add(held));
        }
        Some(_) => {}
    }
    ids.take()
}
