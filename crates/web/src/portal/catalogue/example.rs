//! A call to show: an address that the document of an API names.

use serde_json::Value;

use super::shell::{quoted, within};

/// An address of an API. Without a known base, it begins with a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Example {
    base: Option<String>,
    path: String,
}

impl Default for Example {
    /// Of an API that nothing describes.
    fn default() -> Self {
        Self::of(&Value::Null)
    }
}

impl Example {
    /// Reads a document, in JSON or YAML. One that cannot be read names nothing.
    pub(super) fn read(document: &str) -> Self {
        let json = serde_json::from_str::<Value>(document).ok();
        let read = json.or_else(|| serde_saphyr::from_str::<Value>(document).ok());
        Self::of(&read.unwrap_or_default())
    }

    fn of(document: &Value) -> Self {
        let at_server = document.pointer("/servers/0/url").and_then(Value::as_str);
        let url = at_server.map(str::to_owned).or_else(|| of_version_2(document));
        // Others are told relative to where the document is, or have variables.
        let base = url.filter(|url| {
            let absolute = url.starts_with("https://") || url.starts_with("http://");
            absolute && !url.contains(['{', '}']) && !url.contains(char::is_whitespace)
        });
        let base = base.map(|base| base.trim_end_matches('/').to_owned());
        Self { base, path: path(document) }
    }

    /// What has to be set before the call.
    pub(super) const fn needs_address(&self) -> bool {
        self.base.is_none()
    }

    /// The address, as a word of a command.
    pub(super) fn word(&self) -> String {
        match &self.base {
            Some(base) => quoted(&format!("{base}{}", self.path)),
            None => format!("\"$API_URL{}\"", within(&self.path)),
        }
    }
}

/// The address in a document of the older kind.
fn of_version_2(document: &Value) -> Option<String> {
    let host = document.get("host")?.as_str()?;
    let schemes = document.get("schemes").and_then(Value::as_array);
    let secure = schemes.is_none_or(|schemes| schemes.iter().any(|scheme| scheme == "https"));
    let path = document.get("basePath").and_then(Value::as_str).unwrap_or_default();
    Some(format!("{}://{host}{path}", if secure { "https" } else { "http" }))
}

/// The simplest path that something can be got from.
fn path(document: &Value) -> String {
    let paths = document.get("paths").and_then(Value::as_object);
    let read = paths.into_iter().flatten().filter(|(_, item)| item.get("get").is_some());
    let open = |path: &str| path.matches('{').count();
    let simplest = read
        .map(|(path, _)| path.as_str())
        .filter(|path| path.starts_with('/'))
        .min_by_key(|path| (open(path), path.len(), *path));
    filled(simplest.unwrap_or("/"))
}

/// A path with a word to replace where a parameter is.
fn filled(path: &str) -> String {
    let mut parts = path.split('{');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap_or((part, ""));
        text.push_str(&name.to_uppercase());
        text.push_str(rest);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(document: &str) -> String {
        Example::read(document).word()
    }

    #[test]
    fn a_call_goes_where_the_document_says() {
        let json = r#"{"servers": [{"url": "https://api.test/v1/"}],
            "paths": {"/a/{id}": {"get": {}}, "/b": {"post": {}}, "/c-long": {"get": {}}, "/d": {"get": {}}}}"#;
        assert_eq!(word(json), "'https://api.test/v1/d'");
        let yaml = "servers:\n  - url: http://api.test\npaths:\n  /a/{id}/b{x}:\n    get: {}\n";
        assert_eq!(word(yaml), "'http://api.test/a/ID/bX'");
        let older = r#"{"swagger": "2.0", "host": "api.test", "basePath": "/v2", "schemes": ["http"],
            "paths": {"/x": {"get": {}}}}"#;
        assert_eq!(word(older), "'http://api.test/v2/x'");
    }

    #[test]
    fn an_address_that_is_not_told_is_left_to_the_reader() {
        for document in [
            r#"{"servers": [{"url": "/v1"}], "paths": {"/x": {"get": {}}}}"#,
            r#"{"servers": [{"url": "https://{host}"}], "paths": {"/x": {"get": {}}}}"#,
            r#"{"servers": [{"url": "javascript:alert(1)"}], "paths": {"/x": {"get": {}}}}"#,
            r#"{"servers": 7, "paths": {"/x": {"get": {}}, "x-other": 7}}"#,
        ] {
            assert_eq!(word(document), "\"$API_URL/x\"", "{document}");
        }
        for document in ["", "[", "7", "a: [b", "{}"] {
            assert_eq!(word(document), "\"$API_URL/\"", "{document}");
        }
    }

    #[test]
    fn what_a_document_says_is_no_command() {
        let json = r#"{"servers": [{"url": "https://api.test/'$(id)'"}],
            "paths": {"/`id`$(id)\"": {"get": {}}}}"#;
        assert_eq!(word(json), r#"'https://api.test/'\''$(id)'\''/`id`$(id)"'"#);
        let json = r#"{"paths": {"/`id`$(id)\"": {"get": {}}}}"#;
        assert_eq!(word(json), r#""$API_URL/\`id\`\$(id)\"""#);
    }
}
