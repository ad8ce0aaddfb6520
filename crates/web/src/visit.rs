//! One visit: who came, in which language and zone they read, and what they sent.
//!
//! Every request for a page comes through [`enter`]. It renews a developer's session that ran out,
//! refuses forms that are not ours, and turns refusals of the API into pages. It is the only place
//! that reads cookies.

use core::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, LOCATION, ORIGIN, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use maud::{Markup, html};
use uuid::Uuid;

use crate::backend::Backend;
use crate::encoding::query;
use crate::form::{self, Form};
use crate::language::Lang;
use crate::refusal::Refusal;
use crate::time::Zone;
use crate::{Mount, Web, console, cookie, is_page, mount, portal};

/// Pages load what is theirs, and nothing runs that stands in a page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data: https:; font-src 'self'; connect-src 'self'; form-action 'self'; \
     frame-ancestors 'none'; base-uri 'none'";

/// The value of the form cookie has so many characters.
const BROWSER_LENGTH: usize = 43;

/// What is known of a visit. A cheap handle.
#[derive(Clone, Debug)]
pub(crate) struct Visit(Arc<Known>);

/// What is known of a visit.
pub(crate) struct Known {
    /// The reader's language.
    pub(crate) lang: Lang,
    /// The reader's time zone.
    pub(crate) zone: Zone,
    /// What the paths of these pages begin with.
    pub(crate) base: String,
    /// The address of these pages' base.
    pub(crate) base_url: String,
    /// Where the visitor is, with the query, below the base.
    pub(crate) here: String,
    /// What the page before said of what was done.
    pub(crate) said: Option<String>,
    /// The API as the visitor: of the portal, or the management API.
    pub(crate) api: Backend,
    /// Whose pages these are.
    pub(crate) side: Side,
    token: String,
    cookies: Mutex<Vec<HeaderValue>>,
}

/// Whose pages these are, and who visits.
#[derive(Debug)]
pub(crate) enum Side {
    /// A portal.
    Portal(Box<portal::Known>),
    /// The console.
    Console(Option<console::Session>),
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Known").field("here", &self.here).finish_non_exhaustive()
    }
}

impl core::ops::Deref for Visit {
    type Target = Known;

    fn deref(&self) -> &Known {
        &self.0
    }
}

impl Known {
    /// The address of a page, from its path below the base.
    pub(crate) fn href(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// What every form of ours has in it.
    pub(crate) fn form_token(&self) -> Markup {
        html! { input type="hidden" name=(form::TOKEN) value=(self.token); }
    }

    /// Sends the browser to a page.
    pub(crate) fn go(&self, path: &str) -> Response {
        see_other(&self.href(path))
    }

    /// Sends the browser to a page, which says what was done: the text `said-` and this.
    pub(crate) fn go_saying(&self, path: &str, said: &str) -> Response {
        let joint = if path.contains('?') { '&' } else { '?' };
        see_other(&format!("{}{path}{joint}said={said}", self.base))
    }

    /// Has the browser keep a cookie.
    pub(crate) fn set_cookie(&self, header: HeaderValue) {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner).push(header);
    }

    /// Has the browser keep the cookies that the API set.
    pub(crate) fn pass_cookies(&self, headers: &HeaderMap) {
        for header in headers.get_all(SET_COOKIE) {
            self.set_cookie(header.clone());
        }
    }

    /// Where to go on after signing in: only to a page of ours.
    pub(crate) fn onward(&self, next: &str) -> Response {
        let ours = next.starts_with('/')
            && !next.starts_with("//")
            && !next.contains(['\\', '\r', '\n', '\t']);
        self.go(if ours { next } else { "/" })
    }
}

/// Sends the browser somewhere, by GET.
pub(crate) fn see_other(location: &str) -> Response {
    let location = HeaderValue::try_from(location).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response()
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let entered = parts.extensions.get::<Self>().cloned();
        entered.ok_or_else(|| Refusal::of(StatusCode::INTERNAL_SERVER_ERROR))
    }
}

/// Where a path leads.
enum Place {
    Portal(Uuid),
    Console,
}

