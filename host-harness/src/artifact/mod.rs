//! A filter, checked and compiled once, instantiated many times.

mod abi;
mod cache;

use core::fmt;
use core::time::Duration;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::thread;

use sha2::{Digest as _, Sha256};
use wasmtime::{Config, Engine, ExternType, InstancePre, Linker, Module, UnknownImportError};

pub use abi::AbiVersion;

use crate::abi::{env, wasi};
use crate::error::ArtifactError;
use crate::host::Host;
use crate::profile::Profile;

/// How often the clock of unmetered engines moves.
pub(crate) const EPOCH: Duration = Duration::from_millis(100);

/// A compiled filter. Cloning is cheap; clones may be used from several threads at once.
#[derive(Clone)]
pub struct Artifact {
    inner: Arc<Inner>,
}

struct Inner {
    bytes: Vec<u8>,
    cache: Option<PathBuf>,
    abi: AbiVersion,
    metered: Compiled,
    unmetered: OnceLock<Result<Compiled, ArtifactError>>,
}

pub(crate) struct Compiled {
    pub(crate) engine: Engine,
    pub(crate) pre: InstancePre<Host>,
}

impl Artifact {
    /// Checks and compiles a binary Wasm module.
    ///
    /// # Errors
    /// When the bytes are not a module that some Proxy-Wasm host could load.
    pub fn compile(bytes: &[u8]) -> Result<Self, ArtifactError> {
        Self::make(bytes, None)
    }

    /// The same, keeping the compiled form in a folder for the next time.
    ///
    /// What lies in the folder is executed as it is: it must be writable only by those you would let
    /// run code as yourself.
    ///
    /// # Errors
    /// As [`Artifact::compile`], and when the folder cannot be written.
    pub fn compile_cached(bytes: &[u8], folder: impl AsRef<Path>) -> Result<Self, ArtifactError> {
        Self::make(bytes, Some(folder.as_ref().to_owned()))
    }

    fn make(bytes: &[u8], cache: Option<PathBuf>) -> Result<Self, ArtifactError> {
        if !bytes.starts_with(b"\0asm") {
            return Err(ArtifactError::NotWasm);
        }
        let metered = Compiled::new(bytes, true, cache.as_deref())?;
        let abi = abi::version(metered.pre.module())?;
        let inner =
            Inner { bytes: bytes.to_vec(), cache, abi, metered, unmetered: OnceLock::new() };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Reads a `.wasm` file and compiles it.
    ///
    /// # Errors
    /// When the file cannot be read, and as [`Artifact::compile`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, ArtifactError> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|error| ArtifactError::Unreadable {
            path: path.display().to_string(),
            reason: error.to_string(),
        })?;
        Self::compile(&bytes)
    }

    /// Whether both are the same module, byte for byte.
    pub(crate) fn is_same_module(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner) || self.inner.bytes == other.inner.bytes
    }

    /// Size of the module in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.inner.bytes.len()
    }

    /// SHA-256 of the module, in hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> String {
        Sha256::digest(&self.inner.bytes).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The version of the ABI that the module says it speaks.
    #[must_use]
    pub fn abi(&self) -> AbiVersion {
        self.inner.abi
    }

    /// Imports that this profile's host does not have, as `module.name`: with any of them the module
    /// does not start there.
    #[must_use]
    pub fn missing_on(&self, profile: &Profile) -> Vec<String> {
        abi::missing(self.inner.metered.pre.module(), self.inner.abi, profile)
    }

    /// What the module imports, as `module.name`.
    #[must_use]
    pub fn imports(&self) -> Vec<String> {
        let imports = self.inner.metered.pre.module().imports();
        imports.map(|import| format!("{}.{}", import.module(), import.name())).collect()
    }

    /// What the module exports.
    #[must_use]
    pub fn exports(&self) -> Vec<String> {
        let exports = self.inner.metered.pre.module().exports();
        exports.map(|export| export.name().to_owned()).collect()
    }

    /// The form that counts fuel, or the one that is only stopped by the clock. The latter is
    /// compiled when it is first asked for.
    pub(crate) fn compiled(&self, metered: bool) -> Result<&Compiled, ArtifactError> {
        if metered {
            return Ok(&self.inner.metered);
        }
        let Inner { bytes, cache, unmetered, .. } = &*self.inner;
        let unmetered = unmetered.get_or_init(|| Compiled::new(bytes, false, cache.as_deref()));
        unmetered.as_ref().map_err(Clone::clone)
    }
}

impl fmt::Debug for Artifact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Artifact").field("size", &self.size()).finish_non_exhaustive()
    }
}

impl Compiled {
    pub(crate) fn new(
        bytes: &[u8],
        metered: bool,
        cache: Option<&Path>,
    ) -> Result<Self, ArtifactError> {
        let invalid = |error: wasmtime::Error| ArtifactError::Invalid { reason: words(&error) };
        let mut config = Config::new();
        config.consume_fuel(metered).epoch_interruption(!metered);
        let engine = Engine::new(&config).map_err(invalid)?;
        let module = match cache {
            Some(folder) => cache::module(&engine, bytes, folder)?,
            None => Module::from_binary(&engine, bytes).map_err(invalid)?,
        };
        check_exports(&module)?;
        let mut linker = Linker::new(&engine);
        env::link(&mut linker).and_then(|()| wasi::link(&mut linker)).map_err(invalid)?;
        let pre = resolve(&module, linker)?;
        if !metered {
            keep_time(&engine);
        }
        Ok(Self { engine, pre })
    }
}

fn check_exports(module: &Module) -> Result<(), ArtifactError> {
    abi::version(module)?;
    if !matches!(module.get_export("memory"), Some(ExternType::Memory(_))) {
        return Err(ArtifactError::MissingMemory);
    }
    let allocators = ["proxy_on_memory_allocate", "malloc"];
    if !allocators.iter().any(|name| module.get_export(name).is_some()) {
        return Err(ArtifactError::MissingAllocator);
    }
    Ok(())
}

/// Links the module, naming every import that no host offers rather than the first one only.
fn resolve(module: &Module, mut linker: Linker<Host>) -> Result<InstancePre<Host>, ArtifactError> {
    let mut unknown = Vec::new();
    loop {
        let error = match linker.instantiate_pre(module) {
            Ok(pre) if unknown.is_empty() => return Ok(pre),
            Ok(_) => return Err(ArtifactError::UnknownImports { imports: unknown }),
            Err(error) => error,
        };
        let Some(missing) = error.downcast_ref::<UnknownImportError>() else {
            return Err(ArtifactError::WrongImport { reason: words(&error) });
        };
        unknown.push(format!("{}.{}", missing.module(), missing.name()));
        let ExternType::Func(ty) = missing.ty() else {
            return Err(ArtifactError::UnknownImports { imports: unknown });
        };
        // Fill the gap, only to find the next one: an incomplete module is never returned.
        let filled = linker.func_new(missing.module(), missing.name(), ty, |_, _, _| Ok(()));
        filled.map_err(|error| ArtifactError::WrongImport { reason: words(&error) })?;
    }
}

/// Moves the engine's clock for as long as the engine lives, so that an endless loop is stopped
/// even where no fuel is counted.
fn keep_time(engine: &Engine) {
    let engine = engine.weak();
    thread::spawn(move || {
        loop {
            thread::sleep(EPOCH);
            let Some(engine) = engine.upgrade() else { return };
            engine.increment_epoch();
        }
    });
}

/// An engine error with its causes on one line.
pub(crate) fn words(error: &wasmtime::Error) -> String {
    format!("{error:#}")
}
