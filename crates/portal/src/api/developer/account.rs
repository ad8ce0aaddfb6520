//! Accounts and sessions: `developer/...`, and `portal`, which says how to sign in.

use aide::OperationOutput;
use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use aide::generate::GenContext;
use aide::openapi::{Operation, Response as ApiResponse, StatusCode as ApiStatus};
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::{BASE, profile};
use crate::actor::{ClientAddress, SignedIn, Visitor, cookie};
use crate::api::extension;
use crate::api::reply::{Accepted, Done, Made, NoContent, Shown};
use crate::api::shape::Instant;
use crate::app::App;
use crate::input::Body;
use crate::problem::Problem;
use crate::session;
use crate::site::Site;
use crate::store::entity::developer;
use crate::usecase::account::{self, ForgotPassword, ResetPassword, SignIn, SignUp, VerifyAddress};
use crate::usecase::{domain, identity_provider};

const TAG: &str = "Developer";

/// 204, with cookies.
#[derive(Debug)]
struct Cookies([HeaderValue; 2]);

impl IntoResponse for Cookies {
    fn into_response(self) -> Response {
        let headers = self.0.map(|value| (SET_COOKIE, value));
        (StatusCode::NO_CONTENT, AppendHeaders(headers)).into_response()
    }
}

impl OperationOutput for Cookies {
    type Inner = ();

    fn operation_response(ctx: &mut GenContext, operation: &mut Operation) -> Option<ApiResponse> {
        NoContent::operation_response(ctx, operation)
    }

    fn inferred_responses(
        ctx: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<ApiStatus>, ApiResponse)> {
        NoContent::inferred_responses(ctx, operation)
    }
}

/// A portal, as its visitors see it.
#[derive(Debug, Serialize, JsonSchema)]
struct PortalContext {
    portal_id: Uuid,
    /// There is one organisation; its id is nil.
    org_id: Uuid,
    name: String,
    authentication_enabled: bool,
    basic_auth_enabled: bool,
    oidc_auth_enabled: bool,
    saml_auth_enabled: bool,
    rbac_enabled: bool,
    canonical_domain: String,
}

/// The token that allows to set a password.
#[derive(Debug, Serialize, JsonSchema)]
struct Verified {
    email: String,
    token: Uuid,
}

/// A developer, as they see themselves.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Developer")]
pub(super) struct Me {
    id: Uuid,
    email: String,
    full_name: String,
    created_at: Instant,
    updated_at: Instant,
}

