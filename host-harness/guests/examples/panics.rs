//! Panics when a header asks for it.

#![allow(missing_docs, reason = "`main!` exports an undocumented function")]

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

proxy_wasm::main! {{
    proxy_wasm::set_http_context(|_, _| Box::new(Fragile));
}}

struct Fragile;

impl Context for Fragile {}

impl HttpContext for Fragile {
    #[expect(clippy::panic, reason = "that is what it is for")]
    fn on_http_request_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        if self.get_http_request_header_bytes("x-panic").is_some() {
            panic!("asked to");
        }
        Action::Continue
    }
}
