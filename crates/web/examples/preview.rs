//! Shows the pages of this source on the API of a portal that runs elsewhere, so that they can be
//! worked on without building the portal:
//! `cargo run -p gatekey-web --example preview -- http://127.0.0.1:8180 127.0.0.1:8280`.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};

#[derive(Clone)]
struct Portal {
    base: String,
    agent: ureq::Agent,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn core::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(base), Some(listen)) = (arguments.next(), arguments.next()) else {
        return Err("usage: preview URL-OF-PORTAL ADDRESS:PORT".into());
    };
    let as_it_is = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0);
    let agent = as_it_is.max_redirects_will_error(false).allow_non_standard_methods(true);
    let agent = agent.build().new_agent();
    let api = Router::new().fallback(forward).with_state(Portal { base, agent });
    let base_url = format!("http://{listen}");
    let pages =
        gatekey_web::routes(gatekey_web::Config { api: api.clone(), form_key: [1; 32], base_url });
    let listener = tokio::net::TcpListener::bind(listen).await?;
    axum::serve(listener, pages.fallback_service(api)).await?;
    Ok(())
}

async fn forward(State(portal): State<Portal>, request: Request) -> Response {
    match forwarded(&portal, request).await {
        Ok(response) => response,
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

async fn forwarded(
    portal: &Portal,
    request: Request,
) -> Result<Response, Box<dyn core::error::Error + Send + Sync>> {
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, 64 << 20).await?;
    parts.uri = format!("{}{}", portal.base, parts.uri).parse::<Uri>()?;
    for name in ["host", "origin", "content-length"] {
        parts.headers.remove(name);
    }
    parts.extensions.clear();
    let mut asked = axum::http::Request::new(body.to_vec());
    *asked.method_mut() = parts.method;
    *asked.uri_mut() = parts.uri;
    *asked.headers_mut() = parts.headers;
    let agent = portal.agent.clone();
    let answer = tokio::task::spawn_blocking(move || {
        let mut answer = agent.run(asked)?;
        let body = answer.body_mut().with_config().limit(64 << 20).read_to_vec()?;
        Ok::<_, ureq::Error>((answer.status(), answer.headers().clone(), body))
    });
    let (status, mut headers, body) = answer.await??;
    headers.remove("transfer-encoding");
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}
