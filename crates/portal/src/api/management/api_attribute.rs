//! `/v3/api-attributes`.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::ColumnTrait;
use serde::Serialize;
use uuid::Uuid;

use crate::actor::Admin;
use crate::api::reply::Shown;
use crate::api::shape::Instant;
use crate::app::App;
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::attribute::Column;
use crate::usecase::attribute;

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Id "id" = Column::Id;
        Text "key" = Column::Name;
        Time "created_at" = Column::CreatedAt;
        Time "updated_at" = Column::UpdatedAt;
    },
    sorts: attributes! {
        Id "id" = Column::Id;
        Text "key" = Column::Name;
        Time "created_at" = Column::CreatedAt;
        Time "updated_at" = Column::UpdatedAt;
    },
    order: || vec![Column::Name.into_expr()],
};

/// A kind of attribute of APIs.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApiAttribute")]
struct View {
    id: Uuid,
    created_at: Instant,
    updated_at: Instant,
    key: String,
    values: Vec<Value>,
}

/// A value, and how many APIs have it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApiAttributeValue")]
struct Value {
    value: String,
    api_count: i64,
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new().api_route(
        "/v3/api-attributes",
        get_with(list, |op| LIST.document(op.id("list-api-attributes").tag("API attributes"))),
    )
}

async fn list(
    _: Admin,
    State(app): State<App>,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let db = app.store.db();
    let (rows, page) = query.read(&LIST)?.fetch(db, attribute::used()).await?.split();
    let counts = attribute::counts(db, rows.iter().map(|row| row.id), None).await?;
    let views = rows.into_iter().map(|row| {
        let values = counts.iter().filter(|((id, _), _)| *id == row.id);
        View {
            id: row.id,
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
            key: row.name,
            values: values
                .map(|((_, value), count)| Value { value: value.clone(), api_count: *count })
                .collect(),
        }
    });
    Ok(Shown(page.with(views.collect())))
}
