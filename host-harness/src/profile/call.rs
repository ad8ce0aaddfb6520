//! Calls to other services.

use crate::abi::Status;

choice! {
    /// What becomes of something that a host does not allow.
    pub enum Forbidden {
        /// It is allowed after all.
        Allowed,
        /// The guest gets this status.
        Refused(Status),
        /// The guest traps.
        Traps,
    }
}

switches! {
    /// Calls to other services.
    pub struct Calls {
        /// The number of the first HTTP call of a VM. Source: seen on Envoy 1.40; 0 on ngx.
        pub first_token: u32,
        /// How far apart the numbers of calls are. A call that cannot be started uses one up all the
        /// same. Source: seen on Envoy 1.40.
        pub token_step: u32,
        /// Upstreams are named by `host:port`, `unix:/path`, or a host with the port left out (80, or
        /// 443 with `:scheme` https). Off, by the name of a cluster. Source: seen on ngx.
        pub upstream_is_address: bool,
        /// What a call to an upstream that does not exist answers. Source: envoy context.cc,
        /// `httpCall`. Where upstreams are addresses there is no such thing: the call fails later.
        pub unknown_upstream: Status,
        /// A call without `:authority` is BAD_ARGUMENT; else the name of the upstream stands in.
        /// Source: envoy context.cc, `httpCall`; seen on ngx.
        pub authority_is_required: bool,
        /// What becomes of a call that lacks `:method` or `:path` or has an unusable upstream, when a
        /// stream makes it. A root context gets the status. Source: seen on ngx.
        pub bad_call: Forbidden,
        /// What becomes of a call made in `on_vm_start` or `on_configure`. Source: seen on ngx.
        pub in_configure: Forbidden,
        /// What becomes of a call made in a response callback. Source: seen on ngx.
        pub in_response: Forbidden,
        /// Timeouts, refused connections and resets of a call arrive as ordinary 504 and 503 responses;
        /// only an answer cut off in the middle arrives with no headers. Source: envoy async client,
        /// and seen on 1.40.
        pub failures_are_responses: bool,
        /// **Dangerous.** A call that fails after it was started ends without a callback, and the
        /// request goes on. Source: ngx 0.4 and 0.5, t/03-proxy_wasm/hfuncs/130-proxy_dispatch_http.t.
        pub failure_skips_callback: bool,
        /// The headers of a finished call begin with `:dispatch_status`, `ok` or what went wrong.
        /// Source: seen on ngx.
        pub dispatch_status: bool,
        /// **Dangerous.** When the last outstanding call of a request has ended and the callback has
        /// neither answered nor made another, the request goes on by itself. Source: seen on ngx.
        pub resume_after_last: bool,
        /// A call whose stream has ended is not cancelled: its reply is still delivered. Source: envoy,
        /// calls belong to the root context.
        pub outlive_streams: bool,
        /// A local response cancels the outstanding calls of its stream. Source: seen on ngx.
        pub local_response_cancels: bool,
        /// The timeout covers each operation on the socket, not the whole call: a reply that drips
        /// never times out. Source: seen on ngx.
        pub timeout_per_operation: bool,
        /// A reply that is neither sized nor chunked arrives as 200 with no body. Source: seen on ngx.
        pub unsized_reply_is_empty: bool,
        /// Replies with more bytes of headers than this fail with `reader failure`, though `:status` is
        /// there. Source: seen on ngx, `socket_large_buffers`.
        pub max_reply_header_bytes: Option<usize>,
    }
}
