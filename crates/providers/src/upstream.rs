//! An upstream that answers every request with what it saw of it.

use core::sync::atomic::{AtomicU64, Ordering};
use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use serde_json::json;

/// The upstream, as long as the test runs.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) port: u16,
    count: Arc<AtomicU64>,
}

impl Upstream {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("its own address").port();
        let count = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&count);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let counted = Arc::clone(&counted);
                std::thread::spawn(move || answer_all(stream, &counted));
            }
        });
        Self { port, count }
    }

    /// How many requests came.
    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::SeqCst)
    }
}

/// Requests have no bodies here: none of the tests sends one through the gateway.
fn answer_all(mut stream: TcpStream, count: &AtomicU64) {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 16_384]);
    while let Ok(read @ 1..) = stream.read(&mut chunk) {
        bytes.extend_from_slice(&chunk[..read]);
        while let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head: Vec<u8> = bytes.drain(..end + 4).collect();
            count.fetch_add(1, Ordering::SeqCst);
            let body = seen(&String::from_utf8_lossy(&head));
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 200 OK\r\nx-from-upstream: 1\r\ncontent-type: text/plain\r\n\
                 content-length: {length}\r\n\r\n{body}"
            );
            if stream.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    }
}

/// Method, path and headers of a request; the values of a header that came more than once are
/// joined by ` | `.
fn seen(head: &str) -> String {
    let mut lines = head.lines();
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (method, path) = (first.next(), first.next());
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        let known = headers.entry(name.to_ascii_lowercase());
        known
            .and_modify(|before| {
                before.push_str(" | ");
                before.push_str(value);
            })
            .or_insert_with(|| value.to_owned());
    }
    json!({"method": method, "path": path, "headers": headers}).to_string()
}
