//! What is looked at on every page: its console, its accessibility, and its width on a phone.

use serde_json::{Value, json};

use super::{Person, Way, origin};

/// The rules of axe-core that are asked for, by their tags.
const RULES: [&str; 5] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"];
/// A phone in somebody's hand.
const PHONE: (u32, u32) = (390, 844);

impl Person {
    /// Looks at the page that has come.
    #[track_caller]
    pub(super) fn look(&self) {
        if self.home.get().is_some_and(|home| *home != origin(&self.url())) {
            // What others write to the console is theirs.
            let _ = self.browser.console();
            return;
        }
        self.silent_console();
        // Pages are the same without scripts, and axe-core waits on timers that do not run there.
        if self.way != Way::NoScripts && self.is_page() {
            self.no_violations();
            self.fits_a_phone();
        }
    }

    /// A page of ours, not one that the browser shows for something else.
    fn is_page(&self) -> bool {
        let script = "return document.contentType === 'text/html' && \
             location.protocol.startsWith('http')";
        self.browser.script(script, &[]) == Value::Bool(true)
    }

    /// The browser has nothing to say, of refused styles and scripts least of all.
    #[track_caller]
    pub fn silent_console(&self) {
        let page = self.url();
        let faults: Vec<_> = self
            .browser
            .console()
            .iter()
            .filter(|entry| is_fault(entry, &page))
            .map(|entry| entry["message"].as_str().unwrap_or_default().to_owned())
            .collect();
        if !faults.is_empty() {
            panic!("the console at {page}:\n{}", faults.join("\n"));
        }
    }

    /// axe-core finds nothing, in the light and in the dark.
    ///
    /// # Panics
    ///
    /// When it does: with the rule, where, and what to do.
    #[track_caller]
    pub fn no_violations(&self) {
        self.browser.script(&self.axe, &[]);
        let mut found = Vec::new();
        for scheme in ["dark", "light"] {
            self.prefer(scheme);
            found.extend(self.violations().into_iter().map(|one| format!("[{scheme}] {one}")));
        }
        let url = self.url();
        assert!(found.is_empty(), "axe-core at {url}:\n{}", found.join("\n"));
    }

    /// How many bytes came for the page that is shown, with all that it loads and headers.
    #[must_use]
    pub fn transferred(&self) -> u64 {
        let script = "const kinds = ['navigation', 'resource'];\n\
             const entries = kinds.flatMap((kind) => performance.getEntriesByType(kind));\n\
             return entries.reduce((sum, entry) => sum + entry.transferSize, 0)";
        let bytes = self.browser.script(script, &[]);
        bytes.as_u64().unwrap_or_else(|| panic!("{bytes} is no number of bytes"))
    }

    /// Prefers the light or the dark.
    pub fn prefer(&self, scheme: &str) {
        let features = json!([
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]);
        self.browser.tell("Emulation.setEmulatedMedia", &json!({ "features": features }));
    }

    #[track_caller]
    fn violations(&self) -> Vec<String> {
        let script = "const only = { type: 'tag', values: arguments[0] };\n\
             const answer = await axe.run(document, {\n\
               runOnly: only, resultTypes: ['violations'],\n\
             });\n\
             return answer.violations.map((rule) => [rule.id, rule.help,\n\
               rule.nodes.slice(0, 5).map((node) => node.target.join(' ') + ': ' +\n\
                 (node.any[0] ?? node.all[0] ?? node.none[0])?.message)])";
        let found = self.browser.script(script, &[json!(RULES)]);
        let found = found.as_array().expect("what axe-core found");
        let told = |rule: &Value| {
            let nodes = rule[2].as_array().expect("the elements");
            let nodes: Vec<_> = nodes.iter().filter_map(Value::as_str).collect();
            let text = |index: usize| rule[index].as_str().unwrap_or_default().to_owned();
            format!("{}: {}\n  {}", text(0), text(1), nodes.join("\n  "))
        };
        found.iter().map(told).collect()
    }

    /// The window has this size from here on.
    pub fn resize(&self, (width, height): (u32, u32), phone: bool) {
        let size = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone,
        });
        self.browser.tell("Emulation.setDeviceMetricsOverride", &size);
    }

    /// The window has its own size again.
    pub fn as_wide_as_the_window(&self) {
        self.browser.tell("Emulation.clearDeviceMetricsOverride", &json!({}));
    }

    /// Nothing is wider than the screen of a phone.
    #[track_caller]
    pub fn fits_a_phone(&self) {
        // As a narrow window: a phone would zoom out.
        self.resize(PHONE, false);
        let script = "const width = arguments[0];\n\
             const inside = (element) => {\n\
               for (let above = element.parentElement; above; above = above.parentElement) {\n\
                 if (getComputedStyle(above).overflowX !== 'visible') return true;\n\
               }\n\
               return false;\n\
             };\n\
             if (document.documentElement.scrollWidth <= width) return [];\n\
             const right = (one) => one.getBoundingClientRect().left +\n\
               Math.max(one.scrollWidth, one.getBoundingClientRect().width);\n\
             const wide = [...document.querySelectorAll('body *')]\n\
               .filter((one) => right(one) > width + 1 && !inside(one));\n\
             return ['the page', ...wide.map((one) => one.outerHTML.slice(0, 120))].slice(0, 6)";
        let wide = self.browser.script(script, &[PHONE.0.into()]);
        self.as_wide_as_the_window();
        let wide = wide.as_array().expect("the elements");
        assert!(wide.is_empty(), "too wide for a phone at {}: {wide:#?}", self.url());
    }
}

/// A page may be a refusal; whatever else cannot be loaded, or goes wrong in it, is a fault.
fn is_fault(entry: &Value, page: &str) -> bool {
    let message = entry["message"].as_str().unwrap_or_default();
    let refusal = message.starts_with(page) && message.contains("Failed to load resource");
    let server = message.contains("status of 5");
    let severe = entry["level"] == "SEVERE" || message.contains("Content Security Policy");
    severe && (!refusal || server)
}
