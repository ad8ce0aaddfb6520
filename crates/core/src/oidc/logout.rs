//! Signing out (OpenID Connect RP-Initiated Logout 1.0).
//!
//! By default nothing signs out; a strategy names a path's end or a parameter, and methods. They
//! are `POST` and `DELETE` unless it says otherwise: with `GET`, any page that holds an image of
//! that path signs its visitors out.

use super::cookie;
use super::query;
use super::session::Session;
use super::settings::Settings;
use super::url::Url;
use crate::check::Redirect;
use crate::http::Request;
use crate::secret::Secret;

/// Whether a request signs out. A browser's request that another site caused does not, unless it
/// is a `GET` that the strategy allows.
pub(crate) fn requested(settings: &Settings, request: &Request<'_>) -> bool {
    if !settings.logout_methods.iter().any(|method| method.as_bytes() == request.method) {
        return false;
    }
    let (path, query) = query::split_target(request.path);
    let by_path = settings
        .logout_uri_suffix
        .as_deref()
        .is_some_and(|suffix| !suffix.is_empty() && path.ends_with(suffix.as_bytes()));
    let by_query = settings
        .logout_query_arg
        .as_deref()
        .is_some_and(|name| !name.is_empty() && query::has(query, name));
    (by_path || by_query) && (request.method == b"GET" || !is_cross_site(request))
}

/// Ends the session in the browser, and sends it to the provider to end its session there when the
/// provider has a place for that, else to `logout_redirect_uri`, else to `/`.
pub(crate) fn redirect(
    settings: &Settings,
    session: Option<&Session>,
    end_session_endpoint: Option<&Url>,
) -> Redirect {
    let after = settings.logout_redirect_uri.as_deref();
    let location = match end_session_endpoint {
        None => after.unwrap_or("/").into(),
        Some(endpoint) => {
            let mut location = query::to_url(endpoint);
            if let Some(client) = &settings.client_id {
                query::push(&mut location, "client_id", client);
            }
            if let Some(token) = session.and_then(|session| session.tokens.id.as_ref()) {
                query::push(&mut location, "id_token_hint", token.expose());
            }
            // The provider only takes an absolute one.
            if let Some(after) = after.filter(|after| !after.starts_with('/')) {
                query::push(&mut location, "post_logout_redirect_uri", after);
            }
            location
        }
    };
    Redirect { location: Secret::new(location), set_cookie: cookie::deletion(settings) }
}

fn is_cross_site(request: &Request<'_>) -> bool {
    let mut fields =
        request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(b"sec-fetch-site"));
    fields.any(|header| !matches!(header.value, b"same-origin" | b"same-site" | b"none"))
}
