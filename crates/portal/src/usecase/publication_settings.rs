//! What a publication says beyond its strategy and who sees it: what older gateways kept in a plugin
//! of the service, and Konnect's product versions in the portal.

use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::publication::{self, find_any};
use crate::app::App;
use crate::input::Given;
use crate::problem::Problem;
use crate::revision::ChangeSet;
use crate::store::entity;

/// A word for grouping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub(crate) struct Tag(#[schemars(length(min = 1, max = 128), regex(pattern = "^[^,/]+$"))] String);

/// What to change of a publication's settings.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingsEdit {
    /// What the API is called in this portal, where no other API has the name. Null: as everywhere.
    #[serde(default)]
    #[schemars(length(min = 1, max = 255))]
    pub(crate) display_name: Given<Option<String>>,
    /// How the API is described in this portal. Null: as everywhere.
    #[serde(default)]
    #[schemars(length(max = 4096))]
    pub(crate) description: Given<Option<String>>,
    #[serde(default)]
    #[schemars(length(max = 50))]
    pub(crate) tags: Given<Vec<Tag>>,
    /// The same as `auto_approve_registrations` of the publication.
    #[serde(default)]
    pub(crate) auto_approve: Given<bool>,
    /// Whether developers are told the issuer of the API's strategy.
    #[serde(default)]
    pub(crate) show_issuer: Given<bool>,
    /// Whether the credentials of an imported consumer pass without a registration.
    #[serde(default)]
    pub(crate) enable_proxy_with_consumer_credential: Given<bool>,
    /// What is not published shows to nobody, and no gateway lets requests to it through.
    #[serde(default)]
    pub(crate) published: Given<bool>,
    /// Without it new registrations are refused. Those that are there go on to count.
    #[serde(default)]
    pub(crate) application_registration_enabled: Given<bool>,
    /// Developers are told that they should not build on it.
    #[serde(default)]
    pub(crate) deprecated: Given<bool>,
}

impl SettingsEdit {
    fn apply(self, row: &mut entity::publication::Model) {
        self.display_name.put(&mut row.display_name);
        self.description.put(&mut row.description);
        if let Given::Yes(tags) = self.tags {
            row.tags = Value::Array(tags.into_iter().map(|tag| Value::String(tag.0)).collect());
        }
        self.auto_approve.put(&mut row.auto_approve);
        self.show_issuer.put(&mut row.show_issuer);
        self.enable_proxy_with_consumer_credential.put(&mut row.consumer_credentials);
        self.published.put(&mut row.published);
        self.application_registration_enabled.put(&mut row.registration_enabled);
        self.deprecated.put(&mut row.deprecated);
    }
}

/// Changes the settings of a publication, which may be unpublished.
pub(crate) async fn update(
    app: &App,
    api: Uuid,
    portal: Uuid,
    edit: SettingsEdit,
) -> Result<entity::publication::Model, Problem> {
    let mut tx = app.store.change().await?;
    let before = find_any(&*tx, api, portal).await?;
    let mut after = before.clone();
    edit.apply(&mut after);
    if after == before {
        return Ok(before);
    }
    check(&tx, &after).await?;
    let after = publication::store(&mut tx, after, app.clock.now()).await?;
    tx.commit().await?;
    Ok(after)
}

/// A display name is one API's in a portal.
async fn check(tx: &ChangeSet, row: &entity::publication::Model) -> Result<(), Problem> {
    let Some(name) = &row.display_name else { return Ok(()) };
    let twins = entity::publication::Entity::find()
        .filter(entity::publication::Column::PortalId.eq(row.portal_id))
        .filter(entity::publication::Column::DisplayName.eq(name))
        .filter(entity::publication::Column::ApiId.ne(row.api_id));
    if twins.count(&**tx).await? > 0 {
        let detail = "Another API of the portal has the given display name";
        return Err(Problem::conflict(detail));
    }
    Ok(())
}
