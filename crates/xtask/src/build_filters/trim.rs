//! Post-processing of a built module.
//!
//! A host calls every callback that a module exports, for every stream, whether or not the
//! callback does anything. Each crossing costs, so a shipped module exports what it uses and
//! nothing more; what only an unwanted export kept alive goes too.

use anyhow::{Context as _, Result, bail};
use walrus::{Module, ModuleConfig};

use super::lint::Surface;

/// The whole face of a shipped filter: a new callback must be named here, or it is refused.
/// `proxy_on_context_create` is the one that costs something and is there all the same: it
/// tells streams of an old configuration from those of a new one while a listener drains.
pub(super) const EXPORTS: &[&str] = &[
    "_initialize",
    "memory",
    "proxy_abi_version_0_2_1",
    "proxy_on_configure",
    "proxy_on_context_create",
    "proxy_on_http_call_response",
    "proxy_on_memory_allocate",
    "proxy_on_request_headers",
    "proxy_on_response_headers",
    "proxy_on_tick",
];

/// What the SDK cannot do without: it panics on a stream whose creation it has not seen.
const SDK_EXPORTS: &[&str] = &["proxy_on_delete", "proxy_on_vm_start"];

/// A module as we ship it: our exports, no custom section but `producers`.
///
/// What the toolchain exports beyond that is dropped. A callback is not: one that somebody
/// wrote and that no host would ever call is a mistake.
pub(super) fn product(module: &[u8]) -> Result<Vec<u8>> {
    let surface = Surface::of(module)?;
    let unknown = |name: &&String| name.starts_with("proxy_") && !EXPORTS.contains(&name.as_str());
    if let Some(callback) = surface.exports.iter().find(unknown) {
        bail!("the callback `{callback}` is not on the list of exports");
    }
    keep(module, EXPORTS)
}

/// The SDK's empty filter with the exports removed that it can do without.
pub(super) fn yardstick(module: &[u8]) -> Result<Vec<u8>> {
    keep(module, &[EXPORTS, SDK_EXPORTS].concat())
}

fn keep(module: &[u8], wanted: &[&str]) -> Result<Vec<u8>> {
    let mut config = ModuleConfig::new();
    config.generate_name_section(false).generate_dwarf(false);
    let mut module = config.parse(module).context("not a WebAssembly module")?;
    drop_exports(&mut module, wanted);
    let custom: Vec<_> = module.customs.iter().map(|(id, _)| id).collect();
    for id in custom {
        module.customs.delete(id);
    }
    walrus::passes::gc::run(&mut module);
    Ok(module.emit_wasm())
}

fn drop_exports(module: &mut Module, wanted: &[&str]) {
    let unwanted: Vec<_> = module
        .exports
        .iter()
        .filter(|export| !wanted.contains(&export.name.as_str()))
        .map(walrus::Export::id)
        .collect();
    for id in unwanted {
        module.exports.delete(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(text: &str) -> Vec<u8> {
        wat::parse_str(text).unwrap()
    }

    const SAMPLE: &str = r#"(module
        (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
        (import "env" "proxy_done" (func $done (result i32)))
        (memory (export "memory") 1)
        (global (export "__heap_base") i32 (i32.const 1024))
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
            (call $log (i32.const 0) (i32.const 0) (i32.const 0)))
        (func (export "left_over") (result i32) (call $done))
        (@custom "target_features" "xyz")
        (@custom "name" "\00\02\01a"))"#;

    #[test]
    fn an_unused_export_goes_and_takes_its_import_along() {
        let trimmed = Surface::of(&product(&module(SAMPLE)).unwrap()).unwrap();
        assert_eq!(trimmed.exports, ["memory", "proxy_on_request_headers"]);
        assert_eq!(trimmed.imports, ["env.proxy_log"]);
    }

    #[test]
    fn a_callback_that_nobody_would_call_is_refused() {
        let written = module(r#"(module (func (export "proxy_on_done") (param i32)))"#);
        let error = product(&written).unwrap_err();
        assert!(error.to_string().contains("proxy_on_done"), "{error}");
    }

    #[test]
    fn custom_sections_go() {
        let before = module(SAMPLE);
        let after = product(&before).unwrap();
        let has = |bytes: &[u8], text: &[u8]| bytes.windows(text.len()).any(|w| w == text);
        assert!(has(&before, b"target_features"));
        assert!(!has(&after, b"target_features"));
        assert!(!has(&after, b"name"));
    }

    #[test]
    fn the_yardstick_keeps_what_the_sdk_needs() {
        let sample = module(
            r#"(module (memory (export "memory") 1)
                (func (export "proxy_on_vm_start") (param i32 i32) (result i32) i32.const 1)
                (func (export "proxy_on_log") (param i32)))"#,
        );
        let trimmed = Surface::of(&yardstick(&sample).unwrap()).unwrap();
        assert_eq!(trimmed.exports, ["memory", "proxy_on_vm_start"]);
    }

    #[test]
    fn garbage_is_refused() {
        assert!(product(b"\0asm\x01\0\0\0garbage").is_err());
    }
}
