//! A developer's own applications: `applications`.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::BASE;
use crate::actor::{ClientAddress, SignedIn};
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::{ApplicationPath, Instant, RegenerateSecret};
use crate::api::view::{Strategies, StrategySummary};
use crate::app::App;
use crate::dcr::metadata::strings;
use crate::input::{Body, Given, Ids};
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::application::{self, Column};
use crate::throttle::{Act, By};
use crate::usecase::application::{self as usecase, ApplicationEdit, Made, NewApplication};
use crate::usecase::client::secret;
use crate::usecase::label::LabelEdit;

const TAG: &str = "Own applications";

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Id "id" = Column::Id;
        Text "name" = Column::Name;
        Id "auth_strategy_id" = Column::StrategyId;
        Id "team_id" = Column::TeamId;
    },
    sorts: attributes! {
        Text "name" = Column::Name;
        Time "created_at" = Column::CreatedAt;
        Time "updated_at" = Column::UpdatedAt;
    },
    order: || vec![Column::CreatedAt.into_expr(), Column::Id.into_expr()],
};

/// An application to make.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CreateOwnApplication {
    #[schemars(length(min = 1, max = 255))]
    name: String,
    #[serde(default)]
    #[schemars(length(max = 255))]
    description: Given<String>,
    /// The portal's default, if absent or null.
    #[serde(default)]
    auth_strategy_id: Given<Option<Uuid>>,
    /// Only for `openid_connect`.
    #[serde(default)]
    #[schemars(length(max = 255))]
    client_id: Given<String>,
    /// Only for `openid_connect`.
    #[serde(default)]
    #[schemars(length(max = 2048))]
    redirect_uri: Given<String>,
    /// Only where clients are registered: some of the strategy's scopes.
    #[serde(default)]
    #[schemars(length(max = 50))]
    scopes: Given<Vec<String>>,
    /// One of one's own teams, which is to own it; nobody else, if absent or null.
    #[serde(default)]
    team_id: Given<Option<Uuid>>,
}

/// An application, as its owner sees it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OwnApplication")]
struct View {
    id: Uuid,
    name: String,
    description: Option<String>,
    auth_strategy: StrategySummary,
    /// For `openid_connect`.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    /// For `openid_connect`: shown once, by the answer that makes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    redirect_uri: Option<String>,
    /// The scopes that were chosen, where the provider lets developers choose.
    #[serde(skip_serializing_if = "Option::is_none")]
    scopes: Option<Vec<String>>,
    /// The team that owns it; null when it is the developer's own.
    team_id: Option<Uuid>,
    created_at: Instant,
    updated_at: Instant,
}

impl View {
    fn of(row: application::Model, strategies: &Strategies) -> Result<Self, Problem> {
        Ok(Self {
            auth_strategy: strategies.get(row.strategy_id)?,
            client_id: row.client_id,
            client_secret: None,
            redirect_uri: row.redirect_uri,
            scopes: row.scopes.as_ref().map(strings),
            team_id: row.team_id,
            id: row.id,
            name: row.name,
            description: row.description,
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        })
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            &format!("{BASE}/applications"),
            get_with(list, |op| LIST.document(op.id("list-own-applications").tag(TAG)))
                .post_with(create, |op| op.id("create-own-application").tag(TAG)),
        )
        .api_route(
            &format!("{BASE}/applications/{{applicationId}}"),
            get_with(show, |op| op.id("get-own-application").tag(TAG))
                .patch_with(update, |op| op.id("update-own-application").tag(TAG))
                .delete_with(delete, |op| op.id("delete-own-application").tag(TAG)),
        )
        .api_route(
            &format!("{BASE}/applications/{{applicationId}}/granted-scopes"),
            get_with(granted_scopes, |op| op.id("get-application-granted-scopes").tag(TAG)),
        )
        .api_route(
            &format!("{BASE}/applications/{{applicationId}}/regenerate-secret"),
            post_with(regenerate, |op| op.id("regenerate-application-secret").tag(TAG)),
        )
}

async fn view(app: &App, row: application::Model) -> Result<View, Problem> {
    let strategies = Strategies::fetch(app, app.store.db(), [row.strategy_id]).await?;
    View::of(row, &strategies)
}

