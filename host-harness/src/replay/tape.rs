//! What a world notes while it runs, if it was asked to.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::bytes::Bytes;
use super::forms::{
    Link, PluginForm, ReplyForm, RequestForm, Setting, Step, VariableForm, nanos, pairs,
};
use super::text::{ledger, metrics};
use super::{Recording, Told, VERSION};
use crate::artifact::Artifact;
use crate::error::StartError;
use crate::host::Shared;
use crate::ledger::Ledger;
use crate::plugin::Plugin;
use crate::profile::Profile;
use crate::request::Request;
use crate::transcript::Transcript;
use crate::vm::Budget;
use crate::world::nginx::Variable;
use crate::world::upstream::{Upstream, UpstreamReply};
use crate::world::{StreamId, WorkerId, World};

/// Where an upstream was named, and so where its replies belong.
#[derive(Clone, Debug)]
enum Place {
    Upstream(String),
    Origin,
    Step(usize),
}

/// The replies of each upstream in the order they were given.
#[derive(Clone, Debug, Default)]
struct Replies(Arc<Mutex<Vec<Heard>>>);

type Heard = (Place, Vec<UpstreamReply>);

impl Replies {
    fn heard(&self) -> MutexGuard<'_, Vec<Heard>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listen(&self, place: Place, mut upstream: Upstream) -> Upstream {
        let mut heard = self.heard();
        let number = heard.len();
        heard.push((place, Vec::new()));
        let replies = self.clone();
        Upstream::respond(move |request| {
            let reply = upstream.reply_to(request);
            if let Some((_, heard)) = replies.heard().get_mut(number) {
                heard.push(reply.clone());
            }
            reply
        })
    }
}

/// Where the notes go. Empty in a world that keeps no recording.
#[derive(Debug, Default)]
pub(crate) struct Tape(Option<Box<Reel>>);

#[derive(Debug, Default)]
struct Reel {
    setting: Setting,
    steps: Vec<Step>,
    told: Vec<Told>,
    replies: Replies,
    module: String,
    workers: Vec<WorkerId>,
    streams: BTreeMap<StreamId, usize>,
    lines: Vec<String>,
}

impl Tape {
    /// A tape that runs, with the world's upstreams led past it.
    pub(crate) fn running(
        (seed, budget, record): (u64, Budget, bool),
        shared: &mut Shared,
        origin: &mut Upstream,
    ) -> Self {
        let setting = Setting {
            unrecorded: unrecorded(shared),
            seed,
            clock: u64::try_from(shared.clock.wall().as_millis()).unwrap_or(u64::MAX),
            fuel: match budget {
                Budget::Fuel(fuel) => Some(fuel),
                Budget::Epochs(_) => None,
            },
            record,
            log_level: shared.log_level as u32,
            environment: shared.environment.clone(),
            process_environment: shared.process_environment.clone(),
            capabilities: shared.capabilities.as_ref().map(|list| list.iter().cloned().collect()),
            server: shared.server.0.clone(),
            variables: variables(&shared.variables),
            zones: shared
                .data
                .zones()
                .map(|(name, zone)| (name.to_owned(), (zone.bytes, zone.evicts)))
                .collect(),
            queues: shared.queues.declared().collect(),
            properties: pairs(&shared.properties),
            ..Setting::default()
        };
        let replies = Replies::default();
        let upstreams = core::mem::take(&mut shared.upstreams);
        for (name, upstream) in upstreams {
            let upstream = replies.listen(Place::Upstream(name.clone()), upstream);
            shared.upstreams.insert(name, upstream);
        }
        let unheard = core::mem::replace(origin, Upstream::script([]));
        *origin = replies.listen(Place::Origin, unheard);
        Self(Some(Box::new(Reel { setting, replies, ..Reel::default() })))
    }

