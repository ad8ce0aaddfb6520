//! Modules besides the one under test, each compiled once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::artifact::Artifact;
use crate::error::ArtifactError;

/// Compiled modules by path. Clones share what they hold.
#[derive(Clone, Debug, Default)]
pub struct Modules {
    cache: Option<PathBuf>,
    compiled: Arc<Mutex<BTreeMap<PathBuf, Artifact>>>,
}

impl Modules {
    /// No module yet; compiled forms are kept in a folder.
    #[must_use]
    pub fn cached_in(folder: impl Into<PathBuf>) -> Self {
        Self { cache: Some(folder.into()), ..Self::default() }
    }

    /// The module of a file.
    ///
    /// # Errors
    /// As [`Artifact::from_file`] and [`Artifact::compile_cached`].
    pub fn get(&self, path: &Path) -> Result<Artifact, ArtifactError> {
        // Compiling takes its time, and whoever waits here would only do the same work.
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(artifact) = compiled.get(path) {
            return Ok(artifact.clone());
        }
        let artifact = match &self.cache {
            None => Artifact::from_file(path)?,
            Some(folder) => {
                let bytes = std::fs::read(path).map_err(|error| ArtifactError::Unreadable {
                    path: path.display().to_string(),
                    reason: error.to_string(),
                })?;
                Artifact::compile_cached(&bytes, folder)?
            }
        };
        compiled.insert(path.to_owned(), artifact.clone());
        Ok(artifact)
    }
}
