//! What documents want: read strictly, and every fault told with its line.

use core::convert::Infallible;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::kind::{Count, Kind, pluck, take};
use super::yaml::{self, Lines};
use super::{Address, FORMAT, Node, Nodes, Origin, schema, secret};
use crate::input::faults;

/// What documents want, together.
#[derive(Debug, Default)]
pub(in crate::cli) struct Wanted {
    pub(super) nodes: Nodes,
    /// The lists that they have, each in what it is inside of: others are not theirs.
    pub(super) lists: BTreeSet<(Address, &'static str)>,
    faults: Vec<String>,
}

struct Document {
    file: PathBuf,
    lines: Lines,
}

impl Document {
    fn origin(&self, path: &str) -> Origin {
        Origin { file: self.file.clone(), line: self.lines.of(path) }
    }
}

impl Wanted {
    /// Reads a document into it.
    pub(in crate::cli) fn read(&mut self, file: &Path, text: &str) {
        let read = match yaml::read(text) {
            Ok(read) => read,
            Err(fault) => {
                let origin = Origin { file: file.to_owned(), line: fault.line };
                self.faults.push(format!("{origin}: {}", fault.reason));
                return;
            }
        };
        self.take(file, read.value, read.lines);
    }

    /// Takes what a program has made in.
    #[allow(dead_code, reason = "what makes documents comes next")]
    pub(in crate::cli) fn take_value(&mut self, named: &str, value: Value) {
        self.take(Path::new(named), value, Lines::default());
    }

    fn take(&mut self, file: &Path, mut value: Value, lines: Lines) {
        let document = Document { file: file.to_owned(), lines };
        if let Value::Object(members) = &mut value {
            members.retain(|name, _| !name.starts_with("x-"));
        }
        let found = faults(&schema::document(), &value, "");
        let any = !found.is_empty();
        for fault in found {
            let origin = document.origin(&fault.field);
            let quote =
                fault.rule == "is_string" && at(&value, &fault.field).is_some_and(Value::is_number);
            let hint = if quote { "; put it in quotes" } else { "" };
            self.faults.push(format!("{origin}: `{}` {}{hint}", fault.field, fault.reason));
        }
        if let Value::Object(mut members) = value
            && !any
        {
            members.remove(FORMAT);
            self.lists(&document, &Address::default(), None, members, "");
        }
    }

    /// What is wrong with what was read, if anything is.
    pub(in crate::cli) fn checked(self) -> Result<Self, Vec<String>> {
        if self.faults.is_empty() { Ok(self) } else { Err(self.faults) }
    }

    /// The secrets that are referred to.
    pub(in crate::cli) fn secrets(&self) -> impl Iterator<Item = &secret::Wanted> {
        self.nodes.values().flat_map(|node| &node.secrets)
    }

    /// What is left of the members when the lists are taken out.
    fn lists(
        &mut self,
        document: &Document,
        around: &Address,
        within: Option<&str>,
        mut members: Map<String, Value>,
        path: &str,
    ) -> Map<String, Value> {
        for kind in Kind::inside(within) {
            let Some(list) = members.remove(kind.list) else { continue };
            let path = join(path, kind.list);
            self.lists.insert((around.clone(), kind.list));
            match list {
                Value::Array(items) => {
                    for (index, item) in items.into_iter().enumerate() {
                        self.item(document, around, kind, item, &join(&path, &index.to_string()));
                    }
                }
                item => self.item(document, around, kind, item, &path),
            }
        }
        members
    }

    fn item(
        &mut self,
        document: &Document,
        around: &Address,
        kind: &'static Kind,
        item: Value,
        path: &str,
    ) {
        let Value::Object(members) = item else { return };
        let origin = document.origin(path);
        let Some(name) = kind.name_of(&members) else {
            self.faults.push(format!("{origin}: `{path}` needs a name, or an `id`"));
            return;
        };
        let address = around.below(kind.list, name);
        let mut fields = self.lists(document, &address, Some(kind.list), members, path);
        let mut secrets = Vec::new();
        for member in kind.secrets {
            if pluck(&fields, member).is_none() {
                continue;
            }
            let Some(value) = take(&mut fields, member) else { continue };
            let origin = document.origin(&join(path, member));
            match secret::Wanted::read(member, &value, &origin) {
                Ok(wanted) => secrets.extend(wanted),
                Err(fault) => {
                    self.faults.push(format!("{origin}: `{}` {fault}", join(path, member)));
                }
            }
        }
        // Names in lists are in order, however they were written.
        for reference in kind.references {
            if let Some(value) = fields.get_mut(reference.name) {
                let Ok(sorted) = reference.each(value.take(), &mut Ok::<_, Infallible>);
                *value = sorted;
            }
        }
        let node = Node { secrets, origin: Some(origin), ..Node::of(kind, fields) };
        self.add(address, node);
    }

