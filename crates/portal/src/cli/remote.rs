//! A portal that runs elsewhere.

use core::time::Duration;

use gatekey_core::secret::Secret;
use gatekey_core::snapshot::{MAX_PAGE_BYTES, MAX_PAGES};
use serde_json::Value;
use ureq::Agent;
use ureq::http::StatusCode;

use super::input::BadInput;

/// A snapshot of millions of keys takes its time.
const TIMEOUT: Duration = Duration::from_secs(300);
/// Problems are short.
const LONGEST_PROBLEM: u64 = 1 << 16;

/// A portal, and the token that it knows gateways by.
#[derive(Debug)]
pub(super) struct Remote {
    base: String,
    authorization: Secret<String>,
    agent: Agent,
}

impl Remote {
    /// A portal at a base URL.
    pub(super) fn new(base: &str, token: &Secret<String>) -> Result<Self, BadInput> {
        if !["http://", "https://"].iter().any(|scheme| base.starts_with(scheme)) {
            return Err(BadInput(format!("`{base}`: must be an http or https URL")));
        }
        if token.expose().is_empty() || !token.expose().bytes().all(|b| b.is_ascii_graphic()) {
            return Err(BadInput("the token must be printable ASCII without spaces".into()));
        }
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(TIMEOUT))
            .build();
        Ok(Self {
            base: base.trim_end_matches('/').to_owned(),
            authorization: Secret::new(format!("Bearer {}", token.expose())),
            agent: agent.into(),
        })
    }

    /// The newest snapshot of a gateway.
    pub(super) fn snapshot(&self, gateway: &str) -> Result<Vec<u8>, String> {
        let url = format!("{}/gateway/v1/snapshot", self.base);
        let at = |error: ureq::Error| format!("{url}: {error}");
        let mut response = self
            .agent
            .get(&url)
            .query("gateway", gateway)
            .header("authorization", self.authorization.expose())
            .call()
            .map_err(at)?;
        let status = response.status();
        let body = response.body_mut();
        if status != StatusCode::OK {
            let problem = body.with_config().limit(LONGEST_PROBLEM).read_to_vec();
            let problem: Option<Value> =
                problem.ok().and_then(|problem| serde_json::from_slice(&problem).ok());
            let detail = problem.as_ref().and_then(|p| p.get("detail")).and_then(Value::as_str);
            let text = format!("{url}: {status}: {}", detail.unwrap_or("no explanation"));
            return Err(text);
        }
        let most = (MAX_PAGES as u64 + 1) * MAX_PAGE_BYTES as u64;
        body.with_config().limit(most).read_to_vec().map_err(at)
    }
}