impl From<developer::Model> for Me {
    fn from(row: developer::Model) -> Self {
        Self {
            id: row.id,
            email: row.email,
            full_name: row.full_name,
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            &format!("{BASE}/portal"),
            get_with(context, |op| op.id("get-portal-context").tag("Portal")),
        )
        .api_route(
            &format!("{BASE}/developer"),
            post_with(sign_up, |op| op.id("register").tag(TAG)),
        )
        .api_route(
            &format!("{BASE}/developer/verify-email"),
            post_with(verify, |op| op.id("verify-email").tag(TAG)),
        )
        .api_route(
            &format!("{BASE}/developer/reset-password"),
            post_with(reset, |op| op.id("reset-password").tag(TAG)),
        )
        .api_route(
            &format!("{BASE}/developer/forgot-password"),
            post_with(forgot, |op| op.id("forgot-password").tag(TAG)),
        )
        .api_route(
            &format!("{BASE}/developer/authenticate"),
            post_with(authenticate, |op| op.id("authenticate").tag(TAG)),
        )
        .api_route(
            &format!("{BASE}/developer/refresh"),
            post_with(refresh, |op| op.id("refresh").tag(TAG)),
        )
        .api_route(
            &format!("{BASE}/developer/logout"),
            post_with(logout, |op| op.id("logout").tag(TAG)),
        )
        .api_route(
            &format!("{BASE}/developer/me"),
            get_with(me, |op| op.id("get-developer-me").tag(TAG))
                .patch_with(profile::update, |op| extension(op).id("update-developer-me").tag(TAG)),
        )
}

async fn context(
    State(app): State<App>,
    Visitor { portal, .. }: Visitor,
) -> Result<Shown<PortalContext>, Problem> {
    let db = app.store.db();
    let provider = identity_provider::enabled(db, portal.id).await?;
    let sign_in = identity_provider::settings::of(db, portal.id).await?;
    let domain = domain::canonical(db, core::slice::from_ref(&portal)).await?.remove(&portal.id);
    Ok(Shown(PortalContext {
        portal_id: portal.id,
        org_id: Uuid::nil(),
        name: portal.display_name,
        authentication_enabled: portal.authentication_enabled,
        basic_auth_enabled: portal.authentication_enabled && sign_in.basic_auth,
        oidc_auth_enabled: portal.authentication_enabled && provider.is_some(),
        saml_auth_enabled: false,
        rbac_enabled: portal.rbac_enabled,
        canonical_domain: domain.unwrap_or(portal.default_domain),
    }))
}

async fn sign_up(
    State(app): State<App>,
    visitor: Visitor,
    address: ClientAddress,
    body: Body<SignUp>,
) -> Result<Made, Problem> {
    account::sign_up(&app, &visitor.portal, address, body.0).await?;
    Ok(Made)
}

async fn verify(
    State(app): State<App>,
    visitor: Visitor,
    address: ClientAddress,
    body: Body<VerifyAddress>,
) -> Result<Accepted<Verified>, Problem> {
    let (email, token) = account::verify_address(&app, &visitor.portal, address, body.0).await?;
    Ok(Accepted(Verified { email, token }))
}

async fn reset(
    State(app): State<App>,
    visitor: Visitor,
    address: ClientAddress,
    body: Body<ResetPassword>,
) -> Result<NoContent, Problem> {
    account::reset_password(&app, &visitor.portal, address, body.0).await?;
    Ok(NoContent)
}

async fn forgot(
    State(app): State<App>,
    visitor: Visitor,
    address: ClientAddress,
    body: Body<ForgotPassword>,
) -> Result<Done, Problem> {
    account::forgot_password(&app, &visitor.portal, address, body.0).await?;
    Ok(Done)
}

async fn authenticate(
    State(app): State<App>,
    visitor: Visitor,
    site: Site,
    address: ClientAddress,
    headers: HeaderMap,
    body: Body<SignIn>,
) -> Result<Cookies, Problem> {
    let tokens = account::authenticate(&app, &visitor.portal, address, body.0).await?;
    // The session that the browser had is not the one that it gets.
    if let Some(token) = cookie(&headers, session::ACCESS_COOKIE) {
        session::end(&app, visitor.portal.id, token).await?;
    }
    tokens.cookies(&app, &site, visitor.portal.id).map(Cookies)
}

async fn refresh(
    State(app): State<App>,
    visitor: Visitor,
    site: Site,
    headers: HeaderMap,
) -> Result<Cookies, Problem> {
    let token = cookie(&headers, session::REFRESH_COOKIE).ok_or_else(Problem::unauthorized)?;
    let tokens = session::refresh(&app, visitor.portal.id, token).await?;
    tokens.ok_or_else(Problem::unauthorized)?.cookies(&app, &site, visitor.portal.id).map(Cookies)
}

async fn logout(
    State(app): State<App>,
    visitor: Visitor,
    site: Site,
    headers: HeaderMap,
) -> Result<Cookies, Problem> {
    if let Some(token) = cookie(&headers, session::ACCESS_COOKIE) {
        session::end(&app, visitor.portal.id, token).await?;
    }
    session::no_cookies(&site, visitor.portal.id).map(Cookies)
}

async fn me(SignedIn { developer, .. }: SignedIn) -> Result<Shown<Me>, Problem> {
    Ok(Shown(developer.into()))
}
