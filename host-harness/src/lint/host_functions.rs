//! Every function that a Proxy-Wasm module may import, with its type: one table for all hosts.
//!
//! Types are written as letters, `i` for `i32` and `I` for `i64`: what it takes, a colon, what it
//! gives. What a host does differently stands in [`hosts`](super::hosts). Sources: proxy-wasm/spec
//! abi-versions, cpp-host exports.h, ngx_wasm_module ngx_proxy_wasm_host.c, WASI preview 1.

/// Which versions of the ABI name a function. Envoy offers the others to nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Since {
    /// Every version.
    Always,
    /// 0.1.0 only.
    Only010,
    /// 0.2.0 and later.
    V020,
    /// 0.2.1 and later.
    V021,
    /// No version of the ABI: what C++ runtimes import.
    Runtime,
    /// Drafts of a later ABI, which ngx_wasm_module offers.
    Draft,
}

/// How far a WASI function is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// In ngx_wasm_module's own table, and in every cpp-host.
    Everywhere,
    /// In every cpp-host; on ngx_wasm_module only where Wasmtime fills the gap.
    Envoy,
    /// In cpp-host only as a stub of April 2026.
    Stub,
}

/// One function.
#[derive(Clone, Copy, Debug)]
pub(super) struct HostFunction<T> {
    pub(super) name: &'static str,
    pub(super) ty: &'static str,
    pub(super) from: T,
}

const fn of<T: Copy>(name: &'static str, ty: &'static str, from: T) -> HostFunction<T> {
    HostFunction { name, ty, from }
}

use Reach::{Envoy, Everywhere, Stub};
use Since::{Always, Draft, Only010, Runtime, V020, V021};

/// The import module `env`.
pub(super) const ENV: &[HostFunction<Since>] = &[
    of("proxy_log", "iii:i", Always),
    of("proxy_get_log_level", "i:i", V021),
    of("proxy_get_current_time_nanoseconds", "i:i", Always),
    of("proxy_set_tick_period_milliseconds", "i:i", Always),
    of("proxy_set_effective_context", "i:i", Always),
    of("proxy_done", ":i", Always),
    of("proxy_call_foreign_function", "iiiiii:i", Always),
    of("proxy_get_buffer_bytes", "iiiii:i", Always),
    of("proxy_set_buffer_bytes", "iiiii:i", Always),
    of("proxy_get_buffer_status", "iii:i", Always),
    of("proxy_get_header_map_size", "ii:i", Always),
    of("proxy_get_header_map_pairs", "iii:i", Always),
    of("proxy_set_header_map_pairs", "iii:i", Always),
    of("proxy_get_header_map_value", "iiiii:i", Always),
    of("proxy_add_header_map_value", "iiiii:i", Always),
    of("proxy_replace_header_map_value", "iiiii:i", Always),
    of("proxy_remove_header_map_value", "iii:i", Always),
    of("proxy_continue_stream", "i:i", V020),
    of("proxy_close_stream", "i:i", V020),
    of("proxy_send_local_response", "iiiiiiii:i", Always),
    of("proxy_get_status", "iii:i", Always),
    of("proxy_http_call", "iiiiiiiiii:i", Always),
    of("proxy_grpc_call", "iiiiiiiiiiii:i", Always),
    of("proxy_grpc_stream", "iiiiiiiii:i", Always),
    of("proxy_grpc_send", "iiii:i", Always),
    of("proxy_grpc_cancel", "i:i", Always),
    of("proxy_grpc_close", "i:i", Always),
    of("proxy_get_shared_data", "iiiii:i", Always),
    of("proxy_set_shared_data", "iiiii:i", Always),
    of("proxy_register_shared_queue", "iii:i", Always),
    of("proxy_resolve_shared_queue", "iiiii:i", Always),
    of("proxy_enqueue_shared_queue", "iii:i", Always),
    of("proxy_dequeue_shared_queue", "iii:i", Always),
    of("proxy_define_metric", "iiii:i", Always),
    of("proxy_increment_metric", "iI:i", Always),
    of("proxy_record_metric", "iI:i", Always),
    of("proxy_get_metric", "ii:i", Always),
    of("proxy_get_property", "iiii:i", Always),
    of("proxy_set_property", "iiii:i", Always),
    of("proxy_get_configuration", "ii:i", Only010),
    of("proxy_continue_request", ":i", Only010),
    of("proxy_continue_response", ":i", Only010),
    of("proxy_clear_route_cache", ":i", Only010),
    of("emscripten_notify_memory_growth", "i:", Runtime),
    of("pthread_equal", "ii:i", Runtime),
    of("proxy_get_buffer", "iiiii:i", Draft),
    of("proxy_set_buffer", "iiiii:i", Draft),
    of("proxy_send_http_response", "iiiiiiii:i", Draft),
    of("proxy_dispatch_http_call", "iiiiiiiiii:i", Draft),
];

