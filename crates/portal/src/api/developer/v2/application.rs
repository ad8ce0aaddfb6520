//! A developer's own applications: `applications`, with `reference_id` for the client's id.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::BASE;
use crate::actor::{ClientAddress, SignedIn};
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::{ApplicationPath, Instant, RegistrationPath};
use crate::api::view::{Strategies, StrategySummary};
use crate::app::App;
use crate::dcr::metadata::strings;
use crate::input::{Body, Given, Ids};
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::application::{self, Column};
use crate::throttle::{Act, By};
use crate::usecase::application::{self as usecase, NewApplication};
use crate::usecase::client::secret;
use crate::usecase::label::LabelEdit;

const TAG: &str = "Own applications of v2";

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Id "id" = Column::Id;
        Text "name" = Column::Name;
        Id "auth_strategy_id" = Column::StrategyId;
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
struct CreateOwnApplicationV2 {
    #[schemars(length(min = 1, max = 255))]
    name: String,
    #[serde(default)]
    #[schemars(length(max = 255))]
    description: Given<String>,
    /// The portal's default, if absent or null.
    #[serde(default)]
    auth_strategy_id: Given<Option<Uuid>>,
    /// The client's id, which is to be given where the client is made at the identity provider, and
    /// only there.
    #[serde(default)]
    #[schemars(length(max = 255))]
    reference_id: Given<String>,
    /// Only for `openid_connect`.
    #[serde(default)]
    #[schemars(length(max = 2048))]
    redirect_uri: Given<String>,
    /// Only where clients are registered: some of the strategy's scopes.
    #[serde(default)]
    #[schemars(length(max = 50))]
    scopes: Given<Vec<String>>,
}

/// What to change of an application.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OwnApplicationEditV2 {
    #[serde(default)]
    #[schemars(length(min = 1, max = 255))]
    name: Given<String>,
    #[serde(default)]
    #[schemars(length(max = 255))]
    description: Given<String>,
    #[serde(default)]
    #[schemars(length(max = 255))]
    reference_id: Given<String>,
    #[serde(default)]
    #[schemars(length(max = 2048))]
    redirect_uri: Given<String>,
    #[serde(default)]
    #[schemars(length(max = 50))]
    scopes: Given<Vec<String>>,
}

/// An application, as its owner sees it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OwnApplicationV2")]
struct View {
    id: Uuid,
    name: String,
    /// The client's id; the application's own where it has no client.
    reference_id: String,
    description: Option<String>,
    redirect_uri: Option<String>,
    /// Shown once, by the answer that makes them.
    #[serde(skip_serializing_if = "Option::is_none")]
    credentials: Option<ClientCredentials>,
    auth_strategy: StrategySummary,
    #[serde(skip_serializing_if = "Option::is_none")]
    scopes: Option<Vec<String>>,
    created_at: Instant,
    updated_at: Instant,
}

/// A client and its secret.
#[derive(Serialize, JsonSchema)]
struct ClientCredentials {
    client_id: String,
    client_secret: String,
}

impl core::fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ClientCredentials").field("client_id", &self.client_id).finish()
    }
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OwnGrantedScopesV2")]
struct GrantedScopes {
    scopes: Vec<String>,
}

pub(super) fn routes() -> ApiRouter<App> {
    let one = format!("{BASE}/applications/{{applicationId}}");
    ApiRouter::new()
        .api_route(
            &format!("{BASE}/applications"),
            get_with(list, |op| LIST.document(op.id("list-own-applications-v2").tag(TAG)))
                .post_with(create, |op| op.id("create-own-application-v2").tag(TAG)),
        )
        .api_route(
            &one,
            get_with(show, |op| op.id("get-own-application-v2").tag(TAG))
                .patch_with(update, |op| op.id("update-own-application-v2").tag(TAG))
                .delete_with(delete, |op| op.id("delete-own-application-v2").tag(TAG)),
        )
        .api_route(
            &format!("{one}/refresh-token"),
            post_with(refresh, |op| op.id("refresh-application-token").tag(TAG)),
        )
        .api_route(
            &format!("{one}/product-versions/{{productVersionId}}/granted-scopes"),
            get_with(granted_scopes_of_version, |op| {
                op.id("get-application-product-version-granted-scopes").tag(TAG)
            }),
        )
        .api_route(
            &format!("{one}/registrations/{{registrationId}}/granted-scopes"),
            get_with(granted_scopes, |op| {
                op.id("get-application-registration-granted-scopes").tag(TAG)
            }),
        )
}

