//! What a Kong gateway holds, as a decK file or a dump of its Admin API says it.
//!
//! Both become the same: lists of entities by kind, each entity with its references as the text that
//! stands for what it refers to.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use crate::cli::input::BadInput;
use crate::cli::state::yaml;

/// The longest file that is read.
const LONGEST: u64 = 1 << 28;

/// The kinds of entities that are known, each with the names it goes by.
const KINDS: [(&str, &[&str]); 10] = [
    ("services", &["services"]),
    ("routes", &["routes"]),
    ("plugins", &["plugins"]),
    ("consumers", &["consumers"]),
    ("keyauth_credentials", &["keyauth_credentials", "key-auths", "key-auth", "keyauths"]),
    ("oauth2_credentials", &["oauth2_credentials", "oauth2"]),
    ("acls", &["acls", "acl_groups"]),
    ("developers", &["developers"]),
    ("applications", &["applications"]),
    ("application_instances", &["application_instances"]),
];

/// What stands inside an entity of a decK file, and refers to it.
const NESTED: [(&str, &str, &[&str]); 5] = [
    ("services", "service", &["routes", "plugins"]),
    ("routes", "route", &["plugins"]),
    (
        "consumers",
        "consumer",
        &[
            "keyauth_credentials",
            "oauth2_credentials",
            "acls",
            "plugins",
            "basicauth_credentials",
            "hmacauth_credentials",
            "jwt_secrets",
            "mtls_auth_credentials",
        ],
    ),
    ("developers", "developer", &["applications"]),
    ("applications", "application", &["application_instances"]),
];

/// Members of a decK file that are about the file.
const ABOUT: [&str; 4] = ["_format_version", "_info", "_transform", "_plugin_configs"];

/// One entity. It may hold a key, so it shows nothing of itself.
#[derive(Clone, Default)]
pub(super) struct Entity(Map<String, Value>);

impl core::fmt::Debug for Entity {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Entity")
    }
}

impl Entity {
    /// A member.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A member that is text and not empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// A member that is true or false.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.get(name).and_then(Value::as_bool)
    }

    /// The text that stands for what the entity refers to: an id or a name.
    pub(super) fn reference(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Value::String(text) => Some(text),
            Value::Object(members) => ["id", "name", "username", "custom_id", "email"]
                .iter()
                .find_map(|member| members.get(*member).and_then(Value::as_str)),
            _ => None,
        }
    }

    /// Whether some text stands for this entity.
    pub(super) fn answers_to(&self, reference: &str) -> bool {
        ["id", "name", "username", "custom_id", "email"]
            .iter()
            .any(|member| self.text(member) == Some(reference))
    }

    /// What the entity is called in reports.
    pub(super) fn title(&self) -> String {
        let named = ["name", "username", "email", "custom_id", "group", "id"];
        named.iter().find_map(|member| self.text(member)).unwrap_or("without a name").to_owned()
    }

    /// A member of `config`.
    pub(super) fn config(&self, name: &str) -> Option<&Value> {
        let config = self.get("config")?;
        config.get(name).filter(|value| !value.is_null())
    }

    /// A member of `config` that is a list of texts, or one text.
    pub(super) fn config_list(&self, name: &str) -> Vec<String> {
        match self.config(name) {
            Some(Value::String(text)) => vec![text.clone()],
            Some(Value::Array(items)) => {
                items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
            }
            _ => Vec::new(),
        }
    }

    /// A member of `config` that is true or false.
    pub(super) fn config_flag(&self, name: &str) -> bool {
        self.config(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// Some of the members.
    pub(super) fn pick(&self, names: &[&str]) -> Map<String, Value> {
        let found = names.iter().filter_map(|name| {
            let value = self.get(name)?.clone();
            Some(((*name).to_owned(), value))
        });
        found.collect()
    }
}

/// All that was read.
#[derive(Debug, Default)]
pub(super) struct Source {
    lists: BTreeMap<&'static str, Vec<Entity>>,
    /// Kinds that are not known here, and how many entities there are of each.
    pub(super) unknown: BTreeMap<String, usize>,
    /// Lists that end before their end.
    pub(super) cut_off: BTreeSet<String>,
}

impl Source {
    /// The entities of a kind.
    pub(super) fn list(&self, kind: &str) -> &[Entity] {
        self.lists.get(kind).map_or(&[], Vec::as_slice)
    }

    /// The entity of a kind that some text stands for.
    pub(super) fn find(&self, kind: &str, reference: &str) -> Option<&Entity> {
        let list = self.list(kind);
        let by_id = list.iter().find(|entity| entity.text("id") == Some(reference));
        by_id.or_else(|| list.iter().find(|entity| entity.answers_to(reference)))
    }

    /// Reads a file, or a directory with a file for each kind.
    pub(super) fn read(path: &Path) -> Result<Self, BadInput> {
        let mut source = Self::default();
        let about = fs::metadata(path).map_err(|error| BadInput::at(path, error))?;
        if !about.is_dir() {
            let Value::Object(members) = parse(path, about.len())? else {
                return Err(BadInput::at(path, "must be an object with a list for each kind"));
            };
            check_version(path, &members)?;
            source.take_all(members);
            return Ok(source);
        }
        let mut files: Vec<_> = fs::read_dir(path)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| BadInput::at(path, error))?
            .into_iter()
            .map(|entry| entry.path())
            .filter(|file| {
                let end = file.extension().and_then(|end| end.to_str());
                matches!(end, Some("json" | "yaml" | "yml"))
            })
            .collect();
        files.sort();
        if files.is_empty() {
            return Err(BadInput::at(path, "holds no .json, .yaml or .yml file"));
        }
        for file in files {
            let about = fs::metadata(&file).map_err(|error| BadInput::at(&file, error))?;
            let kind = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            match parse(&file, about.len())? {
                Value::Object(members)
                    if !members.contains_key("data") || known(kind).is_none() =>
                {
                    check_version(&file, &members)?;
                    source.take_all(members);
                }
                list => source.take(kind, list),
            }
        }
        Ok(source)
    }

    fn take_all(&mut self, members: Map<String, Value>) {
        for (kind, list) in members {
            if !ABOUT.contains(&kind.as_str()) && !matches!(list, Value::String(_) | Value::Null) {
                self.take(&kind, list);
            }
        }
    }

    /// Takes a list of entities: plain, or as the Admin API pages it.
    fn take(&mut self, kind: &str, list: Value) {
        let items = match list {
            Value::Array(items) => items,
            Value::Object(mut page) => {
                if page.get("next").is_some_and(|next| !next.is_null()) {
                    self.cut_off.insert(kind.to_owned());
                }
                match page.remove("data") {
                    Some(Value::Array(items)) => items,
                    _ => Vec::new(),
                }
            }
            _ => Vec::new(),
        };
        for item in items {
            if let Value::Object(members) = item {
                self.add(kind, Entity(members));
            }
        }
    }

    fn add(&mut self, kind: &str, mut entity: Entity) {
        let Some(kind) = known(kind) else {
            if kind != "_konnect" {
                *self.unknown.entry(kind.to_owned()).or_default() += 1;
            }
            return;
        };
        let mut inside = Vec::new();
        for (outer, reference, nested) in NESTED {
            if outer != kind {
                continue;
            }
            let name = ["id", "name", "username", "custom_id", "email"]
                .iter()
                .find_map(|member| entity.text(member))
                .map(str::to_owned);
            for inner in nested {
                if let Some(Value::Array(items)) = entity.0.remove(*inner) {
                    inside.extend(
                        items.into_iter().map(|item| (*inner, reference, name.clone(), item)),
                    );
                }
            }
        }
        self.lists.entry(kind).or_default().push(entity);
        for (inner, reference, name, item) in inside {
            if let Value::Object(mut members) = item {
                if let Some(name) = name {
                    members.insert(reference.to_owned(), name.into());
                }
                self.add(inner, Entity(members));
            }
        }
    }
}

