//! Requests under a portal's own host name are taken below the portal's path. Nothing else is there:
//! cookies of that host are for all its paths, and must not meet the management API.

use axum::extract::{Request, State};
use axum::http::Uri;
use axum::http::uri::PathAndQuery;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use crate::app::App;
use crate::problem::Problem;
use crate::site::{Site, authority, portal_of};

/// Takes a request to its portal.
pub(super) async fn route(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let target = request.uri().authority().map(|authority| authority.as_str());
    let Some(authority) = authority(request.headers(), target) else {
        return next.run(request).await;
    };
    match portal_of(&app, &authority).await {
        Ok(None) => {}
        Ok(Some(portal)) => match below(request.uri(), portal) {
            Some(uri) => {
                *request.uri_mut() = uri;
                request.extensions_mut().insert(Site::Own(authority));
            }
            None => return Problem::not_found().into_response(),
        },
        Err(problem) => return problem.into_response(),
    }
    next.run(request).await
}

fn below(uri: &Uri, portal: Uuid) -> Option<Uri> {
    let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(format!("/portals/{portal}{path}").parse().ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_go_below_the_portal() {
        let id = Uuid::nil();
        for (from, to) in [
            ("/api/v3/apis?a=b", format!("/portals/{id}/api/v3/apis?a=b")),
            ("/", format!("/portals/{id}/")),
            ("/v3/portals", format!("/portals/{id}/v3/portals")),
        ] {
            assert_eq!(below(&from.parse().unwrap(), id).unwrap().to_string(), to);
        }
    }
}