    /// An upstream appears; the world goes on with the one that is given back.
    pub(crate) fn upstream(&mut self, name: &str, upstream: Upstream) -> Upstream {
        let Some(reel) = &mut self.0 else { return upstream };
        let place = Place::Step(reel.steps.len());
        reel.steps.push(Step::Upstream { name: name.to_owned(), replies: Vec::new() });
        reel.replies.listen(place, upstream)
    }

    /// The same for the upstream of requests.
    pub(crate) fn origin(&mut self, origin: Upstream) -> Upstream {
        let Some(reel) = &mut self.0 else { return origin };
        let place = Place::Step(reel.steps.len());
        reel.steps.push(Step::Origin { replies: Vec::new() });
        reel.replies.listen(place, origin)
    }

    /// Plugins were started, or not.
    pub(crate) fn started(
        &mut self,
        chain: &[(Artifact, Plugin)],
        workers: usize,
        started: Result<&[WorkerId], &StartError>,
    ) {
        let Some(reel) = &mut self.0 else { return };
        let chain = reel.links(chain);
        let text = match started {
            Ok(ids) => {
                reel.workers.extend(ids);
                format!("started {} workers\n", ids.len())
            }
            Err(error) => format!("{error}\n"),
        };
        reel.told.push(Told { step: format!("start {}", reel.steps.len()), text });
        reel.steps.push(Step::Start { chain, workers });
    }

    /// The chain was replaced, or not.
    pub(crate) fn reconfigured(
        &mut self,
        chain: &[(Artifact, Plugin)],
        replaced: Result<&(), &StartError>,
    ) {
        let Some(reel) = &mut self.0 else { return };
        let chain = reel.links(chain);
        let text = match replaced {
            Ok(()) => "replaced\n".to_owned(),
            Err(error) => format!("{error}\n"),
        };
        reel.told.push(Told { step: format!("reconfigure {}", reel.steps.len()), text });
        reel.steps.push(Step::Reconfigure { chain });
    }

    /// Something is done that a recording cannot hold.
    pub(crate) fn unrecorded(&mut self, what: &str) {
        let Some(reel) = &mut self.0 else { return };
        if !reel.setting.unrecorded.iter().any(|known| known == what) {
            reel.setting.unrecorded.push(what.to_owned());
        }
    }

    /// A request comes in.
    pub(crate) fn request(&mut self, worker: WorkerId, request: &Request) {
        let Some(reel) = &mut self.0 else { return };
        let request = RequestForm::of(request);
        reel.lines.push(request.line());
        let worker = reel.worker(worker);
        reel.steps.push(Step::Open { worker, request });
    }

    /// And this is what the world calls it.
    pub(crate) fn stream(&mut self, stream: StreamId) {
        if let Some(reel) = &mut self.0 {
            reel.streams.insert(stream, reel.lines.len().saturating_sub(1));
        }
    }

    pub(crate) fn wait(&mut self, stream: StreamId, until: Duration) {
        if let Some(reel) = &mut self.0 {
            let stream = reel.number(stream);
            reel.steps.push(Step::Wait { stream, until: nanos(until) });
        }
    }

    pub(crate) fn abort(&mut self, stream: StreamId) {
        if let Some(reel) = &mut self.0 {
            let stream = reel.number(stream);
            reel.steps.push(Step::Abort { stream });
        }
    }

    pub(crate) fn finished(&mut self, stream: StreamId, transcript: &Transcript) {
        let Some(reel) = &mut self.0 else { return };
        let stream = reel.number(stream);
        // An abort ends the stream by itself.
        if reel.steps.last() != Some(&(Step::Abort { stream })) {
            reel.steps.push(Step::Finish { stream });
        }
        let line = reel.lines.get(stream).map_or("", String::as_str);
        let step = format!("stream {stream}: {line}");
        reel.told.push(Told { step, text: transcript.to_string() });
    }

    pub(crate) fn stop(&mut self, worker: WorkerId) {
        if let Some(reel) = &mut self.0 {
            let worker = reel.worker(worker);
            reel.steps.push(Step::Stop { worker });
        }
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        if let Some(reel) = &mut self.0 {
            reel.steps.push(Step::Advance { nanoseconds: nanos(by) });
        }
    }

