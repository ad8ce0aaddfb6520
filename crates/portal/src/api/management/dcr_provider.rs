//! `/v2/dcr-providers`, and the same under `/v3`.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::sea_query::{Expr, SimpleExpr};
use sea_orm::{ColumnTrait, EntityTrait};
use serde::Serialize;
use uuid::Uuid;

use super::alias::{BASES, Base};
use crate::actor::Admin;
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::{Instant, Labels, ProviderPath, members};
use crate::app::App;
use crate::input::{Body, Ids};
use crate::list::{Attribute, Kind, ListQuery, ListSpec, Paged, attribute};
use crate::problem::Problem;
use crate::store::entity::dcr_provider::{self, Column};
use crate::usecase::dcr_provider::{self as usecase, NewProvider, ProviderEdit};

const TAG: &str = "DCR providers";

/// A member of the configuration: both databases read it in the same way.
fn client_id() -> SimpleExpr {
    Expr::cust(r#""dcr_providers"."config" ->> 'initial_client_id'"#)
}

fn client_audience() -> SimpleExpr {
    Expr::cust(r#""dcr_providers"."config" ->> 'initial_client_audience'"#)
}

const LIST: ListSpec = ListSpec {
    filters: &[
        attribute!(Id "id" = Column::Id),
        attribute!(Text "issuer" = Column::Issuer),
        attribute!(Text "name" = Column::Name),
        attribute!(Text "provider_type" = Column::Kind),
        Attribute { name: "initial_client_id", kind: Kind::Text, column: client_id },
        Attribute { name: "initial_client_audience", kind: Kind::Text, column: client_audience },
    ],
    sorts: &[
        attribute!(Time "created_at" = Column::CreatedAt),
        attribute!(Time "updated_at" = Column::UpdatedAt),
        attribute!(Text "provider_type" = Column::Kind),
        attribute!(Text "issuer" = Column::Issuer),
        attribute!(Text "name" = Column::Name),
    ],
    order: || vec![Column::CreatedAt.into_expr(), Column::Id.into_expr()],
};

/// A provider, without its secrets.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DcrProvider")]
struct View {
    id: Uuid,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    provider_type: String,
    issuer: String,
    /// Whether a strategy that is published uses it.
    active: bool,
    /// What the kind of provider needs, without secrets.
    dcr_config: Labels,
    labels: Labels,
    created_at: Instant,
    updated_at: Instant,
}

impl View {
    fn of(row: dcr_provider::Model, active: &[Uuid]) -> Result<Self, Problem> {
        Ok(Self {
            dcr_config: usecase::shown(&row)?,
            active: active.contains(&row.id),
            id: row.id,
            name: row.name,
            display_name: row.display_name,
            provider_type: row.kind,
            issuer: row.issuer,
            labels: members(row.labels),
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        })
    }
}

/// What came of asking a provider.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Verification {
    /// `success` or `failed`.
    status: &'static str,
    /// What is wrong.
    errors: Vec<String>,
}

impl Verification {
    /// Success, unless there are errors.
    pub(super) fn of(errors: Vec<String>) -> Self {
        Self { status: if errors.is_empty() { "success" } else { "failed" }, errors }
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    BASES.into_iter().fold(ApiRouter::new(), |router, base| router.merge(routes_at(base)))
}

fn routes_at(base: Base) -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            &base.path("/dcr-providers"),
            get_with(list, move |op| LIST.document(base.operation(op, "list-dcr-providers", TAG)))
                .post_with(create, move |op| base.operation(op, "create-dcr-provider", TAG)),
        )
        .api_route(
            &base.path("/dcr-providers/{dcrProviderId}"),
            get_with(show, move |op| base.operation(op, "get-dcr-provider", TAG))
                .patch_with(update, move |op| base.operation(op, "update-dcr-provider", TAG))
                .delete_with(delete, move |op| base.operation(op, "delete-dcr-provider", TAG)),
        )
        .api_route(
            &base.path("/dcr-providers/{dcrProviderId}/verify"),
            post_with(verify, move |op| base.operation(op, "verify-dcr-provider", TAG)),
        )
}

async fn view(app: &App, row: dcr_provider::Model) -> Result<View, Problem> {
    let active = usecase::active(app.store.db(), [row.id]).await?;
    View::of(row, &active)
}

async fn list(
    _: Admin,
    State(app): State<App>,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let db = app.store.db();
    let (rows, page) = query.read(&LIST)?.fetch(db, dcr_provider::Entity::find()).await?.split();
    let active = usecase::active(db, rows.iter().map(|row| row.id)).await?;
    let views = rows.into_iter().map(|row| View::of(row, &active));
    Ok(Shown(page.with(views.collect::<Result<_, _>>()?)))
}

async fn create(
    _: Admin,
    State(app): State<App>,
    body: Body<NewProvider>,
) -> Result<Created<View>, Problem> {
    let made = usecase::create(&app, body.0).await?;
    Ok(Created(view(&app, made).await?))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ProviderPath>,
) -> Result<Shown<View>, Problem> {
    let row = usecase::find(app.store.db(), ids.dcr_provider_id).await?;
    Ok(Shown(view(&app, row).await?))
}

async fn update(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ProviderPath>,
    body: Body<ProviderEdit>,
) -> Result<Shown<View>, Problem> {
    let row = usecase::update(&app, ids.dcr_provider_id, body.0).await?;
    Ok(Shown(view(&app, row).await?))
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ProviderPath>,
) -> Result<NoContent, Problem> {
    usecase::delete(&app, ids.dcr_provider_id).await?;
    Ok(NoContent)
}

async fn verify(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ProviderPath>,
) -> Result<Shown<Verification>, Problem> {
    let row = usecase::find(app.store.db(), ids.dcr_provider_id).await?;
    Ok(Shown(Verification::of(usecase::verify(&app, &row).await?)))
}
