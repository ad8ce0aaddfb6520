//! The service behind the gateway: answers with what it received.

use std::sync::Arc;
use std::thread::JoinHandle;

use anyhow::{Result, anyhow};
use serde_json::{Value, json};
use tiny_http::{Header, Request, Response, Server};

/// Runs until it is dropped.
pub(super) struct Upstream {
    server: Arc<Server>,
    thread: Option<JoinHandle<()>>,
}

impl core::fmt::Debug for Upstream {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Upstream")
    }
}

impl Upstream {
    pub(super) fn start(address: &str) -> Result<Self> {
        let server = Server::http(address).map_err(|error| anyhow!("the upstream: {error}"))?;
        let server = Arc::new(server);
        let requests = Arc::clone(&server);
        let thread = std::thread::spawn(move || {
            for request in requests.incoming_requests() {
                answer(request);
            }
        });
        Ok(Self { server, thread: Some(thread) })
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.server.unblock();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn answer(request: Request) {
    let body = received(&request).to_string();
    let mut response = Response::from_string(body);
    if let Ok(json) = Header::from_bytes("content-type", "application/json") {
        response.add_header(json);
    }
    // The gateway may be gone by now; the next request will tell.
    let _ = request.respond(response);
}

/// Headers as a list of pairs, so that one that came twice shows twice.
fn received(request: &Request) -> Value {
    let headers: Vec<_> = request
        .headers()
        .iter()
        .map(|header| json!([header.field.as_str().as_str(), header.value.as_str()]))
        .collect();
    json!({
        "method": request.method().as_str(),
        "path": request.url(),
        "headers": headers,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::http::Http;

    #[test]
    fn a_header_that_came_twice_shows_twice() {
        let address = format!("127.0.0.1:{}", crate::tools::free_port().unwrap());
        let _upstream = Upstream::start(&address).unwrap();
        let http = Http::new();
        let url = format!("http://{address}/flights?x=1");
        let headers = [("x-a", "1"), ("x-a", "2")];
        let reply = http.quietly(|| http.send("GET", &url, &headers, None)).unwrap();
        let seen = reply.json().unwrap();
        assert_eq!(seen["path"], "/flights?x=1");
        let pairs = seen["headers"].as_array().unwrap();
        assert!(pairs.contains(&json!(["x-a", "1"])), "{pairs:?}");
        assert!(pairs.contains(&json!(["x-a", "2"])), "{pairs:?}");
    }
}
