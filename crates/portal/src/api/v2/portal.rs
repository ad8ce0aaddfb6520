//! `/v2/portals`.

use core::marker::PhantomData;
use std::borrow::Cow;
use std::collections::HashMap;

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::named;
use crate::actor::Admin;
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::{Force, Instant, Labels, PortalPath, members};
use crate::app::App;
use crate::input::{Body, Given, Ids};
use crate::list::{Attribute, Kind, ListQuery, ListSpec, Paged, attribute};
use crate::problem::Problem;
use crate::store::entity::portal::{self, Column};
use crate::store::entity::{application, developer};
use crate::usecase::label::LabelEdit;
use crate::usecase::portal as usecase;
use crate::usecase::{portal_v2, product};

const TAG: &str = "Portals of v2";

const LIST: ListSpec = ListSpec {
    filters: &[
        attribute!(Id "id" = Column::Id),
        attribute!(Text "name" = Column::Name),
        attribute!(Text "description" = Column::Description),
        Attribute { name: "is_public", kind: Kind::Flag, column: is_public },
        attribute!(Flag "rbac_enabled" = Column::RbacEnabled),
        attribute!(Flag "auto_approve_developers" = Column::AutoApproveDevelopers),
        attribute!(Flag "auto_approve_applications" = Column::AutoApproveApplications),
        attribute!(Text "default_domain" = Column::DefaultDomain),
    ],
    sorts: &[
        attribute!(Text "name" = Column::Name),
        attribute!(Text "description" = Column::Description),
        Attribute { name: "is_public", kind: Kind::Flag, column: is_public },
        attribute!(Flag "rbac_enabled" = Column::RbacEnabled),
        attribute!(Flag "auto_approve_applications" = Column::AutoApproveApplications),
        attribute!(Flag "auto_approve_developers" = Column::AutoApproveDevelopers),
        attribute!(Text "default_domain" = Column::DefaultDomain),
        attribute!(Text "custom_domain" = Column::DefaultDomain),
        attribute!(Text "custom_client_domain" = Column::DefaultDomain),
        attribute!(Time "created_at" = Column::CreatedAt),
        attribute!(Time "updated_at" = Column::UpdatedAt),
    ],
    order: || vec![Column::CreatedAt.into_expr(), Column::Id.into_expr()],
};

/// A public portal has no developers.
fn is_public() -> sea_orm::sea_query::SimpleExpr {
    sea_orm::ExprTrait::not(Column::AuthenticationEnabled.into_expr())
}

/// A portal to make.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code, reason = "only its schema is used: the body goes to the rules of /v3")]
struct NewPortalV2 {
    #[schemars(length(min = 1, max = 255))]
    name: String,
    #[schemars(default)]
    #[schemars(length(min = 1, max = 255))]
    display_name: Given<String>,
    #[schemars(default)]
    #[schemars(length(max = 512))]
    description: Given<Option<String>>,
    /// Everybody sees everything, and nobody signs in.
    #[schemars(default)]
    is_public: Given<bool>,
    #[schemars(default)]
    rbac_enabled: Given<bool>,
    #[schemars(default)]
    auto_approve_applications: Given<bool>,
    #[schemars(default)]
    auto_approve_developers: Given<bool>,
    /// Only null: a portal's own domain is set under `/v3`.
    #[schemars(default)]
    #[schemars(length(max = 1024))]
    custom_domain: Given<Option<String>>,
    /// Only null.
    #[schemars(default)]
    #[schemars(length(max = 1024))]
    custom_client_domain: Given<Option<String>>,
    #[schemars(default)]
    default_application_auth_strategy_id: Given<Option<Uuid>>,
    #[schemars(default)]
    labels: Given<Option<LabelEdit>>,
}

/// What to change of a portal.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code, reason = "only its schema is used: the body goes to the rules of /v3")]
struct PortalEditV2 {
    #[schemars(default)]
    #[schemars(length(min = 1, max = 255))]
    name: Given<String>,
    #[schemars(default)]
    #[schemars(length(min = 1, max = 255))]
    display_name: Given<String>,
    #[schemars(default)]
    #[schemars(length(max = 512))]
    description: Given<Option<String>>,
    /// Everybody sees everything, and nobody signs in.
    #[schemars(default)]
    is_public: Given<bool>,
    #[schemars(default)]
    rbac_enabled: Given<bool>,
    #[schemars(default)]
    auto_approve_applications: Given<bool>,
    #[schemars(default)]
    auto_approve_developers: Given<bool>,
    /// Only null: a portal's own domain is set under `/v3`.
    #[schemars(default)]
    #[schemars(length(max = 1024))]
    custom_domain: Given<Option<String>>,
    /// Only null.
    #[schemars(default)]
    #[schemars(length(max = 1024))]
    custom_client_domain: Given<Option<String>>,
    #[schemars(default)]
    default_application_auth_strategy_id: Given<Option<Uuid>>,
    #[schemars(default)]
    labels: Given<Option<LabelEdit>>,
}

/// The members of a body that keeps every rule of `T`, which are to become another body.
struct Kept<T>(Map<String, Value>, PhantomData<fn() -> T>);

