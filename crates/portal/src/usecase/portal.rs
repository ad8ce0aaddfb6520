//! Portals.

use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait,
    PaginatorTrait, QueryFilter,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::label::LabelEdit;
use super::{publication, strategy};
use crate::app::App;
use crate::input::Given;
use crate::problem::{Invalid, Problem};
use crate::revision::ChangeSet;
use crate::store::entity::{self, application, portal};

/// Who sees something in a portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum Visibility {
    /// Everybody.
    Public,
    /// Those who signed in.
    Private,
}

impl Visibility {
    /// The name it is stored under.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
        }
    }
}

/// A portal to make.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPortal {
    #[schemars(length(min = 1, max = 255))]
    pub(crate) name: String,
    #[serde(default)]
    #[schemars(length(min = 1, max = 255))]
    pub(crate) display_name: Given<String>,
    #[serde(default)]
    #[schemars(length(max = 512))]
    pub(crate) description: Given<Option<String>>,
    #[serde(default)]
    pub(crate) authentication_enabled: Given<bool>,
    #[serde(default)]
    pub(crate) rbac_enabled: Given<bool>,
    #[serde(default)]
    pub(crate) sipr_enabled: Given<bool>,
    #[serde(default)]
    pub(crate) default_api_visibility: Given<Visibility>,
    #[serde(default)]
    pub(crate) default_page_visibility: Given<Visibility>,
    #[serde(default)]
    pub(crate) default_application_auth_strategy_id: Given<Option<Uuid>>,
    #[serde(default)]
    pub(crate) auto_approve_developers: Given<bool>,
    #[serde(default)]
    pub(crate) auto_approve_applications: Given<bool>,
    #[serde(default)]
    pub(crate) notifications_developer_pii_visibility_enabled: Given<bool>,
    #[serde(default)]
    pub(crate) labels: Given<Option<LabelEdit>>,
}

/// What to change of a portal.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PortalEdit {
    #[serde(default)]
    #[schemars(length(min = 1, max = 255))]
    name: Given<String>,
    #[serde(default)]
    #[schemars(length(min = 1, max = 255))]
    display_name: Given<String>,
    #[serde(default)]
    #[schemars(length(max = 512))]
    description: Given<Option<String>>,
    #[serde(default)]
    authentication_enabled: Given<bool>,
    #[serde(default)]
    rbac_enabled: Given<bool>,
    #[serde(default)]
    sipr_enabled: Given<bool>,
    #[serde(default)]
    default_api_visibility: Given<Visibility>,
    #[serde(default)]
    default_page_visibility: Given<Visibility>,
    #[serde(default)]
    default_application_auth_strategy_id: Given<Option<Uuid>>,
    #[serde(default)]
    auto_approve_developers: Given<bool>,
    #[serde(default)]
    auto_approve_applications: Given<bool>,
    #[serde(default)]
    notifications_developer_pii_visibility_enabled: Given<bool>,
    #[serde(default)]
    labels: Given<Option<LabelEdit>>,
}

/// The portal of that id.
pub(crate) async fn find(db: &impl ConnectionTrait, id: Uuid) -> Result<portal::Model, Problem> {
    portal::Entity::find_by_id(id).one(db).await?.ok_or_else(Problem::not_found)
}

/// Makes a portal. One with sign-in starts with the built-in strategy as its default.
pub(crate) async fn create(app: &App, new: NewPortal) -> Result<portal::Model, Problem> {
    let now = app.clock.now();
    let id = Uuid::now_v7();
    let mut tx = app.store.change().await?;
    let authentication_enabled = new.authentication_enabled.or(true);
    let default_strategy_id = match new.default_application_auth_strategy_id {
        Given::Yes(given) => given,
        Given::No if authentication_enabled => Some(strategy::builtin(&mut tx, now).await?.id),
        Given::No => None,
    };
    let made = portal::Model {
        id,
        display_name: new.display_name.or(new.name.clone()),
        name: new.name,
        description: new.description.or(None),
        authentication_enabled,
        rbac_enabled: new.rbac_enabled.or(false),
        sipr_enabled: new.sipr_enabled.or(false),
        default_api_visibility: new.default_api_visibility.or(Visibility::Private).as_str().into(),
        default_page_visibility: new
            .default_page_visibility
            .or(Visibility::Private)
            .as_str()
            .into(),
        default_strategy_id,
        auto_approve_developers: new.auto_approve_developers.or(false),
        auto_approve_applications: new.auto_approve_applications.or(false),
        developer_pii_visible: new.notifications_developer_pii_visibility_enabled.or(false),
        revoked_developers: "stop".into(),
        default_domain: format!("{id}.{}", app.config.portal_domain),
        labels: new.labels.or(None).unwrap_or_default().fresh()?,
        created_at: now,
        updated_at: now,
    };
    check(&tx, &made).await?;
    let made = made.into_active_model().insert(&*tx).await?;
    tx.commit().await?;
    Ok(made)
}

