//! The hosts that have a profile of their own.

use core::time::Duration;

use super::{
    Bodies, Calls, Failures, Forbidden, GrpcAnswer, GrpcCalls, HeaderMaps, Interface, Isolation,
    LateEdit, MalformedMap, MetricRules, Profile, Properties, RepeatedHeader, Runtime, SharedState,
    StartUp, Streams, VmSharing,
};
use crate::abi::Status;

impl Profile {
    /// The names of all presets.
    pub const NAMES: [&str; 5] = ["spec", "envoy", "ngx-0.6", "ngx-0.5", "kong-3.9"];

    /// The preset of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "spec" => Self::spec(),
            "envoy" => Self::envoy(),
            "ngx-0.6" => Self::ngx_0_6(),
            "ngx-0.5" => Self::ngx_0_5(),
            "kong-3.9" => Self::kong_3_9(),
            _ => return None,
        })
    }

    /// The letter of the ABI, strict where it leaves a choice.
    #[must_use]
    pub fn spec() -> Self {
        Self {
            name: "spec".to_owned(),
            start: StartUp {
                canary_run: false,
                main_thread_vm: false,
                canary_has_upstreams: true,
                restricted_initialize: true,
                configuration_only_in_configure: false,
                vm_sharing: VmSharing::ByVmId,
            },
            failures: Failures {
                status: 503,
                details: "wasm_fail_stream".to_owned(),
                reload_backoff: Duration::from_secs(1),
                reload_policy: true,
                fresh_instance_at_once: false,
                keeps_timers: false,
                isolation: Isolation::Shared,
                call_callback_trap_forwards: false,
                trap_forwards_neighbours: false,
                response_trap_keeps_response: false,
                continue_after_call_crashes: false,
                call_in_root_callback_crashes: false,
            },
            streams: Streams {
                local_response_replaces_action: true,
                resume_before_answer_forwards: false,
                local_response_runs_callbacks: false,
                local_response_adds_content_headers: false,
                local_response_appends_line_feed: false,
                local_response_one_header_per_name: false,
                local_response_grpc: GrpcAnswer::Header,
                local_response_status_is_checked: false,
                second_local_response_traps: false,
                late_local_response_keeps_headers: false,
                answer_keeps_request_maps: false,
                resume_closes_request_maps: true,
                log_before_done: false,
                headers_know_the_end: true,
                request_trailers: true,
                response_trailers: true,
                stop_iteration_option: true,
                response_headers_can_pause: true,
            },
            headers: HeaderMaps {
                host_means_authority: false,
                repeated: RepeatedHeader::First,
                closed_map_reads_empty: false,
                max_pairs: 1024,
                max_bytes: 1 << 20,
                malformed: MalformedMap::Refused(Status::BadArgument),
                removed_is_still_sent: false,
                set_keeps_repeats: false,
                replace_all_keeps_originals: false,
                read_at_most: None,
                pseudo_headers_are_counted: true,
                pseudo_headers_come_first: false,
                map_keeps_case: false,
                authority_is_server_name: false,
                authority_and_scheme_are_read_only: false,
                path_change_is_not_sent: false,
                path_with_query_traps: false,
                underscore_names_are_dropped: false,
                request_maps_stay_open: false,
                line_breaks_are_escaped: false,
                request_map_in_root_crashes: false,
                response_headers_in_request_phase: false,
                single_slot_add_is_dropped: false,
                late_edit: LateEdit::Refused,
            },
            bodies: Bodies {
                closed_reads_empty: false,
                buffer_limit: 1 << 20,
                request_in_one_call: false,
                read_offset_is_ignored: false,
                memory_limit: None,
                readable_in_log: false,
                read_in_call_callback_traps: false,
                write_inside_is_refused: false,
                empty_read_is_not_found: false,
            },
            calls: Calls {
                first_token: 1,
                token_step: 1,
                upstream_is_address: false,
                unknown_upstream: Status::BadArgument,
                authority_is_required: true,
                bad_call: Forbidden::Refused(Status::BadArgument),
                in_configure: Forbidden::Allowed,
                in_response: Forbidden::Allowed,
                failures_are_responses: false,
                failure_skips_callback: false,
                dispatch_status: false,
                resume_after_last: false,
                outlive_streams: true,
                local_response_cancels: false,
                timeout_per_operation: false,
                unsized_reply_is_empty: false,
                max_reply_header_bytes: None,
            },
            grpc: GrpcCalls::spec(),
            interface: Interface::spec(),
            shared: SharedState {
                cas_on_missing_key_succeeds: false,
                keys_match_by_crc32: false,
                zero_cas_means_absent: false,
                versions_per_key: false,
                null_deletes: false,
                zones_are_declared: false,
                bad_queue_traps: false,
                queue_ready: true,
            },
            metrics: MetricRules {
                prefix: String::new(),
                counters_only_rise: false,
                counter_record_traps: false,
                histogram_read_traps: false,
                other_increment_traps: false,
                unknown_id_traps: false,
                max_name_bytes: None,
                ids_are_scattered: false,
                every_call_traps: false,
            },
            properties: Properties {
                nested_set_is_unreadable: false,
                root_cannot_set: false,
                nginx_names: false,
                kong_names: false,
                values_are_text: false,
                in_root: None,
                plugin_name_in_configure_crashes: false,
                fixed_variable_traps: false,
            },
            runtime: Runtime {
                max_memory_bytes: 1 << 30,
                max_random_bytes: None,
                effective_context_is_ignored: false,
                random_is_predictable: false,
                clock_in_milliseconds: false,
                second_tick_period_traps: false,
                stopped_timer_runs_on: false,
                tick_period_in_stream_traps: false,
                missing_functions: Vec::new(),
                unfinished_functions: Vec::new(),
                unknown_foreign_function_traps: false,
                bad_pointer_traps: false,
                process_environment_is_visible: false,
                sleeping_traps: false,
                local_response_in_root_crashes: false,
            },
        }
    }

    /// Envoy 1.40 with its cpp-host.
    #[must_use]
    pub fn envoy() -> Self {
        let mut profile = Self { name: "envoy".to_owned(), ..Self::spec() };
        profile.start.canary_run = true;
        profile.start.configuration_only_in_configure = true;
        profile.streams.resume_before_answer_forwards = true;
        profile.streams.local_response_runs_callbacks = true;
        profile.streams.local_response_adds_content_headers = true;
        profile.streams.local_response_grpc = GrpcAnswer::Worded;
        profile.streams.answer_keeps_request_maps = true;
        profile.streams.log_before_done = true;
        profile.headers.host_means_authority = true;
        profile.headers.closed_map_reads_empty = true;
        profile.headers.malformed = MalformedMap::Empty;
        profile.bodies.closed_reads_empty = true;
        profile.bodies.write_inside_is_refused = true;
        profile.calls.first_token = 4;
        profile.calls.token_step = 4;
        profile.calls.failures_are_responses = true;
        profile.grpc = GrpcCalls::envoy();
        profile.interface = Interface::envoy();
        profile.shared.cas_on_missing_key_succeeds = true;
        profile.metrics.prefix = "wasmcustom.".to_owned();
        profile.metrics.counters_only_rise = true;
        profile.properties.nested_set_is_unreadable = true;
        profile.properties.root_cannot_set = true;
        profile.runtime.max_random_bytes = Some(64 << 10);
        profile
    }

    /// Plain nginx with `ngx_wasm_module` 0.6.0, isolation `none`, as Kong 3.9 and later pin it.
    #[must_use]
    pub fn ngx_0_6() -> Self {
        let mut profile = Self { name: "ngx-0.6".to_owned(), ..Self::spec() };
        profile.start.restricted_initialize = false;
        profile.start.vm_sharing = VmSharing::ByModule;
        profile.failures.status = 500;
        profile.failures.details = String::new();
        profile.failures.reload_policy = false;
        profile.failures.fresh_instance_at_once = true;
        profile.failures.keeps_timers = true;
        profile.failures.call_callback_trap_forwards = true;
        profile.failures.trap_forwards_neighbours = true;
        profile.failures.response_trap_keeps_response = true;
        profile.failures.continue_after_call_crashes = true;
        profile.failures.call_in_root_callback_crashes = true;
        profile.streams.local_response_runs_callbacks = true;
        profile.streams.local_response_adds_content_headers = true;
        profile.streams.local_response_appends_line_feed = true;
        profile.streams.local_response_one_header_per_name = true;
        profile.streams.local_response_grpc = GrpcAnswer::Dropped;
        profile.streams.local_response_status_is_checked = true;
        profile.streams.second_local_response_traps = true;
        profile.streams.late_local_response_keeps_headers = true;
        profile.streams.answer_keeps_request_maps = true;
        profile.streams.resume_closes_request_maps = false;
        profile.streams.headers_know_the_end = false;
        profile.streams.request_trailers = false;
        profile.streams.response_trailers = false;
        profile.streams.stop_iteration_option = false;
        profile.streams.response_headers_can_pause = false;
        profile.bodies.request_in_one_call = true;
        profile.calls.first_token = 0;
        profile.calls.upstream_is_address = true;
        profile.calls.authority_is_required = false;
        profile.calls.bad_call = Forbidden::Traps;
        profile.calls.in_configure = Forbidden::Traps;
        profile.calls.in_response = Forbidden::Traps;
        profile.calls.dispatch_status = true;
        profile.calls.resume_after_last = true;
        profile.calls.outlive_streams = false;
        profile.calls.local_response_cancels = true;
        profile.calls.timeout_per_operation = true;
        profile.calls.unsized_reply_is_empty = true;
        profile.calls.max_reply_header_bytes = Some(8 << 10);
        profile.runtime.max_memory_bytes = 4 << 30;
        profile.interface = Interface::ngx();
        profile.runtime.effective_context_is_ignored = true;
        profile.have_nginx_functions();
        profile
    }

    /// What single functions do on nginx.
    fn have_nginx_functions(&mut self) {
        let Self { headers, bodies, shared, metrics, properties, runtime, .. } = self;
        headers.removed_is_still_sent = true;
        headers.set_keeps_repeats = true;
        headers.replace_all_keeps_originals = true;
        headers.read_at_most = Some(100);
        headers.pseudo_headers_are_counted = false;
        headers.pseudo_headers_come_first = true;
        headers.map_keeps_case = true;
        headers.authority_is_server_name = true;
        headers.authority_and_scheme_are_read_only = true;
        headers.path_change_is_not_sent = true;
        headers.path_with_query_traps = true;
        headers.underscore_names_are_dropped = true;
        headers.request_maps_stay_open = true;
        headers.line_breaks_are_escaped = true;
        headers.request_map_in_root_crashes = true;
        headers.response_headers_in_request_phase = true;
        headers.single_slot_add_is_dropped = true;
        headers.late_edit = LateEdit::Ignored;
        bodies.read_offset_is_ignored = true;
        bodies.memory_limit = Some(16 << 10);
        bodies.readable_in_log = true;
        bodies.read_in_call_callback_traps = true;
        bodies.empty_read_is_not_found = true;
        shared.keys_match_by_crc32 = true;
        shared.zero_cas_means_absent = true;
        shared.versions_per_key = true;
        shared.null_deletes = true;
        shared.zones_are_declared = true;
        shared.bad_queue_traps = true;
        shared.queue_ready = false;
        metrics.prefix = "pw:{plugin}:".to_owned();
        metrics.counter_record_traps = true;
        metrics.histogram_read_traps = true;
        metrics.other_increment_traps = true;
        metrics.unknown_id_traps = true;
        metrics.max_name_bytes = Some(256);
        metrics.ids_are_scattered = true;
        properties.nginx_names = true;
        properties.values_are_text = true;
        properties.in_root = Some(Status::InternalFailure);
        properties.plugin_name_in_configure_crashes = true;
        properties.fixed_variable_traps = true;
        runtime.random_is_predictable = true;
        runtime.clock_in_milliseconds = true;
        runtime.second_tick_period_traps = true;
        runtime.stopped_timer_runs_on = true;
        runtime.tick_period_in_stream_traps = true;
        let missing =
            ["proxy_get_log_level", "proxy_get_header_map_size", "proxy_get_buffer_status"];
        runtime.missing_functions = missing.map(str::to_owned).to_vec();
        let unfinished = [
            "proxy_done",
            "proxy_close_stream",
            "proxy_get_status",
            "proxy_resolve_shared_queue",
            "proxy_grpc_call",
            "proxy_grpc_stream",
            "proxy_grpc_send",
            "proxy_grpc_cancel",
            "proxy_grpc_close",
            "proxy_continue_response",
            "proxy_clear_route_cache",
        ];
        runtime.unfinished_functions = unfinished.map(str::to_owned).to_vec();
        runtime.unknown_foreign_function_traps = true;
        runtime.bad_pointer_traps = true;
        runtime.process_environment_is_visible = true;
        runtime.sleeping_traps = true;
        runtime.local_response_in_root_crashes = true;
    }

    /// Plain nginx with `ngx_wasm_module` 0.5.0, the line that Kong 3.8 pins: a call that fails lets
    /// the request go on without a word to the guest.
    #[must_use]
    pub fn ngx_0_5() -> Self {
        let mut profile = Self { name: "ngx-0.5".to_owned(), ..Self::ngx_0_6() };
        profile.calls.failure_skips_callback = true;
        profile.calls.dispatch_status = false;
        profile.runtime.unfinished_functions.push("proxy_call_foreign_function".to_owned());
        profile
    }

    /// Kong 3.9: the same module as [`Profile::ngx_0_6`], with Kong's properties.
    #[must_use]
    pub fn kong_3_9() -> Self {
        let mut profile = Self { name: "kong-3.9".to_owned(), ..Self::ngx_0_6() };
        profile.properties.kong_names = true;
        profile.runtime.unfinished_functions.push("proxy_call_foreign_function".to_owned());
        profile
    }
}
