//! Metrics.

switches! {
    /// Metrics.
    pub struct MetricRules {
        /// What is put before the name of each metric. Source: envoy stats handler.
        /// `{plugin}` in it stands for the plugin's name.
        pub prefix: String,
        /// Incrementing a counter by zero or less is BAD_ARGUMENT. Source: envoy context.cc,
        /// `incrementMetric`.
        pub counters_only_rise: bool,
        /// Recording a value on a counter traps; else it is added. Source: seen on ngx.
        pub counter_record_traps: bool,
        /// Reading a histogram traps; else it is BAD_ARGUMENT. Source: seen on ngx.
        pub histogram_read_traps: bool,
        /// Incrementing anything but a counter traps. Source: ngx ngx_proxy_wasm_host.c.
        pub other_increment_traps: bool,
        /// A number that no metric has traps; else it is NOT_FOUND. Source: ngx ngx_proxy_wasm_host.c.
        pub unknown_id_traps: bool,
        /// Defining a metric whose name, prefix included, has more bytes than this traps. Source: seen
        /// on ngx.
        pub max_name_bytes: Option<usize>,
        /// The numbers of metrics have no order: a guest cannot guess one from another. Source: seen
        /// on ngx.
        pub ids_are_scattered: bool,
        /// Every metric function traps. Source: ngx up to 0.3, Kong 3.4 to 3.7.
        pub every_call_traps: bool,
    }
}