/// The one view that shows the secret.
async fn made(app: &App, made: Made) -> Result<View, Problem> {
    let view = view(app, made.application).await?;
    Ok(View { client_secret: made.secret.map(|secret| secret.expose().clone()), ..view })
}

async fn list(
    State(app): State<App>,
    SignedIn { developer, .. }: SignedIn,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let db = app.store.db();
    let select = application::Entity::find().filter(usecase::own(developer.id));
    let (rows, page) = query.read(&LIST)?.fetch(db, select).await?.split();
    let strategies = Strategies::fetch(&app, db, rows.iter().map(|row| row.strategy_id)).await?;
    let views = rows.into_iter().map(|row| View::of(row, &strategies));
    Ok(Shown(page.with(views.collect::<Result<_, _>>()?)))
}

async fn create(
    State(app): State<App>,
    SignedIn { portal, developer }: SignedIn,
    body: Body<CreateOwnApplication>,
) -> Result<Created<View>, Problem> {
    let body = body.0;
    let new = NewApplication {
        name: body.name,
        description: body.description.value(),
        auth_strategy_id: body.auth_strategy_id.or(None),
        client_id: body.client_id.value(),
        dcr_client_id: None,
        redirect_uri: body.redirect_uri.value(),
        scopes: body.scopes.or(Vec::new()),
        labels: LabelEdit::default(),
    };
    let new = usecase::create_own(&app, &portal, &developer, body.team_id.or(None), new).await?;
    Ok(Created(made(&app, new).await?))
}

async fn show(
    State(app): State<App>,
    SignedIn { developer, .. }: SignedIn,
    Ids(ids): Ids<ApplicationPath>,
) -> Result<Shown<View>, Problem> {
    let found = usecase::find_own(app.store.db(), &developer, ids.application_id).await?;
    Ok(Shown(view(&app, found).await?))
}

async fn update(
    State(app): State<App>,
    SignedIn { developer, .. }: SignedIn,
    Ids(ids): Ids<ApplicationPath>,
    RegenerateSecret(new_secret): RegenerateSecret,
    body: Body<ApplicationEdit>,
) -> Result<Shown<View>, Problem> {
    let updated = usecase::update(&app, &developer, ids.application_id, body.0, new_secret).await?;
    Ok(Shown(made(&app, updated).await?))
}

async fn delete(
    State(app): State<App>,
    SignedIn { developer, .. }: SignedIn,
    Ids(ids): Ids<ApplicationPath>,
) -> Result<NoContent, Problem> {
    let found = usecase::find_own(app.store.db(), &developer, ids.application_id).await?;
    usecase::delete(&app, found).await?;
    Ok(NoContent)
}

/// The scopes of an application's client.
#[derive(Debug, Serialize, JsonSchema)]
struct GrantedScopes {
    scopes: Vec<String>,
}

/// A client and its new secret: the only answer that shows it.
#[derive(Serialize, JsonSchema)]
struct RegeneratedSecret {
    client_id: String,
    client_secret: String,
}

/// Only an identity provider can tell.
async fn granted_scopes(
    State(app): State<App>,
    SignedIn { developer, .. }: SignedIn,
    Ids(ids): Ids<ApplicationPath>,
) -> Result<Shown<GrantedScopes>, Problem> {
    let found = usecase::find_own(app.store.db(), &developer, ids.application_id).await?;
    Ok(Shown(GrantedScopes { scopes: secret::granted_scopes(&app, &found).await? }))
}

async fn regenerate(
    State(app): State<App>,
    SignedIn { developer, .. }: SignedIn,
    ClientAddress(address): ClientAddress,
    Ids(ids): Ids<ApplicationPath>,
) -> Result<Created<RegeneratedSecret>, Problem> {
    app.throttles.count(Act::NewKey, By::Address(address), app.clock.now()).await?;
    let found = usecase::find_own(app.store.db(), &developer, ids.application_id).await?;
    let issued = secret::regenerate(&app, &found).await?;
    Ok(Created(RegeneratedSecret {
        client_id: issued.client_id,
        client_secret: issued.secret.expose().clone(),
    }))
}