impl View {
    fn of(row: application::Model, strategies: &Strategies) -> Result<Self, Problem> {
        Ok(Self {
            auth_strategy: strategies.get(row.strategy_id)?,
            reference_id: row.client_id.unwrap_or_else(|| row.id.to_string()),
            credentials: None,
            redirect_uri: row.redirect_uri,
            scopes: row.scopes.as_ref().map(strings),
            id: row.id,
            name: row.name,
            description: row.description,
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        })
    }
}

async fn view(app: &App, row: application::Model) -> Result<View, Problem> {
    let strategies = Strategies::fetch(app, app.store.db(), [row.strategy_id]).await?;
    View::of(row, &strategies)
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
    body: Body<CreateOwnApplicationV2>,
) -> Result<Created<View>, Problem> {
    let body = body.0;
    let new = NewApplication {
        name: body.name,
        description: body.description.value(),
        auth_strategy_id: body.auth_strategy_id.or(None),
        client_id: body.reference_id.value(),
        dcr_client_id: None,
        redirect_uri: body.redirect_uri.value(),
        scopes: body.scopes.or(Vec::new()),
        labels: LabelEdit::default(),
    };
    let made = usecase::create_own(&app, &portal, &developer, None, new)
        .await
        .map_err(|problem| problem.blaming("client_id", "reference_id"))?;
    let client_id = made.application.client_id.clone();
    let secret = made.secret.map(|secret| secret.expose().clone());
    let view = view(&app, made.application).await?;
    let credentials = client_id
        .zip(secret)
        .map(|(client_id, client_secret)| ClientCredentials { client_id, client_secret });
    Ok(Created(View { credentials, ..view }))
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
    body: Body<OwnApplicationEditV2>,
) -> Result<Shown<View>, Problem> {
    let edit = body.0;
    let mut members = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            members.insert(name.to_owned(), value);
        }
    };
    put("name", edit.name.value().map(Value::String));
    put("description", edit.description.value().map(Value::String));
    put("client_id", edit.reference_id.value().map(Value::String));
    put("redirect_uri", edit.redirect_uri.value().map(Value::String));
    put("scopes", edit.scopes.value().map(Value::from));
    let edit = serde_json::from_value(Value::Object(members)).map_err(Problem::internal)?;
    let updated = usecase::update(&app, &developer, ids.application_id, edit, false)
        .await
        .map_err(|problem| problem.blaming("client_id", "reference_id"))?;
    Ok(Shown(view(&app, updated.application).await?))
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

async fn refresh(
    State(app): State<App>,
    SignedIn { developer, .. }: SignedIn,
    ClientAddress(address): ClientAddress,
    Ids(ids): Ids<ApplicationPath>,
) -> Result<Created<ClientCredentials>, Problem> {
    app.throttles.count(Act::NewKey, By::Address(address), app.clock.now()).await?;
    let found = usecase::find_own(app.store.db(), &developer, ids.application_id).await?;
    let issued = secret::regenerate(&app, &found).await?;
    Ok(Created(ClientCredentials {
        client_id: issued.client_id,
        client_secret: issued.secret.expose().clone(),
    }))
}

async fn granted_scopes(
    State(app): State<App>,
    SignedIn { developer, .. }: SignedIn,
    Ids(ids): Ids<RegistrationPath>,
) -> Result<Shown<GrantedScopes>, Problem> {
    let db = app.store.db();
    let found = usecase::find_own(db, &developer, ids.application_id).await?;
    crate::usecase::registration::find(db, found.id, ids.registration_id).await?;
    Ok(Shown(GrantedScopes { scopes: secret::granted_scopes(&app, &found).await? }))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ApplicationVersion {
    application_id: Uuid,
    product_version_id: Uuid,
}

async fn granted_scopes_of_version(
    State(app): State<App>,
    SignedIn { portal, developer }: SignedIn,
    Ids(ids): Ids<ApplicationVersion>,
) -> Result<Shown<GrantedScopes>, Problem> {
    let db = app.store.db();
    let found = usecase::find_own(db, &developer, ids.application_id).await?;
    let version = ids.product_version_id.to_string();
    crate::usecase::catalogue::find(db, &portal, Some(&developer), &version).await?;
    Ok(Shown(GrantedScopes { scopes: secret::granted_scopes(&app, &found).await? }))
}
