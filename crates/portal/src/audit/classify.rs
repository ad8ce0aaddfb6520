//! Which requests leave an entry, and of which sort, by their route alone: no handler can forget it.

use uuid::Uuid;

use super::entry::{Kind, Outcome};
use crate::call::{Call, Who};

/// What is written about a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct What {
    pub(super) kind: Kind,
    pub(super) action: String,
}

/// About a request whose transaction commits.
pub(super) fn committed(call: &Call) -> Option<What> {
    let proven = matches!(call.learned().who, Who::Developer { .. });
    match authentication(call) {
        // A provider vouched for somebody who is not let in: the account is all that is written.
        Some("sign-in") if call.route.contains("/sso") && !proven => {
            let action = format!("{} {}", call.method, call.route);
            return Some(What { kind: Kind::Change, action });
        }
        Some(action) => {
            return Some(What { kind: Kind::Authentication, action: action.into() });
        }
        None => {}
    }
    // What is written while something is shown is bookkeeping.
    if matches!(call.method, "GET" | "HEAD" | "OPTIONS") || !is_recorded(&call.route) {
        return None;
    }
    let action = format!("{} {}", call.method, call.route);
    Some(What { kind: Kind::Change, action })
}

/// About a request that was answered with a status, when that is about who called.
pub(super) fn answered(call: &Call, status: u16) -> Option<(&'static str, Outcome)> {
    let refused = |action| Some((action, Outcome::Refused));
    if let Some(action) = authentication(call) {
        return match status {
            // Its write left an entry; signing out may have nothing to write.
            200..=399 if action == "sign-out" => Some((action, Outcome::Success)),
            401 | 403 | 404 | 410 | 429 => refused(action),
            _ => None,
        };
    }
    match (area(&call.route)?, status) {
        (Area::Management, 401) => refused("admin-token"),
        (Area::Management, 403) if matches!(call.learned().who, Who::Admin { .. }) => {
            refused("admin-scope")
        }
        (Area::Gateways, 401) => refused("gateway-token"),
        (Area::Servers, 401) => refused("client"),
        (Area::Servers, 429) => refused("client"),
        _ => None,
    }
}

/// The portal in a path.
pub(super) fn portal(route: &str, path: &str) -> Option<Uuid> {
    let mut pairs = route.split('/').zip(path.split('/'));
    let (_, id) = pairs.find(|(name, _)| *name == "{portalId}")?;
    Uuid::try_parse(id).ok()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Area {
    Management,
    Developers,
    Gateways,
    Servers,
}

fn area(route: &str) -> Option<Area> {
    Some(match route.split('/').nth(1)? {
        "v1" | "v2" | "v3" => Area::Management,
        "portals" => Area::Developers,
        "gateway" => Area::Gateways,
        "auth" => Area::Servers,
        "api" => Area::Developers,
        _ => return None,
    })
}

fn is_recorded(route: &str) -> bool {
    match area(route) {
        Some(Area::Management | Area::Developers) => true,
        // Clients that register themselves; what is written for tokens is not a change.
        Some(Area::Servers) => route.contains("/register"),
        Some(Area::Gateways) | None => false,
    }
}

/// The attempt to prove who one is that a request stands for.
fn authentication(call: &Call) -> Option<&'static str> {
    match (call.method, call.route.as_str()) {
        ("POST", "/v3/admin-sessions") => return Some("admin-sign-in"),
        ("DELETE", "/v3/admin-sessions/current") => return Some("admin-sign-out"),
        _ => {}
    }
    let (_, last) = call.route.split_once("/developer/")?;
    Some(match last.split('/').next()? {
        // The way to a provider and the way back are two requests.
        "authenticate" if last.ends_with("/sso") => "begin-sign-in",
        "authenticate" => "sign-in",
        "refresh" => "refresh",
        "logout" => "sign-out",
        "verify-email" => "verify-address",
        "forgot-password" => "ask-for-password",
        "reset-password" => "set-password",
        "change-password" => "change-password",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::*;

    fn call(method: &'static str, route: &str) -> Call {
        Call::new(&HeaderMap::new(), method, route.into(), route.into(), None)
    }

    #[test]
    fn writes_are_recorded_and_bookkeeping_is_not() {
        const DEVELOPER: &str = "/portals/{portalId}/api/v3";
        let sort = |method, route: &str| {
            committed(&call(method, route)).map(|what| (what.kind, what.action))
        };
        let change = |action: &str| Some((Kind::Change, action.to_owned()));
        assert_eq!(sort("POST", "/v3/portals"), change("POST /v3/portals"));
        assert_eq!(sort("GET", "/v3/portals"), None);
        assert_eq!(sort("POST", "/gateway/v1/usage"), None);
        assert_eq!(sort("POST", "/auth/{id}/oauth/token"), None);
        assert_eq!(sort("POST", "/auth/{id}/register"), change("POST /auth/{id}/register"));
        let sign_in = Some((Kind::Authentication, "admin-sign-in".into()));
        assert_eq!(sort("POST", "/v3/admin-sessions"), sign_in);
        let route = format!("{DEVELOPER}/developer/authenticate");
        assert_eq!(sort("POST", &route), Some((Kind::Authentication, "sign-in".into())));
        let route = format!("{DEVELOPER}/applications");
        assert_eq!(sort("POST", &route), change(&format!("POST {route}")));
    }

    #[test]
    fn refusals_are_noted_by_what_they_refuse() {
        let of = |method, route, status| answered(&call(method, route), status);
        let refused = |action| Some((action, Outcome::Refused));
        assert_eq!(of("GET", "/v3/portals", 401), refused("admin-token"));
        assert_eq!(of("GET", "/v3/portals", 404), None);
        assert_eq!(of("POST", "/v3/admin-sessions", 401), refused("admin-sign-in"));
        assert_eq!(of("POST", "/v3/admin-sessions", 201), None);
        assert_eq!(of("GET", "/v3/admin-sessions/current", 401), refused("admin-token"));
        assert_eq!(of("DELETE", "/v3/admin-sessions/current", 401), refused("admin-sign-out"));
        assert_eq!(of("GET", "/gateway/v1/changes", 401), refused("gateway-token"));
        assert_eq!(of("POST", "/auth/{id}/oauth/token", 401), refused("client"));
        let route = "/portals/{portalId}/api/v3/developer/authenticate";
        assert_eq!(of("POST", route, 401), refused("sign-in"));
        assert_eq!(of("POST", route, 204), None);
        let route = "/portals/{portalId}/api/v3/developer/logout";
        assert_eq!(of("POST", route, 200), Some(("sign-out", Outcome::Success)));
        assert_eq!(of("GET", "/portals/{portalId}/api/v3/apis", 401), None);
    }

    #[test]
    fn the_portal_is_read_from_the_path() {
        let id = Uuid::from_u128(7);
        let path = format!("/v3/apis/1/publications/{id}");
        assert_eq!(portal("/v3/apis/{apiId}/publications/{portalId}", &path), Some(id));
        assert_eq!(portal("/v3/portals", "/v3/portals"), None);
        assert_eq!(portal("/v3/portals/{portalId}", "/v3/portals/x"), None);
    }
}