/// The name of a kind that is known.
fn known(name: &str) -> Option<&'static str> {
    KINDS.iter().find(|(_, names)| names.contains(&name)).map(|(kind, _)| *kind)
}

fn check_version(path: &Path, members: &Map<String, Value>) -> Result<(), BadInput> {
    let version = match members.get("_format_version") {
        None => return Ok(()),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    if ["1.1", "3.0"].contains(&version.as_str()) {
        return Ok(());
    }
    Err(BadInput::at(path, format!("_format_version {version} is not 1.1 or 3.0")))
}

fn parse(path: &Path, length: u64) -> Result<Value, BadInput> {
    if length > LONGEST {
        return Err(BadInput::at(path, format!("has more than {LONGEST} bytes")));
    }
    let text = fs::read_to_string(path).map_err(|error| BadInput::at(path, error))?;
    if text.trim_start().starts_with(['{', '[']) {
        // What is wrong is told without the text around it, which may hold a key.
        return serde_json::from_str(&text).map_err(|error| {
            let fault = format!("is no JSON: line {}, column {}", error.line(), error.column());
            BadInput::at(path, fault)
        });
    }
    let read = yaml::read(&text);
    read.map(|read| read.value).map_err(|fault| {
        BadInput::at(path, format!("is no YAML that can be read: line {}", fault.line))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, text: &str) -> Result<Source, BadInput> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        Source::read(&path)
    }

    #[test]
    fn a_deck_file_is_flattened() {
        let source = read(
            "kong.yaml",
            "_format_version: '3.0'\nservices:\n- name: s\n  routes:\n  - name: r\n    plugins:\n    \
             - name: cors\n  plugins:\n  - name: key-auth\nconsumers:\n- username: c\n  \
             keyauth_credentials:\n  - key: secret\n  acls:\n  - group: g\nupstreams:\n- name: u\n",
        )
        .unwrap();
        let referred = |kind: &str, member: &str| {
            let list = source.list(kind).iter();
            list.map(|one| one.reference(member).map(str::to_owned)).collect::<Vec<_>>()
        };
        assert_eq!(referred("routes", "service"), [Some("s".into())]);
        assert_eq!(referred("plugins", "route"), [Some("r".into()), None]);
        assert_eq!(referred("plugins", "service"), [None, Some("s".into())]);
        assert_eq!(referred("keyauth_credentials", "consumer"), [Some("c".into())]);
        assert_eq!(source.unknown, BTreeMap::from([("upstreams".into(), 1)]));
        assert!(!format!("{source:?}").contains("secret"));
    }

    #[test]
    fn a_dump_is_a_list_per_kind() {
        let source = read(
            "dump.json",
            r#"{"services": {"data": [{"id": "1", "name": "s"}], "next": "/services?offset=2"},
                "key-auths": [{"key": "k", "consumer": {"id": "2"}}], "consumers": {"data": []}}"#,
        )
        .unwrap();
        assert_eq!(source.find("services", "1").unwrap().title(), "s");
        assert_eq!(source.find("services", "s").unwrap().text("id"), Some("1"));
        assert_eq!(source.list("keyauth_credentials").len(), 1);
        assert!(source.cut_off.contains("services"));
    }

    #[test]
    fn what_is_no_dump_is_refused_without_its_text() {
        for text in ["{\"key\": secret", "[1]", "a: [secret", "_format_version: '0.1'\n"] {
            let refused = read("x.yaml", text).unwrap_err().to_string();
            assert!(!refused.contains("secret"), "{refused}");
        }
    }
}
