//! Fields of forms: what they are called and hold, how they are shown, and what is made of what
//! somebody typed.
//!
//! A form is a list of [`Field`]s, named by the members of the body that the API takes. The same
//! list shows the form, reads it into that body, and puts what the API refuses at its field.

use std::borrow::Cow;

use maud::{Markup, html};
use serde_json::{Map, Number, Value};

mod view;

pub(crate) use self::view::{FormView, reason};
use crate::form::Form;
use crate::language::t;
use crate::refusal::{Fault, Refusal};
use crate::time::Zone;
use crate::visit::Visit;

/// What a field holds.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// One line.
    Text,
    /// An e-mail address.
    Email,
    /// An address of the web.
    Url,
    /// A password; the text is what browsers are told of it.
    Password(&'static str),
    /// A secret that is entered and never shown again.
    Secret,
    /// A whole number.
    Number,
    /// Several lines.
    Area(u8),
    /// Yes or no.
    Switch,
    /// One of several: value and text.
    Choice(Vec<(String, String)>),
    /// Any of several: value and text.
    Many(Vec<(String, String)>),
    /// A list of texts, one on each line.
    Lines,
    /// Names and values, `name: value` on each line.
    Pairs,
    /// A text from a file, or typed. The text says which files are offered.
    File(&'static str),
    /// A picture from a file.
    Picture,
    /// A point in time, in the reader's zone.
    Moment,
    /// Something that is sent along.
    Hidden,
}

/// What a field without content means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blank {
    /// The member is left out.
    Omitted,
    /// The member is null.
    Null,
    /// The member is empty text.
    Empty,
}

/// A field.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    /// The member of the body, as a dotted path.
    pub(crate) name: Cow<'static, str>,
    /// The text of the label; the text with `-hint` after it explains, if there is one.
    pub(crate) label: &'static str,
    /// What it holds.
    pub(crate) kind: Kind,
    /// Whether it must be filled.
    pub(crate) required: bool,
    /// What it means when it is not.
    pub(crate) blank: Blank,
    /// The most characters.
    pub(crate) most: Option<u16>,
    /// What browsers may fill in.
    pub(crate) autocomplete: Option<&'static str>,
    /// What is in it before anybody typed.
    pub(crate) preset: Option<Value>,
}

impl Field {
    /// A field with a label.
    pub(crate) fn new(name: impl Into<Cow<'static, str>>, label: &'static str, kind: Kind) -> Self {
        Self {
            name: name.into(),
            label,
            kind,
            required: false,
            blank: Blank::Omitted,
            most: None,
            autocomplete: None,
            preset: None,
        }
    }

    /// One line.
    pub(crate) fn text(name: impl Into<Cow<'static, str>>, label: &'static str) -> Self {
        Self::new(name, label, Kind::Text)
    }

    /// Several lines.
    pub(crate) fn area(name: impl Into<Cow<'static, str>>, label: &'static str) -> Self {
        Self::new(name, label, Kind::Area(4))
    }

    /// Yes or no.
    pub(crate) fn switch(name: impl Into<Cow<'static, str>>, label: &'static str) -> Self {
        Self::new(name, label, Kind::Switch)
    }

    /// One of several.
    pub(crate) fn choice(
        name: impl Into<Cow<'static, str>>,
        label: &'static str,
        options: Vec<(String, String)>,
    ) -> Self {
        Self::new(name, label, Kind::Choice(options))
    }

    /// It must be filled.
    pub(crate) fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// It holds at most so many characters.
    pub(crate) fn most(self, most: u16) -> Self {
        Self { most: Some(most), ..self }
    }

    /// Without content, it is null.
    pub(crate) fn or_null(self) -> Self {
        Self { blank: Blank::Null, ..self }
    }

    /// Without content, it is empty text.
    pub(crate) fn or_empty(self) -> Self {
        Self { blank: Blank::Empty, ..self }
    }

    /// Browsers may fill it in with this.
    pub(crate) fn autocomplete(self, what: &'static str) -> Self {
        Self { autocomplete: Some(what), ..self }
    }

    /// It holds this before anybody typed.
    pub(crate) fn preset(self, value: impl Into<Value>) -> Self {
        Self { preset: Some(value.into()), ..self }
    }

