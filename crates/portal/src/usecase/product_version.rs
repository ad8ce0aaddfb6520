//! Versions of API products, each of which is an API; and how they are published in portals, which
//! is a publication.

use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait,
    QueryFilter,
};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::implementation::ServiceReference;
use super::label::LabelEdit;
use super::product::PublishStatus;
use super::{api, implementation, portal, product, publication, strategy};
use crate::app::App;
use crate::input::Given;
use crate::problem::{Invalid, Problem};
use crate::revision::ChangeSet;
use crate::store::entity;

/// The gateway service of a version, under the name that its gateway has now or had once.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(crate) struct GatewayService {
    id: Uuid,
    #[serde(default)]
    control_plane_id: Given<Uuid>,
    /// The older name of `control_plane_id`.
    #[serde(default)]
    runtime_group_id: Given<Uuid>,
}

impl GatewayService {
    fn reference(self) -> Result<ServiceReference, Problem> {
        let field = "gateway_service.control_plane_id";
        let blame = |rule, reason| Err(Problem::one_invalid(Invalid::body(field, rule, reason)));
        match (self.control_plane_id.value(), self.runtime_group_id.value()) {
            (Some(id), None) | (None, Some(id)) => {
                Ok(ServiceReference { control_plane_id: id, id: self.id })
            }
            (None, None) => blame("required", "is required"),
            (Some(_), Some(_)) => blame("invalid", "must not stand beside runtime_group_id"),
        }
    }
}

/// A version to make.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewApiProductVersion")]
pub(crate) struct NewProductVersion {
    #[schemars(length(min = 1, max = 255))]
    name: String,
    /// What counts is said per portal.
    #[serde(default)]
    publish_status: Given<PublishStatus>,
    /// What counts is said per portal; portals that get the version later start with this.
    #[serde(default)]
    deprecated: Given<bool>,
    #[serde(default)]
    labels: Given<LabelEdit>,
    #[serde(default)]
    gateway_service: Given<Option<GatewayService>>,
}

/// What to change of a version.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ApiProductVersionEdit")]
pub(crate) struct ProductVersionEdit {
    #[serde(default)]
    #[schemars(length(min = 1, max = 255))]
    name: Given<String>,
    /// In every portal that has the version.
    #[serde(default)]
    publish_status: Given<PublishStatus>,
    /// In every portal that has the version.
    #[serde(default)]
    deprecated: Given<bool>,
    /// There is no such e-mail: nobody is told.
    #[serde(default, rename = "notify")]
    _notify: Given<bool>,
    #[serde(default)]
    labels: Given<Option<LabelEdit>>,
    #[serde(default)]
    gateway_service: Given<Option<GatewayService>>,
}

/// The version of a product.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    product: Uuid,
    id: Uuid,
) -> Result<entity::api::Model, Problem> {
    let found = entity::api::Entity::find_by_id(id).one(db).await?;
    found.filter(|found| found.product_id == Some(product)).ok_or_else(Problem::not_found)
}

/// Makes a version.
pub(crate) async fn create(
    app: &App,
    product: Uuid,
    new: NewProductVersion,
) -> Result<entity::api::Model, Problem> {
    let now = app.clock.now();
    let mut tx = app.store.change().await?;
    let product = product::find(&*tx, product).await?;
    let made = entity::api::Model {
        id: Uuid::now_v7(),
        slug: api::slug(&product.name, &new.name)?,
        name: product.name,
        version: new.name,
        description: product.description,
        labels: new.labels.or(LabelEdit::default()).fresh()?,
        attributes: json!({}),
        product_id: Some(product.id),
        published: new.publish_status.or(PublishStatus::Unpublished).is_published(),
        deprecated: new.deprecated.or(false),
        created_at: now,
        updated_at: now,
    };
    api::check(&tx, &made).await?;
    let made = made.into_active_model().insert(&*tx).await?;
    if let Given::Yes(Some(service)) = new.gateway_service {
        let service = service.reference()?;
        implementation::link(&mut tx, made.id, service, "gateway_service", now).await?;
    }
    tx.commit().await?;
    Ok(made)
}

