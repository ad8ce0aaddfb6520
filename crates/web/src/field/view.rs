//! A whole form, and what is wrong with it.

use maud::{Markup, html};

use super::{Field, Filled, Kind, show};
use crate::language::{Lang, t};
use crate::part;
use crate::refusal::Fault;
use crate::visit::Visit;

/// A fault in words.
pub(crate) fn reason(lang: Lang, fault: &Fault) -> String {
    let mut variables = fluent_bundle::FluentArgs::new();
    variables.set("minimum", fault.minimum.unwrap_or_default());
    variables.set("maximum", fault.maximum.unwrap_or_default());
    let bounded = match fault.rule.as_str() {
        "min" | "min_length" | "min_items" => fault.minimum.is_some(),
        "max" | "max_length" | "max_items" => fault.maximum.is_some(),
        // The words of these say more than the rule.
        "invalid" | "matches_regex" | "enum" => false,
        _ => true,
    };
    let known = bounded.then(|| lang.find(&format!("rule-{}", fault.rule), Some(&variables)));
    // What has words of its own in the API may have them here.
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let words: String = fault.reason.chars().take(64).map(plain).collect();
    let known = known.flatten().or_else(|| lang.find(&format!("rule-words-{words}"), None));
    known.unwrap_or_else(|| part::sentence(&fault.reason))
}

/// A whole form: faults first, the fields, and the button.
#[derive(Debug)]
pub(crate) struct FormView<'a> {
    /// Where it goes; to its own page, when it is empty.
    pub(crate) action: String,
    /// The fields.
    pub(crate) fields: &'a [Field],
    /// What is in them.
    pub(crate) filled: Filled<'a>,
    /// The text of the button.
    pub(crate) submit: &'static str,
    /// Where somebody goes who does not want to.
    pub(crate) cancel: Option<String>,
}

impl FormView<'_> {
    /// As a page shows it.
    pub(crate) fn show(&self, visit: &Visit) -> Markup {
        let files = |field: &Field| matches!(field.kind, Kind::File(_) | Kind::Picture);
        let multipart = self.fields.iter().any(files).then_some("multipart/form-data");
        let action = Some(self.action.as_str()).filter(|action| !action.is_empty());
        html! {
            form method="post" action=[action] enctype=[multipart] novalidate {
                (visit.form_token())
                (self.summary(visit))
                (show(visit, self.fields, &self.filled))
                div.actions {
                    button.main type="submit" { (t!(visit.lang, self.submit)) }
                    @if let Some(cancel) = &self.cancel {
                        a.button href=(cancel) { (t!(visit.lang, "cancel")) }
                    }
                }
            }
        }
    }

    /// What went wrong, with the way to each field.
    fn summary(&self, visit: &Visit) -> Markup {
        let lang = visit.lang;
        let Some(refusal) = self.filled.refusal else { return html! {} };
        let field_of = |fault: &Fault| self.fields.iter().find(|field| field.is_blamed(fault));
        html! {
            div.notice.bad role="alert" tabindex="-1" {
                @if refusal.faults.is_empty() {
                    p { (part::problem(lang, refusal)) }
                } @else {
                    p { (t!(lang, "form-faults", count = refusal.faults.len())) }
                    ul {
                        @for fault in &refusal.faults {
                            li {
                                @match field_of(fault) {
                                    Some(field) => a href=(format!("#{}", field.id())) {
                                        (t!(lang, field.label)) ": " (reason(lang, fault))
                                    },
                                    None => { code { (fault.field) } ": " (reason(lang, fault)) },
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
