//! Who may depend on whom.
//!
//! A crate edge stands where what code may touch changes: nothing, cryptography, the Wasm
//! host, network and disk. These rules keep the edges where they are.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use cargo_metadata::{DependencyKind, Metadata};

/// What each of our crates may use of the others, and what its tests may use beyond that.
/// A crate that is not in the list may use none.
const ARROWS: &[(&str, &[&str], &[&str])] = &[
    ("gatekey-core", &[], &[]),
    ("gatekey-dcr", &["gatekey-core"], &["gatekey-dcr-fakes"]),
    (
        "gatekey-dcr-bridge",
        &["gatekey-core", "gatekey-dcr"],
        &["gatekey-dcr-fakes", "gatekey-portal"],
    ),
    ("gatekey-dcr-fakes", &[], &[]),
    ("gatekey-jwt", &["gatekey-core"], &[]),
    ("gatekey-filter", &["gatekey-core"], &["gatekey-host-harness", "gatekey-scenarios"]),
    (
        "gatekey-portal",
        &["gatekey-core", "gatekey-dcr", "gatekey-jwt", "gatekey-web"],
        &["gatekey-dcr-fakes", "gatekey-filter", "gatekey-scenarios"],
    ),
    ("gatekey-web", &[], &[]),
    ("gatekey-scenarios", &["gatekey-core"], &["gatekey-jwt", "gatekey-host-harness"]),
    ("gatekey-key-auth", &["gatekey-core", "gatekey-filter"], &[]),
    ("gatekey-openid-connect", &["gatekey-core", "gatekey-filter", "gatekey-jwt"], &[]),
    ("gatekey-application-auth", &["gatekey-core", "gatekey-filter", "gatekey-jwt"], &[]),
    ("gatekey-harness-fuzz", &["gatekey-core", "gatekey-host-harness"], &["gatekey-scenarios"]),
    ("gatekey-providers", &["gatekey-core"], &["gatekey-dcr-fakes"]),
    ("gatekey-host-harness", &[], &["gatekey-core", "gatekey-scenarios"]),
];

/// Measurements and examples stand outside the house and may use all of it.
const FREE: &[&str] = &["gatekey-benches", "gatekey-examples"];

/// Libraries that only the named crates may use directly.
const OWNED: &[(&str, &[&str])] = &[
    (
        "proxy-wasm",
        &[
            "gatekey-filter",
            "gatekey-key-auth",
            "gatekey-openid-connect",
            "gatekey-application-auth",
            "gatekey-sdk-noop",
            "gatekey-guests",
        ],
    ),
    ("jwt-simple", &["gatekey-jwt"]),
    ("wasmtime", &["gatekey-host-harness"]),
];

/// Crates whose whole dependency tree stays free of what is below.
const PURE: &[&str] = &["gatekey-core", "gatekey-dcr", "gatekey-filter", "gatekey-key-auth"];

/// Runtimes, servers, sockets and clocks.
const IMPURE: &[&str] = &[
    "async-io",
    "async-std",
    "axum",
    "chrono",
    "coarsetime",
    "curl",
    "hyper",
    "instant",
    "mio",
    "reqwest",
    "smol",
    "socket2",
    "sqlx",
    "time",
    "tokio",
    "ureq",
    "web-time",
];

/// The dependency graph, by name. Build-time tools of a crate count as its dependencies.
#[derive(Debug, Default)]
pub(super) struct Graph {
    ours: BTreeSet<String>,
    uses: BTreeMap<String, BTreeSet<String>>,
    tests_use: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    pub(super) fn of(metadata: &Metadata) -> Result<Self> {
        let name = |id: &cargo_metadata::PackageId| -> Result<String> {
            let package = metadata.packages.iter().find(|package| package.id == *id);
            Ok(package.context("a node of the graph is no package")?.name.to_string())
        };
        let mut graph = Self::default();
        for id in &metadata.workspace_members {
            graph.ours.insert(name(id)?);
        }
        let resolve = metadata.resolve.as_ref().context("the metadata holds no graph")?;
        for node in &resolve.nodes {
            let from = name(&node.id)?;
            for dependency in &node.deps {
                let to = name(&dependency.pkg)?;
                let dev = |kind: DependencyKind| kind == DependencyKind::Development;
                if dependency.dep_kinds.iter().any(|info| !dev(info.kind)) {
                    graph.uses.entry(from.clone()).or_default().insert(to);
                } else {
                    graph.tests_use.entry(from.clone()).or_default().insert(to);
                }
            }
        }
        Ok(graph)
    }

