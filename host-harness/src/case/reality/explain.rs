//! Divergences that are known, and headers that the proxy itself adds.

use std::path::Path;

use serde::Deserialize;

use super::compare::{Divergence, fits};

/// What is known of a proxy: read from a file, see `reality/envoy.json`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Explanations {
    /// Headers that the proxy adds by itself.
    added: Added,
    /// Divergences and their reasons.
    divergences: Vec<Explanation>,
}

/// Names of headers, `*` standing for anything, that are passed over where only reality has them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Added {
    /// In requests that are let through.
    pub(super) upstream: Vec<String>,
    /// In responses to clients.
    pub(super) client: Vec<String>,
    /// In calls that the filter makes.
    pub(super) callout: Vec<String>,
}

/// A divergence that is known. `*` stands for anything.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Explanation {
    case: String,
    member: String,
    /// What reality says, if only that is explained.
    #[serde(default)]
    reality: Option<String>,
    reason: String,
    #[serde(skip)]
    used: bool,
}

impl Explanations {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read or is not such a file.
    pub fn read(path: &Path) -> Result<Self, String> {
        let located = |error: &dyn core::fmt::Display| format!("{}: {error}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| located(&error))?;
        Self::parse(&text).map_err(|error| located(&error))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let explanations: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        match explanations.divergences.iter().find(|known| known.reason.trim().is_empty()) {
            Some(known) => Err(format!("`{}`, `{}` has no reason", known.case, known.member)),
            None => Ok(explanations),
        }
    }

    pub(super) fn added(&self) -> &Added {
        &self.added
    }

    /// Says why a divergence is known, if it is.
    pub(super) fn explain(&mut self, divergence: &mut Divergence) {
        let known = self.divergences.iter_mut().find(|known| {
            fits(&known.case, divergence.case.as_bytes())
                && fits(&known.member, divergence.member.as_bytes())
                && known
                    .reality
                    .as_ref()
                    .is_none_or(|pattern| fits(pattern, divergence.reality.as_bytes()))
        });
        if let Some(known) = known {
            known.used = true;
            divergence.explained = Some(known.reason.clone());
        }
    }

    /// Explanations that explained nothing, though a case they speak of was run.
    pub(super) fn stale(&self, cases: &[String]) -> Vec<String> {
        let unused = self.divergences.iter().filter(|known| {
            !known.used && cases.iter().any(|case| fits(&known.case, case.as_bytes()))
        });
        unused.map(|known| format!("{}: {}", known.case, known.member)).collect()
    }
}

/// What Envoy adds, for when no file is given.
impl Explanations {
    /// The headers that Envoy adds, and no divergence.
    #[must_use]
    pub fn of_nothing_else() -> Self {
        let mut explanations =
            Self::parse(include_str!("../../../reality/envoy.json")).unwrap_or_default();
        explanations.divergences.clear();
        explanations
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn divergence(member: &str) -> Divergence {
        Divergence {
            case: "file/case".into(),
            step: "1: GET /".into(),
            member: member.into(),
            harness: "absent".into(),
            reality: "\"1\"".into(),
            explained: None,
        }
    }

    #[test]
    fn what_explains_nothing_is_stale() {
        let text = r#"{ "divergences": [
            { "case": "file/*", "member": "client.headers.a", "reason": "known" },
            { "case": "other/*", "member": "*", "reason": "not run" }
        ] }"#;
        let mut explanations = Explanations::parse(text).unwrap();
        let cases = ["file/case".to_owned()];
        assert_eq!(explanations.stale(&cases), ["file/*: client.headers.a"]);
        let mut other = divergence("client.headers.b");
        explanations.explain(&mut other);
        assert_eq!(other.explained, None);
        let mut known = divergence("client.headers.a");
        explanations.explain(&mut known);
        assert_eq!(known.explained.as_deref(), Some("known"));
        assert!(explanations.stale(&cases).is_empty());
    }

    #[test]
    fn a_reason_is_needed() {
        let text = r#"{ "divergences": [{ "case": "*", "member": "*", "reason": " " }] }"#;
        assert!(Explanations::parse(text).unwrap_err().contains("no reason"));
        assert!(!Explanations::of_nothing_else().added.client.is_empty());
    }
}