    pub(crate) fn skew(&mut self, milliseconds: i64) {
        if let Some(reel) = &mut self.0 {
            reel.steps.push(Step::Skew { milliseconds });
        }
    }

    pub(crate) fn background(&mut self, worker: WorkerId, taken: &Ledger) {
        let Some(reel) = &mut self.0 else { return };
        let worker = reel.worker(worker);
        reel.steps.push(Step::TakeBackground { worker });
        reel.told
            .push(Told { step: format!("background of worker {worker}"), text: ledger(taken) });
    }

    /// Everything so far, with what the workers did in the background and the metrics at its end.
    pub(crate) fn recording(&self, world: &World, profile: &Profile) -> Option<Recording> {
        let reel = self.0.as_ref()?;
        let (mut setting, mut steps) = (reel.setting.clone(), reel.steps.clone());
        for (place, heard) in reel.replies.heard().iter() {
            let heard: Vec<ReplyForm> = heard.iter().map(ReplyForm::of).collect();
            match place {
                Place::Upstream(name) => drop(setting.upstreams.insert(name.clone(), heard)),
                Place::Origin => setting.origin = heard,
                Place::Step(number) => {
                    if let Some(Step::Upstream { replies, .. } | Step::Origin { replies }) =
                        steps.get_mut(*number)
                    {
                        *replies = heard;
                    }
                }
            }
        }
        let mut transcripts = reel.told.clone();
        for (number, worker) in reel.workers.iter().enumerate() {
            let mut text = world.background(*worker).map(ledger).unwrap_or_default();
            if let Some(failure) = world.failure(*worker) {
                text.push_str(&format!("failure {failure}\n"));
            }
            let step = format!("background of worker {number}, at the end");
            transcripts.push(Told { step, text });
        }
        transcripts.push(Told { step: "metrics".to_owned(), text: metrics(world.metrics()) });
        Some(Recording {
            version: VERSION,
            case: String::new(),
            file: String::new(),
            profile: profile.clone(),
            module_sha256: reel.module.clone(),
            world: setting,
            steps,
            transcripts,
            redacted: Vec::new(),
        })
    }
}

/// What a recording does not hold yet.
fn unrecorded(shared: &Shared) -> Vec<String> {
    let parts = [
        ("gRPC upstreams", !shared.grpc_upstreams.is_empty()),
        ("foreign functions", !shared.foreign.is_empty()),
        ("faults", !shared.faults.is_empty()),
    ];
    parts.iter().filter(|(_, there)| *there).map(|(what, _)| (*what).to_owned()).collect()
}

fn variables(variables: &BTreeMap<String, Variable>) -> BTreeMap<String, VariableForm> {
    let forms = variables.iter().map(|(name, Variable { value, changeable, header })| {
        let (value, header) = (Bytes(value.clone()), header.clone());
        (name.clone(), VariableForm { value, changeable: *changeable, header })
    });
    forms.collect()
}

impl Reel {
    fn links(&mut self, chain: &[(Artifact, Plugin)]) -> Vec<Link> {
        let link = |(artifact, plugin): &(Artifact, Plugin)| Link {
            module_sha256: artifact.sha256(),
            plugin: PluginForm::of(plugin),
        };
        let chain: Vec<Link> = chain.iter().map(link).collect();
        if let (true, Some(first)) = (self.module.is_empty(), chain.first()) {
            self.module.clone_from(&first.module_sha256);
        }
        chain
    }

    /// A worker's place among those started; one that was never started comes behind them all.
    fn worker(&self, worker: WorkerId) -> usize {
        self.workers.iter().position(|known| *known == worker).unwrap_or(self.workers.len())
    }

    fn number(&self, stream: StreamId) -> usize {
        self.streams.get(&stream).copied().unwrap_or(self.lines.len())
    }
}
