//! APIs and their specifications.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait,
    PaginatorTrait, QueryFilter,
};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::label::LabelEdit;
use super::{api_version, attribute, implementation, product, publication, writing};
use crate::app::App;
use crate::input::Given;
use crate::problem::{Invalid, Problem};
use crate::revision::{ChangeSet, record};
use crate::store::entity::{api, registration};

/// The most kinds of attributes of an API.
const MOST_ATTRIBUTES: usize = 50;

/// The values of one attribute.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub(crate) struct AttributeValues(
    #[schemars(
        length(min = 1, max = 20),
        inner(length(min = 1, max = 512), regex(pattern = "^[^,<>]*$"))
    )]
    Vec<String>,
);

type Attributes = BTreeMap<String, Option<AttributeValues>>;

/// An API to make.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewApi {
    #[schemars(length(min = 1, max = 255))]
    name: String,
    #[serde(default)]
    #[schemars(length(min = 1, max = 255))]
    version: Given<Option<String>>,
    /// Made of name and version, if absent or null.
    #[serde(default)]
    #[schemars(length(min = 1, max = 512), regex(pattern = r"^[\w-]+$"))]
    slug: Given<Option<String>>,
    #[serde(default)]
    #[schemars(length(max = 65536))]
    description: Given<Option<String>>,
    #[serde(default)]
    labels: Given<Option<LabelEdit>>,
    #[serde(default)]
    attributes: Given<Attributes>,
    /// Becomes the first version.
    #[serde(default)]
    #[schemars(length(min = 1, max = 5_000_000))]
    spec_content: Given<String>,
}

/// What to change of an API.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApiEdit {
    #[serde(default)]
    #[schemars(length(min = 1, max = 255))]
    name: Given<String>,
    #[serde(default)]
    #[schemars(length(min = 1, max = 255))]
    version: Given<Option<String>>,
    #[serde(default)]
    #[schemars(length(min = 1, max = 512), regex(pattern = r"^[\w-]+$"))]
    slug: Given<Option<String>>,
    #[serde(default)]
    #[schemars(length(max = 65536))]
    description: Given<Option<String>>,
    #[serde(default)]
    labels: Given<Option<LabelEdit>>,
    #[serde(default)]
    attributes: Given<Attributes>,
}

/// The API of that id.
pub(crate) async fn find(db: &impl ConnectionTrait, id: Uuid) -> Result<api::Model, Problem> {
    api::Entity::find_by_id(id).one(db).await?.ok_or_else(Problem::not_found)
}

/// Makes an API.
pub(crate) async fn create(app: &App, new: NewApi) -> Result<api::Model, Problem> {
    let now = app.clock.now();
    let specification = match new.spec_content {
        Given::Yes(content) => Some(api_version::Read::of(content, "spec_content").await?),
        Given::No => None,
    };
    let tx = app.store.change().await?;
    let version = new.version.or(None).unwrap_or_default();
    let made = api::Model {
        id: Uuid::now_v7(),
        slug: new.slug.or(None).map_or_else(|| slug(&new.name, &version), Ok)?,
        name: new.name,
        version,
        description: new.description.or(None),
        labels: new.labels.or(None).unwrap_or_default().fresh()?,
        attributes: attributes(&Value::Null, new.attributes)?,
        product_id: None,
        published: false,
        deprecated: false,
        created_at: now,
        updated_at: now,
    };
    check(&tx, &made).await?;
    let description = made.description.as_deref();
    let product_id = Some(product::of_name(&tx, &made.name, description, now).await?);
    let made = api::Model { product_id, ..made };
    let made = made.into_active_model().insert(&*tx).await?;
    attribute::replace(&*tx, made.id, &made.attributes, now).await?;
    if let Some(read) = specification {
        api_version::insert(&*tx, made.id, made.version.clone(), read, now).await?;
    }
    tx.commit().await?;
    Ok(made)
}

/// Changes an API. Its slug stays unless a new one is given.
pub(crate) async fn update(app: &App, id: Uuid, edit: ApiEdit) -> Result<api::Model, Problem> {
    let tx = app.store.change().await?;
    let before = find(&*tx, id).await?;
    let mut after = before.clone();
    edit.name.put(&mut after.name);
    if let Given::Yes(version) = edit.version {
        after.version = version.unwrap_or_default();
    }
    edit.description.put(&mut after.description);
    match edit.slug {
        Given::Yes(Some(slug)) => after.slug = slug,
        Given::Yes(None) => after.slug = slug(&after.name, &after.version)?,
        Given::No => {}
    }
    if let Given::Yes(labels) = edit.labels {
        after.labels = labels.unwrap_or_default().apply(&after.labels)?;
    }
    after.attributes = attributes(&before.attributes, edit.attributes)?;
    check(&tx, &after).await?;
    let now = app.clock.now().max(after.updated_at + 1);
    after.updated_at = now;
    product::renamed(&tx, &before, &mut after, now).await?;
    if after.attributes != before.attributes {
        attribute::replace(&*tx, id, &after.attributes, now).await?;
    }
    let after = after.into_active_model().reset_all().update(&*tx).await?;
    if before.product_id != after.product_id {
        product::left(&tx, before.product_id).await?;
    }
    tx.commit().await?;
    Ok(after)
}

