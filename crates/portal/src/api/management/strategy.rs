//! `/v2/application-auth-strategies`, and the same under `/v3`.

use std::collections::HashMap;

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::sea_query::{ExprTrait, Query, SimpleExpr};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use uuid::Uuid;

use super::alias::{BASES, Base};
use super::dcr_provider::Verification;
use crate::actor::Admin;
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::{Instant, Labels, StrategyPath, members};
use crate::app::App;
use crate::input::{Body, Ids};
use crate::list::{Attribute, Kind, ListQuery, ListSpec, Paged, attribute};
use crate::problem::Problem;
use crate::store::entity::strategy::{self, Column};
use crate::store::entity::{dcr_provider, publication};
use crate::usecase::dcr_provider as providers;
use crate::usecase::issuer::{self, Discovery};
use crate::usecase::strategy::{self as usecase, KEY_AUTH, KeyAuth, NewStrategy, StrategyEdit};

const TAG: &str = "Auth strategies";

/// Something of the provider of a strategy.
fn of_provider(column: dcr_provider::Column) -> SimpleExpr {
    let found = Query::select()
        .expr(column.into_expr())
        .from(dcr_provider::Entity)
        .and_where(
            dcr_provider::Column::Id.into_expr().equals(Column::DcrProviderId.as_column_ref()),
        )
        .to_owned();
    SimpleExpr::SubQuery(None, Box::new(found.into()))
}

const PROVIDER_NAME: Attribute = Attribute {
    name: "dcr_provider_name",
    kind: Kind::Text,
    column: || of_provider(dcr_provider::Column::Name),
};

const PROVIDER_TYPE: Attribute = Attribute {
    name: "dcr_provider_type",
    kind: Kind::Text,
    column: || of_provider(dcr_provider::Column::Kind),
};

const LIST: ListSpec = ListSpec {
    filters: &[
        attribute!(Id "id" = Column::Id),
        attribute!(Text "strategy_type" = Column::Kind),
        attribute!(Text "name" = Column::Name),
        attribute!(Text "display_name" = Column::DisplayName),
        attribute!(Id "dcr_provider_id" = Column::DcrProviderId),
        PROVIDER_NAME,
        PROVIDER_TYPE,
    ],
    sorts: &[
        attribute!(Text "name" = Column::Name),
        attribute!(Text "display_name" = Column::DisplayName),
        attribute!(Text "strategy_type" = Column::Kind),
        attribute!(Id "dcr_provider_id" = Column::DcrProviderId),
        PROVIDER_NAME,
        PROVIDER_TYPE,
        attribute!(Time "created_at" = Column::CreatedAt),
        attribute!(Time "updated_at" = Column::UpdatedAt),
    ],
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
    /// The provider at which applications are registered.
    dcr_provider: Option<ProviderSummary>,
    /// Whether an application can have several credentials.
    supports_multiple_credentials: bool,
    labels: Labels,
    created_at: Instant,
    updated_at: Instant,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AuthStrategyConfigs")]
enum ConfigsView {
    #[serde(rename = "key-auth")]
    KeyAuth(KeyAuth),
    #[serde(rename = "openid-connect")]
    OpenIdConnect(Labels),
}

/// A provider, as part of a strategy.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DcrProviderSummary")]
struct ProviderSummary {
    id: Uuid,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    provider_type: String,
}

impl View {
    fn of(
        app: &App,
        row: strategy::Model,
        active: bool,
        provider: Option<&dcr_provider::Model>,
    ) -> Result<Self, Problem> {
        let is_key_auth = row.kind == KEY_AUTH;
        let supports_multiple_credentials = match provider {
            Some(provider) => providers::has_several_secrets(app, provider),
            None => is_key_auth,
        };
        Ok(Self {
            configs: if is_key_auth {
                ConfigsView::KeyAuth(KeyAuth::of(&row)?)
            } else {
                ConfigsView::OpenIdConnect(members(row.config))
            },
            id: row.id,
            name: row.name,
            display_name: row.display_name,
            strategy_type: row.kind,
            active,
            dcr_provider: provider.map(|provider| ProviderSummary {
                id: provider.id,
                name: provider.name.clone(),
                display_name: provider.display_name.clone(),
                provider_type: provider.kind.clone(),
            }),
            supports_multiple_credentials,
            labels: members(row.labels),
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        })
    }
}

/// What is known of a strategy's issuer.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "IssuerDiscovery")]
struct DiscoveryView {
    /// `pending`, `discovered`, `failed`, or `not_needed` when the settings say all.
    status: &'static str,
    /// The issuer as it was entered.
    entered_issuer: String,
    /// The issuer as tokens name it, as soon as that is known: gateways compare exactly.
    issuer: Option<String>,
    /// Where its keys are.
    jwks_uri: Option<String>,
    /// When its provider was last asked.
    checked_at: Option<Instant>,
    /// What went wrong then. What was discovered before goes on holding.
    error: Option<String>,
    /// What else is worth knowing.
    hint: Option<String>,
}

impl From<Discovery> for DiscoveryView {
    fn from(known: Discovery) -> Self {
        Self {
            status: known.status.as_str(),
            hint: known.hint(),
            entered_issuer: known.entered,
            issuer: known.issuer,
            jwks_uri: known.jwks_uri,
            checked_at: known.checked_at.map(Instant),
            error: known.error,
        }
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    BASES.into_iter().fold(ApiRouter::new(), |router, base| router.merge(routes_at(base)))
}

fn routes_at(base: Base) -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            &base.path("/application-auth-strategies"),
            get_with(list, move |op| {
                LIST.document(base.operation(op, "list-app-auth-strategies", TAG))
            })
            .post_with(create, move |op| base.operation(op, "create-app-auth-strategy", TAG)),
        )
        .api_route(
            &base.path("/application-auth-strategies/{authStrategyId}"),
            get_with(show, move |op| base.operation(op, "get-app-auth-strategy", TAG))
                .put_with(replace, move |op| base.operation(op, "replace-app-auth-strategy", TAG))
                .patch_with(update, move |op| base.operation(op, "update-app-auth-strategy", TAG))
                .delete_with(delete, move |op| base.operation(op, "delete-app-auth-strategy", TAG)),
        )
        .api_route(
            &base.path("/application-auth-strategies/{authStrategyId}/discovery"),
            get_with(discovery, move |op| {
                base.extension(op, "get-app-auth-strategy-discovery", TAG)
            }),
        )
        .api_route(
            &base.path("/application-auth-strategies/{authStrategyId}/verify"),
            post_with(verify, move |op| base.extension(op, "verify-app-auth-strategy", TAG)),
        )
}

