//! Somebody who sits in front of a browser and goes by what the pages say.
//!
//! Fields are found by their labels, buttons and links by their words. Every page that comes
//! from where the person began is looked at: its console must be silent, and axe-core must find
//! nothing, in the light and in the dark.

mod inspection;
mod keyboard;

use core::cell::OnceCell;
use core::time::Duration;
use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};

use crate::browser::{Browser, Element, Setup};
use crate::tools::Tools;

const PATIENCE: Duration = Duration::from_secs(20);
const FIND: &str = include_str!("find.js");
const READ: &str = include_str!("read.js");

/// How somebody uses a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// With a mouse, and scripts run.
    Mouse,
    /// With nothing but the keyboard, and scripts run.
    Keyboard,
    /// With a mouse, and no script runs.
    NoScripts,
}

/// Somebody in front of a browser of their own.
#[derive(Debug)]
pub struct Person {
    browser: Browser,
    way: Way,
    axe: String,
    /// The origin whose pages are looked at: that of the first page.
    home: OnceCell<String>,
}

impl Person {
    /// Somebody who reads English and uses a mouse.
    #[must_use]
    pub fn new(tools: &Tools) -> Self {
        Self::who(tools, Way::Mouse, "en")
    }

    /// Somebody who uses the browser in this way and reads these languages, the best first.
    ///
    /// # Panics
    ///
    /// When the browser does not open, or axe-core is not there.
    #[must_use]
    pub fn who(tools: &Tools, way: Way, languages: &str) -> Self {
        let scripts = way != Way::NoScripts;
        let setup = Setup { scripts, languages: languages.to_owned(), ..Setup::default() };
        let axe = std::fs::read_to_string(&tools.axe).expect("axe-core");
        let browser = Browser::open_as(tools, &setup);
        Self { browser, way, axe, home: OnceCell::new() }
    }

    /// The browser.
    #[must_use]
    pub const fn browser(&self) -> &Browser {
        &self.browser
    }

    /// Types an address.
    #[track_caller]
    pub fn visit(&self, url: &str) {
        self.home.get_or_init(|| origin(url));
        self.browser.go(url);
        self.look();
    }

    /// Where they are.
    #[must_use]
    pub fn url(&self) -> String {
        self.browser.url()
    }

    /// Is at an address that begins so.
    #[track_caller]
    pub fn is_at(&self, prefix: &str) {
        self.until(|| self.url().starts_with(prefix), || format!("not at {prefix}"));
    }

    /// Writes a text into the field of this label, instead of what is in there.
    #[track_caller]
    pub fn fill(&self, label: &str, text: &str) {
        self.fill_in(None, label, text);
    }

    /// Writes into the field of this label that stands near these words.
    #[track_caller]
    pub fn fill_near(&self, near: &str, label: &str, text: &str) {
        self.fill_in(Some(near), label, text);
    }

    #[track_caller]
    fn fill_in(&self, near: Option<&str>, label: &str, text: &str) {
        let field = self.find("field", label, near);
        if self.way == Way::Keyboard {
            self.reach(&field);
            self.replace(text);
        } else {
            self.browser.clear(&field);
            self.browser.send_text(&field, text);
        }
    }

    /// Chooses in a list, or among radio buttons, by the words of the choice.
    #[track_caller]
    pub fn choose(&self, label: &str, choice: &str) {
        let field = self.find("field", label, None);
        let script = "const [field, choice] = arguments;\n\
             if (field.tagName !== 'SELECT') return null;\n\
             const clean = (text) => text.replace(/\\s+/g, ' ').trim();\n\
             const of = (fits) => [...field.options].find((one) => fits(clean(one.text)));\n\
             return of((text) => text === choice) ?? of((text) => text.startsWith(choice))";
        let option = self.browser.script(script, &[field.argument(), choice.into()]);
        let Some(option) = Element::of(&option) else {
            self.fail(&format!("{label}: no {choice}"))
        };
        if self.way == Way::Keyboard {
            self.reach(&field);
            self.pick(&field, &option);
        } else {
            self.browser.click_element(&option);
        }
    }

    /// Ticks a box, or one of several radio buttons, by its label.
    #[track_caller]
    pub fn tick(&self, label: &str) {
        self.set_box(label, true);
    }

    /// Takes the tick from a box.
    #[track_caller]
    pub fn untick(&self, label: &str) {
        self.set_box(label, false);
    }

