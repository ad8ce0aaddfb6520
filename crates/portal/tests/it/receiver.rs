//! Somebody who is told things over HTTP, and remembers them.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;

/// What was received.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Heard {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> String {
        self.headers[name].to_str().unwrap().to_owned()
    }
}

#[derive(Debug, Default)]
struct Memory {
    heard: Vec<Heard>,
    /// The next answers; 204 when there are none.
    answers: VecDeque<u16>,
}

/// The receiver; it stops when it is dropped.
pub(crate) struct Receiver {
    pub(crate) url: String,
    memory: Arc<Mutex<Memory>>,
    task: tokio::task::JoinHandle<()>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        Self::start_at(([127, 0, 0, 1], 0).into()).await
    }

    pub(crate) async fn start_at(address: SocketAddr) -> Self {
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let memory = Arc::new(Mutex::new(Memory::default()));
        let router = Router::new().fallback(hear).with_state(Arc::clone(&memory));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, memory, task }
    }

    /// The next calls are answered so.
    pub(crate) fn answer(&self, statuses: &[u16]) {
        self.memory.lock().unwrap().answers.extend(statuses);
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.memory.lock().unwrap().heard.clone()
    }

    /// What was received, once there are so many.
    pub(crate) async fn hears(&self, count: usize) -> Vec<Heard> {
        let patience = Instant::now() + Duration::from_secs(20);
        loop {
            let heard = self.heard();
            if heard.len() >= count {
                return heard;
            }
            let so_far: Vec<_> = heard.iter().map(|h| String::from_utf8_lossy(&h.body)).collect();
            assert!(Instant::now() < patience, "{} of {count}: {so_far:?}", heard.len());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn hear(
    State(memory): State<Arc<Mutex<Memory>>>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let mut memory = memory.lock().unwrap();
    memory.heard.push(Heard { headers, body: body.to_vec() });
    let answer = memory.answers.pop_front().unwrap_or(204);
    StatusCode::from_u16(answer).unwrap()
}

/// Asks until the answer is there.
pub(crate) async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let patience = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < patience, "{what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
