//! What the portal is asked before anything is measured.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::connection::Connection;

/// A request as it goes over the wire.
pub(super) fn request(
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    kind: &str,
    body: &str,
) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    let length = body.len();
    text.push_str(&format!("content-type: {kind}\r\ncontent-length: {length}\r\n\r\n{body}"));
    text.into_bytes()
}

/// A request for a token.
pub(super) fn token_request(path: &str, id: &str, secret: &str, more: &str) -> Vec<u8> {
    let body = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}{more}");
    request("POST", path, &[], "application/x-www-form-urlencoded", &body)
}

/// A caller of an API, with the header that says who it is.
#[derive(Debug)]
pub(super) struct Caller<'a> {
    pub(super) port: u16,
    pub(super) header: (&'a str, &'a str),
}

impl Caller<'_> {
    /// Sends JSON: the answer's head and body.
    pub(super) fn call(
        &self,
        method: &str,
        path: &str,
        body: &Value,
        status: u16,
    ) -> Result<(String, Value)> {
        let text = body.to_string();
        let request = request(method, path, &[self.header], "application/json", &text);
        let mut connection = Connection::connect(self.port)?;
        let answer = connection.exchange(&request)?;
        let told = String::from_utf8_lossy(answer.body);
        ensure!(answer.status == status, "{method} {path}: answered {}: {told}", answer.status);
        let json = serde_json::from_slice(answer.body).unwrap_or_default();
        Ok((answer.head.to_owned(), json))
    }

    /// Creates something.
    pub(super) fn create(&self, path: &str, body: &Value) -> Result<Value> {
        Ok(self.call("POST", path, body, 201)?.1)
    }
}

/// A text member of an answer.
pub(super) fn text(answer: &Value, name: &str) -> Result<String> {
    let found = answer.get(name).and_then(Value::as_str);
    Ok(found.with_context(|| format!("no `{name}` in {answer}"))?.to_owned())
}
