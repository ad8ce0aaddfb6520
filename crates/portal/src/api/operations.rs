//! Health, readiness, metrics.

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use crate::app::App;
use crate::mail;
use crate::problem::Problem;
use crate::store::entity::{delivery, outbox};

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
    let db = app.store.db();
    let mails = |state: &str| outbox::Entity::find().filter(outbox::Column::State.eq(state));
    let waiting = mails(mail::WAITING).count(db).await?;
    let failed = mails(mail::FAILED).count(db).await?;
    let told = delivery::Column::State.eq(crate::webhook::delivery::WAITING);
    let untold = delivery::Entity::find().filter(told).count(db).await?;
    let text = app.metrics.show(&[
        ("gatekey_revision", "Newest revision of the policy", revision.0),
        ("gatekey_outbox_messages", "E-mails that wait for delivery", waiting),
        ("gatekey_outbox_failed_messages", "E-mails that were given up", failed),
        ("gatekey_webhook_messages", "Events that wait for delivery to webhooks", untold),
    ]);
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4")], text))
}
