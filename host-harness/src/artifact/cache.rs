//! Compiled forms on disk, named by what they were compiled from and for.

use core::hash::{Hash, Hasher};
use std::hash::DefaultHasher;
use std::path::Path;
use std::{fs, process, thread};

use sha2::{Digest, Sha256};
use wasmtime::{Engine, Module};

use super::words;
use crate::error::ArtifactError;

pub(super) fn module(
    engine: &Engine,
    bytes: &[u8],
    folder: &Path,
) -> Result<Module, ArtifactError> {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    let digest = Sha256::new().chain_update(hasher.finish().to_le_bytes()).chain_update(bytes);
    let name: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let path = folder.join(&name).with_extension("cwasm");
    if let Some(module) = load(engine, &path) {
        return Ok(module);
    }
    let invalid = |error: wasmtime::Error| ArtifactError::Invalid { reason: words(&error) };
    let module = Module::from_binary(engine, bytes).map_err(invalid)?;
    let compiled = module.serialize().map_err(invalid)?;
    let unwritten = |error: std::io::Error| ArtifactError::Cache { reason: error.to_string() };
    fs::create_dir_all(folder).map_err(unwritten)?;
    // Renaming makes it appear whole, whoever else is writing the same.
    let draft = folder.join(format!("{name}.{}.{:?}", process::id(), thread::current().id()));
    fs::write(&draft, compiled).and_then(|()| fs::rename(&draft, &path)).map_err(unwritten)?;
    Ok(module)
}

/// A compiled form, if there is one that this engine takes.
fn load(engine: &Engine, path: &Path) -> Option<Module> {
    let compiled = fs::read(path).ok()?;
    #[expect(unsafe_code, reason = "the caller vouches for the folder, see `compile_cached`")]
    // SAFETY: the file was written by `module` above, into a folder that, by the contract of
    // `Artifact::compile_cached`, nobody else may write.
    let module = unsafe { Module::deserialize(engine, compiled) };
    module.ok()
}
