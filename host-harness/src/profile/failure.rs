//! What happens when a guest fails.

use core::time::Duration;

choice! {
    /// Who shares an instance with whom.
    pub enum Isolation {
        /// All streams and plugins of a module on a worker. Source: Envoy; ngx `proxy_wasm_isolation
        /// none`.
        Shared,
        /// Each stream has an instance of each module to itself. Source: ngx `proxy_wasm_isolation
        /// stream`.
        Stream,
        /// Each filter of each stream has an instance to itself. Source: ngx `proxy_wasm_isolation
        /// filter`.
        Filter,
    }
}

switches! {
    /// What happens when a guest fails.
    pub struct Failures {
        /// Status that a client gets when the VM fails under a closed policy. Source: envoy context.cc,
        /// `failStream`; 500 seen on ngx.
        pub status: u16,
        /// Response code details of that answer.
        pub details: String,
        /// How long a failed VM under the reload policy stays down, in milliseconds. Source: envoy
        /// `reload_config`.
        #[cfg_attr(feature = "cli", serde(with = "super::millis"), schemars(with = "u64"))]
        pub reload_backoff: Duration,
        /// The policy "reload" is there; off, a VM whose plugins ask for it stays down. Source: envoy
        /// pull request 36456, in 1.33.
        pub reload_policy: bool,
        /// There is no failure policy: the next use makes a fresh instance, which sees
        /// `on_context_create` and `on_configure` but no `on_vm_start`; streams in flight get fresh
        /// contexts in the middle of their life. Source: ngx; seen.
        pub fresh_instance_at_once: bool,
        /// The timers of an instance that failed go on in the fresh one, besides its own: after one
        /// trap ticks come in pairs. Source: seen on ngx.
        pub keeps_timers: bool,
        /// Who shares an instance with whom.
        pub isolation: Isolation,
        /// **Dangerous.** A trap in `on_http_call_response` lets a paused request without a body
        /// through to the upstream; one with a body is answered with an error. Source: seen on ngx, in
        /// all isolation modes.
        pub call_callback_trap_forwards: bool,
        /// **Dangerous.** When a request traps an instance, other requests without a body that wait for
        /// a call in the same instance are let through. Source: seen on ngx with isolation `shared`.
        pub trap_forwards_neighbours: bool,
        /// A trap in `on_response_headers` or later leaves the upstream's response as it is. Source:
        /// seen on ngx.
        pub response_trap_keeps_response: bool,
        /// A callback that makes a call for a request and then lets the request go on kills the worker
        /// process. Source: seen on ngx, 6 of 6.
        pub continue_after_call_crashes: bool,
        /// A call made in `on_http_call_response` of a call that no stream made kills the worker
        /// process. Source: seen on ngx.
        pub call_in_root_callback_crashes: bool,
    }
}
