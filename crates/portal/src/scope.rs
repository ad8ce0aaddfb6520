//! What an administrator's token may do.
//!
//! A scope is `read` or `write`, for everything or for one area (`portals:read`). To write is to
//! read as well. Which area a request belongs to is said by its path, so that no handler can forget
//! to ask; what belongs to no area is only for tokens that may do everything.

use axum::http::Method;
use uuid::Uuid;

/// A part of the management API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Area {
    /// Portals, and who and what is in them.
    Portals,
    /// APIs, and where they are published.
    Apis,
    /// Auth strategies and providers of clients.
    Strategies,
    /// Authorization servers.
    Identity,
    /// Control planes.
    Gateways,
    /// Tokens of administrators.
    Tokens,
    /// What happened, and whom to tell.
    Audit,
}

impl Area {
    const ALL: [(Self, &'static str); 7] = [
        (Self::Portals, "portals"),
        (Self::Apis, "apis"),
        (Self::Strategies, "strategies"),
        (Self::Identity, "identity"),
        (Self::Gateways, "gateways"),
        (Self::Tokens, "tokens"),
        (Self::Audit, "audit"),
    ];

    /// The area of a path: of `/v3/portals/...` it is decided by `portals`.
    fn of(path: &str) -> Option<Self> {
        let resource = path.split('/').nth(2)?;
        Some(match resource {
            "portals" | "applications" | "portal-roles" | "refusals" => Self::Portals,
            "apis"
            | "api-publications"
            | "api-implementations"
            | "api-attributes"
            | "api-packages"
            | "api-products" => Self::Apis,
            "application-auth-strategies" | "dcr-providers" => Self::Strategies,
            "auth-servers" => Self::Identity,
            "control-planes" => Self::Gateways,
            "admin-tokens" => Self::Tokens,
            "audit-log"
            | "audit-log-checkpoints"
            | "audit-log-destinations"
            | "audit-log-webhook"
            | "emails"
            | "webhooks" => Self::Audit,
            _ => return None,
        })
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known)| *known == name).map(|(area, _)| area)
    }
}

/// One thing that a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    /// Where; everywhere, if nothing is said.
    area: Option<Area>,
    write: bool,
}

impl Scope {
    /// Reads a scope as it is spelled.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (area, verb) = match text.split_once(':') {
            Some((area, verb)) => (Some(Area::parse(area)?), verb),
            None => (None, text),
        };
        match verb {
            "read" => Some(Self { area, write: false }),
            "write" => Some(Self { area, write: true }),
            _ => None,
        }
    }

    /// Every spelling there is.
    pub(crate) fn spellings() -> Vec<String> {
        let areas = Area::ALL.into_iter().map(|(_, name)| name);
        let areas = areas.flat_map(|area| [format!("{area}:read"), format!("{area}:write")]);
        ["read".to_owned(), "write".to_owned()].into_iter().chain(areas).collect()
    }

    fn allows(self, area: Option<Area>, write: bool) -> bool {
        (self.write || !write) && (self.area.is_none() || self.area == area && area.is_some())
    }

    /// Whether whoever may do this may do the other as well.
    fn covers(self, other: Self) -> bool {
        self.allows(other.area, other.write)
    }
}

/// What a token may do, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Permission {
    scopes: Vec<Scope>,
    /// The only portals that it is for, if it is not for all.
    portals: Option<Vec<Uuid>>,
}

impl Permission {
    /// Everything.
    pub(crate) fn everything() -> Self {
        Self { scopes: vec![Scope { area: None, write: true }], portals: None }
    }

    /// These scopes; on these portals, if they are named.
    pub(crate) const fn new(scopes: Vec<Scope>, portals: Option<Vec<Uuid>>) -> Self {
        Self { scopes, portals }
    }

