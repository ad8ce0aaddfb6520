//! How a filter is configured: Envoy's `PluginConfig` in the parts that reach the guest.

/// What the proxy does with requests when a filter's VM has failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FailurePolicy {
    /// Refuses them until the configuration is loaded anew.
    #[default]
    Closed,
    /// Lets them through unfiltered, but for the one on which the VM failed.
    Open,
    /// Refuses them until the back-off has passed, then starts a fresh VM.
    Reload,
}

/// One plugin: a filter with its configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plugin {
    /// Name, for `plugin_name`.
    pub name: String,
    /// Root id, for `plugin_root_id`.
    pub root_id: String,
    /// VM id: shared data and queues live under it.
    pub vm_id: String,
    /// What `on_vm_start` reads.
    pub vm_configuration: Vec<u8>,
    /// What `on_configure` reads.
    pub configuration: Vec<u8>,
    /// What happens to requests when the VM has failed.
    pub failure_policy: FailurePolicy,
    /// PAUSE from a headers callback holds the headers back but lets body callbacks run. Source:
    /// envoy wasm.proto, the option of this name, since 1.35.
    pub allow_on_headers_stop_iteration: bool,
}

impl Plugin {
    /// A plugin of this name with this configuration, with an own VM id and the closed policy.
    #[must_use]
    pub fn new(name: &str, configuration: impl Into<Vec<u8>>) -> Self {
        Self {
            name: name.to_owned(),
            root_id: name.to_owned(),
            vm_id: name.to_owned(),
            vm_configuration: Vec::new(),
            configuration: configuration.into(),
            failure_policy: FailurePolicy::Closed,
            allow_on_headers_stop_iteration: false,
        }
    }
}
