//! The audit log: who did what, in a chain that shows when it was changed.
//!
//! Every committed write of the management and the developer API leaves an entry in its own
//! transaction ([`record`], which `store::Write::commit` calls), and so does every attempt to prove
//! who one is ([`note`]). `docs/audit-log.md` describes entries, chain and checkpoints so that they
//! can be checked without this program.

use core::time::Duration;

use sea_orm::{ConnectionTrait, DbErr};
use uuid::Uuid;

use crate::app::App;
use crate::call::{self, Call, Who};
use crate::clock;

pub(crate) mod bound;
pub(crate) mod chain;
pub(crate) mod checkpoint;
mod classify;
pub(crate) mod entry;
pub(crate) mod format;
pub(crate) mod read;
pub(crate) mod verify;
pub(crate) mod webhook;

pub(crate) use self::checkpoint::tidy;
use self::entry::{Draft, Kind, Outcome};

/// How long somebody may write before an entry is given up: the log must not hold up requests.
const PATIENCE: Duration = Duration::from_secs(5);

/// Writes the entry of the request whose transaction is about to commit, if it is one that is
/// recorded. It has to be the last statement: it holds the end of the chain until the commit.
pub(crate) async fn record(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    let Some(call) = call::current() else { return Ok(()) };
    let Some(what) = classify::committed(&call) else { return Ok(()) };
    let draft = draft(&call, what.kind, what.action, Outcome::Success);
    chain::append(db, call.at, draft).await.map(|_| ())
}

/// Notes an attempt to prove who one is that left no write of its own: mostly one that was refused.
/// Of many from one place not each gets an entry; the next one says how many there were.
pub(crate) async fn note(app: &App, action: &str, outcome: Outcome, reason: Option<&str>) {
    let Some(call) = call::current() else { return };
    let now = app.clock.now();
    let Some(untold) = app.audit.may_note(call.address, now) else {
        app.metrics.count("gatekey_audit_refusals_total", "counted");
        return;
    };
    let mut draft = draft(&call, Kind::Authentication, action.to_owned(), outcome);
    if let Some(reason) = reason {
        draft.details.insert("reason".into(), reason.to_owned());
    }
    if untold > 0 {
        draft.details.insert("untold_before".into(), untold.to_string());
    }
    let written = tokio::time::timeout(PATIENCE, async {
        let tx = app.store.begin().await?;
        chain::append(&tx, call.at, draft).await?;
        tx.commit_unrecorded().await
    });
    match written.await {
        Ok(Ok(())) => app.metrics.count("gatekey_audit_refusals_total", "written"),
        Ok(Err(error)) => tracing::error!(%error, action, "cannot write to the audit log"),
        Err(_) => tracing::error!(action, "cannot write to the audit log in time"),
    }
}

/// Notes what an answer tells about an attempt to prove who one is.
pub(crate) async fn answered(app: &App, call: &Call, status: u16) {
    if let Some((action, outcome)) = classify::answered(call, status) {
        note(app, action, outcome, Some(&format!("status {status}"))).await;
    }
}

fn draft(call: &Call, kind: Kind, action: String, outcome: Outcome) -> Draft {
    let learned = call.learned();
    let mut portal_id = learned.portal.or_else(|| classify::portal(&call.route, &call.path));
    let actor = match &learned.who {
        Who::Unknown => "anonymous".to_owned(),
        Who::Admin { token: None, name } => format!("admin:{name}"),
        Who::Admin { token: Some(id), name } => format!("admin:{id}:{name}"),
        Who::Developer { id, portal } => {
            portal_id = Some(*portal);
            format!("developer:{id}")
        }
        Who::Gateway => "gateway".to_owned(),
    };
    let mut draft = Draft {
        kind,
        action,
        outcome,
        actor,
        portal_id,
        method: call.method.to_owned(),
        route: call.route.clone(),
        path: entry::short(&call.path),
        address: call.address.map(|address| address.to_string()),
        user_agent: call.user_agent.as_deref().map(entry::short),
        request_id: call.request_id.clone(),
        details: Default::default(),
    };
    if call.route.contains("/authenticate/sso") {
        draft.details.insert("method".into(), "oidc".into());
    }
    for (name, value) in learned.details {
        draft.details.insert(name.to_owned(), entry::short(&value));
    }
    draft
}

/// An instant, as entries have it.
fn instant(millis: i64) -> String {
    clock::format(millis)
}

/// The organisation's own row among portals.
pub(crate) const ORGANISATION: Uuid = Uuid::nil();
