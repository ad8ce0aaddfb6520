//! Envoy's capability allow-list: everything that a module imports, and exports for the host.

use std::collections::BTreeSet;

use super::host_functions::{CALLBACKS, find};
use super::module::{Kind, Module};

/// Names of everything a module uses of the host, and lets the host use.
///
/// Envoy names host functions and callbacks as they are imported and exported, and WASI functions
/// without their module. What is not named is replaced by a stub that answers with an error, or is
/// never called.
pub(super) fn allowed(module: &Module) -> Vec<String> {
    let imports = module.imports.iter().filter(|import| matches!(import.kind, Kind::Function(_)));
    // What a C++ runtime imports cannot be restricted.
    let imports = imports.filter(|i| i.module != "env" || i.name.starts_with("proxy_"));
    let callbacks = module.exports.iter().filter(|export| find(CALLBACKS, &export.name).is_some());
    let names: BTreeSet<String> = imports
        .map(|import| import.name.clone())
        .chain(callbacks.map(|export| export.name.clone()))
        .collect();
    names.into_iter().collect()
}

/// The part of Envoy's `PluginConfig` that says so.
pub(super) fn yaml(names: &[String]) -> String {
    let mut text = "capability_restriction_config:\n  allowed_capabilities:\n".to_owned();
    for name in names {
        text.push_str(&format!("    {name}: {{}}\n"));
    }
    text
}

/// The same as JSON.
pub(super) fn json(names: &[String]) -> serde_json::Value {
    let empty = || serde_json::json!({});
    let allowed = names.iter().map(|name| (name.clone(), empty()));
    let allowed: serde_json::Map<String, serde_json::Value> = allowed.collect();
    serde_json::json!({ "capability_restriction_config": { "allowed_capabilities": allowed } })
}
