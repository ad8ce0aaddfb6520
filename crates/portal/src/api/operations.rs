//! Health, readiness, metrics.

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use sea_orm::{EntityTrait, PaginatorTrait};

use crate::app::App;
use crate::problem::Problem;
use crate::store::entity::outbox;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
}

/// Ready when the database answers.
async fn ready(State(app): State<App>) -> Result<&'static str, Problem> {
    app.store.look().await.map_err(Problem::unavailable)?;
    Ok("ready\n")
}

async fn metrics(State(app): State<App>) -> Result<impl IntoResponse, Problem> {
    let revision = app.store.look().await?;
    let waiting = outbox::Entity::find().count(app.store.db()).await?;
    let text = app.metrics.show(&[
        ("gatekey_revision", "Newest revision of the policy", revision.0),
        ("gatekey_outbox_messages", "E-mails that wait for delivery", waiting),
    ]);
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4")], text))
}
