//! Schedules: what clients, time and the proxy do to a filter, in any order, with what must hold
//! whatever the order is.
//!
//! ```
//! # use gatekey_host_harness::*;
//! use gatekey_host_harness::schedule::{Probe, Scene, Schedule};
//!
//! # let wat = r#"(module (memory (export "memory") 1) (func (export "proxy_abi_version_0_2_1"))
//! #     (func (export "proxy_on_memory_allocate") (param i32) (result i32) i32.const 1024))"#;
//! # let artifact = Artifact::compile(&wat::parse_str(wat)?)?;
//! let probes = [Probe::free(Request::get("/")), Probe::free(Request::post("/").body("b"))];
//! for seed in 0..10 {
//!     let mut world = World::builder(Profile::envoy()).build();
//!     let workers = world.start_many(&artifact, Plugin::new("filter", "{}"), 2)?;
//!     let mut scene = Scene::new(&mut world, workers, &probes);
//!     let schedule = Schedule::random(seed, 50, probes.len());
//!     // What is broken names the step and lists the schedule up to there.
//!     schedule.play(&mut scene)?;
//! }
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```

use core::error::Error;
use core::fmt;
use core::time::Duration;

use crate::request::Request;
use crate::transcript::{Outcome, Transcript};
use crate::world::random::Random;
use crate::world::{StreamId, WorkerId, World};

/// One thing that happens. Numbers are taken modulo what there is, so that every schedule can be
/// played, and so can every part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// A client sends a request.
    Open {
        /// To this worker.
        worker: usize,
        /// This probe.
        probe: usize,
    },
    /// The proxy ends a stream as it stands.
    Finish(usize),
    /// The client of a stream goes away.
    Abort(usize),
    /// So many milliseconds pass: timers fire, calls end, late replies come.
    Advance(u32),
    /// The wall clock is set off by so many milliseconds.
    Jump(i32),
    /// A worker dies without a word. The last one does not.
    Stop(usize),
    /// The proxy loads the filter's configuration anew, in the scene's way.
    Reload,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { worker, probe } => write!(f, "open probe {probe} on worker {worker}"),
            Self::Finish(stream) => write!(f, "finish stream {stream}"),
            Self::Abort(stream) => write!(f, "abort stream {stream}"),
            Self::Advance(milliseconds) => write!(f, "advance {milliseconds} ms"),
            Self::Jump(milliseconds) => write!(f, "set the clock off by {milliseconds:+} ms"),
            Self::Stop(worker) => write!(f, "stop worker {worker}"),
            Self::Reload => f.write_str("reload"),
        }
    }
}

/// A request with what must become of it.
#[derive(Clone, Debug)]
pub struct Probe {
    request: Request,
    refused: bool,
}

impl Probe {
    /// Whatever else happens, it must not reach the upstream.
    #[must_use]
    pub fn refused(request: Request) -> Self {
        Self { request, refused: true }
    }

    /// It may be let through or not.
    #[must_use]
    pub fn free(request: Request) -> Self {
        Self { request, refused: false }
    }
}

type Reload<'a> = Box<dyn FnMut(&mut World, &mut Vec<WorkerId>) -> Result<(), String> + 'a>;

/// The world that a schedule is played in.
pub struct Scene<'a> {
    world: &'a mut World,
    workers: Vec<WorkerId>,
    probes: &'a [Probe],
    reload: Option<Reload<'a>>,
    most_memory: usize,
}

impl<'a> Scene<'a> {
    /// A scene with these workers, in which a reload does nothing.
    #[must_use]
    pub fn new(world: &'a mut World, workers: Vec<WorkerId>, probes: &'a [Probe]) -> Self {
        Self { world, workers, probes, reload: None, most_memory: usize::MAX }
    }

    /// What a reload does. It may add workers.
    #[must_use]
    pub fn reload(
        mut self,
        reload: impl FnMut(&mut World, &mut Vec<WorkerId>) -> Result<(), String> + 'a,
    ) -> Self {
        self.reload = Some(Box::new(reload));
        self
    }

    /// No worker's linear memory may be larger than this.
    #[must_use]
    pub fn most_memory(mut self, bytes: usize) -> Self {
        self.most_memory = bytes;
        self
    }
}

impl fmt::Debug for Scene<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scene").field("world", &self.world).finish_non_exhaustive()
    }
}

/// A rule that did not hold, and the steps that led there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The rule.
    pub rule: String,
    /// The steps, the last one of which broke it.
    pub steps: Vec<Step>,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.rule)?;
        writeln!(f, "after these steps:")?;
        for (number, step) in self.steps.iter().enumerate() {
            writeln!(f, "  {:>3}. {step}", number + 1)?;
        }
        Ok(())
    }
}

impl Error for Broken {}

/// Steps in an order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule(pub Vec<Step>);

impl Schedule {
    /// So many steps, drawn with this seed, for so many probes.
    #[must_use]
    pub fn random(seed: u64, steps: usize, probes: usize) -> Self {
        let mut random = Random::for_vm(seed, 0);
        let mut draw = |below: usize| -> usize {
            let word =
                random.bytes(8).iter().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
            usize::try_from(word % (below.max(1) as u64)).unwrap_or(0)
        };
        let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let step = |_| match draw(20) {
            0..8 => Step::Open { worker: draw(8), probe: draw(probes) },
            8..12 => Step::Finish(draw(16)),
            12..14 => Step::Abort(draw(16)),
            14..18 => {
                let longest = [10, 100, 1_000, 20_000];
                let most = longest.get(draw(longest.len())).copied().unwrap_or(1);
                Step::Advance(small(draw(most)))
            }
            18 => Step::Jump(i32::try_from(draw(200_000)).unwrap_or(0) - 100_000),
            _ if draw(3) == 0 => Step::Stop(draw(8)),
            _ => Step::Reload,
        };
        Self((0..steps).map(step).collect())
    }

    /// Plays the steps, and ends all streams at the end. The transcripts come in the order of the
    /// ends of their streams.
    ///
    /// # Errors
    /// When a rule is broken: a request that must be refused reaches the upstream; a stream is
    /// decided twice, or left behind; a VM fails; memory grows beyond the scene's limit.
    pub fn play(&self, scene: &mut Scene<'_>) -> Result<Vec<Transcript>, Broken> {
        let mut play = Play { open: Vec::new(), stopped: Vec::new(), told: Vec::new() };
        for (number, step) in self.0.iter().enumerate() {
            let held = play.step(scene, *step).and_then(|()| play.healthy(scene));
            held.map_err(|rule| Broken {
                rule,
                steps: self.0.get(..=number).unwrap_or_default().to_vec(),
            })?;
        }
        play.end(scene).map_err(|rule| Broken { rule, steps: self.0.clone() })?;
        Ok(play.told)
    }
}

struct Play {
    /// Streams with their worker and the number of their probe.
    open: Vec<(StreamId, WorkerId, usize)>,
    stopped: Vec<WorkerId>,
    told: Vec<Transcript>,
}

type Held = Result<(), String>;

impl Play {
    fn step(&mut self, scene: &mut Scene<'_>, step: Step) -> Held {
        match step {
            Step::Open { worker, probe } => {
                let (Some(worker), Some((number, probe))) =
                    (self.living(scene, worker), pick(scene.probes, probe))
                else {
                    return Ok(());
                };
                let stream = scene.world.open(worker, probe.request.clone());
                self.open.push((stream, worker, number));
                Ok(())
            }
            Step::Finish(stream) => {
                self.take(stream, |stream| scene.world.finish(stream), scene.probes)
            }
            Step::Abort(stream) => {
                self.take(stream, |stream| scene.world.abort(stream), scene.probes)
            }
            Step::Advance(milliseconds) => {
                scene.world.advance(Duration::from_millis(milliseconds.into()));
                Ok(())
            }
            Step::Jump(milliseconds) => {
                scene.world.set_wall_clock_off_by(milliseconds.into());
                Ok(())
            }
            Step::Stop(worker) => {
                if self.stopped.len() + 1 < scene.workers.len()
                    && let Some(worker) = self.living(scene, worker)
                {
                    scene.world.stop(worker);
                    self.stopped.push(worker);
                    // Its clients see the connection break; there is nobody to ask.
                    self.open.retain(|(_, of, _)| *of != worker);
                }
                Ok(())
            }
            Step::Reload => match &mut scene.reload {
                Some(reload) => reload(scene.world, &mut scene.workers),
                None => Ok(()),
            },
        }
    }

    fn living(&self, scene: &Scene<'_>, number: usize) -> Option<WorkerId> {
        let living = scene.workers.iter().filter(|worker| !self.stopped.contains(worker));
        let living: Vec<_> = living.copied().collect();
        pick(&living, number).map(|(_, worker)| *worker)
    }

    fn take(
        &mut self,
        number: usize,
        end: impl FnOnce(StreamId) -> Transcript,
        probes: &[Probe],
    ) -> Held {
        let Some((at, _)) = pick(&self.open, number) else { return Ok(()) };
        let (stream, _, probe) = self.open.remove(at);
        let transcript = end(stream);
        judge(&transcript, probes.get(probe))?;
        self.told.push(transcript);
        Ok(())
    }

    fn healthy(&self, scene: &Scene<'_>) -> Held {
        for worker in &scene.workers {
            if let Some(failure) = scene.world.failure(*worker) {
                return Err(format!("a VM failed: {failure}"));
            }
            let memory = scene.world.memory_bytes(*worker);
            if memory > scene.most_memory {
                return Err(format!("a guest's memory has grown to {memory} bytes"));
            }
        }
        Ok(())
    }

    fn end(&mut self, scene: &mut Scene<'_>) -> Held {
        while !self.open.is_empty() {
            self.take(0, |stream| scene.world.finish(stream), scene.probes)?;
        }
        self.healthy(scene)?;
        for worker in scene.workers.iter().filter(|worker| !self.stopped.contains(worker)) {
            let left = scene.world.open_streams(*worker);
            if left != 0 {
                return Err(format!("{left} streams are left in the context table"));
            }
        }
        Ok(())
    }
}

/// The item of this number, modulo how many there are, with its real number.
fn pick<T>(items: &[T], number: usize) -> Option<(usize, &T)> {
    let at = number.checked_rem(items.len())?;
    items.get(at).map(|item| (at, item))
}

fn judge(transcript: &Transcript, probe: Option<&Probe>) -> Held {
    let refused = probe.is_some_and(|probe| probe.refused);
    if refused && transcript.reached_upstream() {
        return Err(format!("let through although it must be refused\n{transcript}"));
    }
    let locally = matches!(transcript.outcome, Outcome::Local { .. });
    if refused && transcript.status().is_some_and(|status| status < 400) {
        return Err(format!("answered as if it were fine\n{transcript}"));
    }
    if locally && transcript.response.is_none() && !transcript.reached_upstream() {
        return Err(format!("answered, but the client has nothing\n{transcript}"));
    }
    // Each callback that begins or ends something may come once for each filter of the chain.
    let once = ["proxy_on_done", "proxy_on_log", "proxy_on_delete", "proxy_on_request_headers"];
    for name in once {
        let mut contexts: Vec<u32> =
            transcript.callbacks.iter().filter(|c| c.name == name).map(|c| c.context).collect();
        let all = contexts.len();
        contexts.sort_unstable();
        contexts.dedup();
        if contexts.len() != all {
            return Err(format!("`{name}` ran twice for one context\n{transcript}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_schedule() {
        assert_eq!(Schedule::random(1, 50, 3), Schedule::random(1, 50, 3));
        assert_ne!(Schedule::random(1, 50, 3), Schedule::random(2, 50, 3));
        let steps = Schedule::random(3, 2000, 3).0;
        let has = |wanted: fn(&Step) -> bool| steps.iter().any(wanted);
        assert!(has(|step| matches!(step, Step::Stop(_))));
        assert!(has(|step| matches!(step, Step::Reload)));
        assert!(has(|step| matches!(step, Step::Jump(by) if *by < 0)));
        assert!(has(|step| matches!(step, Step::Advance(by) if *by > 5000)));
    }

    #[test]
    fn what_is_broken_lists_the_steps() {
        let steps = vec![Step::Open { worker: 0, probe: 1 }, Step::Advance(5)];
        let broken = Broken { rule: "no".to_owned(), steps };
        let told = "no\nafter these steps:\n    1. open probe 1 on worker 0\n    2. advance 5 ms\n";
        assert_eq!(broken.to_string(), told);
    }
}
