//! What AsyncAPI requires. Its operations are not requests, so none are collected.

use serde_json::Value;

use super::pointer::Place;
use super::{Specification, required_object};

/// Checks a document.
pub(super) fn check(document: &Value, version: &str, found: &mut Specification) {
    let root = Place::ROOT;
    if !["2.", "3."].iter().any(|known| version.starts_with(known)) {
        found.error(&root.member("asyncapi"), "must be a version of AsyncAPI 2 or 3");
    }
    // Only AsyncAPI 2 requires channels.
    if !version.starts_with("2.") && document.get("channels").is_none() {
        return;
    }
    let Some(channels) = required_object(document, &root, "channels", found) else { return };
    let at = root.member("channels");
    for (name, channel) in channels.iter().filter(|(name, _)| !name.starts_with("x-")) {
        if !channel.is_object() {
            found.error(&at.member(name), "must be an object");
        }
    }
}
