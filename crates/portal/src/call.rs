//! The request that is being answered: what every part of the portal may know of it without being
//! told. Outside a request there is none.

use core::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::HeaderMap;
use axum::http::header::USER_AGENT;
use uuid::Uuid;

use crate::clock::Clock;

/// The header that carries a request's id.
pub(crate) const REQUEST_ID_HEADER: &str = "x-request-id";
/// The longest id that is taken over from a caller.
const LONGEST_REQUEST_ID: usize = 128;

tokio::task_local! {
    static CURRENT: Arc<Call>;
}

/// Who calls, as far as is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Who {
    /// Nobody that was proven.
    #[default]
    Unknown,
    /// An administrator, by a token: none is the one in the data directory.
    Admin {
        /// The token's id.
        token: Option<Uuid>,
        /// The token's name.
        name: String,
    },
    /// A developer who signed in.
    Developer {
        /// Who.
        id: Uuid,
        /// Where.
        portal: Uuid,
    },
    /// A gateway.
    Gateway,
}

/// A request.
#[derive(Debug)]
pub(crate) struct Call {
    /// Names this request, here and in the logs of whoever forwarded it.
    pub(crate) request_id: String,
    /// Its method.
    pub(crate) method: &'static str,
    /// The template of its path.
    pub(crate) route: String,
    /// Its path.
    pub(crate) path: String,
    /// Where it came from.
    pub(crate) address: Option<IpAddr>,
    /// When it came.
    pub(crate) at: i64,
    /// What it says it came with.
    pub(crate) user_agent: Option<String>,
    learned: Mutex<Learned>,
}

/// What becomes known on the way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Learned {
    /// Who calls.
    pub(crate) who: Who,
    /// The portal that is called, where the path does not say.
    pub(crate) portal: Option<Uuid>,
    /// What a person should know of it, beyond path and method.
    pub(crate) details: Vec<(&'static str, String)>,
}

impl Call {
    /// A request of which nobody knows anything yet.
    pub(crate) fn new(
        headers: &HeaderMap,
        method: &'static str,
        route: String,
        path: String,
        address: Option<IpAddr>,
    ) -> Self {
        let given = headers.get(REQUEST_ID_HEADER).and_then(|value| value.to_str().ok());
        let given = given.filter(|id| is_request_id(id)).map(str::to_owned);
        let request_id = given.unwrap_or_else(|| Uuid::now_v7().simple().to_string());
        let user_agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
        let user_agent = user_agent.map(str::to_owned);
        let learned = Mutex::default();
        let at = Clock::default().now();
        Self { request_id, method, route, path, address, at, user_agent, learned }
    }

    /// The same, by the portal's own clock.
    pub(crate) fn came_at(self, at: i64) -> Self {
        Self { at, ..self }
    }

    /// Runs what answers the request.
    pub(crate) async fn answer<F: Future>(self: Arc<Self>, answering: F) -> F::Output {
        CURRENT.scope(self, answering).await
    }

    /// What is known by now.
    pub(crate) fn learned(&self) -> Learned {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Learned> {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The request that is being answered.
pub(crate) fn current() -> Option<Arc<Call>> {
    CURRENT.try_with(Arc::clone).ok()
}

/// It is known who calls.
pub(crate) fn known(who: Who) {
    if let Some(call) = current() {
        call.lock().who = who;
    }
}

/// It is known which portal is called.
pub(crate) fn at(portal: Uuid) {
    if let Some(call) = current() {
        call.lock().portal = Some(portal);
    }
}

/// Something that a person should know who reads what happened. Never a secret.
pub(crate) fn detail(name: &'static str, value: impl Into<String>) {
    if let Some(call) = current() {
        call.lock().details.push((name, value.into()));
    }
}

/// Ids are echoed and logged: only what cannot be mistaken for anything else.
fn is_request_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:=+/".contains(&byte);
    (8..=LONGEST_REQUEST_ID).contains(&id.len()) && id.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(id: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID_HEADER, id.parse().unwrap());
        Call::new(&headers, "GET", "/".into(), "/".into(), None).request_id
    }

    #[test]
    fn an_id_is_taken_over_unless_it_could_mean_something_else() {
        assert_eq!(of("6f1c9f66-7a7e-4a4e"), "6f1c9f66-7a7e-4a4e");
        let long = "x".repeat(129);
        for bad in ["short", "with a space", "quote\"quote", &long] {
            assert_ne!(of(bad), bad);
        }
        assert_ne!(of(""), of(""));
    }

    #[tokio::test]
    async fn what_is_learned_belongs_to_the_request() {
        known(Who::Gateway);
        assert!(current().is_none());
        let headers = HeaderMap::new();
        let call = Call::new(&headers, "GET", String::new(), String::new(), None);
        let call = Arc::new(call);
        Arc::clone(&call)
            .answer(async {
                known(Who::Gateway);
                detail("name", "value");
            })
            .await;
        let learned = call.learned();
        assert_eq!(learned.who, Who::Gateway);
        assert_eq!(learned.details, [("name", "value".to_owned())]);
    }
}
