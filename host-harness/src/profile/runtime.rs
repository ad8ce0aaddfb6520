//! Memory, time, randomness.

switches! {
    /// Memory, time, randomness.
    pub struct Runtime {
        /// Most bytes of linear memory. Source: cpp-host limits.h and v8.cc; no limit but that of Wasm
        /// on ngx, as seen.
        pub max_memory_bytes: usize,
        /// More random bytes than this in one call are refused with INVAL. Source: cpp-host exports.cc,
        /// `wasi_unstable_random_get`.
        pub max_random_bytes: Option<usize>,
        /// `set_effective_context` succeeds without effect: the host itself knows the current request.
        /// Source: ngx.
        pub effective_context_is_ignored: bool,
        /// **Dangerous.** `random_get` gives the low bytes of libc's `random()`, seeded with the process
        /// id and the time of the worker's start: who sees a few bytes knows all that follow. All VMs
        /// of a worker draw from one stream. Source: seen on ngx 0.6 and 0.5.
        pub random_is_predictable: bool,
        /// Clocks move in steps of a millisecond. Source: seen on ngx.
        pub clock_in_milliseconds: bool,
        /// Setting a timer's period while it runs traps. Source: seen on ngx 0.6 and 0.5.
        pub second_tick_period_traps: bool,
        /// A timer that was stopped and set again runs twice. Source: seen on ngx.
        pub stopped_timer_runs_on: bool,
        /// Setting a timer outside a root context traps. Source: ngx ngx_proxy_wasm_host.c.
        pub tick_period_in_stream_traps: bool,
        /// Functions that a module must not import: it could not be linked. Source: seen on ngx
        /// (`proxy_get_log_level`); ngx ngx_proxy_wasm_host.c.
        pub missing_functions: Vec<String>,
        /// Functions that can be imported and trap when they are called. Source: ngx
        /// ngx_proxy_wasm_host.c, "not yet implemented".
        pub unfinished_functions: Vec<String>,
        /// Calling a foreign function that the host does not know traps; else it is NOT_FOUND. Source:
        /// seen on ngx 0.6 and 0.5.
        pub unknown_foreign_function_traps: bool,
        /// A pointer outside the guest's memory traps; else it is INVALID_MEMORY_ACCESS. Source: ngx
        /// ngx_wavm_host.h.
        pub bad_pointer_traps: bool,
        /// Guests see the environment that the worker process has, not only what the plugin's
        /// configuration gives them. Source: seen on ngx.
        pub process_environment_is_visible: bool,
        /// Waiting (`poll_oneoff`) traps. Source: seen on ngx.
        pub sleeping_traps: bool,
        /// **Dangerous.** A local response in a root context kills the worker process; else it is
        /// ignored. Source: seen on ngx, in `on_tick`.
        pub local_response_in_root_crashes: bool,
    }
}
