//! Host profiles: what one proxy does differently from another, as data.
//!
//! A [`Profile`] is a set of named switches. Start from [`Profile::spec`] or [`Profile::envoy`] and
//! flip single switches to see how a filter takes a quirk:
//!
//! ```
//! use gatekey_host_harness::Profile;
//!
//! let mut profile = Profile::envoy();
//! profile.canary_run = false;
//! assert_ne!(profile, Profile::envoy());
//! ```
//!
//! Sources are named as `spec` (proxy-wasm/spec, abi-versions/v0.2.1), `cpp-host`
//! (proxy-wasm/proxy-wasm-cpp-host, `src/`) and `envoy` (`source/extensions/common/wasm/`).

use core::time::Duration;

use crate::abi::Status;

/// What `get` answers for a header that is there several times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepeatedHeader {
    /// The first value only.
    First,
    /// All values, with commas between them.
    Joined,
}

/// What becomes of a serialised map that is malformed or over the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MalformedMap {
    /// The host goes on as if the map had no pairs.
    Empty,
    /// The call is refused with this status.
    Refused(Status),
}

/// The switches of one host.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Profile {
    /// What transcripts call this host.
    pub name: &'static str,
    /// A throw-away VM runs the whole start-up before any worker does, so that N workers mean
    /// at least N + 1 runs of `on_vm_start` and `on_configure`. Source: cpp-host wasm.cc, `createWasm`.
    pub canary_run: bool,
    /// One more VM lives on the main thread: it sees no request, but it ticks, makes calls and may
    /// hold a lease in shared data. Source: seen on Envoy 1.40, where N workers mean N + 2 runs of
    /// the start-up and N + 1 timers. No preset turns it on, so that in a test of one worker that
    /// worker does all the background work.
    pub main_thread_vm: bool,
    /// The canary can reach upstreams. Envoy 1.40 lets it call static clusters, as seen there; those
    /// that come later by discovery are absent at first boot (rust-sdk issue 137): turn this off to
    /// see how a filter takes that.
    pub canary_has_upstreams: bool,
    /// In `_initialize` and `_start` only logging, environment, arguments, clock and randomness may
    /// be called; anything else traps. Source: cpp-host wasm.cc, `startVm`.
    pub restricted_initialize: bool,
    /// The plugin configuration is readable only inside `on_configure`. Source: envoy context.cc,
    /// `getBuffer` with `temp_plugin_`.
    pub configuration_only_in_configure: bool,
    /// `host` is another name of `:authority`. Source: envoy header maps.
    pub host_means_authority: bool,
    /// What `get` answers for a repeated header. Source: envoy context.cc, `getHeaderMapValue`, with
    /// a to-do that calls it a possible security issue.
    pub repeated_header: RepeatedHeader,
    /// Reading all pairs of a map outside its window gives success and no pairs instead of
    /// BAD_ARGUMENT. Source: envoy context.cc, `getHeaderMapPairs`.
    pub closed_map_reads_empty: bool,
    /// A body outside its callback is there and empty, so that reading succeeds and writing is
    /// BAD_ARGUMENT; else both are NOT_FOUND. Source: envoy context.cc, `getBuffer`; seen on 1.40.
    pub closed_body_reads_empty: bool,
    /// The request's headers stay open to a filter that answered the request itself without
    /// resuming it. Source: seen on Envoy 1.40.
    pub answer_keeps_request_maps: bool,
    /// `continue_stream`, for either half, takes away the request's headers, body and trailers at
    /// once. Source: envoy context.cc, `continueStream`.
    pub resume_closes_request_maps: bool,
    /// Most pairs in a map that the guest hands over. Source: cpp-host limits.h.
    pub max_map_pairs: usize,
    /// Most bytes in such a map. Source: cpp-host limits.h.
    pub max_map_bytes: usize,
    /// What becomes of a map beyond those limits: a `set` with 1025 pairs wipes the headers on
    /// Envoy. Source: cpp-host pairs_util.cc.
    pub malformed_map: MalformedMap,
    /// Most bytes of a body that a paused filter may hold back; beyond it the client gets 413.
    /// Source: envoy per-connection buffer limit.
    pub body_buffer_limit: usize,
    /// A local response ends the request whatever action the callback returns. Off, a callback that
    /// answers and returns CONTINUE lets the request through as well. Source: cpp-host exports.cc,
    /// `stopNextIteration`.
    pub local_response_replaces_action: bool,
    /// A filter that resumes the request and then answers it has let it through: both happen, in
    /// that order. Source: envoy context.cc, `continueStream` and `sendLocalResponse` are queued as
    /// actions after the call.
    pub resume_before_answer_forwards: bool,
    /// The filter's own response callbacks run for its local response. Source: envoy context.cc,
    /// `encodeHeaders`.
    pub local_response_runs_callbacks: bool,
    /// The host adds `content-length` and, with a body and no other, `content-type: text/plain` to a
    /// local response. Source: envoy `Utility::sendLocalReply`.
    pub local_response_adds_content_headers: bool,
    /// `on_log` runs before `on_done`. Source: envoy, access logs are written before filters are
    /// destroyed.
    pub log_before_done: bool,
    /// The number of the first HTTP call of a VM. Source: seen on Envoy 1.40.
    pub first_call_token: u32,
    /// How far apart the numbers of calls are. A call that cannot be started uses one up all the
    /// same. Source: seen on Envoy 1.40.
    pub call_token_step: u32,
    /// What a call to an upstream that does not exist answers. Source: envoy context.cc, `httpCall`.
    pub unknown_upstream: Status,
    /// Timeouts, refused connections and resets of a call arrive as ordinary 504 and 503 responses;
    /// only an answer cut off in the middle arrives with no headers. Source: envoy async client, and
    /// seen on 1.40.
    pub call_failures_are_responses: bool,
    /// A call whose stream has ended is not cancelled: its reply is still delivered. Source: envoy,
    /// calls belong to the root context.
    pub calls_outlive_streams: bool,
    /// `set_shared_data` with a CAS number succeeds when the key does not exist. Source: cpp-host
    /// shared_data.cc, `set`.
    pub cas_on_missing_key_succeeds: bool,
    /// What is put before the name of each metric. Source: envoy stats handler.
    pub metric_prefix: &'static str,
    /// Incrementing a counter by zero or less is BAD_ARGUMENT. Source: envoy context.cc,
    /// `incrementMetric`.
    pub counters_only_rise: bool,
    /// A property set under several segments cannot be read back. Source: envoy context.cc,
    /// `setProperty` and `findValue`.
    pub nested_set_property_unreadable: bool,
    /// Setting a property outside a stream is NOT_FOUND. Source: envoy context.cc, `setProperty`.
    pub root_cannot_set_property: bool,
    /// gRPC functions fail with this status. This host has no gRPC upstreams yet, and says what the
    /// profile's host says when the service cannot be reached.
    pub grpc_without_upstream: Status,
    /// More random bytes than this in one call are refused with INVAL. Source: cpp-host exports.cc,
    /// `wasi_unstable_random_get`.
    pub max_random_bytes: usize,
    /// Most bytes of linear memory. Source: cpp-host limits.h and v8.cc.
    pub max_memory_bytes: usize,
    /// Status that a client gets when the VM fails under a closed policy. Source: envoy context.cc,
    /// `failStream`.
    pub fail_status: u16,
    /// Response code details of that answer.
    pub fail_details: &'static str,
    /// How long a failed VM under the reload policy stays down. Source: envoy `reload_config`.
    pub reload_backoff: Duration,
}

