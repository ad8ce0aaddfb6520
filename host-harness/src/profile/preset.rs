//! The hosts that have a profile of their own.

use core::time::Duration;

use super::{
    Bodies, Calls, Failures, Forbidden, HeaderMaps, Isolation, MalformedMap, MetricRules, Profile,
    Properties, RepeatedHeader, Runtime, SharedState, StartUp, Streams, VmSharing,
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
                local_response_status_is_checked: false,
                second_local_response_traps: false,
                late_local_response_keeps_headers: false,
                answer_keeps_request_maps: false,
                resume_closes_request_maps: true,
                log_before_done: false,
                headers_know_the_end: true,
                request_trailers: true,
                response_trailers: true,
                response_headers_can_pause: true,
            },
            headers: HeaderMaps {
                host_means_authority: false,
                repeated: RepeatedHeader::First,
                closed_map_reads_empty: false,
                max_pairs: 1024,
                max_bytes: 1 << 20,
                malformed: MalformedMap::Refused(Status::BadArgument),
            },
            bodies: Bodies {
                closed_reads_empty: false,
                buffer_limit: 1 << 20,
                request_in_one_call: false,
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
                grpc_without_upstream: Status::InternalFailure,
            },
            shared: SharedState { cas_on_missing_key_succeeds: false },
            metrics: MetricRules { prefix: String::new(), counters_only_rise: false },
            properties: Properties { nested_set_is_unreadable: false, root_cannot_set: false },
            runtime: Runtime {
                max_memory_bytes: 1 << 30,
                max_random_bytes: None,
                effective_context_is_ignored: false,
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
        profile.streams.answer_keeps_request_maps = true;
        profile.streams.log_before_done = true;
        profile.headers.host_means_authority = true;
        profile.headers.closed_map_reads_empty = true;
        profile.headers.malformed = MalformedMap::Empty;
        profile.bodies.closed_reads_empty = true;
        profile.calls.first_token = 4;
        profile.calls.token_step = 4;
        profile.calls.failures_are_responses = true;
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
        profile.streams.local_response_status_is_checked = true;
        profile.streams.second_local_response_traps = true;
        profile.streams.late_local_response_keeps_headers = true;
        profile.streams.answer_keeps_request_maps = true;
        profile.streams.resume_closes_request_maps = false;
        profile.streams.headers_know_the_end = false;
        profile.streams.request_trailers = false;
        profile.streams.response_trailers = false;
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
        profile.runtime.effective_context_is_ignored = true;
        profile
    }

    /// Plain nginx with `ngx_wasm_module` 0.5.0, the line that Kong 3.8 pins: a call that fails lets
    /// the request go on without a word to the guest.
    #[must_use]
    pub fn ngx_0_5() -> Self {
        let mut profile = Self { name: "ngx-0.5".to_owned(), ..Self::ngx_0_6() };
        profile.calls.failure_skips_callback = true;
        profile.calls.dispatch_status = false;
        profile
    }

    /// Kong 3.9: the same module as [`Profile::ngx_0_6`], with Kong's properties.
    #[must_use]
    pub fn kong_3_9() -> Self {
        Self { name: "kong-3.9".to_owned(), ..Self::ngx_0_6() }
    }
}
