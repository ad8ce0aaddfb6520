//! Header and trailer maps.

use crate::abi::Status;

choice! {
    /// What `get` answers for a header that is there several times.
    pub enum RepeatedHeader {
        /// The first value only.
        First,
        /// All values, with commas between them.
        Joined,
    }
}

choice! {
    /// What becomes of a serialised map that is malformed or over the limits.
    pub enum MalformedMap {
        /// The host goes on as if the map had no pairs.
        Empty,
        /// The call is refused with this status.
        Refused(Status),
    }
}

choice! {
    /// What becomes of a change to headers that are on their way already.
    pub enum LateEdit {
        /// The guest gets BAD_ARGUMENT.
        Refused,
        /// The guest is told that all is well, and the proxy's log has an error line.
        Ignored,
        /// The guest traps.
        Traps,
    }
}

switches! {
    /// Header and trailer maps.
    pub struct HeaderMaps {
        /// `host` is another name of `:authority`. Source: envoy header maps.
        pub host_means_authority: bool,
        /// What `get` answers for a repeated header. Source: envoy context.cc, `getHeaderMapValue`,
        /// with a to-do that calls it a possible security issue.
        pub repeated: RepeatedHeader,
        /// Reading all pairs of a map outside its window gives success and no pairs instead of
        /// BAD_ARGUMENT. Source: envoy context.cc, `getHeaderMapPairs`.
        pub closed_map_reads_empty: bool,
        /// Most pairs in a map that the guest hands over. Source: cpp-host limits.h.
        pub max_pairs: usize,
        /// Most bytes in such a map. Source: cpp-host limits.h.
        pub max_bytes: usize,
        /// What becomes of a map beyond those limits: a `set` with 1025 pairs wipes the headers on
        /// Envoy. Source: cpp-host pairs_util.cc.
        pub malformed: MalformedMap,
        /// **Dangerous.** A request header that a filter removes is gone for all later readers in the
        /// chain, but the upstream still gets it, credentials included. Source: seen on ngx 0.6 and
        /// 0.5.
        pub removed_is_still_sent: bool,
        /// **Dangerous.** Setting a request header that is there several times changes the first copy;
        /// the upstream gets the others as well. Afterwards the full map shows none of the copies, and
        /// reading the name gives the new value. Source: seen on ngx 0.6 and 0.5.
        pub set_keeps_repeats: bool,
        /// **Dangerous.** Replacing all request headers leaves every original one to the upstream, and
        /// a `host` among the new ones is sent as a second Host. Source: seen on ngx.
        pub replace_all_keeps_originals: bool,
        /// Most pairs in a full map of a request or response that the guest reads, pseudo-headers
        /// included. Beyond it the host cuts the map, and the length it tells may be too short for the
        /// pairs in it. Replies to calls are not cut. Source: seen on ngx; ngx_proxy_wasm_util.c.
        pub read_at_most: Option<usize>,
        /// The number of headers that `on_request_headers` and `on_response_headers` get counts
        /// pseudo-headers. Source: spec; off seen on ngx.
        pub pseudo_headers_are_counted: bool,
        /// A full map begins with the pseudo-headers `:path`, `:method`, `:scheme`, `:authority`,
        /// whatever the order in which they came. Source: seen on ngx.
        pub pseudo_headers_come_first: bool,
        /// A full map has the names as the client wrote them, not in lower case. Source: seen on ngx.
        pub map_keeps_case: bool,
        /// **Dangerous.** `:authority` is the server's own name and port, not the client's host, which
        /// is under `host` alone. Source: seen on ngx.
        pub authority_is_server_name: bool,
        /// Changes of `:authority` and `:scheme` succeed without effect, with an error line in the
        /// proxy's log. Source: seen on ngx; ngx_proxy_wasm_maps.c.
        pub authority_and_scheme_are_read_only: bool,
        /// **Dangerous.** A changed `:path` can be read back, but the upstream gets the path that the
        /// client sent. Source: seen on ngx with a plain `proxy_pass`.
        pub path_change_is_not_sent: bool,
        /// Setting `:path` to a value with a question mark traps. Source: ngx ngx_proxy_wasm_maps.c and
        /// t/03-proxy_wasm/hfuncs.
        pub path_with_query_traps: bool,
        /// Request headers with an underscore in their name are dropped before any filter. Source: seen
        /// on ngx; nginx `underscores_in_headers off`.
        pub underscore_names_are_dropped: bool,
        /// The request's headers can be read in every callback of its stream, those of the response and
        /// `on_log` included. Source: seen on ngx.
        pub request_maps_stay_open: bool,
        /// CR and LF in values that a filter writes become `%0D` and `%0A`. Source: seen on ngx.
        pub line_breaks_are_escaped: bool,
        /// **Dangerous.** Touching request headers in a timer or in any other callback of a root
        /// context kills the worker process. Source: seen on ngx 0.6 and 0.5, in `on_tick`.
        pub request_map_in_root_crashes: bool,
        /// Response headers that a filter sets or adds before there is a response are put on the
        /// response when it comes. Source: seen on ngx.
        pub response_headers_in_request_phase: bool,
        /// Adding a request header of which nginx keeps one only (`authorization`, `host`,
        /// `user-agent` and others) when it is there succeeds without effect, with an error line in
        /// the proxy's log. Source: ngx ngx_http_wasm_headers_request.c; read, not seen.
        pub single_slot_add_is_dropped: bool,
        /// What becomes of a change to headers that are on their way already. Source: envoy context.cc;
        /// ngx ngx_proxy_wasm_host.c and t/03-proxy_wasm/hfuncs.
        pub late_edit: LateEdit,
    }
}
