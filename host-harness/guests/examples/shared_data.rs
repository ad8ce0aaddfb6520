//! Counts requests of all workers in shared data, by compare-and-swap.

#![allow(missing_docs, reason = "`main!` exports an undocumented function")]

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

proxy_wasm::main! {{
    proxy_wasm::set_http_context(|_, _| Box::new(Visit));
}}

const KEY: &str = "visits";

struct Visit;

impl Visit {
    fn count(&self) -> u32 {
        loop {
            let (value, cas) = self.get_shared_data(KEY);
            let value = value.and_then(|bytes| bytes.try_into().ok());
            let next = value.map_or(0, u32::from_le_bytes).wrapping_add(1);
            if self.set_shared_data(KEY, Some(&next.to_le_bytes()), cas).is_ok() {
                return next;
            }
        }
    }
}

impl Context for Visit {}

impl HttpContext for Visit {
    fn on_http_request_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        let count = self.count().to_string();
        self.add_http_request_header("x-visit", &count);
        Action::Continue
    }
}
