//! Drives jobs like the portal does, without sockets: what is kept survives, everything else is
//! lost when it dies.

use gatekey_core::secret::Secret;
use gatekey_dcr::{
    Adapter, Body, Call, Failure, Job, Metadata, Next, Origin, Outcome, Remote, Reply, Settled,
    State, step_named,
};
use gatekey_dcr_fakes::{Answer, Asked, World};

/// What survives.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    remote: Option<Vec<u8>>,
    stage: String,
    sent: Option<String>,
}

impl Kept {
    pub(crate) fn remote(&self) -> Remote {
        let remote = self.remote.as_deref();
        remote.map(|remote| serde_json::from_slice(remote).unwrap()).unwrap_or_default()
    }

    /// Another job begins, with the same client.
    pub(crate) fn begin(&mut self) {
        self.stage.clear();
        self.sent = None;
    }

    fn keep(&mut self, state: &State) {
        self.remote = Some(serde_json::to_vec(&state.remote).unwrap());
        self.stage.clone_from(&state.stage);
        self.sent = None;
    }
}

/// What happens to a call on its way.
#[derive(Clone, Debug)]
pub(crate) enum Way {
    Through,
    NotSent,
    LostBefore,
    LostAfter,
    Instead(Answer),
    After(Answer),
}

/// How a job ended.
#[derive(Debug)]
pub(crate) enum End {
    Done(Box<State>),
    Failed(Failure),
    /// The driver was killed.
    Died,
    /// The provider asks for more patience than there is.
    Later,
}

impl End {
    #[track_caller]
    pub(crate) fn done(self) -> State {
        match self {
            Self::Done(state) => *state,
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    pub(crate) fn failed(self) -> Failure {
        match self {
            Self::Failed(failure) => failure,
            other => panic!("{other:?}"),
        }
    }
}

/// What may go wrong with a drive.
pub(crate) struct Weather<'w> {
    /// Asked at every point where the driver may be killed.
    pub(crate) dies: &'w mut dyn FnMut() -> bool,
    /// Asked for every call.
    pub(crate) way: &'w mut dyn FnMut(&Call) -> Way,
}

const MOST_TRIES: u32 = 5;

/// A drive with nothing going wrong.
pub(crate) fn drive(
    adapter: &dyn Adapter,
    world: &mut impl World,
    job: &Job,
    kept: &mut Kept,
) -> End {
    on_the_way(adapter, world, job, kept, |_| Way::Through)
}

/// A drive with calls going wrong.
pub(crate) fn on_the_way(
    adapter: &dyn Adapter,
    world: &mut impl World,
    job: &Job,
    kept: &mut Kept,
    mut way: impl FnMut(&Call) -> Way,
) -> End {
    let weather = Weather { dies: &mut || false, way: &mut way };
    in_weather(adapter, world, job, kept, weather, false)
}

/// A drive in which anything may go wrong. With `only_learn` no call is made: it is taken in that an
/// answer is missing, which is all that is to be done for a job nobody waits for.
pub(crate) fn in_weather(
    adapter: &dyn Adapter,
    world: &mut impl World,
    job: &Job,
    kept: &mut Kept,
    weather: Weather<'_>,
    only_learn: bool,
) -> End {
    let Weather { dies, way } = weather;
    let mut state = State {
        remote: kept.remote(),
        stage: kept.stage.clone(),
        now: 1_772_366_400,
        ..State::default()
    };
    if let Some(sent) = &kept.sent {
        let lost = Outcome::Lost("killed".into());
        let settled = adapter.settle(job, &mut state, step_named(sent), &lost);
        kept.keep(&state);
        if let Settled::Failed(failure) = settled {
            return End::Failed(failure);
        }
    }
    if only_learn {
        return End::Done(Box::new(state));
    }
    for _ in 0..100 {
        if dies() {
            return End::Died;
        }
        let (step, call) = match adapter.next(job, &state) {
            Next::Call(step, call) => (step, call),
            Next::Done => return End::Done(Box::new(state)),
            Next::Failed(failure) => return End::Failed(failure),
        };
        if !call.repeatable {
            kept.stage.clone_from(&state.stage);
            kept.sent = Some(step.to_owned());
        }
        if dies() {
            return End::Died;
        }
        let outcome = send(world, &call, way(&call));
        if dies() {
            return End::Died;
        }
        let settled = adapter.settle(job, &mut state, step, &outcome);
        if dies() {
            return End::Died;
        }
        kept.keep(&state);
        match settled {
            Settled::Continue => state.attempts = 0,
            Settled::Retry { .. } if state.attempts >= MOST_TRIES => return End::Later,
            Settled::Retry { .. } => state.attempts += 1,
            Settled::Failed(failure) => return End::Failed(failure),
        }
    }
    panic!("{job:?} goes round in circles");
}

fn send(world: &mut impl World, call: &Call, way: Way) -> Outcome {
    let answer = match way {
        Way::Through => ask(world, call),
        Way::NotSent => return Outcome::NotSent("no route".into()),
        Way::LostBefore => return Outcome::Lost("reset".into()),
        Way::LostAfter => {
            ask(world, call);
            return Outcome::Lost("reset".into());
        }
        Way::Instead(answer) => answer,
        Way::After(answer) => {
            ask(world, call);
            answer
        }
    };
    let body = if answer.body.is_null() { Vec::new() } else { answer.body.to_string().into() };
    let headers = answer.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    Outcome::Replied(Reply::read(answer.status, headers, body, 0))
}

fn ask(world: &mut impl World, call: &Call) -> Answer {
    let (_, rest) = call.url.split_once("://").unwrap();
    let target = rest.find('/').map_or("/", |start| &rest[start..]);
    let (kind, body) = match &call.body {
        Body::None => ("", Vec::new()),
        Body::Json(text) => ("application/json", text.expose().clone().into()),
        Body::Form(text) => ("application/x-www-form-urlencoded", text.expose().clone().into()),
    };
    let headers = call.headers.iter().map(|(name, value)| (*name, value.expose().as_str()));
    let kind = (!kind.is_empty()).then_some(("content-type", kind));
    world.answer(&Asked::new(call.method.as_str(), target, headers.chain(kind), body))
}

/// The metadata of an application that machines use.
pub(crate) fn metadata() -> Metadata {
    let id = |last: u8| format!("01890000-0000-7000-8000-0000000000{last:02x}");
    Metadata {
        name: "An app".into(),
        description: "Of a developer".into(),
        auth_methods: vec!["client_credentials".into(), "bearer".into()],
        scopes: vec!["orders".into()],
        origin: Origin {
            tag: id(1),
            application_id: id(2),
            portal_id: id(3),
            organization_id: id(4),
            developer_id: id(5),
            auth_strategy_id: id(6),
            dcr_provider_id: id(7),
        },
        ..Metadata::default()
    }
}

/// The secret that a job issued.
#[track_caller]
pub(crate) fn issued(state: &State) -> String {
    let secret: &Secret<String> = &state.issued.as_ref().unwrap().secret;
    secret.expose().clone()
}

/// Numbers that look random, the same with every run.
#[derive(Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}
