//! Places in a document, and references from one to another.

use core::fmt;

use serde_json::Value;

use super::Specification;

/// A place in a document, from the inside out. Shown as a JSON pointer of a URI.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'p> {
    around: Option<&'p Self>,
    name: &'p str,
}

impl Place<'static> {
    /// The whole document.
    pub(super) const ROOT: Self = Self { around: None, name: "" };
}

impl<'p> Place<'p> {
    /// A member of what is here.
    pub(super) const fn member<'m>(&'m self, name: &'m str) -> Place<'m>
    where
        'p: 'm,
    {
        Place { around: Some(self), name }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(around) = self.around else { return f.write_str("#") };
        write!(f, "{around}/{}", self.name.replace('~', "~0").replace('/', "~1"))
    }
}

/// Finds references into the document itself that lead nowhere.
pub(super) fn references(document: &Value, found: &mut Specification) {
    let mut open = vec![document];
    while let Some(value) = open.pop() {
        match value {
            Value::Array(items) => open.extend(items),
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref")
                    && let Some(pointer) = reference.strip_prefix('#')
                    && !leads_somewhere(document, pointer)
                {
                    found.warning(format!("'{reference}' does not exist"));
                }
                // Examples may hold anything.
                let inner = members.iter().filter(|(name, _)| {
                    !matches!(name.as_str(), "example" | "examples" | "default" | "enum")
                });
                open.extend(inner.map(|(_, value)| value));
            }
            _ => {}
        }
    }
}

/// Whether a pointer names something. Anchors (`#name`) are not followed and count as good.
fn leads_somewhere(document: &Value, pointer: &str) -> bool {
    if !pointer.is_empty() && !pointer.starts_with('/') {
        return true;
    }
    let decoded = percent_decoded(pointer);
    document.pointer(&decoded).is_some()
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|_| first == b'%');
        let hex = hex.and_then(|hex| core::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
