//! Makes the calls of a job.

use core::time::Duration;

use gatekey_dcr::{Adapter, Failure, FailureKind, Next, Outcome, Settled, State, Step, step_named};

use super::ledger::Entry;
use crate::app::App;
use crate::problem::Problem;

/// No job takes so many calls: one that does goes round in circles.
const MOST_CALLS: u32 = 200;
/// The name of the header by which a provider can tell a call that it had before.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// How a job ended, for now.
#[derive(Debug)]
pub(crate) enum End {
    /// It is done.
    Done(Box<State>),
    /// It cannot be done.
    Failed(Failure),
    /// It has to be taken up again after some seconds: there was no time left.
    Later {
        /// How long to wait.
        after_seconds: u32,
        /// Why.
        reason: String,
    },
}

/// How far to go with a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// To its end.
    Done,
    /// As long as nothing more is made at the provider, and until something is known of what was.
    SomethingIsKnown,
}

/// Makes the calls of the entry's job.
///
/// Waits between calls where the provider asks for it, up to `patience` in all.
pub(crate) async fn drive(
    app: &App,
    adapter: &dyn Adapter,
    entry: &mut Entry,
    patience: Duration,
    until: Until,
) -> Result<End, Problem> {
    let job = entry.asked()?;
    let standing = entry.standing();
    let provider = entry.client.provider_id;
    let begun = app.clock.now();
    let mut state = State {
        remote: entry.remote()?,
        stage: standing.stage,
        session: app.dcr.session(provider),
        since: seconds(entry.job.created_at),
        ..State::default()
    };
    if let Some(step) = standing.sent {
        // The portal stopped before it took in an answer.
        let step = step_named(&step);
        let lost = Outcome::Lost("the portal stopped".into());
        state.now = seconds(app.clock.now());
        let settled = adapter.settle(&job, &mut state, step, &lost);
        entry.keep(&state.stage, &state.remote, unresolved(step, &settled)).await?;
        if let Settled::Failed(failure) = settled {
            return Ok(End::Failed(failure));
        }
    }
    for _ in 0..MOST_CALLS {
        if until == Until::SomethingIsKnown && !state.remote.is_empty() {
            break;
        }
        state.now = seconds(app.clock.now());
        let (step, call) = match adapter.next(&job, &state) {
            Next::Call(step, call) => (step, call),
            Next::Done => break,
            Next::Failed(failure) => return Ok(End::Failed(failure)),
        };
        let once = !call.repeatable;
        if once && until == Until::SomethingIsKnown {
            break;
        }
        let call = if once {
            entry.sending(&state.stage, step).await?;
            call.header(IDEMPOTENCY_KEY, format!("{}/{step}", entry.job.id))
        } else {
            call
        };
        let before = (state.stage.clone(), serde_json::to_vec(&state.remote).unwrap_or_default());
        let outcome = app.outbound.send(&call, state.now).await;
        state.now = seconds(app.clock.now());
        let settled = adapter.settle(&job, &mut state, step, &outcome);
        let after = (state.stage.clone(), serde_json::to_vec(&state.remote).unwrap_or_default());
        if once || before != after {
            let sent = unresolved(step, &settled).filter(|_| once);
            entry.keep(&state.stage, &state.remote, sent).await?;
        }
        app.dcr.keep(provider, state.session.clone());
        tracing::debug!(job = %entry.job.id, step, ?settled, "called a provider");
        match settled {
            Settled::Continue => state.attempts = 0,
            Settled::Retry { after_seconds, reason } => {
                state.attempts = state.attempts.saturating_add(1);
                let wait = Duration::from_secs(after_seconds.into());
                let spent =
                    u64::try_from(app.clock.now().saturating_sub(begun)).unwrap_or_default();
                if Duration::from_millis(spent).saturating_add(wait) > patience {
                    return Ok(End::Later { after_seconds, reason });
                }
                tokio::time::sleep(wait).await;
            }
            Settled::Failed(failure) => return Ok(End::Failed(failure)),
        }
    }
    Ok(End::Done(Box::new(state)))
}

/// The step, if nobody can say whether it had its effect. The ledger has to say so until somebody has
/// drawn the conclusion: the portal may be killed before.
fn unresolved(step: Step, settled: &Settled) -> Option<Step> {
    let uncertain = |failure: &Failure| failure.kind == FailureKind::Uncertain;
    matches!(settled, Settled::Failed(failure) if uncertain(failure)).then_some(step)
}

fn seconds(millis: i64) -> u64 {
    u64::try_from(millis / 1_000).unwrap_or_default()
}

/// Makes the calls of a job that leaves nothing behind.
pub(crate) async fn look(
    app: &App,
    provider: uuid::Uuid,
    adapter: &dyn Adapter,
    job: &gatekey_dcr::Job,
    patience: Duration,
) -> Result<State, Failure> {
    let mut state = State {
        session: app.dcr.session(provider),
        since: seconds(app.clock.now()),
        ..State::default()
    };
    let mut waited = Duration::ZERO;
    for _ in 0..MOST_CALLS {
        state.now = seconds(app.clock.now());
        let (step, call) = match adapter.next(job, &state) {
            Next::Call(step, call) => (step, call),
            Next::Done => return Ok(state),
            Next::Failed(failure) => return Err(failure),
        };
        let outcome = app.outbound.send(&call, state.now).await;
        state.now = seconds(app.clock.now());
        let settled = adapter.settle(job, &mut state, step, &outcome);
        app.dcr.keep(provider, state.session.clone());
        match settled {
            Settled::Continue => state.attempts = 0,
            Settled::Retry { after_seconds, reason } => {
                state.attempts = state.attempts.saturating_add(1);
                let wait = Duration::from_secs(after_seconds.into());
                waited = waited.saturating_add(wait);
                if waited > patience {
                    return Err(Failure::new(step, FailureKind::Unavailable, reason));
                }
                tokio::time::sleep(wait).await;
            }
            Settled::Failed(failure) => return Err(failure),
        }
    }
    Err(Failure::new("come to an end", FailureKind::Unexpected, "too many calls"))
}
