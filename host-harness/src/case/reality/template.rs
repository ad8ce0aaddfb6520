//! Templates of proxy configurations: placeholders `{{name}}`, and blocks from `{{#name}}` to
//! `{{/name}}` that are repeated for each thing of that name.
//!
//! Every value can be had as it is (`{{x}}`), as a JSON string with its quotes (`{{x_json}}`), and
//! between single quotes with backslashes, as nginx reads it (`{{x_quoted}}`).

use std::collections::BTreeMap;

/// What a template is filled with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values {
    texts: BTreeMap<&'static str, String>,
    blocks: BTreeMap<&'static str, Vec<Self>>,
}

impl Values {
    pub(crate) fn with(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.texts.insert(name, text.into());
        self
    }

    pub(crate) fn block(mut self, name: &'static str, each: Vec<Self>) -> Self {
        self.blocks.insert(name, each);
        self
    }

    fn text(&self, name: &str) -> Option<String> {
        if let Some(text) = self.texts.get(name) {
            return Some(text.clone());
        }
        if let Some(text) = name.strip_suffix("_json").and_then(|name| self.texts.get(name)) {
            return Some(serde_json::Value::from(text.as_str()).to_string());
        }
        let text = name.strip_suffix("_quoted").and_then(|name| self.texts.get(name))?;
        Some(format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")))
    }
}

/// A template with its values in it.
///
/// # Errors
/// Names the line of a placeholder that is not known or a block that does not end.
pub(crate) fn render(template: &str, values: &Values) -> Result<String, String> {
    let mut rendered = String::new();
    fill(template, 1, &[values], &mut rendered)?;
    Ok(rendered)
}

fn fill(
    template: &str,
    mut line: usize,
    scope: &[&Values],
    rendered: &mut String,
) -> Result<(), String> {
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        rendered.push_str(before);
        line += lines(before);
        let Some((name, after)) = after.split_once("}}") else {
            return Err(format!("line {line}: a placeholder does not end"));
        };
        let name = name.trim();
        let Some(block) = name.strip_prefix('#') else {
            let text = scope.iter().rev().find_map(|values| values.text(name));
            let text = text.ok_or_else(|| {
                format!("line {line}: `{name}` is not known, known are {}", known(scope))
            })?;
            rendered.push_str(&text);
            rest = after;
            continue;
        };
        let end = format!("{{{{/{block}}}}}");
        let Some((inner, after)) = after.split_once(&end) else {
            return Err(format!("line {line}: the block `{block}` does not end"));
        };
        let each = scope.iter().rev().find_map(|values| values.blocks.get(block));
        let each = each.ok_or_else(|| {
            format!("line {line}: there are no `{block}`, known are {}", known(scope))
        })?;
        for values in each {
            let scope: Vec<&Values> = scope.iter().copied().chain([values]).collect();
            fill(inner, line, &scope, rendered)?;
        }
        line += lines(inner);
        rest = after;
    }
    rendered.push_str(rest);
    Ok(())
}

fn lines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

fn known(scope: &[&Values]) -> String {
    let names = scope.iter().flat_map(|values| {
        let texts = values.texts.keys().map(|name| format!("`{name}`"));
        texts.chain(values.blocks.keys().map(|name| format!("`#{name}`")))
    });
    names.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Values {
        let each = ["a", "b"].map(|name| Values::default().with("name", name));
        Values::default().with("port", "80").with("text", "it's \"x\"\\").block("each", each.into())
    }

    #[test]
    fn blocks_repeat_and_see_what_is_around_them() {
        let rendered = render("{{#each}}{{name}}:{{ port }}\n{{/each}}.", &values()).unwrap();
        assert_eq!(rendered, "a:80\nb:80\n.");
    }

    #[test]
    fn values_are_quoted_as_asked() {
        let rendered = render("{{text_json}} {{text_quoted}}", &values()).unwrap();
        assert_eq!(rendered, r#""it's \"x\"\\" 'it\'s "x"\\'"#);
    }

    #[test]
    fn mistakes_name_their_line() {
        for (template, text) in [
            ("\n{{nothing}}", "line 2: `nothing` is not known"),
            ("{{port", "line 1: a placeholder does not end"),
            ("\n\n{{#each}}", "line 3: the block `each` does not end"),
            ("{{#all}}{{/all}}", "there are no `all`"),
            ("{{#each}}\n{{oh}}{{/each}}", "line 2: `oh`"),
        ] {
            let error = render(template, &values()).unwrap_err();
            assert!(error.contains(text), "{error}");
        }
    }
}
