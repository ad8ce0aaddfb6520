//! Properties.

use crate::abi::Status;

switches! {
    /// Properties.
    pub struct Properties {
        /// A property set under several segments cannot be read back. Source: envoy context.cc,
        /// `setProperty` and `findValue`.
        pub nested_set_is_unreadable: bool,
        /// Setting a property outside a stream is NOT_FOUND. Source: envoy context.cc, `setProperty`.
        pub root_cannot_set: bool,
        /// Only the properties that nginx knows are there, whatever the test sets: no `xds`, `node`,
        /// `cluster_name`, `plugin_vm_id` and the like; asking for them writes an error line to the
        /// proxy's log. What can be set is `wasmx.*`, `request.query` and the changeable nginx
        /// variables. Source: seen on ngx; ngx_proxy_wasm_properties.c.
        pub nginx_names: bool,
        /// Kong's own properties are there when the test sets them, some of them settable. Source: Kong
        /// kong/runloop/wasm.
        pub kong_names: bool,
        /// Numbers and times are text in decimal, flags are `true` and `false`. Source: seen on ngx.
        pub values_are_text: bool,
        /// What a root context gets for `request`, `ngx`, `node` and `wasmx` properties. Source: seen on
        /// ngx, in `on_configure` and `on_tick`.
        pub in_root: Option<Status>,
        /// **Dangerous.** Reading `plugin_name` in `on_configure` kills the worker process, at every
        /// start anew. Source: seen on ngx 0.6 and 0.5.
        pub plugin_name_in_configure_crashes: bool,
        /// Setting an nginx variable that cannot be changed traps. Source: ngx
        /// ngx_proxy_wasm_properties.c.
        pub fixed_variable_traps: bool,
    }
}
