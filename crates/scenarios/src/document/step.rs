//! What happens in a case.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::is_default;
use super::policy::{Change, Name};

/// One step of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "a file has few steps that are no requests")]
pub enum Step {
    /// A client sends a request.
    Request(Request),
    /// The portal sends changes, as one signed delta.
    Delta(Vec<Change>),
    /// Seconds go by.
    Advance(u64),
}

/// A request and what must come of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The method.
    #[serde(default = "get", skip_serializing_if = "is_get")]
    pub method: String,
    /// Host and port.
    #[serde(default = "authority", skip_serializing_if = "is_authority")]
    pub authority: String,
    /// The request target.
    #[serde(default = "path", skip_serializing_if = "is_path")]
    pub path: String,
    /// The header fields, in order.
    #[serde(default, skip_serializing_if = "is_default")]
    pub headers: Vec<(String, HeaderValue)>,
    /// So many more header fields, all different, after `headers`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub more_headers: u32,
    /// The service, as the host's route metadata names it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub route_metadata_service: Option<String>,
    /// Where the client is, as the host states it without its port; the host knows of no address
    /// without this.
    #[serde(default, skip_serializing_if = "is_default")]
    pub client_address: Option<String>,
    /// What must come of it.
    pub expect: Expect,
}

fn get() -> String {
    "GET".into()
}

fn is_get(method: &String) -> bool {
    method == "GET"
}

fn authority() -> String {
    "api.test".into()
}

fn is_authority(authority: &String) -> bool {
    authority == "api.test"
}

fn path() -> String {
    "/".into()
}

fn is_path(path: &String) -> bool {
    path == "/"
}

/// A header's value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum HeaderValue {
    /// Text, in which `{{key:name}}` and the like are replaced.
    Text(String),
    /// Bytes that need not be text.
    Hex {
        /// Two hexadecimal digits for each byte.
        hex: String,
    },
}

impl From<&str> for HeaderValue {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

/// What must come of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "outcome", rename_all = "snake_case", deny_unknown_fields)]
pub enum Expect {
    /// The upstream receives it.
    Allow {
        /// Who calls: every identity header is what follows from this. Without it, and without
        /// `upstream_headers`, the upstream receives no identity header at all.
        #[serde(default, skip_serializing_if = "is_default")]
        caller: Option<CallerName>,
        /// The exact identity headers, spelled out instead.
        #[serde(default, skip_serializing_if = "is_default")]
        upstream_headers: Option<Vec<(String, HeaderValue)>>,
        /// Headers of the client that reach the upstream.
        #[serde(default, skip_serializing_if = "is_default")]
        present: Vec<(String, HeaderValue)>,
        /// Headers that do not reach the upstream.
        #[serde(default, skip_serializing_if = "is_default")]
        absent: Vec<String>,
    },
    /// The gateway answers it.
    Deny {
        /// The precise reason. Subjects that see only the answer are held to what follows from
        /// it: status, message and challenge.
        code: String,
        /// The status, spelled out.
        #[serde(default, skip_serializing_if = "is_default")]
        status: Option<u16>,
        /// The text of the body, spelled out.
        #[serde(default, skip_serializing_if = "is_default")]
        message: Option<String>,
        /// The header `www-authenticate`, spelled out.
        #[serde(default, skip_serializing_if = "is_default")]
        challenge: Option<String>,
        /// The limit that is used up, as the header `ratelimit-policy` tells it. Without it the
        /// client is told of none.
        #[serde(default, skip_serializing_if = "is_default")]
        limit: Option<String>,
    },
}

/// Who calls, by names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallerName {
    /// The credential.
    pub credential: Name,
    /// The API.
    pub api: Name,
}
