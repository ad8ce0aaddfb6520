//! Logs every header, answers one path itself, and marks responses.

#![allow(missing_docs, reason = "`main!` exports an undocumented function")]

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::{Action, LogLevel};

use proxy_wasm::hostcalls;

proxy_wasm::main! {{
    proxy_wasm::set_http_context(|_, _| Box::new(Headers));
}}

struct Headers;

impl Context for Headers {}

impl HttpContext for Headers {
    fn on_http_request_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        for (name, value) in self.get_http_request_headers_bytes() {
            let line = format!("{name}: {}", String::from_utf8_lossy(&value));
            let _ = hostcalls::log(LogLevel::Info, &line);
        }
        if end_of_stream {
            let _ = hostcalls::log(LogLevel::Info, "no body");
        }
        match self.get_http_request_header_bytes(":path").as_deref() {
            Some(b"/hello") => {
                let headers = vec![("hello", "world"), ("hello", "again")];
                self.send_http_response(200, headers, Some(b"Hello, World!\n"));
                Action::Pause
            }
            _ => Action::Continue,
        }
    }

    fn on_http_response_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        self.add_http_response_header("x-seen", "yes");
        Action::Continue
    }
}
