//! How VMs and plugins start.

choice! {
    /// Which plugins of a worker live in one VM.
    pub enum VmSharing {
        /// Those with the same module, VM id and VM configuration. Source: envoy wasm.cc, the VM key.
        ByVmId,
        /// Those with the same module, whatever their configuration. Source: ngx, one instance per
        /// module; seen.
        ByModule,
    }
}

switches! {
    /// How VMs and plugins start.
    pub struct StartUp {
        /// A throw-away VM runs the whole start-up before any worker does, so that N workers mean at
        /// least N + 1 runs of `on_vm_start` and `on_configure`. Source: cpp-host wasm.cc,
        /// `createWasm`.
        pub canary_run: bool,
        /// One more VM lives on the main thread: it sees no request, but it ticks, makes calls and may
        /// hold a lease in shared data. Source: seen on Envoy 1.40, where N workers mean N + 2 runs of
        /// the start-up and N + 1 timers. No preset turns it on, so that in a test of one worker that
        /// worker does all the background work.
        pub main_thread_vm: bool,
        /// The canary can reach upstreams. Envoy 1.40 lets it call static clusters, as seen there;
        /// those that come later by discovery are absent at first boot (rust-sdk issue 137): turn this
        /// off to see how a filter takes that.
        pub canary_has_upstreams: bool,
        /// In `_initialize` and `_start` only logging, environment, arguments, clock and randomness may
        /// be called; anything else traps. Source: cpp-host wasm.cc, `startVm`.
        pub restricted_initialize: bool,
        /// The plugin configuration is readable only inside `on_configure`. Source: envoy context.cc,
        /// `getBuffer` with `temp_plugin_`.
        pub configuration_only_in_configure: bool,
        /// Which plugins of a worker live in one VM.
        pub vm_sharing: VmSharing,
    }
}
