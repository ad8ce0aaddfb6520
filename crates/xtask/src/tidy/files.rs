//! The files that belong to the project: what git tracks, and what it would track.

use std::fs;
use std::process::Command;

use anyhow::Result;

use crate::process;
use crate::workspace::Workspace;

#[derive(Debug, Default)]
pub(crate) struct Files {
    /// Paths from the root, with `/`, and their text where they are text.
    files: Vec<(String, Option<String>)>,
}

impl Files {
    pub(super) fn tracked(workspace: &Workspace) -> Result<Self> {
        let list = process::output(Command::new("git").current_dir(&workspace.root).args([
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            "-z",
        ]))?;
        let mut files = Vec::new();
        for path in list.split('\0').filter(|path| !path.is_empty()) {
            // A file may have been removed and not yet committed.
            if let Ok(bytes) = fs::read(workspace.path(path)) {
                files.push((path.to_owned(), String::from_utf8(bytes).ok()));
            }
        }
        files.sort();
        Ok(Self { files })
    }

    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let owned = |(path, text): &(&str, &str)| ((*path).to_owned(), Some((*text).to_owned()));
        Self { files: files.iter().map(owned).collect() }
    }

    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|(path, _)| path.as_str())
    }

    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?)))
    }

    pub(super) fn rust(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts().filter(|(path, _)| path.ends_with(".rs"))
    }

    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.texts().find(|(other, _)| *other == path).map(|(_, text)| text)
    }
}
