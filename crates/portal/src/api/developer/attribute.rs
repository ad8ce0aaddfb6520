//! What visitors find APIs by: `api-attributes`.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;

use super::BASE;
use crate::actor::Visitor;
use crate::api::reply::Shown;
use crate::app::App;
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::attribute::{Column, Entity};
use crate::usecase::attribute;

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Text "key" = Column::Name;
    },
    sorts: attributes! {},
    order: || vec![Column::Name.into_expr()],
};

/// A kind of attribute of the APIs that somebody sees.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CatalogueAttribute")]
struct View {
    key: String,
    values: Vec<Value>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CatalogueAttributeValue")]
struct Value {
    value: String,
    /// How many APIs have it.
    api_count: i64,
    /// How many of those that have what the query selects. Only there if it selects something.
    #[serde(skip_serializing_if = "Option::is_none")]
    selected_api_count: Option<i64>,
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new().api_route(
        &format!("{BASE}/api-attributes"),
        get_with(list, |op| {
            LIST.document(op.id("get-paginated-api-attributes").tag("APIs of a portal"))
                .parameter_untyped("selected", |parameter| {
                    parameter.description(
                        "`selected[KEY]=VALUE,VALUE`: also count the APIs that have one of \
                         these values.",
                    )
                })
        }),
    )
}

async fn list(
    State(app): State<App>,
    visitor: Visitor,
    mut query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let db = app.store.db();
    let selected = query.take_selected()?;
    let seen = visitor.apis(&app).await?;
    let select = Entity::find().filter(Column::Id.in_subquery(attribute::of(seen.clone())));
    let (rows, page) = query.read(&LIST)?.fetch(db, select).await?.split();
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let all = attribute::counts(db, ids.clone(), Some(seen.clone())).await?;
    let some = if selected.is_empty() {
        None
    } else {
        let seen = attribute::narrowed(seen, attribute::selected(&selected));
        Some(attribute::counts(db, ids, Some(seen)).await?)
    };
    let views = rows.into_iter().map(|row| {
        let values = all.iter().filter(|((id, _), _)| *id == row.id);
        View {
            key: row.name,
            values: values
                .map(|(key, count)| Value {
                    value: key.1.clone(),
                    api_count: *count,
                    selected_api_count: some
                        .as_ref()
                        .map(|some| some.get(key).copied().unwrap_or_default()),
                })
                .collect(),
        }
    });
    Ok(Shown(page.with(views.collect())))
}
