//! Shared data and queues.

switches! {
    /// Shared data and queues.
    pub struct SharedState {
        /// `set_shared_data` with a CAS number succeeds when the key does not exist. Source: cpp-host
        /// shared_data.cc, `set`.
        pub cas_on_missing_key_succeeds: bool,
        /// **Dangerous.** Keys are told apart by their CRC-32 alone: who chooses part of a key can make
        /// it meet another record. Source: seen on ngx 0.6 and 0.5.
        pub keys_match_by_crc32: bool,
        /// CAS number 0 means "must not exist" instead of "whatever is there". Source: seen on ngx 0.6
        /// and 0.5.
        pub zero_cas_means_absent: bool,
        /// Each key counts its own versions from 1. Off, one count serves all keys. Source: seen on
        /// ngx.
        pub versions_per_key: bool,
        /// A null pointer as value deletes the key, if the CAS number is right. Source: seen on ngx.
        pub null_deletes: bool,
        /// **Dangerous.** Data lives in zones that the proxy's configuration declares, not under VM
        /// ids: `*` is the default, `zone/key` names another. Without such a zone reading and writing
        /// traps. Source: seen on ngx.
        pub zones_are_declared: bool,
        /// Using a queue that does not exist, or filling one up, traps. Source: ngx
        /// ngx_proxy_wasm_host.c.
        pub bad_queue_traps: bool,
        /// `on_queue_ready` is called. Source: spec; never on ngx.
        pub queue_ready: bool,
    }
}
