//! The HTTP API: routes, handlers, and the description at `/openapi.json` that is made of them.

use core::net::SocketAddr;

use aide::axum::ApiRouter;
use aide::openapi::OpenApi;
use aide::transform::{TransformOpenApi, TransformOperation};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Request};
use axum::http::Extensions;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;

use crate::actor::{ADMIN_SCHEME, DEVELOPER_SCHEME, GATEWAY_SCHEME};
use crate::app::App;
use crate::problem::Problem;
use crate::site::Site;

mod alias;
mod authorization;
mod developer;
mod enforcement;
mod frame;
mod gateway;
mod host;
mod identity;
pub(crate) mod management;
mod media;
mod operations;
mod path_parameters;
mod registration_history;
pub(crate) mod reply;
mod shape;
mod v2;
mod view;

/// Where the description of the API is.
pub(crate) const OPENAPI_PATH: &str = "/openapi.json";

/// Every route.
pub(crate) fn router(app: App) -> Router {
    let (operations, description) = described();
    let text = Bytes::from(description_text(&description));
    let show = move || async move { ([(CONTENT_TYPE, "application/json")], text) };
    let operations = operations.layer(from_fn_with_state(app.clone(), enforcement::wait));
    let pages = gatekey_web::routes(gatekey_web::Config {
        api: within(operations.clone(), app.clone()),
        form_key: app.form_key(),
        base_url: app.config.base_url().to_owned(),
    });
    let router = operations
        .merge(operations::routes())
        .merge(authorization::routes(app.clone()))
        .route(OPENAPI_PATH, get(show))
        .merge(pages.layer(from_fn(mount)).with_state(()))
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(from_fn_with_state(app.clone(), frame::frame))
        .with_state(app.clone());
    // Outside, because an alias is another path and may be another route, and so is what a portal's own
    // host name stands for.
    Router::new()
        .fallback_service(router)
        .layer(from_fn(alias::serve))
        .layer(from_fn_with_state(app, host::route))
}

/// The operations as pages call them: part of a request that is framed already.
fn within(operations: Router<App>, app: App) -> Router {
    operations
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(from_fn_with_state(app.clone(), frame::within))
        .with_state(app)
}

/// Tells the pages how they are reached, and what their calls have to carry on.
async fn mount(mut request: Request, next: Next) -> Response {
    let mut carried = Extensions::new();
    let extensions = request.extensions();
    if let Some(peer) = extensions.get::<ConnectInfo<SocketAddr>>() {
        carried.insert(*peer);
    }
    let site = extensions.get::<Site>().cloned().unwrap_or_default();
    let own_host = matches!(site, Site::Own(_));
    carried.insert(site);
    request.extensions_mut().insert(gatekey_web::Mount { own_host, carried });
    next.run(request).await
}

/// Marks an operation that Konnect does not have.
fn extension(mut op: TransformOperation<'_>) -> TransformOperation<'_> {
    op.inner_mut().extensions.insert("x-gatekey-extension".into(), true.into());
    op
}

/// The description of the API as it is served, and as it is kept beside the source.
pub fn openapi() -> String {
    description_text(&described().1)
}

fn described() -> (Router<App>, OpenApi) {
    aide::generate::reset_context();
    let mut description = OpenApi::default();
    let router = ApiRouter::new()
        .merge(management::routes())
        .merge(v2::routes())
        .merge(identity::routes())
        .merge(developer::routes())
        .merge(registration_history::routes())
        .merge(gateway::routes())
        .finish_api_with(&mut description, describe);
    path_parameters::complete(&mut description);
    (router, description)
}

fn describe(api: TransformOpenApi<'_>) -> TransformOpenApi<'_> {
    use aide::openapi::{ApiKeyLocation, SecurityScheme};
    let bearer = |description: &str| SecurityScheme::Http {
        scheme: "bearer".into(),
        bearer_format: None,
        description: Some(description.into()),
        extensions: Default::default(),
    };
    api.title("Gatekey portal")
        .version(env!("CARGO_PKG_VERSION"))
        .description(
            "Management API, developer API and gateway sync of a Gatekey portal. Management and \
             developer API have the paths, names and status codes of Konnect's.\n\n\
             Extensions: operations with `x-gatekey-extension`, and on every write of both APIs \
             the query `wait_for=gateways` with `timeout` in seconds (0 to 60, 10 if absent). \
             The answer then comes when every running gateway enforces the change, or when the \
             time is over, and says which in the header `gatekey-enforcement`.",
        )
        .security_scheme(ADMIN_SCHEME, bearer("The administrator's token."))
        .security_scheme(GATEWAY_SCHEME, bearer("The gateways' token."))
        .security_scheme(
            DEVELOPER_SCHEME,
            SecurityScheme::ApiKey {
                location: ApiKeyLocation::Cookie,
                name: crate::session::ACCESS_COOKIE.into(),
                description: Some("The cookie of a developer who signed in.".into()),
                extensions: Default::default(),
            },
        )
}

fn description_text(description: &OpenApi) -> String {
    let mut text = serde_json::to_string_pretty(description).unwrap_or_default();
    text.push('\n');
    text
}
