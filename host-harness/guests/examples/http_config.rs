//! Marks responses with its configuration, which must be text.

#![allow(missing_docs, reason = "`main!` exports an undocumented function")]

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType, LogLevel};

use proxy_wasm::hostcalls;

proxy_wasm::main! {{
    proxy_wasm::set_root_context(|_| Box::new(Root { mark: String::new() }));
}}

struct Root {
    mark: String,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _size: usize) -> bool {
        let Some(bytes) = self.get_plugin_configuration() else { return true };
        match String::from_utf8(bytes) {
            Ok(mark) => {
                self.mark = mark;
                true
            }
            Err(_) => {
                let _ = hostcalls::log(LogLevel::Error, "the configuration is not text");
                false
            }
        }
    }

    fn create_http_context(&self, _context: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Marker { mark: self.mark.clone() }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

struct Marker {
    mark: String,
}

impl Context for Marker {}

impl HttpContext for Marker {
    fn on_http_response_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        self.add_http_response_header("x-mark", &self.mark);
        Action::Continue
    }
}
