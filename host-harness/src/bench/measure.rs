//! Taking the figures.

use core::fmt;
use core::time::Duration;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use wasmtime::{Linker, Store};

use super::statistics::Spread;
use super::{ENGINE, Machine, Measurement, VERSION, build_kind};
use crate::artifact::{Artifact, Compiled};
use crate::error::{ArtifactError, StartError};
use crate::plugin::Plugin;
use crate::profile::Profile;
use crate::request::Request;
use crate::world::upstream::{Upstream, UpstreamReply};
use crate::world::{WorkerId, World};

/// What is sent through the filter.
#[derive(Clone, Debug)]
pub struct Load {
    /// The request, again and again.
    pub request: Request,
    /// What it is, in words.
    pub words: String,
    /// Upstreams for call-outs and what each answers.
    pub upstreams: Vec<(String, UpstreamReply)>,
}

/// What to measure and how long.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The host.
    pub profile: Profile,
    /// The plugin.
    pub plugin: Plugin,
    /// What is sent.
    pub load: Load,
    /// Requests of each of the timed batches; `None` fits them into the time.
    pub requests: Option<u64>,
    /// How long the timed batches together may take, roughly.
    pub time: Duration,
    /// How often start-up is repeated.
    pub repeats: usize,
}

/// Why nothing could be measured.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BenchError {
    /// The module cannot be used.
    Artifact(ArtifactError),
    /// The plugin does not start.
    Start(StartError),
    /// A request brought the VM down, or a case did not hold: what follows measures nothing.
    Failed(String),
}

impl fmt::Display for BenchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Artifact(error) => error.fmt(f),
            Self::Start(error) => error.fmt(f),
            Self::Failed(reason) => write!(f, "failed under load: {reason}"),
        }
    }
}

impl core::error::Error for BenchError {}

impl From<ArtifactError> for BenchError {
    fn from(error: ArtifactError) -> Self {
        Self::Artifact(error)
    }
}

impl From<StartError> for BenchError {
    fn from(error: StartError) -> Self {
        Self::Start(error)
    }
}

/// Requests before the warm one, so that allocators and caches of the guest are filled.
const WARM_UP: usize = 100;
/// Requests between which memory must not grow any more.
const PLATEAU: usize = 1_000;
/// Timed batches.
const BATCHES: usize = 15;

/// Measures a module. Compiled forms are kept in `cache`, which is trusted as
/// [`Artifact::compile_cached`] says.
///
/// # Errors
/// When the module does not load or start, or fails under the load.
pub fn measure(bytes: &[u8], plan: &Plan, cache: &Path) -> Result<Measurement, BenchError> {
    let artifact = Artifact::compile_cached(bytes, cache)?;
    let mut exact = metered(&artifact, plan)?;
    exact.insert("size.module".to_owned(), bytes.len() as u64);
    let mut times = BTreeMap::new();
    times.insert(
        "compile".to_owned(),
        repeat(plan.repeats.min(5), || Compiled::new(bytes, false, None).map(drop))?,
    );
    // The first one fills the cache.
    let compiled = Compiled::new(bytes, false, Some(cache))?;
    times.insert(
        "load from cache".to_owned(),
        repeat(plan.repeats, || Compiled::new(bytes, false, Some(cache)).map(drop))?,
    );
    times.insert("instantiate".to_owned(), instantiate(&compiled, plan.repeats)?);
    times.insert(
        "start".to_owned(),
        repeat(plan.repeats, || timed_world(&artifact, plan).map(drop))?,
    );
    times.insert(
        "start from cache".to_owned(),
        repeat(plan.repeats, || {
            let artifact = Artifact::compile_cached(bytes, cache)?;
            world(&artifact, plan, true).map(drop)
        })?,
    );
    times.insert("request, cold".to_owned(), cold(&artifact, plan)?);
    let warm = warm(&artifact, plan)?;
    times.insert("request, warm".to_owned(), warm);
    Ok(Measurement {
        version: VERSION,
        machine: Machine::here(),
        engine: ENGINE.to_owned(),
        build: build_kind().to_owned(),
        module_sha256: artifact.sha256(),
        profile: plan.profile.name.clone(),
        load: plan.load.words.clone(),
        exact,
        times,
        requests_per_second: 1_000_000_000 / warm.median_ns.max(1),
    })
}

/// One worker, without a canary before it.
fn world(artifact: &Artifact, plan: &Plan, metered: bool) -> Result<(World, WorkerId), BenchError> {
    let mut profile = plan.profile.clone();
    profile.start.canary_run = false;
    let mut builder = World::builder(profile).fuel(metered).record(false);
    for (name, reply) in &plan.load.upstreams {
        builder = builder.upstream(name, Upstream::always(reply.clone()));
    }
    let mut world = builder.build();
    let worker = world.start(artifact, plan.plugin.clone())?;
    Ok((world, worker))
}

