//! Recordings: what was done to a world and what came of it, kept in a file and done again.
//!
//! A recording holds all that a run depends on but the module: profile, seed, clock, plugins,
//! requests, and every reply that an upstream gave. It is replayed on the same module, on another
//! build of it, or on another profile, and the first difference is shown.
//!
//! ```
//! use gatekey_host_harness::*;
//!
//! # let bytes = wat::parse_str(r#"(module (memory (export "memory") 1)
//! #     (func (export "proxy_abi_version_0_2_1"))
//! #     (func (export "proxy_on_memory_allocate") (param i32) (result i32) i32.const 1024))"#)?;
//! let artifact = Artifact::compile(&bytes)?;
//! let mut world = World::builder(Profile::envoy()).keep_recording().build();
//! let worker = world.start(&artifact, Plugin::new("mine", "{}"))?;
//! world.request(worker, Request::get("/"));
//! let recording = world.recording().ok_or("the world keeps one")?;
//!
//! let again = recording.replay(&artifact, None)?;
//! assert_eq!(recording.difference(&again.recording, replay::Detail::Everything, 3), None);
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```

mod bytes;
mod difference;
#[cfg(feature = "cli")]
mod document;
mod forms;
#[cfg(feature = "cli")]
mod redact;
mod run;
pub(crate) mod tape;
mod text;

pub use bytes::Bytes;
pub use difference::{Detail, Difference};
#[cfg(feature = "cli")]
pub use document::DocumentError;
pub use forms::{Link, PluginForm, ReplyForm, RequestForm, Setting, Step, VariableForm};
pub use run::{Replay, ReplayError};

use crate::profile::Profile;

/// The version of the format that this build writes and reads.
pub const VERSION: u32 = 1;

/// One run of a world.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "cli",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields)
)]
pub struct Recording {
    /// Version of the format.
    pub version: u32,
    /// Name of the case it comes from, if it comes from one.
    #[cfg_attr(feature = "cli", serde(default))]
    pub case: String,
    /// File of that case.
    #[cfg_attr(feature = "cli", serde(default))]
    pub file: String,
    /// The host, with all its switches.
    pub profile: Profile,
    /// SHA-256 of the module under test, in hexadecimal: the first one started, unless it is said
    /// to be another one.
    pub module_sha256: String,
    /// How the world was set up.
    pub world: Setting,
    /// What was done, in order.
    pub steps: Vec<Step>,
    /// What came of it, in order.
    pub transcripts: Vec<Told>,
    /// What stands in the place of secrets.
    #[cfg_attr(feature = "cli", serde(default))]
    pub redacted: Vec<String>,
}

/// What came of one step.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "cli",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields)
)]
pub struct Told {
    /// Which step: a stream by its number and request line, a start, the background of a worker.
    pub step: String,
    /// The transcript as text.
    pub text: String,
}