/// Changes a version.
pub(crate) async fn update(
    app: &App,
    product: Uuid,
    id: Uuid,
    edit: ProductVersionEdit,
) -> Result<entity::api::Model, Problem> {
    let now = app.clock.now();
    let mut tx = app.store.change().await?;
    let mut after = find(&*tx, product, id).await?;
    edit.name.put(&mut after.version);
    if let Given::Yes(labels) = edit.labels {
        after.labels = labels.unwrap_or_default().apply(&after.labels)?;
    }
    let published = edit.publish_status.value().map(PublishStatus::is_published);
    let deprecated = edit.deprecated.value();
    after.published = published.unwrap_or(after.published);
    after.deprecated = deprecated.unwrap_or(after.deprecated);
    api::check(&tx, &after).await?;
    after.updated_at = now.max(after.updated_at + 1);
    let after = after.into_active_model().reset_all().update(&*tx).await?;
    if let Given::Yes(service) = edit.gateway_service {
        let wanted = service.map(GatewayService::reference).transpose()?;
        relink(&mut tx, id, wanted, now).await?;
    }
    for before in publication::of_api(&*tx, id).await? {
        let mut row = before.clone();
        row.published = published.unwrap_or(row.published);
        row.deprecated = deprecated.unwrap_or(row.deprecated);
        if row != before {
            publication::store(&mut tx, row, now).await?;
        }
    }
    tx.commit().await?;
    Ok(after)
}

async fn relink(
    tx: &mut ChangeSet,
    api: Uuid,
    wanted: Option<ServiceReference>,
    now: i64,
) -> Result<(), Problem> {
    let before = implementation::of_api(&**tx, api).await?;
    let linked = before
        .as_ref()
        .map(|row| ServiceReference { control_plane_id: row.gateway_id, id: row.service_id });
    if linked == wanted {
        return Ok(());
    }
    if let Some(before) = before {
        implementation::unlink(tx, before).await?;
    }
    if let Some(wanted) = wanted {
        implementation::link(tx, api, wanted, "gateway_service", now).await?;
    }
    Ok(())
}

/// Deletes a version with all that refers to it.
pub(crate) async fn delete(app: &App, product: Uuid, id: Uuid) -> Result<(), Problem> {
    let mut tx = app.store.change().await?;
    let version = find(&*tx, product, id).await?;
    api::forget(&mut tx, &version).await?;
    version.delete(&*tx).await?;
    product::left(&tx, Some(product)).await?;
    tx.commit().await?;
    Ok(())
}

/// A version in a portal, to make.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPortalProductVersion {
    product_version_id: Uuid,
    publish_status: PublishStatus,
    /// Without one the API is open: gateways let everybody through.
    #[schemars(length(max = 1))]
    auth_strategy_ids: Vec<Uuid>,
    application_registration_enabled: bool,
    auto_approve_registration: bool,
    deprecated: bool,
}

/// A version in a portal, as it is to be.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PortalProductVersion {
    publish_status: PublishStatus,
    #[schemars(length(max = 1))]
    auth_strategy_ids: Vec<Uuid>,
    application_registration_enabled: bool,
    auto_approve_registration: bool,
    deprecated: bool,
    /// There is no such e-mail: nobody is told.
    #[serde(default, rename = "notify_developers")]
    _notify_developers: Given<bool>,
}

/// What to change of a version in a portal.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PortalProductVersionEdit {
    #[serde(default)]
    publish_status: Given<PublishStatus>,
    #[serde(default)]
    #[schemars(length(max = 1))]
    auth_strategy_ids: Given<Vec<Uuid>>,
    #[serde(default)]
    application_registration_enabled: Given<bool>,
    #[serde(default)]
    auto_approve_registration: Given<bool>,
    #[serde(default)]
    deprecated: Given<bool>,
    /// There is no such e-mail: nobody is told.
    #[serde(default, rename = "notify_developers")]
    _notify_developers: Given<bool>,
}

impl From<PortalProductVersion> for PortalProductVersionEdit {
    fn from(whole: PortalProductVersion) -> Self {
        Self {
            publish_status: Given::Yes(whole.publish_status),
            auth_strategy_ids: Given::Yes(whole.auth_strategy_ids),
            application_registration_enabled: Given::Yes(whole.application_registration_enabled),
            auto_approve_registration: Given::Yes(whole.auto_approve_registration),
            deprecated: Given::Yes(whole.deprecated),
            _notify_developers: Given::No,
        }
    }
}

