//! Doing again what a recording says.

use core::fmt;
use core::time::Duration;
use std::collections::VecDeque;

use super::Recording;
use super::forms::{Link, ReplyForm, Setting, Step, VariableForm};
use crate::abi::LogLevel;
use crate::artifact::Artifact;
use crate::plugin::Plugin;
use crate::profile::Profile;
use crate::transcript::Transcript;
use crate::world::clock::UnixMillis;
use crate::world::upstream::{Upstream, UpstreamReply};
use crate::world::{StreamId, WorkerId, World};

/// What came of doing a recording again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Replay {
    /// One for each stream that ended, in order.
    pub transcripts: Vec<Transcript>,
    /// A recording of the replay, to compare with the one it follows.
    pub recording: Recording,
}

/// Why a recording cannot be done again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayError {
    /// The step, counted from 0; `None` is the world's setting.
    pub step: Option<usize>,
    /// What is wrong with it.
    pub reason: String,
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step {
            Some(step) => write!(f, "step {step}: {}", self.reason),
            None => write!(f, "world: {}", self.reason),
        }
    }
}

impl core::error::Error for ReplayError {}

impl Recording {
    /// Does everything again with this module, on the recorded profile or on another.
    ///
    /// Upstreams give the replies they gave then, in that order; a call beyond them is refused its
    /// connection, and a request beyond them gets an empty 200.
    ///
    /// # Errors
    /// When the recording is not consistent with itself, or its chains run several modules.
    pub fn replay(
        &self,
        artifact: &Artifact,
        profile: Option<Profile>,
    ) -> Result<Replay, ReplayError> {
        self.replay_beside(artifact, &[], profile)
    }

    /// The same for chains of several modules: the recorded module is replaced by this one, the
    /// others are looked for among these by what is in them.
    ///
    /// # Errors
    /// As [`Recording::replay`], and when a module is not among them.
    pub fn replay_beside(
        &self,
        artifact: &Artifact,
        others: &[Artifact],
        profile: Option<Profile>,
    ) -> Result<Replay, ReplayError> {
        let setting = |reason: String| ReplayError { step: None, reason };
        let profile = profile.unwrap_or_else(|| self.profile.clone());
        let mut run = Run {
            world: build(&self.world, profile).map_err(setting)?,
            artifact,
            others,
            module: &self.module_sha256,
            workers: Vec::new(),
            streams: Vec::new(),
            refused: false,
            transcripts: Vec::new(),
        };
        for (number, step) in self.steps.iter().enumerate() {
            match run.take(step) {
                Ok(()) => {}
                // The difference is then the start itself, which the recording of the replay shows.
                Err(_) if run.refused => break,
                Err(reason) => return Err(ReplayError { step: Some(number), reason }),
            }
        }
        let recording = run.world.recording();
        let mut recording = recording.ok_or_else(|| setting("nothing was recorded".to_owned()))?;
        recording.case.clone_from(&self.case);
        recording.file.clone_from(&self.file);
        recording.module_sha256 = artifact.sha256();
        recording.world.unrecorded.clone_from(&self.world.unrecorded);
        Ok(Replay { transcripts: run.transcripts, recording })
    }
}

/// The replies of one upstream, then what it says when it has none left.
fn scripted(replies: &[ReplyForm], beyond: UpstreamReply) -> Result<Upstream, String> {
    let replies: Result<VecDeque<_>, _> = replies.iter().map(ReplyForm::reply).collect();
    let mut replies = replies?;
    Ok(Upstream::respond(move |_| replies.pop_front().unwrap_or_else(|| beyond.clone())))
}

