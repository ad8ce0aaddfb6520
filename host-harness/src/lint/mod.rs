//! Judging a module without running it: would a host load it, and what would surprise its author?
//!
//! ```
//! use gatekey_host_harness::lint::{Verdict, lint};
//!
//! # let bytes = wat::parse_str(r#"(module
//! #     (import "env" "proxy_get_log_level" (func (param i32) (result i32)))
//! #     (memory (export "memory") 1 16)
//! #     (func (export "proxy_abi_version_0_2_1")) (func (export "_initialize"))
//! #     (func (export "proxy_on_log") (param i32))
//! #     (func (export "proxy_on_memory_allocate") (param i32) (result i32) i32.const 1024))"#)?;
//! let report = lint(&bytes, &["envoy", "ngx-0.6"], None)?;
//! assert_eq!(report.hosts[0].verdict, Verdict::Loads);
//! assert_eq!(report.hosts[1].verdict, Verdict::DoesNotLoad);
//! assert_eq!(report.hosts[1].findings[0].code, "L021");
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```

mod capability;
mod features;
mod finding;
mod host_functions;
mod hosts;
mod metadata;
mod module;
mod report;
mod rules;
mod schema;
mod start;

pub use finding::{Finding, Severity};
pub use module::Unreadable;
pub use report::{CallbackUse, Facts, HostVerdict, Report, Verdict};

use host_functions::{CALLBACKS, find};
use hosts::Host;
use module::Module;

use crate::profile::Profile;

/// Judges a module for these hosts; names that are not in [`Profile::NAMES`] are passed over.
///
/// # Errors
/// When the bytes are not a valid module.
pub fn lint(bytes: &[u8], profiles: &[&str], max_size: Option<u64>) -> Result<Report, Unreadable> {
    let module = Module::read(bytes)?;
    let hosts = profiles.iter().filter_map(|name| Host::named(name));
    let hosts = hosts.map(|host| {
        HostVerdict::new(host.name(), callbacks(host, &module), rules::on(host, &module))
    });
    Ok(Report {
        facts: facts(&module),
        findings: rules::everywhere(&module, max_size),
        hosts: hosts.collect(),
    })
}

/// Envoy's capability allow-list for a module, as YAML or JSON.
///
/// # Errors
/// When the bytes are not a valid module.
pub fn allow_list(bytes: &[u8], json: bool) -> Result<String, Unreadable> {
    let names = capability::allowed(&Module::read(bytes)?);
    Ok(if json { format!("{:#}\n", capability::json(&names)) } else { capability::yaml(&names) })
}

/// Checks the content of a `<filter>.meta.json`.
#[must_use]
pub fn check_metadata(meta: &serde_json::Value) -> Vec<Finding> {
    metadata::check(meta)
}

/// Checks a JSON Schema for its shape.
#[must_use]
pub fn check_schema(schema: &serde_json::Value) -> Vec<Finding> {
    schema::check(schema, "", schema::Dialect::Named)
}

/// Runs the start-up of a module, with a deadline on the real clock.
#[must_use]
pub fn check_start(
    bytes: &[u8],
    profile: Profile,
    configuration: &[u8],
    seconds: u64,
) -> Vec<Finding> {
    start::start(bytes, profile, configuration, seconds)
}

fn callbacks(host: Host, module: &Module) -> Vec<CallbackUse> {
    let known = module.exports.iter().filter_map(|export| find(CALLBACKS, &export.name));
    known
        .map(|callback| CallbackUse {
            name: callback.name.to_owned(),
            called: match host.never_calls(callback.name) {
                Some(_) => "never".to_owned(),
                None => callback.from.to_owned(),
            },
        })
        .collect()
}

fn facts(module: &Module) -> Facts {
    let first =
        |names: [&'static str; 2]| names.into_iter().find(|name| module.export(name).is_some());
    let bytes = |pages: u64| pages.saturating_mul(64 << 10);
    Facts {
        size: module.size,
        abi: rules::abi(module).map(hosts::Abi::as_str),
        allocator: first(["malloc", "proxy_on_memory_allocate"]),
        initialiser: first(["_initialize", "_start"]),
        features: module.features.iter().map(|feature| feature.name()).collect(),
        target_features: module.target_features.clone(),
        producers: module.producers.clone(),
        imports: module.imports.iter().map(|i| format!("{}.{}", i.module, i.name)).collect(),
        memories: module
            .memories
            .iter()
            .map(|memory| (bytes(memory.initial), memory.maximum.map(bytes)))
            .collect(),
        custom_sections: module.customs.iter().map(|c| (c.name.clone(), c.size)).collect(),
    }
}
