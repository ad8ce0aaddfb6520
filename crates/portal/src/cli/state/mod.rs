//! The state of a portal as text: what a file says, what a portal has, and what leads from one to the
//! other.

use std::collections::BTreeMap;
use std::path::PathBuf;

use self::kind::{Fields, Kind};

pub(super) mod carry_out;
pub(super) mod compare;
pub(super) mod current;
mod kind;
pub(super) mod schema;
pub(super) mod secret;
pub(super) mod text;
pub(super) mod wanted;
mod write;
pub(super) mod yaml;

/// The version of the format.
pub(super) const FORMAT_VERSION: &str = "1.0";
/// The member that holds it.
const FORMAT: &str = "_format_version";

/// Which resource it is: lists and names, from the outermost.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Address(Vec<(&'static str, String)>);

impl Address {
    /// A resource inside of this one.
    fn below(&self, list: &'static str, name: impl Into<String>) -> Self {
        let mut parts = self.0.clone();
        parts.push((list, name.into()));
        Self(parts)
    }

    /// What it is inside of; empty when it is in no other.
    fn around(&self) -> Self {
        Self(self.0.split_last().map(|(_, around)| around.to_vec()).unwrap_or_default())
    }

    /// What it is inside of, or itself, of a kind.
    fn of(&self, list: &str) -> Option<Self> {
        let length = self.0.iter().position(|(known, _)| *known == list)? + 1;
        Some(Self(self.0.iter().take(length).cloned().collect()))
    }

    fn name(&self) -> &str {
        self.0.last().map_or("", |(_, name)| name)
    }

    /// Whether it is inside of another.
    fn is_in(&self, other: &Self) -> bool {
        self.0.len() > other.0.len() && self.0.starts_with(&other.0)
    }

    /// The names, for people.
    fn names(&self) -> Vec<String> {
        let names = self.0.iter().map(|(_, name)| name.clone());
        names.filter(|name| !name.is_empty()).collect()
    }
}

/// Where something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    file: PathBuf,
    line: usize,
}

impl core::fmt::Display for Origin {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// A resource.
#[derive(Debug)]
pub(super) struct Node {
    kind: &'static Kind,
    /// What it has, as a document says it; not what is inside, and nothing secret.
    fields: Fields,
    /// What a portal knows it by.
    id: Option<String>,
    /// The issuer that it is.
    issuer: Option<String>,
    /// Where its secrets come from.
    secrets: Vec<secret::Wanted>,
    /// Where a document speaks of it.
    origin: Option<Origin>,
}

impl Node {
    fn of(kind: &'static Kind, fields: Fields) -> Self {
        Self { kind, fields, id: None, issuer: None, secrets: Vec::new(), origin: None }
    }
}

/// The resources of a portal, or of a document.
pub(super) type Nodes = BTreeMap<Address, Node>;

/// The resources of a kind that are directly inside of one.
fn inside<'n>(
    nodes: &'n Nodes,
    around: &'n Address,
    list: &'static str,
) -> impl Iterator<Item = (&'n Address, &'n Node)> {
    let first = around.below(list, "");
    let within = move |address: &Address| {
        address.0.starts_with(&around.0)
            && address.0.get(around.0.len()).is_some_and(|(known, _)| *known == list)
    };
    nodes
        .range(first..)
        .take_while(move |(address, _)| within(address))
        .filter(move |(address, _)| address.0.len() == around.0.len() + 1)
}
