//! Secrets out of texts that are kept or shown.

/// What takes the place of a secret.
const MASK: &str = "***";

/// Texts that must not be shown, the longest first, each as it is and as transcripts escape it.
#[derive(Clone, Debug, Default)]
pub struct Redaction {
    forms: Vec<String>,
}

impl Redaction {
    /// For these secrets. Empty ones are left out.
    #[must_use]
    pub fn of(secrets: &[String]) -> Self {
        let escaped = secrets.iter().map(|secret| secret.as_bytes().escape_ascii().to_string());
        let mut forms: Vec<String> = secrets.iter().cloned().chain(escaped).collect();
        forms.retain(|form| !form.is_empty());
        forms.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
        forms.dedup();
        Self { forms }
    }

    /// Masks every secret in a text.
    pub fn apply(&self, text: &mut String) {
        for form in &self.forms {
            if text.contains(form.as_str()) {
                *text = text.replace(form.as_str(), MASK);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_in_every_form() {
        let redaction = Redaction::of(&["a\"b".into(), "a\"bc".into(), String::new()]);
        let mut text = r#"plain a"bc, escaped a\"b, and more"#.to_owned();
        redaction.apply(&mut text);
        assert_eq!(text, "plain ***, escaped ***, and more");
    }
}
