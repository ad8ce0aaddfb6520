//! Who calls: an administrator, a gateway, a visitor of a portal, a developer who signed in.
//!
//! Each is an extractor; a handler that takes one cannot be reached by anybody else.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use aide::OperationInput;
use aide::generate::GenContext;
use aide::openapi::{Operation, SecurityRequirement};
use axum::extract::{ConnectInfo, FromRequestParts, RawPathParams};
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::request::Parts;
use gatekey_core::secret::Secret;
use sea_orm::sea_query::SelectStatement;
use sea_orm::{EntityTrait, QuerySelect, QueryTrait};
use uuid::Uuid;

use crate::app::App;
use crate::call::{self, Who};
use crate::entropy::digest_of;
use crate::problem::Problem;
use crate::scope::Permission;
use crate::session;
use crate::store::entity::{api, developer, portal, publication};
use crate::usecase::admin_session::{self, Proof};
use crate::usecase::{catalogue, network};

/// The name of the security scheme of the management API.
pub(crate) const ADMIN_SCHEME: &str = "adminToken";
/// The name of the security scheme of gateways.
pub(crate) const GATEWAY_SCHEME: &str = "gatewayToken";
/// The name of the security scheme of the developer API.
pub(crate) const DEVELOPER_SCHEME: &str = "portalAccessToken";

/// Somebody with a token of an administrator that is good for this request.
#[derive(Debug)]
pub(crate) struct Admin {
    /// What the token may do.
    pub(crate) permission: Permission,
}

impl FromRequestParts<App> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let proof = proof(&parts.headers, app).await?;
        let permission = proof.permission();
        if permission.allows(&parts.method, parts.uri.path()) {
            return Ok(Self { permission });
        }
        Err(Problem::forbidden("You do not have permission to perform this action"))
    }
}

/// Somebody with a token of an administrator, or with a session: what is asked is about that itself,
/// so that it does not matter what it is good for.
#[derive(Debug)]
pub(crate) struct AdminSession(pub(crate) Proof);

impl FromRequestParts<App> for AdminSession {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        proof(&parts.headers, app).await.map(Self)
    }
}

/// Who is an administrator, by what a request shows.
async fn proof(headers: &HeaderMap, app: &App) -> Result<Proof, Problem> {
    let shown = bearer(headers).ok_or_else(Problem::unauthorized)?;
    let proof = admin_session::proven(app, shown).await?.ok_or_else(Problem::unauthorized)?;
    proof.is_known();
    Ok(proof)
}

/// A token of an administrator that a request shows, of which nobody knows yet whether it is one.
#[derive(Debug)]
pub(crate) struct ShownToken(pub(crate) Secret<String>);

impl FromRequestParts<App> for ShownToken {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let shown = bearer(&parts.headers).ok_or_else(Problem::unauthorized)?;
        Ok(Self(Secret::new(shown.to_owned())))
    }
}

/// A gateway.
#[derive(Debug)]
pub(crate) struct Gateway;

impl FromRequestParts<App> for Gateway {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let token = bearer(&parts.headers).ok_or_else(Problem::unauthorized)?;
        // Digests are compared in constant time: the time tells nothing of the token.
        if digest_of(token) != app.gateway_digest {
            return Err(Problem::unauthorized());
        }
        call::known(Who::Gateway);
        Ok(Self)
    }
}

/// The one token that a request carries.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// Anybody who looks at a portal, signed in or not.
#[derive(Debug)]
pub(crate) struct Visitor {
    /// The portal in the path.
    pub(crate) portal: portal::Model,
    /// Who it is, when signed in.
    pub(crate) developer: Option<developer::Model>,
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, app).await;
        let params = params.map_err(|_| Problem::not_found())?;
        let id = params.iter().find(|(name, _)| *name == "portalId");
        let id = id.and_then(|(_, value)| Uuid::try_parse(value).ok());
        let id = id.ok_or_else(Problem::not_found)?;
        let portal = portal::Entity::find_by_id(id).one(app.store.db()).await?;
        let portal = portal.ok_or_else(Problem::not_found)?;
        let Ok(ClientAddress(address)) = ClientAddress::from_request_parts(parts, app).await;
        network::let_in(app, &portal, address).await?;
        let developer = match cookie(&parts.headers, session::ACCESS_COOKIE) {
            Some(token) if portal.authentication_enabled => {
                session::developer(app, portal.id, token).await?
            }
            _ => None,
        };
        call::at(portal.id);
        if let Some(developer) = &developer {
            call::known(Who::Developer { id: developer.id, portal: developer.portal_id });
        }
        Ok(Self { portal, developer })
    }
}