/// Reads the path of a page: where it leads, and what is left of it below the base.
fn place(path: &str) -> Option<(Place, &str)> {
    if let Some(rest) = path.strip_prefix("/manager") {
        return Some((Place::Console, rest)).filter(|_| rest.is_empty() || rest.starts_with('/'));
    }
    let rest = path.strip_prefix("/portals/")?;
    let (id, below) = rest.split_at_checked(rest.find('/').unwrap_or(rest.len()))?;
    let page = is_page(below.trim_start_matches('/'));
    Some((Place::Portal(Uuid::try_parse(id).ok()?), below)).filter(|_| page)
}

/// Serves a page.
pub(crate) async fn enter(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    let Some((place, below)) = place(request.uri().path()) else {
        return beyond(&web, request).await;
    };
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    let here = format!("{below}{query}");
    let (headers, mount) = (request.headers().clone(), mount(&request));
    let visit = match arrive(&web, &headers, mount, place, here).await {
        Ok(visit) => visit,
        Err(refusal) => return bare(&refusal),
    };
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let (parts, body) = request.into_parts();
        let kept = parts.clone();
        let read = Form::read(Request::from_parts(parts, body)).await;
        let ours = read.and_then(|form| {
            let ours =
                is_from_here(&kept.headers) && form::is_token(&visit.token, form.raw(form::TOKEN));
            if ours { Ok(form) } else { Err(foreign()) }
        });
        match ours {
            Err(refusal) => return leave(&visit, refusal.into_response()),
            Ok(form) => {
                request = Request::from_parts(kept, axum::body::Body::empty());
                request.extensions_mut().insert(form);
            }
        }
    }
    request.extensions_mut().insert(visit.clone());
    let response = next.run(request).await;
    leave(&visit, response)
}

/// A form that did not come from a page that we showed to this browser in this session.
fn foreign() -> Refusal {
    Refusal { title: "foreign-form".into(), ..Refusal::of(StatusCode::FORBIDDEN) }
}

/// Unless a browser says that another site sent this. Those that say nothing are held to the token.
fn is_from_here(headers: &HeaderMap) -> bool {
    let sites = headers.get_all("sec-fetch-site").iter();
    let null = headers.get_all(ORIGIN).iter().any(|origin| origin == "null");
    !null && sites.into_iter().all(|site| matches!(site.as_bytes(), b"same-origin" | b"none"))
}

/// What is no page of ours is the API's to refuse.
async fn beyond(web: &Web, request: Request) -> Response {
    use tower::ServiceExt as _;
    let Ok(response) = web.api.clone().oneshot(request).await;
    response
}

/// Learns who comes.
async fn arrive(
    web: &Web,
    headers: &HeaderMap,
    mount: Mount,
    at: Place,
    here: String,
) -> Result<Visit, Refusal> {
    let lang = Lang::of(headers).ok_or_else(|| Refusal::of(StatusCode::INTERNAL_SERVER_ERROR))?;
    let zone = Zone::named(cookie::get(headers, cookie::ZONE));
    let (prefix, base) = match &at {
        Place::Console => (String::new(), "/manager".to_owned()),
        Place::Portal(id) if mount.own_host => (format!("/portals/{id}/api/v3"), String::new()),
        Place::Portal(id) => (format!("/portals/{id}/api/v3"), format!("/portals/{id}")),
    };
    let host = headers.get("host").and_then(|host| host.to_str().ok()).filter(|_| mount.own_host);
    let scheme = web.base_url.split("://").next().unwrap_or("https");
    let base_url = match host {
        Some(host) => format!("{scheme}://{host}"),
        None => format!("{}{base}", web.base_url),
    };
    let api = Backend::new(web.api.clone(), prefix, headers, mount.carried);
    let mut cookies = Vec::new();
    let (api, side, session) = match &at {
        Place::Console => {
            let (api, session, secret) = console::arrive(api, headers).await;
            (api, Side::Console(session), secret)
        }
        Place::Portal(_) => {
            let arrived = portal::arrive(api, headers, &mut cookies).await?;
            (arrived.api, Side::Portal(Box::new(arrived.known)), arrived.session)
        }
    };
    let browser = cookie::get(headers, cookie::FORM);
    let browser = browser.filter(|value| value.len() == BROWSER_LENGTH).map(str::to_owned);
    let browser = match browser {
        Some(browser) => browser,
        None => {
            let browser = random()?;
            let path = if base.is_empty() { "/" } else { &base };
            cookies.push(cookie::kept(cookie::FORM, &browser, path, "Lax", ""));
            browser
        }
    };
    let token = form::token(&web.form_key, &browser, &session);
    let asked = here.split_once('?').map_or("", |(_, query)| query);
    let said = form_urlencoded::parse(asked.as_bytes())
        .find(|(name, _)| name == "said")
        .map(|(_, value)| format!("said-{value}"));
    let said = said.and_then(|key| lang.find(&key, None));
    let cookies = Mutex::new(cookies);
    Ok(Visit(Arc::new(Known { lang, zone, base, base_url, here, said, api, side, token, cookies })))
}

