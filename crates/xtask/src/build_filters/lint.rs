//! What a shipped module may ask of its host, and what it must offer.

use anyhow::{Context as _, Result};
use walrus::{ExportItem, Module};

use super::trim::EXPORTS;

/// Functions of the Proxy-Wasm ABI that both kinds of host provide and our filters may use.
/// Three of the ABI are absent on purpose: `proxy_get_header_map_size`,
/// `proxy_get_buffer_status` and `proxy_get_log_level` are missing or mis-declared in
/// `ngx_wasm_module`, where one such import stops the whole module from loading.
const ENV: &[&str] = &[
    "proxy_add_header_map_value",
    "proxy_call_foreign_function",
    "proxy_continue_stream",
    "proxy_define_metric",
    "proxy_get_buffer_bytes",
    "proxy_get_current_time_nanoseconds",
    "proxy_get_header_map_pairs",
    "proxy_get_header_map_value",
    "proxy_get_property",
    "proxy_get_shared_data",
    "proxy_http_call",
    "proxy_increment_metric",
    "proxy_log",
    "proxy_record_metric",
    "proxy_remove_header_map_value",
    "proxy_replace_header_map_value",
    "proxy_send_local_response",
    "proxy_set_effective_context",
    "proxy_set_header_map_pairs",
    "proxy_set_property",
    "proxy_set_shared_data",
    "proxy_set_tick_period_milliseconds",
];

/// The part of WASI that every host of interest implements for real.
const WASI: &[&str] =
    &["clock_time_get", "environ_get", "environ_sizes_get", "fd_write", "proc_exit", "random_get"];

const ABI_MARKER: &str = "proxy_abi_version_0_2_1";
const ALLOCATORS: &[&str] = &["malloc", "proxy_on_memory_allocate"];

/// 64 KiB each. What a module starts with is paid by every worker of every gateway.
const INITIAL_PAGES: u64 = 32;

/// What a module shows to its host.
#[derive(Debug)]
pub(crate) struct Surface {
    pub(crate) imports: Vec<String>,
    pub(crate) exports: Vec<String>,
    pages: u64,
}

impl Surface {
    pub(crate) fn of(module: &[u8]) -> Result<Self> {
        let module = Module::from_buffer(module).context("not a WebAssembly module")?;
        let mut imports: Vec<_> =
            module.imports.iter().map(|i| format!("{}.{}", i.module, i.name)).collect();
        let mut exports: Vec<_> = module.exports.iter().map(|e| e.name.clone()).collect();
        imports.sort();
        exports.sort();
        let pages = module
            .exports
            .iter()
            .filter_map(|export| match export.item {
                ExportItem::Memory(id) => Some(module.memories.get(id).initial),
                _ => None,
            })
            .sum();
        Ok(Self { imports, exports, pages })
    }

    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for import in &self.imports {
            let allowed = match import.split_once('.') {
                Some(("env", name)) => ENV.contains(&name),
                Some(("wasi_snapshot_preview1", name)) => WASI.contains(&name),
                _ => false,
            };
            if !allowed {
                problems.push(format!("import `{import}` is not on the list"));
            }
        }
        for export in &self.exports {
            if !EXPORTS.contains(&export.as_str()) {
                problems.push(format!("export `{export}` is not on the list"));
            }
        }
        for needed in [ABI_MARKER, "_initialize", "memory", "proxy_on_request_headers"] {
            if !self.exports(needed) {
                problems.push(format!("export `{needed}` is missing"));
            }
        }
        let allocators: Vec<_> = ALLOCATORS.iter().filter(|name| self.exports(name)).collect();
        if allocators != [&"proxy_on_memory_allocate"] {
            problems.push(format!(
                "the only allocator must be `proxy_on_memory_allocate`; found {allocators:?}"
            ));
        }
        if self.pages > INITIAL_PAGES {
            problems.push(format!(
                "{} pages of memory at the start are over the limit of {INITIAL_PAGES}",
                self.pages
            ));
        }
        problems
    }

    fn exports(&self, name: &str) -> bool {
        self.exports.iter().any(|export| export == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACE: &str = r#"
        (func (export "proxy_abi_version_0_2_1"))
        (func (export "_initialize"))
        (func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 0))
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (i32.const 0))
    "#;

    fn problems(body: &str) -> Vec<String> {
        let text = format!("(module {body})");
        Surface::of(&wat::parse_str(text).unwrap()).unwrap().problems()
    }

    fn with(import: &str) -> Vec<String> {
        problems(&format!("(import {import} (func)) (memory (export \"memory\") 17) {FACE}"))
    }

    #[test]
    fn a_whole_face_has_no_problem() {
        assert_eq!(with(r#""env" "proxy_log""#), Vec::<String>::new());
        assert_eq!(with(r#""wasi_snapshot_preview1" "fd_write""#), Vec::<String>::new());
    }

    #[test]
    fn imports_that_some_host_lacks_are_refused() {
        for import in [
            r#""env" "proxy_get_header_map_size""#,
            r#""env" "proxy_get_buffer_status""#,
            r#""env" "proxy_get_log_level""#,
            r#""env" "envoy_resolve_dns""#,
            r#""wasi_snapshot_preview1" "path_open""#,
            r#""wasi_unstable" "fd_write""#,
            r#""__wbindgen_placeholder__" "describe""#,
        ] {
            assert_eq!(with(import).len(), 1, "{import}");
        }
    }

    #[test]
    fn every_missing_part_is_named() {
        let found = problems("(memory 1)");
        for part in [ABI_MARKER, "_initialize", "`memory`", "proxy_on_request_headers", "allocator"]
        {
            assert!(found.iter().any(|p| p.contains(part)), "{part}: {found:?}");
        }
    }

    #[test]
    fn a_second_allocator_is_refused() {
        let body = format!(
            r#"(memory (export "memory") 1) {FACE}
               (func (export "malloc") (param i32) (result i32) (i32.const 0))"#
        );
        assert!(problems(&body).iter().any(|p| p.contains("only allocator")));
    }

    #[test]
    fn a_callback_off_the_list_is_refused() {
        let body = format!(
            r#"(memory (export "memory") 1) {FACE} (func (export "proxy_on_log") (param i32))"#
        );
        assert_eq!(problems(&body), ["export `proxy_on_log` is not on the list"]);
    }

    #[test]
    fn a_large_start_is_refused() {
        let body = format!("(memory (export \"memory\") 33) {FACE}");
        assert_eq!(problems(&body), ["33 pages of memory at the start are over the limit of 32"]);
    }
}
