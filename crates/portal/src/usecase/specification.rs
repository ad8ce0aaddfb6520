//! The specification of a product's version, as a file: that of the API.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel};
use serde::Deserialize;
use uuid::Uuid;

use super::api_version::{self, Read};
use super::product_version;
use crate::app::App;
use crate::input::Given;
use crate::problem::{Invalid, Problem};
use crate::store::entity;
use crate::store::entity::specification_name;

/// A specification to add.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSpecification {
    /// The name of its file.
    #[schemars(length(min = 1, max = 255), regex(pattern = r"^.+(?:\.yaml|\.yml|\.json)$"))]
    name: String,
    /// In base64.
    #[schemars(length(min = 1))]
    content: String,
}

/// What to change of a specification.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpecificationEdit {
    #[serde(default)]
    #[schemars(length(min = 1, max = 255), regex(pattern = r"^.+(?:\.yaml|\.yml|\.json)$"))]
    name: Given<String>,
    /// In base64.
    #[serde(default)]
    #[schemars(length(min = 1))]
    content: Given<String>,
}

/// What a specification is called whose file has no name.
pub(crate) fn default_name(row: &entity::api_version::Model) -> &'static str {
    if row.spec_content.trim_start().starts_with('{') { "openapi.json" } else { "openapi.yaml" }
}

fn decode(content: &str) -> Result<String, Problem> {
    let plain: String = content.split_ascii_whitespace().collect();
    let text = STANDARD.decode(plain).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    text.filter(|text| !text.contains('\0')).ok_or_else(|| {
        let reason = "must be UTF-8 text in base64";
        Problem::one_invalid(Invalid::body("content", "is_base64", reason))
    })
}

/// The specification of that id.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    product: Uuid,
    version: Uuid,
    id: Uuid,
) -> Result<entity::api_version::Model, Problem> {
    let version = product_version::find(db, product, version).await?;
    api_version::find(db, version.id, id).await
}

/// Gives a version its specification.
pub(crate) async fn create(
    app: &App,
    product: Uuid,
    version: Uuid,
    new: NewSpecification,
) -> Result<entity::api_version::Model, Problem> {
    let read = Read::of(decode(&new.content)?, "content").await?;
    let tx = app.store.begin().await?;
    let version = product_version::find(&*tx, product, version).await?;
    let made =
        api_version::insert(&*tx, version.id, version.version, read, app.clock.now()).await?;
    let name = specification_name::Model { version_id: made.id, name: new.name };
    name.into_active_model().insert(&*tx).await?;
    tx.commit().await?;
    Ok(made)
}

/// Changes a specification.
pub(crate) async fn update(
    app: &App,
    product: Uuid,
    version: Uuid,
    id: Uuid,
    edit: SpecificationEdit,
) -> Result<entity::api_version::Model, Problem> {
    let read = match edit.content {
        Given::Yes(content) => Some(Read::of(decode(&content)?, "content").await?),
        Given::No => None,
    };
    let tx = app.store.begin().await?;
    let mut after = find(&*tx, product, version, id).await?;
    if let Some(read) = read {
        api_version::replace_text(&*tx, &mut after, read).await?;
    }
    if let Given::Yes(name) = edit.name {
        let known = specification_name::Entity::find_by_id(id).one(&*tx).await?;
        let row = specification_name::Model { version_id: id, name }.into_active_model();
        match known {
            Some(_) => row.reset_all().update(&*tx).await?,
            None => row.insert(&*tx).await?,
        };
    }
    after.updated_at = app.clock.now().max(after.updated_at + 1);
    let after = after.into_active_model().reset_all().update(&*tx).await?;
    tx.commit().await?;
    Ok(after)
}

/// Takes the specification from a version.
pub(crate) async fn delete(
    app: &App,
    product: Uuid,
    version: Uuid,
    id: Uuid,
) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    let version = find(&*tx, product, version, id).await?;
    api_version::remove(&*tx, version).await?;
    tx.commit().await?;
    Ok(())
}