/// Deletes an API with its publications, registrations and implementation.
pub(crate) async fn delete(app: &App, id: Uuid) -> Result<(), Problem> {
    let mut tx = app.store.change().await?;
    let api = find(&*tx, id).await?;
    forget(&mut tx, &api).await?;
    let product = api.product_id;
    api.delete(&*tx).await?;
    product::left(&tx, product).await?;
    attribute::sweep(&*tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Tells gateways that an API is gone, with all that refers to it.
pub(crate) async fn forget(tx: &mut ChangeSet, api: &api::Model) -> Result<(), Problem> {
    for publication in publication::of_api(&**tx, api.id).await? {
        publication::forget(tx, &publication).await?;
    }
    let registrations = registration::Entity::find()
        .filter(registration::Column::ApiId.eq(api.id))
        .all(&**tx)
        .await?;
    for registration in &registrations {
        tx.delete(record::registration_key(registration));
    }
    implementation::drop_of_api(&**tx, api.id).await?;
    super::team::role::forget_api(&**tx, api.id).await?;
    Ok(())
}

/// What no other API may have.
pub(crate) async fn check(tx: &ChangeSet, api: &api::Model) -> Result<(), Problem> {
    let others = api::Entity::find().filter(api::Column::Id.ne(api.id));
    let twins = others
        .clone()
        .filter(api::Column::Name.eq(&api.name))
        .filter(api::Column::Version.eq(&api.version));
    if twins.count(&**tx).await? > 0 {
        return Err(Problem::conflict("An API with the given name and version already exists"));
    }
    if others.filter(api::Column::Slug.eq(&api.slug)).count(&**tx).await? > 0 {
        return Err(Problem::conflict("An API with the given slug already exists"));
    }
    Ok(())
}

/// The slug of a name and a version.
pub(crate) fn slug(name: &str, version: &str) -> Result<String, Problem> {
    let slug = writing::slug(&format!("{name}-{version}"));
    if slug.is_empty() {
        let reason = "is required, because none can be made of the name";
        return Err(Problem::one_invalid(Invalid::body("slug", "required", reason)));
    }
    Ok(slug)
}

/// Attributes after an edit; null removes one.
fn attributes(before: &Value, edit: Given<Attributes>) -> Result<Value, Problem> {
    let mut after = before.as_object().cloned().unwrap_or_default();
    for (name, values) in edit.value().unwrap_or_default() {
        if !is_attribute(&name) {
            let field = format!("attributes.{name}");
            let reason = "must be named with 1 to 128 of a-z, 0-9, hyphen and underscore";
            return Err(Problem::one_invalid(Invalid::body(field, "matches_regex", reason)));
        }
        match values {
            Some(values) => after.insert(name, values.0.into()),
            None => after.remove(&name),
        };
    }
    if after.len() > MOST_ATTRIBUTES {
        let reason = format!("must have at most {MOST_ATTRIBUTES} members");
        let fault = Invalid::body("attributes", "max_items", reason);
        return Err(Problem::one_invalid(fault.at_most(MOST_ATTRIBUTES as u64)));
    }
    Ok(Value::Object(after))
}

fn is_attribute(name: &str) -> bool {
    let word =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    (1..=128).contains(&name.len()) && name.bytes().all(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_made_of_name_and_version() {
        for (name, version, expected) in [
            ("Flights", "1.0", "flights-1-0"),
            ("Orders  API", "", "orders-api"),
            ("Flüge", "", "fl-ge"),
        ] {
            assert_eq!(slug(name, version).unwrap(), expected);
        }
        assert!(slug("日本", "").is_err());
    }

    #[test]
    fn attributes_have_plain_names() {
        for good in ["domains", "a-b_c1", &"x".repeat(128)] {
            assert!(is_attribute(good), "{good}");
        }
        for bad in ["", "Domain", "a b", "a.b", "ä", &"x".repeat(129)] {
            assert!(!is_attribute(bad), "{bad}");
        }
    }
}
