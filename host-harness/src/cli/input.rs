//! What commands that play cases are given: cases, modules, a profile.

use std::path::{Path, PathBuf};

use crate::case::{self, Case, Modules};
use crate::{Artifact, ArtifactError, Profile};

/// At least one case.
pub(super) fn cases(paths: &[PathBuf]) -> Result<Vec<Case>, String> {
    let cases = case::load(paths).map_err(|error| error.to_string())?;
    if cases.is_empty() { Err("there are no cases".to_owned()) } else { Ok(cases) }
}

/// Where modules are compiled, and kept if there is a folder for it.
pub(super) fn modules(cache: Option<&PathBuf>) -> Modules {
    cache.map_or_else(Modules::default, Modules::cached_in)
}

/// Compiles the module under test, and those that the cases name besides.
pub(super) fn compile(
    modules: &Modules,
    filter: &Path,
    cases: &[Case],
) -> Result<Artifact, String> {
    let compiled = |path: &Path| {
        modules.get(path).map_err(|error| match error {
            // It names the file itself.
            ArtifactError::Unreadable { .. } => error.to_string(),
            error => format!("{}: {error}", path.display()),
        })
    };
    let artifact = compiled(filter)?;
    for path in cases.iter().flat_map(Case::modules) {
        compiled(path)?;
    }
    Ok(artifact)
}

/// The preset of this name.
pub(super) fn profile(name: &str) -> Result<Profile, String> {
    Profile::named(name).ok_or_else(|| {
        format!("no profile is called `{name}`, known are `{}`", Profile::NAMES.join("`, `"))
    })
}
