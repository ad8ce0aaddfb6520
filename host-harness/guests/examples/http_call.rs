//! Makes several calls at once, and goes on when all have been answered with 200.

#![allow(missing_docs, reason = "`main!` exports an undocumented function")]

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use core::time::Duration;

proxy_wasm::main! {{
    proxy_wasm::set_http_context(|_, _| Box::new(Several::default()));
}}

const PATHS: [&str; 3] = ["/a", "/b", "/c"];

#[derive(Default)]
struct Several {
    open: Vec<u32>,
    good: Vec<String>,
}

impl Context for Several {
    fn on_http_call_response(&mut self, token: u32, headers: usize, size: usize, _: usize) {
        self.open.retain(|open| *open != token);
        if headers > 0
            && self.get_http_call_response_header_bytes(":status").as_deref() == Some(b"200")
            && let Some(body) = self.get_http_call_response_body(0, size)
        {
            self.good.push(String::from_utf8_lossy(&body).into_owned());
        }
        if !self.open.is_empty() {
            return;
        }
        if self.good.len() == PATHS.len() {
            self.add_http_request_header("x-replies", &self.good.join(","));
            self.resume_http_request();
        } else {
            self.send_http_response(502, vec![], None);
        }
    }
}

impl HttpContext for Several {
    fn on_http_request_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        for path in PATHS {
            let headers = vec![(":method", "GET"), (":path", path), (":authority", "svc.example")];
            let second = Duration::from_secs(1);
            if let Ok(token) = self.dispatch_http_call("svc:80", headers, None, vec![], second) {
                self.open.push(token);
            }
        }
        if self.open.is_empty() {
            self.send_http_response(503, vec![], None);
        }
        Action::Pause
    }
}