/// The import module `wasi_snapshot_preview1`, and on cpp-host `wasi_unstable`.
pub(super) const WASI: &[HostFunction<Reach>] = &[
    of("args_get", "ii:i", Everywhere),
    of("args_sizes_get", "ii:i", Everywhere),
    of("environ_get", "ii:i", Everywhere),
    of("environ_sizes_get", "ii:i", Everywhere),
    of("clock_time_get", "iIi:i", Everywhere),
    of("random_get", "ii:i", Everywhere),
    of("proc_exit", "i:", Everywhere),
    of("fd_close", "i:i", Everywhere),
    of("fd_fdstat_get", "ii:i", Everywhere),
    of("fd_prestat_get", "ii:i", Everywhere),
    of("fd_prestat_dir_name", "iii:i", Everywhere),
    of("fd_read", "iiii:i", Everywhere),
    of("fd_seek", "iIii:i", Everywhere),
    of("fd_write", "iiii:i", Everywhere),
    of("path_open", "iiiiiIIii:i", Everywhere),
    of("fd_fdstat_set_flags", "ii:i", Envoy),
    of("path_filestat_get", "iiiii:i", Envoy),
    of("poll_oneoff", "iiii:i", Envoy),
    of("sched_yield", ":i", Envoy),
    of("clock_res_get", "ii:i", Stub),
    of("fd_advise", "iIIi:i", Stub),
    of("fd_allocate", "iII:i", Stub),
    of("fd_datasync", "i:i", Stub),
    of("fd_fdstat_set_rights", "iII:i", Stub),
    of("fd_filestat_get", "ii:i", Stub),
    of("fd_filestat_set_size", "iI:i", Stub),
    of("fd_filestat_set_times", "iIIi:i", Stub),
    of("fd_pread", "iiiIi:i", Stub),
    of("fd_pwrite", "iiiIi:i", Stub),
    of("fd_readdir", "iiiIi:i", Stub),
    of("fd_renumber", "ii:i", Stub),
    of("fd_sync", "i:i", Stub),
    of("fd_tell", "ii:i", Stub),
    of("path_create_directory", "iii:i", Stub),
    of("path_filestat_set_times", "iiiiIIi:i", Stub),
    of("path_link", "iiiiiii:i", Stub),
    of("path_readlink", "iiiiii:i", Stub),
    of("path_remove_directory", "iii:i", Stub),
    of("path_rename", "iiiiii:i", Stub),
    of("path_symlink", "iiiii:i", Stub),
    of("path_unlink_file", "iii:i", Stub),
    of("proc_raise", "i:i", Stub),
    of("sock_accept", "iii:i", Stub),
    of("sock_recv", "iiiiii:i", Stub),
    of("sock_send", "iiiii:i", Stub),
    of("sock_shutdown", "ii:i", Stub),
];

/// What a module may export for the host to call, and when the host does.
pub(super) const CALLBACKS: &[HostFunction<&str>] = &[
    of("proxy_on_context_create", "ii:", "once for each stream, and once for the plugin"),
    of("proxy_on_vm_start", "ii:i", "once for each VM"),
    of("proxy_on_configure", "ii:i", "once for each configuration"),
    of("proxy_on_tick", "i:", "each time a timer fires"),
    of("proxy_on_request_headers", "iii:i", "once for each request"),
    of("proxy_on_request_body", "iii:i", "once for each chunk of a request's body"),
    of("proxy_on_request_trailers", "ii:i", "once for each request with trailers"),
    of("proxy_on_response_headers", "iii:i", "once for each response"),
    of("proxy_on_response_body", "iii:i", "once for each chunk of a response's body"),
    of("proxy_on_response_trailers", "ii:i", "once for each response with trailers"),
    of("proxy_on_http_call_response", "iiiii:", "once for each call-out"),
    of("proxy_on_grpc_receive_initial_metadata", "iii:", "once for each gRPC call"),
    of("proxy_on_grpc_receive", "iii:", "once for each gRPC message"),
    of("proxy_on_grpc_receive_trailing_metadata", "iii:", "once for each gRPC call"),
    of("proxy_on_grpc_close", "iii:", "once for each gRPC call"),
    of("proxy_on_queue_ready", "ii:", "once for each queued item"),
    of("proxy_on_foreign_function", "iii:", "when a foreign function calls back"),
    of("proxy_on_new_connection", "i:i", "once for each TCP connection"),
    of("proxy_on_downstream_data", "iii:i", "once for each chunk from a TCP client"),
    of("proxy_on_upstream_data", "iii:i", "once for each chunk from a TCP upstream"),
    of("proxy_on_downstream_connection_close", "ii:", "once for each TCP connection"),
    of("proxy_on_upstream_connection_close", "ii:", "once for each TCP connection"),
    of("proxy_on_done", "i:i", "once for each stream"),
    of("proxy_on_log", "i:", "once for each stream"),
    of("proxy_on_delete", "i:", "once for each stream"),
];