fn random() -> Result<String, Refusal> {
    let mut bytes = [0; 32];
    let filled = getrandom::fill(&mut bytes);
    filled.map_err(|_| Refusal::of(StatusCode::INTERNAL_SERVER_ERROR))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// What leaves: refusals as pages, cookies, and what browsers may do with it.
fn leave(visit: &Visit, response: Response) -> Response {
    let mut response = match response.extensions().get::<Refusal>() {
        Some(refusal) => refused(visit, refusal),
        None => response,
    };
    let cookies = visit.cookies.lock().unwrap_or_else(PoisonError::into_inner);
    let headers = response.headers_mut();
    for cookie in cookies.iter() {
        headers.append(SET_COOKIE, cookie.clone());
    }
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    response
}

fn refused(visit: &Visit, refusal: &Refusal) -> Response {
    if refusal.status == StatusCode::UNAUTHORIZED {
        // Whatever somebody was about to do goes on after they signed in; a form does not.
        let next = query([("next", visit.here.as_str())]);
        return visit.go(&format!("/sign-in{next}"));
    }
    match &visit.side {
        Side::Portal(_) => portal::refused(visit, refusal),
        Side::Console(_) => console::refused(visit, refusal),
    }
}

/// A portal that is not there, or not for this visitor, has no look.
fn bare(refusal: &Refusal) -> Response {
    let reason = refusal.status.canonical_reason().unwrap_or_default();
    let page = html! {
        (maud::DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { (reason) } }
            body { main { h1 { (reason) } p { (refusal.detail) } } }
        }
    };
    let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    let headers = [(CONTENT_SECURITY_POLICY, policy), (axum::http::header::CONTENT_TYPE, html)];
    (refusal.status, headers, page.into_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_a_portal_or_the_console() {
        let id = Uuid::nil();
        let read = |path: &str| {
            place(path).map(|(place, rest)| (matches!(place, Place::Console), rest.to_owned()))
        };
        assert_eq!(read("/manager"), Some((true, String::new())));
        assert_eq!(read("/manager/apis"), Some((true, "/apis".into())));
        assert_eq!(read("/managers"), None);
        assert_eq!(read(&format!("/portals/{id}")), Some((false, String::new())));
        assert_eq!(read(&format!("/portals/{id}/apis/x")), Some((false, "/apis/x".into())));
        assert_eq!(read(&format!("/portals/{id}/api/v3/x")), None);
        assert_eq!(read("/portals/x/apis"), None);
    }

    #[test]
    fn forms_come_from_here() {
        let mut headers = HeaderMap::new();
        assert!(is_from_here(&headers));
        headers.insert("sec-fetch-site", "cross-site".parse().unwrap());
        assert!(!is_from_here(&headers));
        headers.insert("sec-fetch-site", "same-origin".parse().unwrap());
        assert!(is_from_here(&headers));
        headers.insert(ORIGIN, "null".parse().unwrap());
        assert!(!is_from_here(&headers));
    }
}
