//! Changes keys, on schedule and on demand.
//!
//! Several portals may share a database. Each decides what to do inside a transaction that holds
//! the lock on the server's row, from what it reads there; the others then find nothing to do.

use core::time::Duration;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::super::algorithm::Algorithm;
use super::material::{self, Fresh};
use super::place;
use super::schedule::{ACTIVE, Of, PENDING, Plan, RETIRING, Urgency, plan};
use crate::app::App;
use crate::clock::millis;
use crate::problem::Problem;
use crate::store::entity::{auth_key, auth_server};

/// How often the schedule is looked at.
const PERIOD: Duration = Duration::from_secs(20);

/// Changes keys on schedule for as long as the portal runs.
pub(crate) async fn rotate_forever(app: App) {
    let mut period = tokio::time::interval(PERIOD);
    // The first tick is at once, when nothing is due that a start must wait for.
    period.tick().await;
    loop {
        period.tick().await;
        if let Err(problem) = rotate_due(&app).await {
            tracing::warn!(cause = ?problem, "cannot change signing keys");
        }
    }
}

/// Changes the keys whose time has come, of every server.
pub(crate) async fn rotate_due(app: &App) -> Result<(), Problem> {
    let db = app.store.db();
    let servers = auth_server::Entity::find().all(db).await?;
    let keys = auth_key::Entity::find().all(db).await?;
    for server in servers {
        let of = Of { server: server.id, algorithm: &server.algorithm };
        let due = plan(of, &keys, app.clock.now(), Urgency::Scheduled, &app.config.identity);
        if !due.is_empty() {
            advance(app, server.id, Urgency::Scheduled).await?;
        }
    }
    Ok(())
}

/// Changes the keys of a server, if it is time or is asked for. The answer are its keys then.
pub(crate) async fn advance(
    app: &App,
    server: Uuid,
    urgency: Urgency,
) -> Result<Vec<auth_key::Model>, Problem> {
    let found = super::super::server::find(app.store.db(), server).await?;
    let keys = keys_of(app.store.db(), server).await?;
    let of = Of { server, algorithm: &found.algorithm };
    let looked = plan(of, &keys, app.clock.now(), urgency, &app.config.identity);
    if looked.is_empty() {
        return Ok(keys);
    }
    let fresh = match looked.make {
        Some(_) => Some(make(Algorithm::of(&found.algorithm)?).await?),
        None => None,
    };
    let tx = app.store.begin().await?;
    let locked = auth_server::Entity::find_by_id(server).lock_exclusive().one(&tx).await?;
    let locked = locked.ok_or_else(Problem::not_found)?;
    let keys = keys_of(&tx, server).await?;
    let now = app.clock.now();
    let of = Of { server, algorithm: &locked.algorithm };
    let plan = plan(of, &keys, now, urgency, &app.config.identity);
    // The algorithm may have changed meanwhile; the schedule comes back to it.
    let fresh = fresh.filter(|_| locked.algorithm == found.algorithm);
    apply(app, &tx, &locked, keys, plan, fresh, now).await?;
    let keys = keys_of(&tx, server).await?;
    tx.commit().await?;
    app.identity.forget(server);
    Ok(keys)
}

/// The first key of a new server, made before the transaction that makes the server.
pub(crate) struct FirstKey(Algorithm, Fresh);

impl FirstKey {
    /// Makes a key.
    pub(crate) async fn make(algorithm: Algorithm) -> Result<Self, Problem> {
        Ok(Self(algorithm, make(algorithm).await?))
    }

    /// Gives it to a server.
    pub(crate) async fn give(
        self,
        app: &App,
        tx: &impl ConnectionTrait,
        server: Uuid,
        now: i64,
    ) -> Result<(), Problem> {
        insert(app, tx, server, self.0, self.1, now, now).await
    }
}

/// RSA keys take long to make: on a thread of their own.
async fn make(algorithm: Algorithm) -> Result<Fresh, Problem> {
    if !algorithm.is_rsa() {
        return material::generate(algorithm);
    }
    let made = tokio::task::spawn_blocking(move || material::generate(algorithm)).await;
    made.map_err(Problem::internal)?
}

async fn keys_of(db: &impl ConnectionTrait, server: Uuid) -> Result<Vec<auth_key::Model>, Problem> {
    Ok(auth_key::Entity::find()
        .filter(auth_key::Column::ServerId.eq(server))
        .order_by_asc(auth_key::Column::CreatedAt)
        .order_by_asc(auth_key::Column::Kid)
        .all(db)
        .await?)
}

async fn apply(
    app: &App,
    tx: &impl ConnectionTrait,
    server: &auth_server::Model,
    keys: Vec<auth_key::Model>,
    plan: Plan,
    fresh: Option<Fresh>,
    now: i64,
) -> Result<(), Problem> {
    if plan.make.is_some() && fresh.is_none() {
        // A key would be needed that is not there: nothing at all is done.
        return Ok(());
    }
    for kid in &plan.remove {
        auth_key::Entity::delete_by_id(kid.clone()).exec(tx).await?;
        tracing::info!(server = %server.id, kid, "a signing key was removed");
    }
    for mut key in keys {
        if plan.retire.contains(&key.kid) {
            key.state = RETIRING.into();
            key.retires_at = Some(now);
            key.removes_at = Some(now.saturating_add(millis(app.config.identity.keep_retired)));
        } else if plan.promote.as_ref() == Some(&key.kid) {
            tracing::info!(server = %server.id, kid = key.kid, "a signing key took over");
            key.state = ACTIVE.into();
            key.activates_at = now;
        } else if let Some((_, soon)) = plan.hasten.as_ref().filter(|(kid, _)| *kid == key.kid) {
            key.activates_at = *soon;
        } else {
            continue;
        }
        key.into_active_model().reset_all().update(tx).await?;
    }
    if let (Some(activates_at), Some(fresh)) = (plan.make, fresh) {
        let algorithm = Algorithm::of(&server.algorithm)?;
        insert(app, tx, server.id, algorithm, fresh, now, activates_at).await?;
    }
    Ok(())
}

async fn insert(
    app: &App,
    tx: &impl ConnectionTrait,
    server: Uuid,
    algorithm: Algorithm,
    fresh: Fresh,
    now: i64,
    activates_at: i64,
) -> Result<(), Problem> {
    let private_key = app.secrets.vault.seal(place(&fresh.kid), fresh.pkcs8.expose())?;
    let made = auth_key::Model {
        kid: fresh.kid,
        server_id: server,
        algorithm: algorithm.as_str().into(),
        state: if activates_at <= now { ACTIVE } else { PENDING }.into(),
        public_jwk: fresh.public_jwk,
        private_key,
        created_at: now,
        activates_at,
        retires_at: None,
        removes_at: None,
    };
    tracing::info!(server = %server, kid = made.kid, state = made.state, "a signing key was made");
    made.into_active_model().insert(tx).await?;
    Ok(())
}