/// A type as people write it.
pub(super) fn spelled(ty: &str) -> String {
    let (takes, gives) = ty.split_once(':').unwrap_or((ty, ""));
    let words = |letters: &str| {
        let words = letters.chars().map(|letter| match letter {
            'i' => "i32",
            'I' => "i64",
            'f' => "f32",
            'F' => "f64",
            _ => "other",
        });
        words.collect::<Vec<_>>().join(", ")
    };
    if gives.is_empty() {
        format!("({})", words(takes))
    } else {
        format!("({}) -> {}", words(takes), words(gives))
    }
}

pub(super) fn find<'a, T>(table: &'a [HostFunction<T>], name: &str) -> Option<&'a HostFunction<T>> {
    table.iter().find(|function| function.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use wasmtime::{Engine, Extern, FuncType, Linker, Store, ValType};

    use super::*;
    use crate::abi::{env, wasi};
    use crate::host::Host;

    fn letters(ty: &FuncType) -> String {
        let letter = |ty: ValType| match ty {
            ValType::I32 => 'i',
            ValType::I64 => 'I',
            _ => '?',
        };
        let takes: String = ty.params().map(letter).collect();
        let gives: String = ty.results().map(letter).collect();
        format!("{takes}:{gives}")
    }

    /// What this host really links, by module and name.
    fn linked() -> BTreeMap<(String, String), String> {
        let guest = wat::parse_str(
            r#"(module (memory (export "memory") 1) (func (export "proxy_abi_version_0_2_1"))
              (func (export "proxy_on_memory_allocate") (param i32) (result i32) i32.const 0))"#,
        )
        .unwrap();
        let artifact = crate::Artifact::compile(&guest).unwrap();
        let engine: &Engine = &artifact.compiled(true).unwrap().engine;
        let mut linker: Linker<Host> = Linker::new(engine);
        env::link(&mut linker).unwrap();
        wasi::link(&mut linker).unwrap();
        let mut world = crate::World::builder(crate::Profile::spec()).build();
        let worker = world.start(&artifact, crate::Plugin::new("table", "")).unwrap();
        let store: &mut Store<Host> = world.store_for_tests(worker);
        let functions: Vec<_> = linker
            .iter(&mut *store)
            .map(|(module, name, item)| (module.to_owned(), name.to_owned(), item))
            .collect();
        let typed = functions.into_iter().map(|(module, name, item)| {
            let Extern::Func(function) = item else { panic!("{module}.{name} is no function") };
            ((module, name), letters(&function.ty(&*store)))
        });
        typed.collect()
    }

    #[test]
    fn the_table_is_what_this_host_links() {
        let linked = linked();
        for ((module, name), ty) in &linked {
            let known = match module.as_str() {
                "env" => find(ENV, name).map(|function| function.ty),
                _ => find(WASI, name).map(|function| function.ty),
            };
            assert_eq!(known, Some(ty.as_str()), "{module}.{name}");
        }
        let offered =
            |module: &str, name: &str| linked.contains_key(&(module.to_owned(), name.to_owned()));
        for function in ENV.iter().filter(|f| !matches!(f.from, Only010 | Draft)) {
            assert!(offered("env", function.name), "{} is not linked", function.name);
        }
        for function in WASI.iter().filter(|f| f.from != Stub) {
            for module in ["wasi_snapshot_preview1", "wasi_unstable"] {
                assert!(offered(module, function.name), "{module}.{} is not linked", function.name);
            }
        }
    }

    #[test]
    fn no_name_stands_twice() {
        let env = ENV.iter().map(|function| function.name);
        let wasi = WASI.iter().map(|function| function.name);
        let callbacks = CALLBACKS.iter().map(|function| function.name);
        let mut names: Vec<&str> = env.chain(wasi).chain(callbacks).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn types_are_spelled_out() {
        assert_eq!(spelled("iI:i"), "(i32, i64) -> i32");
        assert_eq!(spelled("i:"), "(i32)");
        assert_eq!(spelled(":i"), "() -> i32");
    }
}
