//! Sign-in at an identity provider: `developer/authenticate/sso`, and the way back.

use aide::OperationOutput;
use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use aide::generate::GenContext;
use aide::openapi::{Operation, Response as ApiResponse, StatusCode as ApiStatus};
use axum::extract::State;
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use uuid::Uuid;

use super::BASE;
use crate::actor::{ClientAddress, Visitor, cookie};
use crate::api::extension;
use crate::app::App;
use crate::list::ListQuery;
use crate::problem::{Invalid, Problem};
use crate::session;
use crate::site::Site;
use crate::usecase::sso::{self, PATIENCE, Return};

const TAG: &str = "Developer";
/// Where a sign-in that was begun is remembered, by the browser.
const COOKIE: &str = "portalsso";
const PATH: &str = "/api/v3/developer/authenticate/sso";
/// The longest path that somebody is sent on to.
const LONGEST_PATH: usize = 1_024;

/// 302, with cookies.
#[derive(Debug)]
struct Found {
    location: String,
    cookies: Vec<HeaderValue>,
}

impl IntoResponse for Found {
    fn into_response(self) -> Response {
        let Ok(location) = HeaderValue::try_from(self.location) else {
            return Problem::internal("a location cannot be sent").into_response();
        };
        let cookies = self.cookies.into_iter().map(|value| (SET_COOKIE, value));
        let cookies: Vec<_> = cookies.collect();
        let mut response = (StatusCode::FOUND, [(LOCATION, location)]).into_response();
        for (name, value) in cookies {
            response.headers_mut().append(name, value);
        }
        response
    }
}

impl OperationOutput for Found {
    type Inner = ();

    fn operation_response(_: &mut GenContext, _: &mut Operation) -> Option<ApiResponse> {
        let description = "The browser is sent on.".into();
        Some(ApiResponse { description, ..ApiResponse::default() })
    }

    fn inferred_responses(
        ctx: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<ApiStatus>, ApiResponse)> {
        let response = Self::operation_response(ctx, operation);
        response.map(|response| (Some(ApiStatus::Code(302)), response)).into_iter().collect()
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            &format!("{BASE}/developer/authenticate/sso"),
            get_with(start, |op| op.id("authenticate-sso").tag(TAG)),
        )
        .api_route(
            &format!("{BASE}/developer/authenticate/sso/callback"),
            get_with(finish, |op| {
                extension(op.id("authenticate-sso-callback").tag(TAG)).default_response::<Problem>()
            }),
        )
}

/// The cookie goes to the way back only.
fn remembered(
    site: &Site,
    portal: Uuid,
    value: &str,
    seconds: u64,
) -> Result<HeaderValue, Problem> {
    let path = format!("{}{PATH}/callback", site.path(portal));
    let text =
        format!("{COOKIE}={value}; Path={path}; Max-Age={seconds}; HttpOnly; Secure; SameSite=Lax");
    let mut header = HeaderValue::try_from(text).map_err(Problem::internal)?;
    header.set_sensitive(true);
    Ok(header)
}

async fn start(
    State(app): State<App>,
    Visitor { portal, .. }: Visitor,
    site: Site,
    address: ClientAddress,
    mut query: ListQuery,
) -> Result<Found, Problem> {
    let return_to = query.take("return_to");
    query.nothing_else()?;
    let home = format!("{}/", site.path(portal.id));
    let return_to = match return_to {
        None => home,
        Some(path) if is_own_path(&path) => path,
        Some(_) => {
            let reason = "must be a path of this portal";
            let fault = Invalid::query("return_to", "invalid", reason);
            return Err(Problem::one_invalid(fault));
        }
    };
    let redirect_uri = format!("{}{PATH}/callback", site.base(&app, portal.id));
    let start = sso::start(&app, &portal, address, redirect_uri, return_to).await?;
    let cookie = remembered(&site, portal.id, start.cookie.expose(), PATIENCE.as_secs())?;
    Ok(Found { location: start.location, cookies: vec![cookie] })
}

/// The way back. Whatever comes of it, the browser forgets what it had remembered.
async fn finish(
    State(app): State<App>,
    Visitor { portal, .. }: Visitor,
    site: Site,
    address: ClientAddress,
    headers: HeaderMap,
    mut query: ListQuery,
) -> Response {
    let brought = Return {
        code: query.take("code"),
        state: query.take("state"),
        issuer: query.take("iss"),
        error: query.take("error"),
    };
    let (begun, before) = (cookie(&headers, COOKIE), cookie(&headers, session::ACCESS_COOKIE));
    let finished = sso::finish(&app, &portal, address, begun, brought, before).await;
    let forgotten = remembered(&site, portal.id, "", 0);
    let answered = finished.and_then(|finish| {
        let mut cookies = finish.tokens.cookies(&app, &site, portal.id)?.to_vec();
        cookies.extend(forgotten.as_ref().ok().cloned());
        Ok(Found { location: finish.return_to, cookies })
    });
    match (answered, forgotten) {
        (Ok(found), _) => found.into_response(),
        (Err(problem), Ok(forgotten)) => {
            (AppendHeaders([(SET_COOKIE, forgotten)]), problem).into_response()
        }
        (Err(problem), Err(_)) => problem.into_response(),
    }
}

/// A path that leads nowhere else, whatever a browser makes of it.
fn is_own_path(path: &str) -> bool {
    path.starts_with('/')
        && path.len() <= LONGEST_PATH
        && !path.starts_with("//")
        && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use super::is_own_path;

    #[test]
    fn nobody_is_sent_elsewhere() {
        for path in ["/", "/apis?a=b#c", "/portals/1/"] {
            assert!(is_own_path(path), "{path}");
        }
        let long = format!("/{}", "x".repeat(1_024));
        for path in
            ["", "apis", "//evil.test", "/\\evil.test", "https://evil.test", "/a b", "/\r", &long]
        {
            assert!(!is_own_path(path), "{path}");
        }
    }
}