    #[track_caller]
    fn set_box(&self, label: &str, wanted: bool) {
        let field = self.find("field", label, None);
        let checked = "return arguments[0].checked";
        if self.browser.script(checked, &[field.argument()]) == Value::Bool(wanted) {
            return;
        }
        if self.way == Way::Keyboard {
            self.toggle(&field);
        } else {
            self.click(&field);
        }
        let now = self.browser.script(checked, &[field.argument()]);
        assert_eq!(now, Value::Bool(wanted), "{label} at {}", self.url());
    }

    /// Gives a file to the field of this label.
    #[track_caller]
    pub fn attach(&self, label: &str, file: &Path) {
        // The system's own window opens there: a keyboard is no other way than a mouse.
        let field = self.find("field", label, None);
        self.browser.send_text(&field, &file.display().to_string());
    }

    /// Presses the button with these words, and looks at the page that comes.
    #[track_caller]
    pub fn press(&self, words: &str) {
        let button = self.find("button", words, None);
        self.activate(&button);
    }

    /// Presses the button with these words that stands nearest to others: `Approve` in the row of
    /// `Ada`.
    #[track_caller]
    pub fn press_near(&self, near: &str, words: &str) {
        let button = self.find("button", words, Some(near));
        self.activate(&button);
    }

    /// Follows the link with these words, and looks at the page that comes.
    #[track_caller]
    pub fn follow(&self, words: &str) {
        let link = self.find("link", words, None);
        self.activate(&link);
    }

    /// Follows the link with these words that stands nearest to others.
    #[track_caller]
    pub fn follow_near(&self, near: &str, words: &str) {
        let link = self.find("link", words, Some(near));
        self.activate(&link);
    }

    /// Whether there is a button with these words now.
    #[must_use]
    pub fn can_press(&self, words: &str) -> bool {
        self.search("button", words, None).0.is_some()
    }

    #[track_caller]
    fn activate(&self, element: &Element) {
        if self.way == Way::Keyboard {
            self.reach(element);
            self.enter();
        } else {
            self.click(element);
        }
        self.look();
    }

    fn click(&self, element: &Element) {
        self.browser.script(
            "arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' })",
            &[element.argument()],
        );
        self.browser.click_element(element);
    }

    /// Sees a text, at once or soon.
    #[track_caller]
    pub fn sees(&self, text: &str) {
        self.until(|| self.shows(text), || format!("does not see `{text}`"));
    }

    /// Sees nothing of a text.
    #[track_caller]
    pub fn sees_no(&self, text: &str) {
        if self.shows(text) {
            self.fail(&format!("sees `{text}`"));
        }
    }

    /// Whether a text is shown now. How it is set, in capitals or on two lines, does not matter.
    #[must_use]
    pub fn shows(&self, text: &str) -> bool {
        let clean = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        clean(&self.text()).to_lowercase().contains(&clean(text).to_lowercase())
    }

    /// What the page shows.
    #[must_use]
    pub fn text(&self) -> String {
        let text = self.browser.script("return document.body.innerText", &[]);
        text.as_str().unwrap_or_default().to_owned()
    }

    /// What a field holds, or what stands beside these words: a fact, a secret.
    #[must_use]
    #[track_caller]
    pub fn reads(&self, label: &str) -> String {
        let read = self.browser.script(READ, &[label.into()]);
        match read.as_str() {
            Some(text) => text.to_owned(),
            None => self.fail(&format!("nothing is called `{label}`")),
        }
    }

    #[track_caller]
    fn find(&self, kind: &str, words: &str, near: Option<&str>) -> Element {
        let (found, known) = self.search(kind, words, near);
        let beside = near.map(|near| format!(" near `{near}`")).unwrap_or_default();
        match found {
            Some(element) => element,
            None => self.fail(&format!("finds no {kind} `{words}`{beside} among {known}")),
        }
    }

    fn search(&self, kind: &str, words: &str, near: Option<&str>) -> (Option<Element>, Value) {
        let mut answer = self.browser.script(FIND, &[kind.into(), words.into(), json!(near)]);
        (Element::of(&answer[0]), answer[1].take())
    }

    #[track_caller]
    fn until(&self, holds: impl Fn() -> bool, what: impl Fn() -> String) {
        let started = Instant::now();
        while !holds() {
            if started.elapsed() > PATIENCE {
                self.fail(&what());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    #[track_caller]
    fn fail(&self, what: &str) -> ! {
        panic!("{what}\nat {}, which shows:\n{}", self.url(), self.text())
    }
}

/// The scheme, host and port of an address.
fn origin(url: &str) -> String {
    url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/")
}
