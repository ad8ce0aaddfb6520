//! A portal that runs elsewhere.

use core::time::Duration;

use gatekey_core::secret::Secret;
use gatekey_core::snapshot::{MAX_PAGE_BYTES, MAX_PAGES};
use serde_json::Value;
use ureq::Agent;
use ureq::http::{Method, StatusCode};

use super::input::BadInput;

/// A snapshot of millions of keys takes its time.
const TIMEOUT: Duration = Duration::from_secs(300);
/// Problems are short.
const LONGEST_PROBLEM: u64 = 1 << 16;

/// Pages of lists with specifications in them are long.
const LONGEST_ANSWER: u64 = 1 << 28;

/// Why a call came to nothing.
#[derive(Debug)]
pub(super) struct Refused {
    /// The status, if there was an answer.
    pub(super) status: Option<StatusCode>,
    /// What was asked, and what is wrong: the fields that were blamed, or the explanation.
    pub(super) reason: String,
}

impl Refused {
    fn unanswered(method: &Method, url: &str, error: &dyn core::fmt::Display) -> Self {
        Self { status: None, reason: format!("{method} {url}: {error}") }
    }

    fn of(method: &Method, path: &str, status: StatusCode, problem: &Value) -> Self {
        let blamed = problem.get("invalid_parameters").and_then(Value::as_array);
        let blamed = blamed.into_iter().flatten().filter_map(|fault| {
            let field = fault.get("field")?.as_str()?;
            Some(format!("`{field}` {}", fault.get("reason")?.as_str()?))
        });
        let mut told: Vec<String> = blamed.collect();
        if told.is_empty() {
            let detail = problem.get("detail").and_then(Value::as_str);
            told.push(detail.unwrap_or("no explanation").to_owned());
        }
        let path = path.split('?').next().unwrap_or(path);
        let reason = format!("{method} {path}: {}: {}", status.as_u16(), told.join("; "));
        Self { status: Some(status), reason }
    }
}

impl core::fmt::Display for Refused {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.reason)
    }
}

impl core::error::Error for Refused {}

/// A portal, and the token that it knows its caller by.
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

    /// Calls the portal; `path` begins with a slash, and may have a query.
    #[expect(clippy::needless_pass_by_value, reason = "so that calls read `Method::GET`")]
    pub(super) fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Refused> {
        let url = format!("{}{path}", self.base);
        let fault = |error: &dyn core::fmt::Display| Refused::unanswered(&method, &url, error);
        let request = ureq::http::Request::builder()
            .method(method.clone())
            .uri(&url)
            .header("authorization", self.authorization.expose());
        let sent = match body {
            None => request.body(()).map_err(|error| fault(&error)).map(|r| self.agent.run(r)),
            Some(body) => request
                .header("content-type", "application/json")
                .body(body.to_string())
                .map_err(|error| fault(&error))
                .map(|request| self.agent.run(request)),
        };
        let mut response = sent?.map_err(|error| fault(&error))?;
        let status = response.status();
        let answer = response.body_mut();
        if !status.is_success() {
            let problem = answer.with_config().limit(LONGEST_PROBLEM).read_to_vec();
            let problem = problem.ok().and_then(|problem| serde_json::from_slice(&problem).ok());
            return Err(Refused::of(&method, path, status, &problem.unwrap_or_default()));
        }
        let bytes =
            answer.with_config().limit(LONGEST_ANSWER).read_to_vec().map_err(|e| fault(&e))?;
        if bytes.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&bytes).map_err(|error| fault(&error))
    }

    /// The newest snapshot of a gateway.
    pub(super) fn snapshot(&self, gateway: &str) -> Result<Vec<u8>, String> {
        self.bundle(gateway, None)
    }

    /// The snapshot of a gateway as of a revision, while the portal can make it.
    pub(super) fn snapshot_of(&self, gateway: &str, revision: u64) -> Result<Vec<u8>, String> {
        self.bundle(gateway, Some(revision))
    }

    fn bundle(&self, gateway: &str, revision: Option<u64>) -> Result<Vec<u8>, String> {
        let url = format!("{}/gateway/v1/snapshot", self.base);
        let at = |error: ureq::Error| format!("{url}: {error}");
        let mut request = self.agent.get(&url).query("gateway", gateway);
        if let Some(revision) = revision {
            request = request.query("revision", revision.to_string());
        }
        let mut response =
            request.header("authorization", self.authorization.expose()).call().map_err(at)?;
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
