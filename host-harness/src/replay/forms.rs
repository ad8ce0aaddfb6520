//! Requests, replies, plugins and steps in the form that a recording keeps.

use core::time::Duration;
use std::collections::BTreeMap;

use super::bytes::Bytes;
use crate::headers::Headers;
use crate::plugin::{FailurePolicy, Plugin};
use crate::request::Request;
use crate::world::upstream::{Fate, UpstreamReply};

type Fields = Vec<(Bytes, Bytes)>;

/// How a world is set up before anything happens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "cli",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields)
)]
pub struct Setting {
    /// What this world had that a recording cannot hold, so that a replay may differ.
    #[cfg_attr(feature = "cli", serde(default))]
    pub unrecorded: Vec<String>,
    /// Seed of randomness.
    pub seed: u64,
    /// Wall clock at the beginning, in milliseconds since 1970.
    pub clock: u64,
    /// Fuel that a callback may use; `None` is an unmetered world.
    pub fuel: Option<u64>,
    /// Whether host calls are kept one by one.
    pub record: bool,
    /// Least log level kept, as its number.
    pub log_level: u32,
    /// Environment variables.
    pub environment: Vec<(String, String)>,
    /// Environment of the worker processes.
    #[cfg_attr(feature = "cli", serde(default))]
    pub process_environment: Vec<(String, String)>,
    /// Functions that plugins may use; all where there is no list.
    #[cfg_attr(feature = "cli", serde(default))]
    pub capabilities: Option<Vec<String>>,
    /// Name and port of the server, as nginx shows them.
    pub server: String,
    /// nginx variables by name.
    #[cfg_attr(feature = "cli", serde(default))]
    pub variables: BTreeMap<String, VariableForm>,
    /// Zones of shared memory: bytes, and whether old records make room.
    #[cfg_attr(feature = "cli", serde(default))]
    pub zones: BTreeMap<String, (usize, bool)>,
    /// Declared queues and their bytes.
    #[cfg_attr(feature = "cli", serde(default))]
    pub queues: BTreeMap<String, usize>,
    /// Properties of every context: path with NULs between its segments, and value.
    pub properties: Fields,
    /// Every reply that each first upstream for call-outs gave, in order.
    pub upstreams: BTreeMap<String, Vec<ReplyForm>>,
    /// Every reply that the first upstream of requests gave, in order.
    pub origin: Vec<ReplyForm>,
}

/// A variable of nginx as a world declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "cli",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields)
)]
pub struct VariableForm {
    /// Its first value.
    pub value: Bytes,
    /// Whether filters may change it.
    pub changeable: bool,
    /// The upstream header that is made of it.
    pub header: Option<String>,
}

/// One thing done to a world.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "cli",
    derive(serde::Serialize, serde::Deserialize),
    serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)
)]
pub enum Step {
    /// A chain of plugins is loaded.
    Start {
        /// The plugins, in the order of the chain.
        chain: Vec<Link>,
        /// On how many workers.
        workers: usize,
    },
    /// The chain of every worker is replaced.
    Reconfigure {
        /// The plugins, in the order of the chain.
        chain: Vec<Link>,
    },
    /// A request comes in; streams are numbered from 0 in this order.
    Open {
        /// Worker, counted in the order of their start.
        worker: usize,
        /// The request.
        request: RequestForm,
    },
    /// Time passes until the stream is over, but not beyond this time since the world began.
    Wait {
        /// Number of the stream.
        stream: usize,
        /// In nanoseconds.
        until: u64,
    },
    /// A stream ends as it stands.
    Finish {
        /// Number of the stream.
        stream: usize,
    },
    /// The client of a stream goes away.
    Abort {
        /// Number of the stream.
        stream: usize,
    },
    /// A worker's thread dies.
    Stop {
        /// Worker, counted in the order of their start.
        worker: usize,
    },
    /// Time passes.
    Advance {
        /// In nanoseconds.
        nanoseconds: u64,
    },
    /// The wall clock jumps.
    Skew {
        /// How far.
        milliseconds: i64,
    },
    /// An upstream for call-outs appears, or is replaced.
    Upstream {
        /// Its name.
        name: String,
        /// Every reply it gave, in order.
        replies: Vec<ReplyForm>,
    },
    /// The upstream of requests is replaced.
    Origin {
        /// Every reply it gave, in order.
        replies: Vec<ReplyForm>,
    },
    /// The books of what a worker did for no stream are read and begun anew.
    TakeBackground {
        /// Worker, counted in the order of their start.
        worker: usize,
    },
}

/// One plugin of a chain and the module it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "cli",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields)
)]
pub struct Link {
    /// SHA-256 of the module, in hexadecimal.
    pub module_sha256: String,
    /// The plugin.
    pub plugin: PluginForm,
}

/// A [`Plugin`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "cli",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields)
)]
#[expect(missing_docs, reason = "the fields are those of `Plugin`")]
pub struct PluginForm {
    pub name: String,
    pub root_id: String,
    pub vm_id: String,
    pub vm_configuration: Bytes,
    pub configuration: Bytes,
    /// `closed`, `open` or `reload`.
    pub failure_policy: String,
    #[cfg_attr(feature = "cli", serde(default))]
    pub allow_on_headers_stop_iteration: bool,
}

/// A [`Request`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "cli",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields)
)]
#[expect(missing_docs, reason = "the fields are those of `Request`")]
pub struct RequestForm {
    pub headers: Fields,
    pub chunks: Vec<Bytes>,
    pub trailers: Fields,
    pub properties: Fields,
    /// In nanoseconds.
    pub patience: u64,
}