impl<'de, T> Deserialize<'de> for Kept<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(|members| Self(members, PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Kept<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl<T> Kept<T> {
    /// The body that `/v3` has for the same.
    fn translated<B: DeserializeOwned>(self) -> Result<B, Problem> {
        let mut members = self.0;
        for name in ["custom_domain", "custom_client_domain"] {
            if members.remove(name).is_some_and(|value| !value.is_null()) {
                let detail = format!("`{name}` is not supported under /v2");
                return Err(Problem::not_implemented(detail));
            }
        }
        if let Some(is_public) = members.remove("is_public").and_then(|value| value.as_bool()) {
            let visibility = if is_public { "public" } else { "private" };
            members.insert("authentication_enabled".into(), (!is_public).into());
            members.insert("default_api_visibility".into(), visibility.into());
        }
        serde_json::from_value(Value::Object(members)).map_err(Problem::internal)
    }
}

/// A portal as Konnect's v2 shows it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PortalV2")]
struct View {
    id: Uuid,
    name: String,
    display_name: String,
    description: Option<String>,
    default_domain: String,
    is_public: bool,
    rbac_enabled: bool,
    auto_approve_applications: bool,
    auto_approve_developers: bool,
    custom_domain: Option<String>,
    custom_client_domain: Option<String>,
    default_application_auth_strategy_id: Option<Uuid>,
    labels: Labels,
    application_count: i64,
    developer_count: i64,
    published_product_count: usize,
    created_at: Instant,
    updated_at: Instant,
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/v2/portals",
            get_with(list, |op| LIST.document(named(op, "list-portals", TAG)))
                .post_with(create, |op| named(op, "create-portal", TAG)),
        )
        .api_route(
            "/v2/portals/{portalId}",
            get_with(show, |op| named(op, "get-portal", TAG))
                .patch_with(update, |op| named(op, "update-portal", TAG))
                .delete_with(delete, |op| named(op, "delete-portal", TAG)),
        )
}

async fn views(db: &impl ConnectionTrait, rows: Vec<portal::Model>) -> Result<Vec<View>, Problem> {
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let applications: Vec<(Uuid, i64)> = application::Entity::find()
        .filter(application::Column::PortalId.is_in(ids.clone()))
        .select_only()
        .column(application::Column::PortalId)
        .column_as(application::Column::Id.count(), "count")
        .group_by(application::Column::PortalId)
        .into_tuple()
        .all(db)
        .await?;
    let developers: Vec<(Uuid, i64)> = developer::Entity::find()
        .filter(developer::Column::PortalId.is_in(ids.clone()))
        .select_only()
        .column(developer::Column::PortalId)
        .column_as(developer::Column::Id.count(), "count")
        .group_by(developer::Column::PortalId)
        .into_tuple()
        .all(db)
        .await?;
    let applications: HashMap<_, _> = applications.into_iter().collect();
    let developers: HashMap<_, _> = developers.into_iter().collect();
    let products = product::of_portals(db, &ids).await?;
    let views = rows.into_iter().map(|row| View {
        application_count: applications.get(&row.id).copied().unwrap_or_default(),
        developer_count: developers.get(&row.id).copied().unwrap_or_default(),
        published_product_count: products.get(&row.id).map_or(0, std::collections::BTreeSet::len),
        id: row.id,
        name: row.name,
        display_name: row.display_name,
        description: row.description,
        default_domain: row.default_domain,
        is_public: !row.authentication_enabled,
        rbac_enabled: row.rbac_enabled,
        auto_approve_applications: row.auto_approve_applications,
        auto_approve_developers: row.auto_approve_developers,
        custom_domain: None,
        custom_client_domain: None,
        default_application_auth_strategy_id: row.default_strategy_id,
        labels: members(row.labels),
        created_at: Instant(row.created_at),
        updated_at: Instant(row.updated_at),
    });
    Ok(views.collect())
}

async fn view(db: &impl ConnectionTrait, row: portal::Model) -> Result<View, Problem> {
    let view = views(db, vec![row]).await?.into_iter().next();
    view.ok_or_else(|| Problem::internal("a portal has no view"))
}

async fn list(
    _: Admin,
    State(app): State<App>,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let db = app.store.db();
    let (rows, page) = query.read(&LIST)?.fetch(db, portal::Entity::find()).await?.split();
    Ok(Shown(page.with(views(db, rows).await?)))
}

async fn create(
    _: Admin,
    State(app): State<App>,
    body: Body<Kept<NewPortalV2>>,
) -> Result<Created<View>, Problem> {
    let made = usecase::create(&app, body.0.translated()?).await?;
    Ok(Created(view(app.store.db(), made).await?))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
) -> Result<Shown<View>, Problem> {
    let found = usecase::find(app.store.db(), ids.portal_id).await?;
    Ok(Shown(view(app.store.db(), found).await?))
}

async fn update(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    body: Body<Kept<PortalEditV2>>,
) -> Result<Shown<View>, Problem> {
    let before = usecase::find(app.store.db(), ids.portal_id).await?;
    let updated = usecase::update(&app, ids.portal_id, body.0.translated()?).await?;
    if before.authentication_enabled != updated.authentication_enabled {
        portal_v2::show_all_or_none(&app, &updated).await?;
    }
    Ok(Shown(view(app.store.db(), updated).await?))
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    Force(force): Force,
) -> Result<NoContent, Problem> {
    portal_v2::delete(&app, ids.portal_id, force).await?;
    Ok(NoContent)
}
