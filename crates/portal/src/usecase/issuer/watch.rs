//! Asks providers for their issuers, in the background.

use core::time::Duration;

use futures_util::StreamExt;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QuerySelect, Set};
use uuid::Uuid;

use super::{Discovery, all, check};
use crate::app::App;
use crate::clock;
use crate::problem::Problem;
use crate::store::entity::strategy;

/// How many providers are asked at a time.
const AT_ONCE: usize = 8;
/// How often strategies are looked at when nobody says that there is a new one: another portal may
/// have made it.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// The calls that a round with one provider takes at most.
const CALLS: u32 = 3;

/// Asks for as long as the portal runs.
pub(crate) async fn discover_forever(app: App) {
    loop {
        if let Err(error) = discover_due(&app).await {
            tracing::warn!(cause = ?error, "cannot discover issuers");
        }
        let _ = tokio::time::timeout(LOOK_EVERY, app.discovery_waiting.notified()).await;
    }
}

/// Tells that there is a strategy whose issuer is to be discovered.
pub(crate) fn wake(app: &App) {
    app.discovery_waiting.notify_one();
}

/// Asks every provider that is due, once.
pub(crate) async fn discover_due(app: &App) -> Result<(), Problem> {
    let now = app.clock.now();
    let due = all(app.store.db()).await?.into_iter();
    let due = due.filter(|row| Discovery::of(row).is_some_and(|known| known.due_at <= now));
    let due: Vec<Uuid> = due.map(|row| row.id).collect();
    let asked = due.into_iter().map(|id| async move {
        if lease(app, id).await? {
            check(app, id).await?;
        }
        Ok::<(), Problem>(())
    });
    let mut asked = futures_util::stream::iter(asked).buffer_unordered(AT_ONCE);
    let mut failure = None;
    while let Some(outcome) = asked.next().await {
        failure = failure.or(outcome.err());
    }
    failure.map_or(Ok(()), Err)
}

/// Puts the next attempt off until this one is certainly over: of several portals one asks.
async fn lease(app: &App, id: Uuid) -> Result<bool, Problem> {
    let tx = app.store.begin().await?;
    let Some(row) = strategy::Entity::find_by_id(id).lock_exclusive().one(&tx).await? else {
        return Ok(false);
    };
    let now = app.clock.now();
    let Some(known) = Discovery::of(&row).filter(|known| known.due_at <= now) else {
        return Ok(false);
    };
    let longest = clock::millis(app.config.outbound_timeout.saturating_mul(CALLS + 1));
    let leased = Discovery { due_at: now.saturating_add(longest), ..known };
    let mut row = row.into_active_model();
    row.discovery = Set(Some(leased.stored()?));
    row.update(&tx).await?;
    tx.commit().await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use core::sync::atomic::{AtomicU32, Ordering};
    use std::sync::Arc;

    use axum::http::StatusCode;
    use axum::{Json, Router};
    use serde_json::{Value, json};

    use super::*;
    use crate::usecase::issuer::Status;
    use crate::usecase::strategy::{self as strategies, NewStrategy};

    /// A provider that knows itself from its second answer on, and how often it was asked.
    async fn provider() -> (String, Arc<AtomicU32>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (asked, issuer) = (Arc::new(AtomicU32::new(0)), url.clone());
        let counted = Arc::clone(&asked);
        let answer = move || {
            let first = counted.fetch_add(1, Ordering::SeqCst) == 0;
            let status = if first { StatusCode::BAD_GATEWAY } else { StatusCode::OK };
            let body: Json<Value> = Json(json!({"issuer": issuer}));
            async move { (status, body) }
        };
        let path = "/.well-known/openid-configuration";
        let router = Router::new().route(path, axum::routing::get(answer));
        tokio::spawn(async { axum::serve(listener, router).await });
        (url, asked)
    }

    #[tokio::test]
    async fn of_several_portals_one_asks_and_asks_again_later() {
        let dir = tempfile::tempdir().unwrap();
        let app = App::of_test(&dir).await;
        let (url, asked) = provider().await;
        let new: NewStrategy = serde_json::from_value(json!({
            "name": "s", "display_name": "d", "strategy_type": "openid_connect",
            "configs": {"openid-connect": {
                "issuer": url, "credential_claim": ["sub"], "scopes": [],
                "auth_methods": ["bearer"]
            }}
        }))
        .unwrap();
        let id = strategies::create(&app, new).await.unwrap().id;
        let known = async || {
            let row = strategies::find(app.store.db(), id).await.unwrap();
            (Discovery::of(&row).unwrap().status, asked.load(Ordering::SeqCst))
        };
        assert_eq!(known().await, (Status::Pending, 0));
        let both = futures_util::future::join(discover_due(&app), discover_due(&app)).await;
        both.0.and(both.1).unwrap();
        assert_eq!(known().await, (Status::Failed, 1));
        // Not yet.
        discover_due(&app).await.unwrap();
        assert_eq!(known().await, (Status::Failed, 1));
        app.clock.advance(Duration::from_secs(3));
        discover_due(&app).await.unwrap();
        assert_eq!(known().await, (Status::Discovered, 2));
        app.clock.advance(Duration::from_secs(3_000));
        discover_due(&app).await.unwrap();
        assert_eq!(known().await, (Status::Discovered, 2));
        app.clock.advance(Duration::from_secs(700));
        discover_due(&app).await.unwrap();
        assert_eq!(known().await, (Status::Discovered, 3));
    }

    #[tokio::test]
    async fn one_that_was_taken_and_not_asked_is_taken_again() {
        let dir = tempfile::tempdir().unwrap();
        let app = App::of_test(&dir).await;
        let (url, asked) = provider().await;
        let new = json!({
            "name": "s", "display_name": "d", "strategy_type": "openid_connect",
            "configs": {"openid-connect": {
                "issuer": url, "credential_claim": ["sub"], "scopes": [],
                "auth_methods": ["bearer"]
            }}
        });
        let new = serde_json::from_value(new).unwrap();
        let id = strategies::create(&app, new).await.unwrap().id;
        assert!(lease(&app, id).await.unwrap());
        assert!(!lease(&app, id).await.unwrap());
        discover_due(&app).await.unwrap();
        assert_eq!(asked.load(Ordering::SeqCst), 0);
        app.clock.advance(app.config.outbound_timeout * (CALLS + 1));
        discover_due(&app).await.unwrap();
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }
}