async fn views(app: &App, rows: Vec<strategy::Model>) -> Result<Vec<View>, Problem> {
    let db = app.store.db();
    let active: Vec<_> = publication::Entity::find()
        .filter(publication::Column::StrategyId.is_in(rows.iter().map(|row| row.id)))
        .all(db)
        .await?
        .into_iter()
        .filter_map(|publication| publication.strategy_id)
        .collect();
    let named = rows.iter().filter_map(|row| row.dcr_provider_id);
    let named = dcr_provider::Column::Id.is_in(named);
    let known = dcr_provider::Entity::find().filter(named).all(db).await?;
    let known: HashMap<Uuid, _> = known.into_iter().map(|row| (row.id, row)).collect();
    let views = rows.into_iter().map(|row| {
        let active = active.contains(&row.id);
        let provider = row.dcr_provider_id.and_then(|id| known.get(&id));
        View::of(app, row, active, provider)
    });
    views.collect()
}

async fn view(app: &App, row: strategy::Model) -> Result<View, Problem> {
    let view = views(app, vec![row]).await?.into_iter().next();
    view.ok_or_else(|| Problem::internal("a strategy has no view"))
}

async fn list(
    _: Admin,
    State(app): State<App>,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let select = strategy::Entity::find();
    let (rows, page) = query.read(&LIST)?.fetch(app.store.db(), select).await?.split();
    Ok(Shown(page.with(views(&app, rows).await?)))
}

async fn create(
    _: Admin,
    State(app): State<App>,
    body: Body<NewStrategy>,
) -> Result<Created<View>, Problem> {
    let made = usecase::create(&app, body.0).await?;
    Ok(Created(view(&app, made).await?))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<StrategyPath>,
) -> Result<Shown<View>, Problem> {
    let found = usecase::find(app.store.db(), ids.auth_strategy_id).await?;
    Ok(Shown(view(&app, found).await?))
}

/// Konnect answers a replacement with 201.
async fn replace(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<StrategyPath>,
    body: Body<NewStrategy>,
) -> Result<Created<View>, Problem> {
    let replaced = usecase::replace(&app, ids.auth_strategy_id, body.0).await?;
    Ok(Created(view(&app, replaced).await?))
}

async fn update(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<StrategyPath>,
    body: Body<StrategyEdit>,
) -> Result<Shown<View>, Problem> {
    let updated = usecase::update(&app, ids.auth_strategy_id, body.0).await?;
    Ok(Shown(view(&app, updated).await?))
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<StrategyPath>,
) -> Result<NoContent, Problem> {
    usecase::delete(&app, ids.auth_strategy_id).await?;
    Ok(NoContent)
}

/// What is known of an issuer; a strategy without one has no such thing.
async fn discovery(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<StrategyPath>,
) -> Result<Shown<DiscoveryView>, Problem> {
    let row = usecase::find(app.store.db(), ids.auth_strategy_id).await?;
    let known = Discovery::of(&row).ok_or_else(Problem::not_found)?;
    Ok(Shown(known.into()))
}

/// Asks the provider now.
async fn verify(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<StrategyPath>,
) -> Result<Shown<Verification>, Problem> {
    let known = issuer::check(&app, ids.auth_strategy_id).await?.ok_or_else(Problem::not_found)?;
    Ok(Shown(Verification::of(known.error.into_iter().collect())))
}