impl Profile {
    /// The letter of the ABI, strict where it leaves a choice.
    #[must_use]
    pub fn spec() -> Self {
        Self {
            name: "spec",
            canary_run: false,
            main_thread_vm: false,
            canary_has_upstreams: true,
            restricted_initialize: true,
            configuration_only_in_configure: false,
            host_means_authority: false,
            repeated_header: RepeatedHeader::First,
            closed_map_reads_empty: false,
            closed_body_reads_empty: false,
            answer_keeps_request_maps: false,
            resume_closes_request_maps: true,
            max_map_pairs: 1024,
            max_map_bytes: 1 << 20,
            malformed_map: MalformedMap::Refused(Status::BadArgument),
            body_buffer_limit: 1 << 20,
            local_response_replaces_action: true,
            resume_before_answer_forwards: false,
            local_response_runs_callbacks: false,
            local_response_adds_content_headers: false,
            log_before_done: false,
            first_call_token: 1,
            call_token_step: 1,
            unknown_upstream: Status::BadArgument,
            call_failures_are_responses: false,
            calls_outlive_streams: true,
            cas_on_missing_key_succeeds: false,
            metric_prefix: "",
            counters_only_rise: false,
            nested_set_property_unreadable: false,
            root_cannot_set_property: false,
            grpc_without_upstream: Status::InternalFailure,
            max_random_bytes: usize::MAX,
            max_memory_bytes: 1 << 30,
            fail_status: 503,
            fail_details: "wasm_fail_stream",
            reload_backoff: Duration::from_secs(1),
        }
    }

    /// Envoy 1.40 with its cpp-host.
    #[must_use]
    pub fn envoy() -> Self {
        Self {
            name: "envoy",
            canary_run: true,
            configuration_only_in_configure: true,
            host_means_authority: true,
            closed_map_reads_empty: true,
            closed_body_reads_empty: true,
            answer_keeps_request_maps: true,
            malformed_map: MalformedMap::Empty,
            resume_before_answer_forwards: true,
            local_response_runs_callbacks: true,
            local_response_adds_content_headers: true,
            log_before_done: true,
            first_call_token: 4,
            call_token_step: 4,
            call_failures_are_responses: true,
            cas_on_missing_key_succeeds: true,
            metric_prefix: "wasmcustom.",
            counters_only_rise: true,
            nested_set_property_unreadable: true,
            root_cannot_set_property: true,
            grpc_without_upstream: Status::InternalFailure,
            max_random_bytes: 64 << 10,
            ..Self::spec()
        }
    }
}
