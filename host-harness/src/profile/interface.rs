//! Which functions a host has at all.

switches! {
    /// Which functions a host has at all.
    pub struct Interface {
        /// A module gets the functions of the ABI version that it names, and no others:
        /// `proxy_continue_request` only for 0.1.0, `proxy_continue_stream` from 0.2.0 on,
        /// `proxy_get_log_level` only for 0.2.1. Source: cpp-host wasm.cc, `registerCallbacks`.
        pub by_version: bool,
        /// WASI functions are there under the old module name `wasi_unstable` too. Source: cpp-host
        /// wasm.cc, `registerCallbacks`; ngx has one name.
        pub wasi_unstable: bool,
        /// The rest of WASI is there too, without effect. Source: cpp-host pull request 533, taken to be
        /// in no Envoy yet; on ngx wasmtime's own functions fill the gaps, seen with seven of them.
        pub wide_wasi: bool,
        /// The foreign functions `clear_route_cache` and `set_envoy_filter_state` are there. Source:
        /// envoy foreign.cc.
        pub envoy_foreign_functions: bool,
        /// A plugin whose `on_done` returns false is not deleted before it calls `proxy_done`. Source:
        /// cpp-host wasm.cc, `startShutdown`; ngx ignores what `on_done` returns.
        pub plugin_may_delay_its_end: bool,
        /// `on_log` runs for plugin contexts too. Source: spec; cpp-host wasm.cc calls it for streams
        /// only.
        pub plugin_end_is_logged: bool,
        /// TCP connections run through filters. Source: ngx never calls those callbacks.
        pub tcp: bool,
        /// `proxy_continue_stream` for the upstream half of a TCP connection is UNIMPLEMENTED. Source:
        /// envoy context.cc, `continueStream`.
        pub upstream_data_cannot_resume: bool,
    }
}

impl Interface {
    pub(crate) fn spec() -> Self {
        Self {
            by_version: false,
            wasi_unstable: true,
            wide_wasi: true,
            envoy_foreign_functions: false,
            plugin_may_delay_its_end: true,
            plugin_end_is_logged: true,
            tcp: true,
            upstream_data_cannot_resume: false,
        }
    }

    pub(crate) fn envoy() -> Self {
        Self {
            by_version: true,
            wide_wasi: false,
            envoy_foreign_functions: true,
            plugin_end_is_logged: false,
            upstream_data_cannot_resume: true,
            ..Self::spec()
        }
    }

    pub(crate) fn ngx() -> Self {
        Self { tcp: false, wasi_unstable: false, plugin_may_delay_its_end: false, ..Self::spec() }
    }
}
