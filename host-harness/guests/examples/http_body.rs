//! Collects the response and takes out a word.

#![allow(missing_docs, reason = "`main!` exports an undocumented function")]

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

proxy_wasm::main! {{
    proxy_wasm::set_http_context(|_, _| Box::new(Censor));
}}

struct Censor;

impl Context for Censor {}

impl HttpContext for Censor {
    fn on_http_response_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        // The length is about to change.
        self.set_http_response_header("content-length", None);
        Action::Continue
    }

    fn on_http_response_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        if !end_of_stream {
            return Action::Pause;
        }
        if let Some(body) = self.get_http_response_body(0, size) {
            let text = String::from_utf8_lossy(&body);
            if text.contains("secret") {
                self.set_http_response_body(0, size, text.replace("secret", "******").as_bytes());
            }
        }
        Action::Continue
    }
}
