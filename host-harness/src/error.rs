//! What can go wrong, each kind with its own name.

use core::error::Error;
use core::fmt;

use crate::ledger::Log;

/// Why bytes are not a filter that any host could load.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ArtifactError {
    /// The file cannot be read.
    Unreadable {
        /// Path as given.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// The bytes do not start like a Wasm module.
    NotWasm,
    /// The bytes start like a Wasm module but are not a valid one.
    Invalid {
        /// What the validator says.
        reason: String,
    },
    /// No `proxy_abi_version_*` export that this host knows.
    MissingAbiMarker {
        /// Markers that are there but unknown.
        found: Vec<String>,
    },
    /// Neither `proxy_on_memory_allocate` nor `malloc` is exported.
    MissingAllocator,
    /// No memory is exported under the name `memory`.
    MissingMemory,
    /// An export that the ABI names has another type.
    WrongExport {
        /// Its name.
        name: String,
    },
    /// Imports that no host offers, as `module.name`.
    UnknownImports {
        /// All of them.
        imports: Vec<String>,
    },
    /// An import exists on the host with another type.
    WrongImport {
        /// What the linker says.
        reason: String,
    },
    /// A compiled form from the cache cannot be used.
    Cache {
        /// What went wrong.
        reason: String,
    },
}

impl fmt::Display for ArtifactError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, reason } => write!(f, "cannot read `{path}`: {reason}"),
            Self::NotWasm => write!(f, "not a wasm module"),
            Self::Invalid { reason } => write!(f, "invalid wasm module: {reason}"),
            Self::MissingAbiMarker { found } if found.is_empty() => {
                write!(f, "no `proxy_abi_version_*` export: not a proxy-wasm filter")
            }
            Self::MissingAbiMarker { found } => {
                write!(f, "unknown abi version: `{}`", found.join("`, `"))
            }
            Self::MissingAllocator => {
                write!(f, "exports neither `proxy_on_memory_allocate` nor `malloc`")
            }
            Self::MissingMemory => write!(f, "exports no memory named `memory`"),
            Self::WrongExport { name } => write!(f, "export `{name}` has the wrong type"),
            Self::UnknownImports { imports } => {
                write!(f, "imports what no host offers: `{}`", imports.join("`, `"))
            }
            Self::WrongImport { reason } => write!(f, "an import has the wrong type: {reason}"),
            Self::Cache { reason } => write!(f, "compiled form not usable: {reason}"),
        }
    }
}

impl Error for ArtifactError {}

/// Why a plugin did not start.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StartError {
    /// The module has no second, unmetered form, or it could not be compiled.
    Artifact(ArtifactError),
    /// The module imports what this profile's host does not have, as `module.name`.
    MissingImports {
        /// All of them.
        imports: Vec<String>,
    },
    /// The instance could not be made, for example because it asks for too much memory.
    Instantiation {
        /// What the engine says.
        reason: String,
    },
    /// A start-up callback failed.
    Failed {
        /// How.
        failure: Failure,
        /// What the guest had logged.
        logs: Vec<Log>,
    },
    /// `on_vm_start` returned false.
    VmStartRefused {
        /// What the guest had logged.
        logs: Vec<Log>,
    },
    /// `on_configure` returned false.
    ConfigurationRefused {
        /// What the guest had logged.
        logs: Vec<Log>,
    },
}

impl StartError {
    /// What the guest had logged before it gave up.
    #[must_use]
    pub fn logs(&self) -> &[Log] {
        match self {
            Self::Artifact(_) | Self::MissingImports { .. } | Self::Instantiation { .. } => &[],
            Self::Failed { logs, .. }
            | Self::VmStartRefused { logs }
            | Self::ConfigurationRefused { logs } => logs,
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Artifact(error) => error.fmt(f),
            Self::MissingImports { imports } => {
                write!(f, "imports what this host lacks: `{}`", imports.join("`, `"))
            }
            Self::Instantiation { reason } => write!(f, "cannot instantiate: {reason}"),
            Self::Failed { failure, .. } => write!(f, "start-up failed: {failure}"),
            Self::VmStartRefused { .. } => write!(f, "`on_vm_start` returned false"),
            Self::ConfigurationRefused { .. } => write!(f, "`on_configure` returned false"),
        }?;
        match self.logs().last() {
            Some(log) => write!(f, " (last log line: {})", log.message()),
            None => Ok(()),
        }
    }
}

impl Error for StartError {}

impl From<ArtifactError> for StartError {
    fn from(error: ArtifactError) -> Self {
        Self::Artifact(error)
    }
}

/// How a VM failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailureKind {
    /// The guest trapped: a panic, an access out of bounds, an unreachable instruction.
    Trap,
    /// The guest used up its fuel or its time.
    Deadline,
    /// The guest called `proc_exit`.
    Exit,
    /// The guest called the host where the host does not allow it.
    Restricted,
    /// The worker process died.
    Crash,
    /// The worker asked for does not exist in this world.
    NoSuchWorker,
}

/// A VM that can no longer be used, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The callback it happened in, as the guest exports it.
    pub callback: &'static str,
    /// How.
    pub kind: FailureKind,
    /// The engine's own words, with a guest backtrace where it has one.
    pub message: String,
}

impl Failure {
    /// There is no VM to call.
    pub(crate) fn at_start(message: String) -> Self {
        Self { callback: "", kind: FailureKind::Trap, message }
    }

    /// The failure of what was asked of nobody.
    pub(crate) fn no_such_worker() -> Self {
        Self {
            callback: "",
            kind: FailureKind::NoSuchWorker,
            message: "this world has no such worker or stream".to_owned(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            FailureKind::Trap => "trapped",
            FailureKind::Deadline => "ran past its deadline",
            FailureKind::Exit => "exited",
            FailureKind::Restricted => "made a forbidden call",
            FailureKind::Crash => "killed the worker",
            FailureKind::NoSuchWorker => "does not exist",
        };
        write!(f, "`{}` {kind}: {}", self.callback, self.message)
    }
}

impl Error for Failure {}