    /// Whether a request is within it.
    pub(crate) fn allows(&self, method: &Method, path: &str) -> bool {
        let write = !matches!(*method, Method::GET | Method::HEAD);
        let area = Area::of(path);
        if !self.scopes.iter().any(|scope| scope.allows(area, write)) {
            return false;
        }
        let Some(portals) = &self.portals else { return true };
        let mut segments = path.split('/').skip(2);
        let of_portal = segments.next() == Some("portals");
        let id = segments.next().and_then(|id| Uuid::try_parse(id).ok());
        of_portal && id.is_some_and(|id| portals.contains(&id))
    }

    /// Whether it holds all that the other holds: nobody gives away more than they have.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        let within = match (&self.portals, &other.portals) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(others)) => others.iter().all(|id| own.contains(id)),
        };
        let held = |wanted: &Scope| self.scopes.iter().any(|scope| scope.covers(*wanted));
        within && other.scopes.iter().all(held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permission(scopes: &[&str]) -> Permission {
        Permission::new(scopes.iter().filter_map(|text| Scope::parse(text)).collect(), None)
    }

    #[test]
    fn each_scope_opens_its_own_door() {
        for (scopes, method, path, open) in [
            (&["read"][..], Method::GET, "/v3/portals", true),
            (&["read"], Method::HEAD, "/v3/unheard-of", true),
            (&["read"], Method::POST, "/v3/portals", false),
            (&["write"], Method::GET, "/v3/portals", true),
            (&["write"], Method::DELETE, "/v3/unheard-of", true),
            (&["apis:write"], Method::PUT, "/v3/apis/1/publications/2", true),
            (&["apis:write"], Method::GET, "/v2/api-products", true),
            (&["apis:write"], Method::GET, "/v3/portals", false),
            (&["apis:read", "portals:write"], Method::PATCH, "/v3/apis/1", false),
            (&["apis:read", "portals:write"], Method::PATCH, "/v3/portals/1", true),
            (&["apis:write"], Method::GET, "/v3/unheard-of", false),
            (&["tokens:write"], Method::POST, "/v3/admin-tokens", true),
            (&[], Method::GET, "/v3/portals", false),
        ] {
            assert_eq!(
                permission(scopes).allows(&method, path),
                open,
                "{scopes:?} {method} {path}"
            );
        }
    }

    #[test]
    fn a_token_for_some_portals_sees_nothing_else() {
        let (own, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let scopes = vec![Scope::parse("write").unwrap()];
        let bound = Permission::new(scopes, Some(vec![own]));
        for (path, open) in [
            (format!("/v3/portals/{own}"), true),
            (format!("/v2/portals/{own}/developers"), true),
            (format!("/v3/portals/{other}"), false),
            ("/v3/portals".into(), false),
            (format!("/v3/apis/{own}"), false),
            (format!("/v3/applications/{own}"), false),
            ("/v3/portals/email-templates".into(), false),
        ] {
            assert_eq!(bound.allows(&Method::GET, &path), open, "{path}");
        }
    }

    #[test]
    fn nobody_gives_away_more_than_they_have() {
        for (own, others, covered) in [
            (&["write"][..], &["write", "apis:read"][..], true),
            (&["read"], &["apis:read"], true),
            (&["read"], &["apis:write"], false),
            (&["tokens:write"], &["tokens:read"], true),
            (&["tokens:write"], &["apis:read"], false),
            (&["tokens:write"], &["read"], false),
        ] {
            assert_eq!(permission(own).covers(&permission(others)), covered, "{own:?} {others:?}");
        }
        let scopes = || vec![Scope::parse("write").unwrap()];
        let bound = Permission::new(scopes(), Some(vec![Uuid::from_u128(1)]));
        assert!(Permission::everything().covers(&bound));
        assert!(!bound.covers(&Permission::everything()));
        assert!(bound.covers(&bound.clone()));
    }

    #[test]
    fn spellings_are_read_and_nothing_else() {
        for text in Scope::spellings() {
            assert!(Scope::parse(&text).is_some(), "{text}");
        }
        for text in ["", "admin", "portals", "portals:", "portals:admin", ":read", "x:read"] {
            assert!(Scope::parse(text).is_none(), "{text}");
        }
    }
}
