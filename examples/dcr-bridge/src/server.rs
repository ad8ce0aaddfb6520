//! The server that clients are registered at, and the calls to it.

use core::error::Error;
use core::time::Duration;

use gatekey_dcr::rfc7591::{Config, Rfc7591};
use gatekey_dcr::{Body, Call, Kind, Method, Outcome, Provider, Reply};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use serde_json::{Map, Value};

/// How long a call may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest answer that is read.
const LONGEST: usize = 1 << 20;

/// The server.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) adapter: Rfc7591,
    /// Whether an update of a client replaces its secret.
    pub(crate) update_renews_secret: bool,
    http: reqwest::Client,
}

impl Server {
    pub(crate) fn new(
        issuer: &str,
        config: &Config,
        token: Option<String>,
    ) -> Result<Self, String> {
        let members = serde_json::to_value(config).map_err(|error| error.to_string())?;
        let mut secrets = Map::new();
        if let Some(token) = token {
            secrets.insert("initial_access_token".into(), Value::String(token));
        }
        let config_members = members.as_object().cloned().unwrap_or_default();
        let issuer = issuer.to_owned();
        let provider = Provider { kind: Kind::Rfc7591, issuer, config: config_members, secrets };
        let adapter = Rfc7591::new(&provider);
        let adapter = adapter.map_err(|fault| format!("{}: {}", fault.field, fault.rule))?;
        // A redirect would take a token to a place that nobody chose.
        let http = reqwest::Client::builder().redirect(Policy::none()).timeout(PATIENCE).build();
        let http = http.map_err(|error| error.to_string())?;
        let update_renews_secret = config.rotate == gatekey_dcr::rfc7591::RotateBy::Update;
        Ok(Self { adapter, update_renews_secret, http })
    }

    /// Makes a call.
    pub(crate) async fn send(&self, call: &Call, now: u64) -> Outcome {
        let method = match call.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let Some(headers) = headers(call) else {
            return Outcome::NotSent("a header cannot be sent".into());
        };
        let mut request = self.http.request(method, &call.url).headers(headers);
        if let Body::Json(text) | Body::Form(text) = &call.body {
            request = request.body(text.expose().clone());
        }
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) if error.is_connect() || error.is_builder() => {
                return Outcome::NotSent(cause(&error));
            }
            Err(error) => return Outcome::Lost(cause(&error)),
        };
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let headers =
            headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        match read(answer).await {
            Ok(body) => Outcome::Replied(Reply::read(status, headers, body, now)),
            Err(why) => Outcome::Lost(why),
        }
    }
}

fn headers(call: &Call) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    match call.body {
        Body::None => {}
        Body::Json(_) => {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        Body::Form(_) => {
            let form = "application/x-www-form-urlencoded";
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(form));
        }
    }
    for (name, value) in &call.headers {
        headers.insert(*name, HeaderValue::from_str(value.expose()).ok()?);
    }
    Some(headers)
}

async fn read(mut answer: reqwest::Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| cause(&error))? {
        if body.len() + chunk.len() > LONGEST {
            return Err("the answer is too long".into());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn cause(error: &reqwest::Error) -> String {
    let mut innermost: &dyn Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    if error.is_timeout() { "no answer in time".into() } else { innermost.to_string() }
}