    /// The `id` of its element.
    fn id(&self) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        format!("f-{}", self.name.chars().map(plain).collect::<String>())
    }

    /// What was typed, as the API takes it; nothing, when the member is to be left out.
    fn read(&self, form: &Form, zone: &Zone) -> Option<Value> {
        let text = match self.kind {
            Kind::Password(_) | Kind::Secret | Kind::Area(_) | Kind::File(_) => {
                form.raw(&self.name)
            }
            _ => form.text(&self.name),
        };
        let blank = || match self.blank {
            Blank::Omitted => None,
            Blank::Null => Some(Value::Null),
            Blank::Empty => Some(Value::String(String::new())),
        };
        match &self.kind {
            Kind::Switch => Some(Value::Bool(form.has(&self.name))),
            Kind::Many(_) => {
                let chosen = form.all(&self.name).filter(|value| !value.is_empty());
                Some(chosen.map(Value::from).collect())
            }
            Kind::Lines => {
                let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
                let lines: Vec<Value> = lines.map(Value::from).collect();
                if lines.is_empty() && self.blank == Blank::Omitted {
                    None
                } else {
                    Some(lines.into())
                }
            }
            Kind::Pairs => {
                let lines = text.lines().filter(|line| !line.trim().is_empty());
                let pairs = lines.map(|line| line.split_once([':', '=']).unwrap_or((line, "")));
                let pairs: Map<_, _> =
                    pairs.map(|(name, value)| (name.trim().into(), value.trim().into())).collect();
                if pairs.is_empty() && self.blank == Blank::Omitted {
                    None
                } else {
                    Some(pairs.into())
                }
            }
            Kind::File(_) => {
                // A file that was chosen goes before what stands in the field.
                let file = form.raw(&format!("{}.file", self.name));
                let text = if file.is_empty() { text } else { file };
                if text.is_empty() { blank() } else { Some(text.into()) }
            }
            Kind::Picture => {
                let file = form.raw(&self.name);
                if file.is_empty() { blank() } else { Some(picture(file).into()) }
            }
            _ if text.is_empty() => blank(),
            // What is no number goes on as it is: the API says what is wrong with it.
            Kind::Number => {
                Some(text.parse::<i64>().map_or_else(|_| text.into(), |n| Number::from(n).into()))
            }
            Kind::Moment => Some(zone.read(text).unwrap_or_else(|| text.to_owned()).into()),
            _ => Some(text.into()),
        }
    }

    /// What the field holds when it is shown.
    fn shown(&self, filled: &Filled<'_>, zone: &Zone) -> String {
        if let Some(form) = filled.typed {
            return match self.kind {
                Kind::Secret | Kind::Password(_) => String::new(),
                _ => form.raw(&self.name).to_owned(),
            };
        }
        let value = filled.current.and_then(|current| at(current, &self.name));
        match value.or(self.preset.as_ref()) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) if matches!(self.kind, Kind::Moment) => zone.field(text),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Array(items)) => {
                let texts = items
                    .iter()
                    .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned));
                texts.collect::<Vec<_>>().join("\n")
            }
            Some(Value::Object(members)) => {
                let line = |(name, value): (&String, &Value)| {
                    format!("{name}: {}", value.as_str().unwrap_or_default())
                };
                members.iter().map(line).collect::<Vec<_>>().join("\n")
            }
            Some(other) => other.to_string(),
        }
    }

    /// Whether a box is ticked when it is shown.
    fn is_on(&self, filled: &Filled<'_>) -> bool {
        if let Some(form) = filled.typed {
            return form.has(&self.name);
        }
        let value = filled.current.and_then(|current| at(current, &self.name));
        value.or(self.preset.as_ref()).is_some_and(|value| value == &Value::Bool(true))
    }

    /// Whether one of several is chosen when it is shown.
    fn is_chosen(&self, filled: &Filled<'_>, option: &str) -> bool {
        if let Some(form) = filled.typed {
            return form.all(&self.name).any(|chosen| chosen == option);
        }
        let value = filled.current.and_then(|current| at(current, &self.name));
        match value.or(self.preset.as_ref()) {
            Some(Value::Array(items)) => items.iter().any(|item| item.as_str() == Some(option)),
            Some(Value::String(text)) => text == option,
            None | Some(Value::Null) => option.is_empty(),
            Some(Value::Number(number)) => number.to_string().as_str() == option,
            Some(Value::Bool(set)) => option == if *set { "true" } else { "false" },
            Some(Value::Object(_)) => false,
        }
    }

    /// Whether a fault is of this field, or of a part of what it holds.
    fn is_blamed(&self, fault: &Fault) -> bool {
        let rest = fault.field.strip_prefix(&*self.name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    }

    fn show(&self, visit: &Visit, filled: &Filled<'_>) -> Markup {
        let (lang, id) = (visit.lang, self.id());
        if matches!(self.kind, Kind::Hidden) {
            let value = self.shown(filled, &visit.zone);
            return html! { input type="hidden" name=(self.name) value=(value); };
        }
        let faults: Vec<_> = filled.faults.iter().filter(|fault| self.is_blamed(fault)).collect();
        let hint = lang.find(&format!("{}-hint", self.label), None);
        let described = match (faults.is_empty(), &hint) {
            (true, None) => None,
            (true, Some(_)) => Some(format!("{id}-hint")),
            (false, None) => Some(format!("{id}-fault")),
            (false, Some(_)) => Some(format!("{id}-fault {id}-hint")),
        };
        let about = About { id: &id, described: described.as_deref(), invalid: !faults.is_empty() };
        let notes = html! {
            @if let Some(hint) = &hint { p.hint id=(format!("{id}-hint")) { (hint) } }
            @if !faults.is_empty() {
                p.fault id=(format!("{id}-fault")) {
                    @for fault in &faults { span { (reason(lang, fault)) " " } }
                }
            }
        };
        let label = t!(lang, self.label);
        let invalid = about.invalid.then_some("true");
        match &self.kind {
            Kind::Switch => html! {
                div.field.switch.invalid[about.invalid] {
                    input type="checkbox" id=(id) name=(self.name) value="on"
                        checked[self.is_on(filled)] aria-describedby=[about.described] aria-invalid=[invalid];
                    label for=(id) { (label) }
                    (notes)
                }
            },
            Kind::Many(options) => html! {
                fieldset.field.invalid[about.invalid] id=(id) aria-describedby=[about.described] {
                    legend { (label) }
                    @for (at, (value, text)) in options.iter().enumerate() {
                        div.option {
                            input type="checkbox" id=(format!("{id}-{at}")) name=(self.name)
                                value=(value) checked[self.is_chosen(filled, value)];
                            label for=(format!("{id}-{at}")) { (text) }
                        }
                    }
                    (notes)
                }
            },
            kind => html! {
                div.field.invalid[about.invalid] {
                    label for=(id) {
                        (label)
                        @if !self.required && !matches!(kind, Kind::Choice(_)) {
                            span.optional { " " (t!(lang, "field-optional")) }
                        }
                    }
                    (self.control(&about, visit, filled))
                    (notes)
                }
            },
        }
    }

    /// The element that is typed into.
    fn control(&self, about: &About<'_>, visit: &Visit, filled: &Filled<'_>) -> Markup {
        let About { id, described, invalid } = *about;
        let invalid = invalid.then_some("true");
        let text = self.shown(filled, &visit.zone);
        let input = |kind: &str, autocomplete: Option<&str>| {
            html! {
                input type=(kind) id=(id) name=(self.name) value=(text) required[self.required]
                    maxlength=[self.most] autocomplete=[autocomplete.or(self.autocomplete)]
                    aria-describedby=[described] aria-invalid=[invalid];
            }
        };
        let area = |rows: u8, class: &str, name: &str| {
            html! {
                textarea id=(id) name=(name) rows=(rows) class=(class) required[self.required]
                    maxlength=[self.most] aria-describedby=[described] aria-invalid=[invalid] {
                    // A first line that is empty would be lost.
                    "\n" (text)
                }
            }
        };
        match &self.kind {
            Kind::Email => input("email", Some("email")),
            Kind::Url => input("url", None),
            Kind::Password(what) => input("password", Some(what)),
            Kind::Secret => input("password", Some("off")),
            Kind::Number => input("number", None),
            Kind::Moment => input("datetime-local", None),
            Kind::Area(rows) => area(*rows, "", &self.name),
            Kind::Lines | Kind::Pairs => area(4, "code", &self.name),
            Kind::File(accept) => html! {
                input type="file" name=(format!("{}.file", self.name)) accept=(accept)
                    aria-label=(t!(visit.lang, "field-file"));
                (area(14, "code", &self.name))
            },
            Kind::Picture => html! {
                input type="file" id=(id) name=(self.name) accept="image/png,image/jpeg,image/gif,image/webp,image/svg+xml,image/x-icon"
                    aria-describedby=[described] aria-invalid=[invalid];
            },
            Kind::Choice(options) => html! {
                select id=(id) name=(self.name) required[self.required]
                    aria-describedby=[described] aria-invalid=[invalid] {
                    @for (value, text) in options {
                        option value=(value) selected[self.is_chosen(filled, value)] { (text) }
                    }
                }
            },
            _ => input("text", None),
        }
    }
}

