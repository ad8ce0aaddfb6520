//! What somebody sees of a portal's APIs: public ones everybody, private ones those who signed
//! in. Where roles decide (`rbac_enabled`) and there are none, nobody sees a private API.

use sea_orm::sea_query::{Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Select};
use uuid::Uuid;

use super::portal::Visibility;
use crate::input::is_uuid;
use crate::problem::Problem;
use crate::store::entity::{api, developer, portal, publication};

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
    if developer.is_none() || portal.rbac_enabled {
        ids.and_where(publication::Column::Visibility.eq(Visibility::Public.as_str()));
    }
    ids.take()
}
