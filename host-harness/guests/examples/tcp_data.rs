//! Writes what the client sends in capitals, and waits for whole lines of the upstream.

#![allow(missing_docs, reason = "`main!` exports an undocumented function")]

use proxy_wasm::traits::{Context, StreamContext};
use proxy_wasm::types::{Action, LogLevel, PeerType};

use proxy_wasm::hostcalls;

proxy_wasm::main! {{
    proxy_wasm::set_stream_context(|_, _| Box::new(Lines));
}}

struct Lines;

impl Context for Lines {}

impl StreamContext for Lines {
    fn on_new_connection(&mut self) -> Action {
        let _ = hostcalls::log(LogLevel::Info, "connected");
        Action::Continue
    }

    fn on_downstream_data(&mut self, size: usize, _end_of_stream: bool) -> Action {
        if let Some(data) = self.get_downstream_data(0, size) {
            self.set_downstream_data(0, size, &data.to_ascii_uppercase());
        }
        Action::Continue
    }

    fn on_upstream_data(&mut self, size: usize, end_of_stream: bool) -> Action {
        let data = self.get_upstream_data(0, size).unwrap_or_default();
        if data.ends_with(b"\n") || end_of_stream { Action::Continue } else { Action::Pause }
    }

    fn on_downstream_close(&mut self, peer: PeerType) {
        let _ = hostcalls::log(LogLevel::Info, &format!("downstream closed: {peer:?}"));
    }

    fn on_upstream_close(&mut self, peer: PeerType) {
        let _ = hostcalls::log(LogLevel::Info, &format!("upstream closed: {peer:?}"));
    }
}
