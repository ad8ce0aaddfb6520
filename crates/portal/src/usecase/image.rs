//! Images: data URLs, and the bytes in them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait};
use serde::Deserialize;
use uuid::Uuid;

use super::api;
use crate::app::App;
use crate::problem::{Invalid, Problem};
use crate::store::entity::api_image::{Entity, Model};

/// An image to show.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewImage {
    /// A data URL with an image in base64.
    #[schemars(length(min = 1, max = 1_400_000))]
    data: String,
}

/// What an API has images for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum ImageType {
    /// What stands for it in lists.
    Icon,
}

impl ImageType {
    /// The name it is stored under.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Icon => "icon",
        }
    }
}

/// The types of images that can be shown as an API's: the name in a data URL, and the name that
/// the bytes are served under.
pub(crate) const OF_APIS: &[(&str, &str)] =
    &[("image/png", "image/png"), ("image/jpeg", "image/jpeg"), ("image/svg+xml", "image/svg+xml")];

/// The types of images that can be a portal's.
pub(crate) const OF_PORTALS: &[(&str, &str)] = &[
    ("image/png", "image/png"),
    ("image/jpeg", "image/jpeg"),
    ("image/gif", "image/gif"),
    ("image/x-icon", "image/x-icon"),
    ("image/ico", "image/x-icon"),
    ("image/icon", "image/x-icon"),
    ("image/vnd.microsoft.icon", "image/x-icon"),
    ("image/svg+xml", "image/svg+xml"),
];

/// Bytes, and how they are served.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    /// Their type.
    pub(crate) media_type: &'static str,
    /// Themselves.
    pub(crate) bytes: Vec<u8>,
}

/// Reads a data URL of one of some types.
pub(crate) fn picture(url: &str, types: &[(&str, &'static str)]) -> Option<Picture> {
    let (head, data) = url.strip_prefix("data:")?.split_once(',')?;
    let name = head.strip_suffix(";base64").unwrap_or(head);
    let (_, media_type) = types.iter().find(|(known, _)| *known == name)?;
    let bytes = STANDARD.decode(data).ok()?;
    Some(Picture { media_type, bytes })
}

impl NewImage {
    /// The data URL, if it is one of those types.
    pub(crate) fn checked(self, types: &[(&str, &'static str)]) -> Result<String, Problem> {
        if picture(&self.data, types).is_some() {
            return Ok(self.data);
        }
        let names: Vec<_> = types.iter().map(|(name, _)| *name).collect();
        let names = names.join(", ");
        let reason = format!("must be a data URL with an image in base64, of one of {names}");
        Err(Problem::one_invalid(Invalid::body("data", "matches_regex", reason)))
    }
}

impl Picture {
    /// What is wrong with bytes that are not what they are called.
    fn fault(&self) -> Option<&'static str> {
        let starts = |with: &[u8]| self.bytes.starts_with(with);
        let right = match self.media_type {
            "image/png" => starts(b"\x89PNG\r\n\x1a\n"),
            "image/jpeg" => starts(b"\xff\xd8\xff"),
            "image/svg+xml" => {
                core::str::from_utf8(&self.bytes).is_ok_and(|text| text.contains("<svg"))
            }
            _ => false,
        };
        (!right).then_some("The data is not an image of the type that the URL says")
    }
}

/// The image of an API.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    api: Uuid,
    kind: ImageType,
) -> Result<Model, Problem> {
    let found = Entity::find_by_id((api, kind.as_str().to_owned())).one(db).await?;
    found.ok_or_else(Problem::not_found)
}

/// The bytes of an API's image.
pub(crate) async fn shown(
    db: &impl ConnectionTrait,
    api: Uuid,
    kind: ImageType,
) -> Result<Picture, Problem> {
    let data = find(db, api, kind).await?.data.ok_or_else(Problem::not_found)?;
    picture(&data, OF_APIS).ok_or_else(Problem::not_found)
}

/// Makes or replaces an image of an API; says whether it was made. Data that is no image is noted
/// as such, and the image before it stays the one that is shown.
pub(crate) async fn put(
    app: &App,
    api: Uuid,
    kind: ImageType,
    new: NewImage,
) -> Result<(Model, bool), Problem> {
    let now = app.clock.now();
    let data = new.checked(OF_APIS)?;
    let fault = picture(&data, OF_APIS).and_then(|picture| picture.fault());
    let tx = app.store.begin().await?;
    api::find(&tx, api).await?;
    let before = Entity::find_by_id((api, kind.as_str().to_owned())).one(&tx).await?;
    let after = Model {
        api_id: api,
        kind: kind.as_str().into(),
        data: match fault {
            None => Some(data),
            Some(_) => before.as_ref().and_then(|before| before.data.clone()),
        },
        error: fault.map(str::to_owned),
        created_at: before.as_ref().map_or(now, |before| before.created_at),
        updated_at: before.as_ref().map_or(now, |before| now.max(before.updated_at + 1)),
    };
    let row = after.into_active_model();
    let is_new = before.is_none();
    let after = if is_new { row.insert(&tx).await? } else { row.reset_all().update(&tx).await? };
    tx.commit().await?;
    Ok((after, is_new))
}

/// Takes an image from an API.
pub(crate) async fn delete(app: &App, api: Uuid, kind: ImageType) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    find(&tx, api, kind).await?.delete(&tx).await?;
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_images_of_known_types_are_read() {
        for (url, expected) in [
            ("data:image/png;base64,AAAA", Some("image/png")),
            ("data:image/png,AAAA", Some("image/png")),
            ("data:image/svg+xml;base64,AAA=", Some("image/svg+xml")),
            ("data:image/vnd.microsoft.icon;base64,", Some("image/x-icon")),
            ("data:text/html;base64,AAAA", None),
            ("data:image/png;charset=x;base64,AAAA", None),
            ("data:image/png;base64,AAA", None),
            ("data:image/png;base64,A A=", None),
            ("data:image/png;base64,<svg>", None),
            ("image/png;base64,AAAA", None),
            ("https://example.com/x.png", None),
            ("", None),
        ] {
            let read = picture(url, OF_PORTALS);
            assert_eq!(read.map(|read| read.media_type), expected, "{url}");
        }
        assert_eq!(picture("data:image/gif;base64,AAAA", OF_APIS), None);
    }
}
