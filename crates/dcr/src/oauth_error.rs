//! Errors as OAuth words them: `{error, error_description}`.

use serde_json::Value;

use crate::call::Reply;

/// What a refusing answer says.
#[derive(Debug)]
pub(crate) struct OauthError {
    /// `error`: a code, or a summary.
    pub(crate) code: String,
    /// `error_description`: a text, or a list of them.
    pub(crate) description: String,
}

impl OauthError {
    /// Reads an answer; none when it does not say `error`.
    pub(crate) fn read(reply: &Reply) -> Option<Self> {
        let body = reply.json();
        let code = text(body.get("error")?);
        if code.is_empty() {
            return None;
        }
        let description = body.get("error_description").map(text).unwrap_or_default();
        Some(Self { code, description })
    }

    /// An answer in a few words.
    pub(crate) fn told(reply: &Reply) -> String {
        match Self::read(reply) {
            Some(Self { code, description }) if description.is_empty() => {
                format!("answer {}: {code}", reply.status)
            }
            Some(Self { code, description }) => {
                format!("answer {}: {code}: {description}", reply.status)
            }
            None => format!("answer {}", reply.status),
        }
    }
}

/// A text, a list of texts, or whatever else a validator leaves there. For people to read.
fn text(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join("; "),
        Value::Object(members) => match members.get("message") {
            Some(message) => text(message),
            None => value.to_string(),
        },
        Value::Null => String::new(),
        other => other.to_string(),
    };
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use gatekey_core::secret::Secret;

    use super::*;

    fn told(body: &str) -> String {
        let body = Secret::new(body.as_bytes().to_vec());
        OauthError::told(&Reply { status: 400, retry_after_seconds: None, next_page: None, body })
    }

    #[test]
    fn every_form_of_an_error_is_told() {
        for (body, expected) in [
            (r#"{"error":"a","error_description":"b"}"#, "answer 400: a: b"),
            (r#"{"error":"a"}"#, "answer 400: a"),
            (r#"{"error":"a","error_description":null}"#, "answer 400: a"),
            (r#"{"error":"a","error_description":["b","c\nd"]}"#, "answer 400: a: b; c d"),
            (
                r#"{"error":"a","error_description":[{"message":"b","x":1},{"y":2}]}"#,
                r#"answer 400: a: b; {"y":2}"#,
            ),
            (r#"{"message":"x"}"#, "answer 400"),
            ("<html>", "answer 400"),
            ("", "answer 400"),
        ] {
            assert_eq!(told(body), expected, "{body}");
        }
    }
}
