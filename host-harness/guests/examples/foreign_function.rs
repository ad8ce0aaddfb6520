//! Calls a function of the host beyond the ABI, and is called by one.

#![allow(missing_docs, reason = "`main!` exports an undocumented function")]

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, BufferType, ContextType, LogLevel};

use proxy_wasm::hostcalls;

proxy_wasm::main! {{
    proxy_wasm::set_root_context(|_| Box::new(Root));
}}

struct Root;

impl Context for Root {
    fn on_foreign_function(&mut self, function: u32, size: usize) {
        let arguments = hostcalls::get_buffer(BufferType::CallData, 0, size);
        let arguments = arguments.ok().flatten().unwrap_or_default();
        let line = format!("called {function} with {}", String::from_utf8_lossy(&arguments));
        let _ = hostcalls::log(LogLevel::Info, &line);
    }
}

impl RootContext for Root {
    fn create_http_context(&self, _context: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Greeter))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

struct Greeter;

impl Context for Greeter {}

impl HttpContext for Greeter {
    fn on_http_request_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        let greeting = match self.call_foreign_function("greet", Some(b"world")) {
            Ok(bytes) => String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned(),
            Err(status) => format!("{status:?}"),
        };
        self.add_http_request_header("x-greeting", &greeting);
        Action::Continue
    }
}
