//! Asks a service for a random byte and lets requests through if it is even.

#![allow(missing_docs, reason = "`main!` exports an undocumented function")]

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use core::time::Duration;

proxy_wasm::main! {{
    proxy_wasm::set_http_context(|_, _| Box::new(Gate));
}}

struct Gate;

impl Gate {
    fn refuse(&self) {
        self.send_http_response(403, vec![("powered-by", "proxy-wasm")], Some(b"Access forbidden"));
    }
}

impl Context for Gate {
    fn on_http_call_response(&mut self, _token: u32, _headers: usize, size: usize, _: usize) {
        match self.get_http_call_response_body(0, size).as_deref() {
            Some([first, ..]) if first % 2 == 0 => self.resume_http_request(),
            _ => self.refuse(),
        }
    }
}

impl HttpContext for Gate {
    fn on_http_request_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        let headers =
            vec![(":method", "GET"), (":path", "/bytes/1"), (":authority", "random.example")];
        let second = Duration::from_secs(1);
        if self.dispatch_http_call("random:80", headers, None, vec![], second).is_err() {
            self.refuse();
        }
        Action::Pause
    }

    fn on_http_response_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        self.set_http_response_header("powered-by", Some("proxy-wasm"));
        Action::Continue
    }
}
