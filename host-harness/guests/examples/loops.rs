//! Never comes to an end when a header asks for it.

#![allow(missing_docs, reason = "`main!` exports an undocumented function")]

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

proxy_wasm::main! {{
    proxy_wasm::set_http_context(|_, _| Box::new(Stubborn));
}}

struct Stubborn;

impl Context for Stubborn {}

impl HttpContext for Stubborn {
    fn on_http_request_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        while self.get_http_request_header_bytes("x-loop").is_some() {
            core::hint::spin_loop();
        }
        Action::Continue
    }
}
