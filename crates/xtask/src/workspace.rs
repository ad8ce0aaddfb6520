//! Where the workspace and its build products are.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use cargo_metadata::{Metadata, MetadataCommand};

#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    /// Cargo's target directory: `target/` unless the developer moved it.
    pub(crate) target: PathBuf,
}

impl Workspace {
    pub(crate) fn find() -> Result<Self> {
        let metadata = MetadataCommand::new()
            .no_deps()
            .exec()
            .context("`cargo metadata` failed: run this inside the workspace")?;
        Ok(Self {
            root: metadata.workspace_root.into_std_path_buf(),
            target: metadata.target_directory.into_std_path_buf(),
        })
    }

    pub(crate) fn metadata(&self) -> Result<Metadata> {
        MetadataCommand::new()
            .current_dir(&self.root)
            .other_options(vec!["--locked".to_owned(), "--all-features".to_owned()])
            .exec()
            .context("cannot read the dependency graph")
    }

    pub(crate) fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    pub(crate) fn filters(&self) -> PathBuf {
        self.target.join("filters")
    }

    /// Example modules that the harness is tested with.
    pub(crate) fn guests(&self) -> PathBuf {
        self.target.join("guests")
    }

    pub(crate) fn bench(&self) -> PathBuf {
        self.target.join("bench")
    }

    pub(crate) fn tools(&self) -> PathBuf {
        self.target.join("tools")
    }
}
