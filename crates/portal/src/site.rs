//! Where a portal is reached: below its path on the portal's own address, or under a host name that
//! is its own.

use core::convert::Infallible;

use aide::OperationInput;
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::HOST;
use axum::http::request::Parts;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};
use uuid::Uuid;

use crate::app::App;
use crate::input::is_uuid;
use crate::problem::Problem;
use crate::store::entity::portal_domain;

/// How a request reached its portal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Site {
    /// Below `/portals/{portalId}`: portals share a host.
    #[default]
    Shared,
    /// Under this host name and port, which are the portal's alone.
    Own(String),
}

impl Site {
    /// The path below which the portal's paths are.
    pub(crate) fn path(&self, portal: Uuid) -> String {
        match self {
            Self::Shared => format!("/portals/{portal}"),
            Self::Own(_) => String::new(),
        }
    }

    /// The URL below which the portal's paths are.
    pub(crate) fn base(&self, app: &App, portal: Uuid) -> String {
        let public = app.config.base_url();
        match self {
            Self::Shared => format!("{public}/portals/{portal}"),
            Self::Own(authority) => {
                let scheme = if public.starts_with("http://") { "http" } else { "https" };
                format!("{scheme}://{authority}")
            }
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Site {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

impl OperationInput for Site {}

/// The host that a request names, with its port.
pub(crate) fn authority(headers: &HeaderMap, target: Option<&str>) -> Option<String> {
    let named = headers.get(HOST).and_then(|host| host.to_str().ok());
    named.or(target).map(str::to_ascii_lowercase)
}

/// The portal whose host name it is: its default domain, or a domain of its own that is enabled.
pub(crate) async fn portal_of(app: &App, authority: &str) -> Result<Option<Uuid>, Problem> {
    let host = host_of(authority);
    let below = host.strip_suffix(&app.config.portal_domain.to_ascii_lowercase());
    if let Some(label) = below.and_then(|label| label.strip_suffix('.')) {
        let id = Some(label).filter(|label| is_uuid(label));
        return Ok(id.and_then(|label| Uuid::try_parse(label).ok()));
    }
    if !host.contains('.') || is_address(host) || Some(host) == base_host(app).as_deref() {
        return Ok(None);
    }
    let db = app.store.db();
    let found = portal_domain::Entity::find()
        .filter(portal_domain::Column::Hostname.eq(host))
        .filter(portal_domain::Column::Enabled.eq(true))
        .one(db)
        .await?;
    let Some(found) = found else { return Ok(None) };
    if found.seen_at.is_none() {
        portal_domain::Entity::update_many()
            .set(portal_domain::ActiveModel {
                seen_at: Set(Some(app.clock.now())),
                ..Default::default()
            })
            .filter(portal_domain::Column::PortalId.eq(found.portal_id))
            .filter(portal_domain::Column::Hostname.eq(found.hostname))
            .exec(db)
            .await?;
    }
    Ok(Some(found.portal_id))
}

/// The host name under which the portal itself is reached.
pub(crate) fn base_host(app: &App) -> Option<String> {
    let base = app.config.base_url();
    let authority = base.split_once("://")?.1.split('/').next()?.to_ascii_lowercase();
    Some(host_of(&authority).to_owned())
}

/// Without the port, and without the dot at the end that makes a name absolute.
fn host_of(authority: &str) -> &str {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    host.strip_suffix('.').unwrap_or(host)
}

fn is_address(host: &str) -> bool {
    host.starts_with('[') || host.parse::<core::net::Ipv4Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_what_stands_before_the_port() {
        for (authority, host) in [
            ("a.test", "a.test"),
            ("a.test:8443", "a.test"),
            ("a.test.", "a.test"),
            ("a.test.:80", "a.test"),
            ("[::1]:80", "[::1]"),
        ] {
            assert_eq!(host_of(authority), host);
        }
        assert!(is_address("[::1]") && is_address("10.0.0.1") && !is_address("a.10"));
    }
}
