//! Drives jobs as the portal does: what must not be called twice is noted before the call, and what
//! is known is kept after it. It can be killed before and after any call.

use gatekey_dcr::{
    Adapter, Body, Call, Failure, Job, Method, Next, Outcome, Remote, Reply, Settled, State, Step,
};

/// A time to begin with.
pub(crate) const START: u64 = 1_772_366_400;

/// What survives when the driver is killed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    remote: String,
    pub(crate) stage: String,
    sent: Option<Step>,
}

impl Kept {
    pub(crate) fn remote(&self) -> Remote {
        if self.remote.is_empty() {
            return Remote::default();
        }
        serde_json::from_str(&self.remote).unwrap()
    }

    /// Another job with the same client.
    pub(crate) fn fresh(&self) -> Self {
        Self { remote: self.remote.clone(), ..Self::default() }
    }
}

/// Where to kill the driver: at the call of this number, before it is made or after its effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kill {
    Never,
    Before(usize),
    After(usize),
}

/// How it ended.
#[derive(Debug)]
pub(crate) enum End {
    Done(Box<State>),
    Failed(Failure),
    GaveUp,
    Killed,
}

impl End {
    pub(crate) fn done(self) -> State {
        match self {
            Self::Done(state) => *state,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn failure(self) -> Failure {
        match self {
            Self::Failed(failure) => failure,
            other => panic!("{other:?}"),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Driver {
    http: reqwest::Client,
    pub(crate) now: u64,
    /// How many seconds of waiting are too many.
    pub(crate) patience: u64,
    /// Stop as soon as something is known of the client, and make nothing.
    pub(crate) only_look: bool,
}

impl Default for Driver {
    fn default() -> Self {
        Self::patient_for(core::time::Duration::from_secs(60))
    }
}

impl Driver {
    /// A driver that takes an answer for lost after a while.
    pub(crate) fn patient_for(timeout: core::time::Duration) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .pool_max_idle_per_host(0)
            .redirect(reqwest::redirect::Policy::none())
            .timeout(timeout)
            .build()
            .unwrap();
        Self { http, now: START, patience: 300, only_look: false }
    }

    pub(crate) async fn send(&self, call: &Call) -> Outcome {
        let method = match call.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut request = self.http.request(method, &call.url).header("accept", "application/json");
        for (name, value) in &call.headers {
            request = request.header(*name, value.expose());
        }
        request = match &call.body {
            Body::None => request,
            Body::Json(text) => {
                request.header("content-type", "application/json").body(text.expose().clone())
            }
            Body::Form(text) => request
                .header("content-type", "application/x-www-form-urlencoded")
                .body(text.expose().clone()),
        };
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) if error.is_connect() => return Outcome::NotSent("no connection".into()),
            Err(_) => return Outcome::Lost("no answer".into()),
        };
        let status = answer.status().as_u16();
        let headers = answer.headers().clone();
        let headers =
            headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default()));
        match answer.bytes().await {
            Ok(body) => Outcome::Replied(Reply::read(status, headers, body.to_vec(), self.now)),
            Err(_) => Outcome::Lost("half an answer".into()),
        }
    }

    pub(crate) async fn run(
        &mut self,
        adapter: &dyn Adapter,
        job: &Job,
        kept: &mut Kept,
        kill: Kill,
    ) -> End {
        let mut state = State {
            remote: kept.remote(),
            stage: kept.stage.clone(),
            now: self.now,
            since: self.now,
            ..State::default()
        };
        let keep = |state: &State, kept: &mut Kept| {
            kept.remote = serde_json::to_string(&state.remote).unwrap();
            kept.stage = state.stage.clone();
            kept.sent = None;
        };
        if let Some(step) = kept.sent {
            let lost = Outcome::Lost("the driver was killed".into());
            let settled = adapter.settle(job, &mut state, step, &lost);
            keep(&state, kept);
            if let Settled::Failed(failure) = settled {
                return End::Failed(failure);
            }
        }
        let mut waited = 0;
        for number in 0..500 {
            if self.only_look && !state.remote.is_empty() {
                break;
            }
            state.now = self.now;
            let (step, call) = match adapter.next(job, &state) {
                Next::Call(step, call) => (step, call),
                Next::Done => return End::Done(Box::new(state)),
                Next::Failed(failure) => return End::Failed(failure),
            };
            if self.only_look && !call.repeatable {
                break;
            }
            let shown = format!("{call:?}");
            assert!(!shown.contains("secret-of"), "a call shows a secret: {shown}");
            if !call.repeatable {
                kept.sent = Some(step);
            }
            if kill == Kill::Before(number) {
                return End::Killed;
            }
            let outcome = self.send(&call).await;
            if kill == Kill::After(number) {
                return End::Killed;
            }
            self.now += 1;
            state.now = self.now;
            let settled = adapter.settle(job, &mut state, step, &outcome);
            keep(&state, kept);
            match settled {
                Settled::Continue => state.attempts = 0,
                Settled::Retry { after_seconds, .. } => {
                    state.attempts += 1;
                    waited += u64::from(after_seconds);
                    self.now += u64::from(after_seconds);
                    if waited > self.patience {
                        return End::GaveUp;
                    }
                }
                Settled::Failed(failure) => return End::Failed(failure),
            }
        }
        assert!(self.only_look, "the job goes round in circles at {:?}", state.stage);
        End::Done(Box::new(state))
    }
}

/// Runs a job once, from what is kept of another.
pub(crate) async fn run(adapter: &dyn Adapter, job: &Job, kept: &mut Kept) -> End {
    *kept = kept.fresh();
    Driver::default().run(adapter, job, kept, Kill::Never).await
}