    /// A resource may stand in several places, to put others inside; what it has stands in one.
    fn add(&mut self, address: Address, node: Node) {
        let says = |node: &Node| {
            node.fields.keys().any(|member| !node.kind.identifies(member))
                || !node.secrets.is_empty()
        };
        let Some(known) = self.nodes.get_mut(&address) else {
            self.nodes.insert(address, node);
            return;
        };
        let both = says(known) && says(&node);
        let top =
            node.kind.number == Count::Many && Kind::inside(Some(node.kind.list)).next().is_none();
        if both || top {
            let place =
                |node: &Node| node.origin.as_ref().map(ToString::to_string).unwrap_or_default();
            self.faults.push(format!(
                "{}: {} `{}` stands in {} already",
                place(&node),
                node.kind.list,
                address.names().join(" / "),
                place(known)
            ));
        } else if says(&node) {
            *known = node;
        }
    }
}

fn join(around: &str, name: &str) -> String {
    if around.is_empty() { name.to_owned() } else { format!("{around}.{name}") }
}

fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(value, |value, name| match value {
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        value => value.get(name),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(texts: &[&str]) -> Result<Wanted, Vec<String>> {
        let mut wanted = Wanted::default();
        for (at, text) in texts.iter().enumerate() {
            wanted
                .read(Path::new(&format!("{at}.yaml")), &format!("_format_version: '1.0'\n{text}"));
        }
        wanted.checked()
    }

    #[test]
    fn resources_are_found_in_lists_of_lists() {
        let wanted =
            wanted(&["control_planes:\n  - name: edge\n    services:\n      - name: s\n        \
                              host: h\n    routes:\n      - name: r\n        service: s\n"])
            .unwrap();
        let names: Vec<_> = wanted.nodes.keys().map(|address| address.names().join("/")).collect();
        assert_eq!(names, ["edge", "edge/r", "edge/s"]);
        assert!(wanted.lists.contains(&(Address::default(), "control_planes")));
    }

    #[test]
    fn faults_have_file_and_line() {
        for (text, expected) in [
            (
                "portals:\n  - name: Dev\n    colour: red\n",
                "0.yaml:4: `portals.0.colour` is not a known property",
            ),
            ("portals:\n  - rbac_enabled: true\n", "0.yaml:3: `portals.0.name` is required"),
            (
                "portals:\n  - name: 1.0\n",
                "0.yaml:3: `portals.0.name` must be a string; put it in quotes",
            ),
            ("portale: []\n", "0.yaml:2: `portale` is not a known property"),
            ("portals:\n  - name: a\n    name: b\n", "0.yaml:4: `name` stands here and in line 3"),
            ("apis:\n  - name: a\n  - name: a\n", ""),
            (
                "control_planes:\n  - name: edge\n    services:\n      - host: h\n",
                "needs a name, or an `id`",
            ),
            (
                "dcr_providers:\n  - name: d\n    provider_type: okta\n    dcr_config:\n      dcr_token: plain\n",
                "0.yaml:6: `dcr_providers.0.dcr_config.dcr_token` ",
            ),
        ] {
            match wanted(&[text]) {
                Ok(_) => assert!(expected.is_empty(), "{text}"),
                Err(faults) => assert!(faults[0].contains(expected), "{text}: {faults:?}"),
            }
        }
    }

    #[test]
    fn files_come_together() {
        let one = "portals:\n  - name: Dev\n    rbac_enabled: true\n";
        let people = "portals:\n  - name: Dev\n    developers:\n      - email: A@b.test\n        full_name: A\n";
        let both = wanted(&[one, people]).unwrap();
        assert_eq!(both.nodes.len(), 2);
        let portal = both.nodes.values().next().unwrap();
        assert_eq!(portal.fields["rbac_enabled"], true);
        assert!(
            wanted(&[one, one]).unwrap_err()[0]
                .contains("1.yaml:3: portals `Dev` stands in 0.yaml:3")
        );
        assert!(wanted(&[people, people]).unwrap_err()[0].contains("a@b.test"));
    }
}
