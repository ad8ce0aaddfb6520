//! Health, readiness, metrics.

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use crate::app::App;
use crate::problem::Problem;
use crate::store::entity::{delivery, outbox};
use crate::{mail, metrics};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(numbers))
}

/// Ready when the database answers.
async fn ready(State(app): State<App>) -> Result<&'static str, Problem> {
    app.store.look().await.map_err(Problem::unavailable)?;
    Ok("ready\n")
}

async fn numbers(State(app): State<App>) -> Result<impl IntoResponse, Problem> {
    let revision = app.store.look().await?;
    let db = app.store.db();
    let mails = |state: &str| outbox::Entity::find().filter(outbox::Column::State.eq(state));
    let waiting = mails(mail::WAITING).count(db).await?;
    let failed = mails(mail::FAILED).count(db).await?;
    let told = delivery::Column::State.eq(crate::webhook::delivery::WAITING);
    let untold = delivery::Entity::find().filter(told).count(db).await?;
    let text = app.metrics.show(&[
        (metrics::REVISION, revision.0),
        (metrics::MAILS_WAITING, waiting),
        (metrics::MAILS_FAILED, failed),
        (metrics::EVENTS_WAITING, untold),
    ]);
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4")], text))
}
