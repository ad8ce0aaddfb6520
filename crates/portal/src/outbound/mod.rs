//! Calls to addresses that somebody else chose.
//!
//! An administrator or a developer may name a URL; the portal stands inside a network that they may
//! not reach. So every such call goes through [`Outbound`]: only `https`, or `http` to what is
//! allowed by configuration, only to addresses of the public internet or allowed ones, checked after
//! the name was resolved and for the very address that is connected to, never redirected, bounded in
//! size and time, and past any proxy of the environment.

use core::error::Error;
use core::net::SocketAddr;
use core::time::Duration;
use std::sync::Arc;

use gatekey_core::secret::Secret;
use gatekey_dcr::{Body, Call, Method, Outcome, Reply};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::redirect;

mod guard;

pub(crate) use self::guard::{Allowed, Guard, UrlFault};

/// The longest answer that is read.
const LONGEST_ANSWER: usize = 1 << 20;
/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Makes calls, guarded.
#[derive(Clone, Debug)]
pub(crate) struct Outbound {
    client: reqwest::Client,
    guard: Arc<Guard>,
}

impl Outbound {
    /// A client that reaches the public internet, and what is allowed besides.
    pub(crate) fn new(allowed: Vec<Allowed>, timeout: Duration) -> Result<Self, reqwest::Error> {
        let guard = Arc::new(Guard::new(allowed));
        let client = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(timeout)
            .user_agent(concat!("gatekey/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Arc::new(Resolver(Arc::clone(&guard))))
            .build()?;
        Ok(Self { client, guard })
    }

    /// Whether a URL may be called, as far as its text tells.
    pub(crate) fn check_url(&self, url: &str) -> Result<(), UrlFault> {
        self.guard.check(url).map(|_| ())
    }

    /// Makes a call. `now` is in seconds since 1970.
    pub(crate) async fn send(&self, call: &Call, now: u64) -> Outcome {
        let url = match self.guard.check(&call.url) {
            Ok(url) => url,
            Err(fault) => return Outcome::NotSent(fault.to_string()),
        };
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
        let mut request = self.client.request(method, url).headers(headers);
        if let Body::Json(text) | Body::Form(text) = &call.body {
            request = request.body(text.expose().clone());
        }
        outcome(request, now).await
    }

    /// Posts something of any kind.
    pub(crate) async fn post(
        &self,
        url: &str,
        content_type: &'static str,
        more: &[(&'static str, Secret<String>)],
        body: Vec<u8>,
    ) -> Outcome {
        let url = match self.guard.check(url) {
            Ok(url) => url,
            Err(fault) => return Outcome::NotSent(fault.to_string()),
        };
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        for (name, value) in more {
            let Ok(mut value) = HeaderValue::from_str(value.expose()) else {
                return Outcome::NotSent("a header cannot be sent".into());
            };
            value.set_sensitive(true);
            headers.insert(*name, value);
        }
        outcome(self.client.post(url).headers(headers).body(body), 0).await
    }
}

async fn outcome(request: reqwest::RequestBuilder, now: u64) -> Outcome {
    let answer = match request.send().await {
        Ok(answer) => answer,
        Err(error) if error.is_connect() || error.is_builder() => {
            return Outcome::NotSent(cause(&error));
        }
        Err(error) => return Outcome::Lost(cause(&error)),
    };
    let status = answer.status().as_u16();
    let headers = answer.headers().clone();
    let headers =
        headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    match read(answer).await {
        Ok(body) => Outcome::Replied(Reply::read(status, headers, body, now)),
        Err(cause) => Outcome::Lost(cause),
    }
}

fn headers(call: &Call) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let kind = match &call.body {
        Body::None => None,
        Body::Json(_) => Some("application/json"),
        Body::Form(_) => Some("application/x-www-form-urlencoded"),
    };
    if let Some(kind) = kind {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    for (name, value) in &call.headers {
        let mut value = HeaderValue::from_str(value.expose()).ok()?;
        value.set_sensitive(true);
        headers.insert(*name, value);
    }
    Some(headers)
}

async fn read(mut answer: reqwest::Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| cause(&error))? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err(format!("the answer is longer than {LONGEST_ANSWER} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// What went wrong, without the URL: its query may hold what nobody is to see.
fn cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".into();
    }
    let mut innermost: &dyn Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    if innermost.is::<reqwest::Error>() { "the call failed".into() } else { innermost.to_string() }
}

/// Resolves names, and lets only those addresses through that may be called.
#[derive(Debug)]
struct Resolver(Arc<Guard>);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = Arc::clone(&self.0);
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            let open: Vec<_> =
                found.into_iter().filter(|address| guard.lets(&host, address.ip())).collect();
            if open.is_empty() {
                return Err(format!("`{host}` has no address that may be called").into());
            }
            Ok(Box::new(open.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests;
