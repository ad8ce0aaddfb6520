//! The mailbox folder: one JSON file per e-mail, for portals without a mail server.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

/// An e-mail as it lies in the mailbox.
#[derive(Debug, Serialize)]
pub(super) struct Message {
    pub(super) to: String,
    pub(super) template: String,
    pub(super) variables: Map<String, Value>,
    pub(super) created_at: String,
}

/// Puts a file in the mailbox: first whole under a name that no reader looks at, then renamed.
pub(super) fn write(mailbox: &Path, id: Uuid, message: &Message) -> io::Result<()> {
    let part = mailbox.join(format!(".{id}.part"));
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
    file.write_all(serde_json::to_string_pretty(message)?.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&part, mailbox.join(format!("{id}.json")))
}
