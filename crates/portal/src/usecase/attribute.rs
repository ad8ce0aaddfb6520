//! The attributes of all APIs, kept apart from the APIs to be counted and filtered by.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sea_orm::sea_query::{Query, SelectStatement};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect, Select,
};
use serde_json::Value;
use uuid::Uuid;

use crate::list::MemberFilter;
use crate::problem::Problem;
use crate::store::entity::attribute_value::{Column, Entity};
use crate::store::entity::{api, attribute, attribute_value};

/// Keeps the attributes of an API, instead of those it had.
pub(crate) async fn replace(
    db: &impl ConnectionTrait,
    api: Uuid,
    attributes: &Value,
    now: i64,
) -> Result<(), DbErr> {
    let mut wanted: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, values) in attributes.as_object().into_iter().flatten() {
        let values = values.as_array().into_iter().flatten().filter_map(Value::as_str);
        wanted.entry(name).or_default().extend(values);
    }
    Entity::delete_many().filter(Column::ApiId.eq(api)).exec(db).await?;
    let names = wanted.keys().copied();
    let known = attribute::Entity::find().filter(attribute::Column::Name.is_in(names));
    let mut known: HashMap<_, _> =
        known.all(db).await?.into_iter().map(|row| (row.name, row.id)).collect();
    let mut rows = Vec::new();
    for (name, values) in wanted {
        let attribute_id = match known.remove(name) {
            Some(id) => id,
            None => {
                let id = Uuid::now_v7();
                let name = name.to_owned();
                let made = attribute::Model { id, name, created_at: now, updated_at: now };
                made.into_active_model().insert(db).await?.id
            }
        };
        rows.extend(values.into_iter().map(|value| {
            let value = value.to_owned();
            attribute_value::Model { api_id: api, attribute_id, value }.into_active_model()
        }));
    }
    if !rows.is_empty() {
        Entity::insert_many(rows).exec_without_returning(db).await?;
    }
    sweep(db).await
}

/// The attributes that an API has. Where an API goes with something else, its attributes are
/// dropped later.
pub(crate) fn used() -> Select<attribute::Entity> {
    let used = Query::select().column(Column::AttributeId).from(Entity).take();
    attribute::Entity::find().filter(attribute::Column::Id.in_subquery(used))
}

/// Drops the attributes that no API has any more.
pub(crate) async fn sweep(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    let used = Query::select().column(Column::AttributeId).from(Entity).take();
    attribute::Entity::delete_many()
        .filter(attribute::Column::Id.not_in_subquery(used))
        .exec(db)
        .await
        .map(|_| ())
}

/// The ids of the APIs with a value, of an attribute of that name, of which a condition holds.
fn having(name: &str, condition: Condition) -> SelectStatement {
    let named = Query::select()
        .column(attribute::Column::Id)
        .from(attribute::Entity)
        .and_where(attribute::Column::Name.eq(name))
        .take();
    Query::select()
        .column(Column::ApiId)
        .from(Entity)
        .and_where(Column::AttributeId.in_subquery(named))
        .cond_where(condition)
        .take()
}

/// What filters on attributes say of an API.
pub(crate) fn matching(filters: &[MemberFilter]) -> Result<Condition, Problem> {
    filters.iter().try_fold(Condition::all(), |all, filter| {
        let value = Column::Value.into_expr();
        Ok(all.add(match filter.negated() {
            Some(wanted) => {
                let having = having(filter.member(), wanted.condition(value)?);
                api::Column::Id.not_in_subquery(having)
            }
            None => {
                let having = having(filter.member(), filter.condition(value)?);
                api::Column::Id.in_subquery(having)
            }
        }))
    })
}

/// That an API has one of some values of each of some attributes.
pub(crate) fn selected(wanted: &[(String, Vec<String>)]) -> Condition {
    wanted.iter().fold(Condition::all(), |all, (name, values)| {
        let values = Condition::all().add(Column::Value.is_in(values));
        all.add(api::Column::Id.in_subquery(having(name, values)))
    })
}

/// How many APIs, of those given, have each value of some attributes; in the order of the values.
pub(crate) async fn counts(
    db: &impl ConnectionTrait,
    attributes: impl IntoIterator<Item = Uuid>,
    apis: Option<SelectStatement>,
) -> Result<BTreeMap<(Uuid, String), i64>, DbErr> {
    let mut select = Entity::find()
        .select_only()
        .column(Column::AttributeId)
        .column(Column::Value)
        .column_as(Column::ApiId.count(), "api_count")
        .filter(Column::AttributeId.is_in(attributes))
        .group_by(Column::AttributeId)
        .group_by(Column::Value)
        .order_by_asc(Column::Value);
    if let Some(apis) = apis {
        select = select.filter(Column::ApiId.in_subquery(apis));
    }
    let counted: Vec<(Uuid, String, i64)> = select.into_tuple().all(db).await?;
    Ok(counted.into_iter().map(|(id, value, count)| ((id, value), count)).collect())
}

/// The ids of the attributes that some APIs have.
pub(crate) fn of(apis: SelectStatement) -> SelectStatement {
    Query::select()
        .column(Column::AttributeId)
        .from(Entity)
        .and_where(Column::ApiId.in_subquery(apis))
        .take()
}

/// Of the APIs of a query those of which something holds.
pub(crate) fn narrowed(apis: SelectStatement, condition: Condition) -> SelectStatement {
    Query::select()
        .column(api::Column::Id)
        .from(api::Entity)
        .and_where(api::Column::Id.in_subquery(apis))
        .cond_where(condition)
        .take()
}