/// Changes a portal. Defaults apply to what is made later, not to what is there.
pub(crate) async fn update(
    app: &App,
    id: Uuid,
    edit: PortalEdit,
) -> Result<portal::Model, Problem> {
    let tx = app.store.change().await?;
    let before = find(&*tx, id).await?;
    let mut after = before.clone();
    edit.name.put(&mut after.name);
    edit.display_name.put(&mut after.display_name);
    edit.description.put(&mut after.description);
    edit.authentication_enabled.put(&mut after.authentication_enabled);
    edit.rbac_enabled.put(&mut after.rbac_enabled);
    edit.sipr_enabled.put(&mut after.sipr_enabled);
    if let Given::Yes(visibility) = edit.default_api_visibility {
        after.default_api_visibility = visibility.as_str().into();
    }
    if let Given::Yes(visibility) = edit.default_page_visibility {
        after.default_page_visibility = visibility.as_str().into();
    }
    edit.default_application_auth_strategy_id.put(&mut after.default_strategy_id);
    edit.auto_approve_developers.put(&mut after.auto_approve_developers);
    edit.auto_approve_applications.put(&mut after.auto_approve_applications);
    edit.notifications_developer_pii_visibility_enabled.put(&mut after.developer_pii_visible);
    if let Given::Yes(labels) = edit.labels {
        after.labels = labels.unwrap_or_default().apply(&before.labels)?;
    }
    check(&tx, &after).await?;
    after.updated_at = app.clock.now().max(before.updated_at + 1);
    let after = after.into_active_model().reset_all().update(&*tx).await?;
    tx.commit().await?;
    Ok(after)
}

/// The rules that need more than one field.
async fn check(tx: &ChangeSet, portal: &portal::Model) -> Result<(), Problem> {
    if portal.rbac_enabled && !portal.authentication_enabled {
        let reason = "needs authentication_enabled";
        return Err(Problem::one_invalid(Invalid::body("rbac_enabled", "invalid", reason)));
    }
    if let Some(id) = portal.default_strategy_id {
        strategy::exists(&**tx, id, "default_application_auth_strategy_id").await?;
    }
    let twin = portal::Entity::find()
        .filter(portal::Column::Name.eq(&portal.name))
        .filter(portal::Column::Id.ne(portal.id))
        .count(&**tx)
        .await?;
    if twin > 0 {
        return Err(Problem::conflict("A portal with the given name already exists"));
    }
    Ok(())
}

/// Deletes a portal with everything in it. While an API is published it takes force.
pub(crate) async fn delete(app: &App, id: Uuid, force: bool) -> Result<(), Problem> {
    let mut tx = app.store.change().await?;
    let portal = find(&*tx, id).await?;
    let published = publication::of_portal(&*tx, id).await?;
    if published.iter().any(entity::publication::Model::is_live) && !force {
        let detail = "The portal has published APIs; delete them first, or use force=true";
        return Err(Problem::conflict(detail));
    }
    for publication in &published {
        publication::forget(&mut tx, publication).await?;
    }
    let applications =
        application::Entity::find().filter(application::Column::PortalId.eq(id)).all(&*tx).await?;
    for application in &applications {
        super::application::forget(app, &mut tx, application).await?;
    }
    portal.delete(&*tx).await?;
    tx.commit().await?;
    app.dcr.wake();
    Ok(())
}
