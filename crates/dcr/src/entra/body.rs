//! What Graph is told of a client, and what it tells.

use serde_json::{Value, json};

use crate::job::Metadata;
use crate::remote::{Remote, RemoteSecret};
use crate::timestamp;
use crate::vendor::{id, text, texts};

/// The tag of all applications that we made.
const OURS: &str = "gatekey";
/// What stands before our tag of one.
const BEFORE_TAG: &str = "gatekey:";
/// The longest name and the longest notes that Graph takes.
const LONGEST_NAME: usize = 120;
const LONGEST_NOTES: usize = 1_024;

/// What can be changed of an application.
pub(super) fn settings(metadata: &Metadata) -> Value {
    let cut = |text: &str, longest: usize| text.chars().take(longest).collect::<String>();
    let name = if metadata.name.trim().is_empty() { "Application" } else { &metadata.name };
    let notes =
        (!metadata.description.is_empty()).then(|| cut(&metadata.description, LONGEST_NOTES));
    json!({
        "displayName": cut(name, LONGEST_NAME),
        "notes": notes,
        "web": {"redirectUris": metadata.redirect_uris},
    })
}

/// A new application.
pub(super) fn application(metadata: &Metadata) -> Value {
    let mut body = settings(metadata);
    let rest = json!({"signInAudience": "AzureADMyOrg", "tags": [OURS, tag(&metadata.origin.tag)]});
    if let (Some(body), Value::Object(rest)) = (body.as_object_mut(), rest) {
        body.extend(rest);
    }
    body
}

/// Our tag among an application's tags; the tag of all of ours when it is empty.
fn tag(tag: &str) -> String {
    if tag.is_empty() { OURS.to_owned() } else { format!("{BEFORE_TAG}{tag}") }
}

/// The filter for applications with our tag.
pub(super) fn filter(wanted: &str) -> String {
    format!("tags/any(t:t eq '{}')", tag(wanted).replace('\'', "''"))
}

/// The applications of a list: their tags, and what is known of them.
pub(super) fn applications(list: &Value) -> Vec<(String, Remote)> {
    let list = list.get("value").and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|application| {
        let tags = texts(application, "tags")?;
        let tag = tags.iter().find_map(|tag| tag.strip_prefix(BEFORE_TAG))?.to_owned();
        let remote = Remote {
            client_id: Some(id(application, "appId")?),
            object_id: Some(id(application, "id")?),
            ..Remote::default()
        };
        Some((tag, remote))
    })
    .collect()
}

/// The secrets of an application.
pub(super) fn secrets(application: &Value) -> Vec<RemoteSecret> {
    let list = application.get("passwordCredentials").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(secret).collect()
}

/// A secret.
pub(super) fn secret(password: &Value) -> Option<RemoteSecret> {
    let time = |member: &str| text(password, member).and_then(timestamp::parse);
    Some(RemoteSecret {
        id: id(password, "keyId")?,
        display_name: text(password, "displayName").map(str::to_owned),
        created_at: time("startDateTime"),
        expires_at: time("endDateTime"),
    })
}