impl PortalProductVersionEdit {
    async fn apply(
        self,
        db: &impl ConnectionTrait,
        row: &mut entity::publication::Model,
    ) -> Result<(), Problem> {
        if let Given::Yes(status) = self.publish_status {
            row.published = status.is_published();
        }
        if let Given::Yes(ids) = self.auth_strategy_ids {
            let id = ids.into_iter().next();
            if let Some(id) = id {
                strategy::exists(db, id, "auth_strategy_ids").await?;
            }
            row.strategy_id = id;
        }
        self.application_registration_enabled.put(&mut row.registration_enabled);
        self.auto_approve_registration.put(&mut row.auto_approve);
        self.deprecated.put(&mut row.deprecated);
        Ok(())
    }
}

/// A version in a portal, by the version's id, or by its own.
pub(crate) async fn find_in_portal(
    db: &impl ConnectionTrait,
    portal: Uuid,
    id: Uuid,
) -> Result<entity::publication::Model, Problem> {
    portal::find(db, portal).await?;
    if let Some(found) = entity::publication::Entity::find_by_id((id, portal)).one(db).await? {
        return Ok(found);
    }
    let named = entity::publication::Entity::find()
        .filter(entity::publication::Column::Id.eq(id))
        .filter(entity::publication::Column::PortalId.eq(portal));
    named.one(db).await?.ok_or_else(Problem::not_found)
}

/// Puts a version into a portal. It shows there once its product is published there as well.
pub(crate) async fn create_in_portal(
    app: &App,
    portal: Uuid,
    new: NewPortalProductVersion,
) -> Result<entity::publication::Model, Problem> {
    let now = app.clock.now();
    let mut tx = app.store.change().await?;
    let portal = portal::find(&*tx, portal).await?;
    let id = new.product_version_id;
    let blame =
        |rule, reason| Problem::one_invalid(Invalid::body("product_version_id", rule, reason));
    let version = entity::api::Entity::find_by_id(id).one(&*tx).await?;
    let version =
        version.ok_or_else(|| blame("missing_reference", "API product version not found"))?;
    let twin = entity::publication::Entity::find_by_id((id, portal.id)).one(&*tx).await?;
    if twin.is_some() {
        return Err(blame("invalid", "is in the portal already; change it there"));
    }
    let product_published = match version.product_id {
        None => true,
        Some(product) => {
            let known = product::find(&*tx, product).await?;
            known.implicit || product::is_published(&*tx, product, portal.id).await?
        }
    };
    let mut row = publication::fresh(&version, &portal, now);
    row.product_published = product_published;
    let edit = PortalProductVersionEdit::from(PortalProductVersion {
        publish_status: new.publish_status,
        auth_strategy_ids: new.auth_strategy_ids,
        application_registration_enabled: new.application_registration_enabled,
        auto_approve_registration: new.auto_approve_registration,
        deprecated: new.deprecated,
        _notify_developers: Given::No,
    });
    edit.apply(&*tx, &mut row).await?;
    let made = row.into_active_model().insert(&*tx).await?;
    publication::tell(&mut tx, &made).await?;
    tx.commit().await?;
    Ok(made)
}

/// Changes how a version is published in a portal.
pub(crate) async fn update_in_portal(
    app: &App,
    portal: Uuid,
    id: Uuid,
    edit: PortalProductVersionEdit,
) -> Result<entity::publication::Model, Problem> {
    let mut tx = app.store.change().await?;
    let before = find_in_portal(&*tx, portal, id).await?;
    let mut after = before.clone();
    edit.apply(&*tx, &mut after).await?;
    if after == before {
        return Ok(before);
    }
    let after = publication::store(&mut tx, after, app.clock.now()).await?;
    tx.commit().await?;
    Ok(after)
}

/// Takes a version out of a portal.
pub(crate) async fn delete_in_portal(app: &App, portal: Uuid, id: Uuid) -> Result<(), Problem> {
    let found = find_in_portal(app.store.db(), portal, id).await?;
    publication::delete(app, found.api_id, portal).await
}