    fn direct<'a>(
        edges: &'a BTreeMap<String, BTreeSet<String>>,
        from: &str,
    ) -> impl Iterator<Item = &'a str> {
        edges.get(from).into_iter().flatten().map(String::as_str)
    }

    /// Everything below a crate, each with a path that leads to it.
    fn below(&self, from: &str) -> BTreeMap<&str, String> {
        let mut found = BTreeMap::new();
        let mut open = vec![(from.to_owned(), from.to_owned())];
        while let Some((name, path)) = open.pop() {
            for next in Self::direct(&self.uses, &name) {
                if !found.contains_key(next) {
                    let path = format!("{path} -> {next}");
                    found.insert(next, path.clone());
                    open.push((next.to_owned(), path));
                }
            }
        }
        found
    }
}

pub(super) fn problems(graph: &Graph) -> Vec<String> {
    let mut problems = Vec::new();
    for from in &graph.ours {
        among_ours(graph, from, &mut problems);
        for (library, owners) in OWNED {
            let used =
                Graph::direct(&graph.uses, from).chain(Graph::direct(&graph.tests_use, from));
            if used.into_iter().any(|to| to == *library) && !owners.contains(&from.as_str()) {
                problems.push(format!("`{from}` uses `{library}`, which it may not do directly"));
            }
        }
    }
    for pure in PURE {
        for (name, path) in graph.below(pure) {
            if IMPURE.contains(&name) {
                problems.push(format!("`{pure}` reaches `{name}`: {path}"));
            }
        }
    }
    problems
}

fn among_ours(graph: &Graph, from: &str, problems: &mut Vec<String>) {
    if FREE.contains(&from) {
        return;
    }
    let (allowed, in_tests) = ARROWS
        .iter()
        .find(|(name, _, _)| *name == from)
        .map_or((&[][..], &[][..]), |(_, allowed, in_tests)| (*allowed, *in_tests));
    let ours = |to: &&str| graph.ours.contains(*to);
    for to in Graph::direct(&graph.uses, from).filter(ours) {
        if !allowed.contains(&to) {
            problems.push(format!("`{from}` depends on `{to}`: there is no such arrow"));
        }
    }
    for to in Graph::direct(&graph.tests_use, from).filter(ours) {
        if !allowed.contains(&to) && !in_tests.contains(&to) {
            problems.push(format!("the tests of `{from}` use `{to}`: there is no such arrow"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(uses: &[(&str, &str)], tests_use: &[(&str, &str)]) -> Graph {
        let map = |edges: &[(&str, &str)]| {
            let mut map: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            for (from, to) in edges {
                map.entry((*from).to_owned()).or_default().insert((*to).to_owned());
            }
            map
        };
        let ours =
            ["gatekey-core", "gatekey-filter", "gatekey-key-auth", "gatekey-portal", "xtask"];
        Graph { ours: ours.map(str::to_owned).into(), uses: map(uses), tests_use: map(tests_use) }
    }

    #[test]
    fn the_planned_arrows_are_fine() {
        let edges = [("gatekey-portal", "gatekey-core"), ("gatekey-portal", "tokio")];
        assert_eq!(problems(&graph(&edges, &[])), Vec::<String>::new());
    }

    #[test]
    fn an_arrow_the_wrong_way_is_found() {
        for edge in [("gatekey-core", "gatekey-filter"), ("xtask", "gatekey-core")] {
            assert_eq!(problems(&graph(&[edge], &[])).len(), 1, "{edge:?}");
            assert_eq!(problems(&graph(&[], &[edge])).len(), 1, "{edge:?}");
        }
    }

    #[test]
    fn a_library_in_foreign_hands_is_found() {
        for library in ["proxy-wasm", "jwt-simple", "wasmtime"] {
            assert_eq!(problems(&graph(&[("gatekey-portal", library)], &[])).len(), 1);
            assert_eq!(problems(&graph(&[], &[("gatekey-portal", library)])).len(), 1);
        }
    }

    #[test]
    fn a_runtime_far_below_the_core_is_found() {
        let edges = [("gatekey-core", "innocent"), ("innocent", "mio")];
        let found = problems(&graph(&edges, &[]));
        assert_eq!(found, ["`gatekey-core` reaches `mio`: gatekey-core -> innocent -> mio"]);
    }
}
