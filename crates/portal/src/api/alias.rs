//! Paths of `/v2` that are served by what is under `/v3`, because they say and show the same.
//!
//! They are told apart before a route is looked for, so whatever holds for the one path holds for the
//! other: who may call it, what is counted, what is logged.

use axum::extract::Request;
use axum::http::Uri;
use axum::http::uri::PathAndQuery;
use axum::middleware::Next;
use axum::response::Response;

/// Below `/v2/portals/{portalId}`: the first segment of a path that is an alias.
const OF_PORTAL: [&str; 6] = [
    "teams",
    "authentication-settings",
    "identity-provider",
    "identity-providers",
    "audit-log-webhook",
    "audit-log-replay-job",
];

/// Serves an alias by what it stands for.
pub(super) async fn serve(mut request: Request, next: Next) -> Response {
    let Some(path) = target(request.uri().path()) else { return next.run(request).await };
    if let Some(uri) = with_path(request.uri(), &path) {
        *request.uri_mut() = uri;
    }
    next.run(request).await
}

fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(format!("{path}{query}")).ok()?);
    Uri::from_parts(parts).ok()
}

/// The path that an alias stands for.
fn target(path: &str) -> Option<String> {
    let segments: Vec<_> = path.strip_prefix('/')?.split('/').collect();
    match segments.as_slice() {
        ["v2", "portal-roles"] => Some("/v3/portal-roles".to_owned()),
        ["v2", "portals", portal, "developers", developer, "teams"] => {
            Some(format!("/v3/portals/{portal}/developers/{developer}/teams"))
        }
        ["v2", "portals", portal, first, rest @ ..] if OF_PORTAL.contains(first) => {
            Some([&["/v3/portals", portal, first], rest].concat().join("/"))
        }
        ["portals", portal, "api", "v2", rest @ ..] => {
            let rest = of_developer(rest)?;
            Some(format!("/portals/{portal}/api/v3/{rest}"))
        }
        _ => None,
    }
}

fn of_developer(rest: &[&str]) -> Option<String> {
    match rest {
        ["developer", ..] | ["stats", "config"] | ["applications", _, "credentials", _] => {
            Some(rest.join("/"))
        }
        ["applications", "auth-strategies"] => Some("application-auth-strategies".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_lead_to_v3_and_nothing_else_does() {
        for (alias, expected) in [
            ("/v2/portal-roles", Some("/v3/portal-roles")),
            ("/v2/portals/p/teams", Some("/v3/portals/p/teams")),
            ("/v2/portals/p/teams/t/developers/d", Some("/v3/portals/p/teams/t/developers/d")),
            ("/v2/portals/p/developers/d/teams", Some("/v3/portals/p/developers/d/teams")),
            (
                "/v2/portals/p/identity-provider/team-group-mappings",
                Some("/v3/portals/p/identity-provider/team-group-mappings"),
            ),
            ("/portals/p/api/v2/developer", Some("/portals/p/api/v3/developer")),
            ("/portals/p/api/v2/developer/refresh", Some("/portals/p/api/v3/developer/refresh")),
            (
                "/portals/p/api/v2/applications/auth-strategies",
                Some("/portals/p/api/v3/application-auth-strategies"),
            ),
            ("/v2/portals", None),
            ("/v2/portals/p", None),
            ("/v2/portals/p/developers/d", None),
            ("/v2/portals/p/teamsters", None),
            ("/v3/portals/p/teams", None),
            ("/portals/p/api/v2/products", None),
            ("/portals/p/api/v3/developer", None),
            ("//v2/portal-roles", None),
            ("", None),
        ] {
            assert_eq!(target(alias).as_deref(), expected, "{alias}");
        }
    }

    #[test]
    fn a_query_stays() {
        let uri: Uri = "/v2/portals/p/teams?page[size]=1".replace(['[', ']'], "").parse().unwrap();
        let moved = with_path(&uri, "/v3/portals/p/teams").unwrap();
        assert_eq!(moved.to_string(), "/v3/portals/p/teams?pagesize=1");
    }
}
