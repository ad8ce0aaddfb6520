//! How often an API is called.

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use maud::html;

use super::super::Administrator;
use super::super::traffic;
use super::Api;
use crate::Web;
use crate::list::Asked;
use crate::refusal::Refusal;

pub(super) fn routes() -> Router<Web> {
    Router::new().route("/apis/{id}/usage", get(show))
}

async fn show(
    admin: Administrator,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, Refusal> {
    let api = Api::find(&admin, &id).await?;
    let main = traffic::of_api(&admin, &id, &asked, &html! {}).await?;
    Ok(admin.page(&api.page(&admin, "/usage", &main)))
}
