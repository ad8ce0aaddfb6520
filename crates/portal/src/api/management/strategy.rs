//! `/v2/application-auth-strategies`.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use uuid::Uuid;

use crate::actor::Admin;
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::{Instant, Labels, StrategyPath, members};
use crate::app::App;
use crate::input::{Body, Ids};
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::publication;
use crate::store::entity::strategy::{self, Column};
use crate::usecase::strategy::{self as usecase, KeyAuth, NewStrategy, StrategyEdit};

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Id "id" = Column::Id;
        Text "strategy_type" = Column::Kind;
        Text "name" = Column::Name;
        Text "display_name" = Column::DisplayName;
    },
    sorts: attributes! {
        Text "name" = Column::Name;
        Text "display_name" = Column::DisplayName;
        Text "strategy_type" = Column::Kind;
        Time "created_at" = Column::CreatedAt;
        Time "updated_at" = Column::UpdatedAt;
    },
    order: || vec![Column::CreatedAt.into_expr(), Column::Id.into_expr()],
};

/// A strategy.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AuthStrategy")]
struct View {
    id: Uuid,
    name: String,
    display_name: String,
    strategy_type: String,
    configs: ConfigsView,
    /// Whether a publication uses it.
    active: bool,
    /// Always null: there are no providers.
    dcr_provider: Option<Uuid>,
    supports_multiple_credentials: bool,
    labels: Labels,
    created_at: Instant,
    updated_at: Instant,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AuthStrategyConfigs")]
struct ConfigsView {
    #[serde(rename = "key-auth")]
    key_auth: KeyAuth,
}

impl View {
    fn of(row: strategy::Model, active: bool) -> Result<Self, Problem> {
        Ok(Self {
            configs: ConfigsView { key_auth: KeyAuth::of(&row)? },
            id: row.id,
            name: row.name,
            display_name: row.display_name,
            strategy_type: row.kind,
            active,
            dcr_provider: None,
            supports_multiple_credentials: true,
            labels: members(row.labels),
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        })
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/v2/application-auth-strategies",
            get_with(list, |op| {
                LIST.document(op.id("list-app-auth-strategies").tag("Auth strategies"))
            })
            .post_with(create, |op| op.id("create-app-auth-strategy").tag("Auth strategies")),
        )
        .api_route(
            "/v2/application-auth-strategies/{authStrategyId}",
            get_with(show, |op| op.id("get-app-auth-strategy").tag("Auth strategies"))
                .put_with(replace, |op| op.id("replace-app-auth-strategy").tag("Auth strategies"))
                .patch_with(update, |op| op.id("update-app-auth-strategy").tag("Auth strategies"))
                .delete_with(delete, |op| op.id("delete-app-auth-strategy").tag("Auth strategies")),
        )
}

async fn view(db: &impl ConnectionTrait, row: strategy::Model) -> Result<View, Problem> {
    let active = usecase::is_active(db, row.id).await?;
    View::of(row, active)
}

async fn list(
    _: Admin,
    State(app): State<App>,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let db = app.store.db();
    let (rows, page) = query.read(&LIST)?.fetch(db, strategy::Entity::find()).await?.split();
    let active: Vec<_> = publication::Entity::find()
        .filter(publication::Column::StrategyId.is_in(rows.iter().map(|row| row.id)))
        .all(db)
        .await?
        .into_iter()
        .filter_map(|publication| publication.strategy_id)
        .collect();
    let views = rows.into_iter().map(|row| {
        let active = active.contains(&row.id);
        View::of(row, active)
    });
    Ok(Shown(page.with(views.collect::<Result<_, _>>()?)))
}

async fn create(
    _: Admin,
    State(app): State<App>,
    body: Body<NewStrategy>,
) -> Result<Created<View>, Problem> {
    let made = usecase::create(&app, body.0).await?;
    Ok(Created(view(app.store.db(), made).await?))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<StrategyPath>,
) -> Result<Shown<View>, Problem> {
    let found = usecase::find(app.store.db(), ids.auth_strategy_id).await?;
    Ok(Shown(view(app.store.db(), found).await?))
}

/// Konnect answers a replacement with 201.
async fn replace(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<StrategyPath>,
    body: Body<NewStrategy>,
) -> Result<Created<View>, Problem> {
    let replaced = usecase::replace(&app, ids.auth_strategy_id, body.0).await?;
    Ok(Created(view(app.store.db(), replaced).await?))
}

async fn update(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<StrategyPath>,
    body: Body<StrategyEdit>,
) -> Result<Shown<View>, Problem> {
    let updated = usecase::update(&app, ids.auth_strategy_id, body.0).await?;
    Ok(Shown(view(app.store.db(), updated).await?))
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<StrategyPath>,
) -> Result<NoContent, Problem> {
    usecase::delete(&app, ids.auth_strategy_id).await?;
    Ok(NoContent)
}
