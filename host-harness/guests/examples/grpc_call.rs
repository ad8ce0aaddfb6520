//! Asks a gRPC service whether requests may pass: the first byte of its answer is 1.

#![allow(missing_docs, reason = "`main!` exports an undocumented function")]

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use core::time::Duration;

proxy_wasm::main! {{
    proxy_wasm::set_http_context(|_, _| Box::new(Gate));
}}

struct Gate;

impl Context for Gate {
    fn on_grpc_call_response(&mut self, _token: u32, status: u32, size: usize) {
        let answer = self.get_grpc_call_response_body(0, size);
        match (status, answer.as_deref()) {
            (0, Some([1, ..])) => self.resume_http_request(),
            _ => {
                let status = status.to_string();
                self.send_http_response(403, vec![("x-grpc-status", &status)], None);
            }
        }
    }
}

impl HttpContext for Gate {
    fn on_http_request_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        let path = self.get_http_request_header_bytes(":path");
        let metadata = vec![("from", b"gate".as_slice())];
        let second = Duration::from_secs(1);
        let call = self.dispatch_grpc_call(
            "policy",
            "example.Policy",
            "Check",
            metadata,
            path.as_deref(),
            second,
        );
        if call.is_err() {
            self.send_http_response(503, vec![], Some(b"policy cannot be reached"));
        }
        Action::Pause
    }
}
