//! The ways of somebody who has nothing but a keyboard.

use serde_json::Value;

use super::Person;
use crate::browser::Element;

/// The keys that have no letter (W3C WebDriver, 17.4.2).
const TAB: &str = "\u{e004}";
const RETURN: &str = "\u{e007}";
const SPACE: &str = " ";
const DOWN: &str = "\u{e015}";
const HOME: &str = "\u{e011}";
const DELETE: &str = "\u{e017}";
const ESCAPE: &str = "\u{e00c}";

/// More stops than a page should have.
const STOPS: usize = 400;

impl Person {
    /// Goes from stop to stop until the element has the focus, and sees that it has.
    #[track_caller]
    pub(super) fn reach(&self, element: &Element) {
        let here = "return document.activeElement === arguments[0]";
        self.tab_until(here, element);
        let visible = "const element = arguments[0];\n\
             const looks = () => { const style = getComputedStyle(element); return [\n\
               style.outlineStyle === 'none' ? '' : style.outline, style.boxShadow,\n\
               style.borderColor, style.backgroundColor, style.textDecoration].join(); };\n\
             const focused = looks();\n\
             element.blur();\n\
             const other = looks();\n\
             element.focus({ focusVisible: true });\n\
             return focused !== other";
        if self.browser.script(visible, &[element.argument()]) != Value::Bool(true) {
            let html = "return arguments[0].outerHTML.slice(0, 200)";
            let html = self.browser.script(html, &[element.argument()]);
            self.fail(&format!("nobody sees that this has the focus: {html}"));
        }
    }

    #[track_caller]
    fn tab_until(&self, script: &str, element: &Element) {
        for _ in 0..STOPS {
            if self.browser.script(script, &[element.argument()]) == Value::Bool(true) {
                return;
            }
            self.browser.keys(TAB);
        }
        let html = "return arguments[0].outerHTML.slice(0, 200)";
        let html = self.browser.script(html, &[element.argument()]);
        self.fail(&format!("Tab never leads to {html}"));
    }

    /// Writes instead of what is in the field that has the focus.
    pub(super) fn replace(&self, text: &str) {
        let length = self.browser.script("return document.activeElement.value.length", &[]);
        self.browser.keys(HOME);
        for _ in 0..length.as_u64().unwrap_or_default() {
            self.browser.keys(DELETE);
        }
        self.browser.keys(text);
    }

    /// Presses what has the focus.
    pub(super) fn enter(&self) {
        self.browser.keys(RETURN);
    }

    /// Goes down the list that has the focus until it shows the choice.
    #[track_caller]
    pub(super) fn pick(&self, list: &Element, option: &Element) {
        let chosen = "return arguments[0].selectedOptions[0] === arguments[1]";
        self.browser.keys(HOME);
        for _ in 0..STOPS {
            let both = [list.argument(), option.argument()];
            if self.browser.script(chosen, &both) == Value::Bool(true) {
                return;
            }
            self.browser.keys(DOWN);
        }
        self.fail("the choice cannot be reached with the arrows");
    }

    /// Ticks a box with the space bar; radio buttons are one stop, and the arrows go through them.
    #[track_caller]
    pub(super) fn toggle(&self, field: &Element) {
        let kind = self.browser.script("return arguments[0].type", &[field.argument()]);
        if kind != "radio" {
            self.reach(field);
            self.browser.keys(SPACE);
            return;
        }
        let group = "const active = document.activeElement;\n\
             return active.type === 'radio' && active.name === arguments[0].name";
        self.tab_until(group, field);
        for _ in 0..STOPS {
            let checked = "return arguments[0].checked";
            if self.browser.script(checked, &[field.argument()]) == Value::Bool(true) {
                return;
            }
            self.browser.keys(DOWN);
        }
        self.fail("the radio button cannot be reached with the arrows");
    }

    /// Presses Escape.
    pub fn escape(&self) {
        self.browser.keys(ESCAPE);
    }
}
