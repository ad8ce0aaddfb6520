//! Every switch of a profile has a page, and the list of all of them is up to date.
//!
//! `GATEKEY_BLESS=1` writes the list and what the pages say of the host; why a switch matters and
//! how to guard against it is for people to write.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use gatekey_host_harness::Profile;
use schemars::schema_for;
use serde_json::Value;

/// One switch: its group and name, and what the source says of it.
struct Switch {
    group: String,
    name: String,
    description: String,
}

impl Switch {
    fn title(&self) -> String {
        format!("{}.{}", self.group, self.name)
    }

    fn value(&self, profile: &Profile) -> Value {
        let profile = serde_json::to_value(profile).unwrap();
        profile[&self.group][&self.name].clone()
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/quirks")
}

fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn switches() -> Vec<Switch> {
    let schema = serde_json::to_value(schema_for!(Profile)).unwrap();
    let mut switches = Vec::new();
    for (group, reference) in schema["properties"].as_object().unwrap() {
        let Some(reference) = reference["$ref"].as_str() else { continue };
        let definition = &schema["$defs"][reference.rsplit('/').next().unwrap()];
        for (name, switch) in definition["properties"].as_object().unwrap() {
            switches.push(Switch {
                group: group.clone(),
                name: name.clone(),
                description: on_one_line(switch["description"].as_str().unwrap_or_default()),
            });
        }
    }
    switches
}

/// A value in a cell of the table.
fn cell(value: &Value) -> String {
    match value {
        Value::Bool(true) => "on".to_owned(),
        Value::Bool(false) | Value::Null => String::new(),
        Value::String(text) if text.is_empty() => String::new(),
        Value::Array(list) if list.is_empty() => String::new(),
        Value::Array(list) => format!("{} of them", list.len()),
        Value::String(text) => format!("`{text}`"),
        Value::Number(number) => number.to_string(),
        other @ Value::Object(_) => format!("`{other}`").replace('"', ""),
    }
}

/// The first sentence, or the first two where one only warns.
fn summary(description: &str) -> String {
    let mut end = 0;
    for sentence in description.split_inclusive(". ") {
        end += sentence.len();
        if !sentence.starts_with("**") || sentence.len() > 20 {
            break;
        }
    }
    description[..end].trim_end().to_owned()
}

fn list(switches: &[Switch]) -> String {
    let profiles = Profile::NAMES.map(|name| Profile::named(name).unwrap());
    let mut text = "# Host quirks\n\n\
        What one Proxy-Wasm host does differently from another, switch by switch. Each has a page: \
        what the host\ndoes, why that matters to the author of a filter, how to guard against it, \
        and the test that shows it.\n\n\
        A switch is part of a [`Profile`](../../src/profile/mod.rs). Presets set them all; a test \
        flips single ones:\n\n\
        ```rust\nlet mut profile = Profile::envoy();\n\
        profile.headers.removed_is_still_sent = true;\n```\n\n\
        `gatekey-harness profiles ngx-0.6` prints the switches of a preset. Those marked \
        **Dangerous.** let requests\nthrough, leak what a filter took away, or take a worker down.\n"
        .to_owned();
    let mut group = "";
    for switch in switches {
        if switch.group != group {
            group = &switch.group;
            text += &format!("\n## `{group}`\n\n| switch | {} | |\n", Profile::NAMES.join(" | "));
            text += &format!("| --- | {}\n", "--- | ".repeat(profiles.len() + 1).trim_end());
        }
        let cells = profiles.each_ref().map(|profile| cell(&switch.value(profile))).join(" | ");
        let (title, name) = (switch.title(), &switch.name);
        text +=
            &format!("| [`{name}`]({title}.md) | {cells} | {} |\n", summary(&switch.description));
    }
    text
}

/// The sections of a page by their headings.
fn sections(page: &str) -> BTreeMap<String, String> {
    let parts = page.split("\n## ").skip(1);
    let parts = parts.filter_map(|part| part.split_once('\n'));
    parts.map(|(title, text)| (title.to_owned(), on_one_line(text))).collect()
}

fn is_blessing() -> bool {
    std::env::var_os("GATEKEY_BLESS").is_some()
}

#[test]
fn the_list_of_quirks_is_up_to_date() {
    let path = folder().join("README.md");
    let expected = list(&switches());
    if is_blessing() {
        fs::create_dir_all(folder()).unwrap();
        fs::write(&path, &expected).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "{} is out of date: run with GATEKEY_BLESS=1", path.display());
}

#[test]
fn every_quirk_has_a_page_with_a_test() {
    let mut wrong = Vec::new();
    for switch in switches() {
        let title = switch.title();
        let path = folder().join(format!("{title}.md"));
        let mut page = fs::read_to_string(&path).unwrap_or_default();
        if is_blessing() {
            let rest = page.split_once("\n## Why it matters").map_or("", |(_, rest)| rest);
            let wrapped = wrap(&switch.description);
            page = format!(
                "# `{title}`\n\n## What the host does\n\n{wrapped}\n\n## Why it matters{rest}"
            );
            fs::write(&path, &page).unwrap();
        }
        let sections = sections(&page);
        let section = |name: &str| sections.get(name).map(String::as_str).unwrap_or_default();
        if section("What the host does") != switch.description {
            wrong.push(format!("{title}: what the host does is out of date, or no page"));
        }
        for name in ["Why it matters", "How to guard"] {
            if section(name).split_whitespace().count() < 5 {
                wrong.push(format!("{title}: `{name}` says nothing"));
            }
        }
        wrong.extend(unknown_tests(section("Shown by")).map(|test| format!("{title}: {test}")));
    }
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong.join("\n"));
}

/// What is wrong with the tests that a page names, as links to files with names behind them.
fn unknown_tests(section: &str) -> impl Iterator<Item = String> {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let quoted: Vec<&str> = section.split('`').skip(1).step_by(2).collect();
    let (files, names): (Vec<&str>, Vec<&str>) =
        quoted.into_iter().partition(|quoted| quoted.ends_with(".rs"));
    let mut wrong = Vec::new();
    if files.len() != 1 || names.is_empty() {
        wrong.push("names no test, or not the file that it is in".to_owned());
    }
    for file in &files {
        let source = fs::read_to_string(crate_folder.join(file)).unwrap_or_default();
        for name in &names {
            if !source.contains(&format!("#[test]\nfn {name}()")) {
                wrong.push(format!("there is no test `{name}` in {file}"));
            }
        }
    }
    wrong.into_iter()
}

#[test]
fn every_page_is_about_a_switch() {
    let titles: BTreeSet<String> = switches().iter().map(Switch::title).collect();
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let title = name.strip_suffix(".md").unwrap();
        assert!(title == "README" || titles.contains(title), "`{title}` is no switch");
    }
}

/// Lines of at most a hundred characters.
fn wrap(text: &str) -> String {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().unwrap();
        if !line.is_empty() && line.len() + word.len() >= 100 {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n")
}
