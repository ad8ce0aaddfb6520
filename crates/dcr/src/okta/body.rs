//! What Okta is told of a client, and what it tells.

use serde_json::{Value, json};

use crate::job::Metadata;
use crate::remote::{Remote, RemoteSecret};
use crate::timestamp;
use crate::vendor::{id, text};

/// The longest name that Okta takes.
const LONGEST_NAME: usize = 100;
const BEFORE_TAG: &str = " [gatekey:";

/// The client's name: the application's, cut, and the tag.
pub(super) fn name(metadata: &Metadata) -> String {
    let tag = format!("{BEFORE_TAG}{}]", metadata.origin.tag);
    let room = LONGEST_NAME.saturating_sub(tag.chars().count());
    let name = if metadata.name.trim().is_empty() { "Application" } else { &metadata.name };
    let name: String = name.chars().take(room).collect();
    format!("{}{tag}", name.trim_end())
}

/// A client, new or changed: an update replaces all of it.
pub(super) fn client(metadata: &Metadata, client_id: Option<&str>) -> Value {
    let grants = metadata.grant_types();
    let web = metadata.has_authorization_code();
    let mut body = json!({
        "client_name": name(metadata),
        "application_type": if web { "web" } else { "service" },
        "grant_types": grants,
        "response_types": if web { ["code"] } else { ["token"] },
        "redirect_uris": metadata.redirect_uris,
        "token_endpoint_auth_method": "client_secret_basic",
    });
    if let (Some(body), Some(client_id)) = (body.as_object_mut(), client_id) {
        body.insert("client_id".into(), client_id.into());
    }
    body
}

/// The tag of a listed client, and what is known of it.
pub(super) fn tagged(client: &Value) -> Option<(String, Remote)> {
    let name = text(client, "client_name")?.strip_suffix(']')?;
    let (_, tag) = name.rsplit_once(BEFORE_TAG)?;
    let client_id = Some(id(client, "client_id")?);
    Some((tag.to_owned(), Remote { client_id, ..Remote::default() }))
}

/// The secrets of a list, each with its value.
pub(super) fn secrets(list: &Value) -> Vec<(RemoteSecret, Option<&str>)> {
    list.as_array().into_iter().flatten().filter_map(secret).collect()
}

/// A secret, with its value.
pub(super) fn secret(secret: &Value) -> Option<(RemoteSecret, Option<&str>)> {
    let known = RemoteSecret {
        id: id(secret, "id")?,
        created_at: text(secret, "created").and_then(timestamp::parse),
        ..RemoteSecret::default()
    };
    Some((known, text(secret, "client_secret")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Origin;

    #[test]
    fn the_tag_is_read_from_behind_the_name() {
        let origin = Origin { tag: "tag-1".into(), ..Origin::default() };
        for given in ["An app", "x [gatekey:other]", "", &"long ".repeat(60)] {
            let metadata =
                Metadata { name: given.into(), origin: origin.clone(), ..<_>::default() };
            let name = name(&metadata);
            assert!(name.chars().count() <= LONGEST_NAME && !name.starts_with(' '), "{name}");
            let (tag, _) = tagged(&json!({"client_name": name, "client_id": "c"})).unwrap();
            assert_eq!(tag, "tag-1");
        }
        for name in ["An app", "x]", "x [gatekey:a", ""] {
            assert!(tagged(&json!({"client_name": name, "client_id": "c"})).is_none());
        }
    }
}
