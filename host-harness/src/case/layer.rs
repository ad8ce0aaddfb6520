//! What files say about all their cases: one file's words lie over those of the files it includes.

use std::collections::BTreeMap;
use std::path::Path;

use super::document::{Allow, Budget, Document, Link};
use super::node::{Node, Value};

/// What a file, with all that it includes, says about its cases.
#[derive(Debug, Default)]
pub(super) struct Layer {
    name: Option<String>,
    pub(super) profiles: Option<Vec<String>>,
    pub(super) skip: BTreeMap<String, String>,
    world: Option<Node>,
    pub(super) chain: Vec<Link>,
    pub(super) secrets: Vec<String>,
    pub(super) allow: Allow,
    pub(super) budget: Budget,
}

impl Layer {
    pub(super) fn of(document: Document, world: Option<Node>) -> Self {
        let Document { name, profiles, skip, chain, secrets, allow, budget, .. } = document;
        Self { name, profiles, skip, world, chain, secrets, allow, budget }
    }

    /// Lays another layer over this one.
    pub(super) fn lay(&mut self, above: Self) {
        self.name = above.name;
        if above.profiles.is_some() {
            self.profiles = above.profiles;
        }
        self.skip.extend(above.skip);
        self.world = self.world_under(above.world.as_ref());
        if !above.chain.is_empty() {
            self.chain = above.chain;
        }
        self.secrets.extend(above.secrets);
        self.allow.extend(above.allow);
        self.budget = above.budget.over(self.budget);
    }

    /// The world with another one laid over it.
    pub(super) fn world_under(&self, above: Option<&Node>) -> Option<Node> {
        match (&self.world, above) {
            (Some(below), Some(above)) => {
                let mut merged = below.clone();
                merge(&mut merged, above, "");
                Some(merged)
            }
            (below, above) => above.or(below.as_ref()).cloned(),
        }
    }

    /// What the cases are called together.
    pub(super) fn name(&self, file: &Path) -> String {
        self.name
            .clone()
            .unwrap_or_else(|| file.file_stem().unwrap_or_default().to_string_lossy().into_owned())
    }
}

/// Members of the upper object take the place of those of the lower one. What names things (the
/// upstreams, the environment) and the profile's switches are merged one by one.
fn merge(below: &mut Node, above: &Node, name: &str) {
    let merged = matches!(
        name,
        "" | "upstreams"
            | "environment"
            | "process_environment"
            | "variables"
            | "shared_zones"
            | "shared_queues"
            | "profile"
            | "switches"
    );
    match (&mut below.value, &above.value) {
        (Value::Object(members), Value::Object(upper)) if merged => {
            for (key, node) in upper {
                match members.iter_mut().find(|(known, _)| known.name == key.name) {
                    Some((_, known)) => {
                        let inner = match name {
                            "" => key.name.as_str(),
                            "profile" => "switches",
                            _ => "leaf",
                        };
                        merge(known, node, inner);
                    }
                    None => members.push((key.clone(), node.clone())),
                }
            }
        }
        _ => *below = above.clone(),
    }
}