impl Visitor {
    /// An API that they see, by id or slug, and how it is published.
    pub(crate) async fn api(
        &self,
        app: &App,
        id_or_slug: &str,
    ) -> Result<(api::Model, publication::Model), Problem> {
        let developer = self.developer.as_ref();
        catalogue::find(app.store.db(), &self.portal, developer, id_or_slug).await
    }

    /// The ids of the APIs that they see.
    pub(crate) async fn apis(&self, _: &App) -> Result<SelectStatement, Problem> {
        let seen = catalogue::visible(&self.portal, self.developer.as_ref());
        Ok(seen.select_only().column(api::Column::Id).into_query())
    }
}

/// A developer who signed in on the portal in the path.
#[derive(Debug)]
pub(crate) struct SignedIn {
    /// The portal.
    pub(crate) portal: portal::Model,
    /// The developer.
    pub(crate) developer: developer::Model,
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let visitor = Visitor::from_request_parts(parts, app).await?;
        let developer = visitor.developer.ok_or_else(Problem::unauthorized)?;
        call::known(Who::Developer { id: developer.id, portal: developer.portal_id });
        Ok(Self { portal: visitor.portal, developer })
    }
}

/// A developer who signed in, and the session that proves it.
#[derive(Debug)]
pub(crate) struct OwnSession {
    /// The portal.
    pub(crate) portal: portal::Model,
    /// The developer.
    pub(crate) developer: developer::Model,
    /// The session's id.
    pub(crate) session: Uuid,
}

impl FromRequestParts<App> for OwnSession {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let SignedIn { portal, .. } = SignedIn::from_request_parts(parts, app).await?;
        let token = cookie(&parts.headers, session::ACCESS_COOKIE);
        let token = token.ok_or_else(Problem::unauthorized)?;
        let found = session::signed_in(app, portal.id, token).await?;
        let (developer, session) = found.ok_or_else(Problem::unauthorized)?;
        Ok(Self { portal, developer, session: session.id })
    }
}

/// The address that a request came from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

impl FromRequestParts<App> for ClientAddress {
    type Rejection = core::convert::Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        app: &App,
    ) -> Result<Self, core::convert::Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.0.ip());
        let forwarded = forwarded(&parts.headers, app.config.trusted_proxies);
        Ok(Self(forwarded.unwrap_or(peer)))
    }
}

/// The address that the outermost trusted proxy saw. What stands left of it the client can say.
fn forwarded(headers: &HeaderMap, proxies: usize) -> Option<IpAddr> {
    let behind = proxies.checked_sub(1)?;
    let values = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<_> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
    hops.iter().rev().nth(behind)?.parse().ok()
}

/// The value of a cookie. One that is sent twice is not believed at all.
pub(crate) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs =
        lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut found = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value);
    let value = found.next()?;
    found.next().is_none().then_some(value)
}

macro_rules! secured {
    ($($actor:ty: $scheme:expr;)*) => {$(
        impl OperationInput for $actor {
            fn operation_input(_: &mut GenContext, operation: &mut Operation) {
                let scheme = ($scheme.to_owned(), Vec::new());
                operation.security = vec![SecurityRequirement::from_iter([scheme])];
            }
        }
    )*};
}

secured! {
    Admin: ADMIN_SCHEME;
    AdminSession: ADMIN_SCHEME;
    ShownToken: ADMIN_SCHEME;
    Gateway: GATEWAY_SCHEME;
    OwnSession: DEVELOPER_SCHEME;
    SignedIn: DEVELOPER_SCHEME;
}

impl OperationInput for Visitor {}
impl OperationInput for ClientAddress {}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn one_token_is_read_and_nothing_else() {
        let good = headers("authorization", &["bearer secret"]);
        assert_eq!(bearer(&good), Some("secret"));
        for bad in [&["Basic secret"][..], &["secret"], &["Bearer secret", "Bearer secret"], &[]] {
            assert_eq!(bearer(&headers("authorization", bad)), None, "{bad:?}");
        }
    }

    #[test]
    fn a_cookie_that_comes_twice_is_not_believed() {
        assert_eq!(cookie(&headers("cookie", &["a=1; b=2"]), "b"), Some("2"));
        assert_eq!(cookie(&headers("cookie", &["a=1", "b=2"]), "b"), Some("2"));
        assert_eq!(cookie(&headers("cookie", &["b=1; b=2"]), "b"), None);
        assert_eq!(cookie(&headers("cookie", &["bb=1"]), "b"), None);
    }

    #[test]
    fn clients_cannot_choose_their_address() {
        let sent = headers("x-forwarded-for", &["6.6.6.6, 10.0.0.1", "10.0.0.2"]);
        assert_eq!(forwarded(&sent, 0), None);
        assert_eq!(forwarded(&sent, 1), Some([10, 0, 0, 2].into()));
        assert_eq!(forwarded(&sent, 2), Some([10, 0, 0, 1].into()));
        assert_eq!(forwarded(&sent, 9), None);
    }
}
