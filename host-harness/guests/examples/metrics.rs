//! Counts requests, shows how many are open, and collects their sizes.

#![allow(missing_docs, reason = "`main!` exports an undocumented function")]

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType, MetricType};

use proxy_wasm::hostcalls;

proxy_wasm::main! {{
    proxy_wasm::set_root_context(|_| Box::new(Root::default()));
}}

#[derive(Clone, Copy, Default)]
struct Ids {
    requests: u32,
    open: u32,
    sizes: u32,
}

#[derive(Default)]
struct Root {
    ids: Ids,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _size: usize) -> bool {
        let define = |kind, name| hostcalls::define_metric(kind, name).unwrap_or_default();
        self.ids = Ids {
            requests: define(MetricType::Counter, "requests"),
            open: define(MetricType::Gauge, "open"),
            sizes: define(MetricType::Histogram, "sizes"),
        };
        true
    }

    fn create_http_context(&self, _context: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Counted { ids: self.ids }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

struct Counted {
    ids: Ids,
}

impl Context for Counted {
    fn on_done(&mut self) -> bool {
        let _ = hostcalls::increment_metric(self.ids.open, -1);
        true
    }
}

impl HttpContext for Counted {
    fn on_http_request_headers(&mut self, count: usize, _end_of_stream: bool) -> Action {
        let _ = hostcalls::increment_metric(self.ids.requests, 1);
        let _ = hostcalls::increment_metric(self.ids.open, 1);
        let _ = hostcalls::record_metric(self.ids.sizes, count as u64);
        Action::Continue
    }
}
