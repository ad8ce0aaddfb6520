//! A token, described.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::is_default;
use super::policy::Name;
use crate::forge;

/// The longest chain of tokens that are like one another.
const MOST_LIKE: usize = 8;

/// A signed token. Texts refer to it as `{{token:name}}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Token {
    /// The token that it is like, but for what follows.
    #[serde(skip_serializing_if = "is_default")]
    pub like: Option<Name>,
    /// The key of the forge that signs it. Its name is the `kid` as well.
    #[serde(skip_serializing_if = "is_default")]
    pub key: Option<String>,
    /// The algorithm, `alg` as well; the default is that of the key.
    #[serde(skip_serializing_if = "is_default")]
    pub algorithm: Option<String>,
    /// Members of the header. `null` takes one away.
    #[serde(skip_serializing_if = "is_default")]
    pub header: Map<String, Value>,
    /// Claims. `null` takes one away; `{"in": 60}` is the 60th second of the case, a negative
    /// one lies before it.
    #[serde(skip_serializing_if = "is_default")]
    pub claims: Map<String, Value>,
    /// The header, spelled out.
    #[serde(skip_serializing_if = "is_default")]
    pub header_text: Option<String>,
    /// The payload, spelled out; `{{in:60}}` is the 60th second of the case.
    #[serde(skip_serializing_if = "is_default")]
    pub payload_text: Option<String>,
}

impl Token {
    /// The token as it is sent, in a case that starts at this second.
    ///
    /// # Errors
    ///
    /// When it is like a token that is not there, or cannot be signed so.
    pub fn text(&self, all: &BTreeMap<Name, Self>, start: u64) -> Result<String, String> {
        let whole = self.whole(all, MOST_LIKE)?;
        let key = whole.key.as_deref().ok_or("a token has no `key`")?;
        let known = forge::Key::named(key)?;
        let algorithm = whole.algorithm.as_deref().unwrap_or_else(|| known.algorithm());
        let header = whole.header_text.clone().unwrap_or_else(|| {
            let first = json!({"alg": algorithm, "kid": key});
            let mut header = first.as_object().cloned().unwrap_or_default();
            header.extend(whole.header.clone());
            header.retain(|_, value| !value.is_null());
            Value::Object(header).to_string()
        });
        let payload = match &whole.payload_text {
            Some(text) => dated(text, start)?,
            None => {
                let claims = whole.claims.iter().filter(|(_, value)| !value.is_null());
                let claims = claims.map(|(name, value)| Ok((name.clone(), at(value, start)?)));
                Value::Object(claims.collect::<Result<_, String>>()?).to_string()
            }
        };
        forge::token(&header, payload.as_bytes(), key, algorithm)
    }

    /// The description with all that it is like.
    fn whole(&self, all: &BTreeMap<Name, Self>, most: usize) -> Result<Self, String> {
        let Some(like) = &self.like else { return Ok(self.clone()) };
        let other = all.get(like).ok_or_else(|| format!("no token `{like}`"))?;
        let most = most.checked_sub(1).ok_or_else(|| format!("`{like}` is like itself"))?;
        let mut whole = other.whole(all, most)?;
        whole.header.extend(self.header.clone());
        whole.claims.extend(self.claims.clone());
        // Whoever names another key means its algorithm as well.
        if self.key.is_some() {
            (whole.key, whole.algorithm) = (self.key.clone(), None);
        }
        whole.algorithm = self.algorithm.clone().or(whole.algorithm);
        whole.header_text = self.header_text.clone().or(whole.header_text);
        whole.payload_text = self.payload_text.clone().or(whole.payload_text);
        Ok(whole)
    }
}

/// A claim, with the time in it if it is one.
fn at(value: &Value, start: u64) -> Result<Value, String> {
    let Some(offset) = value.as_object().filter(|members| members.len() == 1) else {
        return Ok(value.clone());
    };
    let Some(offset) = offset.get("in") else { return Ok(value.clone()) };
    if let Some(seconds) = offset.as_i64() {
        return Ok(start.saturating_add_signed(seconds).into());
    }
    let seconds = offset.as_f64().ok_or("`in` is no number")?;
    #[allow(clippy::cast_precision_loss, reason = "seconds since 1970 fit")]
    let time = start as f64 + seconds;
    Ok(time.into())
}

/// Replaces `{{in:seconds}}`.
fn dated(text: &str, start: u64) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{in:") {
        let (seconds, after) =
            after.split_once("}}").ok_or_else(|| format!("`{text}` lacks `}}}}`"))?;
        let seconds: i64 = seconds.parse().map_err(|_| format!("`{seconds}` is no number"))?;
        out.push_str(before);
        out.push_str(&start.saturating_add_signed(seconds).to_string());
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}