#[derive(Clone, Copy)]
struct About<'a> {
    id: &'a str,
    described: Option<&'a str>,
    invalid: bool,
}

/// A picture as the API takes it: what is text is drawn by it.
fn picture(file: &str) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    if file.starts_with("data:") {
        return file.to_owned();
    }
    format!("data:image/svg+xml;base64,{}", STANDARD.encode(file))
}

/// What is in the fields of a form, and what is wrong with it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Filled<'a> {
    /// What somebody typed.
    pub(crate) typed: Option<&'a Form>,
    /// What is there now, as the API shows it.
    pub(crate) current: Option<&'a Value>,
    faults: &'a [Fault],
    refusal: Option<&'a Refusal>,
}

impl<'a> Filled<'a> {
    /// As it is now.
    pub(crate) fn with(current: &'a Value) -> Self {
        Self { current: Some(current), ..Self::default() }
    }

    /// As it was typed, and refused.
    pub(crate) fn refused(form: &'a Form, refusal: &'a Refusal) -> Self {
        Self { typed: Some(form), faults: &refusal.faults, refusal: Some(refusal), current: None }
    }
}

/// A member of a value, by its dotted path. A name may itself have dots in it.
pub(crate) fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    if let Some(found) = value.get(path) {
        return Some(found);
    }
    let (first, rest) = path.split_once('.')?;
    at(value.get(first)?, rest)
}