/// An [`UpstreamReply`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "cli",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields)
)]
#[expect(missing_docs, reason = "the fields are those of `UpstreamReply`")]
pub struct ReplyForm {
    /// `answer`, `reset`, `cut-off`, `connect-error`, `never` or `not-started`.
    pub fate: String,
    pub headers: Fields,
    pub chunks: Vec<Bytes>,
    pub trailers: Fields,
    /// In nanoseconds.
    pub latency: u64,
    /// In nanoseconds.
    #[cfg_attr(feature = "cli", serde(default))]
    pub longest_silence: Option<u64>,
    #[cfg_attr(feature = "cli", serde(default))]
    pub until_close: bool,
}

pub(super) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn fields(headers: &Headers) -> Fields {
    headers.iter_as_spelled().map(|(name, value)| (name.into(), value.into())).collect()
}

fn headers(fields: &Fields) -> Headers {
    fields.iter().map(|(name, value)| (&name.0, &value.0)).collect()
}

fn plain(chunks: &[Bytes]) -> Vec<Vec<u8>> {
    chunks.iter().map(|chunk| chunk.0.clone()).collect()
}

pub(super) fn pairs(properties: &BTreeMap<Vec<u8>, Vec<u8>>) -> Fields {
    properties.iter().map(|(path, value)| (Bytes(path.clone()), Bytes(value.clone()))).collect()
}

const POLICIES: [(&str, FailurePolicy); 3] = [
    ("closed", FailurePolicy::Closed),
    ("open", FailurePolicy::Open),
    ("reload", FailurePolicy::Reload),
];

impl PluginForm {
    pub(super) fn of(plugin: &Plugin) -> Self {
        let Plugin {
            name,
            root_id,
            vm_id,
            vm_configuration,
            configuration,
            failure_policy,
            allow_on_headers_stop_iteration,
        } = plugin;
        let policy = POLICIES.iter().find(|(_, policy)| policy == failure_policy);
        Self {
            name: name.clone(),
            root_id: root_id.clone(),
            vm_id: vm_id.clone(),
            vm_configuration: Bytes(vm_configuration.clone()),
            configuration: Bytes(configuration.clone()),
            failure_policy: policy.map_or("closed", |(name, _)| name).to_owned(),
            allow_on_headers_stop_iteration: *allow_on_headers_stop_iteration,
        }
    }

    pub(super) fn plugin(&self) -> Result<Plugin, String> {
        let policy = POLICIES.iter().find(|(name, _)| *name == self.failure_policy);
        let (_, failure_policy) =
            *policy.ok_or_else(|| format!("unknown failure policy `{}`", self.failure_policy))?;
        Ok(Plugin {
            name: self.name.clone(),
            root_id: self.root_id.clone(),
            vm_id: self.vm_id.clone(),
            vm_configuration: self.vm_configuration.0.clone(),
            configuration: self.configuration.0.clone(),
            failure_policy,
            allow_on_headers_stop_iteration: self.allow_on_headers_stop_iteration,
        })
    }
}

impl RequestForm {
    pub(super) fn of(request: &Request) -> Self {
        let Request { headers, chunks, trailers, properties, patience } = request;
        Self {
            headers: fields(headers),
            chunks: chunks.iter().map(|chunk| Bytes(chunk.clone())).collect(),
            trailers: fields(trailers),
            properties: pairs(properties),
            patience: nanos(*patience),
        }
    }

    pub(super) fn request(&self) -> Request {
        let properties = self.properties.iter();
        Request {
            headers: headers(&self.headers),
            chunks: plain(&self.chunks),
            trailers: headers(&self.trailers),
            properties: properties.map(|(path, value)| (path.0.clone(), value.0.clone())).collect(),
            patience: Duration::from_nanos(self.patience),
        }
    }

    /// `GET /flights`, for the name of a step.
    pub(super) fn line(&self) -> String {
        let field = |wanted: &str| {
            let found = self.headers.iter().find(|(name, _)| name.0 == wanted.as_bytes());
            found.map(|(_, value)| value.0.escape_ascii().to_string()).unwrap_or_default()
        };
        format!("{} {}", field(":method"), field(":path"))
    }
}

const FATES: [(&str, Fate); 6] = [
    ("answer", Fate::Answer),
    ("reset", Fate::Reset),
    ("cut-off", Fate::CutOff),
    ("connect-error", Fate::ConnectError),
    ("never", Fate::Never),
    ("not-started", Fate::NotStarted),
];

impl ReplyForm {
    pub(super) fn of(reply: &UpstreamReply) -> Self {
        let UpstreamReply {
            fate,
            headers,
            chunks,
            trailers,
            latency,
            longest_silence,
            until_close,
        } = reply;
        let name = FATES.iter().find(|(_, known)| known == fate);
        Self {
            fate: name.map_or("never", |(name, _)| name).to_owned(),
            headers: fields(headers),
            chunks: chunks.iter().map(|chunk| Bytes(chunk.clone())).collect(),
            trailers: fields(trailers),
            latency: nanos(*latency),
            longest_silence: longest_silence.map(nanos),
            until_close: *until_close,
        }
    }

    pub(super) fn reply(&self) -> Result<UpstreamReply, String> {
        let known = FATES.iter().find(|(name, _)| *name == self.fate);
        let (_, fate) = known.ok_or_else(|| format!("unknown fate `{}`", self.fate))?;
        Ok(UpstreamReply {
            fate: fate.clone(),
            headers: headers(&self.headers),
            chunks: plain(&self.chunks),
            trailers: headers(&self.trailers),
            latency: Duration::from_nanos(self.latency),
            longest_silence: self.longest_silence.map(Duration::from_nanos),
            until_close: self.until_close,
        })
    }
}
