//! The authorization endpoint and what somebody sees on the way: signing in, and agreeing.
//!
//! The endpoint reads the request and sends the browser on to a page of the portal whose
//! developers are asked: that is where the portal's session cookie goes. The page carries the
//! request in its query and reads it again, so nothing is kept between the two.

use axum::Router;
use axum::extract::{OriginalUri, RawQuery, Request as HttpRequest, State};
use axum::http::header::{CACHE_CONTROL, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::from_fn;
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::get;
use gatekey_core::secret::Secret;
use serde::Deserialize;
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::body::{self, FormBody};
use super::page::{ConsentPage, SignInPage, stopped};
use super::{Server, ServerPath};
use crate::actor::{ClientAddress, cookie};
use crate::api::developer::origin;
use crate::app::App;
use crate::authorization::code::{self, Agreement};
use crate::authorization::form::{Form, encode};
use crate::authorization::refusal::Code;
use crate::authorization::request::{self, Bad, Request};
use crate::call;
use crate::entropy::{self, digest_of};
use crate::input::Ids;
use crate::problem::Problem;
use crate::session;
use crate::site::Site;
use crate::store::entity::developer;
use crate::usecase::{account, network};

/// The cookie that ties a form to the browser it was shown in.
const FORM_COOKIE: &str = "portalauthorize";

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct InteractionPath {
    portal_id: Uuid,
    auth_server_id: Uuid,
}

pub(super) fn routes(base: &str) -> Router<App> {
    let interaction = Router::new()
        .route("/portals/{portalId}/authorize/{authServerId}", get(ask).post(answer))
        .layer(from_fn(origin::same));
    Router::new()
        .route(&format!("{base}/oauth/authorize"), get(begin).post(begin_by_form))
        .merge(interaction)
}

impl IntoResponse for Bad {
    fn into_response(self) -> Response {
        match self {
            Self::Page(reason) => stopped(StatusCode::BAD_REQUEST, reason),
            Self::Back(location) => go(&location).into_response(),
            Self::Failed(problem) => {
                let status = problem.into_response().status();
                let reason = status.canonical_reason().unwrap_or("It failed");
                stopped(status, reason)
            }
        }
    }
}

/// Sends the browser on, by GET.
fn go(location: &str) -> impl IntoResponse + use<> {
    let location = HeaderValue::try_from(location).unwrap_or(HeaderValue::from_static("/"));
    let no_store = HeaderValue::from_static("no-store");
    (StatusCode::SEE_OTHER, [(LOCATION, location), (CACHE_CONTROL, no_store)])
}

async fn begin(
    State(app): State<App>,
    Ids(path): Server,
    RawQuery(query): RawQuery,
) -> Result<Response, Bad> {
    send_on(&app, path, query.unwrap_or_default()).await
}

async fn begin_by_form(
    State(app): State<App>,
    Ids(path): Server,
    request: HttpRequest,
) -> Result<Response, Bad> {
    let form = body::read(request).await;
    let form = form.map_err(|_| Bad::Page("The request is malformed."))?;
    send_on(&app, path, encode(form.pairs())).await
}

async fn send_on(app: &App, path: ServerPath, query: String) -> Result<Response, Bad> {
    let server = path.auth_server_id;
    let request = request::read(app, server, query.as_bytes()).await?;
    let (base, portal) = (app.config.base_url(), request.portal.id);
    Ok(go(&format!("{base}/portals/{portal}/authorize/{server}?{query}")).into_response())
}

/// A request on a portal's page, with the browser that brings it.
struct Visit {
    app: App,
    request: Request,
    /// The request as it came: forms are good for this one only.
    query: String,
    /// The value of the form cookie.
    browser: Secret<String>,
    /// Whether the browser has it already.
    known_browser: bool,
    session: Option<Session>,
}

/// Who is signed in at the portal.
struct Session {
    developer: developer::Model,
    since: i64,
    token: Secret<String>,
}

impl Visit {
    async fn read(
        app: App,
        path: InteractionPath,
        query: String,
        headers: &HeaderMap,
    ) -> Result<Self, Bad> {
        let request = request::read(&app, path.auth_server_id, query.as_bytes()).await?;
        if request.portal.id != path.portal_id {
            return Err(Problem::not_found().into());
        }
        if let Some(address) = call::current().and_then(|call| call.address) {
            network::let_in(&app, &request.portal, address).await?;
        }
        let browser = cookie(headers, FORM_COOKIE).filter(|value| value.len() == 43);
        let known_browser = browser.is_some();
        let browser = match browser {
            Some(value) => Secret::new(value.to_owned()),
            None => entropy::token().map_err(Problem::from)?,
        };
        let mut session = None;
        if let Some(token) = cookie(headers, session::ACCESS_COOKIE) {
            let found = session::signed_in(&app, path.portal_id, token).await?;
            session = found.map(|(developer, session)| Session {
                developer,
                since: session.created_at,
                token: Secret::new(token.to_owned()),
            });
        }
        Ok(Self { app, request, query, browser, known_browser, session })
    }

    /// What a form has to send back: good for this request, browser and session only.
    fn form_token(&self) -> Result<String, Problem> {
        let session = self.session.as_ref().map(|session| digest_of(session.token.expose()));
        let session = session.map(|digest| digest.to_string()).unwrap_or_default();
        let (browser, query) = (self.browser.expose(), digest_of(&self.query));
        let bound = format!("authorize\n{browser}\n{query}\n{session}");
        let pepper = self.app.secrets.peppers.first();
        let pepper = &pepper.ok_or_else(|| Problem::internal("there is no pepper"))?.pepper;
        Ok(pepper.digest(bound.as_bytes()).to_string())
    }

    fn is_ours(&self, form: &Form) -> Result<bool, Problem> {
        let given = form.get("token").unwrap_or_default();
        let same = self.form_token()?.as_bytes().ct_eq(given.as_bytes());
        Ok(self.known_browser && same.into())
    }

    /// Whether whoever is signed in did so too long ago.
    fn is_stale(&self, session: &Session) -> bool {
        let age = (self.app.clock.now() - session.since) / 1_000;
        self.request.max_age.is_some_and(|most| age > most)
    }

    fn sign_in(
        &self,
        status: StatusCode,
        username: &str,
        fault: Option<&str>,
    ) -> Result<Response, Problem> {
        let page = SignInPage {
            portal: &self.request.portal.display_name,
            client: &self.request.client.row.name,
            username,
            fault,
            token: &self.form_token()?,
        };
        self.shown(page.show(status, self.request.redirect_uri()))
    }

    fn consent(&self, session: &Session) -> Result<Response, Problem> {
        let page = ConsentPage {
            client: &self.request.client.row.name,
            email: &session.developer.email,
            scopes: self.request.described().collect(),
            token: &self.form_token()?,
        };
        self.shown(page.show(self.request.redirect_uri()))
    }

    /// The page, with the form cookie for a browser that has none.
    fn shown(&self, page: Response) -> Result<Response, Problem> {
        if self.known_browser {
            return Ok(page);
        }
        let (value, portal) = (self.browser.expose(), self.request.portal.id);
        let text = format!(
            "{FORM_COOKIE}={value}; Path=/portals/{portal}/authorize; HttpOnly; Secure; \
             SameSite=Lax"
        );
        let mut header = HeaderValue::try_from(text).map_err(Problem::internal)?;
        header.set_sensitive(true);
        let cookies: [(HeaderName, HeaderValue); 1] = [(SET_COOKIE, header)];
        Ok((AppendHeaders(cookies), page).into_response())
    }
}

/// Shows what has to be answered: who somebody is, or whether the client may.
async fn ask(
    State(app): State<App>,
    Ids(path): Ids<InteractionPath>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Bad> {
    let visit = Visit::read(app, path, query.unwrap_or_default(), &headers).await?;
    let request = &visit.request;
    let current = visit.session.as_ref();
    let current = current.filter(|session| !request.sign_in_again && !visit.is_stale(session));
    match current {
        None if request.silent => {
            let (code, reason) = (Code::LoginRequired, "Nobody is signed in");
            Ok(go(&request.refused(code, reason)).into_response())
        }
        Some(_) if request.silent => {
            let (code, reason) = (Code::ConsentRequired, "Somebody has to agree");
            Ok(go(&request.refused(code, reason)).into_response())
        }
        None => {
            let expected = request.login_hint.as_deref().unwrap_or_default();
            Ok(visit.sign_in(StatusCode::OK, expected, None)?)
        }
        Some(session) => Ok(visit.consent(session)?),
    }
}

/// Takes the answer.
async fn answer(
    State(app): State<App>,
    Ids(path): Ids<InteractionPath>,
    ClientAddress(address): ClientAddress,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    form: Result<FormBody, super::answer::Refused>,
) -> Result<Response, Bad> {
    let FormBody(form) = form.map_err(|_| Bad::Page("The form is malformed."))?;
    let query = uri.query().unwrap_or_default().to_owned();
    let visit = Visit::read(app, path, query, &headers).await?;
    if !visit.is_ours(&form)? {
        // The session may have ended since, or another form was sent in another window.
        let fault = Some("Please try again.");
        return Ok(visit.sign_in(StatusCode::BAD_REQUEST, typed(&form), fault)?);
    }
    match form.get("action") {
        Some("allow") => allow(&visit).await,
        Some("deny") => {
            let refused = visit.request.refused(Code::AccessDenied, "The person said no");
            Ok(go(&refused).into_response())
        }
        Some("switch") => Ok(visit.sign_in(StatusCode::OK, "", None)?),
        _ => {
            let before = cookie(&headers, session::ACCESS_COOKIE);
            sign_in(visit, &form, ClientAddress(address), before).await
        }
    }
}

/// What was typed as a name: a form that comes back keeps it.
fn typed(form: &Form) -> &str {
    form.get("username").unwrap_or_default()
}

async fn allow(visit: &Visit) -> Result<Response, Bad> {
    let current = visit.session.as_ref().filter(|session| !visit.is_stale(session));
    let Some(session) = current else {
        let fault = Some("Please sign in again.");
        return Ok(visit.sign_in(StatusCode::OK, "", fault)?);
    };
    let request = &visit.request;
    let agreed = Agreement {
        client: &request.client,
        developer: session.developer.id,
        auth_time: session.since,
        redirect_uri: request.redirect_uri(),
        granted: &request.granted,
        nonce: request.nonce.as_deref(),
        challenge: &request.challenge,
    };
    let code = code::issue(&visit.app, agreed).await?;
    Ok(go(&request.granted(code.expose())).into_response())
}

async fn sign_in(
    mut visit: Visit,
    form: &Form,
    address: ClientAddress,
    before: Option<&str>,
) -> Result<Response, Bad> {
    let username = typed(form).trim();
    let password = form.get("password").unwrap_or_default();
    let attempt = account::SignIn::new(username, password);
    let portal = &visit.request.portal;
    let tokens = match account::authenticate(&visit.app, portal, address, attempt).await {
        Ok(tokens) => tokens,
        Err(problem) => {
            let title = problem.title();
            let status = problem.into_response().status();
            let fault = match status {
                StatusCode::UNAUTHORIZED if title == "Approval Required" => {
                    "The account has to be approved by an administrator."
                }
                StatusCode::UNAUTHORIZED => "The e-mail or the password is wrong.",
                StatusCode::TOO_MANY_REQUESTS => "There were too many attempts. Please wait.",
                _ => "Signing in failed. Please try again later.",
            };
            return Ok(visit.sign_in(status, username, Some(fault))?);
        }
    };
    // The session that the browser had is not the one that it gets.
    if let Some(token) = before {
        session::end(&visit.app, portal.id, token).await?;
    }
    let cookies = tokens.cookies(&visit.app, &Site::Shared, portal.id)?;
    let found = session::signed_in(&visit.app, portal.id, tokens.access().expose()).await?;
    let (developer, begun) = found.ok_or_else(Problem::unauthorized)?;
    let token = tokens.access().clone();
    visit.session = Some(Session { developer, since: begun.created_at, token });
    let Some(session) = &visit.session else { return Err(Problem::unauthorized().into()) };
    let page = visit.consent(session)?;
    Ok((AppendHeaders(cookies.map(|cookie| (SET_COOKIE, cookie))), page).into_response())
}
