//! Asking again before something is done that cannot be undone.

use maud::{Markup, html};

use crate::language::t;
use crate::visit::Visit;

/// What is asked.
#[derive(Debug)]
pub(crate) struct Confirm {
    /// What will happen.
    pub(crate) says: Markup,
    /// What it will cut off, one line each.
    pub(crate) cuts: Vec<String>,
    /// The text of the button.
    pub(crate) button: String,
    /// Where somebody goes who does not want to.
    pub(crate) back: String,
    /// What is sent along.
    pub(crate) values: Vec<(&'static str, String)>,
}

impl Confirm {
    /// The question. It is answered by a POST to the same path.
    pub(crate) fn show(&self, visit: &Visit) -> Markup {
        let lang = visit.lang;
        html! {
            div.confirm {
                p { (self.says) }
                @if !self.cuts.is_empty() {
                    p { (t!(lang, "confirm-cuts")) }
                    ul { @for cut in &self.cuts { li { (cut) } } }
                }
                form method="post" {
                    (visit.form_token())
                    @for (name, value) in &self.values { input type="hidden" name=(name) value=(value); }
                    div.actions {
                        button.bad type="submit" { (self.button) }
                        a.button href=(visit.href(&self.back)) { (t!(lang, "cancel")) }
                    }
                }
            }
        }
    }
}