fn build(setting: &Setting, profile: Profile) -> Result<World, String> {
    let Setting {
        unrecorded: _,
        seed,
        clock,
        fuel,
        record,
        log_level,
        environment,
        process_environment,
        capabilities,
        server,
        variables,
        zones,
        queues,
        properties,
        upstreams,
        origin,
    } = setting;
    let level = LogLevel::from_wire(*log_level);
    let level = level.ok_or_else(|| format!("unknown log level {log_level}"))?;
    let mut builder = World::builder(profile)
        .seed(*seed)
        .clock(UnixMillis(*clock))
        .record(*record)
        .log_level(level)
        .origin(scripted(origin, UpstreamReply::status(200))?)
        .keep_recording();
    builder = match fuel {
        Some(limit) => builder.fuel_limit(*limit),
        None => builder.fuel(false),
    };
    for (name, value) in environment {
        builder = builder.environment(name, value);
    }
    for (name, value) in process_environment {
        builder = builder.process_environment(name, value);
    }
    if let Some(names) = capabilities {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        builder = builder.capabilities(&names);
    }
    let (name, port) = server.rsplit_once(':').ok_or("the server has no port")?;
    let port = port.parse().map_err(|_| format!("`{port}` is no port"))?;
    builder = builder.server_name(name, port);
    for (name, VariableForm { value, changeable, header }) in variables {
        builder = builder.declare_variable(name, value.0.clone(), *changeable);
        if let Some(header) = header {
            builder = builder.proxy_set_header(header, name);
        }
    }
    for (name, (bytes, evicts)) in zones {
        builder = if *evicts {
            builder.shared_zone(name, *bytes)
        } else {
            builder.shared_zone_without_eviction(name, *bytes)
        };
    }
    for (name, bytes) in queues {
        builder = builder.shared_queue(name, *bytes);
    }
    for (path, value) in properties {
        let path = String::from_utf8_lossy(&path.0).into_owned();
        let segments: Vec<&str> = path.split('\0').collect();
        builder = builder.property(&segments, value.0.clone());
    }
    for (name, replies) in upstreams {
        let upstream = scripted(replies, UpstreamReply::connect_error())?;
        builder = builder.upstream(name, upstream);
    }
    Ok(builder.build())
}

struct Run<'a> {
    world: World,
    artifact: &'a Artifact,
    others: &'a [Artifact],
    module: &'a str,
    workers: Vec<WorkerId>,
    streams: Vec<StreamId>,
    /// A start failed, so that its workers are missing.
    refused: bool,
    transcripts: Vec<Transcript>,
}

impl Run<'_> {
    fn worker(&self, number: usize) -> Result<WorkerId, String> {
        self.workers.get(number).copied().ok_or_else(|| format!("there is no worker {number}"))
    }

    fn stream(&self, number: usize) -> Result<StreamId, String> {
        self.streams.get(number).copied().ok_or_else(|| format!("there is no stream {number}"))
    }

    fn chain(&self, links: &[Link]) -> Result<Vec<(Artifact, Plugin)>, String> {
        let link = |link: &Link| {
            let digest = &link.module_sha256;
            let artifact = if digest == self.module {
                self.artifact
            } else {
                let other = self.others.iter().find(|other| other.sha256() == *digest);
                other.ok_or_else(|| format!("another module is needed, with SHA-256 {digest}"))?
            };
            Ok((artifact.clone(), link.plugin.plugin()?))
        };
        links.iter().map(link).collect()
    }

    fn take(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Start { chain, workers } => {
                let chain = self.chain(chain)?;
                match self.world.start_chain(&chain, *workers) {
                    Ok(ids) => self.workers.extend(ids),
                    Err(_) => self.refused = true,
                }
            }
            Step::Reconfigure { chain } => {
                // Whether it succeeds is part of what is compared.
                let _ = self.world.reconfigure(&self.chain(chain)?);
            }
            Step::Open { worker, request } => {
                let stream = self.world.open(self.worker(*worker)?, request.request());
                self.streams.push(stream);
            }
            Step::Wait { stream, until } => {
                self.world.wait(self.stream(*stream)?, Duration::from_nanos(*until));
            }
            Step::Finish { stream } => {
                let transcript = self.world.finish(self.stream(*stream)?);
                self.transcripts.push(transcript);
            }
            Step::Abort { stream } => {
                let transcript = self.world.abort(self.stream(*stream)?);
                self.transcripts.push(transcript);
            }
            Step::Stop { worker } => self.world.stop(self.worker(*worker)?),
            Step::Advance { nanoseconds } => {
                self.world.advance(Duration::from_nanos(*nanoseconds));
            }
            Step::Skew { milliseconds } => self.world.set_wall_clock_off_by(*milliseconds),
            Step::Upstream { name, replies } => {
                let upstream = scripted(replies, UpstreamReply::connect_error())?;
                self.world.set_upstream(name, upstream);
            }
            Step::Origin { replies } => {
                self.world.set_origin(scripted(replies, UpstreamReply::status(200))?);
            }
            Step::TakeBackground { worker } => {
                drop(self.world.take_background(self.worker(*worker)?));
            }
        }
        Ok(())
    }
}