fn timed_world(artifact: &Artifact, plan: &Plan) -> Result<(World, WorkerId), BenchError> {
    world(artifact, plan, false)
}

fn metered(artifact: &Artifact, plan: &Plan) -> Result<BTreeMap<String, u64>, BenchError> {
    let (mut world, worker) = world(artifact, plan, true)?;
    let mut exact = BTreeMap::new();
    if let Some(background) = world.background(worker) {
        for (figure, callback) in [
            ("fuel.initialize", "_initialize"),
            ("fuel.vm start", "proxy_on_vm_start"),
            ("fuel.configure", "proxy_on_configure"),
        ] {
            exact.insert(figure.to_owned(), background.fuel_of(callback));
        }
    }
    exact.insert("memory.started".to_owned(), world.memory_bytes(worker) as u64);
    let cold = world.request(worker, plan.load.request.clone());
    exact.insert("fuel.request, cold".to_owned(), cold.fuel);
    for _ in 0..WARM_UP {
        world.request(worker, plan.load.request.clone());
    }
    let warm = world.request(worker, plan.load.request.clone());
    exact.insert("fuel.request, warm".to_owned(), warm.fuel);
    exact.insert("calls.request".to_owned(), warm.host_call_count());
    exact.insert("calls.callbacks".to_owned(), warm.callbacks.len() as u64);
    exact.insert("calls.call-outs".to_owned(), warm.callouts.len() as u64);
    exact.insert("bytes.request".to_owned(), warm.bytes_copied);
    for _ in 0..PLATEAU {
        world.request(worker, plan.load.request.clone());
    }
    let steady = world.memory_bytes(worker);
    for _ in 0..PLATEAU {
        world.request(worker, plan.load.request.clone());
    }
    let peak = world.memory_bytes(worker);
    exact.insert("memory.steady".to_owned(), steady as u64);
    exact.insert("memory.peak".to_owned(), peak as u64);
    if let Some(failure) = world.failure(worker) {
        return Err(BenchError::Failed(failure.to_string()));
    }
    Ok(exact)
}

/// What the engine alone does: memory, tables and data segments, with imports that do nothing.
fn instantiate(compiled: &Compiled, times: usize) -> Result<Spread, BenchError> {
    let wrong = |error: wasmtime::Error| {
        BenchError::Artifact(ArtifactError::Invalid { reason: crate::artifact::words(&error) })
    };
    let module = compiled.pre.module();
    let mut linker: Linker<()> = Linker::new(&compiled.engine);
    linker.define_unknown_imports_as_traps(module).map_err(wrong)?;
    let pre = linker.instantiate_pre(module).map_err(wrong)?;
    repeat(times, || {
        let mut store = Store::new(&compiled.engine, ());
        store.set_epoch_deadline(1_000);
        pre.instantiate(&mut store).map(drop).map_err(wrong)
    })
}

/// The first request of a fresh VM.
fn cold(artifact: &Artifact, plan: &Plan) -> Result<Spread, BenchError> {
    let mut times = Vec::new();
    for _ in 0..plan.repeats.max(1) {
        let (mut world, worker) = timed_world(artifact, plan)?;
        let request = plan.load.request.clone();
        let start = Instant::now();
        drop(world.request(worker, request));
        times.push(nanos(start.elapsed()));
    }
    Ok(Spread::of(&times))
}

fn warm(artifact: &Artifact, plan: &Plan) -> Result<Spread, BenchError> {
    let (mut world, worker) = timed_world(artifact, plan)?;
    let mut batch = |requests: u64| {
        let start = Instant::now();
        for _ in 0..requests {
            drop(world.request(worker, plan.load.request.clone()));
        }
        nanos(start.elapsed()) / requests.max(1)
    };
    let one = batch(WARM_UP as u64).max(1);
    let fitting = nanos(plan.time) / one / BATCHES as u64;
    let requests = plan.requests.unwrap_or(fitting).max(1);
    let times: Vec<u64> = (0..BATCHES).map(|_| batch(requests)).collect();
    match world.failure(worker) {
        Some(failure) => Err(BenchError::Failed(failure.to_string())),
        None => Ok(Spread::of(&times)),
    }
}

pub(super) fn repeat<E>(
    times: usize,
    mut run: impl FnMut() -> Result<(), E>,
) -> Result<Spread, BenchError>
where
    BenchError: From<E>,
{
    let mut taken = Vec::new();
    for _ in 0..times.max(1) {
        let start = Instant::now();
        run()?;
        taken.push(nanos(start.elapsed()));
    }
    Ok(Spread::of(&taken))
}

pub(super) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
