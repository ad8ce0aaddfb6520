//! Bodies.

switches! {
    /// Bodies.
    pub struct Bodies {
        /// A body outside its callback is there and empty, so that reading succeeds and writing is
        /// BAD_ARGUMENT; else both are NOT_FOUND. Source: envoy context.cc, `getBuffer`; seen on 1.40.
        pub closed_reads_empty: bool,
        /// Most bytes of a body that a paused filter may hold back; beyond it the client gets 413.
        /// Source: envoy per-connection buffer limit.
        pub buffer_limit: usize,
        /// `on_request_body` is called once, with the whole body. Source: seen on ngx.
        pub request_in_one_call: bool,
        /// **Dangerous.** Reading from an offset gives the bytes from the beginning: whoever reads in
        /// pieces gets the first piece again and again. Source: seen on ngx 0.6 and 0.5.
        pub read_offset_is_ignored: bool,
        /// A request body of more bytes lies in a file: its size is told, reading it is NOT_FOUND, with
        /// an error line in the proxy's log. Source: seen on ngx; nginx `client_body_buffer_size`.
        pub memory_limit: Option<usize>,
        /// The request's body can still be read in `on_log`. Source: seen on ngx.
        pub readable_in_log: bool,
        /// Reading the request's body in `on_http_call_response` traps. Source: seen on ngx.
        pub read_in_call_callback_traps: bool,
        /// Writing is BAD_ARGUMENT where it begins behind the first byte and before the end of the
        /// body: only the beginning can be replaced. Source: envoy wasm.cc, `Buffer::copyFrom`; seen on
        /// 1.40.
        pub write_inside_is_refused: bool,
        /// Reading no bytes (a buffer that is empty, or a length of zero) is NOT_FOUND. Source: ngx
        /// ngx_proxy_wasm_host.c.
        pub empty_read_is_not_found: bool,
    }
}
