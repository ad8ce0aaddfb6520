//! How requests move through filters.

choice! {
    /// What becomes of the gRPC status of a local response.
    pub enum GrpcAnswer {
        /// It is a header of the response.
        Header,
        /// Where the request speaks gRPC the whole answer is worded for it; else it is dropped.
        Worded,
        /// It is dropped.
        Dropped,
    }
}

switches! {
    /// How requests move through filters.
    pub struct Streams {
        /// A local response ends the request whatever action the callback returns. Off, a callback that
        /// answers and returns CONTINUE lets the request through as well. Source: cpp-host exports.cc,
        /// `stopNextIteration`.
        pub local_response_replaces_action: bool,
        /// A filter that resumes the request and then answers it has let it through: both happen, in
        /// that order. Source: envoy context.cc, `continueStream` and `sendLocalResponse` are queued as
        /// actions after the call.
        pub resume_before_answer_forwards: bool,
        /// Response callbacks of the chain run for a local response. Source: envoy context.cc,
        /// `encodeHeaders`.
        pub local_response_runs_callbacks: bool,
        /// The host adds `content-length` and, with a body and no other, `content-type: text/plain` to
        /// a local response. Source: envoy `Utility::sendLocalReply`; ngx.
        pub local_response_adds_content_headers: bool,
        /// A line feed follows every non-empty body of a local response. Source: seen on ngx.
        pub local_response_appends_line_feed: bool,
        /// Of several headers of one name in a local response only the last is sent. Source: seen on
        /// ngx.
        pub local_response_one_header_per_name: bool,
        /// What becomes of the gRPC status of a local response. Source: spec; envoy
        /// `Utility::sendLocalReply`, seen on 1.40; ngx.
        pub local_response_grpc: GrpcAnswer,
        /// A local response with a status outside 100 to 999 is BAD_ARGUMENT. Source: seen on ngx.
        pub local_response_status_is_checked: bool,
        /// A second local response in the same callback traps; the first is sent all the same. Source:
        /// seen on ngx.
        pub second_local_response_traps: bool,
        /// A local response in `on_response_headers` replaces status and body only: the upstream's
        /// headers stay and the given ones are dropped. Source: seen on ngx.
        pub late_local_response_keeps_headers: bool,
        /// The request's headers stay open to a filter that answered the request itself without
        /// resuming it. Source: seen on Envoy 1.40.
        pub answer_keeps_request_maps: bool,
        /// `continue_stream`, for either half, takes away the request's headers, body and trailers at
        /// once. Source: envoy context.cc, `continueStream`.
        pub resume_closes_request_maps: bool,
        /// `on_log` runs before `on_done`. Source: envoy, access logs are written before filters are
        /// destroyed.
        pub log_before_done: bool,
        /// `end_of_stream` in a headers callback tells whether a body follows. Off, it is always 0.
        /// Source: spec; off seen on ngx.
        pub headers_know_the_end: bool,
        /// `on_request_trailers` is called. Source: spec; never on ngx.
        pub request_trailers: bool,
        /// `on_response_trailers` is called. Source: spec; on ngx in a special build only.
        pub response_trailers: bool,
        /// The plugin's option `allow_on_headers_stop_iteration` is there, by which body callbacks run
        /// while headers are paused; off, it is ignored. Source: envoy pull request 40213, in 1.35.
        pub stop_iteration_option: bool,
        /// PAUSE from `on_response_headers` holds the response back. Off, it goes on. Source: seen on
        /// ngx.
        pub response_headers_can_pause: bool,
    }
}
