//! Jobs whose calls all carry the administrator's token.

use super::answer::{Judged, judge};
use super::token::{TOKEN, Token, TokenRequest, admin_token};
use crate::adapter::{Next, Settled, State, Step};
use crate::call::{Call, Outcome, Reply};
use crate::failure::{Failure, FailureKind};
use crate::job::Job;

/// Where a job stands: a name, and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct At {
    /// The name; empty at the start.
    pub(crate) name: String,
    /// What belongs to it.
    pub(crate) data: String,
    /// The token was refused and another one was got, without a success since.
    renewed: bool,
}

impl At {
    /// Reads a stage.
    pub(crate) fn of(state: &State) -> Self {
        let (renewed, text) = match state.stage.strip_prefix('!') {
            Some(text) => (true, text),
            None => (false, state.stage.as_str()),
        };
        let (name, data) = text.split_once(':').unwrap_or((text, ""));
        Self { name: name.to_owned(), data: data.to_owned(), renewed }
    }

    /// The data as a number; 0 when it is none.
    pub(crate) fn number(&self) -> usize {
        self.data.parse().unwrap_or_default()
    }
}

/// What a job wants next.
#[derive(Debug)]
pub(crate) enum Wanted {
    /// This call, still without a token.
    Call(Step, Call),
    /// A new token, even if there is one.
    Token,
    /// Nothing: the job is done.
    Done,
    /// Nothing: the job cannot be done.
    Failed(Failure),
}

impl Wanted {
    /// The provider cannot do this.
    pub(crate) fn unsupported(provider: &str, job: &Job) -> Self {
        let text = format!("{provider} has no {} for a client", job.name().replace('_', " "));
        Self::Failed(Failure::new("begin", FailureKind::Unsupported, text))
    }

    /// Nothing is known of the client that the job is about.
    pub(crate) fn unknown_client(provider: &str) -> Self {
        let text = format!("no client at {provider} is known");
        Self::Failed(Failure::new("begin", FailureKind::Gone, text))
    }
}

/// A provider that is managed with an administrator's token.
pub(crate) trait Managed {
    /// The provider, for people.
    const NAME: &'static str;

    /// How a token is asked for; none when it is configured.
    fn token(&self) -> Option<TokenRequest<'_>>;

    /// The configured token, in its header.
    fn configured(&self, call: Call) -> Call {
        call
    }

    /// What the job wants next.
    fn wanted(&self, job: &Job, state: &State, at: &At) -> Wanted;

    /// Takes in an answer to a step: done, or refused.
    fn take(&self, job: &Job, state: &mut State, at: &At, step: Step, reply: &Reply) -> Settled;

    /// A call that must not be made twice may have had its effect.
    fn unknown(&self, state: &mut State, at: &At, step: Step, why: &str) -> Settled;

    /// A token was got; it says that it has these scopes.
    fn token_taken(&self, job: &Job, state: &mut State, scopes: Option<&[String]>) -> Settled {
        let _ = (job, state, scopes);
        Settled::Continue
    }
}

/// What comes next.
pub(crate) fn next<M: Managed>(managed: &M, job: &Job, state: &State) -> Next {
    let (step, call) = match managed.wanted(job, state, &At::of(state)) {
        Wanted::Call(step, call) => (step, Some(call)),
        Wanted::Token => (TOKEN, None),
        Wanted::Done => return Next::Done,
        Wanted::Failed(failure) => return Next::Failed(failure),
    };
    match (call, managed.token(), admin_token(state)) {
        (Some(call), None, _) => Next::Call(step, managed.configured(call)),
        (Some(call), Some(_), Some(token)) => Next::Call(step, call.bearer(token)),
        (_, Some(request), _) => Next::Call(TOKEN, request.call()),
        (None, None, _) => Next::Done,
    }
}

/// Takes in what came of a call.
pub(crate) fn settle<M: Managed>(
    managed: &M,
    job: &Job,
    state: &mut State,
    step: Step,
    outcome: &Outcome,
) -> Settled {
    let request = managed.token();
    if step == TOKEN {
        let Some(request) = request else { return Settled::Continue };
        return match request.read(state, outcome) {
            Ok(Token { token, end, scopes }) => {
                state.session.admin_token = Some((token, end));
                managed.token_taken(job, state, scopes.as_deref())
            }
            Err(settled) => settled,
        };
    }
    let at = At::of(state);
    let repeatable = match managed.wanted(job, state, &at) {
        Wanted::Call(wanted, call) => wanted == step && call.repeatable,
        _ => false,
    };
    match judge(M::NAME, repeatable, state.attempts, outcome) {
        Judged::Later(settled) => settled,
        Judged::Unknown(why) => managed.unknown(state, &at, step, &why),
        Judged::Answer(reply) if reply.status == 401 && request.is_some() && !at.renewed => {
            // It may have ended early, or the provider forgot it. Once.
            state.session.admin_token = None;
            state.stage = format!("!{}", state.stage);
            Settled::Continue
        }
        Judged::Answer(reply) => managed.take(job, state, &at, step, reply),
    }
}