/// Puts a member where its dotted path says.
fn put(body: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            body.insert(path.to_owned(), value);
        }
        Some((first, rest)) => {
            let inner = body.entry(first).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

/// What was typed, as a body for the API.
pub(crate) fn body(fields: &[Field], form: &Form, zone: &Zone) -> Map<String, Value> {
    let mut body = Map::new();
    for field in fields {
        if let Some(value) = field.read(form, zone) {
            put(&mut body, &field.name, value);
        }
    }
    body
}

/// The fields, with what is in them.
pub(crate) fn show(visit: &Visit, fields: &[Field], filled: &Filled<'_>) -> Markup {
    html! {
        @for field in fields { (field.show(visit, filled)) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_typed_becomes_the_body_that_the_api_takes() {
        let fields = [
            Field::text("name", "x").required(),
            Field::text("description", "x").or_null(),
            Field::text("left_out", "x"),
            Field::switch("on", "x"),
            Field::switch("off", "x"),
            Field::new("config.ttl", "x", Kind::Number),
            Field::new("config.key-auth.names", "x", Kind::Lines),
            Field::new("count", "x", Kind::Number),
            Field::new("labels", "x", Kind::Pairs),
            Field::new("at", "x", Kind::Moment),
            Field::new("methods", "x", Kind::Many(Vec::new())),
        ];
        let form = Form::of(&[
            ("name", " a "),
            ("on", "on"),
            ("config.ttl", "60"),
            ("config.key-auth.names", "apikey\r\n\r\n x-key "),
            ("count", "many"),
            ("labels", "env: test\nteam=a:b"),
            ("at", "2026-07-01T12:00"),
            ("methods", "a"),
            ("methods", "b"),
        ]);
        let zone = Zone::named(Some("Europe/Berlin"));
        assert_eq!(
            Value::Object(body(&fields, &form, &zone)),
            json!({
                "name": "a", "description": null, "on": true, "off": false,
                "config": {"ttl": 60, "key-auth": {"names": ["apikey", "x-key"]}},
                "count": "many", "labels": {"env": "test", "team": "a:b"},
                "at": "2026-07-01T10:00:00Z", "methods": ["a", "b"],
            })
        );
    }

    #[test]
    fn faults_find_their_field() {
        let field = Field::text("config.names", "x");
        let fault = |field: &str| Fault { field: field.into(), ..Fault::default() };
        assert!(field.is_blamed(&fault("config.names")));
        assert!(field.is_blamed(&fault("config.names.0")));
        assert!(field.is_blamed(&fault("config.names[0]")));
        assert!(!field.is_blamed(&fault("config.names_of")));
        assert!(!field.is_blamed(&fault("config")));
    }

    #[test]
    fn members_are_found_by_their_path() {
        let value = json!({"a": {"b.c": 1, "d": {"e": 2}}});
        assert_eq!(at(&value, "a.b.c"), Some(&json!(1)));
        assert_eq!(at(&value, "a.d.e"), Some(&json!(2)));
        assert_eq!(at(&value, "a.x"), None);
    }
}
