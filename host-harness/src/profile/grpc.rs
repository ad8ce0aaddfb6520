//! gRPC calls.

use crate::abi::Status;

choice! {
    /// How gRPC calls and streams are numbered.
    pub enum GrpcNumbers {
        /// In one row with HTTP calls.
        WithHttpCalls,
        /// Each kind in its own row, told apart by the last two bits: 01 is a call, 10 a stream, 00 an
        /// HTTP call. Source: cpp-host wasm.h, `nextGrpcCallId`; that is why HTTP calls have the numbers
        /// 4, 8, 12 there.
        ByKind,
    }
}

switches! {
    /// gRPC calls.
    pub struct GrpcCalls {
        /// How calls and streams are numbered.
        pub numbers: GrpcNumbers,
        /// The name of the service may be a serialised `GrpcService`. Bytes that happen to be a protobuf
        /// message are taken as one, and without a cluster in it the call is BAD_ARGUMENT. Source: envoy
        /// context.cc, `grpcCall`.
        pub service_may_be_message: bool,
        /// What a call to an upstream that does not exist answers. Source: envoy context.cc, `grpcCall`,
        /// with a note that the status is kept for old callers.
        pub unknown_upstream: Status,
        /// A call that cannot be started fails with INTERNAL_FAILURE, and its end is delivered all the
        /// same, under a number that the guest never got. Source: envoy async_client_impl.cc,
        /// `sendRaw`, and context.cc, `onGrpcCloseWrapper`; the Rust SDK tolerates it by name.
        pub failed_start_still_closes: bool,
        /// A call (not a stream) that succeeds ends with its one message, one that fails with the close
        /// alone: no metadata is delivered. Off, all four callbacks run. Source: envoy context.h,
        /// `GrpcCallClientHandler`.
        pub call_ends_with_message: bool,
        /// Metadata is what came over the wire: `:status`, `content-type` and `grpc-status` are in it.
        /// Source: envoy async_client_impl.cc, `onHeaders` and `onTrailers`.
        pub metadata_is_raw: bool,
        /// Status of a call whose time is up: DEADLINE_EXCEEDED (4), and UNAVAILABLE (14) on Envoys
        /// before 1.38. Source: envoy pull request 44479.
        pub timeout_status: u32,
        /// What `get_status` says of it.
        pub timeout_message: String,
        /// `get_status` speaks of the context that the guest acts for: after `set_effective_context`
        /// to a stream it says 0 whatever happened. Source: cpp-host exports.cc, `get_status`, and envoy
        /// context.cc, `getStatus`.
        pub status_is_the_roots: bool,
    }
}

impl GrpcCalls {
    pub(crate) fn spec() -> Self {
        Self {
            numbers: GrpcNumbers::WithHttpCalls,
            service_may_be_message: false,
            unknown_upstream: Status::BadArgument,
            failed_start_still_closes: false,
            call_ends_with_message: false,
            metadata_is_raw: false,
            timeout_status: 4,
            timeout_message: "deadline exceeded".to_owned(),
            status_is_the_roots: false,
        }
    }

    pub(crate) fn envoy() -> Self {
        Self {
            numbers: GrpcNumbers::ByKind,
            service_may_be_message: true,
            unknown_upstream: Status::ParseFailure,
            failed_start_still_closes: true,
            call_ends_with_message: true,
            metadata_is_raw: true,
            timeout_message: "upstream request timeout".to_owned(),
            status_is_the_roots: true,
            ..Self::spec()
        }
    }
}
